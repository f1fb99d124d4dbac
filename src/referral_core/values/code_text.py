"""The text of a promo code, and the one place that canonicalises it (C1, C9)."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_lowercase
from typing import Final, NewType

from referral_core.values.errors import Reason, Refusal

CodeText = NewType("CodeText", str)
"""A code in its canonical form: 4 to 20 letters A-Z and digits, no blanks, no dashes."""

_PROPER: Final = re.compile(r"[A-Z0-9]{4,20}", re.ASCII)
_LONGEST_TYPED: Final = 200

_LEFT_OUT: Final = frozenset({"Pd", "Zs", "Zl", "Zp", "Cc", "Cf"})
"""The Unicode classes that are left out: dashes, blanks, control and format characters."""
_DASHES_BY_ANOTHER_CLASS: Final = "\u2212\u2043"
"""The minus sign and the hyphen bullet: dashes by their looks, symbols by their class."""
_VARIATION_SELECTORS: Final = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_ASCII_LEFT_OUT: Final = dict.fromkeys([*range(33), ord("-"), 127])
_UPPER: Final = {ord(letter): letter.upper() for letter in ascii_lowercase}
_LONG_S: Final = re.compile("([\u017f\u1e9b\ufb05])")
"""The long s, alone, with a dot and with a t: NFKC would turn it into an s, and the code into another code."""


def fold(text: str) -> str:
    """Return ``text`` as codes are compared: in NFKC, in capital letters, without blanks and dashes (C1).

    Dashes, blanks, control and format characters and variation selectors are left out, by their Unicode classes. Only
    the letters a-z change case. ``ſ``, ``ı``, ``ß`` and the letters of other alphabets stay as they are, so that no
    text turns into another account's code.
    """
    if text.isascii():  # the fast path of nearly every code: no Unicode tables are looked up
        return text.upper() if text.isalnum() else text.translate(_ASCII_LEFT_OUT).upper()
    # Every second part is a long s, which NFKC must not see.
    parts = _LONG_S.split(text)
    parts[::2] = [unicodedata.normalize("NFKC", part) for part in parts[::2]]
    seen = (sign for sign in _VARIATION_SELECTORS.sub("", "".join(parts)) if not _is_left_out(sign))
    # Composed once more: a character that was left out may have stood between a letter and its mark.
    return unicodedata.normalize("NFC", "".join(seen).translate(_UPPER))


def _is_left_out(sign: str) -> bool:
    return unicodedata.category(sign) in _LEFT_OUT or sign in _DASHES_BY_ANOTHER_CLASS


def parse(text: str, field: str = "code") -> CodeText:
    """Return the canonical form of a code in any spelling.

    >>> parse(" a-123 ")
    'A123'

    :raises Refusal: ``code-malformed`` when it is not 4 to 20 letters A-Z and digits after folding (C9).
    """
    # Cut before folding, so that a text of megabytes costs no more than the longest one a person types.
    folded = fold(text[: _LONGEST_TYPED + 1])
    if len(text) > _LONGEST_TYPED or not _PROPER.fullmatch(folded):
        shown = text if len(text) <= _LONGEST_TYPED else text[:40] + "…"
        raise Refusal(
            Reason.CODE_MALFORMED,
            message=f"{shown!r} is not a code: write 4 to 20 letters A-Z and digits",
            field=field,
        )
    return CodeText(folded)
