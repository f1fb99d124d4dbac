"""JSON as the command writes it: UTF-8, and readable for people who do not write in ASCII."""

from __future__ import annotations

import json
from typing import Any, Final

_line: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def json_line(value: dict[str, Any]) -> bytes:
    """Return an object on one line, with its line feed.

    Half of a surrogate pair, which a feed may hold in an escape, is written as that escape again: nothing else on the
    line could be read otherwise.
    """
    try:
        return _line(value).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def json_page(value: dict[str, Any]) -> bytes:
    """Return an object on many lines, indented by two."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
