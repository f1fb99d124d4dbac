"""The port to the events that took effect."""

from __future__ import annotations

from typing import Protocol


class Events(Protocol):
    """Where it is kept, for ever, which events took effect, so that each does so once.

    The store itself guards that a source and id are there once.
    """

    def find(self, source: str, id: str) -> str | None:  # noqa: A002 - CloudEvents' own word
        """Return the digest of the event that took effect under this source and id, if one did."""
        ...

    def add(self, source: str, id: str, digest: str) -> bool:  # noqa: A002
        """Store that an event takes effect, in the transaction of its effect; ``False`` if another was quicker."""
        ...
