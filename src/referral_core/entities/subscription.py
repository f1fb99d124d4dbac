"""Subscriptions: receivers of what is published, each with a place of its own."""

from __future__ import annotations

from datetime import datetime

import attrs


@attrs.frozen
class Subscription:
    """How far a receiver of what is published has got.

    ``position`` is the last one that it confirmed, 0 before the first; ``failures`` counts how often in a row the next
    one failed, and ``next_at`` is when to try it again, ``None`` for at once. Until ``leased_until`` somebody is at it.
    """

    name: str
    position: int = 0
    failures: int = 0
    next_at: datetime | None = None
    leased_until: datetime | None = None

    def is_free(self, at: datetime) -> bool:
        """Tell whether at this moment nobody is at it, and it has nothing to wait for."""
        return all(moment is None or moment <= at for moment in (self.next_at, self.leased_until))
