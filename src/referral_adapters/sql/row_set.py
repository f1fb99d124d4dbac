"""Many rows given to one statement.

They travel as one parameter, JSON, which both databases take apart by themselves: so a statement about ten thousand
rows is one call, whatever limit a database has on parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    Column,
    Executable,
    FromClause,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    make_url,
    select,
    true,
)
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite

from referral_adapters.sql.errors import StoreFailed
from referral_adapters.sql.work import Work

Row = Mapping[str, Any]
Statements = Mapping[str, Executable]
"""A statement for each dialect."""

Chosen = Callable[[FromClause], Select[Any]]
"""What selects from given rows those to be inserted."""

_DIALECTS: Final = {
    name: make_url(f"{driver}://").get_dialect()()
    for name, driver in (("postgresql", "postgresql+psycopg"), ("sqlite", "sqlite"))
}
_INSERTING: Final[dict[str, Callable[[Table], Any]]] = {
    "postgresql": insert_into_postgresql,
    "sqlite": insert_into_sqlite,
}
_GIVEN: Final = bindparam("given_rows", type_=Text())
_ZERO: Final = r"\u0000"
_NUL: Final = re.compile(r"(?<!\\)(\\\\)*\\u0000")
"""What stands for a zero character in JSON: both databases end a text there, or refuse it."""
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class RowSet:
    """Rows that a statement is given, as a table in it that has these columns."""

    def __init__(self, *columns: Column[Any]) -> None:
        self._types = {each.key: each.type for each in columns}
        self._sources: dict[str, FromClause] = {"postgresql": self._recordset(), "sqlite": self._extracts()}

    def statements(self, make: Callable[[FromClause], Executable]) -> Statements:
        """Return a statement for each dialect, made of the rows as it sees them."""
        return {dialect: make(source) for dialect, source in self._sources.items()}

    def source(self, dialect: str) -> FromClause:
        """Return the rows as a statement of a dialect sees them."""
        return self._sources[dialect]

    def given(self, work: Work, rows: Sequence[Row]) -> dict[str, str]:
        """Return the parameters by which a statement is given these rows."""
        columns = [_written(kind, [row[name] for row in rows], work.dialect) for name, kind in self._types.items()]
        values: list[Any] = [*zip(*columns, strict=True)]
        if work.dialect == "postgresql":
            values = [dict(zip(self._types, each, strict=True)) for each in values]
        text = _encode(values)
        if _ZERO in text and _NUL.search(text):
            raise StoreFailed("A text holds a character that the database cannot keep.")
        return {_GIVEN.key: text}

    def _recordset(self) -> FromClause:
        columns = [column(name, kind) for name, kind in self._types.items()]
        records = func.json_to_recordset(cast(_GIVEN, postgresql.JSON)).table_valued(*columns, name="given")
        return records.render_derived(with_types=True)

    def _extracts(self) -> FromClause:
        each = func.json_each(_GIVEN).table_valued("value", name="each_row")
        parts = [
            func.json_extract(each.c.value, f"$[{place}]", type_=kind).label(name)
            for place, (name, kind) in enumerate(self._types.items())
        ]
        return select(*parts).select_from(each).subquery("given")


class BulkInsertion:
    """The insertion of many rows by one statement, leaving out those that cannot stand beside what is there.

    The rows are as given, or what ``chosen`` selects from them. Of those that are inserted the primary key is returned,
    or the columns that are asked for.
    """

    def __init__(
        self,
        table: Table,
        given: RowSet | None = None,
        chosen: Chosen = select,
        returning: Sequence[Column[Any]] = (),
    ) -> None:
        self._rows = given or RowSet(*table.columns)
        self._statements = {
            dialect: insert_into(table)
            # WHERE keeps SQLite from taking what follows for a condition of a join.
            .from_select([*table.columns.keys()], chosen(self._rows.source(dialect)).where(true()))
            .on_conflict_do_nothing()
            .returning(*(returning or table.primary_key.columns))
            for dialect, insert_into in _INSERTING.items()
        }

    def into(self, work: Work, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Insert rows and return what is asked for of those that now are there because of that."""
        if not rows:
            return []
        return [tuple(row) for row in work.rows(self._statements[work.dialect], self._rows.given(work, rows))]


def _written(kind: sqltypes.TypeEngine[Any], values: list[Any], dialect: str) -> list[Any]:
    """Return a column's values as something that JSON can hold and the database reads as those values."""
    known = _DIALECTS[dialect]
    write = kind.dialect_impl(known).bind_processor(known)
    written = values if write is None else [*map(write, values)]
    return written if _PLAIN.issuperset(map(type, written)) else [*map(_plain, written)]


_PLAIN: Final = frozenset({str, int, bool, type(None)})
"""What JSON holds as it is; nearly all columns have nothing else."""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
