"""Text that may be shown on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return ``text`` without a character that could steer a terminal; such ones are shown as escapes.

    >>> printable("red: \\x1b[31m")
    'red: \\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
