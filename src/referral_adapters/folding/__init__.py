"""The folding of names into ASCII, for codes made of names (C10): one without dependencies, one for any script."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

__all__ = ["AnyAsciiFolding", "to_ascii"]

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


def to_ascii(text: str) -> str:
    """Return ``text`` in ASCII letters as its language's readers would write it, ``Õnne`` as ``Onne``.

    Without any dependency: Latin letters with marks, and the Cyrillic of Russian names.

    >>> to_ascii("Õnne"), to_ascii("Щукин"), to_ascii("ЖАННА")
    ('Onne', 'Shchukin', 'ZHANNA')

    What it knows no ASCII letters for, such as ``李``, is left out: the answer may be empty.
    """
    if text.isascii():
        return text
    # Composed first, so that Й is found in the table and does not fall apart into И and a mark.
    known = unicodedata.normalize("NFC", text).translate(_TABLE)
    plain = unicodedata.normalize("NFKD", known).encode("ascii", "ignore").decode("ascii")
    return plain.upper() if text.isupper() and len(text) > 1 else plain


class AnyAsciiFolding:
    """Writes the letters of any script in ASCII, by anyascii: ``Õnne`` as ``Onne``, ``Михкель`` as ``Mikhkel'``.

    Umlauts lose their dots (``Jürgen`` becomes ``Jurgen``), ``ß`` becomes ``ss``; soft and hard signs become an
    apostrophe. Symbols such as emoji vanish instead of being described. Case is kept. It may be shared by threads.

    :raises ImportError: anyascii is not installed; it comes with the extra ``names``.
    """

    def __init__(self) -> None:
        try:
            from anyascii import anyascii  # noqa: PLC0415
        except ImportError as missing:
            message = "folding names into ASCII needs anyascii: install referral-core with its extra 'names'"
            raise ImportError(message, name="anyascii") from missing
        self._anyascii: Callable[[str], str] = anyascii

    def __call__(self, text: str) -> str:
        """Return ``text`` in ASCII; what has no ASCII writing is left out, and the answer may be empty.

        >>> AnyAsciiFolding()("Žanete Łukasz Šarūnas")
        'Zanete Lukasz Sarunas'
        """
        composed = unicodedata.normalize("NFC", text)
        return self._anyascii("".join(sign for sign in composed if sign.isascii() or not _is_symbol(sign)))


def _is_symbol(sign: str) -> bool:
    return unicodedata.category(sign).startswith("S")
