"""The periods of an account's codes, as they follow from contracts, issuings and manual ends (C4, C6, C12)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, Ending, Issuing, PromoCode
from referral_core.rules.code_periods import Stretch, code_periods, unbroken
from tests.phrases import at

pytestmark = pytest.mark.rule("C12", "C4")

JANUARY = at("2021-01-01")


def keeps(product: str) -> bool:
    return product in {"electricity", "gas"}


def supply(
    concluded: int, activated: int | None = None, ended: int | None = None, product: str = "electricity"
) -> Contract:
    """Return a contract by the numbers of its days."""
    return Contract.imported(
        id=f"K-{concluded}-{product}",
        account="A",
        customer="c",
        product=product,
        segment="household",
        channel="self-service",
        concluded_at=JANUARY + timedelta(days=concluded),
        activated_at=None if activated is None else JANUARY + timedelta(days=activated),
        ended_at=None if ended is None else JANUARY + timedelta(days=ended),
    )


def issued(number: int, by_hand: int | None = None) -> PromoCode:
    """Return a code that was issued on a day; staff ended it on the day ``by_hand``."""
    code = PromoCode(
        text=f"T{number}", account="A", customer="c", issued_at=JANUARY + timedelta(days=number), issued_by="portal",
        issuing=Issuing.AUTOMATIC,
    )  # fmt: skip
    return code if by_hand is None else attrs.evolve(code, ended_by_hand_at=JANUARY + timedelta(days=by_hand))


def days(codes: Sequence[PromoCode], contracts: Sequence[Contract]) -> list[tuple[object, object, str | None]]:
    """Return start and end of each code as numbers of days, and why it ended."""
    found = code_periods(codes, contracts, keeps)
    return [
        (
            each.starts_at and (each.starts_at - JANUARY).days,
            each.ends_at and (each.ends_at - JANUARY).days,
            each.ending and each.ending.value,
        )
        for each in found
    ]


@pytest.mark.parametrize(
    ("codes", "contracts", "expected"),
    [
        # pending while a contract is open
        ([issued(1)], [supply(1)], [(None, None, None)]),
        ([issued(1)], [supply(1, 3)], [(3, None, None)]),
        ([issued(1)], [supply(1, 3, product="solar")], [(None, None, None)]),
        # ended without ever having been active
        ([issued(1)], [supply(1, None, 4)], [(None, 4, "contracts-ended")]),
        ([issued(5)], [supply(1, None, 4)], [(None, 5, "contracts-ended")]),
        ([issued(1)], [supply(1, None, 4), supply(2)], [(None, None, None)]),
        # until the last keeping contract ends; one that begins at that moment leaves no gap
        ([issued(1)], [supply(1, 3, 9)], [(3, 9, "contracts-ended")]),
        ([issued(1)], [supply(1, 3, 9), supply(2, 9)], [(3, None, None)]),
        ([issued(1)], [supply(1, 3, 9), supply(2, 5, 7)], [(3, 9, "contracts-ended")]),
        ([issued(1)], [supply(1, 3, 9), supply(2, 7, 12, "gas")], [(3, 12, "contracts-ended")]),
        ([issued(1)], [supply(1, 3, 9), supply(2, 10)], [(3, 9, "contracts-ended")]),
        ([issued(1)], [supply(1, 3, 3), supply(2, 5)], [(5, None, None)]),
        # never before it was issued
        ([issued(5)], [supply(1, 3)], [(5, None, None)]),
        ([issued(9)], [supply(1, 3, 9), supply(2, 12)], [(12, None, None)]),
        # cut by a manual end
        ([issued(1, by_hand=6)], [supply(1, 3)], [(3, 6, "by-hand")]),
        ([issued(1, by_hand=6)], [supply(1, 3, 6)], [(3, 6, "by-hand")]),
        ([issued(1, by_hand=6)], [supply(1, 3, 5)], [(3, 5, "contracts-ended")]),
        ([issued(1, by_hand=2)], [supply(1, 3)], [(None, 2, "by-hand")]),
        ([issued(1, by_hand=6)], [supply(1)], [(None, 6, "by-hand")]),
        ([issued(1, by_hand=6)], [supply(1, None, 4)], [(None, 4, "contracts-ended")]),
        ([issued(1, by_hand=4)], [supply(1, None, 4)], [(None, 4, "by-hand")]),
        # cut by the issuing of the next code
        ([issued(1), issued(6)], [supply(1, 3)], [(3, 6, "replaced"), (6, None, None)]),
        ([issued(1), issued(6)], [supply(1, 3, 6), supply(6)], [(3, 6, "contracts-ended"), (None, None, None)]),
        ([issued(1), issued(2)], [supply(1, 3)], [(None, 2, "replaced"), (3, None, None)]),
        ([issued(1), issued(6)], [supply(1, None, 4), supply(6, 8)], [(None, 4, "contracts-ended"), (8, None, None)]),
        ([issued(1, by_hand=4), issued(6)], [supply(1, 3)], [(3, 4, "by-hand"), (6, None, None)]),
        ([issued(1, by_hand=9), issued(6)], [supply(1, 3)], [(3, 6, "replaced"), (6, None, None)]),
        ([issued(1), issued(6)], [supply(6, 8)], [(None, 6, "replaced"), (8, None, None)]),
        ([], [supply(1, 3)], []),
    ],
)
def test_a_code_is_active_on_the_first_stretch_at_or_after_its_issuing(
    codes: list[PromoCode], contracts: list[Contract], expected: list[tuple[object, object, str | None]]
) -> None:
    assert days(codes, contracts) == expected


def test_what_follows_already_stays_the_same_object() -> None:
    contracts = [supply(1, 3, 9)]
    (placed,) = code_periods([issued(1)], contracts, keeps)
    assert code_periods([placed], contracts, keeps)[0] is placed


def test_stretches_are_unbroken() -> None:
    contracts = [supply(9, 12, 14), supply(1, 2, 5), supply(2, 5, 7), supply(3, 3, 4), supply(4, 5, 30, "solar")]
    found = [
        ((each.start - JANUARY).days, (each.end - JANUARY).days if each.end else None)
        for each in unbroken(contracts, keeps)
    ]
    assert found == [(2, 7), (12, 14)]
    assert unbroken([supply(1, 2, 5), supply(2, 4)], keeps) == (Stretch(JANUARY + timedelta(days=2), None),)
    assert unbroken([supply(1, 2), supply(2, 4, 5)], keeps) == (Stretch(JANUARY + timedelta(days=2), None),)


numbers = st.integers(1, 9)


@st.composite
def supplies(draw: st.DrawFn) -> Contract:
    first, second, third = sorted(draw(st.tuples(numbers, numbers, numbers)))
    activated, ended = draw(st.sampled_from([(None, None), (second, None), (second, third), (None, third)]))
    return supply(first, activated, ended, draw(st.sampled_from(["electricity", "gas", "solar"])))


@pytest.mark.rule("C6")
@given(
    st.lists(supplies(), min_size=1, max_size=3),
    st.lists(st.tuples(numbers, st.none() | numbers), max_size=3),
)
def test_codes_never_overlap_and_none_is_active_without_a_keeping_contract(
    contracts: list[Contract], givens: list[tuple[int, int | None]]
) -> None:
    issuings = sorted(givens, key=lambda each: each[0])
    codes = [issued(number, by_hand=None if ended is None else max(ended, number)) for number, ended in issuings]
    placed = code_periods(codes, contracts, keeps)
    for number in range(20):
        now = JANUARY + timedelta(hours=12 * number)
        active = [each for each in placed if each.status_at(now) is CodeStatus.ACTIVE]
        in_force = any(each.is_active_at(now) and keeps(each.product) for each in contracts)
        assert len(active) <= in_force
    for each, following in pairwise(placed):
        assert each.ends_at is not None
        assert each.ends_at <= following.issued_at
    assert code_periods(placed, contracts, keeps) == placed
    assert all((each.ends_at is None) == (each.ending is None) for each in placed)
    assert all(each.ending is not Ending.BY_HAND or each.ends_at == each.ended_by_hand_at for each in placed)
