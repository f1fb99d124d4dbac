"""Rows by the thousand: ``COPY`` in PostgreSQL, one prepared statement in SQLite. Every guard stays on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, Dialect, Table, TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite

from referral_adapters.sql.types import Moment
from referral_adapters.sql.work import Work

Rows = Iterable[Mapping[str, Any]]

_MOMENTS: Final = 1_024
_DIALECTS: Final[dict[str, Dialect]] = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}  # type: ignore[no-untyped-call]


class Loading:
    """The addition of many rows to a table, which are given as names and values like those of any insertion."""

    def __init__(self, table: Table) -> None:
        names = [column.name for column in table.columns]
        listed = f"{table.name} ({', '.join(names)})"
        self._copy = f"COPY {listed} FROM STDIN"
        self._insert = f"INSERT INTO {listed} VALUES ({', '.join('?' * len(names))})"
        self._values = {name: _Values(table, dialect) for name, dialect in _DIALECTS.items()}

    @contextmanager
    def into(self, work: Work) -> Iterator[Callable[[Rows], None]]:
        """Yield what takes rows; they are in the table when the block has ended.

        PostgreSQL works on the rows it was given while the block goes on. Nothing else can be asked of the database
        inside of the block.

        :raises Refusal: a row cannot stand beside another one, by the guard's reason; the transaction is to be undone.
        """
        values = self._values[work.dialect].of
        with work.driver() as driver:
            if work.dialect == "sqlite":
                yield lambda rows: driver.executemany(self._insert, map(values, rows))
                return
            with driver.cursor() as cursor, cursor.copy(self._copy) as copy:
                write = copy.write_row

                def load(rows: Rows) -> None:
                    for row in rows:
                        write(values(row))

                yield load

    def load(self, work: Work, rows: Rows) -> None:
        """Add rows.

        :raises Refusal: as :meth:`into` does.
        """
        with self.into(work) as load:
            load(rows)


class _Values:
    """What the driver takes for a row of a table: its columns in order, each as its type writes it."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self._of_row = itemgetter(*[column.name for column in table.columns])
        self._processed = [
            (place, process)
            for place, column in enumerate(table.columns)
            if (process := _processor(column, dialect)) is not None
        ]

    def of(self, row: Mapping[str, Any]) -> list[Any]:
        values = list(self._of_row(row))
        for place, process in self._processed:
            values[place] = process(values[place])
        return values


def _processor(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    kind = column.type
    if not isinstance(kind, TypeDecorator):
        return None
    process = partial(kind.process_bind_param, dialect=dialect)
    # The rows of a page tell of few moments, most of them of the same.
    return lru_cache(_MOMENTS)(process) if isinstance(kind, Moment) else process
