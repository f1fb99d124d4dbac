"""Movements: told in order, each with what was unused after it."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.balance import Balance, MovementKind, statement
from referral_core.values.money import Money
from tests.phrases import at, euros

NOON = at("2021-02-01 12:00")
pytestmark = pytest.mark.rule("B3", "B6", "B7")


def test_an_account_without_movements_has_an_empty_statement() -> None:
    assert statement([], "EUR") == ()


def test_what_came_is_told_before_what_went_at_one_moment() -> None:
    noon, later, earlier = at("2021-02-01 12:00"), at("2021-02-02 12:00"), at("2021-01-05")
    told = statement(
        [
            (noon, noon, MovementKind.TRANSFERRED_OUT, euros("1"), "T2"),
            (noon, earlier, MovementKind.CONSUMED, euros("12"), "R1"),
            (later, earlier, MovementKind.GRANTED, euros("5"), "referrer/K2"),
            (noon, noon, MovementKind.TRANSFERRED_IN, euros("3"), "T1"),
            (noon, noon, MovementKind.GIVEN_BACK, euros("2"), "R0"),
            (noon, noon, MovementKind.TAKEN_BACK, euros("4"), "referrer/K1"),
            (noon, noon, MovementKind.GRANTED, euros("7"), "referrer/K3"),
            (noon, noon, MovementKind.GRANTED, euros("10"), "referrer/K1"),
        ],
        "EUR",
    )
    assert [(each.reference, str(each.balance_after.amount)) for each in told] == [
        ("referrer/K1", "10.00"),
        ("referrer/K3", "17.00"),
        ("T1", "20.00"),
        ("R0", "22.00"),
        ("R1", "10.00"),
        ("T2", "9.00"),
        ("referrer/K1", "5.00"),
        ("referrer/K2", "10.00"),
    ]


def test_kinds_come_or_go_and_some_are_transfers() -> None:
    assert [kind for kind in MovementKind if kind.comes] == [
        MovementKind.GRANTED,
        MovementKind.TRANSFERRED_IN,
        MovementKind.GIVEN_BACK,
    ]
    assert [kind for kind in MovementKind if kind.is_transfer] == [
        MovementKind.TRANSFERRED_IN,
        MovementKind.TRANSFERRED_OUT,
    ]


@pytest.mark.rule("B11")
def test_what_is_taken_back_is_not_unused() -> None:
    nothing = Money.zero()
    balance = Balance(granted=euros("10"), transferred_in=nothing, transferred_out=nothing, consumed=euros("3"))
    assert balance.taken_back == nothing
    assert attrs.evolve(balance, taken_back=euros("6")).unused == euros("1")


@given(st.permutations(range(8)))
def test_the_order_in_which_they_are_given_makes_no_difference(order: list[int]) -> None:
    moved = [
        (
            at(f"2021-02-0{1 + number % 3}"),
            at("2021-02-01"),
            tuple(MovementKind)[number % 2],
            Money(number),
            f"K{number}",
        )
        for number in range(8)
    ]
    assert statement([moved[place] for place in order], "EUR") == statement(moved, "EUR")
