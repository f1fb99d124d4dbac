"""Code texts: one canonical form however they are typed, and never another code's."""

from __future__ import annotations

import string
import sys
import unicodedata
from functools import cache
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.values.code_text import fold, parse
from tests.phrases import refused
from tests.strategies import BLANKS, CODE_LETTERS, HYPHENS, code_texts, typed

LONG_S: Final = "\u017f\u1e9b\ufb05"


@cache
def everything() -> list[str]:
    """Return every character that somebody has given a meaning."""
    return [sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign) not in {"Cn", "Co"}]


@pytest.mark.rule("C1")
@pytest.mark.parametrize(
    "as_typed",
    [
        "A123",
        "a123",
        " a-123 ",
        "A 1 2 3",
        "a\u00a01\u20132\u30003",
        "-A-1-23-",
        "\ta1\u00ad23\r\n",
        "A\u2010\u2212123",
        "A\u20431\u2e3a2\ufe583",
        "\ufeffA\u200b1\u206023\u202c",
        "A\ufe0f1\u180b2\U000e01003",
        "A\x001\x7f2\x9f3",
        "\u207bA\u2028123\u2029",
        "\uff21\uff11\uff0d\uff12\uff13",
        "\uff41123",
    ],
)
def test_one_code_however_it_is_typed(as_typed: str) -> None:
    assert parse(as_typed) == "A123"


@pytest.mark.rule("C1")
@given(st.data(), code_texts())
def test_case_blanks_and_hyphens_make_no_difference(data: st.DataObject, text: str) -> None:
    assert parse(data.draw(typed(text))) == text


@pytest.mark.rule("C1")
@given(code_texts())
def test_the_canonical_form_is_its_own(text: str) -> None:
    assert parse(text) == text
    assert parse(parse(text.lower())) == text


@pytest.mark.rule("C1")
@pytest.mark.parametrize("sign", [*BLANKS, *HYPHENS], ids=ascii)
def test_every_blank_and_hyphen_is_left_out(sign: str) -> None:
    assert parse(f"{sign}MI{sign}HKEL{sign}{sign}") == "MIHKEL"


@pytest.mark.rule("C1")
@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.rule("C1")
@given(st.text(st.sampled_from(string.printable)))
def test_plain_signs_fold_to_upper_case(text: str) -> None:
    assert fold(text) == "".join(text.upper().split()).replace("-", "")


@pytest.mark.rule("C1")
def test_plain_signs_fold_alike_whatever_stands_beside_them() -> None:
    for sign in map(chr, range(128)):
        assert fold(f"a{sign}b") + "漢" == fold(f"a{sign}b漢")


@pytest.mark.rule("C1", "C9")
@pytest.mark.parametrize(
    "other",
    [
        "\u017f123",  # a long s, which upper-cases to S
        "K\u0131RI",  # an i without a dot, which upper-cases to I
        "stra\u00dfe1",  # upper-cases to SS
        "\ufb05ar1",  # a long s and a t in one letter
        "\u1e9b123",  # a long s with a dot
        "\u0430123",  # a Cyrillic a
        "\u0391123",  # a Greek alpha
        "A\u0663\u0664\u0665",
        "A123\u0301",
        "\u0130STAN",
        "\u00d5123",
    ],
    ids=ascii,
)
def test_a_letter_of_another_alphabet_never_becomes_another_code(other: str) -> None:
    with refused("code-malformed", field="code"):
        parse(other)


@pytest.mark.rule("C1")
@pytest.mark.parametrize("letter", "\u0131\u017f\u00df\u1e9e\u1e9b\ufb05жαõł", ids=ascii)
def test_a_letter_that_is_not_of_ours_stays_itself(letter: str) -> None:
    assert fold(f"ab{letter}cd") == f"AB{letter}CD"


def is_left_out(sign: str) -> bool:
    """Tell whether a sign makes no difference, by the rule's own words."""
    return (
        unicodedata.category(sign) in {"Pd", "Zs", "Zl", "Zp", "Cc", "Cf"}
        or sign in "\u2212\u2043"
        or "VARIATION SELECTOR" in unicodedata.name(sign, "")
    )


@pytest.mark.rule("C1")
def test_of_every_character_that_there_is_the_rule_says_what_becomes_of_it() -> None:
    wrong = []
    for sign in everything():
        parts = sign if sign in LONG_S else unicodedata.normalize("NFKC", sign)
        kept = "".join(part for part in parts if not is_left_out(part))
        capital = "".join(part.upper() if part in string.ascii_lowercase else part for part in kept)
        if fold(f"AB{sign}CD") != unicodedata.normalize("NFC", f"AB{capital}CD"):
            wrong.append(sign)
    assert wrong == []


@pytest.mark.rule("C1")
def test_folding_any_character_twice_changes_nothing() -> None:
    once = {fold(f"s{sign}c") for sign in everything()}
    assert [folded for folded in once if fold(folded) != folded] == []


@pytest.mark.rule("C1", "C9")
def test_no_letter_of_another_alphabet_stands_for_a_letter_or_a_digit() -> None:
    """What becomes a code's letter is, by its name, that letter in another shape."""
    standing = {sign: fold(sign) for sign in everything() if set(fold(sign)) <= set(CODE_LETTERS) and fold(sign)}
    names = {sign: unicodedata.name(sign) for sign in standing}
    foreign = ("CYRILLIC", "GREEK", "ARABIC", "DEVANAGARI", "CHEROKEE", "DOTLESS", "LONG S", "SHARP S", "LISU")
    assert [name for name in names.values() if any(word in name for word in foreign)] == []
    assert standing["\uff21"] == "A"


@pytest.mark.rule("C9")
@pytest.mark.parametrize("text", ["ABCD", "A" * 20, "a-b c-d", "1234", "0" * 20, "-".join("A" * 20)])
def test_four_to_twenty_letters_and_digits_are_a_code(text: str) -> None:
    assert 4 <= len(parse(text)) <= 20


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    "text",
    ["", " ", "----", "ABC", "A-B-C", " A B C ", "A" * 21, "A" * 20 + " B", "A_123", "A.123", "A123!", "A\u1160123"],
)
def test_anything_else_is_malformed(text: str) -> None:
    with refused("code-malformed", field="text"):
        parse(text, "text")
    with refused("code-malformed", field="code", naming=repr(text)):
        parse(text)


@pytest.mark.rule("C9")
def test_what_nobody_types_is_malformed_and_not_repeated_in_full() -> None:
    assert parse("ABCD".ljust(200)) == "ABCD"
    with refused("code-malformed", naming="…"):
        parse("ABCD".ljust(201))
    with pytest.raises(Exception, match="code-malformed") as caught:
        parse("A" * 10_000_000)
    assert len(str(caught.value)) < 200


@pytest.mark.rule("C1", "C9")
@given(st.text(st.sampled_from(CODE_LETTERS + "abcxyz -\u2010_.õſ"), max_size=25))
def test_parsing_gives_a_code_or_a_refusal(text: str) -> None:
    bare = "".join(sign for sign in text if sign not in " -\u2010")
    proper = 4 <= len(bare) <= 20 and set(bare) <= set(string.ascii_letters + string.digits)
    if proper:
        assert parse(text) == bare.upper()
    else:
        with refused("code-malformed", field="code"):
            parse(text)
