"""Random codes: never twice the same, not to be foretold from others, well-formed, and nothing that offends."""

from __future__ import annotations

import math
import re
import tracemalloc
from collections import Counter, deque
from collections.abc import Iterable
from fractions import Fraction
from itertools import count, islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2

from referral_core.formats import ALPHABET
from referral_core.formats.keyed_permutation import KeyedPermutation
from referral_core.formats.offensive_words import LOOK_ALIKES, OffensiveWords
from referral_core.formats.random_codes import WELL_FORMED, RandomCodes
from referral_core.values.errors import CodeSpaceExhausted

KEY = bytes(range(16))
NOTHING = OffensiveWords(())
PAYLOADS = 31**7


def codes(key: bytes = KEY, offensive: OffensiveWords = NOTHING) -> RandomCodes:
    return RandomCodes(key, offensive=offensive)


def reached(permutation: KeyedPermutation, numbers: Iterable[int]) -> list[int]:
    rows = zip(*permutation.planes(list(numbers)), strict=True)
    base = permutation.base
    return [sum(digit % base * base**place for place, digit in enumerate(reversed(row))) for row in rows]


def surprise(values: Iterable[object], kinds: int) -> float:
    """Return by how many standard deviations the chi-square of ``values`` exceeds that of evenly spread ones."""
    counts = Counter(values)
    mean = counts.total() / kinds
    chi_square = sum((seen - mean) ** 2 / mean for seen in counts.values()) + (kinds - len(counts)) * mean
    return (chi_square - (kinds - 1)) / math.sqrt(2 * (kinds - 1))


@pytest.mark.rule("C1", "C10")
@pytest.mark.parametrize(
    ("base", "width"), [(2, 2), (2, 3), (2, 8), (3, 5), (5, 4), (7, 3), (10, 4), (31, 2), (31, 3), (51, 2)]
)
def test_all_of_a_small_space_is_reached_once(base: int, width: int) -> None:
    everything = range(base**width)
    outcome = reached(KeyedPermutation(KEY, base, width), everything)
    assert sorted(outcome) == list(everything)
    assert outcome != list(everything)


