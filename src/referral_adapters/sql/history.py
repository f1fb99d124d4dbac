"""Histories: every state of a row as it was written, kept beside it for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from referral_core.values.moment import written


def state_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row as names and values that JSON can hold: moments in UTC, amounts as text."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return state_of(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
