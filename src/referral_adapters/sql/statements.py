"""Statements that several repositories share: pages of rows, rows of many keys, and insertions of many rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    Executable,
    FromClause,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    make_url,
    select,
    true,
    tuple_,
)
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite
from sqlalchemy.exc import SQLAlchemyError

from referral_adapters.sql.errors import UNTOLD, StoreFailed
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.work import Work
from referral_core.values.errors import ReferralError, TraceUnreadable

PAGE: Final = 1000
"""The number of rows that are held at a time while all rows are read."""

E = TypeVar("E")


class Insertion:
    """The insertion of a row ``ON CONFLICT DO NOTHING``: a conflict with a stored row is an answer, not an error."""

    def __init__(self, table: Table) -> None:
        statements: dict[str, Executable] = {
            "postgresql": insert_into_postgresql(table).on_conflict_do_nothing(),
            "sqlite": insert_into_sqlite(table).on_conflict_do_nothing(),
        }
        self._statements = statements

    def into(self, work: Work, row: dict[str, Any]) -> bool:
        """Insert a row, and tell whether it was inserted."""
        return work.change(self._statements[work.dialect], row) == 1


def without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a row without the columns of its key: Citus refuses an update that sets the distribution column."""
    return {name: value for name, value in row.items() if name not in names}


class Pages:
    """All rows of a statement in order of a key, read by pages: each page begins after the last key of the one before.

    With ``backwards`` the order is descending, and a page continues below the last key.
    """

    def __init__(
        self, statement: Select[Any], *key: ColumnElement[Any], size: int = PAGE, backwards: bool = False
    ) -> None:
        self._key = [column.key or "" for column in key]
        self._size = size
        self._first = statement.order_by(*[column.desc() if backwards else column for column in key]).limit(size)
        # A comparison of tuples is one range of the index. A growing offset would read all earlier rows again.
        after = tuple_(*[bindparam(f"after_{column.key}", type_=column.type) for column in key])
        self._next = self._first.where(tuple_(*key) < after if backwards else tuple_(*key) > after)

    def read(
        self,
        work: Work,
        row_as: Callable[[Row], E],
        *,
        after: Sequence[Any] | None = None,
        **given: Any,  # noqa: ANN401
    ) -> Iterator[E]:
        """Yield the converted rows, or those with keys above ``after``."""
        for page in self.pages(work, after, **given):
            yield from [row_as(row) for row in page]

    def pages(
        self,
        work: Work,
        after: Sequence[Any] | None = None,
        **given: Any,  # noqa: ANN401
    ) -> Iterator[Sequence[Row]]:
        """Yield the pages that are not empty, each read when it is asked for."""
        page = self.page(work, after, **given)
        while page:
            yield page
            if len(page) < self._size:  # saves the round trip for an empty page
                return
            page = self.page(work, self.key_of(page[-1]), **given)

    def page(self, work: Work, after: Sequence[Any] | None, **given: Any) -> Sequence[Row]:  # noqa: ANN401
        """Return the page of rows with keys above ``after``, or the first page for ``None``."""
        if after is None:
            return work.rows(self._first, given)
        above = {f"after_{name}": value for name, value in zip(self._key, after, strict=True)}
        return work.rows(self._next, {**given, **above})

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """Return the key of a row."""
        return tuple(getattr(row, name) for name in self._key)


_KEYS: Final = "keys"
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


class Among:
    """A query for the rows of many keys, which are one parameter: a list in JSON.

    So the text of the statement is the same for any number of keys, and it stays prepared.
    """

    def __init__(self, query: Select[Any], key: Column[str]) -> None:
        given = bindparam(_KEYS, type_=Text)
        listed: Select[Any] = select(column("value")).select_from(func.json_each(given))
        # An array, computed once: a planner knows ``= ANY`` of it as a scan of the index.
        array = func.array(
            select(func.json_array_elements_text(cast(given, JSON))).scalar_subquery(), type_=ARRAY(Text)
        )
        self._statements: dict[str, Executable] = {
            "postgresql": query.where(key == any_(array)),
            "sqlite": query.where(key.in_(listed)),
        }

    def rows(self, work: Work, keys: Collection[str]) -> Sequence[Row]:
        """Return the rows of these keys, in no particular order, by one statement, or by none without keys."""
        return work.rows(self._statements[work.dialect], {_KEYS: _encode(list(keys))}) if keys else []


GivenRow = Mapping[str, Any]
Statements = Mapping[str, Executable]
"""A statement for each dialect."""

