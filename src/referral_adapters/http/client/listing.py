"""Lists that a service gives in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

import attrs

from referral_adapters.http.models.answer import PageAnswer

A = TypeVar("A")

MOST: Final = 200
"""The most items that a page may be asked to have."""


@attrs.frozen
class Listing(Generic[A]):
    """A list that is read as it is walked through, or page by page."""

    _read: Callable[[str | None, int], PageAnswer[A]] = attrs.field(repr=False)

    def page(self, cursor: str | None = None, *, limit: int = 50) -> PageAnswer[A]:
        """Return the page at a cursor, the ``next`` of the page before, of up to 200 items."""
        return self._read(cursor, limit)

    def __iter__(self) -> Iterator[A]:
        """Yield every item; the next page is asked for when it is needed."""
        cursor = None
        while True:
            page = self.page(cursor, limit=MOST)
            yield from page.items
            if page.next is None:
                return
            cursor = page.next
