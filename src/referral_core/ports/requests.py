"""The repository of requests: the events that took effect, and what was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_core.entities.answer import Answer


class RequestRepository(Protocol):
    """Where it is kept which events took effect, for ever, and what was answered under which key.

    So each event and each request takes effect once (B2). The store itself guards that a source and id are there once,
    and an asker and a key. Everybody has keys of their own: one that another asker took is free.
    """

    def event(self, source: str, id: str) -> str | None:  # noqa: A002 - CloudEvents' own word
        """Return the digest of the event that took effect under this source and id, if one did."""
        ...

    def add_event(self, source: str, id: str, digest: str) -> bool:  # noqa: A002
        """Store that an event takes effect, in the transaction of its effect; ``False`` if another was quicker."""
        ...

    def answer(self, asker: str, key: str) -> Answer | None:
        """Return what is kept under this key; its text is ``None`` where it was claimed and not filled."""
        ...

    def claim(self, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        """Take a key for the transaction of the act; ``False`` if it is taken, and it stays as it is.

        Of two at once one gets it. A transaction under way that has claimed the key is waited for: if it fails, the key
        is free.
        """
        ...

    def fill(self, asker: str, key: str, text: str) -> None:
        """Store the answer beside the claim, in the transaction that claimed.

        :raises ValueError: nobody claimed the key, or it has its answer.
        """
        ...

    def forget(self, before: datetime) -> int:
        """Remove what was claimed before a moment, so that its keys are free, and return how many those were."""
        ...
