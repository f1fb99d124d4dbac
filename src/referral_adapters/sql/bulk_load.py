"""Bulk loading: ``COPY`` in PostgreSQL, one prepared statement in SQLite; keys, exclusions and triggers stay on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite

from referral_adapters.sql.types import Moment
from referral_adapters.sql.work import Work

Rows = Iterable[Mapping[str, Any]]
Block = str | Sequence[Sequence[Any]]
"""Rows in the driver's own form: lines of a ``COPY``, or parameters of an insertion."""

ROWS: Final = 1_000
"""The number of rows in a block."""
_MOMENTS: Final = 1_024
_DIALECTS: Final[dict[str, Dialect]] = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}  # type: ignore[no-untyped-call]
_NULL: Final = "\\N"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class BulkLoad:
    """The insertion of many rows into one table; rows are mappings from column to value."""

    def __init__(self, table: Table) -> None:
        names = [column.name for column in table.columns]
        listed = f"{table.name} ({', '.join(names)})"
        self._copy = f"COPY {listed} FROM STDIN"
        self._insert = f"INSERT INTO {listed} VALUES ({', '.join('?' * len(names))})"
        self._values = {name: _Values(table, dialect) for name, dialect in _DIALECTS.items()}

    def blocks(self, work: Work, rows: Rows) -> Iterator[Block]:
        """Yield the rows in blocks in the driver's own form, each block made when it is consumed."""
        rest = map(self._values[work.dialect].of, rows)
        while block := list(islice(rest, ROWS)):
            yield block if work.dialect == "sqlite" else "".join(map(_line, block))

    @contextmanager
    def sending(self, work: Work, blocks: Iterable[Block]) -> Iterator[None]:
        """Insert rows, which are in the table when the ``with`` block has ended.

        PostgreSQL checks them while the ``with`` block runs, and takes no other statement on this connection until its
        end.

        :raises Refusal: a row conflicts with another, with the reason of the guard; the transaction must be undone.
        """
        with work.driver() as driver:
            if work.dialect == "sqlite":
                for block in blocks:
                    driver.executemany(self._insert, block)
                yield
                return
            with driver.cursor() as cursor, cursor.copy(self._copy) as copy:
                for block in blocks:
                    copy.write(block)
                yield

    def send(self, work: Work, blocks: Iterable[Block]) -> None:
        """Insert blocks of rows, and wait until they are in the table.

        :raises Refusal: as :meth:`sending` does.
        """
        with self.sending(work, blocks):
            pass

    def load(self, work: Work, rows: Rows) -> None:
        """Insert rows, in blocks of :data:`ROWS`, and wait until they are in the table.

        :raises Refusal: as :meth:`sending` does.
        """
        self.send(work, self.blocks(work, rows))


class _Values:
    """The conversion of rows for one driver: the columns in order, each value converted by its column's type."""

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
    process: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    # The rows of a page share a few moments, so nearly every conversion is a repetition.
    return lru_cache(_MOMENTS)(process) if process is not None and isinstance(column.type, Moment) else process


def _line(values: Sequence[Any]) -> str:
    """Return a line of ``COPY`` in its text format; few lines hold a character that has to be escaped."""
    cells = [value if type(value) is str else _NULL if value is None else str(value) for value in values]
    line = "\t".join(cells)
    # One look at the line instead of one at each cell: the only backslashes in it may be those of ``\N``.
    if (
        line.count("\t") == len(cells) - 1
        and line.count("\\") == values.count(None)
        and "\n" not in line
        and "\r" not in line
    ):
        return f"{line}\n"
    escaped = [_NULL if value is None else str(value).translate(_ESCAPES) for value in values]
    return "\t".join(escaped) + "\n"
