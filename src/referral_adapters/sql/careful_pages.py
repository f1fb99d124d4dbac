"""Reading what may have been tampered with: a row that cannot be read is named, and the rest still can."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select
from sqlalchemy.exc import SQLAlchemyError

from referral_adapters.sql.errors import UNTOLD, StoreFailed
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.statements import PAGE, Pages
from referral_adapters.sql.work import Work
from referral_core.values.errors import ReferralError, TraceUnreadable

E = TypeVar("E")

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
