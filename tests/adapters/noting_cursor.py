"""A cursor that notes what the database is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from referral_adapters.sql import SqlStore


class NotingCursor:
    """A cursor that notes every statement it is given, with its values if it has any."""

    def __init__(self, cursor: Any) -> None:  # noqa: ANN401 - a driver's
        self._cursor = cursor
        self.noted: list[tuple[Any, ...]] = []

    def execute(self, *statement: object) -> object:
        """Note a statement and carry it out."""
        self.noted.append(statement)
        return self._cursor.execute(*statement)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)


@contextmanager
def noting(store: SqlStore) -> Iterator[list[tuple[Any, ...]]]:
    """Yield what a store asks its database in this thread."""
    connections: Any = store._connections
    plain = connections.cursor()
    cursor = connections._local.cursor = NotingCursor(plain)
    yield cursor.noted
    connections._local.cursor = plain
