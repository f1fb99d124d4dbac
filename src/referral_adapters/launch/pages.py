"""Pages: so many rows at a time, each page one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from itertools import islice
from typing import Final, Protocol, TypeVar

from referral_core.ports.ports import Ports
from referral_core.values.errors import ConcurrentChange

T = TypeVar("T")

ATTEMPTS: Final = 10
"""How often a page is tried when others are at the same things."""


class LaunchStore(Ports, Protocol):
    """A store that a launch can run on: all ports, and transactions."""

    def transaction(self) -> AbstractContextManager[object]:
        """Return a transaction: all that is done inside stays, or nothing when an exception leaves it."""
        ...


def pages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield items by pages, the last of which may be smaller."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page


def in_one_transaction(store: LaunchStore, act: Callable[[], T]) -> T:
    """Do an act in one transaction, and again as long as others are in its way, within reason.

    :raises ConcurrentChange: others were quicker every time.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(ConcurrentChange), store.transaction():
            return act()
    with store.transaction():
        return act()
