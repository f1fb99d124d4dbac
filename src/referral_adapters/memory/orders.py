"""Keys that come and go, read in order by pages or a few at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from referral_adapters.memory.journal import Journal, setting

Waiting = tuple[datetime, str]
"""Until when a leg waits, and its key."""

_SLACK: Final = 16
_PART: Final = 8


class KeyOrder:
    """The keys of a dictionary in order, kept so that reading a page costs little more than the page.

    Whoever owns the dictionary announces each key before it comes; keys that have gone are passed over, and swept out
    when they are in the majority. So the list below always holds every key that is there, also after the dictionary
    went back to an earlier state; the sweep itself goes through the journal and is undone with the rest.
    """

    def __init__(self, journal: Journal, keys: Mapping[str, object]) -> None:
        self._journal = journal
        self._keys = keys
        self._sorted: dict[str, list[str]] = {"keys": []}
        self._announced: list[str] = []

    def announce(self, key: str) -> None:
        """Say that a key is about to come."""
        self._announced.append(key)

    def above(self, after: str | None) -> Iterator[str]:
        """Yield the keys above ``after`` in order, all for ``None``; the caller holds the journal's lock meanwhile."""
        order = self._sorted["keys"]
        if self._announced:
            order[:] = sorted(dict.fromkeys([*order, *self._announced]))
            self._announced.clear()
        if len(order) > 2 * len(self._keys) + _SLACK:
            order = sorted(self._keys)
            self._journal.write(setting(self._sorted, "keys", order))
        start = 0 if after is None else bisect_right(order, after)
        return (order[place] for place in range(start, len(order)) if order[place] in self._keys)


class WaitingOrder:
    """The keys of a dictionary of what waits, kept in order: reading the first few costs little more than those few.

    Whoever owns the dictionary announces each key before it comes, and says so when all that were announced are there.
    Keys that have gone are passed over, and swept out when they are more than an eighth. So the list below always holds
    every key that is there, also after the dictionary went back to an earlier state; the sweep itself goes through the
    journal and is undone with the rest.
    """

    def __init__(self, journal: Journal, keys: dict[Waiting, None]) -> None:
        self._journal = journal
        self._keys = keys
        self._sorted: dict[str, list[Waiting]] = {"keys": []}
        self._announced: list[Waiting] = []

    def announce(self, key: Waiting) -> None:
        """Say that a key is about to come."""
        self._announced.append(key)

    def arrived(self) -> None:
        """Say that what was announced is there, or was and has gone; where nobody reads, the list stays short."""
        if len(self._announced) > 2 * len(self._keys) + _SLACK:
            self._tidied()

    def in_order(self) -> Iterator[Waiting]:
        """Yield the keys in order; the caller holds the journal's lock until it stops reading."""
        return (key for key in self._tidied() if key in self._keys)

    def _tidied(self) -> list[Waiting]:
        order = self._sorted["keys"]
        if self._announced:
            self._put_in_place(order)
            self._announced.clear()
        if len(order) > len(self._keys) + len(self._keys) // _PART + _SLACK:
            order = sorted(self._keys)
            self._journal.write(setting(self._sorted, "keys", order))
        return order

    def _put_in_place(self, order: list[Waiting]) -> None:
        """Sort in what was announced, many together, a few one by one."""
        if len(self._announced) > len(order) // _PART:
            order[:] = sorted(dict.fromkeys([*order, *self._announced]))
            return
        for key in self._announced:
            place = bisect_left(order, key)
            if place == len(order) or order[place] != key:
                order.insert(place, key)
