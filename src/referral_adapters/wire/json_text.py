"""Strict JSON in UTF-8: a text that can be read in two ways, or in none, is refused and not guessed at."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn, overload

from referral_core.values.errors import ReferralError

BYTE_ORDER_MARK: Final = "\ufeff"
"""The mark that some editors write before a text; only at the beginning of a whole text may it be taken off."""
_SHOWN: Final = 40


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
