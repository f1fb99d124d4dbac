"""Named codes: a name and a year, then the same with short tails, always fit to be a code."""

from __future__ import annotations

import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.formats import ALPHABET
from referral_core.formats.named_codes import TAILS, NamedCodes
from referral_core.formats.offensive_words import OffensiveWords
from referral_core.values.code_text import parse

KEY = bytes(range(16))


def to_ascii(name: str) -> str:
    """Fold the few letters that these tests need."""
    return name.translate(str.maketrans("õÕüÜäÄ", "oOuUaA"))


def codes(key: bytes = KEY, *unwanted: str) -> NamedCodes:
    return NamedCodes(key, to_ascii, offensive=OffensiveWords(unwanted))


def texts(first_name: str, year: int = 2025, *, account: str = "") -> list[str]:
    return list(codes().candidates(first_name, year, account=account))


@pytest.mark.rule("C10")
@pytest.mark.parametrize(
    ("first_name", "first"),
    [
        ("Mihkel", "MIHKEL2025"),
        ("Õnne", "ONNE2025"),
        ("Jean-Luc O'Neil", "JEANLUCONEIL2025"),
        (" anna  maria ", "ANNAMARIA2025"),
        ("O", "O2025"),
        ("R2-D2", "RD2025"),
        ("Bartholomew-Maximilian", "BARTHOLOMEWMAXIM2025"),
    ],
)
def test_the_first_text_is_name_and_year(first_name: str, first: str) -> None:
    assert texts(first_name)[0] == first


@pytest.mark.rule("C10")
def test_tails_follow_the_same_ones_under_one_key() -> None:
    assert texts("Mihkel")[:4] == ["MIHKEL2025", "MIHKEL2025QX", "MIHKEL2025FN", "MIHKEL20252C"]
    assert texts("Mihkel") == texts("MIHKEL") == list(codes(bytes(KEY)).candidates("mihkel", 2025))


@pytest.mark.rule("C10")
@pytest.mark.parametrize("first_name", ["Mihkel", "O", "Bartholomew-Maximilian"])
def test_all_tails_are_tried_the_short_ones_first_and_none_twice(first_name: str) -> None:
    found = texts(first_name)
    name = found[0].removesuffix("2025")
    assert len(found) == len(set(found)) == 257
    assert TAILS == ((2, 16), (3, 48), (4, 192))
    rest = iter(found[1:])
    for length, count in TAILS:
        for text in islice(rest, count):
            assert text[: -length - 4] == name[: 16 - length]
            assert re.fullmatch(f"2025[{ALPHABET}]{{{length}}}", text[-length - 4 :])


@pytest.mark.rule("C10")
def test_no_account_is_offered_a_text_twice() -> None:
    for account in map(str, range(40)):
        found = texts("Mihkel", account=account)
        assert len(found) == len(set(found)) == 257


@pytest.mark.rule("C9", "C10")
@given(st.text(max_size=30), st.integers(1000, 9999))
def test_every_text_can_be_a_code(first_name: str, year: int) -> None:
    for text in codes().candidates(first_name, year):
        assert parse(text) == text
        assert str(year) in text


@pytest.mark.rule("C10")
@pytest.mark.parametrize("first_name", ["", " ", "-'-", "42", "😀", "李"])
def test_a_name_without_letters_has_no_text(first_name: str) -> None:
    assert texts(first_name) == []


@pytest.mark.rule("C10")
def test_nobody_foretells_tails_without_the_key() -> None:
    ours, theirs = texts("Mihkel"), list(codes(KEY[::-1]).candidates("Mihkel", 2025))
    assert ours[0] == theirs[0]
    assert len(set(ours[65:]) & set(theirs[65:])) < 3


@pytest.mark.rule("C10")
def test_namesakes_have_tails_of_their_own() -> None:
    by_account = [set(texts("Mihkel", account=account)[65:]) for account in ("", "A-1", "A-2")]
    assert all(len(one & other) < 3 for one in by_account for other in by_account if one is not other)


@pytest.mark.rule("C10")
def test_tails_are_evenly_spread() -> None:
    used = "".join(text[-4:] for account in range(40) for text in texts("Mihkel", account=str(account))[65:])
    mean = len(used) / len(ALPHABET)
    assert all(abs(used.count(character) - mean) < 5 * mean**0.5 for character in ALPHABET)


@pytest.mark.rule("C10")
def test_offensive_texts_are_left_out() -> None:
    everything = texts("Mihkel")
    third = everything[3][-2:]
    assert list(codes(KEY, third).candidates("Mihkel", 2025)) == [text for text in everything if third not in text]
    assert everything[3] not in codes(KEY, third).candidates("Mihkel", 2025)


@pytest.mark.rule("C10")
def test_a_name_that_offends_has_no_text() -> None:
    assert list(codes(KEY, "IHK").candidates("Mihkel", 2025)) == []


@pytest.mark.parametrize("year", [999, 10_000, -2025])
def test_a_year_has_four_digits(year: int) -> None:
    with pytest.raises(ValueError, match="four digits"):
        codes().candidates("Mihkel", year)


def test_a_key_is_secret_bytes_and_long_enough() -> None:
    with pytest.raises(ValueError, match="key"):
        codes(KEY[:15])
    with pytest.raises(TypeError, match="key"):
        NamedCodes("0123456789abcdef", to_ascii, offensive=OffensiveWords(()))  # type: ignore[arg-type]
    assert "key" not in repr(codes())
