"""The code source in memory: a secret of its own, and a count."""

from __future__ import annotations

import secrets
from typing import Final

from referral_adapters.memory.journal import Journal, setting

SHORTEST_SECRET: Final = 16
"""How many bytes a secret has at least (C10)."""
_NEXT: Final = "next"


class MemoryCodeSource:
    """The port ``CodeSource`` in memory: thread-safe; numbers of a transaction that is undone are handed out again.

    Without a secret it draws 32 bytes of its own; one that is given fixes the texts of all random codes.

    :raises ValueError: the secret given is shorter than 16 bytes.
    """

    def __init__(self, journal: Journal, secret: bytes | None = None) -> None:
        if secret is not None and len(secret) < SHORTEST_SECRET:
            raise ValueError(f"a secret of {len(secret)} bytes can be guessed: give at least {SHORTEST_SECRET}")
        self._journal = journal
        self._lock = journal.lock
        self._secret = secrets.token_bytes(32) if secret is None else secret
        self._count = {_NEXT: 0}

    def secret(self) -> bytes:
        """Return the secret, at least 16 bytes, the same for the lifetime of the store."""
        return self._secret

    def numbers(self, count: int) -> range:
        """Hand out ``count`` consecutive numbers, counted from 0, that were never handed out before.

        :raises ValueError: ``count`` is negative.
        """
        if count < 0:
            raise ValueError(f"cannot hand out {count} numbers")
        with self._lock:
            first = self._count[_NEXT]
            self._journal.write(setting(self._count, _NEXT, first + count))
            return range(first, first + count)
