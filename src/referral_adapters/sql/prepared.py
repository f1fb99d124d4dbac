"""Statements in a driver's own form, compiled once and then executed with new values.

SQLAlchemy writes the SQL and converts the values of each type for each database. It prepares both anew for every
execution, which takes several times as long as a small read. Here the parts that stay the same are kept.
"""

from __future__ import annotations

import collections
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import attrs
from sqlalchemy import ColumnElement, Dialect, Executable, Select, Table, UpdateBase, bindparam
from sqlalchemy.sql import visitors

from referral_adapters.sql.exchange import encoded

_NAMED: Final = re.compile(r"%\(([^)]+)\)s")
AT: Final = "at"
"""The parameter for the value of the distribution column, in statements that read rows at one place of a cluster."""
Parameters = Mapping[str, Any]
Processor = Callable[[Any], Any]


class Row(Protocol):
    """A row of a result: a value for each column, under the column's name."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever its type makes of it
        """Return the value of a column."""
        ...

    def __getitem__(self, place: slice) -> tuple[Any, ...]:
        """Return the values of neighbouring columns."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Yield the values of all columns."""
        ...


class Cursor(Protocol):
    """The part of a driver's cursor that is used here."""

    @property
    def description(self) -> Any:  # noqa: ANN401 - a driver's
        """The columns of the result, ``None`` if the statement returns no rows."""
        ...

    @property
    def rowcount(self) -> int:
        """The number of rows that the statement changed."""
        ...

    def execute(self, statement: str, values: Any = ..., /) -> object:  # noqa: ANN401 - a driver's
        """Execute a statement."""
        ...

    def executemany(self, statement: str, values: Any, /) -> object:  # noqa: ANN401 - a driver's
        """Execute a statement once for each of many rows."""
        ...

    def fetchall(self) -> Sequence[tuple[Any, ...]]:
        """Return all rows of the result."""
        ...


