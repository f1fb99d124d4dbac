"""Paying out at the desk: each grant once, whatever billing answers and wherever paying is broken off (B2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

import attrs
import pytest

from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling, FlakyBulkBilling
from referral_core import BillingUnavailable, ConcurrentChange, Grant, GrantStatus, Programme, Reason, Refusal, Side
from referral_core.entities.actor import Actor, Role
from referral_core.programme.settings import Paying
from referral_core.services.payouts import FEW, PAGE, Backlog, PayRun
from tests.office import ATTEMPTS, NOON, SYSTEM, SteppedOffice
from tests.phrases import actor, at, euros, refused

NOW: Final = at(NOON)
MINUTE: Final = timedelta(minutes=1)
PATIENCE: Final = Programme.default().paying


class Counting(FlakyBilling):
    """Billing that takes one grant a call, remembers what it was asked, and says no to some accounts."""

    def __init__(self, plan: Sequence[Fault | None] | Callable[[str], Fault | None] = ()) -> None:
        self.ledger = ContinuousDiscounts()
        super().__init__(self.ledger, plan)
        self.asked: list[str] = []
        self.down_for: set[str] = set()
        self.refusing: set[str] = set()
        self.before: Callable[[str], object] = lambda _: None

    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        self._hear(f"grant {grant.key}", grant)
        super().grant(grant, recorded_at=recorded_at)

    def has_grant(self, key: str) -> bool:
        self._hear(f"has {key}")
        return super().has_grant(key)

    def _hear(self, asked: str, grant: Grant | None = None) -> None:
        self.asked.append(asked)
        self.before(asked)
        if grant is None:
            return
        if grant.account in self.refusing:
            raise Refusal(Reason.ACCOUNT_UNKNOWN, message="billing has no such account")
        if grant.account in self.down_for:
            raise BillingUnavailable(f"no line to the system of {grant.account}")


class CountingBulk(Counting, FlakyBulkBilling):
    """The same billing, which takes many grants a call too."""

    def grant_all(self, grants: Sequence[Grant], *, recorded_at: datetime | None = None) -> Mapping[str, Reason]:
        self._hear(" ".join(["grant", *(grant.key for grant in grants)]))
        refused = {grant.key: Reason.ACCOUNT_UNKNOWN for grant in grants if grant.account in self.refusing}
        return {
            **super().grant_all([grant for grant in grants if grant.key not in refused], recorded_at=recorded_at),
            **refused,
        }

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        self._hear(" ".join(["has", *keys]))
        return super().granted_among(keys)


class Killed(BaseException):
    """The process was killed."""


class PayOffice(SteppedOffice):
    """An office in which referee B's contract K1 activated by the code of A, whose two grants are due."""

    def __init__(self, billing: Counting | None = None, *, paying: Paying = PATIENCE) -> None:
        self.billing = billing or Counting()
        super().__init__(Programme(paying=paying), billing=self.billing)
        self.with_amounts()
        self.concluded("K1", on="B", code=self.referrer("A"))
        self.activated("K1")

    def pay(self, when: datetime = NOW, *, most: int | None = None, stop: Callable[[], bool] = lambda: False) -> PayRun:
        """Pay what is due by a moment."""
        return self.desk.session(actor=SYSTEM, now=when).payouts.pay_due(most=most, stop=stop)

    def pay_all(self, when: datetime = NOW) -> PayRun:
        """Pay everything, whatever it waits for."""
        return self.desk.session(actor=SYSTEM, now=when).payouts.pay_all()

    def grant(self, side: Side, of: str = "K1") -> Grant:
        found = self.store.grants.find(f"{side}/{of}")
        assert found is not None
        return found

    def take(self, side: Side, until: datetime = NOW + MINUTE) -> Grant:
        """Take a grant, as a payer does who then dies."""
        grant = self.grant(side)
        (taken,) = self.store.grants.change([(grant, grant.taken(until))])
        return taken

    def put(self, side: Side, **changes: Any) -> Grant:  # noqa: ANN401 - as evolve takes them
        """Have a grant in any state."""
        grant = self.grant(side)
        (changed,) = self.store.grants.change([(grant, attrs.evolve(grant, **changes))])
        return changed

    def posted(self) -> list[str]:
        """Return the keys of what the trace says was posted, each as often as it says so."""
        rows = [row for row in self.all_traced() if row.act == "grant.posted"]
        return sorted(str((row.after or {})["grant"]) for row in rows)

    def discounts(self) -> tuple[str, str]:
        """Return what billing has for the referrer and for the referee."""
        self.billing.recover()
        return self.unused("A"), self.unused("B")