@pytest.mark.rule("C1", "C10")
def test_the_far_end_of_the_full_space_is_permuted_too() -> None:
    numbers = [*range(1000), *range(PAYLOADS // 2, PAYLOADS // 2 + 1000), *range(PAYLOADS - 1000, PAYLOADS)]
    outcome = reached(KeyedPermutation(KEY, 31, 7), numbers)
    assert len(set(outcome)) == len(numbers)
    assert 0 <= min(outcome) <= max(outcome) < PAYLOADS


@pytest.mark.rule("C1", "C10")
def test_no_code_comes_twice() -> None:
    texts = [text for _, text in codes().texts(range(300_000))]
    assert len(set(texts)) == len(texts)
    assert len(texts) == pytest.approx(300_000 * 31 / 37, rel=0.01)


@pytest.mark.rule("C10")
def test_codes_already_given_out_stay_what_they_are() -> None:
    numbers = [*range(5), 10**6, 10**9, PAYLOADS // 2]
    assert dict(codes().texts(numbers)) == {
        0: "8R93VCS2",
        1: "THGD5D53",
        2: "4VYQQR62",
        3: "6SFJWMFK",
        4: "93YNXBX9",
        10**6: "J4YX6R3C",
        10**9: "PD33S52H",
        PAYLOADS // 2: "PWG3DRCP",
    }


@pytest.mark.rule("C10")
def test_a_code_is_eight_characters_of_the_alphabet_with_the_standard_check() -> None:
    assert len(set(ALPHABET)) == 31
    assert not set(ALPHABET) & set("01ILO")
    for _, text in codes().texts(range(2000)):
        assert re.fullmatch(f"[{ALPHABET}]{{8}}", text)
        assert mod_37_2.is_valid(text)


@pytest.mark.rule("C10")
def test_one_by_one_or_many_at_once_a_number_has_the_same_code() -> None:
    numbers = [*range(700), *range(10**6, 10**6 + 9000, 7), *range(PAYLOADS // 2 - 5, 0, -(10**7))]
    generator = codes()
    one_by_one = [(number, generator.text(number)) for number in numbers]
    assert list(generator.texts(numbers)) == [(number, text) for number, text in one_by_one if text]


@pytest.mark.rule("C10")
def test_only_numbers_whose_check_character_is_outside_the_alphabet_have_no_code() -> None:
    generator = codes()
    for number, payload in enumerate(reached(KeyedPermutation(KEY, 31, 7), range(500))):
        written = "".join(ALPHABET[payload // 31**place % 31] for place in range(6, -1, -1))
        check = mod_37_2.calc_check_digit(written)
        assert generator.text(number) == (written + check if check in ALPHABET else None)


@pytest.mark.rule("C10")
def test_numbers_may_be_endless() -> None:
    first = list(islice(codes().texts(count()), 20_000))
    assert first == list(codes().texts(range(first[-1][0] + 1)))
    assert not list(codes().texts([]))


@pytest.mark.rule("C10")
def test_few_numbers_are_read_ahead_of_the_first_code() -> None:
    numbers = iter(range(10**6))
    next(codes().texts(numbers))
    assert next(numbers) < 300


@pytest.mark.rule("C10")
def test_memory_does_not_grow_with_the_number_of_codes() -> None:
    peaks = [peak_of(numbers) for numbers in (20_000, 120_000)]
    assert peaks[1] < 1.2 * peaks[0]


def peak_of(numbers: int) -> int:
    generator = codes()
    generator.text(0)
    tracemalloc.start()
    try:
        deque(generator.texts(range(numbers)), maxlen=0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.rule("C10")
def test_characters_are_evenly_spread_at_every_place() -> None:
    texts = [text for _, text in codes().texts(range(100_000))]
    for place in range(7):
        assert abs(surprise((text[place] for text in texts), 31)) < 5
        assert abs(surprise((text[place : place + 2] for text in texts), 31**2)) < 5


@pytest.mark.rule("C10")
@pytest.mark.parametrize("step", [1, 31, 31**3, 31**5])
def test_a_code_tells_nothing_of_the_next(step: int) -> None:
    permutation = KeyedPermutation(KEY, 31, 7)
    ours, next_ones = permutation.planes(range(20_000)), permutation.planes(range(step, step + 20_000))
    for plane, next_one in product(ours, next_ones):
        differences = [(there - here) % 31 for here, there in zip(plane, next_one, strict=True)]
        assert abs(surprise(differences, 31)) < 5


@pytest.mark.rule("C10")
def test_another_key_gives_other_codes() -> None:
    ours = list(codes().texts(range(50_000)))
    for other in (bytes([KEY[0] ^ 1]) + KEY[1:], KEY + b"\0", KEY[::-1]):
        theirs = list(codes(other).texts(range(50_000)))
        assert not set(ours) & set(theirs)
        assert len({text for _, text in ours} & {text for _, text in theirs}) < 5


@pytest.mark.rule("C10")
def test_half_of_the_space_is_never_given_out() -> None:
    last = PAYLOADS // 2
    codes().text(last)
    for number in (last + 1, PAYLOADS, 10**20):
        with pytest.raises(CodeSpaceExhausted, match="half"):
            codes().text(number)
        with pytest.raises(CodeSpaceExhausted, match="half"):
            list(codes().texts([0, number, 1]))


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="count from 0: -1"):
        codes().text(-1)
    with pytest.raises(ValueError, match="count from 0: -3"):
        list(codes().texts(range(10, -4, -1)))


def test_a_key_is_secret_bytes_and_long_enough() -> None:
    with pytest.raises(ValueError, match="key"):
        codes(KEY[:15])
    with pytest.raises(TypeError, match="key"):
        RandomCodes("0123456789abcdef", offensive=NOTHING)  # type: ignore[arg-type]
    assert "key" not in repr(codes())
    assert "key" not in repr(KeyedPermutation(KEY, 31, 7))


@pytest.mark.parametrize(("base", "width"), [(1, 7), (52, 7), (31, 1), (31, 9)])
def test_a_permutation_that_would_not_fit_its_tables_is_refused(base: int, width: int) -> None:
    with pytest.raises(ValueError, match="must be in"):
        KeyedPermutation(KEY, base, width)


@pytest.mark.rule("C10")
def test_codes_with_offensive_words_are_left_out() -> None:
    everything = dict(codes().texts(range(6000)))
    words = [as_letters(text[at % 4 : at % 4 + 3 + at % 3]) for at, text in enumerate(islice(everything.values(), 24))]
    kept = dict(codes(offensive=OffensiveWords(words)).texts(range(6000)))
    assert kept == {number: text for number, text in everything.items() if not any(reads(text, w) for w in words)}
    assert len(kept) <= len(everything) - 24
    left_out = next(number for number in everything if number not in kept)
    assert codes(offensive=OffensiveWords(words)).text(left_out) is None


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
@given(WORDS, st.lists(st.text("ABEIS8135X", min_size=8, max_size=8), min_size=1, max_size=30))
def test_no_text_with_a_word_goes_unsuspected(words: list[str], texts: list[str]) -> None:
    offensive = OffensiveWords(words)
    suspects = offensive.suspects(["".join(signs).encode() for signs in zip(*texts, strict=True)])
    assert len(suspects) == len(texts)
    for text, suspect in zip(texts, suspects, strict=True):
        assert suspect or not offensive.in_text(text)


@pytest.mark.rule("C10")
def test_few_innocent_texts_are_suspected() -> None:
    texts = [text for _, text in codes().texts(range(5000))]
    words = sorted({text[:4] for text in texts[:100]})
    suspects = OffensiveWords(words).suspects(["".join(signs).encode() for signs in zip(*texts, strict=True)])
    assert sum(map(bool, suspects)) < 0.1 * len(texts) + len(words)


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
