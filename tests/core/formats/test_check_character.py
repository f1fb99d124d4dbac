"""The check character: the standard's own, and no single slip of whoever types a code gets past it."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2

from referral_core.formats.check_character import (
    CHARACTERS,
    calc_check_character,
    is_valid,
)

PAYLOADS = st.text(string.digits + string.ascii_uppercase, min_size=1, max_size=20)


def checked(payload: str) -> str:
    return payload + calc_check_character(payload)


@pytest.mark.rule("C10")
@given(PAYLOADS)
def test_it_is_the_character_of_the_standard(payload: str) -> None:
    assert calc_check_character(payload) == mod_37_2.calc_check_digit(payload)
    assert is_valid(checked(payload))


@pytest.mark.rule("C10")
@given(st.text(CHARACTERS, max_size=20), st.text(CHARACTERS, max_size=1))
def test_what_is_valid_is_what_the_standard_says(payload: str, check: str) -> None:
    text = payload.replace("*", "") + check
    standard = len(text) > 1 and mod_37_2.is_valid(text)
    assert is_valid(text) is standard


@pytest.mark.rule("C10")
@given(PAYLOADS, st.data())
def test_any_one_wrong_character_is_caught(payload: str, data: st.DataObject) -> None:
    text = checked(payload)
    place = data.draw(st.integers(0, len(text) - 1), label="place")
    for wrong in set(CHARACTERS) - {text[place]}:
        assert not is_valid(text[:place] + wrong + text[place + 1 :])


@pytest.mark.rule("C10")
@given(PAYLOADS, st.data())
def test_any_swap_of_different_neighbours_is_caught(payload: str, data: st.DataObject) -> None:
    text = checked(payload)
    place = data.draw(st.integers(0, len(text) - 2), label="place")
    first, second = text[place], text[place + 1]
    assume(first != second)
    assert not is_valid(text[:place] + second + first + text[place + 2 :])


@pytest.mark.rule("C10")
def test_the_check_character_may_be_a_star() -> None:
    assert calc_check_character("1") == "*"
    assert is_valid("1*")


@pytest.mark.parametrize(
    "text", ["", "1", "A", "*", "**", "A*1", "g123489654321Y", "G123489654321y", " ", "G12348965432\u0661Y"], ids=ascii
)
def test_what_is_no_text_of_the_standard_is_not_valid(text: str) -> None:
    assert not is_valid(text)


@pytest.mark.parametrize("payload", ["", "a", "A*", "A-1", "A 1", "\u0661", "Ä"], ids=ascii)
def test_what_is_no_payload_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match="one or more of 0-9 and A-Z"):
        calc_check_character(payload)