BOTH: Final = ["referee/K1", "referrer/K1"]
PAID: Final = ("10.00", "7.00")
EITHER: Final = pytest.mark.parametrize("kind", [Counting, CountingBulk], ids=["one by one", "in bulk"])

# ── all goes well ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1", "B2")
def test_a_run_sends_every_grant_once() -> None:
    office = PayOffice()
    assert office.pay() == PayRun(granted=2)
    assert office.billing.asked == ["grant referee/K1", "grant referrer/K1"]
    assert office.discounts() == PAID
    assert {(grant.status, grant.attempts) for grant in office.store.grants.all()} == {(GrantStatus.GRANTED, 1)}
    assert office.posted() == BOTH
    row = office.traced("referral:K1")[-1]
    assert (row.act, row.moment, row.actor) == ("grant.posted", NOW, "system")
    assert row.after == {"grant": "referrer/K1", "amount": "10.00 EUR"}


@pytest.mark.rule("B1", "B2")
def test_billing_that_takes_many_is_called_once() -> None:
    office = PayOffice(CountingBulk())
    assert office.pay() == PayRun(granted=2)
    assert office.billing.asked == ["grant referee/K1 referrer/K1"]
    assert office.discounts() == PAID
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@EITHER
def test_a_second_run_finds_nothing_to_do(kind: type[Counting]) -> None:
    office = PayOffice(kind())
    office.pay()
    before, asked = office.state(), [*office.billing.asked]
    assert office.pay() == office.pay_all() == PayRun()
    assert office.billing.asked == asked
    assert office.state() == before


@pytest.mark.rule("B1")
def test_no_grant_is_paid_before_it_is_effective() -> None:
    office = PayOffice()
    assert office.pay(NOW - MINUTE) == PayRun()
    assert office.pay(NOW) == PayRun(granted=2)


@pytest.mark.rule("B2")
@pytest.mark.parametrize(
    ("kind", "call"),
    [(Counting, ["grant referee/K1", "grant referrer/K1"]), (CountingBulk, ["grant referee/K1 referrer/K1"])],
)
def test_billing_is_called_outside_of_the_callers_transactions(kind: type[Counting], call: list[str]) -> None:
    office = PayOffice(kind())
    steps: list[str] = []
    office.billing.before = office.store.step = steps.append
    office.pay()
    taken = settled = nothing_more = ["begin", "commit", "end"]
    no_reversals = nothing_more
    assert steps == [*taken, *call, *settled, *nothing_more, *no_reversals]


def with_grants(kind: type[Counting], count: int) -> PayOffice:
    """Return an office whose own grants are paid, with so many others, of 1.00 each for account Z."""
    office = PayOffice(kind())
    office.pay()
    for number in range(count):
        grant = Grant(referral=f"L{number:05}", side=Side.REFEREE, account="Z", amount=euros("1"), effective_from=NOW)
        office.store.grants.add(grant)
    return office


@pytest.mark.rule("B2")
@pytest.mark.parametrize(
    ("kind", "count"),
    [*((Counting, count) for count in (0, 1, FEW, FEW + 1, 2 * FEW + 1)), (CountingBulk, 1), (CountingBulk, PAGE + 1)],
)
def test_a_run_pays_more_grants_than_it_takes_at_a_time(kind: type[Counting], count: int) -> None:
    office = with_grants(kind, count)
    assert office.pay() == PayRun(granted=count)
    assert office.unused("Z") == f"{count}.00"


@pytest.mark.rule("B2")
@EITHER
@pytest.mark.parametrize("most", [0, 1, FEW - 1, FEW + 3, 90])
def test_a_run_may_be_limited(kind: type[Counting], most: int) -> None:
    office = with_grants(kind, 50)
    assert office.pay(most=most) == PayRun(granted=min(most, 50))
    assert office.pay() == PayRun(granted=max(50 - most, 0))


