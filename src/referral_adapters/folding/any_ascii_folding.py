"""Folding names into ASCII with anyascii (C10); needs the extra ``names``."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable


class AnyAsciiFolding:
    """Writes the letters of any script in ASCII: ``Õnne`` as ``Onne``, ``Михкель`` as ``Mikhkel'``.

    Umlauts lose their dots (``Jürgen`` becomes ``Jurgen``), ``ß`` becomes ``ss``; soft and hard signs become an
    apostrophe. Symbols such as emoji vanish instead of being described. Case is kept. It may be shared by threads.

    :raises ImportError: anyascii is not installed.
    """

    def __init__(self) -> None:
        try:
            from anyascii import anyascii  # noqa: PLC0415
        except ImportError as missing:
            message = "folding names into ASCII needs anyascii: install referral-core with its extra 'names'"
            raise ImportError(message, name="anyascii") from missing
        self._anyascii: Callable[[str], str] = anyascii

    def to_ascii(self, text: str) -> str:
        """Return ``text`` in ASCII; what has no ASCII writing is left out, and the answer may be empty.

        >>> AnyAsciiFolding().to_ascii("Žanete Łukasz Šarūnas")
        'Zanete Lukasz Sarunas'
        """
        composed = unicodedata.normalize("NFC", text)
        return self._anyascii("".join(sign for sign in composed if sign.isascii() or not _is_symbol(sign)))


def _is_symbol(sign: str) -> bool:
    return unicodedata.category(sign).startswith("S")
