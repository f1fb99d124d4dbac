"""``Accept-Language``: whatever a request accepts, it is answered in a language of the programme."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.http.headers import preferred_language

OFFERED: Final = ("et", "en", "ru")


@given(st.text(alphabet="etnruq-;=,.01 *x", max_size=60) | st.text(max_size=500))
def test_whatever_is_accepted_there_is_a_language(accepts: str) -> None:
    assert preferred_language(accepts, OFFERED) in OFFERED


@given(st.permutations(OFFERED), st.lists(st.integers(1, 1000), min_size=3, max_size=3, unique=True))
def test_the_greatest_weight_wins_wherever_it_stands(order: list[str], thousandths: list[int]) -> None:
    weights = dict(zip(order, thousandths, strict=True))
    header = ",".join(f" {language} ; q={weight / 1000}" for language, weight in weights.items())
    assert preferred_language(header, OFFERED) == max(weights, key=weights.__getitem__)


def test_nothing_accepted_is_the_first_offered() -> None:
    for accepts in (None, "", "*", "et;q=0, en;q=0", "en;q=x, ru;q=7", "q=1"):
        assert preferred_language(accepts, OFFERED) == "et"


@pytest.mark.parametrize("accepts", [None, "", " ", "*", " * "])
def test_who_says_nothing_may_be_answered_in_another_that_is_offered(accepts: str | None) -> None:
    assert preferred_language(accepts, OFFERED, default="en") == "en"
    assert preferred_language(accepts, OFFERED, default="fi") == "et"
    assert preferred_language("fi", OFFERED, default="en") == "et"