@pytest.mark.rule("B2")
def test_who_is_stopped_ends_after_the_grant_in_progress_and_gives_the_others_back() -> None:
    office = with_grants(Counting, 50)
    untouched = [*office.store.grants.all(unsettled=True)]
    calls = len(office.billing.asked)
    run = office.pay(stop=lambda: len(office.billing.asked) == calls + FEW + 3)
    assert run == PayRun(granted=FEW + 3)
    assert [*office.store.grants.all(unsettled=True)] == untouched[FEW + 3 :]
    assert office.pay() == PayRun(granted=50 - FEW - 3)


@pytest.mark.rule("B2")
@EITHER
def test_who_is_stopped_before_the_first_grant_changes_nothing(kind: type[Counting]) -> None:
    office = PayOffice(kind())
    before = office.state()
    assert office.pay(stop=lambda: True) == PayRun()
    assert office.state() == before


@pytest.mark.rule("B2")
@EITHER
def test_who_is_stopped_while_paying_all_leaves_the_other_pages_alone(kind: type[Counting]) -> None:
    office = with_grants(kind, 3 * FEW)
    calls = len(office.billing.asked)
    payouts = office.desk.session(actor=SYSTEM, now=NOW).payouts
    before = office.state()
    assert payouts.pay_all(stop=lambda: True) == PayRun()
    assert office.state() == before
    run = payouts.pay_all(stop=lambda: len(office.billing.asked) > calls)
    assert run == PayRun(granted=1 if kind is Counting else 3 * FEW)
    assert {grant.attempts for grant in office.store.grants.all(unsettled=True)} <= {0}
    assert office.pay_all() == PayRun(granted=3 * FEW - run.granted)


@pytest.mark.rule("A1")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
def test_only_systems_pay(role: Role) -> None:
    office = PayOffice()
    payouts = office.desk.session(actor=actor(role), now=NOW).payouts
    for act, pay in (("grant.pay", payouts.pay_due), ("grant.pay-all", payouts.pay_all)):
        with refused("not-allowed", field="actor", naming=f"{act} asks for the role system"):
            pay()
    with refused("not-allowed"):
        limited = Actor("x", segments=frozenset({"shops"}))
        office.desk.session(actor=limited, now=NOW).payouts.pay(office.store.grants.all())
    assert office.billing.asked == []


# ── broken off half-way ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
@EITHER
def test_a_grant_that_another_payer_has_is_passed_by_until_the_lease_runs_out(kind: type[Counting]) -> None:
    office = PayOffice(kind())
    office.take(Side.REFEREE, NOW + 5 * MINUTE)
    assert office.pay(NOW) == PayRun(granted=1)
    assert office.pay(NOW + 5 * MINUTE - timedelta(microseconds=1)) == PayRun()
    assert office.billing.asked == ["grant referrer/K1"]
    assert office.pay(NOW + 5 * MINUTE) == PayRun(granted=1)
    assert office.billing.asked[1:] == ["has referee/K1", "grant referee/K1"]
    assert office.grant(Side.REFEREE).attempts == 2
    assert office.discounts() == PAID
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@EITHER
def test_who_pays_all_looks_up_at_once_what_another_payer_had(kind: type[Counting]) -> None:
    office = PayOffice(kind())
    for side in Side:
        office.take(side, NOW + 5 * MINUTE)
    office.billing.grant(office.grant(Side.REFEREE))
    office.billing.asked.clear()
    assert office.pay_all() == PayRun(granted=2)
    if kind is Counting:
        assert office.billing.asked == ["has referee/K1", "has referrer/K1", "grant referrer/K1"]
    else:
        assert office.billing.asked == ["has referee/K1 referrer/K1", "grant referrer/K1"]
    assert office.discounts() == PAID
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@EITHER
@pytest.mark.parametrize("steps", range(1, 12))
def test_killed_at_any_step_the_next_run_pays_what_is_left(kind: type[Counting], steps: int) -> None:
    office = PayOffice(kind())
    left = iter(range(steps - 1))

    def step(*_: object) -> None:
        if next(left, None) is None:
            raise Killed

    office.billing.before = office.store.step = step
    with suppress(Killed):
        office.pay()
    office.billing.before = office.store.step = lambda _: None
    office.pay_all()
    assert office.discounts() == PAID
    assert office.posted() == BOTH
    assert office.pay_all() == office.pay(NOW + 9 * MINUTE) == PayRun()


