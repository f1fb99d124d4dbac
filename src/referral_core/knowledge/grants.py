"""Grants as they were known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import attrs

from referral_core.entities.grant import Grant
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.grants import Grants

_LEAST: Final = 100
"""How many legs are looked at in one step, though fewer are wanted."""


@attrs.frozen
class KnownGrants:
    """The port ``Grants`` as it stood: legs effective by a moment.

    A leg that billing has confirmed since counts as confirmed from when it is effective, as billing keeps it too;
    one that still waits counts as waiting.
    """

    grants: Grants
    by: datetime

    def find(self, key: str) -> Grant | None:
        """Return the leg with this idempotency key, if it was known."""
        found = self.grants.find(key)
        return found if found is not None and self._is_known(found) else None

    def add(self, grant: Grant) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"leg {grant.key}")

    def replace(self, grant: Grant) -> None:
        """Raise :class:`TypeError`."""
        self.add(grant)

    def unsettled(self, limit: int, after: str = "") -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that were known and still wait, with keys above ``after``, in order of key."""
        found: list[Grant] = []
        while len(found) < limit and (page := self.grants.unsettled(max(limit, _LEAST), after)):
            found += filter(self._is_known, page)
            after = page[-1].key
        return tuple(found[:limit])

    def all(self, *, account: str | None = None) -> Iterator[Grant]:
        """Yield every leg that was known, or those of one account, in order of key."""
        return filter(self._is_known, self.grants.all(account=account))

    def _is_known(self, grant: Grant) -> bool:
        return grant.effective_from <= self.by
