"""Lots: parts of an account's discount, each with the moment from which bills may take it."""

from __future__ import annotations

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
