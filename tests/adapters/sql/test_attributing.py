"""Of which grants old lots are, and what old bills took of which grants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest

from referral_adapters.sql.migrations.attributing_0018 import _Story

pytestmark = pytest.mark.rule("B6", "B11", "B12")


class Moved(NamedTuple):
    account: str
    kind: str
    reference: str
    amount: Decimal
    moved_at: datetime


class Lot(NamedTuple):
    account: str
    number: int
    effective_from: datetime
    unused: Decimal


def day(number: int) -> datetime:
    return datetime(2021, 3, 1, tzinfo=UTC) + timedelta(days=number)


def moved(kind: str, reference: str, amount: int, on: int, *, account: str = "A") -> Moved:
    return Moved(account, kind, reference, Decimal(amount), day(on))


def lot(number: int, effective: int, unused: int, *, account: str = "A") -> Lot:
    return Lot(account, number, day(effective), Decimal(unused))


def told(movements: list[Moved], lots: list[Lot]) -> tuple[dict[tuple[str, int], str], list[tuple[str, str, int]]]:
    """Return the grants of the lots, and what each bill took of each grant."""
    story = _Story(sorted({each.account for each in movements}), movements, lots)
    story.attribute()
    return story.of_lot, [(use.bill, use.grant, int(use.amount)) for use in story.uses]


def test_bills_took_the_oldest_first() -> None:
    movements = [
        moved("granted", "referee/K2", 5, 2),
        moved("consumed", "B1", 7, 3),
        moved("granted", "referrer/K1", 10, 1),
    ]
    assert told(movements, [lot(1, 1, 3), lot(2, 2, 5)]) == (
        {("A", 1): "referrer/K1", ("A", 2): "referee/K2"},
        [("B1", "referrer/K1", 7)],
    )


def test_what_was_moved_keeps_its_grant() -> None:
    movements = [
        moved("granted", "referee/K1", 10, 1),
        moved("transferred_out", "T1", 6, 2),
        moved("transferred_in", "T1", 6, 2, account="B"),
        moved("consumed", "B1", 2, 3, account="B"),
        moved("transferred_out", "T2", 1, 4, account="B"),
        moved("transferred_in", "T2", 1, 4),
    ]
    lots = [lot(1, 1, 4), lot(2, 1, 1), lot(1, 1, 3, account="B")]
    assert told(movements, lots) == (
        {("A", 1): "referee/K1", ("A", 2): "referee/K1", ("B", 1): "referee/K1"},
        [("B1", "referee/K1", 2)],
    )


def test_a_grant_that_arrived_after_the_bill_was_not_used_by_it() -> None:
    """The movements alone say that the bill took of the older grant, which the lots deny: only they are certain."""
    movements = [
        moved("granted", "referee/K1", 10, 1),
        moved("granted", "referrer/K2", 10, 2),
        moved("granted", "referrer/K3", 10, 2),
        moved("consumed", "B1", 4, 3),
    ]
    lots = [lot(1, 2, 6), lot(2, 1, 10), lot(3, 2, 10)]
    assert told(movements, lots) == (
        {("A", 1): "unattributed/1", ("A", 2): "referee/K1", ("A", 3): "unattributed/3"},
        [("B1", "unattributed/B1", 4)],
    )


def test_a_bill_that_took_more_than_there_seems_to_have_been_is_nobodys() -> None:
    movements = [moved("granted", "referee/K1", 10, 5), moved("consumed", "B1", 4, 3)]
    assert told(movements, [lot(1, 5, 6)]) == ({("A", 1): "referee/K1"}, [("B1", "unattributed/B1", 4)])
