"""The port to what was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_core.entities.answer import Answer


class Answers(Protocol):
    """Where it is kept what was answered under which key, so that each request takes effect once (B2).

    The store itself guards that an asker and a key are there once. Everybody has keys of their own: one that another
    asker took is free.
    """

    def find(self, asker: str, key: str) -> Answer | None:
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