@pytest.mark.rule("B2")
@EITHER
def test_while_one_process_sends_another_passes_by(kind: type[Counting]) -> None:
    office = PayOffice(kind())
    runs: list[PayRun] = []

    def another_process(_: str) -> None:
        office.billing.before = lambda _: None
        runs.append(office.pay())

    office.billing.before = another_process
    runs.append(office.pay())
    assert runs == [PayRun(), PayRun(granted=2)]
    assert len(office.billing.asked) == len([*dict.fromkeys(office.billing.asked)])
    assert office.discounts() == PAID
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@EITHER
def test_who_outlives_its_lease_finds_granted_what_another_payer_confirmed(kind: type[Counting]) -> None:
    office = PayOffice(kind())
    runs: list[PayRun] = []

    def later(_: str) -> None:
        office.billing.before = lambda _: None
        runs.append(office.pay(NOW + 60 * MINUTE))

    office.billing.before = later
    runs.append(office.pay())
    assert runs == [PayRun(granted=2), PayRun()]
    assert office.discounts() == PAID
    assert office.posted() == BOTH
    assert {grant.attempts for grant in office.store.grants.all()} == {2}


@pytest.mark.rule("B2")
def test_what_billing_confirmed_is_granted_though_another_payer_has_taken_it_since() -> None:
    office = PayOffice()
    office.billing.before = lambda asked: office.take(Side.REFEREE, NOW + 99 * MINUTE) if "referee" in asked else None
    assert office.pay() == PayRun(granted=2)
    assert office.grant(Side.REFEREE).status is GrantStatus.GRANTED
    assert office.grant(Side.REFEREE).attempts == 2
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
def test_what_failed_is_left_to_the_payer_that_has_taken_it_since() -> None:
    office = PayOffice(Counting([Fault.BEFORE]))
    office.billing.before = lambda asked: office.take(Side.REFEREE, NOW + 99 * MINUTE) if "referee" in asked else None
    assert office.pay() == PayRun(granted=1)
    grant = office.grant(Side.REFEREE)
    assert (grant.status, grant.attempts, grant.wait_until) == (GrantStatus.UNCERTAIN, 2, NOW + 99 * MINUTE)


@pytest.mark.rule("B2")
def test_who_pays_all_takes_from_others_what_they_took_in_between() -> None:
    office = PayOffice()
    grants = [*office.store.grants.all()]
    office.take(Side.REFEREE)
    office.put(Side.REFERRER, status=GrantStatus.GRANTED, wait_until=None)
    run = office.desk.session(actor=SYSTEM, now=NOW).payouts.pay(grants)
    assert run == PayRun(granted=1)
    assert office.billing.asked == ["has referee/K1", "grant referee/K1"]


@pytest.mark.rule("B2")
def test_what_is_granted_is_not_sent_again_whoever_asks() -> None:
    office = PayOffice()
    office.pay()
    before = office.state()
    grants = office.store.grants.all()
    assert office.desk.session(actor=SYSTEM, now=NOW).payouts.pay(grants) == PayRun()
    assert office.state() == before


@pytest.mark.rule("B2")
@pytest.mark.parametrize("conflicts", [range(4), range(1, 5), range(1, 6), range(5)])
def test_a_step_is_tried_again_while_others_are_in_the_way_within_reason(conflicts: range) -> None:
    """What is in the way at the first step keeps from taking the grants, later on from writing down what was paid."""
    office = PayOffice()
    turns = count()

    def step(told: str) -> None:
        if told == "commit" and next(turns) in conflicts:
            raise ConcurrentChange("somebody was quicker")

    office.store.step = step
    if len(conflicts) < ATTEMPTS:
        assert office.pay() == PayRun(granted=2)
        assert office.posted() == BOTH
        return
    with pytest.raises(ConcurrentChange):
        office.pay()
    assert office.pay_all() == PayRun(granted=2)
    assert office.billing.asked.count("grant referee/K1") == 1


