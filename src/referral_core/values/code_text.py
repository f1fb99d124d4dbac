"""The text of a promo code, and the one place that canonicalises it (C1, C9)."""

from __future__ import annotations

import re
from typing import Final, NewType

from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

CodeText = NewType("CodeText", str)
"""A code in its canonical form: 4 to 20 letters A-Z and digits, no blanks, no hyphens."""

_PROPER: Final = re.compile(r"[A-Z0-9]{4,20}", re.ASCII)
_LONGEST_TYPED: Final = 200
_HYPHENS: Final = "-\u00ad\u2010\u2011\u2012\u2013\u2212"


def fold(text: str) -> str:
    """Return ``text`` as codes are compared: upper case, without blanks and hyphens (C1).

    Only the letters a-z change case: ``ſ`` and ``ı`` stay what they are instead of becoming another code's letters.
    """
    if text.isalnum() and text.isascii():  # as most are: nothing to leave out
        return text.upper()
    bare = "".join(sign for sign in text if not sign.isspace() and sign not in _HYPHENS)
    return bare.upper() if bare.isascii() else bare


def parse(text: str, field: str = "code") -> CodeText:
    """Return the canonical form of a code as somebody wrote it.

    >>> parse(" a-123 ")
    'A123'

    :raises Refusal: ``code-malformed`` when it is not 4 to 20 letters A-Z and digits after folding (C9).
    """
    folded = fold(text[: _LONGEST_TYPED + 1])
    if len(text) > _LONGEST_TYPED or not _PROPER.fullmatch(folded):
        shown = text if len(text) <= _LONGEST_TYPED else text[:40] + "…"
        raise Refusal(
            Reason.CODE_MALFORMED,
            message=f"{shown!r} is not a code: write 4 to 20 letters A-Z and digits",
            field=field,
        )
    return CodeText(folded)
