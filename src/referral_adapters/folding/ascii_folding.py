"""The folding of names into ASCII, out of Python's own Unicode tables and a few letters that they leave alone."""

from __future__ import annotations

import unicodedata
from typing import Final

_LATIN: Final = {
    "Æ": "Ae", "æ": "ae", "Œ": "Oe", "œ": "oe", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d",
    "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "ẞ": "SS", "ß": "ss", "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t",
    "Ŋ": "Ng", "ŋ": "ng", "ĸ": "k", "ı": "i", "Ə": "A", "ə": "a", "ſ": "s",
}  # fmt: skip
"""Letters that are not a base letter with a mark."""

_CYRILLIC: Final = {
    "А": "A", "Б": "B", "В": "V", "Г": "G", "Д": "D", "Е": "E", "Ё": "Yo", "Ж": "Zh", "З": "Z", "И": "I", "Й": "Y",
    "К": "K", "Л": "L", "М": "M", "Н": "N", "О": "O", "П": "P", "Р": "R", "С": "S", "Т": "T", "У": "U", "Ф": "F",
    "Х": "Kh", "Ц": "Ts", "Ч": "Ch", "Ш": "Sh", "Щ": "Shch", "Ъ": "", "Ы": "Y", "Ь": "", "Э": "E", "Ю": "Yu",
    "Я": "Ya",
    "І": "I", "Ї": "Yi", "Є": "Ye", "Ґ": "G", "Ў": "U",
}  # fmt: skip
"""Russian letters as names are usually written in Latin ones, Семён as Semyon; then Ukrainian and Belarusian ones."""

_TABLE: Final = str.maketrans(
    {**_LATIN, **_CYRILLIC, **{capital.lower(): latin.lower() for capital, latin in _CYRILLIC.items()}}
)


class AsciiFolding:
    """The port ``Folding`` without any dependency: Latin letters with marks, and the Cyrillic of Russian names (C10).

    >>> AsciiFolding().to_ascii("Õnne"), AsciiFolding().to_ascii("Щукин"), AsciiFolding().to_ascii("ЖАННА")
    ('Onne', 'Shchukin', 'ZHANNA')

    What it knows no ASCII letters for, such as ``李``, is left out: the answer may be empty.
    """

    def to_ascii(self, text: str) -> str:
        """Return ``text`` in ASCII letters as its language's readers would write it, ``Õnne`` as ``Onne``."""
        if text.isascii():
            return text
        # Composed first, so that Й is found in the table and does not fall apart into И and a mark.
        known = unicodedata.normalize("NFC", text).translate(_TABLE)
        plain = unicodedata.normalize("NFKD", known).encode("ascii", "ignore").decode("ascii")
        return plain.upper() if text.isupper() and len(text) > 1 else plain
