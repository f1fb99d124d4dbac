"""Cursors: places in a list, opaque to whoever gets them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode


def cursor_of(place: str) -> str:
    """Return the cursor for a place."""
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(cursor: str) -> str:
    """Return the place that a cursor stands for; empty when it is no cursor."""
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return ""
