"""Keys made of several names: no two lists of names have the same."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.values.name import joined_key

NAMES: Final = st.text(st.sampled_from("a1 %"), max_size=5)
"""Names of few signs, so that what they look like joined is often the same."""


@pytest.mark.rule("B2")
@given(st.integers(1, 4).flatmap(lambda count: st.lists(st.tuples(*[NAMES] * count), min_size=2, max_size=2)))
def test_as_many_other_names_are_another_key(names: list[tuple[str, ...]]) -> None:
    first, second = names
    assert (joined_key(*first) == joined_key(*second)) == (first == second)


@pytest.mark.rule("B2")
def test_names_without_blanks_are_joined_by_blanks() -> None:
    """As they always were: what a store has under such a key is found under it."""
    assert joined_key("crm", "evt-1") == "crm evt-1"
    assert joined_key("crm") == "crm"


@pytest.mark.rule("B2")
def test_where_a_name_has_a_blank_the_lengths_say_where_each_ends() -> None:
    assert joined_key("A B", "C") == "3 1 A B C"
    assert joined_key("A", "B C") == "1 3 A B C"
    assert joined_key("A B") == "3 A B"
