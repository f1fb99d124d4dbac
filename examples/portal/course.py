"""What happens by itself while the clock moves: contracts begin, billing pays what is due and issues bills."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta

from examples.portal.clock import Clock
from referral_adapters.sql import SqlStore
from referral_core import Actor, Contract, ContractStatus, Money, Reason, ReferralDesk, Refusal

BILL: Final = Money("24.90")
"""The invented amount of every monthly bill."""
MORNING: Final = time(9)
"""When a day of the clock begins for people, after what happens at night."""
FARTHEST: Final = relativedelta(months=6)
"""How far the clock moves at most in one go."""

SUPPLY: Final = Actor.system("supply")
BILLING: Final = Actor.system("billing")


class Course:
    """Moves the clock of a world from night to night, and does what falls on each."""

    def __init__(self, store: SqlStore, desk: ReferralDesk, clock: Clock) -> None:
        self._store = store
        self._desk = desk
        self._clock = clock
        self._calendar = desk.programme.calendar
        self._moving = threading.Lock()

    @property
    def day(self) -> date:
        """The programme's present day."""
        return self._calendar.day_of(self._clock.now)

    def move_to(self, day: date) -> None:
        """Move on to the morning of a later day, six months away at most; a day that is not later changes nothing.

        Interrupted, it does the last night over when it is called again, in which nothing happens twice.
        """
        with self._moving:
            for night in self._nights(min(day, self.day + FARTHEST)):
                self._pass(night)

    def _nights(self, last: date) -> Iterator[date]:
        first = self.day + timedelta(days=1)
        yield from (first + timedelta(days=number) for number in range((last - first).days + 1))

    def _pass(self, day: date) -> None:
        midnight = self._calendar.start_of(day)
        contracts = self._contracts()
        self._activate(contracts, day, midnight)
        self._pay(midnight)
        if day.day == 1:
            self._bill(contracts, day, midnight + timedelta(hours=6))
        self._clock.move_to(datetime.combine(day, MORNING, tzinfo=self._calendar.zone))  # last: see move_to

    def _contracts(self) -> tuple[Contract, ...]:
        kept = self._store.contracts
        return tuple(contract for account, _ in kept.accounts() for contract in kept.of_account(account))

    def _activate(self, contracts: tuple[Contract, ...], day: date, at: datetime) -> None:
        for contract in contracts:
            if contract.status is ContractStatus.CONCLUDED and contract.starts_on and contract.starts_on <= day:
                self._desk.session(actor=SUPPLY, now=at).contracts.activate(contract.id)

    def _pay(self, at: datetime) -> None:
        self._desk.session(actor=BILLING, now=at).payouts.pay_all()

    def _bill(self, contracts: tuple[Contract, ...], day: date, at: datetime) -> None:
        """Issue the bill of the month that has passed to every account that was supplied in it."""
        supplied = {contract.account for contract in contracts if contract.is_active_at(at)}
        for account in sorted(supplied):
            bill = f"{account}-{day - timedelta(days=1):%Y-%m}"
            try:
                self._desk.session(actor=BILLING, now=at).discounts.bill(bill, account=account, amount=BILL)
            except Refusal as refusal:
                if Reason.BILL_EXISTS not in refusal.reasons:
                    raise
