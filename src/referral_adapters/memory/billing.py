"""Billing in memory: a ledger of continuous bill discounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Final, NamedTuple

import attrs

from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_core.entities.balance import Balance, Movement, MovementKind, Transfer, UnusedPart, Use, statement
from referral_core.entities.grant import Grant
from referral_core.values.errors import KeyReused, Reason, Refusal
from referral_core.values.money import Money

_NONE: Final = Decimal("0.00")
_AGE: Final = itemgetter(0, 1)


class ContinuousDiscounts:
    """Billing in memory, in one currency: thread-safe, each call all or nothing.

    Every account has lots, at most one of each grant, in order of the moment they are effective from and then of the
    grant's key. On each account, to the cent, ``granted - taken_back + transferred_in = consumed + transferred_out +
    unused``.

    Without a ``journal`` this billing has a journal of its own, as a billing in another system would; with the journal
    of a store it takes part in the transactions of that store.
    """

    def __init__(self, journal: Journal | None = None, *, currency: str = "EUR") -> None:
        self._journal = Journal() if journal is None else journal
        self._lock = self._journal.lock
        self._currency = currency
        self._nothing = Money.zero(currency)
        self._posted: dict[str, Grant] = {}
        self._bills: dict[str, Bill] = {}
        self._transfers: dict[str, Transfer] = {}
        self._reversals: dict[str, dict[str, Taken]] = {}
        self._lots: dict[str, list[Lot]] = {}
        self._accounts: dict[str, tuple[str, ...]] = {}
        self._users: dict[str, list[str]] = {}
        self._movements = Movements()

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that takes effect as a whole or, when an exception leaves it, not at all."""
        return self._journal

    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        """Post a grant as a lot of its account, once per key; a grant of zero leaves no lot (B2).

        :raises Refusal: ``currency-mismatch`` when the amount is in another currency (M3).
        """
        amount = self._amount(grant.amount)
        with self._lock:
            key, account = grant.key, grant.account
            if key in self._posted:
                return
            changes = [setting(self._posted, key, grant)]
            if amount:
                lot = Lot(grant.effective_from, key, amount, recorded_at or grant.effective_from)
                booking = Booking("granted", amount, grant.effective_from, lot.recorded_at, key)
                changes.append(self._movements.moving(account, booking))
                changes.append(self._arriving(account, lot))
                changes.append(setting(self._accounts, key, (account,)))
            self._journal.write(*changes)

    def has_grant(self, key: str) -> bool:
        """Tell whether a grant was posted under this key, at once and for certain."""
        with self._lock:
            return key in self._posted

    def grant_all(self, grants: Sequence[Grant], *, recorded_at: datetime | None = None) -> Mapping[str, Reason]:
        """Post many grants in one transaction, and return the reason of each refusal by key: ``currency-mismatch``."""
        refused: dict[str, Reason] = {}
        with self._journal:
            for grant in grants:
                try:
                    self.grant(grant, recorded_at=recorded_at)
                except Refusal as refusal:
                    refused[grant.key] = refusal.reasons[0]
        return refused

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the keys under which a grant was posted, at once and for certain."""
        with self._lock:
            return frozenset(self._posted.keys() & keys)

    def bill(
        self, bill: str, account: str, amount: Money, *, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Take a bill's amount from the account's lots, oldest first, and return what was taken.

        That is the smaller of the bill and the unused discount effective by ``at`` and recorded before (B6, B13).

        :raises Refusal: ``bill-exists`` when the bill was seen before, even if it took nothing or was cancelled;
            ``currency-mismatch`` (M3).
        """
        most, recorded_at = self._amount(amount), recorded_at or at
        with self._lock:
            if bill in self._bills:
                raise Refusal(Reason.BILL_EXISTS, message=f"bill {bill} was taken into account before", field="bill")
            going, left = _parted(self._lots.get(account, []), most, at, recorded_at)
            changes = [setting(self._bills, bill, Bill(account, tuple(going), at, recorded_at))]
            consumed = _total(going)
            if going:
                changes.append(setting(self._lots, account, left))
                changes.append(self._movements.moving(account, Booking("consumed", consumed, at, recorded_at, bill)))
                changes += [_listing(self._users, part.grant, bill) for part in going]
            self._journal.write(*changes)
            return self._money(consumed)

    def billed_account(self, bill: str) -> str | None:
        """Return the account of a bill, cancelled or not."""
        with self._lock:
            known = self._bills.get(bill)
            return None if known is None else known.account

    def cancel_bill(self, bill: str, *, at: datetime, recorded_at: datetime | None = None) -> Money:
        """Put back what a bill took into the lots that it was taken from; do nothing if it was cancelled before (B12).

        What belongs to a grant that was taken back is taken back at once.

        :raises Refusal: ``bill-unknown``.
        """
        with self._lock:
            known = self._bills.get(bill)
            if known is None:
                raise Refusal(Reason.BILL_UNKNOWN, message=f"there was no bill {bill}", field="bill")
            amount = _total(known.parts)
            if known.cancelled_at is None:
                recorded_at = max(recorded_at or at, known.recorded_at)
                changes = [setting(self._bills, bill, attrs.evolve(known, cancelled_at=recorded_at))]
                if amount:
                    changes += self._giving_back(bill, known, at, recorded_at)
                self._journal.write(*changes)
            return self._money(amount)

    def transfer(
        self,
        source: str,
        target: str,
        amount: Money | None,
        *,
        at: datetime,
        key: str,
        recorded_at: datetime | None = None,
    ) -> Money:
        """Move lots, oldest first, from one account to another, and return the amount; ``None`` moves all (B7).

        Every lot keeps its grant and the moment it is effective from, and a lot that is moved in part is split. A lot
        of a grant that is being taken back stays. Under a ``key`` that stands for the same transfer nothing moves, and
        the amount of the first one is returned.

        :raises Refusal: ``amount-exceeds-unused`` when ``source`` has less; ``currency-mismatch`` (M3).
        :raises KeyReused: the key stands for another transfer.
        """
        wanted = None if amount is None else self._amount(amount)
        with self._lock:
            if key in self._transfers:
                return self._money(self._transfers[key].repeated(source, target, wanted))
            lots = [lot for lot in self._lots.get(source, ()) if lot.grant not in self._reversals]
            unused = _total(lots)
            most = unused if wanted is None else wanted
            if most > unused:
                raise Refusal(
                    Reason.AMOUNT_EXCEEDS_UNUSED,
                    message=f"{amount} is more than the unused {self._money(unused)} of account {source}",
                    field="amount",
                )
            going, _ = _parted(lots, most)
            changes = self._transferring(source, target, going, at, recorded_at or at, key) if going else ()
            self._journal.write(setting(self._transfers, key, Transfer(source, target, wanted, most)), *changes)
            return self._money(most)

    def take_back(
        self, grant: str, account: str, *, key: str, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Remove the lot of a grant from an account, once per key, and return its amount (B11).

        :raises KeyReused: the key stands for another account.
        """
        with self._lock:
            known = self._reversals.get(grant, {})
            if key in known:
                return self._money(known[key].again(account))
            lots = self._lots.get(account, [])
            going = [lot for lot in lots if lot.grant == grant]
            taken = _total(going)
            changes = [setting(self._reversals, grant, {**known, key: Taken(account, taken)})]
            if taken:
                recorded_at = max(recorded_at or at, *(lot.recorded_at for lot in going))
                changes.append(setting(self._lots, account, [lot for lot in lots if lot.grant != grant]))
                changes.append(self._movements.moving(account, Booking("taken_back", taken, at, recorded_at, grant)))
            self._journal.write(*changes)
            return self._money(taken)

    def holders(self, grant: str) -> tuple[str, ...]:
        """Return the accounts that have a lot of a grant, in order."""
        with self._lock:
            known = self._accounts.get(grant, ())
            return tuple(sorted({each for each in known if any(lot.grant == grant for lot in self._lots[each])}))

    def uses(self, key: str, *, by: datetime | None = None) -> tuple[Use, ...]:
        """Return what bills took of a grant, without the cancelled ones, by moment and bill."""
        with self._lock:
            found = [
                Use(bill=bill, amount=self._money(part.unused), moment=each.at, recorded_at=each.recorded_at)
                for bill, each in ((bill, self._bills[bill]) for bill in self._users.get(key, ()))
                if each.counts_by(by)
                for part in each.parts
                if part.grant == key
            ]
        return tuple(sorted(found, key=lambda use: (use.moment, use.bill)))

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the sums of an account's movements, up to and at ``by`` where that is given; without any, zero.

        The unused parts are those of the present, so they are left out with ``by``.
        """
        with self._lock:
            sums = self._movements.sums(account, by)
            parts = self.lots(account) if by is None else ()
        return Balance(
            granted=self._money(sums["granted"]),
            transferred_in=self._money(sums["transferred_in"]),
            transferred_out=self._money(sums["transferred_out"]),
            consumed=self._money(sums["consumed"] - sums["given_back"]),
            taken_back=self._money(sums["taken_back"]),
            parts=tuple(UnusedPart(*lot) for lot in parts),
        )

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return every movement of an account in order of recording, each with the unused discount after it."""
        with self._lock:
            moved = self._movements.of(account)
        return statement(
            (
                (
                    each.recorded_at,
                    each.moved_at,
                    MovementKind(each.kind.replace("_", "-")),
                    self._money(each.amount),
                    each.reference,
                )
                for each in moved
            ),
            self._currency,
        )

    def latest_recording(self) -> datetime | None:
        """Return the latest moment at which anything was booked on any account, ``None`` if nothing was."""
        with self._lock:
            return self._movements.latest_recording()

    def lots(self, account: str) -> tuple[tuple[datetime, Money], ...]:
        """Return the unused parts of an account, oldest first, each with the moment from which bills may take it."""
        with self._lock:
            return tuple((lot.effective_from, self._money(lot.unused)) for lot in self._lots.get(account, ()))

    def _transferring(
        self, source: str, target: str, going: list[Lot], at: datetime, recorded_at: datetime, key: str
    ) -> tuple[Change, ...]:
        """Return the changes that move lots between accounts; the caller holds the lock."""
        recorded_at = max(recorded_at, *(lot.recorded_at for lot in going))
        amount, left = _total(going), _without(self._lots[source], going)
        # A transfer of an account to itself puts back what it took away, since the second change is made last.
        there = left if target == source else self._lots.get(target, [])
        arriving = [lot._replace(recorded_at=recorded_at) for lot in going]
        return (
            setting(self._lots, source, left),
            setting(self._lots, target, _merged(there, arriving)),
            *(setting(self._accounts, lot.grant, (*self._accounts[lot.grant], target)) for lot in going),
            self._movements.moving(source, Booking("transferred_out", amount, at, recorded_at, key)),
            self._movements.moving(target, Booking("transferred_in", amount, at, recorded_at, key)),
        )

    def _giving_back(self, bill: str, known: Bill, at: datetime, recorded_at: datetime) -> Iterable[Change]:
        """Yield the changes that give back what a bill took; the caller holds the lock."""
        staying = [part for part in known.parts if part.grant not in self._reversals]
        back = [part._replace(recorded_at=recorded_at) for part in staying]
        amount, kept = _total(known.parts), _total(staying)
        yield setting(self._lots, known.account, _merged(self._lots[known.account], back))
        bookings = [Booking("given_back", amount, at, recorded_at, bill)]
        if kept != amount:
            bookings.append(Booking("taken_back", amount - kept, at, recorded_at, bill))
        yield self._movements.moving(known.account, *bookings)

    def _arriving(self, account: str, lot: Lot) -> Change:
        lots = self._lots.get(account)
        if lots and _AGE(lots[-1]) < _AGE(lot):  # as nearly always: nothing has to be sorted
            return adding(lots, lot)
        return setting(self._lots, account, _merged(lots or (), (lot,)))

    def _amount(self, money: Money) -> Decimal:
        if money.currency != self._currency:
            raise Refusal(Reason.CURRENCY_MISMATCH, message=f"{money} is not in {self._currency}", field="amount")
        return money.amount

    def _money(self, amount: Decimal) -> Money:
        return Money(amount, self._currency)


class Lot(NamedTuple):
    """The unused amount of one grant on one account, and since when it is recorded there."""

    effective_from: datetime
    grant: str
    unused: Decimal
    recorded_at: datetime

    def joined(self, other: Lot) -> Lot:
        """Return one lot for two of the same grant."""
        return self._replace(unused=self.unused + other.unused, recorded_at=max(self.recorded_at, other.recorded_at))


@attrs.frozen
class Bill:
    """A bill with the parts of lots that it took, and the moment of recording of its cancelling, if it is cancelled."""

    account: str
    parts: tuple[Lot, ...]
    at: datetime
    recorded_at: datetime
    cancelled_at: datetime | None = None

    def counts_by(self, by: datetime | None) -> bool:
        """Tell whether the bill is known and not cancelled, at present or as recorded by a moment."""
        if by is None:
            return self.cancelled_at is None
        return self.recorded_at <= by and (self.cancelled_at is None or self.cancelled_at > by)


class Taken(NamedTuple):
    """What was taken back from an account under a key."""

    account: str
    amount: Decimal

    def again(self, account: str) -> Decimal:
        """Return the amount for a repetition.

        :raises KeyReused: another account is named.
        """
        if account != self.account:
            raise KeyReused("key", "was used before, for another account")
        return self.amount


def _parted(
    lots: list[Lot], most: Decimal, by: datetime | None = None, recorded_by: datetime | None = None
) -> tuple[list[Lot], list[Lot]]:
    """Divide lots in order into those that make up at most ``most``, oldest first, and those that are left (B6, B7).

    With ``by`` only lots effective by then and recorded by ``recorded_by`` go. At most one lot is split.
    """
    going: list[Lot] = []
    left: list[Lot] = []
    for place, lot in enumerate(lots):
        if not most or (by is not None and lot.effective_from > by):
            return going, left + lots[place:]
        is_known = recorded_by is None or lot.recorded_at <= recorded_by
        part = min(lot.unused, most) if is_known else _NONE
        if part:
            going.append(lot._replace(unused=part))
            most -= part
        if part < lot.unused:
            left.append(lot._replace(unused=lot.unused - part))
    return going, left


def _listing(items: dict[str, list[str]], key: str, item: str) -> Change:
    known = items.get(key)
    return setting(items, key, [item]) if known is None else adding(known, item)


def _without(lots: Iterable[Lot], going: Iterable[Lot]) -> list[Lot]:
    """Return lots without what goes of them."""
    gone = {lot.grant: lot.unused for lot in going}
    rest = [lot._replace(unused=lot.unused - gone.get(lot.grant, _NONE)) for lot in lots]
    return [lot for lot in rest if lot.unused]


def _merged(lots: Iterable[Lot], more: Iterable[Lot]) -> list[Lot]:
    """Return lots with more of them, one of each grant, in order."""
    merged = {lot.grant: lot for lot in lots}
    for lot in more:
        known = merged.get(lot.grant)
        merged[lot.grant] = lot if known is None else known.joined(lot)
    return sorted(merged.values(), key=_AGE)


def _total(lots: Iterable[Lot]) -> Decimal:
    """Return the amount of all lots together."""
    return sum((lot.unused for lot in lots), _NONE)


class Booking(NamedTuple):
    """An amount that was added to an account's discount or taken from it, under its name in a balance.

    ``reference`` is the cause: the key of a grant, a bill, the key of a transfer.
    """

    kind: str
    amount: Decimal
    moved_at: datetime
    recorded_at: datetime
    reference: str


class Movements:
    """The bookings of all accounts, kept for ever; a balance is their sum, never a counter (B6, B7)."""

    def __init__(self) -> None:
        self._of_account: dict[str, list[Booking]] = {}

    def moving(self, account: str, *bookings: Booking) -> Change:
        """Return the change that adds bookings."""
        known = self._of_account.get(account)
        if known is None or len(bookings) > 1:
            return setting(self._of_account, account, [*(known or ()), *bookings])
        return adding(known, bookings[0])

    def sums(self, account: str, by: datetime | None) -> defaultdict[str, Decimal]:
        """Return the sums of an account's bookings by kind, of those recorded by ``by`` where that is given."""
        sums: defaultdict[str, Decimal] = defaultdict(lambda: _NONE)
        for each in self._of_account.get(account, ()):
            if by is None or each.recorded_at <= by:
                sums[each.kind] += each.amount
        return sums

    def latest_recording(self) -> datetime | None:
        """Return the latest moment at which anything was booked, ``None`` if nothing was."""
        return max((each.recorded_at for booked in self._of_account.values() for each in booked), default=None)

    def of(self, account: str) -> tuple[Booking, ...]:
        """Return the bookings of an account in order of arrival."""
        return tuple(self._of_account.get(account, ()))
