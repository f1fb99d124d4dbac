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
from referral_core.entities.balance import Balance, Movement, MovementKind, UnusedPart, statement
from referral_core.entities.grant import Grant
from referral_core.values.errors import Reason, Refusal
from referral_core.values.history import learned_at
from referral_core.values.money import Money

_NONE: Final = Decimal("0.00")
_EFFECTIVE_FROM: Final = itemgetter(0)


class ContinuousDiscounts:
    """Billing in memory, in one currency: thread-safe, each call all-or-nothing.

    Every account has lots, ordered by the moment they are effective from and then as they arrived. On each account, to
    the cent, ``granted + transferred_in = consumed + transferred_out + unused``.

    It keeps a journal of its own, as the outside world does; given a store's, it takes part in its transactions.
    """

    def __init__(self, journal: Journal | None = None, *, currency: str = "EUR") -> None:
        self._journal = Journal() if journal is None else journal
        self._lock = self._journal.lock
        self._currency = currency
        self._nothing = Money.zero(currency)
        self._posted: dict[str, Grant] = {}
        self._bills: dict[str, Decimal] = {}
        self._transfers: dict[str, Decimal] = {}
        self._lots: dict[str, list[Lot]] = {}
        self._movements = Movements()

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that takes effect as a whole or, when an exception leaves it, not at all."""
        return self._journal

    def grant(self, grant: Grant) -> None:
        """Post a leg, effective from ``grant.effective_from``; a key that was posted before changes nothing (B2).

        :raises Refusal: ``currency-mismatch`` when it is in another currency (M3).
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
        """Tell whether a leg was posted under this key."""
        with self._lock:
            return key in self._posted

    def grant_all(self, grants: Sequence[Grant]) -> Mapping[str, Reason]:
        """Post legs in one step, and return why some were not, by their keys: ``currency-mismatch`` (M3)."""
        refused: dict[str, Reason] = {}
        with self._journal:
            for grant in grants:
                try:
                    self.grant(grant)
                except Refusal as refusal:
                    refused[grant.key] = refusal.reasons[0]
        return refused

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the keys under which a leg was posted."""
        with self._lock:
            return frozenset(self._posted.keys() & keys)

    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Let a bill take what it can of the account's unused discount effective by ``at``, oldest grant first (B6).

        Returns what it took: the smaller of the bill and the unused discount.

        :raises Refusal: ``bill-exists`` when the bill was taken into account before, even if it took nothing;
            ``currency-mismatch`` (M3).
        """
        most = self._amount(amount)
        with self._lock:
            if bill in self._bills:
                raise Refusal(Reason.BILL_EXISTS, message=f"bill {bill} was taken into account before", field="bill")
            lots = self._lots.get(account)
            if not lots:
                self._journal.write(setting(self._bills, bill, _NONE))
                return self._nothing
            consumed, left = eaten(lots, most, at)
            changes = [setting(self._bills, bill, consumed)]
            if consumed:
                moved_at = self._movements.following(at, account)
                changes.append(setting(self._lots, account, left))
                changes.append(self._movements.moving(account, "consumed", bill, consumed, moved_at))
            self._journal.write(*changes)
            return amount if consumed == most else self._money(consumed)

    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Move unused discount, oldest first, between accounts in one step; ``None`` moves all (B7).

        Returns what was moved; under a ``key`` that was used before, what was moved then, and moves nothing again.
        Every lot keeps the moment it is effective from, whenever it is moved; one that is moved in part is split.

        :raises Refusal: ``amount-exceeds-unused`` when there is less on ``source``; ``currency-mismatch`` (M3).
        """
        wanted = None if amount is None else self._amount(amount)
        with self._lock:
            if key in self._transfers:
                return self._money(self._transfers[key])
            lots = self._lots.get(source, [])
            unused = total(lots)
            most = unused if wanted is None else wanted
            if most > unused:
                raise Refusal(
                    Reason.AMOUNT_EXCEEDS_UNUSED,
                    message=f"{amount} is more than the unused {self._money(unused)} of account {source}",
                    field="amount",
                )
            changes = [setting(self._transfers, key, most)]
            if most:
                going, left = moved(lots, most)
                there = left if target == source else self._lots.get(target, [])
                changes += [setting(self._lots, source, left), setting(self._lots, target, arrived(there, going))]
                moved_at = self._movements.following(at, source, target)
                changes.append(self._movements.moving(source, "transferred_out", key, most, moved_at))
                changes.append(self._movements.moving(target, "transferred_in", key, most, moved_at))
            self._journal.write(*changes)
            return self._money(most)

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's movements, up to and at ``by`` where that is given; all zero if it never had any."""
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
        """Return all that ever moved on an account, by moment, each with what was unused after it."""
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
        """Return what is unused, oldest first: each part with the moment from which bills may take it."""
        with self._lock:
            return tuple((lot.effective_from, self._money(lot.unused)) for lot in self._lots.get(account, ()))

    def _arriving(self, account: str, lot: Lot) -> Change:
        lots = self._lots.get(account)
        if lots is None:
            return setting(self._lots, account, [lot])
        if comes_last(lots, lot.effective_from):
            return adding(lots, lot)
        return setting(self._lots, account, arrived(lots, (lot,)))

    def _amount(self, money: Money) -> Decimal:
        if money.currency != self._currency:
            raise Refusal(Reason.CURRENCY_MISMATCH, message=f"{money} is not in {self._currency}", field="amount")
        return money.amount

    def _money(self, amount: Decimal) -> Money:
        return Money(amount, self._currency)


