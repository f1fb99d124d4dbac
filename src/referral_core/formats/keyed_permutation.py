"""A keyed permutation of a range of numbers, many numbers at once (C10)."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from functools import cached_property, lru_cache

import attrs


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
