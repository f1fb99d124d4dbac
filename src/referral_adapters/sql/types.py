"""The types of columns: what a value is in PostgreSQL, and what it is in SQLite."""

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
"""Text, compared to the letter and ordered by code points, whatever the database's language."""

COUNT: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number."""


def is_postgresql(dialect: Dialect) -> bool:
    """Tell PostgreSQL from SQLite."""
    return dialect.name == "postgresql"


class Moment(types.TypeDecorator[datetime]):
    """A moment: ``timestamptz`` in PostgreSQL, microseconds since 1970 in UTC in SQLite (M1)."""

    impl = types.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Return what the database keeps."""
        if is_postgresql(dialect):
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Integer())

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], object] | None:
        """Return what makes of a moment what is written; PostgreSQL takes moments as they are."""
        return None if is_postgresql(dialect) else _ticks

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Return what makes a moment in UTC of what was read."""
        return _moment_in_postgresql if is_postgresql(dialect) else _moment_in_sqlite


class Amount(types.TypeDecorator[Decimal]):
    """An amount of money: ``numeric(14, 2)`` in PostgreSQL, whole cents in SQLite (M3)."""

    impl = types.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Return what the database keeps."""
        return dialect.type_descriptor(Numeric(14, 2) if is_postgresql(dialect) else Integer())

    def bind_processor(self, dialect: Dialect) -> Callable[[Decimal | None], object] | None:
        """Return what makes of an amount what is written; PostgreSQL takes decimals as they are."""
        return None if is_postgresql(dialect) else _cents

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None]:
        """Return what makes an amount with two decimals of what was read."""
        return _amount_in_postgresql if is_postgresql(dialect) else _amount_in_sqlite


def _ticks(moment: datetime | None) -> int | None:
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
        """Return what the database keeps."""
        return dialect.type_descriptor(Date() if is_postgresql(dialect) else Text())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> object:
        """Return what is written."""
        return value if value is None or is_postgresql(dialect) else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:  # noqa: ANN401
        """Return what was read."""
        if value is None:
            return None
        day: date = value if is_postgresql(dialect) else date.fromisoformat(value)
        return day


class CanonicalJson(types.TypeDecorator[Any]):
    """Names and values, or a list of words, as canonical JSON text: sorted, without blanks."""

    impl = types.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Return what the database keeps."""
        return dialect.type_descriptor(postgresql.TEXT(collation="C") if is_postgresql(dialect) else Text())

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Return what is written."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return what was read."""
        return None if value is None else json.loads(value)


class State(CanonicalJson):
    """What was so before or after an act: names and values whose text is as it was written, sign for sign (A2)."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return what was read.

        :raises ValueError: it is not what was written, even if it means the same.
        """
        state = super().process_result_value(value, dialect)
        if value is not None and not (isinstance(state, dict) and canonical(state) == value):
            raise ValueError("the state was not written by this library")
        return state


def canonical(value: object) -> str:
    """Return a value as canonical JSON text."""
    # Asked first, because Mapping takes long to say no.
    return _encode(value if isinstance(value, dict | tuple | list) or not isinstance(value, Mapping) else dict(value))
