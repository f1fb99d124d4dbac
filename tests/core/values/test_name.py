"""Ids and names are printable text with something to see in it, in one normal form (D2)."""

from __future__ import annotations

import sys
import unicodedata
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from referral_core.values.errors import ArgumentInvalid, Reason, Refusal
from referral_core.values.name import LONGEST_NAME, compared_name, is_visible, name
from tests.phrases import refused

pytestmark = pytest.mark.rule("D2")

EVERYTHING: Final = list(map(chr, range(sys.maxunicode + 1)))
UNSEEN: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""What is printable, by its class, and yet drawn as nothing."""


def is_name(value: str) -> bool:
    try:
        name(value, "id")
    except Refusal as refusal:
        return (refusal.reasons, refusal.field) != ((Reason.NAME_INVALID,), "id")
    return True


@pytest.mark.parametrize(
    "value",
    [
        "ann",
        "A-1",
        "'+3725550001",
        "Uued kliendid, käsitsi",
        "Щука",
        "張三",
        "한국",
        "नी",
        "🔌",
        "☀\ufe0f",
        "x" * 200,
        "ä" * 200,
        "a\u20dd",
    ],
)
def test_what_can_be_read_is_a_name_to_the_letter(value: str) -> None:
    assert name(value, "customer") == value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "is empty"),
        (" ", "blanks around"),
        (" ann", "blanks around"),
        ("ann ", "blanks around"),
        ("\u3000ann", "blanks around"),
        ("ann\n", "blanks around"),
        ("a\0nn", "cannot be printed"),
        ("a\nnn", "cannot be printed"),
        ("a\u00a0nn", "cannot be printed"),
        ("a\u200bnn", "cannot be printed"),
        ("a\u202enn", "cannot be printed"),
        ("a\u2028nn", "cannot be printed"),
        ("\ud800", "cannot be printed"),
        ("a\udfff", "cannot be printed"),
        ("\ue000", "cannot be printed"),
        ("\ufe0f", "nothing in it that can be seen"),
        ("\u0301", "nothing in it that can be seen"),
        ("\u0301 \u0301", "nothing in it that can be seen"),
        ("\u034f\U000e0100", "nothing in it that can be seen"),
        ("\u3164", "nothing in it that can be seen"),
        (UNSEEN, "nothing in it that can be seen"),
        ("x" * 201, "longer than 200 characters"),
        ("ä" * 201, "longer than 200 characters"),
        ("a\u0308" * 100 + "x" * 101, "longer than 200 characters"),
        ("\u0958" * 101, "longer than 200 characters"),
        ("a\u0308" * 1_000_000, "longer than 200 characters"),
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_what_cannot_be_read_is_refused(value: str, why: str) -> None:
    with refused("name-invalid", field="customer", naming=why):
        name(value, "customer")


@pytest.mark.parametrize("value", ["a\nnn", "\ud800", "\u202eann", "\ue000"], ids=ascii)
def test_what_is_said_of_a_name_can_be_printed(value: str) -> None:
    with pytest.raises(Refusal) as caught:
        name(value, "customer")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", [17, None, b"ann", ["ann"], True, 1.5], ids=repr)
def test_what_is_no_text_is_an_argument_of_the_wrong_type(value: object) -> None:
    with pytest.raises(ArgumentInvalid) as caught:
        name(value, "customer")
    assert caught.value.field == "customer"
    assert str(caught.value) == f"customer: must be text, not {type(value).__name__}"


def test_one_name_typed_in_two_ways_is_one_name() -> None:
    assert name("Ma\u0308nd", "customer") == name("M\u00e4nd", "customer") == "M\u00e4nd"
    assert name("a\u0308" * LONGEST_NAME, "customer") == "ä" * LONGEST_NAME
    assert name("ﬁ", "customer") == "ﬁ"  # a letter of its own, not another way to type two


def test_of_every_character_by_itself_those_that_can_be_seen_are_names() -> None:
    seen = [sign for sign in EVERYTHING if is_visible(sign) and sign.isprintable()]
    known = set(seen)
    assert [sign for sign in seen if name(sign, "id") != unicodedata.normalize("NFC", sign)] == []
    assert {unicodedata.category(sign)[0] for sign in seen} == set("LNPS")
    unseen = [sign for sign in EVERYTHING if unicodedata.category(sign) not in {"Cn", "Co"} and sign not in known]
    assert [sign for sign in unseen if is_name(sign)] == []
    assert [sign for sign in UNSEEN if sign in seen] == []
    missing = {sign for sign in EVERYTHING if unicodedata.category(sign)[0] in "LNPS"} - set(seen)
    assert {unicodedata.name(sign).split()[-1] for sign in missing} == {"FILLER", "BLANK", "NOTEHEAD"}


@given(st.text(max_size=20))
@example("a\u0308")
def test_a_name_is_a_name_as_it_was_taken(text: str) -> None:
    if is_name(text):
        taken = name(text, "id")
        assert name(taken, "id") == taken == unicodedata.normalize("NFC", text)


# ── names of groups ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "alike", ["ÕPILASED", " õpilased ", "O\u0303pilased", "o\u0303PILASED\n", "\u00a0Õpilased"], ids=ascii
)
def test_names_are_compared_without_case_blanks_around_and_how_they_were_typed(alike: str) -> None:
    assert compared_name(alike) == compared_name("Õpilased")


def test_names_that_people_tell_apart_are_two() -> None:
    names = ["Õpilased", "Opilased", "Õpi lased", "Õpilased 2", "ﬁ", "f i"]
    assert len(set(map(compared_name, names))) == len(names)
    assert compared_name("Straße") == compared_name("STRASSE")


def test_every_character_is_compared_as_it_is_typed_in_parts_and_in_the_other_case() -> None:
    def ways(sign: str) -> set[str]:
        return {compared_name(f"x{each}x") for each in (sign, unicodedata.normalize("NFD", sign))}

    several = [each for each in EVERYTHING if unicodedata.normalize("NFD", each) != each or each.casefold() != each]
    assert [sign for sign in several if len(ways(sign)) > 1] == []
    assert [sign for sign in several if {compared_name(key) for key in ways(sign)} != ways(sign)] == []
