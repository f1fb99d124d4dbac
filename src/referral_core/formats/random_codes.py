"""Random codes: eight characters that cannot be guessed from other codes (C10).

A code number (0, 1, 2, ...) goes through a keyed permutation of ``range(31**7)``, so that no two numbers share a code.
The seven digits of where it goes are written in an alphabet without look-alikes, and their ISO/IEC 7064 MOD 37-2
check character follows. A number gives no code when that is outside the alphabet, or when the code offends.
"""

from __future__ import annotations

import hashlib
from array import array
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import compress, islice
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from referral_core.formats.check_character import CHARACTERS, calc_check_characters
from referral_core.formats.offensive_words import OffensiveWords
from referral_core.values.errors import CodeSpaceExhausted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""The 31 characters of random codes: digits and letters without 0, 1, I, L and O."""

WELL_FORMED: Final = 1
"""How many texts are random codes as far as their check character tells, whatever the key and the word list."""

_DIGITS: Final = 7
_NUMBERS: Final = len(ALPHABET) ** _DIGITS
_BATCH: Final = 8192  # numbers worked on at once; more is hardly faster and takes more memory
_CHARACTERS: Final = (ALPHABET * 9)[:256].encode()
_ACCEPTED: Final = bytes(chr(code) in ALPHABET for code in range(256))
_Step: TypeAlias = tuple[int, list[tuple[int, bytes]], bytes]


@attrs.frozen
class KeyedPermutation:
    """A permutation of ``range(base**width)`` that cannot be foretold without the key; the same on every platform.

    A balanced Feistel network of eight rounds over the two halves of the digits. A round adds to each digit of one half
    a keyed function of the other half: its digits are looked up in a table each, xor-ed (a tabulation hash) and looked
    up once more. SHAKE-256 fills the tables; ``64 bits % base`` is biased by less than 2**-58. It hides the order and
    the neighbourhood of codes from whoever sees codes; it is not meant to encrypt anything.

    Many numbers are worked on at once: a *plane* holds one digit of each, a byte a number, and is looked up, added
    and xor-ed as a whole. The tables (30 kB for seven digits of base 31) are made at first use.
    """

    key: bytes = attrs.field(repr=False)
    base: int = attrs.field(validator=attrs.validators.in_(range(2, 52)))  # five digits must add up to below 256
    width: int = attrs.field(validator=attrs.validators.in_(range(2, 9)))

    def planes(self, numbers: Sequence[int]) -> list[bytes]:
        """Give the digits of where ``numbers`` go, highest first, as planes whose bytes count modulo ``base``."""
        planes = self._digits(numbers)
        sums = [int.from_bytes(plane, "little") for plane in planes]
        for target, hashes, addends in self._steps:
            mixed = 0
            for source, table in hashes:
                mixed ^= int.from_bytes(planes[source].translate(table), "little")
            added = mixed.to_bytes(len(numbers), "little").translate(addends)
            sums[target] += int.from_bytes(added, "little")
            planes[target] = sums[target].to_bytes(len(numbers), "little")
        return planes

    def _digits(self, numbers: Sequence[int]) -> list[bytes]:
        low, high = self.width // 2, self.width - self.width // 2
        split, lower, upper = self.base**low, _digit_words(self.base, low), _digit_words(self.base, high)
        highs = array("I", [upper[number // split] for number in numbers]).tobytes()
        lows = array("I", [lower[number % split] for number in numbers]).tobytes()
        return [highs[place::4] for place in range(high)] + [lows[place::4] for place in range(low)]

    @cached_property
    def _steps(self) -> list[_Step]:
        halves = range(self.width // 2, self.width), range(self.width // 2)
        turns = [(target, halves[1 - turn % 2]) for turn in range(8) for target in halves[turn % 2]]
        return [self._step(place, target, sources) for place, (target, sources) in enumerate(turns)]

    def _step(self, place: int, target: int, sources: range) -> _Step:
        seed = f"referral-core code permutation {self.base} {self.width} {place}\0".encode() + self.key
        stream = hashlib.shake_256(seed).digest(256 * 8 + self.base * len(sources))
        words = (stream[at : at + 8] for at in range(0, 256 * 8, 8))
        addends = bytes(int.from_bytes(word, "little") % self.base for word in words)
        rows = (stream[at : at + self.base] for at in range(256 * 8, len(stream), self.base))
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

    ``key`` is secret and at least 16 bytes long, else ``ValueError``. Numbers count from 0; one that has reached half
    of the ``31**7`` there are raises `CodeSpaceExhausted`, a negative one ``ValueError``.
    """

    key: bytes = attrs.field(repr=False, validator=[attrs.validators.instance_of(bytes), attrs.validators.min_len(16)])
    offensive: OffensiveWords = attrs.field(kw_only=True)

    def text(self, number: int) -> str | None:
        """Give the code of ``number``, or ``None`` when that number gives none."""
        return next((text for _, text in self._batch([number])), None)

    def texts(self, numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Give each number that has a code, with its code, in the order of ``numbers``.

        ``numbers`` may be endless and is read ahead, up to 8192 of them; memory stays flat. When one of them raises,
        so do those read together with it.
        """
        remaining, size = iter(numbers), 1
        while batch := list(islice(remaining, size)):
            yield from self._batch(batch)
            size = min(2 * size, _BATCH)

    def guess_probability(self, issued: int) -> Fraction:
        """Say how likely one guess of a well-formed code (its check character fits) hits one of ``issued`` codes."""
        if not 0 <= issued <= WELL_FORMED:
            raise ValueError(f"issued codes number 0 to {WELL_FORMED}, not {issued}")
        return Fraction(issued, WELL_FORMED)

    def guess_odds(self, issued: int) -> str:
        """Say `guess_probability` for people: ``1 in 4,610``, rounded down, or ``none`` when nothing is issued."""
        probability = self.guess_probability(issued)
        return f"1 in {1 // probability:,}" if probability else "none"

    @cached_property
    def _permutation(self) -> KeyedPermutation:
        return KeyedPermutation(self.key, len(ALPHABET), _DIGITS)

    @cached_property
    def _unwanted(self) -> OffensiveWords:
        return self.offensive.spelled_with(ALPHABET)

    def _batch(self, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
        if min(numbers) < 0:
            raise ValueError(f"code numbers count from 0: {min(numbers)}")
        if 2 * max(numbers) >= _NUMBERS:
            raise CodeSpaceExhausted(f"code number {max(numbers)} has reached half of {_NUMBERS}")
        planes = [plane.translate(_CHARACTERS) for plane in self._permutation.planes(numbers)]
        planes.append(calc_check_characters(planes))
        rows = bytearray(b"\n" * (len(planes) + 1) * len(numbers))
        for place, plane in enumerate(planes):
            rows[place :: len(planes) + 1] = plane
        texts = rows.decode("ascii").split()
        given = bytearray(planes[-1].translate(_ACCEPTED))
        for place in compress(range(len(numbers)), self._unwanted.suspects(planes)):
            given[place] &= not self._unwanted.in_text(texts[place])
        return compress(zip(numbers, texts, strict=True), given)