# ── billing fails ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
def test_one_account_out_of_reach_holds_up_no_other() -> None:
    billing = Counting()
    billing.down_for = {"B"}
    office = PayOffice(billing)
    assert office.pay() == PayRun(granted=1, delayed=1)
    assert office.posted() == ["referrer/K1"]
    grant = office.grant(Side.REFEREE)
    assert (grant.status, grant.problem, grant.failed_at) == (GrantStatus.UNCERTAIN, "no-answer", NOW)
    assert grant.wait_until == NOW + 5 * MINUTE
    assert office.pay(NOW + 4 * MINUTE) == PayRun()
    assert office.pay(NOW + 5 * MINUTE) == PayRun(delayed=1)
    assert office.grant(Side.REFEREE).wait_until == NOW + 15 * MINUTE
    billing.down_for = set()
    assert office.pay(NOW + 15 * MINUTE) == PayRun(granted=1)
    grant = office.grant(Side.REFEREE)
    assert (grant.attempts, grant.problem, grant.failed_at, grant.wait_until) == (3, None, None, None)
    assert office.discounts() == PAID
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@EITHER
def test_what_billing_refuses_is_kept_with_the_grant_and_counts_as_an_attempt(kind: type[Counting]) -> None:
    billing = kind()
    billing.refusing = {"B"}
    office = PayOffice(billing)
    assert office.pay() == PayRun(granted=1, delayed=1)
    grant = office.grant(Side.REFEREE)
    assert (grant.status, grant.attempts, grant.problem) == (GrantStatus.DUE, 1, "account-unknown")
    assert grant.wait_until == NOW + 5 * MINUTE
    billing.refusing = set()
    assert office.pay(NOW + 5 * MINUTE) == PayRun(granted=1)
    assert "has referee/K1" not in office.billing.asked, "what was refused is not in doubt"
    assert office.discounts() == PAID


def paid_in_the_end(office: PayOffice) -> list[tuple[int, int]]:
    """Return what each run did until nothing waited, each an hour after the one before."""
    runs = [office.pay()]
    while runs[-1].delayed:
        assert len(runs) < 10
        runs.append(office.pay(NOW + len(runs) * 60 * MINUTE))
    return [(run.granted, run.delayed) for run in runs]


@pytest.mark.rule("B2")
@pytest.mark.parametrize(
    ("faults", "runs"),
    [
        pytest.param([Fault.BEFORE], [(1, 1), (1, 0)], id="nothing happened"),
        pytest.param([Fault.MIDDLE], [(1, 1), (1, 0)], id="cut off half-way"),
        pytest.param([Fault.AFTER], [(1, 1), (1, 0)], id="posted, and the answer lost"),
        pytest.param([Fault.LATE], [(1, 1), (1, 0)], id="posted later"),
        pytest.param([Fault.AFTER, Fault.AFTER], [(0, 2), (2, 0)], id="both answers lost"),
        pytest.param([Fault.AFTER, None, Fault.BEFORE], [(1, 1), (0, 1), (1, 0)], id="asking fails too"),
        pytest.param([Fault.BEFORE, None, None, Fault.AFTER], [(1, 1), (0, 1), (1, 0)], id="fails, then answer lost"),
    ],
)
def test_however_billing_fails_each_side_is_paid_once(faults: list[Fault | None], runs: list[tuple[int, int]]) -> None:
    office = PayOffice(Counting(faults))
    assert paid_in_the_end(office) == runs
    assert office.discounts() == PAID
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@pytest.mark.parametrize(
    ("faults", "runs", "calls"),
    [
        pytest.param([Fault.BEFORE], [(0, 2), (2, 0)], "grant has grant", id="nothing happened"),
        pytest.param([Fault.MIDDLE], [(0, 2), (2, 0)], "grant has grant", id="cut off half-way"),
        pytest.param([Fault.AFTER], [(0, 2), (2, 0)], "grant has", id="posted, and the answer lost"),
        pytest.param([Fault.LATE], [(0, 2), (2, 0)], "grant has grant", id="posted later"),
        pytest.param([Fault.AFTER, Fault.LATE], [(0, 2), (0, 2), (2, 0)], "grant has has", id="asking fails too"),
    ],
)
def test_however_billing_in_bulk_fails_each_side_is_paid_once(
    faults: list[Fault | None], runs: list[tuple[int, int]], calls: str
) -> None:
    office = PayOffice(CountingBulk(faults))
    assert paid_in_the_end(office) == runs
    assert [asked.partition(" ")[0] for asked in office.billing.asked] == calls.split()
    assert office.discounts() == PAID
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@EITHER
def test_while_billing_does_not_answer_a_question_nothing_is_sent(kind: type[Counting]) -> None:
    billing = kind(lambda method: Fault.AFTER if method in {"has_grant", "granted_among"} else None)
    office = PayOffice(billing)
    office.take(Side.REFEREE)
    assert office.pay_all() == PayRun(granted=1, delayed=1)
    assert not any(asked.startswith("grant") and "referee" in asked for asked in billing.asked)
    assert office.grant(Side.REFEREE).status is GrantStatus.UNCERTAIN
    billing.recover()
    assert office.pay_all() == PayRun(granted=1)
    assert office.posted() == BOTH


