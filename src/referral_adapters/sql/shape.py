"""Shapes: what tables, columns, keys, indexes, triggers and functions a database has.

What there should be is not written down a second time. All migrations are run once more on nothing, in SQLite in
memory and in PostgreSQL in a schema that nobody else sees and that is undone at once, and the two are compared.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from referral_adapters.sql import distribution, schema
from referral_adapters.sql.errors import StoreFailed
from referral_adapters.sql.finding import Finding
from referral_adapters.sql.shape_parts import Part, parts_in_postgresql, parts_in_sqlite

_MAY_CREATE: Final = "SELECT has_database_privilege(current_database(), 'CREATE')"


def shape_findings(connection: Connection) -> Generator[Finding, None, bool]:
    """Yield what is missing or different, each by its name; what else there is may be the host's own.

    Returns whether every table and column is there, so that statements can be made about them.

    :raises StoreFailed: PostgreSQL does not let this user make a schema to compare with.
    """
    if connection.dialect.name == "sqlite":
        return (yield from _differences(_expected_in_sqlite(), parts_in_sqlite(connection)))
    if not connection.exec_driver_sql(_MAY_CREATE).scalar():
        raise StoreFailed(
            "The check makes a schema of its own to compare with, and undoes it: run it as the owner of the database."
        )
    is_spread = distribution.is_distributed(connection)
    with _undone(connection):
        found = parts_in_postgresql(connection, "SELECT relnamespace::regnamespace::text FROM pg_class"
                                    f" WHERE oid = to_regclass('{schema.VERSION_TABLE}')")  # fmt: skip
    with _undone(connection):
        name = f"referral_check_{secrets.token_hex(8)}"
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        connection.exec_driver_sql(f"SET LOCAL search_path TO {name}")
        schema.run_migrations(connection)
        if is_spread:
            distribution.loosen(connection)
        expected = parts_in_postgresql(connection, f"SELECT '{name}'")
    return (yield from _differences(expected, found))


def _expected_in_sqlite() -> Mapping[Part, str]:
    engine = create_engine("sqlite://", isolation_level="AUTOCOMMIT", poolclass=StaticPool)
    with engine.connect() as scratch:
        schema.run_migrations(scratch)
        parts = parts_in_sqlite(scratch)
    engine.dispose()
    return parts


@contextmanager
def _undone(connection: Connection) -> Iterator[None]:
    """Do a block in a transaction that is undone however it ends."""
    connection.exec_driver_sql("BEGIN READ WRITE")
    try:
        yield
    finally:
        roll_back(connection)


def roll_back(connection: Connection) -> None:
    """End a transaction, unless its connection has gone, and it with that."""
    if not connection.invalidated:
        connection.exec_driver_sql("ROLLBACK")


def _differences(expected: Mapping[Part, str], found: Mapping[Part, str]) -> Generator[Finding, None, bool]:
    is_whole = True
    for part, definition in expected.items():
        if part in found:
            if found[part] != definition:
                yield Finding(part.kind, part.name, f"The {part} is {found[part]!r} and should be {definition!r}.")
        elif part.stands_in(found):
            is_whole &= part.kind not in {"table", "column"}
            yield Finding(part.kind, part.name, f"The {part} is missing.")
    return is_whole
