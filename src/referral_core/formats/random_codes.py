"""Random codes: eight characters that cannot be guessed from other codes (C10).

A code number (0, 1, 2, ...) goes through a keyed permutation of ``range(31**7)``, so that no two numbers share a code.
The seven digits of where it goes are written in an alphabet without look-alikes, and their ISO/IEC 7064 MOD 37-2
check character follows. A number gives no code when that is outside the alphabet, or when the code offends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import chain, compress, islice, repeat
from typing import Final

import attrs

from referral_core.formats import ALPHABET, SECRET
from referral_core.formats.check_character import calc_check_characters
from referral_core.formats.keyed_permutation import KeyedPermutation
from referral_core.formats.offensive_words import OffensiveWords
from referral_core.values.errors import CodeSpaceExhausted

WELL_FORMED: Final = 23_051_109_227
"""How many texts are random codes as far as their check character tells, under any key and word list."""

_DIGITS: Final = 7
_BLOCK: Final = 64
_CHARACTERS: Final = (ALPHABET * 9)[:256].encode()
_GIVEN: Final = bytes(chr(code) in ALPHABET for code in range(256))


@attrs.frozen
class RandomCodes:
    """The random codes of one key: number in, code out, the same for ever (C10).

    Numbers count from 0. One that has reached half of the ``31**7`` there are raises ``CodeSpaceExhausted``, a negative
    one ``ValueError``. The key is secret and has at least 16 bytes, else ``ValueError``.
    """

    key: bytes = attrs.field(repr=False, validator=SECRET)
    offensive: OffensiveWords = attrs.field(kw_only=True)
    _block: dict[int, dict[int, str]] = attrs.field(init=False, factory=dict, repr=False, eq=False)
    """The codes of the numbers around the one last asked for, by the first of them."""

    def text(self, number: int) -> str | None:
        """Return the code of ``number``, or ``None`` when that number gives none.

        Numbers near each other are worked on together, so one after another costs a few microseconds each.
        """
        first = number - number % _BLOCK
        if number < 0 or 2 * (first + _BLOCK) > len(ALPHABET) ** _DIGITS:
            return dict(self._batch([number])).get(number)
        block = self._block.get(first)
        if block is None:
            block = dict(self._batch(range(first, first + _BLOCK)))
            self._block.clear()
            self._block[first] = block
        return block.get(number)

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
        """Return ``guess_probability`` for people: ``1 in 4,610``, rounded down, or ``none`` when nothing is issued."""
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
