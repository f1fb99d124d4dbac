"""Connections to a database: the store's own, one for each thread, or the one that a host lends."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import Pool

from referral_adapters.sql.errors import StoreFailed, translated
from referral_adapters.sql.prepared import Cursor

PATIENCE: Final = 10.0
"""The seconds that a writer waits for a lock; a URL of SQLite may set another number by ``?timeout=``."""
ANSWER: Final = 60.0
"""The seconds that PostgreSQL may take for a statement; a URL may set another number by ``?timeout=``, 0 for no limit.
"""
_GRACE: Final = 5.0
"""The seconds after that limit at which the client gives up a server that has not reported the timeout itself."""
_NETWORK: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""The settings of ``libpq`` that detect a dead network connection; a URL may set each of them to another value."""

_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class Connections(Protocol):
    """The connections of a store: one for each thread, or the one that a host lends."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of the database, as SQLAlchemy describes it."""
        ...

    @property
    def read_only(self) -> bool:
        """Tell whether the database refuses every change."""
        ...

    def cursor(self) -> Cursor:
        """Return a cursor of this thread's connection."""
        ...

    def is_lost(self, error: Exception) -> bool:
        """Tell whether an error of the driver means that this thread's connection is broken."""
        ...

    def get(self) -> Connection:
        """Return the connection of this thread."""
        ...

    def drop(self) -> None:
        """Discard this thread's broken connection."""
        ...

    def close(self) -> None:
        """Close the connections that belong to the store."""
        ...


class OwnConnections:
    """A connection for each thread, kept for the life of the thread; the store itself begins and ends transactions.

    Unless it is ``read_only``, a connection creates a missing SQLite file and makes the settings of a store in it. So
    :func:`referral_adapters.sql.schema.opened` looks at a file before it opens connections to it.

    :raises StoreFailed: the URL names no database of a kind that this adapter supports, or its driver is missing.
    """

    def __init__(
        self, url: str | URL, *, hurried: bool = True, read_only: bool = False, must_exist: bool = False
    ) -> None:
        self._engine = engine_at(url, hurried=hurried, read_only=read_only, must_exist=must_exist)
        self.read_only: Final = read_only
        self._local = threading.local()
        self._lock = threading.Lock()
        self._held: dict[threading.Thread, Connection] = {}

    def make_no_more(self) -> None:
        """Make no SQLite file from now on, not even when the one that is there goes away."""
        event.remove(self._engine, "do_connect", _make_private_file)
        event.listen(self._engine, "do_connect", _make_no_file)

    @property
    def dialect(self) -> Dialect:
        """The dialect of the engine."""
        return self._engine.dialect

    def cursor(self) -> Cursor:
        """Return the one cursor of this thread's connection; a fresh one for every statement costs more."""
        cursor: Cursor | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self.get().connection.cursor()
        return cursor

    def is_lost(self, error: Exception) -> bool:
        """Tell whether an error of the driver means that this thread's connection is broken."""
        return _is_lost(self.get(), error)

    def get(self) -> Connection:
        """Return the connection of this thread, opened at its first use."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Nothing announces the end of a thread, so the next new thread closes the connections of ended ones.
            self._close_those_of(lambda thread: not thread.is_alive())
            try:
                connection = self._engine.connect()
            except DBAPIError as error:
                raise translated(error) from error
            except (TypeError, ValueError):  # the driver refuses a parameter of the URL only when it connects
                raise StoreFailed(_NO_URL) from None
            self._local.connection = connection
            with self._lock:
                self._held[threading.current_thread()] = connection
        return connection

    def drop(self) -> None:
        """Discard this thread's connection; the next call of the thread opens another one."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.invalidate()
            self._close_those_of(lambda thread: thread is threading.current_thread())
            del self._local.connection
            self._local.cursor = None

    def close(self) -> None:
        """Close the connections of all threads, and the pool."""
        self._close_those_of(lambda _: True)
        self._local = threading.local()
        self._engine.dispose()

    def _close_those_of(self, chosen: Callable[[threading.Thread], bool]) -> None:
        with self._lock:
            closing = [self._held.pop(thread) for thread in list(self._held) if chosen(thread)]
        for connection in closing:
            connection.close()


class HostConnection:
    """The one connection that a host lends; the host commits its transaction or rolls it back."""

    read_only: Final = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        """The dialect of the host's connection."""
        return self._connection.dialect

    def cursor(self) -> Cursor:
        """Return a new cursor of the host's connection, inside the host's transaction."""
        connection = self.get()
        # A driver's cursor passes SQLAlchemy by, which otherwise begins a transaction at the first statement. Without
        # one the host's commit would do nothing.
        if not connection.in_transaction():
            connection.begin()
        cursor: Cursor = connection.connection.cursor()
        return cursor

    def is_lost(self, error: Exception) -> bool:
        """Tell whether an error of the driver means that the host's connection is broken."""
        return _is_lost(self._connection, error)

    def get(self) -> Connection:
        """Return the host's connection, in a transaction."""
        driver: Any = self._connection.connection
        if self._connection.dialect.name == "sqlite" and not driver.in_transaction:
            # Python's driver begins a transaction only before a change, not before SAVEPOINT. Releasing an outermost
            # savepoint would commit it in SQLite, behind the host's back.
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
        return self._connection

    def drop(self) -> None:
        """Do nothing: a broken connection is the host's to replace."""

    def close(self) -> None:
        """Do nothing: the connection is the host's to close."""


