"""The office in which the tests of sessions take place: a desk over a store in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Final, Self, TypeVar

import attrs

from referral_adapters.memory import MemoryStore
from referral_core import Actor, ConcurrentChange, Programme, ReferralDesk
from referral_core.entities.trace import PROGRAMME_SUBJECT, TraceEntry, account_subject, chain_faults
from referral_core.ports.billing import Billing
from referral_core.services.contracts import Activation, ContractEnd
from referral_core.services.payouts import PayRun
from referral_core.services.sign_ups import SignUp
from referral_core.session import Session
from tests.phrases import at, euros

T = TypeVar("T")

SECRET: Final = b"fixed-for-tests-" * 2
SYSTEM: Final = Actor.system()
HOUSEHOLD: Final = Programme.default()
NOON: Final = "2021-02-01 12:00"
WHEN: Final = at("2021-04-01 12:00")
WHY: Final = "the customer called"
ATTEMPTS: Final = 5
"""How often a store does what loses every race."""


def without_chance(row: TraceEntry) -> TraceEntry:
    """Return a row without its salts, and without what is made of them."""
    stored = None if row.stored is None else {name: each for name, each in row.stored.items() if name != row.subject}
    return attrs.evolve(row, salt="", personal_digest="", previous="", hash="", stored=stored, owner_salt="")


class SteppedStore(MemoryStore):
    """A store that tells of each step of its outer transactions, and tries again what lost a race.

    ``step`` is told ``begin``, ``commit`` while the transaction can still fail, and ``end``.
    """

    step: Callable[[str], object] = staticmethod(lambda _: None)
    _depth = 0

    def transaction(self) -> AbstractContextManager[None]:
        return super().transaction() if self._depth else self._stepped()

    def run(self, act: Callable[[], T], *_: object) -> T:
        for _again in range(0 if self._depth else ATTEMPTS - 1):
            with suppress(ConcurrentChange), self.transaction():
                return act()
        with self.transaction():
            return act()

    @contextmanager
    def _stepped(self) -> Iterator[None]:
        self.step("begin")
        self._depth = 1
        try:
            with super().transaction():
                yield
                self.step("commit")
        finally:
            self._depth = 0
        self.step("end")


class Office:
    """A desk over a store in memory, and a short way of telling what had happened before the act under test.

    A customer is called like the account in small letters unless said otherwise. Moments are read by the clocks of
    Tallinn. All that is told is done by a system.
    """

    store: MemoryStore

    def __init__(
        self,
        programme: Programme = HOUSEHOLD,
        *,
        billing: Billing | None = None,
        kind: type[MemoryStore] = MemoryStore,
    ) -> None:
        self.store = kind(programme, secret=SECRET, billing=billing)
        self.desk = ReferralDesk(programme, self.store)

    def session(self, when: datetime | str = WHEN, by: Actor = SYSTEM) -> Session:
        """Return a session at a moment, by a system unless said otherwise."""
        return self.desk.session(actor=by, now=at(when) if isinstance(when, str) else when)

    # ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────

    def with_amounts(self, referrer: str = "10", self_service: str = "7", manual: str = "8") -> Self:
        """Give each of the three groups an open-ended amount from the start of 2021."""
        given = {"referrer": referrer, "referee-self-service": self_service, "referee-manual": manual}
        for group, amount in given.items():
            self.session("2021-01-01").groups.set_amount(group, euros(amount))
        return self

    def concluded(
        self,
        contract: str,
        *,
        on: str,
        of: str | None = None,
        when: str = NOON,
        code: str | None = None,
        product: str = "electricity",
        segment: str = "household",
        channel: str = "self-service",
        first_name: str | None = None,
    ) -> SignUp:
        return self.session(when).sign_ups.conclude(
            contract,
            account=on,
            customer=of or on.lower(),
            product=product,
            segment=segment,
            channel=channel,
            code=code,
            first_name=first_name,
        )

    def activated(self, contract: str, when: str = NOON) -> Activation:
        return self.session(when).contracts.activate(contract)

    def terminated(self, contract: str, when: str = NOON) -> ContractEnd:
        return self.session(when).contracts.terminate(contract)

    def withdrawn(self, contract: str, when: str = NOON) -> ContractEnd:
        return self.session(when).contracts.withdraw(contract)

    def supplied(
        self, contract: str, *, on: str, of: str | None = None, when: str = "2021-01-05 12:00", product: str = "gas"
    ) -> Activation:
        """Have a contract concluded and activated at one moment; unless said otherwise, one that gives no code."""
        self.concluded(contract, on=on, of=of, when=when, product=product)
        return self.activated(contract, when)

    def referrer(self, account: str = "A", *, when: str = "2021-01-05 12:00") -> str:
        """Give an account an active contract, called like the account, and return its code, active since then."""
        started = self.supplied(f"K-{account}", on=account, when=when, product="electricity").started
        assert started is not None
        return started.text

    def granted(self, contract: str, *, on: str, code: str, when: str = NOON) -> Activation:
        """Have a new customer sign up with a code and become active at one moment, and both sides be paid."""
        self.concluded(contract, on=on, code=code, when=when)
        activation = self.activated(contract, when)
        self.paid(when)
        return activation

    def paid(self, when: str = NOON) -> PayRun:
        return self.session(when).payouts.pay_due()

    # ── what has come of it ───────────────────────────────────────────────────────────────────────────────────────

    def unused(self, account: str) -> str:
        return str(self.store.billing.balance(account).unused.amount)

    def traced(self, subject: str) -> list[TraceEntry]:
        """Return the rows of a subject, an account's by the account's name, having verified the chain."""
        is_account = ":" not in subject and subject != PROGRAMME_SUBJECT
        rows = list(self.store.trace.chain(account_subject(subject) if is_account else subject))
        assert chain_faults(rows) == ()
        return rows

    def all_traced(self) -> list[TraceEntry]:
        return [row for subject, _, _ in self.store.trace.heads() for row in self.store.trace.chain(subject)]

    def state(self) -> object:
        """Return all that is stored, the trace without its salts and hashes."""
        store = self.store
        accounts = [account for account, _ in store.contracts.accounts()]
        return (
            [store.contracts.of_account(account) for account in accounts],
            [store.promo_codes.of_account(account) for account in accounts],
            [store.promo_codes.times_shared(account) for account in accounts],
            [store.billing.balance(account) for account in accounts],
            [store.promo_codes.history(account) for account in accounts],
            [(group, store.groups.history(group.id)) for group in store.groups.all()],
            [(referral, store.referrals.history(referral.contract)) for referral in store.referrals.all()],
            [*store.grants.all()],
            [*store.reversals.all()],
            [*store.cases.all()],
            [(seal.number, seal.moment, seal.heads) for seal in store.trace.seals()],
            [without_chance(row) for row in self.all_traced()],
        )


class SteppedOffice(Office):
    """An office whose store tells of its steps."""

    store: SteppedStore

    def __init__(self, programme: Programme = HOUSEHOLD, *, billing: Billing | None = None) -> None:
        super().__init__(programme, billing=billing, kind=SteppedStore)
