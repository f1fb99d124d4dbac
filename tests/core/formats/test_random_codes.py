"""Random codes: never twice the same, not to be foretold from others, well-formed, and nothing that offends."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from itertools import islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2

from referral_core.formats import ALPHABET
from referral_core.formats.offensive_words import LOOK_ALIKES, OffensiveWords
from referral_core.formats.random_codes import WELL_FORMED, RandomCodes

KEY = bytes(range(16))
NOTHING = OffensiveWords(())
PAYLOADS = 31**7


def codes(key: bytes = KEY, offensive: OffensiveWords = NOTHING) -> RandomCodes:
    return RandomCodes(key, offensive=offensive)


def texts(generator: RandomCodes, count: int) -> list[str]:
    """Return the first texts of so many accounts, without those that offend."""
    drawn = (generator.text(f"A{number}", 0) for number in range(count))
    return [text for text in drawn if text is not None]


def surprise(values: Iterable[object], kinds: int) -> float:
    """Return by how many standard deviations the chi-square of ``values`` exceeds that of evenly spread ones."""
    counts = Counter(values)
    mean = counts.total() / kinds
    chi_square = sum((seen - mean) ** 2 / mean for seen in counts.values()) + (kinds - len(counts)) * mean
    return (chi_square - (kinds - 1)) / math.sqrt(2 * (kinds - 1))


@pytest.mark.rule("C10")
def test_codes_already_given_out_stay_what_they_are() -> None:
    draws = [("A0", 0, 0), ("A0", 0, 1), ("A0", 1, 0), ("A1", 0, 0), ("Õ-7", 3, 2), ("", 2**32 - 1, 2**32 - 1)]
    assert [codes().text(*draw) for draw in draws] == [
        "SEUN7K38",
        "FQH48RDE",
        "QVTHYZJW",
        "ADJ2FUZA",
        "YYP2MQ3E",
        "BYJ4NUHW",
    ]


@pytest.mark.rule("C1", "C10")
def test_hardly_any_code_comes_twice() -> None:
    drawn = texts(codes(), 100_000)
    assert len(drawn) == 100_000
    assert len(drawn) - len(set(drawn)) < 5, "by chance about one in five of such runs has one twice"


@pytest.mark.rule("C10")
def test_a_code_is_eight_characters_of_the_alphabet_with_the_standard_check() -> None:
    assert len(set(ALPHABET)) == 31
    assert not set(ALPHABET) & set("01ILO")
    for text in texts(codes(), 3000):
        assert re.fullmatch(f"[{ALPHABET}]{{8}}", text)
        assert mod_37_2.is_valid(text)


@pytest.mark.rule("C10")
@given(st.text(max_size=40), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_whatever_the_account_the_same_draw_gives_the_same_well_formed_text(
    account: str, place: int, attempt: int
) -> None:
    text = codes().text(account, place, attempt)
    assert text == codes().text(account, place, attempt)
    assert text is not None
    assert mod_37_2.is_valid(text)


@pytest.mark.rule("C10")
def test_each_place_and_each_attempt_of_an_account_has_a_text_of_its_own() -> None:
    drawn = [codes().text("A", place, attempt) for place in range(60) for attempt in range(60)]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.rule("C10")
def test_candidates_are_the_attempts_in_order_without_what_offends() -> None:
    everything = [codes().text("A", 2, attempt) for attempt in range(40)]
    assert list(islice(codes().candidates("A", 2), 40)) == everything
    word = as_letters(str(everything[3])[2:6])
    kept = codes(offensive=OffensiveWords([word]))
    assert kept.text("A", 2, 3) is None
    assert list(islice(kept.candidates("A", 2), 20)) == [text for text in everything if not reads(str(text), word)][:20]


@pytest.mark.rule("C10")
def test_characters_are_evenly_spread_at_every_place() -> None:
    drawn = texts(codes(), 60_000)
    for place in range(6):
        assert abs(surprise((text[place] for text in drawn), 31)) < 5
        if place < 5:
            assert abs(surprise((text[place : place + 2] for text in drawn), 31**2)) < 5
    assert {text[6] for text in drawn} == {text[7] for text in drawn} == set(ALPHABET)


@pytest.mark.rule("C10")
def test_every_well_formed_ending_comes_about_equally_often() -> None:
    drawn = Counter(text[6:] for text in texts(codes(), 60_000))
    assert len(drawn) > 0.8 * 31**2
    assert max(drawn.values()) < 2 * 60_000 / len(drawn)


@pytest.mark.rule("C10")
@pytest.mark.parametrize("step", [1, 10, 1000])
def test_a_code_tells_nothing_of_that_of_the_next_account(step: int) -> None:
    drawn = texts(codes(), 20_000)
    for place, other in product(range(6), repeat=2):
        pairs = zip(drawn, drawn[step:], strict=False)
        differences = [(ALPHABET.index(there[other]) - ALPHABET.index(here[place])) % 31 for here, there in pairs]
        assert abs(surprise(differences, 31)) < 5


@pytest.mark.rule("C10")
def test_another_key_gives_other_codes() -> None:
    ours = texts(codes(), 30_000)
    for other in (bytes([KEY[0] ^ 1]) + KEY[1:], KEY + b"\1", KEY[::-1], KEY * 4, KEY * 5):
        theirs = texts(codes(other), 30_000)
        assert not [ours[at] for at in range(30_000) if ours[at] == theirs[at]]
        assert len(set(ours) & set(theirs)) < 5


@pytest.mark.parametrize(("place", "attempt"), [(-1, 0), (0, -1), (2**32, 0), (0, 2**32)])
def test_places_and_attempts_that_are_no_counts_are_refused(place: int, attempt: int) -> None:
    with pytest.raises(ValueError, match="count from 0"):
        codes().text("A", place, attempt)


def test_a_key_is_secret_bytes_and_long_enough() -> None:
    with pytest.raises(ValueError, match="key"):
        codes(KEY[:15])
    with pytest.raises(TypeError, match="key"):
        RandomCodes("0123456789abcdef", offensive=NOTHING)  # type: ignore[arg-type]
    assert "key" not in repr(codes())


@pytest.mark.rule("C10")
def test_codes_with_offensive_words_are_left_out() -> None:
    everything = texts(codes(), 6000)
    words = [as_letters(text[at % 4 : at % 4 + 3 + at % 3]) for at, text in enumerate(everything[:24])]
    kept = texts(codes(offensive=OffensiveWords(words)), 6000)
    assert kept == [text for text in everything if not any(reads(text, word) for word in words)]
    assert len(kept) <= len(everything) - 24


def as_letters(text: str) -> str:
    return text.translate({ord(digit): letter for letter, digits in LOOK_ALIKES.items() for digit in digits})


def reads(text: str, word: str) -> bool:
    """Tell in the plainest way whether ``word`` can be read anywhere in ``text``."""
    starts = range(len(text) - len(word) + 1)
    return any(
        all(sign == text[start + k] or text[start + k] in LOOK_ALIKES.get(sign, "") for k, sign in enumerate(word))
        for start in starts
    )


WORDS = st.lists(st.text("ABEIS8135", min_size=1, max_size=6), max_size=60)


@pytest.mark.rule("C10")
@given(WORDS, st.text("ABEIS8135X", max_size=12))
def test_a_word_is_found_wherever_it_can_be_read(words: list[str], text: str) -> None:
    found = any(reads(text, word) for word in words)
    assert OffensiveWords(words).in_text(text) is found
    assert OffensiveWords(map(str.lower, words)).in_text(text.lower()) is found


@pytest.mark.rule("C10")
@pytest.mark.parametrize("text", ["SPAM", "5P4M", "XSP4M9", "2025SPAM", "spam", "SPAMSPAM"])
def test_look_alikes_do_not_hide_a_word(text: str) -> None:
    assert OffensiveWords(["spam"]).in_text(text)


@pytest.mark.rule("C10")
@pytest.mark.parametrize(("letter", "digit"), list(zip("ABEGGILOSTZ", "48369110572", strict=True)))
def test_a_digit_reads_as_the_letter_it_looks_like(letter: str, digit: str) -> None:
    assert OffensiveWords([f"X{letter}X"]).in_text(f"2X{digit}X")
    assert not OffensiveWords([f"X{digit}X"]).in_text(f"2X{letter}X")


@pytest.mark.parametrize("text", ["", "SPA", "SPXAM", "SP4N", "MAPS"])
def test_other_texts_do_not_offend(text: str) -> None:
    assert not OffensiveWords(["SPAM"]).in_text(text)
    assert not NOTHING.in_text(text)


def test_one_may_stand_for_both_letters_like_it() -> None:
    assert OffensiveWords(["ILK"]).in_text("11K")
    assert not OffensiveWords(["ILK"]).in_text("LIK")


def test_only_words_that_an_alphabet_spells_are_kept() -> None:
    words = OffensiveWords(["SPAM", "EGGS", "TOAST", "LIE", "X"])
    assert words.spelled_with("SPAMEG").words == ("EGGS", "SPAM")
    assert words.spelled_with("5P4M").words == ("SPAM",)


@pytest.mark.parametrize("word", ["", " ", "a-b", "naïve", "дурак", "A B"], ids=ascii)
def test_words_that_no_code_could_hold_are_refused_all_at_once(word: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(sorted([word.strip().upper(), "Ä"])))):
        OffensiveWords(["SPAM", word, "ä"])


def test_one_text_is_no_list_of_words() -> None:
    with pytest.raises(TypeError, match="several texts"):
        OffensiveWords("SPAM")


@pytest.mark.rule("C10")
def test_well_formed_texts_are_counted_right() -> None:
    values = ["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(character) for character in ALPHABET]
    payloads = Counter({0: 1})  # how many payloads there are of each checksum
    for _ in range(7):
        longer = Counter[int]()
        for (checksum, times), value in product(payloads.items(), values):
            longer[(2 * checksum + value) % 37] += times
        payloads = longer
    assert payloads.total() == PAYLOADS
    assert sum(payloads[checksum] for checksum in payloads if (1 - 2 * checksum) % 37 in values) == WELL_FORMED


@pytest.mark.rule("C10")
@given(st.integers(0, WELL_FORMED))
def test_a_guess_hits_as_often_as_codes_are_among_the_well_formed(issued: int) -> None:
    assert codes().guess_probability(issued) == Fraction(issued, WELL_FORMED)


@pytest.mark.rule("C10")
@pytest.mark.parametrize(
    ("issued", "odds"), [(0, "none"), (1, "1 in 23,051,109,227"), (5_000_000, "1 in 4,610"), (WELL_FORMED, "1 in 1")]
)
def test_the_odds_of_a_guess_are_said_in_words(issued: int, odds: str) -> None:
    assert codes().guess_odds(issued) == odds


@pytest.mark.parametrize("issued", [-1, WELL_FORMED + 1])
def test_codes_that_cannot_have_been_issued_are_refused(issued: int) -> None:
    with pytest.raises(ValueError, match="issued codes number 0 to"):
        codes().guess_probability(issued)
