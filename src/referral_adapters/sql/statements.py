"""Statements that several repositories make: pages of rows, rows among many keys, many rows given at once."""

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


class Pages:
    """All rows of a statement in order, read by pages after the last key, so that few are held at a time.

    ``backwards`` turns the order round, and what comes after a key.
    """

    def __init__(
        self, statement: Select[Any], *key: ColumnElement[Any], size: int = PAGE, backwards: bool = False
    ) -> None:
        self._key = [column.key or "" for column in key]
        self._size = size
        self._first = statement.order_by(*[column.desc() if backwards else column for column in key]).limit(size)
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
        """Yield what every row stands for, or those with keys above ``after``."""
        for page in self.pages(work, after, **given):
            yield from [row_as(row) for row in page]

    def pages(
        self,
        work: Work,
        after: Sequence[Any] | None = None,
        **given: Any,  # noqa: ANN401
    ) -> Iterator[Sequence[Row]]:
        """Yield page after page."""
        page = self.page(work, after, **given)
        while page:
            yield page
            if len(page) < self._size:
                return
            page = self.page(work, self.key_of(page[-1]), **given)

    def page(self, work: Work, after: Sequence[Any] | None, **given: Any) -> Sequence[Row]:  # noqa: ANN401
        """Return the page of rows with keys above ``after``; the first one for ``None``."""
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
    """A query for the rows whose key is among some texts, which go there as one: a list in JSON."""

    def __init__(self, query: Select[Any], key: Column[str]) -> None:
        given = bindparam(_KEYS, type_=Text)
        listed: Select[Any] = select(column("value")).select_from(func.json_each(given))
        array = func.array(
            select(func.json_array_elements_text(cast(given, JSON))).scalar_subquery(), type_=ARRAY(Text)
        )
        self._statements: dict[str, Executable] = {
            "postgresql": query.where(key == any_(array)),
            "sqlite": query.where(key.in_(listed)),
        }

    def rows(self, work: Work, keys: Collection[str]) -> Sequence[Row]:
        """Return the rows of these keys, in no order."""
        return work.rows(self._statements[work.dialect], {_KEYS: _encode(list(keys))}) if keys else []


GivenRow = Mapping[str, Any]
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
_compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


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

    def given(self, work: Work, rows: Sequence[GivenRow]) -> dict[str, str]:
        """Return the parameters by which a statement is given these rows."""
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

    def into(self, work: Work, rows: Sequence[GivenRow]) -> list[tuple[Any, ...]]:
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


UNREADABLE: Final = (ValueError, ArithmeticError, SQLAlchemyError, ReferralError)
"""What comes of a value that this library never wrote: from a type, from the driver, or from a rule about values."""


class CarefulPages:
    """All rows of a statement in order, by pages; where a page cannot be read, its rows are read one by one."""

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
        """Yield what every row with a key above ``after`` stands for; ``place`` says which one a key belongs to.

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
            if UNTOLD not in str(error):  # the database is gone, or full
                raise
            # Even the keys were tampered with.
            raise StoreFailed("The trace has rows whose very places cannot be read.") from error
