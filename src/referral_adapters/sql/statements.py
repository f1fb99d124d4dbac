"""Statements that several repositories make: an insertion that others may have been quicker with, and pages of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import ColumnElement, Executable, Select, Table, bindparam, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite

from referral_adapters.sql.prepared import Row

if TYPE_CHECKING:
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
