"""The port to what codes are made from: a secret, and numbers that are handed out once."""

from __future__ import annotations

from typing import Protocol


class CodeSource(Protocol):
    """Where the secret behind random codes lives, and the count of numbers used up (C10).

    The core has no randomness of its own: code number *n* under one secret is always the same text.
    """

    def secret(self) -> bytes:
        """Return the secret, at least 16 bytes, the same for the lifetime of the store."""
        ...

    def numbers(self, count: int) -> range:
        """Hand out ``count`` consecutive numbers, counted from 0, that were never handed out before.

        Those of a transaction that is undone are handed out again, so that one feed always gets the same codes.
        """
        ...
