"""Random payers, deaths and failures of billing, under a clock that moves: each grant is paid exactly once (B2)."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from referral_adapters.memory import Fault
from referral_core import Grant, GrantStatus, Money, Programme, ReferralDesk, Side
from referral_core.programme.settings import Paying
from referral_core.services.payouts import PayRun
from tests.core.services.test_payouts import Counting, CountingBulk, Killed
from tests.office import SYSTEM, SteppedStore
from tests.phrases import at

MINUTE: Final = timedelta(minutes=1)
ACCOUNTS: Final = ("A", "B", "C")
PATIENCE: Final = Paying(attempts=3, first_pause=2 * MINUTE, growth=3, longest_pause=5 * MINUTE, answer_within=MINUTE)


class PayingInMotion(RuleBasedStateMachine):
    """Grants, a billing that may fail in any way, and payers who come at any time and may die at any step."""

    kind: type[Counting] = Counting

    def __init__(self) -> None:
        super().__init__()
        self.mood: Fault | None = None
        self.billing = self.kind(lambda _: self.mood)
        programme = Programme(paying=PATIENCE)
        self.store = SteppedStore(programme, billing=self.billing)
        self.desk = ReferralDesk(programme, self.store)
        self.now = at("2021-02-01 12:00")
        self.count = 0

    def grants(self) -> dict[str, Grant]:
        return {grant.key: grant for grant in self.store.grants.all()}

    def tries(self) -> Counter[str]:
        """Return how often each grant was sent or asked about."""
        return Counter(key for asked in self.billing.asked for key in asked.split()[1:])

    # ── what happens ──────────────────────────────────────────────────────────────────────────────────────────────

    @initialize()
    def there_are_grants(self) -> None:
        self.a_contract_activates(2)

    @rule(count=st.integers(1, 3))
    def a_contract_activates(self, count: int) -> None:
        for _ in range(count):
            self.count += 1
            for side, account in zip(Side, ACCOUNTS[self.count % 2 :], strict=False):
                grant = Grant(
                    referral=f"K{self.count:03}",
                    side=side,
                    account=account,
                    amount=Money(self.count),
                    effective_from=self.now,
                )
                self.store.grants.add(grant)

    @rule(minutes=st.sampled_from([0, 1, 2, 5, 20]))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(mood=st.sampled_from([None, None, *Fault]))
    def billing_changes_its_mood(self, mood: Fault | None) -> None:
        self.mood = mood

    @rule(account=st.sampled_from(ACCOUNTS), refuses=st.booleans())
    def billing_changes_its_mind_about(self, account: str, refuses: bool) -> None:
        (self.billing.refusing.add if refuses else self.billing.refusing.discard)(account)

    @rule(most=st.none() | st.integers(0, 4))
    def somebody_pays(self, most: int | None) -> None:
        before, tries = self.grants(), self.tries()
        run = self.desk.session(actor=SYSTEM, now=self.now).payouts.pay_due(most=most)
        self.check_what_was_done(run, before, tries, insisting=False)
        if most is None:
            assert self.store.grants.unsettled(self.now, 99) == ()

    @rule()
    def somebody_pays_all(self) -> None:
        before, tries = self.grants(), self.tries()
        run = self.desk.session(actor=SYSTEM, now=self.now).payouts.pay_all()
        self.check_what_was_done(run, before, tries, insisting=True)

    @rule(steps=st.integers(0, 12), everything=st.booleans())
    def somebody_dies_paying(self, steps: int, everything: bool) -> None:
        left = iter(range(steps))

        def step(*_: object) -> None:
            if next(left, None) is None:
                raise Killed

        self.billing.before = self.store.step = step
        payouts = self.desk.session(actor=SYSTEM, now=self.now).payouts
        with suppress(Killed):
            run = payouts.pay_all if everything else payouts.pay_due
            run()
        self.billing.before = self.store.step = lambda _: None

    @rule(minutes=st.sampled_from([0, 1, 99]), everything=st.booleans())
    def while_somebody_pays_another_does_too(self, minutes: int, everything: bool) -> None:
        payouts = self.desk.session(actor=SYSTEM, now=self.now + minutes * MINUTE).payouts

        def another(_: str) -> None:
            self.billing.before = lambda _: None
            run = payouts.pay_all if everything else payouts.pay_due
            run()

        self.billing.before = another
        self.desk.session(actor=SYSTEM, now=self.now).payouts.pay_due()
        self.billing.before = lambda _: None
        self.now += minutes * MINUTE

    @precondition(lambda self: any(grant.is_stuck for grant in self.grants().values()))
    @rule()
    def staff_have_it_tried_again(self) -> None:
        for grant in [*self.desk.session(actor=SYSTEM, now=self.now).payouts.stuck()]:
            self.desk.session(actor=SYSTEM, now=self.now).payouts.retry(grant.key)

    # ── what must hold ────────────────────────────────────────────────────────────────────────────────────────────

    def check_what_was_done(
        self, run: PayRun, before: dict[str, Grant], tries: Counter[str], *, insisting: bool
    ) -> None:
        """Hold every grant that an undisturbed run tried, or passed by, against what it was before."""
        done = Counter[str]()
        for key, grant in self.grants().items():
            was, tried = before[key], self.tries()[key] > tries[key]
            is_due = was.wait_until is not None and was.wait_until <= self.now
            if not tried:
                assert grant == was
                continue
            assert is_due or insisting
            assert was.status is not GrantStatus.GRANTED
            assert grant.attempts == was.attempts + 1
            if was.status is not GrantStatus.DUE:
                assert self.first_asked_about(key, tries[key])
            done["granted"] += grant.status is GrantStatus.GRANTED
            done["stuck"] += grant.is_stuck
            if grant.status is GrantStatus.GRANTED:
                assert grant.wait_until is None
                continue
            assert (grant.failed_at, grant.wait_until) == (self.now, self.expected_wait(grant))
            assert grant.problem in {"no-answer", "account-unknown", "broken-off"}
        assert (run.granted, run.given_up) == (done["granted"], done["stuck"])

    def first_asked_about(self, key: str, after: int) -> bool:
        """Tell whether the first call about a grant after so many was a question."""
        asked = [asked for asked in self.billing.asked if key in asked.split()[1:]]
        return asked[after].startswith("has")

    def expected_wait(self, grant: Grant) -> object:
        pauses = {1: 2 * MINUTE, 2: 5 * MINUTE}
        return self.now + pauses[grant.attempts] if grant.attempts in pauses else None

    @invariant()
    def nothing_is_posted_twice(self) -> None:
        grants = self.grants().values()
        ledger = self.billing.ledger
        for account in ACCOUNTS:
            posted = [grant.amount for grant in grants if grant.account == account and ledger.has_grant(grant.key)]
            assert ledger.balance(account).granted == Money.total(posted)

    @invariant()
    def granted_means_posted_and_traced_once(self) -> None:
        granted = sorted(grant.key for grant in self.grants().values() if grant.status is GrantStatus.GRANTED)
        assert all(self.billing.ledger.has_grant(key) for key in granted)
        rows = [row for subject, _, _ in self.store.trace.heads() for row in self.store.trace.chain(subject)]
        assert sorted(str((row.after or {})["grant"]) for row in rows if row.act == "grant.posted") == granted

    @invariant()
    def no_grant_is_forgotten(self) -> None:
        """Whatever is not granted is tried again by itself, or stuck with a reason to show."""
        for grant in self.grants().values():
            if grant.is_stuck:
                assert grant.problem
                assert grant.attempts >= PATIENCE.attempts

    def teardown(self) -> None:
        """Let billing come back: all that is not stuck is paid by itself, and the rest when staff say so."""
        self.mood = None
        self.billing.refusing.clear()
        self.billing.recover()
        self.now += timedelta(days=1)
        self.desk.session(actor=SYSTEM, now=self.now).payouts.pay_due()
        stuck = [grant.key for grant in self.grants().values() if grant.status is not GrantStatus.GRANTED]
        assert stuck == [grant.key for grant in self.desk.session(actor=SYSTEM, now=self.now).payouts.stuck()]
        for key in stuck:
            self.desk.session(actor=SYSTEM, now=self.now).payouts.retry(key)
        self.desk.session(actor=SYSTEM, now=self.now).payouts.pay_due()
        assert {grant.status for grant in self.grants().values()} == {GrantStatus.GRANTED}
        self.nothing_is_posted_twice()
        self.granted_means_posted_and_traced_once()


class PayingInBulkInMotion(PayingInMotion):
    """The same, with a billing that takes many grants a call."""

    kind = CountingBulk


PATIENT: Final = settings(max_examples=40, stateful_step_count=30, deadline=None)
PayingInMotion.TestCase.settings = PATIENT
PayingInBulkInMotion.TestCase.settings = PATIENT
TestPayingInMotion = pytest.mark.rule("B2", "B3")(PayingInMotion.TestCase)
TestPayingInBulkInMotion = pytest.mark.rule("B2", "B3")(PayingInBulkInMotion.TestCase)
