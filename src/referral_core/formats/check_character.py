"""ISO/IEC 7064, MOD 37-2: the check character at the end of a random code (C10).

The check character is a digit, a letter A-Z or ``*`` (which stands for 36). It catches every single wrong
character and every swap of two different neighbours, whichever of the characters are digits and whichever letters.

More information: ISO/IEC 7064:2003, *Check character systems*, clause 7 (pure systems).

>>> calc_check_character("G123489654321")
'Y'
>>> is_valid("G123489654321Y")
True
>>> is_valid("G123489654312Y")
False
>>> calc_check_character("1")
'*'
"""

from __future__ import annotations

from typing import Final

CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
"""The characters of the standard, each at the place of its value; ``*`` only ever as a check character."""

_MODULUS: Final = 37
_VALUES: Final = {character: value for value, character in enumerate(CHARACTERS)}
_PAYLOAD: Final = frozenset(CHARACTERS[:36])


def calc_check_character(payload: str) -> str:
    """Return the character that ``payload`` must be followed by; it may be ``*``.

    A payload that is empty or holds anything but 0-9 and A-Z raises ``ValueError``.
    """
    if not payload or not _PAYLOAD.issuperset(payload):
        raise ValueError(f"a payload is one or more of 0-9 and A-Z, not {payload!r}")
    return CHARACTERS[(1 - 2 * _checksum(payload)) % _MODULUS]


def is_valid(text: str) -> bool:
    """Tell whether ``text``, its last character included, satisfies ISO/IEC 7064 MOD 37-2; never raises."""
    payload, check = text[:-1], text[-1:]
    return bool(payload) and _PAYLOAD.issuperset(payload) and check in _VALUES and _checksum(text) == 1


def _checksum(text: str) -> int:
    total = 0
    for character in text:
        total = 2 * total + _VALUES[character]
    return total % _MODULUS
