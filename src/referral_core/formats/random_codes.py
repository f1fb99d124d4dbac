"""Random codes: eight characters that cannot be guessed from other codes (C10).

The text of a code is a keyed hash of the account, of the code's place among the account's codes, and of the attempt.
So there is no counter, concurrent acts do not wait for each other, and a repeated draw gives the same text. Six
characters of an alphabet without look-alikes come from the hash. The seventh is chosen so that the eighth, the
ISO/IEC 7064 MOD 37-2 check character, is in the alphabet too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from functools import cache, cached_property
from itertools import count, product
from typing import Final

import attrs

from referral_core.formats import ALPHABET, SECRET
from referral_core.formats.check_character import calc_check_character
from referral_core.formats.offensive_words import OffensiveWords

WELL_FORMED: Final = 23_051_109_227
"""The number of texts with a valid check character, under any key and word list."""

_MODULUS: Final = 37
_LONGEST_KEY: Final = 64
_Tables = tuple[tuple[str, ...], tuple[int, ...], tuple[tuple[str, ...], ...]]


@attrs.frozen
class RandomCodes:
    """The random codes of one key: an account, a place and an attempt always give the same text (C10).

    ``place`` counts the codes that the account held before, ``attempt`` the texts that were tried and taken. The key is
    secret and has at least 16 bytes, else ``ValueError``. No two databases share a key: under one key an account of the
    same id would get the same text in both.
    """

    key: bytes = attrs.field(repr=False, validator=SECRET)
    offensive: OffensiveWords = attrs.field(kw_only=True)

    def text(self, account: str, place: int, attempt: int = 0) -> str | None:
        """Return the text of a draw, or ``None`` when it offends.

        :raises ValueError: place or attempt is negative, or 2**32 or more.
        """
        if not 0 <= place < 2**32 or not 0 <= attempt < 2**32:
            raise ValueError(f"places and attempts count from 0 to 2**32 - 1: {place}, {attempt}")
        drawn = self._keyed.copy()
        # The account comes last, after numbers of a fixed length, so that no two draws hash the same bytes.
        drawn.update(place.to_bytes(4, "big") + attempt.to_bytes(4, "big") + account.encode())
        triples, sums, endings = _tables()
        rest, first = divmod(int.from_bytes(drawn.digest(), "big"), len(triples))
        rest, second = divmod(rest, len(triples))
        possible = endings[(8 * sums[first] + sums[second]) % _MODULUS]
        text = triples[first] + triples[second] + possible[rest % len(possible)]
        return None if self._unwanted.in_text(text) else text

    def candidates(self, account: str, place: int) -> Iterator[str]:
        """Yield the texts to try for one code of an account, without end and without those that offend."""
        return (text for attempt in count() if (text := self.text(account, place, attempt)) is not None)

    def guess_probability(self, issued: int) -> Fraction:
        """Return the probability that a guess with a valid check character hits one of ``issued`` codes."""
        if not 0 <= issued <= WELL_FORMED:
            raise ValueError(f"issued codes number 0 to {WELL_FORMED}, not {issued}")
        return Fraction(issued, WELL_FORMED)

    def guess_odds(self, issued: int) -> str:
        """Return ``guess_probability`` for people: ``1 in 4,610``, rounded down, or ``none`` when nothing is issued."""
        return f"1 in {1 // self.guess_probability(issued):,}" if issued else "none"

    @cached_property
    def _keyed(self) -> hashlib.blake2b:
        key = self.key if len(self.key) <= _LONGEST_KEY else hashlib.blake2b(self.key).digest()
        return hashlib.blake2b(key=key, digest_size=16, person=b"referral code")

    @cached_property
    def _unwanted(self) -> OffensiveWords:
        return self.offensive.spelled_with(ALPHABET)


@cache
def _tables() -> _Tables:
    """Return every text of three characters, the checksum of each, and by checksum of six the endings that fit it.

    An ending is the seventh character with its check character. A hash of 128 bits is that much longer than the space
    that no text is likelier than another by more than 2**-90.
    """
    values = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    triples = tuple(map("".join, product(ALPHABET, repeat=3)))
    sums = tuple((4 * values[t[0]] + 2 * values[t[1]] + values[t[2]]) % _MODULUS for t in triples)
    by_sum = {total: text for text, total in zip(triples, sums, strict=True)}
    endings = tuple(
        tuple(
            last + check
            for last in ALPHABET
            # Any six characters of this checksum will do: leading zeros change nothing of it.
            if (check := calc_check_character(by_sum[total] + last)) in ALPHABET
        )
        for total in range(_MODULUS)
    )
    return triples, sums, endings
