"""Rows by the thousand: ``COPY`` in PostgreSQL, one prepared statement in SQLite. Every guard stays on."""

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
"""Some rows as the driver takes them: the lines of a ``COPY``, or the parameters of an insertion."""

ROWS: Final = 1_000
"""How many rows make a block."""
_MOMENTS: Final = 1_024
_DIALECTS: Final[dict[str, Dialect]] = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}  # type: ignore[no-untyped-call]
_NULL: Final = "\\N"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class BulkLoad:
    """The addition of many rows to a table, which are given as names and values like those of any insertion."""

    def __init__(self, table: Table) -> None:
        names = [column.name for column in table.columns]
        listed = f"{table.name} ({', '.join(names)})"
        self._copy = f"COPY {listed} FROM STDIN"
        self._insert = f"INSERT INTO {listed} VALUES ({', '.join('?' * len(names))})"
        self._values = {name: _Values(table, dialect) for name, dialect in _DIALECTS.items()}

    def blocks(self, work: Work, rows: Rows) -> Iterator[Block]:
        """Yield rows as the driver takes them, each block when it is asked for."""
        rest = map(self._values[work.dialect].of, rows)
        while block := list(islice(rest, ROWS)):
            yield block if work.dialect == "sqlite" else "".join(map(_line, block))

    @contextmanager
    def sending(self, work: Work, blocks: Iterable[Block]) -> Iterator[None]:
        """Add rows, which are in the table when the ``with`` block has ended.

        PostgreSQL works on them while the ``with`` block goes on, in which nothing else can be asked of it.

        :raises Refusal: a row cannot stand beside another one, by the guard's reason; the transaction is to be undone.
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
        """Add rows.

        :raises Refusal: as :meth:`sending` does.
        """
        with self.sending(work, blocks):
            pass

    def load(self, work: Work, rows: Rows) -> None:
        """Add rows that are not in blocks yet.

        :raises Refusal: as :meth:`sending` does.
        """
        self.send(work, self.blocks(work, rows))


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
    process: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    # The rows of a page tell of few moments, most of them of the same.
    return lru_cache(_MOMENTS)(process) if process is not None and isinstance(column.type, Moment) else process


def _line(values: Sequence[Any]) -> str:
    """Return a line of ``COPY`` in its text format; most hold nothing that has to be escaped."""
    cells = [value if type(value) is str else _NULL if value is None else str(value) for value in values]
    line = "\t".join(cells)
    if (
        line.count("\t") == len(cells) - 1
        and line.count("\\") == values.count(None)
        and "\n" not in line
        and "\r" not in line
    ):
        return f"{line}\n"
    escaped = [_NULL if value is None else str(value).translate(_ESCAPES) for value in values]
    return "\t".join(escaped) + "\n"
