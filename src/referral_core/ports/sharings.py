"""The port to sharings."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_core.entities.sharing import Sharing


class Sharings(Protocol):
    """Where it is kept how often codes were passed on, and by what means (T2)."""

    def add(self, sharing: Sharing) -> None:
        """Store one sharing."""
        ...

    def count_of(self, account: str, *, by: datetime | None = None) -> int:
        """Return how often codes of this account were shared, at or before ``by`` where that is given."""
        ...
