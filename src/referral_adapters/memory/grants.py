"""Grants in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice, takewhile

from referral_adapters.memory.journal import Change, Journal, adding, removing, setting
from referral_adapters.memory.orders import Waiting, WaitingOrder
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.ports.grants import Step


class MemoryGrants:
    """Grants in memory: thread-safe, each call all-or-nothing, guarding one leg a side (B2)."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._grants: dict[str, Grant] = {}
        self._of_account: dict[str, list[str]] = {}
        self._unsettled: dict[str, None] = {}
        self._waiting: dict[Waiting, None] = {}
        self._order = WaitingOrder(journal, self._waiting)

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
                *self._keeping(key, None, grant),
            )
            self._order.arrived()

    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Store the next state of each leg whose state is what it was; return the legs that are so because of that."""
        with self._lock:
            done = [(before, after) for before, after in steps if self._is_as(before)]
            changes: list[Change] = []
            for _, after in done:
                key = after.key
                changes += [setting(self._grants, key, after), *self._keeping(key, self._grants[key], after)]
            self._journal.write(*changes)
            self._order.arrived()
            return tuple(after for _, after in done)

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that billing has not confirmed and that wait until ``by`` at the latest.

        Those that have waited longest come first, then in order of key.
        """
        with self._lock:
            if not self._waiting:
                return ()
            waiting = takewhile(lambda wait: wait[0] <= by, self._order.in_order())
            return tuple([self._grants[key] for _, key in islice(waiting, limit)])

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield every leg, or those of one account, or those that billing has not confirmed, in order of key.

        They are as they are at the call.
        """
        with self._lock:
            keys: Iterable[str] = self._unsettled if unsettled else self._grants
            if account is not None:
                keys = [key for key in self._of_account.get(account, ()) if not unsettled or key in self._unsettled]
            return iter([self._grants[key] for key in sorted(keys)])

    def _is_as(self, before: Grant) -> bool:
        known = self._grants.get(before.key)
        return known is not None and (known.state, known.account) == (before.state, before.account)

    def _keeping(self, key: str, before: Grant | None, after: Grant) -> Iterator[Change]:
        """Yield the changes that keep track of what is not settled, and of when it is to be looked at."""
        is_open = after.status is not GrantStatus.GRANTED
        if is_open and key not in self._unsettled:
            yield setting(self._unsettled, key, None)
        elif not is_open and key in self._unsettled:
            yield removing(self._unsettled, key)
        gone = None if before is None or before.wait_until is None else (before.wait_until, key)
        come = None if after.wait_until is None else (after.wait_until, key)
        if gone != come and gone in self._waiting:
            yield removing(self._waiting, gone)
        if come is not None and come not in self._waiting:
            self._order.announce(come)
            yield setting(self._waiting, come, None)
