"""The port to grants: the legs of referrals on their way to billing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from referral_core.entities.grant import Grant


class Grants(Protocol):
    """Where legs are kept. The store itself guards that a referral has one leg a side (B2)."""

    def find(self, key: str) -> Grant | None:
        """Return the leg with this idempotency key."""
        ...

    def add(self, grant: Grant) -> None:
        """Store a new leg; one that is already there is left as it is (B2)."""
        ...

    def replace(self, grant: Grant) -> None:
        """Store the next state of a leg."""
        ...

    def unsettled(self, limit: int, after: str = "") -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that billing has not confirmed, with keys above ``after``, in order of key."""
        ...

    def all(self, *, account: str | None = None) -> Iterator[Grant]:
        """Yield every leg, or those of one account, in order of key."""
        ...
