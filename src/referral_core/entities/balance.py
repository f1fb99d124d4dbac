"""Balances and movements: what stands on an account's discount in billing, and what moved it (B3, B6, B7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs

from referral_core.values.errors import KeyReused
from referral_core.values.money import Money
from referral_core.values.word import Word


@attrs.frozen
class UnusedPart:
    """The unused part of an account's discount that bills may take from one moment on."""

    effective_from: datetime
    amount: Money


@attrs.frozen(kw_only=True)
class Balance:
    """The movements of an account's continuous bill discount, added up.

    ``granted + transferred_in = consumed + transferred_out + unused``, to the cent, always.

    ``parts`` divide the unused discount by age, oldest first; several parts may have one age. Parts are left out of
    comparisons: balances are equal when their movements are.
    """

    granted: Money
    transferred_in: Money
    transferred_out: Money
    consumed: Money
    parts: tuple[UnusedPart, ...] = attrs.field(default=(), eq=False)

    @property
    def unused(self) -> Money:
        """The discount that bills have not taken yet; it does not expire (B3)."""
        return self.granted + self.transferred_in - self.consumed - self.transferred_out

    @property
    def of_unknown_age(self) -> Money:
        """The unused discount beyond all parts: zero, unless billing does not report the age of every part."""
        known = Money.total((part.amount for part in self.parts), self.granted.currency)
        return self.unused - min(self.unused, known)


@attrs.frozen
class Transfer:
    """A transfer of unused discount, as billing keeps it under its key (B7).

    ``wanted`` is the amount that was asked for, ``None`` for all there was, and ``moved`` the amount that was moved.
    The accounts are ``None`` where a transfer of an earlier version moved nothing, and so is not known to be of any.
    """

    source: str | None
    target: str | None
    wanted: Decimal | None
    moved: Decimal

    def repeated(self, source: str, target: str, wanted: Decimal | None) -> Decimal:
        """Return the amount moved, for a repetition of this transfer under its key.

        All, and the amount that all was, are the same.

        :raises KeyReused: another transfer is asked for.
        """
        amounts = {self.wanted} if self.wanted is not None else {None, self.moved}
        is_of_others = self.source is not None and (self.source, self.target) != (source, target)
        if is_of_others or wanted not in amounts:
            raise KeyReused("key", "was used before, for another transfer")
        return self.moved


class MovementKind(Word):
    """The kinds of movements of a discount."""

    GRANTED = "granted"
    TRANSFERRED_IN = "transferred-in"
    CONSUMED = "consumed"
    TRANSFERRED_OUT = "transferred-out"

    @property
    def comes(self) -> bool:
        """Tell whether the movement adds to the account."""
        return self in {MovementKind.GRANTED, MovementKind.TRANSFERRED_IN}

    @property
    def is_transfer(self) -> bool:
        """Tell whether the movement has a counterpart on another account."""
        return self in {MovementKind.TRANSFERRED_IN, MovementKind.TRANSFERRED_OUT}


_PLACE: Final = {kind: place for place, kind in enumerate(MovementKind)}
"""The order of movements at one moment: additions first, so that no balance is negative in between."""


@attrs.frozen(kw_only=True)
class Movement:
    """One amount added to an account's discount or taken from it, and the unused discount after it.

    ``reference`` is the key of a grant, the number of a bill, or the key of a transfer. In the answers of the desk it
    is the other account of a transfer, and ``None`` where it would name somebody else's contract.
    """

    moment: datetime
    kind: MovementKind
    amount: Money
    reference: str | None
    balance_after: Money


def statement(moved: Iterable[tuple[datetime, MovementKind, Money, str]], currency: str) -> tuple[Movement, ...]:
    """Return the movements of one account in order, each with the unused discount after it.

    ``moved`` holds the moment, the kind, the amount and the reference of each movement, in any order. They are sorted
    by moment; at one moment grants come first, then transfers in, bills and transfers out, each by reference.
    """
    balance, movements = Money.zero(currency), []
    for moment, kind, amount, reference in sorted(moved, key=lambda each: (each[0], _PLACE[each[1]], each[3])):
        balance = balance + amount if kind.comes else balance - amount
        movements.append(Movement(moment=moment, kind=kind, amount=amount, reference=reference, balance_after=balance))
    return tuple(movements)
