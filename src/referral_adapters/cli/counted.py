"""Counts of things, as people say them."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Return how many there are of something.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