# ── the end of patience ───────────────────────────────────────────────────────────────────────────────────────────────

SHORT: Final = Paying(attempts=3, first_pause=MINUTE, growth=10, longest_pause=5 * MINUTE)
MARI: Final = Actor("Mari", Role.SUPERVISOR)


def stuck_office() -> PayOffice:
    """Return an office in which the referee's grant used up three attempts, the last six minutes after the first."""
    billing = Counting()
    billing.down_for = {"B"}
    office = PayOffice(billing, paying=SHORT)
    for minute, run in enumerate([(1, 1, 0), (0, 1, 0), *[(0, 0, 0)] * 4, (0, 0, 1), (0, 0, 0)]):
        assert office.pay(NOW + minute * MINUTE) == PayRun(*run), minute
    return office


@pytest.mark.rule("B2")
def test_a_grant_is_tried_as_often_as_the_programme_says_after_pauses_as_it_says_and_then_stuck() -> None:
    office = stuck_office()
    grant = office.grant(Side.REFEREE)
    assert grant.is_stuck
    assert (grant.status, grant.attempts, grant.problem) == (GrantStatus.UNCERTAIN, 3, "no-answer")
    assert grant.failed_at == NOW + 6 * MINUTE
    asked = [*office.billing.asked]
    assert office.pay(NOW + timedelta(days=365)) == PayRun()
    assert office.billing.asked == asked


@pytest.mark.rule("B2")
def test_who_pays_all_also_pays_what_is_stuck() -> None:
    office = stuck_office()
    assert office.pay_all() == PayRun(given_up=1)
    office.billing.down_for = set()
    assert office.pay_all() == PayRun(granted=1)
    assert office.discounts() == PAID


@pytest.mark.rule("B2")
@pytest.mark.parametrize("arrived", [True, False])
def test_an_attempt_that_was_the_last_and_that_nobody_saw_the_end_of_is_looked_up_all_the_same(arrived: bool) -> None:
    office = PayOffice(paying=SHORT)
    taken = office.put(Side.REFEREE, status=GrantStatus.SENDING, attempts=3, wait_until=NOW)
    if arrived:
        office.billing.grant(taken)
    office.billing.asked.clear()
    assert office.pay() == (PayRun(granted=2) if arrived else PayRun(granted=1, given_up=1))
    assert office.billing.asked == ["has referee/K1", "grant referrer/K1"]
    grant = office.grant(Side.REFEREE)
    assert grant.is_stuck is not arrived
    assert grant.problem == (None if arrived else "broken-off")


@pytest.mark.rule("B2")
def test_staff_see_what_is_stuck_and_how_much_waits() -> None:
    office = PayOffice(Counting([Fault.BEFORE]), paying=SHORT)
    stuck = office.put(Side.REFERRER, wait_until=None, attempts=3, failed_at=NOW, problem="account-unknown")
    assert office.pay() == PayRun(delayed=1)
    assert [*office.desk.session(actor=MARI, now=NOW).payouts.stuck()] == [stuck]
    assert [*office.desk.session(actor=MARI, now=NOW - MINUTE).payouts.stuck()] == []
    assert office.desk.session(actor=MARI, now=NOW).payouts.backlog() == Backlog(waiting=1, stuck=1)
    assert office.desk.session(actor=MARI, now=NOW - MINUTE).payouts.backlog() == Backlog(waiting=2, stuck=0)


@pytest.mark.rule("A1")
def test_who_may_not_have_a_grant_tried_again_does_not_see_what_is_stuck() -> None:
    office = stuck_office()
    for role in (Role.CUSTOMER, Role.AGENT):
        payouts = office.desk.session(actor=actor(role), now=NOW).payouts
        for act, question in (("grant.stuck", payouts.stuck), ("grant.backlog", payouts.backlog)):
            with refused("not-allowed", naming=f"{act} asks for the role supervisor"):
                question()
    later = NOW + timedelta(days=1)
    for segment, seen in (("household", ["referee/K1"]), ("industry", [])):
        limited = Actor("Mari", Role.SUPERVISOR, frozenset({segment}))
        assert [grant.key for grant in office.desk.session(actor=limited, now=later).payouts.stuck()] == seen


