"""Sharings as they were known."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.sharing import Sharing
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.sharings import Sharings


@attrs.frozen
class KnownSharings:
    """The port ``Sharings`` as it stood: what was passed on by a moment."""

    sharings: Sharings
    by: datetime

    def add(self, sharing: Sharing) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"sharing of {sharing.code}")

    def count_of(self, account: str, *, by: datetime | None = None) -> int:
        """Return how often codes of this account were known to be shared, at or before ``by`` where that is given."""
        return self.sharings.count_of(account, by=self.by if by is None else min(by, self.by))
