"""Channels and families: a member is within its family, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.values.channel import is_within, is_within_any

pytestmark = pytest.mark.rule("D6")

NAMES = st.text(alphabet="ab/0-", min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("channel", "family", "expected"),
    [
        ("distributor", "distributor", True),
        ("distributor/shop7", "distributor", True),
        ("distributor/shop7/till", "distributor", True),
        ("distributor/shop7/till", "distributor/shop7", True),
        ("distributor/shop70", "distributor/shop7", False),
        ("distributor", "distributor/shop7", False),
        ("distributors", "distributor", False),
        ("distributor-shop7", "distributor", False),
        ("Distributor/shop7", "distributor", False),
    ],
)
def test_what_stands_before_a_slash_is_a_family(channel: str, family: str, expected: bool) -> None:
    assert is_within(channel, family) is expected


@given(NAMES, NAMES, NAMES)
def test_families_are_nested(channel: str, inner: str, outer: str) -> None:
    assert is_within(channel, channel)
    assert is_within(f"{channel}/{inner}", channel)
    if is_within(channel, inner) and is_within(inner, outer):
        assert is_within(channel, outer)
    if is_within(channel, inner) and is_within(inner, channel):
        assert channel == inner


def test_one_of_several_families_is_enough() -> None:
    assert is_within_any("shop/7", ("kiosk", "shop"))
    assert not is_within_any("shop/7", ())
