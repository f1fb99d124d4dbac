"""Grants in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from operator import attrgetter
from typing import Final

from referral_adapters.memory.journal import Journal, adding, removing, setting
from referral_adapters.memory.key_order import KeyOrder
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

_KEY: Final = attrgetter("key")


class MemoryGrants:
    """The port ``Grants`` in memory: thread-safe, each call all-or-nothing, guarding one leg a side (B2)."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._grants: dict[str, Grant] = {}
        self._of_account: dict[str, list[str]] = {}
        self._unsettled: dict[str, None] = {}
        self._order = KeyOrder(journal, self._unsettled)

    def find(self, key: str) -> Grant | None:
        """Return the leg with this idempotency key."""
        with self._lock:
            return self._grants.get(key)

    def add(self, grant: Grant) -> None:
        """Store a new leg; one that is already there is left as it is (B2)."""
        key = grant.key
        with self._lock:
            if key in self._grants:
                return
            keys = self._of_account.get(grant.account)
            placing = (
                setting(self._of_account, grant.account, [key]) if keys is None else adding(keys, key)
            )
            self._journal.write(setting(self._grants, key, grant), placing)
            self._sort(grant, key)

    def replace(self, grant: Grant) -> None:
        """Store the next state of a leg.

        :raises LookupError: there is no such leg, or it is another account's.
        """
