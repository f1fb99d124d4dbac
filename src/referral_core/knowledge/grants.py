"""Grants as they were known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter

import attrs

from referral_core.entities.grant import Grant
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.grants import Grants, Step


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

    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"next state of {len(steps)} legs")

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that were known, still wait, and wait until ``by`` at the latest, as the port."""
        waiting = [(leg.wait_until, leg.key, leg) for leg in self.all(unsettled=True) if leg.wait_until is not None]
        return tuple(leg for until, _, leg in sorted(waiting, key=itemgetter(0, 1)) if until <= by)[:limit]

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield every leg that was known, or those of one account, or that billing has not confirmed, by key."""
        return filter(self._is_known, self.grants.all(account=account, unsettled=unsettled))

    def _is_known(self, grant: Grant) -> bool:
        return grant.effective_from <= self.by
