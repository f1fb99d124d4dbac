"""Strict JSON in UTF-8: a text that can be read in two ways, or in none, is refused and not guessed at."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn, overload

from referral_core.values.errors import ReferralError

BYTE_ORDER_MARK: Final = "\ufeff"
"""The mark that some editors write before a text; only at the beginning of a whole text may it be taken off."""
_SHOWN: Final = 40
MOST_VALUES: Final = 100_000
"""The most values that a bounded text may hold: a batch of events has a tenth of them."""
MOST_KEYS: Final = 1_000
"""The most keys that one object of a bounded text may have."""
DEEPEST: Final = 32
"""The deepest that a bounded text may be nested."""
# Possessive, so that a text without an end is not read again from each of its signs.
_MARKS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)


class JsonInvalid(ReferralError):
    """A text is not valid JSON; ``place`` is a position in it, counted from 1, or a key that occurs twice."""

    def __init__(self, place: str, wrong: str, *, is_key: bool = False) -> None:
        super().__init__(f"{place}: {wrong}")
        self.place = place
        self.wrong = wrong
        self.is_key = is_key


@overload
def without_mark(text: str) -> str: ...
@overload
def without_mark(text: bytes) -> bytes: ...
def without_mark(text: str | bytes) -> str | bytes:
    """Return a text without the byte-order mark before it."""
    if isinstance(text, str):
        return text.removeprefix(BYTE_ORDER_MARK)
    return text.removeprefix(BYTE_ORDER_MARK.encode())


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a text.

    :raises JsonInvalid: the text is not JSON in UTF-8 (``NaN`` and ``Infinity`` are none), begins with a byte-order
        mark, has a key twice in one object, nests too deep, or holds a whole number with thousands of digits.
    """
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise JsonInvalid(f"position {error.start + 1}", "not UTF-8") from None
    if decoded.startswith(BYTE_ORDER_MARK):
        raise JsonInvalid("position 1", "there is a byte-order mark, which may stand before a whole text alone")
    try:
        return _decode(decoded)
    except json.JSONDecodeError as error:
        raise JsonInvalid(f"position {error.pos + 1}", error.msg) from None
    except RecursionError:
        raise JsonInvalid("position 1", "nested too deep") from None
    except ValueError as error:  # NaN or an infinity, or a whole number with thousands of digits
        raise JsonInvalid("position 1", str(error)) from None


def read_bounded(text: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a text of a stranger's, which is looked over before any value is made of it.

    Making values of a text holds the interpreter, and with it every other request, until all of them are made.

    :raises JsonInvalid: as :func:`read_json`, or the text has more than :data:`MOST_VALUES` values or
        :data:`MOST_KEYS` keys in one object, or is nested deeper than :data:`DEEPEST`.
    """
    _check_bounds(text.decode(errors="replace"))
    return read_json(text)


def _check_bounds(text: str) -> None:
    commas: list[int] = []  # so far in each open object; a list has so few that it never gets to the most keys
    values = 0
    for found in _MARKS.finditer(text):
        mark, place = text[found.start()], f"position {found.start() + 1}"
        if mark in "[{":
            commas.append(0 if mark == "{" else -MOST_VALUES)
            values += 1
            if len(commas) > DEEPEST:
                raise JsonInvalid(place, f"nested deeper than {DEEPEST}")
        elif mark == ",":
            values += 1
            commas[-1:] = [each + 1 for each in commas[-1:]]
            if commas and commas[-1] >= MOST_KEYS:
                raise JsonInvalid(place, f"more than {MOST_KEYS:,} keys in one object")
        elif mark in "]}":
            commas[-1:] = []
        elif found.end() == found.start() + 1:
            return  # a text without its end: no JSON, as the decoder will say
        if values > MOST_VALUES:
            raise JsonInvalid(place, f"more than {MOST_VALUES:,} values")


def read_object(text: str | bytes) -> dict[str, Any]:
    """Return the object of a text.

    :raises JsonInvalid: as :func:`read_json`, or the text is JSON of another kind.
    """
    value = read_json(text)
    if not isinstance(value, dict):
        raise JsonInvalid("position 1", "not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                shown = key[:_SHOWN].encode(errors="backslashreplace").decode()  # it may hold half a surrogate pair
                raise JsonInvalid(shown or '""', "stands twice in one object", is_key=True)
            seen.add(key)
    return value


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_decode: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).decode
