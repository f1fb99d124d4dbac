"""Ids and names: printable, visible text in one Unicode normal form (D2); and keys made of several names (B2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from referral_core.values.errors import ArgumentInvalid, Reason, Refusal

LONGEST_NAME: Final = 200
"""The longest id or name, in characters."""

_DECOMPOSED: Final = 4
"""The most characters that compose to one in NFC: a longer text is refused without being normalised."""
_UNSEEN: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
"""Letters and symbols without ink: fillers of Hangul, the Braille cell without dots, the null notehead."""


def name(value: object, field: str) -> str:
    r"""Return an id, or a name, in the normal form NFC and otherwise to the letter.

    >>> name("a\u0308", "customer")
    'ä'

    :raises Refusal: ``name-invalid``, naming ``field``, when it is empty or longer than 200 characters, has blanks
        around it, has characters in it that cannot be printed (controls, line breaks, blanks other than the usual one,
        halves of surrogate pairs), or nothing in it that can be seen (D2).
    :raises ArgumentInvalid: it is no text.
    """
    if not isinstance(value, str):
        raise ArgumentInvalid(field, f"must be text, not {type(value).__name__}")
    if value.isascii():  # the fast path of nearly every id: ASCII is in NFC already
        text = value
    elif len(value) > LONGEST_NAME * _DECOMPOSED:
        raise _invalid(field, f"is longer than {LONGEST_NAME} characters")
    else:
        text = unicodedata.normalize("NFC", value)
    if not text:
        raise _invalid(field, "is empty")
    if len(text) > LONGEST_NAME:
        raise _invalid(field, f"is longer than {LONGEST_NAME} characters")
    if text != text.strip():
        raise _invalid(field, f"{text!r} has blanks around it")
    if not text.isprintable():
        raise _invalid(field, f"{text!r} has characters in it that cannot be printed")
    if not text.isascii() and not is_visible(text):  # printable ASCII that is not blank can be seen
        raise _invalid(field, f"{text!r} has nothing in it that can be seen")
    return text


def is_name(text: str) -> bool:
    """Tell whether a text is an id, or a name, in the form in which it is kept."""
    try:
        return name(text, "") == text
    except Refusal:
        return False


def names(values: object, field: str) -> frozenset[str]:
    """Return a set of ids, each in the normal form NFC.

    :raises Refusal: ``name-invalid``, as of :func:`name`.
    :raises ArgumentInvalid: it is no collection, or is one text, whose characters would pass for ids.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ArgumentInvalid(field, f"must be a set of texts, not {type(values).__name__}")
    return frozenset(name(value, field) for value in values)


def is_visible(text: str) -> bool:
    """Tell whether a text shows anything: more than blanks, control characters and marks without a letter."""
    return any(unicodedata.category(sign)[0] not in "CMZ" and sign not in _UNSEEN for sign in text)


def compared_name(text: str) -> str:
    r"""Return the name of a group as names are compared: without case, without blanks around it, in NFC (D2).

    >>> compared_name(" O\u0303pilased") == compared_name("ÕPILASED")
    True
    """
    decomposed = unicodedata.normalize("NFD", text.strip())  # so that a mark and its letter are folded as one would be
    return unicodedata.normalize("NFC", decomposed.casefold())


def _invalid(field: str, wrong: str) -> Refusal:
    return Refusal(Reason.NAME_INVALID, message=wrong, field=field)


def digest_key(key: str) -> str:
    """Return what is stored of a key that is its sender's own text, and may name a person: a digest of it (A5).

    >>> digest_key("crm evt-1")[:16]
    '44570345406b0d41'
    """
    return sha256(key.encode()).hexdigest()


def joined_key(*names: str) -> str:
    """Return one key for several names in order; different names of the same number have different keys (B2).

    The names are joined by blanks. When a name itself has a blank, the lengths of all names are put in front, so that
    no other names look the same.

    >>> joined_key("crm", "evt-1"), joined_key("A B", "C"), joined_key("A", "B C")
    ('crm evt-1', '3 1 A B C', '1 3 A B C')
    """
    joined = " ".join(names)
    if joined.count(" ") < len(names):
        return joined
    return " ".join([*(str(len(name)) for name in names), joined])
