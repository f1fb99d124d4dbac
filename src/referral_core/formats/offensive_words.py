"""Offensive words, which no generated code contains (C10); the words are a setting of the programme."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOK_ALIKES: Final = dict(zip("ABEGILOSTZ", ("4", "8", "3", "69", "1", "1", "0", "5", "7", "2"), strict=True))
"""The digits that read as a letter, so that ``5P4M`` reads as the word it imitates."""

_WORD: Final = re.compile(r"[A-Z0-9]+")


def _canonical(words: Iterable[str]) -> tuple[str, ...]:
    if isinstance(words, str):
        raise TypeError("offensive words are several texts, not one")
    canonical = sorted({word.strip().upper() for word in words})
    if faults := [word for word in canonical if not _WORD.fullmatch(word)]:
        raise ValueError(f"an offensive word is one or more of A-Z and 0-9; these are not: {faults}")
    return tuple(canonical)


@attrs.frozen
class OffensiveWords:
    """The words that no generated code may contain (C10).

    Case does not matter, and a digit in a text also stands for the letters that it looks like (``LOOK_ALIKES``). A word
    consists of A-Z and 0-9, as codes do, else ``ValueError`` names every faulty word. Without words nothing offends.

    >>> OffensiveWords(["spam", "egg"])
    OffensiveWords(words=('EGG', 'SPAM'))
    >>> OffensiveWords(["spam"]).in_text("X5P4M2")
    True
    """

    words: tuple[str, ...] = attrs.field(converter=_canonical)

    def in_text(self, text: str) -> bool:
        """Tell whether ``text`` contains a word, written plainly or with look-alike digits."""
        return self._pattern.search(text.upper()) is not None

    def spelled_with(self, alphabet: str) -> OffensiveWords:
        """Return only the words that a text over ``alphabet`` (upper case) can spell, for a faster search."""
        usable = set(alphabet)
        return OffensiveWords(word for word in self.words if all(usable & set(_spellings(c)) for c in word))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(_alternatives(self.words) if self.words else r"(?!)")


def _spellings(character: str) -> str:
    return character + LOOK_ALIKES.get(character, "")


def _alternatives(words: Iterable[str]) -> str:
    """Write words as one pattern that shares their beginnings: several times faster than trying one by one."""
    endings: dict[str, list[str]] = {}
    for word in words:
        if not word:
            return ""  # a word ends here, and finds every longer word with this beginning too
        endings.setdefault(word[0], []).append(word[1:])
    branches = [f"[{_spellings(first)}]{_alternatives(rest)}" for first, rest in endings.items()]
    return f"(?:{'|'.join(branches)})"
