"""Keys that come and go, read in order by pages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Final

from referral_adapters.memory.journal import Journal, setting

_SLACK: Final = 16


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
