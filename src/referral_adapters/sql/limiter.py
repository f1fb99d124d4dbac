"""A limiter that counts in a database, for all processes that use it together."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from time import time
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, bindparam, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from referral_adapters.sql import schema
from referral_adapters.sql.connections import OwnConnections, parsed_url
from referral_adapters.sql.errors import translated
from referral_adapters.sql.schema import Purpose
from referral_adapters.sql.tables import CODE_DRAWS
from referral_adapters.sql.types import COUNT
from referral_core.ports.limiter import Rate

_SECOND: Final = 1_000_000
_SWEEP: Final = 60 * _SECOND

_NOW: Final = bindparam("now", type_=COUNT)
_STEP: Final = bindparam("step", type_=COUNT)
_SPAN: Final = bindparam("span", type_=COUNT)
# A moment further ahead than any rate allows was written before the clock was set back: it would lock its asker out.
_PAID: Final = case(((CODE_DRAWS.c.due > _NOW) & (CODE_DRAWS.c.due <= _NOW + 2 * _SPAN), CODE_DRAWS.c.due), else_=_NOW)


def _taking(insert: Callable[..., Any]) -> Any:  # noqa: ANN401 - the insert of a dialect
    """Return the one statement that counts a code if the rate allows it, and returns nothing if it does not."""
    return (
        insert(CODE_DRAWS)
        .values(asker=bindparam("asker"), due=_NOW + _STEP)
        .on_conflict_do_update(
            index_elements=[CODE_DRAWS.c.asker], set_={"due": _PAID + _STEP}, where=_PAID + _STEP - _NOW <= _SPAN
        )
        .returning(CODE_DRAWS.c.due)
    )


_TAKING: Final = {"postgresql": _taking(postgresql.insert), "sqlite": _taking(sqlite.insert)}
_DUE: Final = select(CODE_DRAWS.c.due).where(CODE_DRAWS.c.asker == bindparam("asker"))
_OLD: Final = delete(CODE_DRAWS).where(CODE_DRAWS.c.due < _NOW)


class SqlLimiter:
    """Counts in a database, so that several processes share their counts; ``url`` is that of the store.

    Counts are kept apart from the store's transactions, and stay when those are undone. In PostgreSQL they lie in a
    table of the store's database. SQLite lets one writer in at a time, so that they lie in a file beside the store's,
    named like it with ``-limits`` at the end. Keys are kept as digests, without names or addresses, and go away by
    themselves once they do not matter any more. ``clock`` returns the seconds since 1970.

    Safe to use from many threads. Close it at the end, or use it as a context manager.

    :raises SchemaMismatch: the database is of another version of the library.
    :raises StoreFailed: the database is none, or cannot be opened.
    """

    def __init__(self, url: str | URL, *, clock: Callable[[], float] = time) -> None:
        parsed = parsed_url(url)
        if parsed.get_backend_name() == "sqlite":
            self._connections = OwnConnections(parsed.set(database=f"{parsed.database}-limits"))
            with schema.told():
                self._connections.get().execute(CreateTable(CODE_DRAWS, if_not_exists=True))
        else:
            self._connections = schema.opened(parsed, Purpose.WRITE)
        self._clock, self._swept = clock, 0
        self._statement: Final = _TAKING[self._connections.dialect.name]

    def take(self, key: str, rate: Rate) -> float:
        """Count one code under a key; return 0 when the rate allows it, else the seconds to wait.

        :raises StoreFailed: the database does not answer.
        """
        now, span = round(self._clock() * _SECOND), round(rate.seconds * _SECOND)
        given = {"asker": sha256(key.encode()).hexdigest(), "now": now, "step": int(span / rate.count), "span": span}
        try:
            return self._taken(self._connections.get(), given)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise translated(error) from error
            self._connections.drop()
        with schema.told():  # once more, as a server that was restarted has closed the connections of all threads
            return self._taken(self._connections.get(), given)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _taken(self, connection: Connection, given: dict[str, Any]) -> float:
        if connection.execute(self._statement, given).first() is None:
            due: int = connection.execute(_DUE, {"asker": given["asker"]}).scalar() or given["now"]
            wait: int = due + given["step"] - given["now"] - given["span"]
            return max(wait, 1) / _SECOND  # a tick, if the row has gone in between: it may come again at once
        if given["now"] - self._swept >= _SWEEP:
            self._swept = given["now"]
            connection.execute(_OLD, {"now": given["now"]})
        return 0.0
