"""The port to the seals of the trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from referral_core.entities.seal import Seal, SealedHead


class Seals(Protocol):
    """Where seals over the trace of the same store are added and never changed, with the heads that each lists (A2)."""

    def set(self, at: datetime) -> Seal | None:
        """Set the next seal, over every head that moved since the seal before; ``None`` when none did.

        All or nothing. Writers may go on adding rows meanwhile: each head is one that its chain had, and what comes
        after it is for the next seal. Of two who seal at once the second lists what has moved since the first, so
        mostly nothing. Never holds all heads, where the store can do without.

        :raises ConcurrentChange: another seal came first, and the transaction must be tried again.
        """
        ...

    def all(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal with a number above ``after``, in order.

        :raises TraceUnreadable: the next seal cannot be read; ``after`` its number the rest can.
        """
        ...

    def heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads that a seal lists, in order of subject; those of all seals, by subject and then by number."""
        ...
