"""The code source in a database: a secret of its own, and a count."""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import bindparam, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.code_tables import CODE_NUMBERS
from referral_adapters.sql.settings import Settings
from referral_adapters.sql.statements import Insertion
from referral_adapters.sql.work import Work

SHORTEST_SECRET: Final = 16
"""How many bytes a secret has at least (C10)."""
_ALL: Final = "all"
_NEW: Final = Insertion(CODE_NUMBERS)
_NEXT: Final = (
    update(CODE_NUMBERS)
    .where(CODE_NUMBERS.c.name == bindparam("of"))
    .values(next=CODE_NUMBERS.c.next + bindparam("more"))
    .returning(CODE_NUMBERS.c.next)
)


class SqlCodeSource:
    """The port ``CodeSource`` in a database; numbers of a transaction that is undone are handed out again.

    So whoever draws a code in PostgreSQL waits until others that did are done. The database draws 32 secret bytes once
    and keeps them; a secret that is given takes their place and is kept nowhere.

    :raises ValueError: the secret given is shorter than 16 bytes.
    """

    def __init__(self, work: Work, secret: bytes | None = None) -> None:
        if secret is not None and len(secret) < SHORTEST_SECRET:
            raise ValueError(f"a secret of {len(secret)} bytes can be guessed: give at least {SHORTEST_SECRET}")
        self.work = work
        self._secret = secret

    def secret(self) -> bytes:
        """Return the secret, at least 16 bytes, the same for the lifetime of the store."""
        if self._secret is None:
            self._secret = bytes.fromhex(Settings(self.work).kept("secret", secrets.token_hex(32)))
        return self._secret

    @joined
    def numbers(self, count: int) -> range:
        """Hand out ``count`` consecutive numbers, counted from 0, that were never handed out before.

        :raises ValueError: ``count`` is negative.
        """
        if count < 0:
            raise ValueError(f"cannot hand out {count} numbers")
        while (row := self.work.row(_NEXT, {"of": _ALL, "more": count})) is None:
            _NEW.into(self.work, {"name": _ALL, "next": 0})
        return range(row.next - count, row.next)
