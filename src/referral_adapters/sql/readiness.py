"""Readiness: whether a database can be read and can keep a change, by a connection of its own that keeps none."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from referral_adapters.sql import schema
from referral_adapters.sql.connections import engine_at
from referral_adapters.sql.errors import StoreFailed, translated

_ROOM: Final = 256 * 1024
"""The bytes for which there must be room on the disk: more than any act takes."""
_LEAST_CONNECT: Final = 2
"""The fewest seconds that PostgreSQL's own client waits for a connection."""


def check_ready(url: URL, within: float) -> None:
    """Look whether a database can be read, is of this version, is not read-only, and has room for a change.

    The look writes and undoes what it wrote. It waits at most ``within`` seconds for others.

    :raises SchemaMismatch: the database is of another version of the library.
    :raises StoreFailed: it is read-only, its disk is full, or it does not answer.
    :raises ConcurrentChange: somebody else holds it for so long.
    """
    is_file = url.get_backend_name() == "sqlite"
    patience = {"timeout": str(within)}
    if not is_file:
        patience["connect_timeout"] = str(max(_LEAST_CONNECT, round(within)))
    engine = engine_at(url.update_query_dict(patience), must_exist=True, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            _look_into_file(connection) if is_file else _ask_server(connection)
    except DBAPIError as error:
        raise translated(error) from error
    finally:
        engine.dispose()


def _look_into_file(connection: Connection) -> None:
    # With next to no cache the pages go to the disk before the end of the transaction, which is then undone: what is
    # in the file never changes.
    for statement in ("PRAGMA cache_size = 1", "PRAGMA cache_spill = 1", "BEGIN IMMEDIATE"):
        connection.exec_driver_sql(statement)
    try:
        schema.check(schema.version_of(connection))
        connection.exec_driver_sql("CREATE TABLE referral_room (room BLOB)")
        connection.exec_driver_sql("INSERT INTO referral_room VALUES (zeroblob(?))", (_ROOM,))
    finally:
        _undo(connection)


def _ask_server(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
    try:
        schema.check(schema.version_of(connection))
        is_read_only: Any = connection.exec_driver_sql(
            "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"
        ).scalar_one()
        if is_read_only:
            raise StoreFailed("The database is read-only.")
        # More rows than fit into this memory go to a temporary file, on the disk of the tables.
        for setting in ("work_mem = '64kB'", "temp_tablespaces = ''"):
            connection.exec_driver_sql(f"SET LOCAL {setting}")
        connection.exec_driver_sql(f"SELECT count(*) FROM generate_series(1, {_ROOM // 16})")
    finally:
        _undo(connection)


def _undo(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    driver.rollback()  # also after an error that has ended the transaction by itself
