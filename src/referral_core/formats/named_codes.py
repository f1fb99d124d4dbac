"""Named codes: first name and year, as in ``MIHKEL2025``, with a short tail when that is taken (C10)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.formats import ALPHABET, SECRET
from referral_core.formats.offensive_words import OffensiveWords

if TYPE_CHECKING:
    from collections.abc import Iterator

TAILS: Final = ((2, 16), (3, 48), (4, 192))
"""The lengths of tails and the number of tails of each length, in the order of trial: 256 after the bare text."""

_LONGEST: Final = 20  # C9
_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@attrs.frozen
class NamedCodes:
    """The named codes of one key: a name and a year always give the same candidates (C10).

    ``key`` is secret and at least 16 bytes long, else ``ValueError``. ``fold`` turns a name into ASCII; characters
    other than letters are dropped.
    """

    key: bytes = attrs.field(repr=False, validator=SECRET)
    fold: Callable[[str], str]
    offensive: OffensiveWords = attrs.field(kw_only=True)

    def candidates(self, first_name: str, year: int, *, account: str = "") -> Iterator[str]:
        """Yield the texts to try, best first: without a tail, then with each tail of ``TAILS``, no two alike.

        Each is 4 to 20 of A-Z and 0-9 (C9), a long name being cut; offensive texts are left out. Nothing is yielded
        for a name without letters, or for an offensive name. Tails depend on ``account`` if it is given: then
        thousands of namesakes find a free text after a few tries, instead of all trying the same tails.

        :raises ValueError: the year has not four digits.
        """
        if not 1000 <= year <= 9999:  # noqa: PLR2004
            raise ValueError(f"a year has four digits: {year}")
        letters = "".join(letter for letter in self.fold(first_name).upper() if letter in _LETTERS)
        texts = self._texts(letters, str(year), account) if letters else iter(())
        return (text for text in texts if not self.offensive.in_text(text))

    def _texts(self, letters: str, year: str, account: str) -> Iterator[str]:
        yield letters[: _LONGEST - len(year)] + year
        for tail in self._tails(f"{letters}\0{year}\0{account}"):
            yield letters[: _LONGEST - len(year) - len(tail)] + year + tail

    def _tails(self, subject: str) -> Iterator[str]:
        seed = b"referral-core named code\0" + self.key + b"\0" + subject.encode()
        draws = count()
        for length, wanted in TAILS:
            given: set[str] = set()
            while len(given) < wanted:
                tail = _drawn(seed, next(draws), length)
                if tail not in given:
                    given.add(tail)
                    yield tail


def _drawn(seed: bytes, draw: int, length: int) -> str:
    digest = hashlib.shake_256(seed + draw.to_bytes(4, "little")).digest(8)
    number = int.from_bytes(digest, "little")  # 64 bits: even among tails of four, none is likelier by over 2**-43
    return "".join(ALPHABET[number // len(ALPHABET) ** place % len(ALPHABET)] for place in range(length))