Chosen = Callable[[FromClause], Select[Any]]
"""A function from the rows that are given to the query of the rows to insert."""

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
"""The escape of a zero character in JSON, with no odd backslash before it: both databases cut or refuse such a text."""
_compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class RowSet:
    """Rows as one parameter of a statement, a list in JSON, which the statement reads as a table of these columns."""

    def __init__(self, *columns: Column[Any]) -> None:
        self._types = {each.key: each.type for each in columns}
        self._sources: dict[str, FromClause] = {"postgresql": self._recordset(), "sqlite": self._extracts()}

    def statements(self, make: Callable[[FromClause], Executable]) -> Statements:
        """Return a statement for each dialect, made from the table of rows in that dialect."""
        return {dialect: make(source) for dialect, source in self._sources.items()}

    def source(self, dialect: str) -> FromClause:
        """Return the table of rows for a statement of a dialect."""
        return self._sources[dialect]

    def given(self, work: Work, rows: Sequence[GivenRow]) -> dict[str, str]:
        """Return the parameters that carry these rows.

        :raises StoreFailed: a text contains a zero character.
        """
        columns = [_written(kind, [row[name] for row in rows], work.dialect) for name, kind in self._types.items()]
        values: list[Any] = [*zip(*columns, strict=True)]
        if work.dialect == "postgresql":
            values = [dict(zip(self._types, each, strict=True)) for each in values]
        text = _compact(values)
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
    """The insertion of many rows by one statement, without the rows that conflict with stored ones.

    The rows are the given ones, or those that ``chosen`` selects from them. The primary keys of the inserted rows are
    returned, or the columns ``returning``.
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
            # Without WHERE, SQLite reads the ON of ON CONFLICT as the condition of a join.
            .from_select([*table.columns.keys()], chosen(self._rows.source(dialect)).where(true()))
            .on_conflict_do_nothing()
            .returning(*(returning or table.primary_key.columns))
            for dialect, insert_into in _INSERTING.items()
        }

    def into(self, work: Work, rows: Sequence[GivenRow]) -> list[tuple[Any, ...]]:
        """Insert rows, and return the primary keys, or the columns ``returning``, of those that were inserted."""
        if not rows:
            return []
        return [tuple(row) for row in work.rows(self._statements[work.dialect], self._rows.given(work, rows))]


def _written(kind: sqltypes.TypeEngine[Any], values: list[Any], dialect: str) -> list[Any]:
    """Return a column's values in a form that JSON can represent and the database converts back to the values."""
    known = _DIALECTS[dialect]
    write = kind.dialect_impl(known).bind_processor(known)
    written = values if write is None else [*map(write, values)]
    return written if _PLAIN.issuperset(map(type, written)) else [*map(_plain, written)]


_PLAIN: Final = frozenset({str, int, bool, type(None)})
"""The types that JSON represents directly, and most columns hold nothing else."""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


UNREADABLE: Final = (ValueError, ArithmeticError, SQLAlchemyError, ReferralError)
"""The errors of a value that this library never wrote: from a conversion, the driver, or a rule about values."""


class CarefulPages:
    """All rows of a statement in order, by pages, where the rows of an unreadable page are read one by one.

    So the rows before a manipulated one are still returned, and the error names its place.
    """

    def __init__(self, statement: Select[Any], *key: ColumnElement[Any]) -> None:
        self._pages = Pages(statement, *key)
        self._singly = Pages(statement, *key, size=1)
        self._keys = Pages(statement.with_only_columns(*key), *key)

    def read(
        self,
        work: Work,
        row_as: Callable[[Row], E],
        place: Callable[[Row], tuple[str, int]],
        *,
        after: Sequence[Any] | None = None,
        **given: Any,  # noqa: ANN401 - what the statement takes
    ) -> Iterator[E]:
        """Yield the converted rows with keys above ``after``; ``place`` gives the subject and number of a key.

        :raises TraceUnreadable: the next row cannot be read.
        """
        while True:
            try:
                rows = self._pages.page(work, after, **given)
                page = [row_as(row) for row in rows]
            except UNREADABLE:
                rows = self._rows_of_keys(work, after, given)
                yield from self._one_by_one(work, row_as, place, rows, after, given)
            else:
                yield from page
            if len(rows) < PAGE:
                return
            after = self._pages.key_of(rows[-1])

    def _one_by_one(
        self,
        work: Work,
        row_as: Callable[[Row], E],
        place: Callable[[Row], tuple[str, int]],
        keys: Sequence[Row],
        after: Sequence[Any] | None,
        given: dict[str, Any],
    ) -> Iterator[E]:
        for key in keys:
            try:
                (row,) = self._singly.page(work, after, **given)
                read = row_as(row)
            except UNREADABLE as error:
                raise TraceUnreadable(*place(key)) from error
            yield read
            after = self._pages.key_of(key)

    def _rows_of_keys(self, work: Work, after: Sequence[Any] | None, given: dict[str, Any]) -> Sequence[Row]:
        try:
            return self._keys.page(work, after, **given)
        except StoreFailed as error:
            if UNTOLD not in str(error):  # a fault of the database with a sentence of its own, not of a row
                raise
            # Even the keys were manipulated, so that no row can be named.
            raise StoreFailed("The trace has rows whose very places cannot be read.") from error
