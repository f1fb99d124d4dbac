"""Pages: so many rows at a time, each page one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def pages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield items by pages, the last of which may be smaller."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
