"""Subscriptions in memory."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_adapters.memory.journal import Journal, setting
from referral_core.entities.subscription import Subscription


class MemorySubscriptions:
    """The port ``Subscriptions`` in memory: thread-safe, each call all-or-nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._subscriptions: dict[str, Subscription] = {}

    def find(self, name: str) -> Subscription | None:
        """Return the subscription of this name."""
        with self._lock:
            return self._subscriptions.get(name)

    def add(self, name: str, position: int) -> bool:
        """Store a new subscription that begins above ``position``; ``False`` if there is one, which stays as it is."""
        with self._lock:
            if name in self._subscriptions:
                return False
            self._put(Subscription(name, position))
            return True

    def take(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Lease a subscription to the caller alone until a moment, and return it as it is now stored."""
        with self._lock:
            found = self._subscriptions.get(name)
            if found is None or not found.is_free(at):
                return None
            return self._put(attrs.evolve(found, leased_until=until))

    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Store the next state, which has the same name, if it is still as ``before`` says.

        :raises ValueError: it has another name.
        """
        if after.name != before.name:
            raise ValueError(f"{after.name} is no state of {before.name}")
        with self._lock:
            if self._subscriptions.get(before.name) != before:
                return False
            self._put(after)
            return True

    def all(self) -> tuple[Subscription, ...]:
        """Return every subscription, by the code points of the name."""
        with self._lock:
            return tuple(self._subscriptions[name] for name in sorted(self._subscriptions))

    def _put(self, subscription: Subscription) -> Subscription:
        self._journal.write(setting(self._subscriptions, subscription.name, subscription))
        return subscription
