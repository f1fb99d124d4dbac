"""The clock of the portal, and the nights that it moves through: contracts begin, billing pays and issues bills."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from dateutil.relativedelta import relativedelta

from referral_adapters.sql import SqlStore
from referral_core import Actor, Contract, ContractStatus, Money, Reason, ReferralDesk, Refusal

STEP: Final = timedelta(seconds=1)
"""How far each act moves the clock, so that no two acts happen at the same moment."""
BILL: Final = Money("24.90")
"""The invented amount of every monthly bill."""
MORNING: Final = time(9)
"""The time of day after a night, when people begin to act."""
FARTHEST: Final = relativedelta(months=6)
"""How far the clock moves at most in one go."""
SUPPLY: Final = Actor.system("supply")
BILLING: Final = Actor.system("billing")


class Clock:
    """The present moment of the programme.

    A clock that is ``kept_in`` a file goes on where it stood; one that is not forgets. Safe to use from many threads.
    """

    def __init__(self, beginning: datetime, *, kept_in: Path | None = None) -> None:
        self._file = kept_in
        self._lock = threading.Lock()
        kept = kept_in is not None and kept_in.exists()
        self._now = datetime.fromisoformat(kept_in.read_text(encoding="utf-8")) if kept_in and kept else beginning

    @property
    def now(self) -> datetime:
        """The present moment; reading it does not move the clock."""
        return self._now

    def tick(self) -> datetime:
        """Return the moment of the next act, a second later than the one before it."""
        with self._lock:
            self._keep(self._now + STEP)
            return self._now

    def move_to(self, moment: datetime) -> None:
        """Move on to a moment; a moment in the past leaves the clock as it is."""
        with self._lock:
            self._keep(max(moment, self._now))

    def _keep(self, moment: datetime) -> None:
        if self._file is not None:
            beside = self._file.with_suffix(".new")
            beside.write_text(moment.isoformat(), encoding="utf-8")
            beside.replace(self._file)
        self._now = moment


class Simulation:
    """The simulation of a world: night after night contracts begin, grants are paid and bills are issued."""

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
        """Move on to the morning of a later day, six months away at most; an earlier day changes nothing.

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
        """Issue the bill of the past month to every account that was supplied."""
        supplied = {contract.account for contract in contracts if contract.is_active_at(at)}
        for account in sorted(supplied):
            bill = f"{account}-{day - timedelta(days=1):%Y-%m}"
            try:
                self._desk.session(actor=BILLING, now=at).discounts.bill(bill, account=account, amount=BILL)
            except Refusal as refusal:
                if Reason.BILL_EXISTS not in refusal.reasons:
                    raise
