"""Lots: parts of an account's discount, each with the moment from which bills may take it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Final, NamedTuple

_EFFECTIVE_FROM: Final = itemgetter(0)


class Lot(NamedTuple):
    """What is unused of one grant, or of a part of one that was transferred."""

    effective_from: datetime
    unused: Decimal


def taken_from(lots: list[Lot], most: Decimal, by: datetime | None = None) -> tuple[list[Lot], list[Lot]]:
    """Take ``most`` of lots in order, oldest first; ``by`` leaves out those effective later.

    Returns what was taken and what is left, both as lots in order. At most one lot is split.
    """
    taken: list[Lot] = []
    for place, lot in enumerate(lots):
        if not most or (by is not None and lot.effective_from > by):
            return taken, lots[place:]
        part = min(lot.unused, most)
        taken.append(Lot(lot.effective_from, part))
        most -= part
        if part < lot.unused:
            return taken, [Lot(lot.effective_from, lot.unused - part), *lots[place + 1 :]]
    return taken, []


def arrived(lots: Iterable[Lot], more: Iterable[Lot]) -> list[Lot]:
    """Return lots with more of them: by the moment they are effective from, then in the order they arrived in."""
    return sorted([*lots, *more], key=_EFFECTIVE_FROM)


def comes_last(lots: list[Lot], effective_from: datetime) -> bool:
    """Tell whether a lot that arrives now stands behind all others."""
    return bisect_right(lots, effective_from, key=_EFFECTIVE_FROM) == len(lots)


def total(lots: Iterable[Lot]) -> Decimal:
    """Return what is unused of all lots together."""
    return sum((lot.unused for lot in lots), Decimal(0))