class Lot(NamedTuple):
    """What is unused of one grant, or of a part of one that was transferred."""

    effective_from: datetime
    unused: Decimal


def eaten(lots: list[Lot], most: Decimal, by: datetime) -> tuple[Decimal, list[Lot]]:
    """Take ``most`` of lots in order, oldest first, of those effective at or before ``by`` (B6).

    Returns how much was taken, and the lots that are left.
    """
    missing = most
    for place, (effective_from, unused) in enumerate(lots):
        if not missing or effective_from > by:
            return most - missing, lots[place:]
        if unused > missing:
            return most, [Lot(effective_from, unused - missing), *lots[place + 1 :]]
        missing -= unused
    return most - missing, []


def moved(lots: list[Lot], most: Decimal) -> tuple[list[Lot], list[Lot]]:
    """Part lots in order into those that make up ``most``, oldest first, and those that are left (B7).

    At most one lot is split, and both parts keep the moment it is effective from.
    """
    going: list[Lot] = []
    for place, (effective_from, unused) in enumerate(lots):
        if unused > most:
            split = [Lot(effective_from, most)] if most else []
            return going + split, [Lot(effective_from, unused - most), *lots[place + 1 :]]
        going.append(lots[place])
        most -= unused
    return going, []


def arrived(lots: Iterable[Lot], more: Iterable[Lot]) -> list[Lot]:
    """Return lots with more of them: by the moment they are effective from, then in the order they arrived in."""
    return sorted([*lots, *more], key=_EFFECTIVE_FROM)


def comes_last(lots: list[Lot], effective_from: datetime) -> bool:
    """Tell whether a lot that arrives now stands behind all others."""
    return not lots or lots[-1].effective_from <= effective_from


def total(lots: Iterable[Lot]) -> Decimal:
    """Return what is unused of all lots together."""
    return sum((lot.unused for lot in lots), Decimal(0))


class Booking(NamedTuple):
    """An amount that came to an account's discount or went from it, by the name it has in a balance.

    ``reference`` is what moved it: a leg's key, a bill, a transfer's key.
    """

    kind: str
    amount: Decimal
    moved_at: datetime
    reference: str


class Movements:
    """The movements of all accounts, kept for ever; a balance is their sum, never a counter (B6, B7)."""

    def __init__(self) -> None:
        self._of_account: dict[str, list[Booking]] = {}

    def moving(self, account: str, kind: str, reference: str, amount: Decimal, moved_at: datetime) -> Change:
        """Return the change that adds a movement."""
        movement = Booking(kind, amount, moved_at, reference)
        movements = self._of_account.get(account)
        return setting(self._of_account, account, [movement]) if movements is None else adding(movements, movement)

    def following(self, at: datetime, *accounts: str) -> datetime:
        """Return when something that happened at ``at`` moves on accounts: never before what has moved there."""
        moments = [each.moved_at for account in accounts for each in self._of_account.get(account, ())]
        return learned_at(at, max(moments, default=None))

    def sums(self, account: str, by: datetime | None) -> defaultdict[str, Decimal]:
        """Return what an account's movements come to by their kinds, up to and at ``by`` where that is given."""
        sums: defaultdict[str, Decimal] = defaultdict(lambda: _NONE)
        for each in self._of_account.get(account, ()):
            if by is None or each.moved_at <= by:
                sums[each.kind] += each.amount
        return sums

    def of(self, account: str) -> tuple[Booking, ...]:
        """Return an account's movements, as they came."""
        return tuple(self._of_account.get(account, ()))