def _is_lost(connection: Connection, error: Exception) -> bool:
    dialect: Any = connection.dialect
    return bool(dialect.is_disconnect(error, connection.connection.dbapi_connection, None))


def engine_at(
    url: str | URL,
    *,
    hurried: bool = True,
    read_only: bool = False,
    must_exist: bool = False,
    poolclass: type[Pool] | None = None,
) -> Engine:
    """Return an engine without transactions of its own; unless ``hurried``, a statement may take as long as it does.

    Without ``hurried`` PostgreSQL has no limit of time for a statement or a lock. A ``read_only`` engine refuses every
    change. With ``must_exist`` no SQLite file is created, not even when the file is removed while it is in use.

    :raises StoreFailed: the URL names no database of a kind that this adapter supports, or its driver is missing.
    """
    parsed = parsed_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_pre_ping": not is_sqlite}
    options |= {"max_overflow": -1} if poolclass is None else {"poolclass": poolclass}
    try:
        if is_sqlite:
            options["connect_args"] = {} if "timeout" in parsed.query else {"timeout": PATIENCE}
            engine = create_engine(parsed, **options)
        else:
            engine = _postgresql_at(parsed, options, hurried, read_only)
    except (ImportError, NoSuchModuleError) as error:
        raise StoreFailed(f"The driver of the database is missing: {error}.") from error
    except (TypeError, ValueError):  # from a parameter behind the question mark of the URL
        raise StoreFailed(_NO_URL) from None
    if is_sqlite:
        event.listen(engine, "connect", _ask_sqlite if read_only else _set_up_sqlite)
        event.listen(engine, "do_connect", _make_no_file if must_exist else _make_private_file)
    return engine


def _postgresql_at(url: URL, options: dict[str, Any], hurried: bool, read_only: bool) -> Engine:
    from referral_adapters.sql.patient_connection import PatientConnection  # noqa: PLC0415 - it needs the driver

    limit = float(str(url.query.get("timeout", ANSWER))) if hurried else 0.0
    settings = f"{url.query.get('options', '')} -c TimeZone=UTC"
    if hurried:  # in front of the URL's own settings, which may set other limits
        settings = f"-c statement_timeout={round(limit * 1000)} -c lock_timeout={round(PATIENCE * 1000)} {settings}"
    if read_only:  # at the end, since the last setting of a name counts: the URL cannot undo it
        settings = f"{settings} -c default_transaction_read_only=on"
    network = {name: value for name, value in _NETWORK.items() if name not in url.query}
    options["connect_args"] = {**network, "options": settings.strip()}
    engine = create_engine(url.difference_update_query(["timeout"]), **options)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, given: Sequence[Any], named: dict[str, Any]) -> PatientConnection:
        connection = PatientConnection.connect(*given, **named)
        connection.patience = limit + _GRACE if limit else None
        return connection

    return engine


def parsed_url(url: str | URL) -> URL:
    """Return a URL with the one driver that this adapter supports for its database.

    :raises StoreFailed: the URL names neither an SQLite file nor a PostgreSQL database.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreFailed(_NO_URL) from None  # the error quotes the URL, which may hold a password
    driver = _DRIVERS.get(parsed.drivername, parsed.drivername)
    if driver not in _DRIVERS.values():
        raise StoreFailed(_NO_URL)
    if driver.startswith("sqlite") and _is_in_memory(parsed):
        raise StoreFailed("SQLite in memory is not for many threads: name a file, or use the store in memory.")
    return parsed.set(drivername=driver)


def _is_in_memory(url: URL) -> bool:
    return not url.database or ":memory:" in url.database or url.query.get("mode") == "memory"


_NO_URL: Final = "That is not the URL of a database: write sqlite:///referral.db or postgresql://user@host/name."


def _set_up_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's
    # With a write-ahead log readers do not wait for the writer. SQLite checks foreign keys only where each connection
    # asks for it.
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _ask_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's
    # The journal mode stands in the file, so that a connection which only reads must not set it.
    for pragma in ("query_only=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _make_private_file(_dialect: object, _record: object, given: list[Any], named: dict[str, Any]) -> None:
    """Make the file that SQLite would make, for the user of this process alone: it holds names and a secret.

    What SQLite makes beside a file gets the file's own permissions. A file that is there keeps those it has.
    """
    name, how = str(given[0]), ""
    if named.get("uri") and name.startswith("file:"):
        parts = urlsplit(name)
        name, how = unquote(parts.path), dict(parse_qsl(parts.query)).get("mode", "rwc")
    if how in {"", "rwc"}:
        with suppress(OSError):  # it is there, or cannot be made, which SQLite tells
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _make_no_file(_dialect: object, _record: object, given: list[Any], named: dict[str, Any]) -> None:
    """Make SQLite open the file by a URI that forbids creating it; a URL that is a URI already stays unchanged."""
    if not named.get("uri"):
        given[0], named["uri"] = f"{Path(given[0]).as_uri()}?mode=rw", True