@pytest.mark.rule("B2", "A2")
def test_what_staff_have_tried_again_has_all_its_attempts_before_it() -> None:
    office = stuck_office()
    later = NOW + timedelta(days=1)
    retried = office.desk.session(actor=MARI, now=later).payouts.retry("referee/K1", reason="billing is mended")
    assert retried == office.grant(Side.REFEREE)
    assert (retried.status, retried.attempts, retried.wait_until) == (GrantStatus.UNCERTAIN, 0, later)
    row = office.traced("referral:K1")[-1]
    assert (row.act, row.moment, row.actor, row.reason) == ("grant.retry", later, "Mari", "billing is mended")
    assert row.before == {"grant": "referee/K1", "status": "uncertain", "attempts": "3", "problem": "no-answer"}
    assert row.after == {"grant": "referee/K1", "status": "uncertain", "attempts": "0", "problem": "no-answer"}
    assert office.pay(later - MINUTE) == PayRun()
    assert [office.pay(later + n * MINUTE).tried for n in range(8)] == [1, 1, 0, 0, 0, 0, 1, 0]
    assert office.grant(Side.REFEREE).is_stuck


@pytest.mark.rule("B2")
def test_what_waits_can_be_tried_at_once() -> None:
    office = PayOffice(Counting([Fault.BEFORE]))
    office.pay()
    office.desk.session(actor=MARI, now=NOW).payouts.retry("referee/K1", reason="the customer waits")
    assert office.pay() == PayRun(granted=1)


@pytest.mark.rule("B2")
@pytest.mark.parametrize(("status", "wait_until"), [(GrantStatus.SENDING, NOW + MINUTE), (GrantStatus.GRANTED, None)])
def test_what_is_granted_or_in_somebodys_hands_stays_as_it_is(status: GrantStatus, wait_until: datetime | None) -> None:
    office = PayOffice()
    grant = office.put(Side.REFEREE, status=status, attempts=1, wait_until=wait_until)
    before = office.state()
    assert office.desk.session(actor=MARI, now=NOW).payouts.retry("referee/K1", reason="to be sure") == grant
    assert office.state() == before


@pytest.mark.rule("A1", "A2")
def test_trying_again_is_for_supervisors_of_the_segment_who_say_why() -> None:
    office = stuck_office()
    before = office.state()
    for who in (actor(Role.AGENT), Actor("Mari", Role.SUPERVISOR, frozenset({"industry"}))):
        with refused("not-allowed", field="actor"):
            office.desk.session(actor=who, now=NOW).payouts.retry("referee/K1", reason="mended")
    with refused("reason-missing", field="reason"):
        office.desk.session(actor=MARI, now=NOW).payouts.retry("referee/K1", reason=" ")
    for key in ("referee/K2", "nothing"):
        with refused("referral-unknown", field="key"):
            office.desk.session(actor=MARI, now=NOW).payouts.retry(key, reason="mended")
    assert office.state() == before
    assert office.desk.session(actor=SYSTEM, now=NOW).payouts.retry("referee/K1").attempts == 0


@pytest.mark.rule("B2")
def test_of_two_who_have_a_grant_tried_again_at_once_one_is_told_to_come_again() -> None:
    office = stuck_office()
    find = office.store.grants.find
    stale = find("referee/K1")
    office.put(Side.REFEREE, wait_until=NOW)
    setattr(office.store.grants, "find", lambda _: stale)  # noqa: B010 - what somebody read a moment ago
    with pytest.raises(ConcurrentChange, match="referee/K1"):
        office.desk.session(actor=SYSTEM, now=NOW).payouts.retry("referee/K1")


@pytest.mark.rule("B2")
def test_a_grant_of_a_contract_whose_id_is_as_long_as_one_may_be_can_be_tried_again() -> None:
    office, longest = SteppedOffice(), "K" * 200
    session = office.desk.session(actor=MARI, now=NOW)
    with refused("referral-unknown"):
        session.payouts.retry(f"referee/{longest}", reason="mended")
    for key in (f"referee/{longest}K", f"{longest}K/K1", f"{longest}K", "referee/", "/K1"):
        with refused("name-invalid"):
            session.payouts.retry(key, reason="mended")
