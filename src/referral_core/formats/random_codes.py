"""Random codes: eight characters that cannot be guessed from other codes (C10).

A code number (0, 1, 2, ...) goes through a keyed permutation of ``range(31**7)``, so that no two numbers share a code.
The seven digits of where it goes are written in an alphabet without look-alikes, and their ISO/IEC 7064 MOD 37-2
check character follows. A number gives no code when that is outside the alphabet, or when the code offends.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import chain, compress, islice, repeat
from typing import Final

import attrs

from referral_core.formats import ALPHABET, SECRET
from referral_core.formats.check_character import calc_check_characters
from referral_core.formats.offensive_words import OffensiveWords
from referral_core.values.errors import CodeSpaceExhausted

WELL_FORMED: Final = 23_051_109_227
"""How many texts are random codes as far as their check character tells, under any key and word list."""

_DIGITS: Final = 7
_CHARACTERS: Final = (ALPHABET * 9)[:256].encode()
_GIVEN: Final = bytes(chr(code) in ALPHABET for code in range(256))


@attrs.frozen
class KeyedPermutation:
    """A permutation of ``range(base**width)`` that cannot be foretold without the key; the same on every platform.

    A balanced Feistel network of eight rounds over the two halves of the digits. A round adds to each digit of a half
    a keyed function of the other half, whose digits are looked up in a table each, xor-ed (a tabulation hash) and
    looked up once more. SHAKE-256 fills the tables; ``64 bits % base`` is biased by less than 2**-58. It hides order
    and neighbourhood from whoever sees codes; it is not meant to encrypt anything.

    Many numbers are worked on at once: a *plane* holds one digit of each, a byte a number, and is looked up, added and
    xor-ed as a whole. The tables (30 kB for seven digits of base 31) are made at first use.
    """

    key: bytes = attrs.field(repr=False)
    base: int = attrs.field(validator=attrs.validators.in_(range(2, 52)))  # five digits must add up to below 256
    width: int = attrs.field(validator=attrs.validators.in_(range(2, 9)))

    def planes(self, numbers: Sequence[int]) -> list[bytes]:
        """Return the digits of where ``numbers`` go, highest first, as planes whose bytes count modulo ``base``."""
        planes = self._digits(numbers)
        sums = [int.from_bytes(plane, "little") for plane in planes]
        for target, hashes, addends in self._steps:
            mixed = 0
            for source, table in hashes:
                mixed ^= int.from_bytes(planes[source].translate(table), "little")
            sums[target] += int.from_bytes(mixed.to_bytes(len(numbers), "little").translate(addends), "little")
            planes[target] = sums[target].to_bytes(len(numbers), "little")
        return planes

    def _digits(self, numbers: Sequence[int]) -> list[bytes]:
        low = self.width // 2
        split, lower, upper = self.base**low, _digit_words(self.base, low), _digit_words(self.base, self.width - low)
        highs = array("I", [upper[number // split] for number in numbers]).tobytes()
        lows = array("I", [lower[number % split] for number in numbers]).tobytes()
        return [highs[place::4] for place in range(self.width - low)] + [lows[place::4] for place in range(low)]

    @cached_property
    def _steps(self) -> list[tuple[int, list[tuple[int, bytes]], bytes]]:
        halves = range(self.width // 2), range(self.width // 2, self.width)
        turns = [(target, halves[1 - turn % 2]) for turn in range(8) for target in halves[turn % 2]]
        return [self._step(place, target, sources) for place, (target, sources) in enumerate(turns)]

    def _step(self, place: int, target: int, sources: range) -> tuple[int, list[tuple[int, bytes]], bytes]:
        seed = f"referral-core code permutation {self.base} {self.width} {place}\0".encode() + self.key
        stream = hashlib.shake_256(seed).digest(2048 + self.base * len(sources))
        addends = bytes(int.from_bytes(stream[at : at + 8], "little") % self.base for at in range(0, 2048, 8))
        rows = [stream[at : at + self.base] for at in range(2048, len(stream), self.base)]
        # Repeated rows read a byte modulo the base, so sums need not be reduced between rounds.
        return target, [(source, (row * 256)[:256]) for source, row in zip(sources, rows, strict=True)], addends


@lru_cache(maxsize=8)
def _digit_words(base: int, width: int) -> array[int]:
    """Per number below ``base**width``, its digits, highest first, as the four bytes of one opaque word."""
    words = bytearray(4 * base**width)
    for place in range(width):
        digits = b"".join(bytes([digit]) * base ** (width - 1 - place) for digit in range(base))
        words[place::4] = digits * base**place
    return array("I", bytes(words))


@attrs.frozen
class RandomCodes:
    """The random codes of one key: number in, code out, the same for ever (C10).

    Numbers count from 0. One that has reached half of the ``31**7`` there are raises `CodeSpaceExhausted`, a negative
    one ``ValueError``. The key is secret and has at least 16 bytes, else ``ValueError``.
    """

    key: bytes = attrs.field(repr=False, validator=SECRET)
    offensive: OffensiveWords = attrs.field(kw_only=True)

    def text(self, number: int) -> str | None:
        """Return the code of ``number``, or ``None`` when that number gives none."""
        return next((text for _, text in self._batch([number])), None)

    def texts(self, numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Yield each number that has a code, with its code, in the order of ``numbers``, which may be endless.

        Numbers are read ahead, few at first, at most 8192, and raise together; so memory stays flat.
        """
        rest, sizes = iter(numbers), chain((1, 16, 256), repeat(8192))  # more would hardly be faster
        batches = iter(lambda: list(islice(rest, next(sizes))), [])
        return chain.from_iterable(map(self._batch, batches))

    def guess_probability(self, issued: int) -> Fraction:
        """Return how likely one guess of a well-formed code (its check character fits) hits one of ``issued`` codes."""
        if not 0 <= issued <= WELL_FORMED:
            raise ValueError(f"issued codes number 0 to {WELL_FORMED}, not {issued}")
        return Fraction(issued, WELL_FORMED)

    def guess_odds(self, issued: int) -> str:
        """Return `guess_probability` for people: ``1 in 4,610``, rounded down, or ``none`` when nothing is issued."""
        return f"1 in {1 // self.guess_probability(issued):,}" if issued else "none"

    @cached_property
    def _permutation(self) -> KeyedPermutation:
        return KeyedPermutation(self.key, len(ALPHABET), _DIGITS)

    @cached_property
    def _unwanted(self) -> OffensiveWords:
        return self.offensive.spelled_with(ALPHABET)

    def _batch(self, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
        if min(numbers) < 0:
            raise ValueError(f"code numbers count from 0: {min(numbers)}")
        if 2 * max(numbers) >= len(ALPHABET) ** _DIGITS:
            raise CodeSpaceExhausted(f"code number {max(numbers)} has reached half of what there is")
        planes = [plane.translate(_CHARACTERS) for plane in self._permutation.planes(numbers)]
        planes.append(calc_check_characters(planes))
        rows = bytearray(b"\n" * (len(planes) + 1) * len(numbers))
        for place, plane in enumerate(planes):
            rows[place :: len(planes) + 1] = plane
        texts = rows.decode("ascii").split()
        given = bytearray(planes[-1].translate(_GIVEN))
        for place in compress(range(len(numbers)), self._unwanted.suspects(planes)):
            given[place] = given[place] and not self._unwanted.in_text(texts[place])
        return compress(zip(numbers, texts, strict=True), given)
