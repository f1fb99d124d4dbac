"""Statements that several ports make: an insertion that others may have been quicker with, and pages of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Executable, Select, Table, bindparam, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite

from referral_adapters.sql.prepared import Row
from referral_adapters.sql.work import Work

PAGE: Final = 1000
"""How many rows are held at a time while all are read."""

E = TypeVar("E")


class Insertion:
    """The insertion of a row that changes nothing, and waits for nobody's error, where the row cannot stand."""

    def __init__(self, table: Table) -> None:
        statements: dict[str, Executable] = {
            "postgresql": insert_into_postgresql(table).on_conflict_do_nothing(),
            "sqlite": insert_into_sqlite(table).on_conflict_do_nothing(),
        }
        self._statements = statements

    def into(self, work: Work, row: dict[str, Any]) -> bool:
        """Insert a row and tell whether it now is there because of that."""
        return work.change(self._statements[work.dialect], row) == 1


def without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a row without some of its columns: those by which it is found, which a cluster lets nobody set again."""
    return {name: value for name, value in row.items() if name not in names}


def locking(statement: Select[Any]) -> Callable[[Work], Executable]:
    """Return a choice between a statement and the same that locks the rows it reads in a transaction."""
    locked = statement.with_for_update()
    return lambda work: locked if work.locks else statement


class Pages:
    """All rows of a statement in order, read by pages after the last key, so that few are held at a time."""

    def __init__(self, statement: Select[Any], *key: ColumnElement[Any]) -> None:
        self._key = [column.key or "" for column in key]
        self._first = statement.order_by(*key).limit(PAGE)
        after = tuple_(*[bindparam(f"after_{column.key}", type_=column.type) for column in key])
        self._next = self._first.where(tuple_(*key) > after)

    def read(self, work: Work, row_as: Callable[[Row], E], **given: Any) -> Iterator[E]:  # noqa: ANN401
        """Yield what every row stands for."""
        rows: Sequence[Row] = work.rows(self._first, given)
        while rows:
            yield from [row_as(row) for row in rows]
            if len(rows) < PAGE:
                return
            after = {f"after_{name}": getattr(rows[-1], name) for name in self._key}
            rows = work.rows(self._next, {**given, **after})
