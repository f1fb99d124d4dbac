"""Movements: told in order, each with what was unused after it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.balance import MovementKind, statement
from referral_core.values.money import Money
from tests.phrases import at, euros

pytestmark = pytest.mark.rule("B3", "B6", "B7")


def test_an_account_without_movements_has_an_empty_statement() -> None:
    assert statement([], "EUR") == ()


def test_what_came_is_told_before_what_went_at_one_moment() -> None:
    noon, later = at("2021-02-01 12:00"), at("2021-02-02 12:00")
    told = statement(
        [
            (noon, MovementKind.TRANSFERRED_OUT, euros("1"), "T2"),
            (noon, MovementKind.CONSUMED, euros("12"), "R1"),
            (later, MovementKind.GRANTED, euros("5"), "referrer/K2"),
            (noon, MovementKind.TRANSFERRED_IN, euros("3"), "T1"),
            (noon, MovementKind.GRANTED, euros("7"), "referrer/K3"),
            (noon, MovementKind.GRANTED, euros("10"), "referrer/K1"),
        ],
        "EUR",
    )
    assert [(each.reference, str(each.balance_after.amount)) for each in told] == [
        ("referrer/K1", "10.00"),
        ("referrer/K3", "17.00"),
        ("T1", "20.00"),
        ("R1", "8.00"),
        ("T2", "7.00"),
        ("referrer/K2", "12.00"),
    ]


def test_kinds_come_or_go_and_some_are_transfers() -> None:
    assert [kind for kind in MovementKind if kind.comes] == [MovementKind.GRANTED, MovementKind.TRANSFERRED_IN]
    assert [kind for kind in MovementKind if kind.is_transfer] == [
        MovementKind.TRANSFERRED_IN,
        MovementKind.TRANSFERRED_OUT,
    ]


@given(st.permutations(range(8)))
def test_the_order_in_which_they_are_given_makes_no_difference(order: list[int]) -> None:
    moved = [
        (at(f"2021-02-0{1 + number % 3}"), tuple(MovementKind)[number % 2], Money(number), f"K{number}")
        for number in range(8)
    ]
    assert statement([moved[place] for place in order], "EUR") == statement(moved, "EUR")
