"""Balances and movements: what stands on an account's discount in billing, and what moved it (B3, B6, B7, B11, B12)."""

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

    ``granted - taken_back + transferred_in = consumed + transferred_out + unused``, to the cent, always. A bill that
    was cancelled is not consumed.

    ``parts`` divide the unused discount by age, oldest first; several parts may have one age. Parts are left out of
    comparisons: balances are equal when their movements are.
    """

    granted: Money
    transferred_in: Money
    transferred_out: Money
    consumed: Money
    taken_back: Money = attrs.field()
    parts: tuple[UnusedPart, ...] = attrs.field(default=(), eq=False)

    @taken_back.default
    def _nothing_taken_back(self) -> Money:
        return Money.zero(self.granted.currency)

    @property
    def unused(self) -> Money:
        """The discount that bills have not taken yet; it does not expire (B3)."""
        return self.granted + self.transferred_in - self.consumed - self.transferred_out - self.taken_back

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
    GIVEN_BACK = "given-back"
    """What a cancelled bill had taken comes back (B12)."""
    CONSUMED = "consumed"
    TRANSFERRED_OUT = "transferred-out"
    TAKEN_BACK = "taken-back"
    """What was unspent of a grant is taken back (B11)."""

    @property
    def comes(self) -> bool:
        """Tell whether the movement adds to the account."""
        return self in {MovementKind.GRANTED, MovementKind.TRANSFERRED_IN, MovementKind.GIVEN_BACK}

    @property
    def is_transfer(self) -> bool:
        """Tell whether the movement has a counterpart on another account."""
        return self in {MovementKind.TRANSFERRED_IN, MovementKind.TRANSFERRED_OUT}


_PLACE: Final = {kind: place for place, kind in enumerate(MovementKind)}
"""The order of movements recorded at one moment: additions first, so that no balance is negative in between."""


@attrs.frozen(kw_only=True)
class Movement:
    """One amount added to an account's discount or taken from it, and the unused discount after it.

    ``moment`` is when it happened and ``recorded_at`` when billing learned it (M4). ``reference`` is the key of a
    grant, the number of a bill, or the key of a transfer; what is taken back is of a grant, or of a bill that was
    cancelled after its grant was taken back. In the answers of the desk it is the other account of a transfer, and
    ``None`` where it would name somebody else's contract.
    """

    moment: datetime
    recorded_at: datetime
    kind: MovementKind
    amount: Money
    reference: str | None
    balance_after: Money


@attrs.frozen(kw_only=True)
class Use:
    """What one bill took of one grant (B6).

    ``moment`` is the bill's own, ``recorded_at`` when billing learned of the bill.
    """

    bill: str
    amount: Money
    moment: datetime
    recorded_at: datetime


Moved = tuple[datetime, datetime, MovementKind, Money, str]
"""A movement without its balance: when it was recorded, its own moment, its kind, its amount and its reference."""


def statement(moved: Iterable[Moved], currency: str) -> tuple[Movement, ...]:
    """Return the movements of one account in order, each with the unused discount after it.

    They are sorted by the moment of recording. Of those recorded together grants come first, then what else comes, then
    bills and what else goes, each by its own moment and reference.
    """
    balance, movements = Money.zero(currency), []
    for recorded_at, moment, kind, amount, reference in sorted(moved, key=_in_order):
        balance = balance + amount if kind.comes else balance - amount
        movements.append(
            Movement(
                moment=moment,
                recorded_at=recorded_at,
                kind=kind,
                amount=amount,
                reference=reference,
                balance_after=balance,
            )
        )
    return tuple(movements)


def _in_order(moved: Moved) -> tuple[datetime, int, datetime, str]:
    recorded_at, moment, kind, _, reference = moved
    return recorded_at, _PLACE[kind], moment, reference
