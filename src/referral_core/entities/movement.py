"""Movements: what came to an account's discount in billing, and what went from it, in order of moment (B3, B6, B7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import attrs

from referral_core.values.money import Money
from referral_core.values.word import Word


class MovementKind(Word):
    """What moved a discount."""

    GRANTED = "granted"
    TRANSFERRED_IN = "transferred-in"
    CONSUMED = "consumed"
    TRANSFERRED_OUT = "transferred-out"

    @property
    def comes(self) -> bool:
        """Tell whether it adds to the account."""
        return self in {MovementKind.GRANTED, MovementKind.TRANSFERRED_IN}

    @property
    def is_transfer(self) -> bool:
        """Tell whether it has its other side on another account."""
        return self in {MovementKind.TRANSFERRED_IN, MovementKind.TRANSFERRED_OUT}


_PLACE: Final = {kind: place for place, kind in enumerate(MovementKind)}
"""In which order what moved at one moment is told: what comes before what goes, so that nothing is ever short."""


@attrs.frozen(kw_only=True)
class Movement:
    """One amount that came or went, and what was unused after it.

    ``reference`` says by what: the key of a leg, the number of a bill, the key of a transfer. Where the desk tells
    movements it is the other account of a transfer, and ``None`` where it would name somebody else's contract.
    """

    moment: datetime
    kind: MovementKind
    amount: Money
    reference: str | None
    balance_after: Money


def statement(moved: Iterable[tuple[datetime, MovementKind, Money, str]], currency: str) -> tuple[Movement, ...]:
    """Return what moved on one account as movements, in order, each with what was unused after it.

    Given are the moment, the kind, the amount and the reference of each, in any order. They are told by moment; at one
    moment what was granted comes first, then what was transferred in, consumed and transferred out, each by reference.
    """
    balance, told = Money.zero(currency), []
    for moment, kind, amount, reference in sorted(moved, key=lambda each: (each[0], _PLACE[each[1]], each[3])):
        balance = balance + amount if kind.comes else balance - amount
        told.append(Movement(moment=moment, kind=kind, amount=amount, reference=reference, balance_after=balance))
    return tuple(told)
