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
>>> calc_check_characters([b"Gx", b"1"])
Traceback (most recent call last):
    ...
ValueError: planes must be 1 to 7 of the same length, not of lengths [2, 1]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
"""The characters of the standard, each at the place of its value; ``*`` only ever as a check character."""

_MODULUS: Final = 37
_VALUES: Final = {character: value for value, character in enumerate(CHARACTERS)}
_PAYLOAD: Final = frozenset(CHARACTERS[:36])
_MOST_PLANES: Final = 7  # seven remainders of at most 36 still fit into one byte


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


def calc_check_characters(planes: Sequence[bytes]) -> bytes:
    """Return the check characters of many payloads of one length at once.

    ``planes[k]`` holds character ``k`` of every payload (ASCII 0-9, A-Z: not checked here); so does the answer with
    the check characters, ``*`` included. At most seven planes, all of the same length: else ``ValueError``.
    """
    lengths = [len(plane) for plane in planes]
    if not 1 <= len(lengths) <= _MOST_PLANES or len(set(lengths)) > 1:
        raise ValueError(f"planes must be 1 to {_MOST_PLANES} of the same length, not of lengths {lengths}")
    # Every byte of this integer is the sum of one payload: all are added up in a handful of additions.
    total = sum(
        int.from_bytes(plane.translate(table), "little")
        for plane, table in zip(planes, _WEIGHED[_MOST_PLANES - len(planes) :], strict=True)
    )
    return total.to_bytes(lengths[0], "little").translate(_CHECKS)


def _checksum(text: str) -> int:
    total = 0
    for character in text:
        total = 2 * total + _VALUES[character]
    return total % _MODULUS


def _weighed(weight: int) -> bytes:
    table = bytearray(256)
    for character, value in _VALUES.items():
        table[ord(character)] = value * weight % _MODULUS
    return bytes(table)


_WEIGHED: Final = tuple(_weighed(2**place) for place in range(_MOST_PLANES, 0, -1))
_CHECKS: Final = bytes(ord(CHARACTERS[(1 - total) % _MODULUS]) for total in range(256))
