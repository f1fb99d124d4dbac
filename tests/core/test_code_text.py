"""Code texts: one canonical form however they are typed, and never another code's."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.values.code_text import fold, parse
from tests.phrases import refused
from tests.strategies import BLANKS, CODE_LETTERS, HYPHENS, code_texts, typed


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


@pytest.mark.rule("C1", "C9")
@pytest.mark.parametrize(
    "other",
    [
        "\u017f123",  # a long s, which upper-cases to S
        "K\u0131RI",  # an i without a dot, which upper-cases to I
        "stra\u00dfe1",  # upper-cases to SS
        "\ufb01ni1",  # one letter that upper-cases to two
        "\uff21123",
        "A\uff11\uff12\uff13",
        "\u0430123",  # a Cyrillic a
        "\u0391123",  # a Greek alpha
        "\u212aELVIN",  # the sign of kelvin, which lower-cases to k
        "A\u00b2345",
        "A\u0663\u0664\u0665",
        "A123\u0301",
        "A12\u200b3",  # no blank: nobody sees it, so it must not make two codes of one
        "\u0130STAN",
        "\u00d5123",
    ],
    ids=ascii,
)
def test_a_letter_of_another_alphabet_never_becomes_another_code(other: str) -> None:
    with refused("code-malformed", field="code"):
        parse(other)


@pytest.mark.rule("C1", "C9")
@given(st.text(st.characters(exclude_characters=CODE_LETTERS + string.ascii_lowercase), min_size=1, max_size=1))
def test_no_other_sign_stands_for_a_letter_or_a_digit(sign: str) -> None:
    folded = fold(f"AB{sign}CD")
    assert folded == "ABCD" or not set(folded) <= set(CODE_LETTERS)


@pytest.mark.rule("C9")
@pytest.mark.parametrize("text", ["ABCD", "A" * 20, "a-b c-d", "1234", "0" * 20, "-".join("A" * 20)])
def test_four_to_twenty_letters_and_digits_are_a_code(text: str) -> None:
    assert 4 <= len(parse(text)) <= 20


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    "text",
    ["", " ", "----", "ABC", "A-B-C", " A B C ", "A" * 21, "A" * 20 + " B", "A_123", "A.123", "A123!", "A\0123"],
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
