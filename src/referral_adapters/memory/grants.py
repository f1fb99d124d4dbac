"""Grants in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from referral_adapters.memory.journal import Change, Journal, adding, removing, setting
from referral_adapters.memory.key_order import KeyOrder
from referral_core.entities.grant import Grant, GrantStatus


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
            self._journal.write(
                setting(self._of_account, grant.account, [key]) if keys is None else adding(keys, key),
                setting(self._grants, key, grant),
                *self._settling(key, grant),
            )

    def replace(self, grant: Grant) -> None:
        """Store the next state of a leg.

        :raises LookupError: there is no such leg of this account.
        """
        key = grant.key
        with self._lock:
            known = self._grants.get(key)
            if known is None or known.account != grant.account:
                raise LookupError(f"there is no leg {key!r} of account {grant.account!r}")
            self._journal.write(setting(self._grants, key, grant), *self._settling(key, grant))

    def unsettled(self, limit: int, after: str = "") -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that billing has not confirmed, with keys above ``after``, in order of key."""
        with self._lock:
            if not self._unsettled:
                return ()
            return tuple([self._grants[key] for key in islice(self._order.above(after), limit)])

    def all(self, *, account: str | None = None) -> Iterator[Grant]:
        """Yield every leg, or those of one account, in order of key, as they are at the call."""
        with self._lock:
            keys = self._grants if account is None else self._of_account.get(account, ())
            return iter([self._grants[key] for key in sorted(keys)])

    def _settling(self, key: str, grant: Grant) -> tuple[Change, ...]:
        if grant.status is GrantStatus.GRANTED:
            return (removing(self._unsettled, key),) if key in self._unsettled else ()
        if key in self._unsettled:
            return ()
        self._order.announce(key)
        return (setting(self._unsettled, key, None),)
