"""The store that a feed runs on, and the latest moment at which anything was recorded in it (M4)."""

from __future__ import annotations

from datetime import datetime
from threading import Lock
from typing import Protocol

from referral_core.ports.requests import RequestRepository
from referral_core.ports.store import Store


class FeedStore(Store, Protocol):
    """A store that a feed can run on: repositories, transactions, and the events that took effect."""

    @property
    def requests(self) -> RequestRepository:
        """The events that took effect."""
        ...

    def latest_recording(self) -> datetime | None:
        """Return the latest moment at which anything was recorded, ``None`` in an empty store.

        It is looked for in all that the store holds, so it is asked for once, and not for every line.
        """
        ...


class Recordings:
    """The latest moment of recording of a store: read once, at first use, and moved on by those who record (M4)."""

    def __init__(self, store: FeedStore) -> None:
        self._store = store
        self._lock = Lock()
        self._latest: datetime | None = None
        self._is_read = False

    def latest(self) -> datetime | None:
        """Return the latest moment of recording, ``None`` before there was any."""
        with self._lock:
            if not self._is_read:
                self._latest, self._is_read = self._store.latest_recording(), True
            return self._latest

    def reach(self, moment: datetime) -> None:
        """Move on to a moment of recording, unless a later one was reached."""
        with self._lock:
            if self._latest is None or self._latest < moment:
                self._latest = moment
