"""Billing in memory: a ledger of continuous bill discounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Final, NamedTuple

from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_core.entities.balance import Balance, Movement, MovementKind, Transfer, UnusedPart, statement
from referral_core.entities.grant import Grant
from referral_core.values.errors import Reason, Refusal
from referral_core.values.history import learned_at
from referral_core.values.money import Money

_NONE: Final = Decimal("0.00")
_EFFECTIVE_FROM: Final = itemgetter(0)


class ContinuousDiscounts:
    """Billing in memory, in one currency: thread-safe, each call all or nothing.

    Every account has lots, in order of the moment they are effective from and then of arrival. On each account, to the
    cent, ``granted + transferred_in = consumed + transferred_out + unused``.

    Without a ``journal`` this billing has a journal of its own, as a billing in another system would; with the journal
    of a store it takes part in the transactions of that store.
    """

    def __init__(self, journal: Journal | None = None, *, currency: str = "EUR") -> None:
        self._journal = Journal() if journal is None else journal
        self._lock = self._journal.lock
        self._currency = currency
        self._nothing = Money.zero(currency)
        self._posted: dict[str, Grant] = {}
        self._bills: dict[str, Decimal] = {}
        self._transfers: dict[str, Transfer] = {}
        self._lots: dict[str, list[Lot]] = {}
        self._movements = Movements()

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that takes effect as a whole or, when an exception leaves it, not at all."""
        return self._journal

    def grant(self, grant: Grant) -> None:
        """Post a grant as a lot of its account, once per key; a grant of zero leaves no lot (B2).

        :raises Refusal: ``currency-mismatch`` when the amount is in another currency (M3).
        """
        amount = self._amount(grant.amount)
        with self._lock:
            key = grant.key
            if key in self._posted:
                return
            changes = [setting(self._posted, key, grant)]
            if amount:
                changes.append(self._movements.moving(grant.account, "granted", key, amount, grant.effective_from))
                changes.append(self._arriving(grant.account, Lot(grant.effective_from, amount)))
            self._journal.write(*changes)

    def has_grant(self, key: str) -> bool:
        """Tell whether a grant was posted under this key, at once and for certain."""
        with self._lock:
            return key in self._posted

    def grant_all(self, grants: Sequence[Grant]) -> Mapping[str, Reason]:
        """Post many grants in one transaction, and return the reason of each refusal by key: ``currency-mismatch``."""
        refused: dict[str, Reason] = {}
        with self._journal:
            for grant in grants:
                try:
                    self.grant(grant)
                except Refusal as refusal:
                    refused[grant.key] = refusal.reasons[0]
        return refused

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the keys under which a grant was posted, at once and for certain."""
        with self._lock:
            return frozenset(self._posted.keys() & keys)

    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Take a bill's amount from the lots effective at or before ``at``, oldest first, and return what was taken.

        That is the smaller of the bill and the unused discount (B6).

        :raises Refusal: ``bill-exists`` when the bill was seen before, even if it took nothing; ``currency-mismatch``
            (M3).
        """
        most = self._amount(amount)
        with self._lock:
            if bill in self._bills:
                raise Refusal(Reason.BILL_EXISTS, message=f"bill {bill} was taken into account before", field="bill")
            lots = self._lots.get(account)
            if not lots:
                self._journal.write(setting(self._bills, bill, _NONE))
                return self._nothing
            consumed, left = _consumed(lots, most, at)
            changes = [setting(self._bills, bill, consumed)]
            if consumed:
                moved_at = self._movements.following(at, account)
                changes.append(setting(self._lots, account, left))
                changes.append(self._movements.moving(account, "consumed", bill, consumed, moved_at))
            self._journal.write(*changes)
            return amount if consumed == most else self._money(consumed)

    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Move lots, oldest first, from one account to another, and return the amount; ``None`` moves all (B7).

        Every lot keeps the moment it is effective from, and a lot that is moved in part is split. Under a ``key``
        that stands for the same transfer nothing moves, and the amount of the first one is returned.

        :raises Refusal: ``amount-exceeds-unused`` when ``source`` has less; ``currency-mismatch`` (M3).
        :raises KeyReused: the key stands for another transfer.
        """
        wanted = None if amount is None else self._amount(amount)
        with self._lock:
            if key in self._transfers:
                return self._money(self._transfers[key].repeated(source, target, wanted))
            lots = self._lots.get(source, [])
            unused = _total(lots)
            most = unused if wanted is None else wanted
            if most > unused:
                raise Refusal(
                    Reason.AMOUNT_EXCEEDS_UNUSED,
                    message=f"{amount} is more than the unused {self._money(unused)} of account {source}",
                    field="amount",
                )
            changes = self._transferring(source, target, most, at, key) if most else ()
            self._journal.write(setting(self._transfers, key, Transfer(source, target, wanted, most)), *changes)
            return self._money(most)

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
            consumed=self._money(sums["consumed"]),
            parts=tuple(UnusedPart(*lot) for lot in parts),
        )

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return every movement of an account in order of moment, each with the unused discount after it."""
        with self._lock:
            moved = self._movements.of(account)
        return statement(
            (
                (each.moved_at, MovementKind(each.kind.replace("_", "-")), self._money(each.amount), each.reference)
                for each in moved
            ),
            self._currency,
        )

    def lots(self, account: str) -> tuple[tuple[datetime, Money], ...]:
        """Return the unused parts of an account, oldest first, each with the moment from which bills may take it."""
        with self._lock:
            return tuple((lot.effective_from, self._money(lot.unused)) for lot in self._lots.get(account, ()))

    def _transferring(self, source: str, target: str, amount: Decimal, at: datetime, key: str) -> tuple[Change, ...]:
        """Return the changes that move an amount between accounts; the caller holds the lock."""
        going, left = _parted(self._lots[source], amount)
        # A transfer of an account to itself puts back what it took away, since the second change is made last.
        there = left if target == source else self._lots.get(target, [])
        moved_at = self._movements.following(at, source, target)
        return (
            setting(self._lots, source, left),
            setting(self._lots, target, _merged(there, going)),
            self._movements.moving(source, "transferred_out", key, amount, moved_at),
            self._movements.moving(target, "transferred_in", key, amount, moved_at),
        )

    def _arriving(self, account: str, lot: Lot) -> Change:
        lots = self._lots.get(account)
        if lots is None:
            return setting(self._lots, account, [lot])
        if not lots or lots[-1].effective_from <= lot.effective_from:  # as nearly always: nothing has to be sorted
            return adding(lots, lot)
        return setting(self._lots, account, _merged(lots, (lot,)))

    def _amount(self, money: Money) -> Decimal:
        if money.currency != self._currency:
            raise Refusal(Reason.CURRENCY_MISMATCH, message=f"{money} is not in {self._currency}", field="amount")
        return money.amount

    def _money(self, amount: Decimal) -> Money:
        return Money(amount, self._currency)


