"""The seals of the trace as they were known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

import attrs

from referral_core.entities.seal import Seal, SealedHead
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.seals import Seals


@attrs.frozen
class KnownSeals:
    """The port ``Seals`` as it stood: the seals up to the first one of a later moment, and the heads they list."""

    seals: Seals
    by: datetime

    def set(self, at: datetime) -> Seal | None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"seal at {at.isoformat()}")

    def all(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal that was known with a number above ``after``, in order."""
        known = takewhile(lambda seal: seal.moment <= self.by, self.seals.all())
        return (seal for seal in known if seal.number > after)

    def heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads that a seal lists, or all known ones, as the port does."""
        known = {seal.number for seal in self.all()}
        return (head for head in self.seals.heads(seal) if head.seal in known)