@functools.lru_cache(maxsize=1024)
def prepared(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> Prepared:
    """Return a statement compiled for a database and for parameters of these names; the last 1,024 are kept."""
    return Prepared(statement, dialect, names)


class LockScope(Protocol):
    """The scope of a read, which may be a transaction that locks the rows it reads."""

    @property
    def locks(self) -> bool:
        """Tell whether a read locks its rows now."""
        ...


@attrs.frozen(eq=False)
class Directory:
    """A small table that maps another key to values of the distribution ``column`` of the rows.

    On one server the directory is a subquery of the statement. A cluster would ask every node: there the directory is
    read first, and then the rows at each place that it names.
    """

    column: ColumnElement[str]
    places: Select[Any]


class Lockable:
    """A read that locks its rows inside a transaction of PostgreSQL, and does not elsewhere.

    Rows are locked ``FOR UPDATE``; rows of a ``shared`` table are locked ``FOR SHARE``, so that many transactions may
    read and none may change them. Without ``is_locked`` no row is locked, because a lock by name protects the rows.
    With a ``directory`` the rows are those at its places, and :meth:`there` reads those at one place, the parameter
    ``at``.
    """

    def __init__(
        self,
        statement: Select[Any],
        shared: Table | None = None,
        *,
        is_locked: bool = True,
        directory: Directory | None = None,
    ) -> None:
        def locked(found: Select[Any]) -> Select[Any]:
            return found.with_for_update(read=shared is not None, of=shared) if is_locked else found

        self.directory: Final = directory
        whole = statement if directory is None else statement.where(directory.column.in_(directory.places))
        near = statement if directory is None else statement.where(directory.column == bindparam(AT))
        self.tables: Final = tables_of(whole)
        self._whole: Final[tuple[Executable, Executable]] = whole, locked(whole)
        self._near: Final[tuple[Executable, Executable]] = near, locked(near)

    def __call__(self, work: LockScope) -> Executable:
        """Return the statement with or without a lock, as the scope requires now."""
        return self._whole[work.locks]

    def there(self, work: LockScope) -> Executable:
        """Return the statement that reads the rows at one place, with or without a lock."""
        return self._near[work.locks]


class Prepared:
    """One statement compiled for one database, with converters for its parameters and its rows."""

    def __init__(self, statement: Executable, dialect: Dialect, names: Iterable[str]) -> None:
        expression: Any = statement  # every executable has ``compile``, but its type does not declare it
        compiled = expression.compile(dialect=dialect, column_keys=list(names) or None)
        # Such a list is expanded at every execution, so that its text could not be kept.
        if compiled.post_compile_params:
            raise TypeError("a list of values makes another statement for each length: write it as conditions")
        self.text: str = compiled.string
        self.changes: bool = isinstance(statement, UpdateBase)
        self.tables: frozenset[str] = tables_of(statement)
        self._dialect = dialect
        self.given: Final = frozenset(names)
        self._columns: tuple[ColumnElement[Any], ...] = tuple(getattr(statement, "exported_columns", ()))
        self._is_positional: bool = compiled.positional
        order = compiled.positiontup if compiled.positional else compiled.bind_names.values()
        self._binds: Final = [(name, compiled.binds[name].effective_value, compiled.binds[name].type) for name in order]
        self._writers: Final = [
            (name, fixed, of_type.dialect_impl(dialect).bind_processor(dialect)) for name, fixed, of_type in self._binds
        ]
        self._read: Callable[[Sequence[tuple[Any, ...]]], list[Row]] | None = None

    @functools.cached_property
    def numbered(self) -> tuple[bytes, tuple[int, ...]]:
        """The text with ``$1``, ``$2`` … for its parameters, and the place of each among the converters.

        A name that occurs twice gets one number.
        """
        places = {name: place for place, (name, *_) in enumerate(self._writers)}
        found: dict[str, int] = {}
        text = _NAMED.sub(lambda named: f"${found.setdefault(named[1], len(found) + 1)}", self.text)
        return text.replace("%%", "%").encode(), tuple(places[name] for name in found)

    def sent(self, given: Parameters) -> tuple[bytes, list[bytes | None]]:
        """Return the statement with its values as :func:`~referral_adapters.sql.exchange.exchange` takes them."""
        return self.numbered[0], self._sent(given)

    @functools.cached_property
    def _sent(self) -> Callable[[Parameters], list[bytes | None]]:
        return self._written([self._writers[place] for place in self.numbered[1]], "encoded({})")

    @functools.cached_property
    def _listed(self) -> Callable[[Parameters], list[Any]]:
        return self._written(self._writers, "{}")

    def _written(self, writers: Sequence[tuple[str, Any, Processor | None]], each: str) -> Callable[[Parameters], Any]:
        """Return a compiled function from the parameters of an execution to the list of their converted values."""
        # Written out as source, since a loop over converters costs a multiple and runs ten times a sign-up.
        names: dict[str, Any] = {"encoded": encoded}
        parts = []
        for place, (name, fixed, write) in enumerate(writers):
            names[f"fixed_{place}"], names[f"write_{place}"] = fixed, write
            value = f"given[{name!r}]" if name in self.given else f"given.get({name!r}, fixed_{place})"
            parts.append(each.format(value if write is None else f"write_{place}({value})"))
        source = compile(f"lambda given: [{', '.join(parts)}]", "<values>", "eval")
        written: Callable[[Parameters], Any] = eval(source, names)
        return written

    def values(self, given: Parameters) -> Any:  # noqa: ANN401 - as the driver wants them
        """Return the converted values of one execution, as a list or a mapping, whichever the driver takes."""
        if self._is_positional:
            return self._listed(given)
        return {
            name: write(given.get(name, fixed)) if write else given.get(name, fixed)
            for name, fixed, write in self._writers
        }

    def rows(self, cursor: Cursor) -> list[Row]:
        """Return the rows of a cursor after an execution, with converted values."""
        if self._read is None:
            self._read = _reader(self._columns, [each[0] for each in cursor.description], self._dialect)
        return self._read(cursor.fetchall())

    def read(self, fetched: Sequence[tuple[Any, ...]]) -> list[Row]:
        """Return the rows of values that were fetched without a cursor, by the columns of the statement."""
        if self._read is None:
            self._read = _reader(self._columns, [column.key for column in self._columns], self._dialect)
        return self._read(fetched)


def tables_of(statement: Executable) -> frozenset[str]:
    """Return the names of all tables that a statement reads or changes."""
    expression: Any = statement
    return frozenset(each.name for each in visitors.iterate(expression) if isinstance(each, Table))


def row_maker(names: Iterable[str]) -> Callable[[Iterable[Any]], Row]:
    """Return a function that makes rows with columns of these names from their values."""
    of_columns = cast("Any", collections.namedtuple)  # type checkers accept only names in a literal
    make: Callable[[Iterable[Any]], Row] = of_columns("row", names, rename=True)._make
    return make


def _reader(
    columns: Sequence[ColumnElement[Any]], described: Sequence[Any], dialect: Dialect
) -> Callable[[Sequence[tuple[Any, ...]]], list[Row]]:
    """Return a function that makes rows of fetched values; the columns of SQL written by hand are not converted."""
    names = [column.key or "" for column in columns] or described
    make = row_maker(names)
    readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    chosen = [(place, read) for place, read in enumerate(readers) if read is not None]

    def plain(fetched: Sequence[tuple[Any, ...]]) -> list[Row]:
        return [make(each) for each in fetched]

    def processed(fetched: Sequence[tuple[Any, ...]]) -> list[Row]:
        rows = []
        for each in fetched:
            values = list(each)
            for place, read in chosen:
                values[place] = read(values[place])
            rows.append(make(values))
        return rows

    return processed if chosen else plain
