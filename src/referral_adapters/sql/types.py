"""The types of columns, with their representations in PostgreSQL and in SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, Date, Dialect, Integer, Numeric, Text, types
from sqlalchemy.dialects import postgresql

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_CENTS: Final = Decimal("0.01")
_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

WORDS: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that is compared to the letter and ordered by code points, whatever the locale of the database."""

COUNT: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number."""


def is_postgresql(dialect: Dialect) -> bool:
    """Tell whether the database is PostgreSQL; otherwise it is SQLite."""
    return dialect.name == "postgresql"


class Moment(types.TypeDecorator[datetime]):
    """A moment: ``timestamptz`` in PostgreSQL, microseconds since 1970 in UTC in SQLite (M1)."""

    impl = types.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Return the type of the column in this database."""
        if is_postgresql(dialect):
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Integer())

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], object] | None:
        """Return the converter of parameters; the driver of PostgreSQL takes moments without one."""
        return None if is_postgresql(dialect) else _ticks

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Return the converter of results, which makes moments in UTC."""
        return _moment_in_postgresql if is_postgresql(dialect) else _moment_in_sqlite


class Amount(types.TypeDecorator[Decimal]):
    """An amount of money: ``numeric(14, 2)`` in PostgreSQL, whole cents in SQLite (M3)."""

    impl = types.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Return the type of the column in this database."""
        return dialect.type_descriptor(Numeric(14, 2) if is_postgresql(dialect) else Integer())

    def bind_processor(self, dialect: Dialect) -> Callable[[Decimal | None], object] | None:
        """Return the converter of parameters; the driver of PostgreSQL takes decimals without one."""
        return None if is_postgresql(dialect) else _cents

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None]:
        """Return the converter of results, which makes amounts with two decimals."""
        return _amount_in_postgresql if is_postgresql(dialect) else _amount_in_sqlite


def _ticks(moment: datetime | None) -> int | None:
    # Whole numbers throughout: ``timestamp()`` is a float, which can lose microseconds.
    return None if moment is None else (moment - _EPOCH) // _TICK


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount.scaleb(2))


def _moment_in_postgresql(value: Any) -> datetime | None:  # noqa: ANN401 - a driver's
    return None if value is None else value.astimezone(UTC)


def _moment_in_sqlite(value: Any) -> datetime | None:  # noqa: ANN401 - a driver's
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def _amount_in_postgresql(value: Any) -> Decimal | None:  # noqa: ANN401 - a driver's
    return None if value is None else Decimal(value).quantize(_CENTS)


def _amount_in_sqlite(value: Any) -> Decimal | None:  # noqa: ANN401 - a driver's
    return None if value is None else Decimal(int(value)).scaleb(-2)


class Day(types.TypeDecorator[date]):
    """A day: ``date`` in PostgreSQL, ``2021-03-01`` in SQLite."""

    impl = types.Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Return the type of the column in this database."""
        return dialect.type_descriptor(Date() if is_postgresql(dialect) else Text())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> object:
        """Return a parameter in the driver's form."""
        return value if value is None or is_postgresql(dialect) else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:  # noqa: ANN401
        """Return the day of a value from the driver."""
        if value is None:
            return None
        day: date = value if is_postgresql(dialect) else date.fromisoformat(value)
        return day


class CanonicalJson(types.TypeDecorator[Any]):
    """Names and values, or a list of words, as canonical JSON text: sorted, without blanks.

    The column is text in both databases: in PostgreSQL ``jsonb`` keeps no text to the letter, and ``json`` cannot be
    compared.
    """

    impl = types.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Return the type of the column in this database."""
        return dialect.type_descriptor(postgresql.TEXT(collation="C") if is_postgresql(dialect) else Text())

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Return the canonical text of a value."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return the value of a text from the driver."""
        return None if value is None else json.loads(value)


class State(CanonicalJson):
    """The state before or after an act: names and values whose stored text must be exactly the one written (A2)."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return the state of a text from the driver.

        :raises ValueError: the text is not canonical, even if its meaning is the same.
        """
        state = super().process_result_value(value, dialect)
        if value is not None and not (isinstance(state, dict) and canonical(state) == value):
            raise ValueError("the state was not written by this library")
        return state


def canonical(value: object) -> str:
    """Return a value as canonical JSON text."""
    # The concrete types first: the test for the abstract ``Mapping`` is slow.
    return _encode(value if isinstance(value, dict | tuple | list) or not isinstance(value, Mapping) else dict(value))
