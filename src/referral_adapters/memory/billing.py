"""Billing in memory: a ledger of continuous bill discounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Final

from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_adapters.memory.lot import Lot, arrived, comes_last, eaten, moved, total
from referral_adapters.memory.movements import Movements
from referral_core.entities.balance import Balance, UnusedPart
from referral_core.entities.grant import Grant
from referral_core.entities.movement import Movement, MovementKind, statement
from referral_core.values.errors import Refusal
from referral_core.values.money import Money
from referral_core.values.reason import Reason

_NONE: Final = Decimal("0.00")


class ContinuousDiscounts:
    """The port ``Billing`` in memory, in one currency: thread-safe, each call all-or-nothing.

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
