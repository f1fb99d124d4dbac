"""Ids and names: printable text with something to see in it, in one Unicode normal form (D2)."""

from __future__ import annotations

import unicodedata
from typing import Final

from referral_core.values.errors import ArgumentInvalid, Refusal
from referral_core.values.reason import Reason

LONGEST_NAME: Final = 200
"""The characters that an id or a name may have."""

_DECOMPOSED: Final = 4
"""The most characters that one of the normal form is ever made of: what is longer by more need not be read."""
_UNSEEN: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
"""Letters and symbols drawn as nothing: fillers of Hangul, the Braille cell without dots, the null notehead."""


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
    if value.isascii():  # as nearly all are
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


def is_visible(text: str) -> bool:
    """Tell whether there is anything to see in a text: not only blanks, signs of control, and marks upon nothing."""
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
