"""A cursor that notes what the database is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from referral_adapters.sql import SqlStore
from referral_adapters.sql.exchange import Answer
from referral_adapters.sql.executor import Call


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
    line = store._work._executor
    together = line._in_one_trip

    def heard(statements: Sequence[Call]) -> list[Answer]:
        cursor.noted.extend((each if isinstance(each, str) else each.text, given) for each, given in statements)
        return together(statements)

    line._in_one_trip = heard  # type: ignore[method-assign]
    try:
        yield cursor.noted
    finally:
        connections._local.cursor = plain
        del line._in_one_trip


def plan_of(store: SqlStore, table: str, act: Callable[[], object]) -> str:
    """Return how the database goes about the one statement of an act, knowing what is in a table."""
    (plan,) = plans_of(store, table, act)
    return plan


def plans_of(store: SqlStore, table: str, act: Callable[[], object]) -> list[str]:
    """Return how the database goes about each statement of an act, knowing what is in a table."""
    connection = store._connections.get()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {table}")
    with noting(store) as heard:
        act()
    how = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    cursor: Any = store._connections.cursor()
    return [
        "\n".join(str(line[-1]) for line in cursor.execute(f"{how} {statement}", values).fetchall())
        for statement, values in heard
    ]