class Lot(NamedTuple):
    """The unused amount of one grant, or of a part of a grant that was transferred."""

    effective_from: datetime
    unused: Decimal


def _consumed(lots: list[Lot], most: Decimal, by: datetime) -> tuple[Decimal, list[Lot]]:
    """Take at most ``most`` from the lots effective at or before ``by``, oldest first (B6).

    Returns the amount that was taken, and the lots that are left.
    """
    missing = most
    for place, (effective_from, unused) in enumerate(lots):
        if not missing or effective_from > by:
            return most - missing, lots[place:]
        if unused > missing:
            return most, [Lot(effective_from, unused - missing), *lots[place + 1 :]]
        missing -= unused
    return most - missing, []


def _parted(lots: list[Lot], most: Decimal) -> tuple[list[Lot], list[Lot]]:
    """Divide lots in order into those that make up ``most``, oldest first, and those that are left (B7).

    At most one lot is split, and both parts keep the moment from which it is effective.
    """
    going: list[Lot] = []
    for place, (effective_from, unused) in enumerate(lots):
        if unused > most:
            split = [Lot(effective_from, most)] if most else []
            return going + split, [Lot(effective_from, unused - most), *lots[place + 1 :]]
        going.append(lots[place])
        most -= unused
    return going, []


def _merged(lots: Iterable[Lot], more: Iterable[Lot]) -> list[Lot]:
    """Return lots with more of them, by the moment they are effective from and then in order of arrival."""
    return sorted([*lots, *more], key=_EFFECTIVE_FROM)


def _total(lots: Iterable[Lot]) -> Decimal:
    """Return the unused amount of all lots together."""
    return sum((lot.unused for lot in lots), Decimal(0))


class Booking(NamedTuple):
    """An amount that was added to an account's discount or taken from it, under its name in a balance.

    ``reference`` is the cause: the key of a grant, a bill, the key of a transfer.
    """

    kind: str
    amount: Decimal
    moved_at: datetime
    reference: str


class Movements:
    """The bookings of all accounts, kept for ever; a balance is their sum, never a counter (B6, B7)."""

    def __init__(self) -> None:
        self._of_account: dict[str, list[Booking]] = {}

    def moving(self, account: str, kind: str, reference: str, amount: Decimal, moved_at: datetime) -> Change:
        """Return the change that adds a booking."""
        movement = Booking(kind, amount, moved_at, reference)
        movements = self._of_account.get(account)
        return setting(self._of_account, account, [movement]) if movements is None else adding(movements, movement)

    def following(self, at: datetime, *accounts: str) -> datetime:
        """Return the moment of a booking for something that happened at ``at``: never before the accounts' last one.

        So what arrives late never makes a balance of the past short of what was used then (R3).
        """
        moments = [each.moved_at for account in accounts for each in self._of_account.get(account, ())]
        return learned_at(at, max(moments, default=None))

    def sums(self, account: str, by: datetime | None) -> defaultdict[str, Decimal]:
        """Return the sums of an account's bookings by kind, up to and at ``by`` where that is given."""
        sums: defaultdict[str, Decimal] = defaultdict(lambda: _NONE)
        for each in self._of_account.get(account, ()):
            if by is None or each.moved_at <= by:
                sums[each.kind] += each.amount
        return sums

    def of(self, account: str) -> tuple[Booking, ...]:
        """Return the bookings of an account in order of arrival."""
        return tuple(self._of_account.get(account, ()))
