"""The schema: made and brought up to date by migrations, and never guessed at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
from sqlalchemy import Connection, Select, column, inspect, select, table
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from referral_adapters.sql import distribution
from referral_adapters.sql.connections import PATIENCE, OwnConnections
from referral_adapters.sql.errors import SchemaMismatch, translated
from referral_adapters.sql.work import Work

HEAD: Final = "0007"
"""The migration that this version of the library works with."""
KNOWN: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""All migrations of this version, oldest first."""
VERSION_TABLE: Final = "referral_version"

_VERSION: Final[Select[Any]] = select(column("version_num")).select_from(table(VERSION_TABLE))


@attrs.frozen
class Upgraded:
    """What an upgrade came to: the schema before, ``None`` when there was none, and after.

    ``distributed`` names the tables that were handed to the cluster.
    """

    before: str | None
    after: str
    distributed: tuple[str, ...] = ()


def upgrade(url: str | URL, *, distributed: bool = False) -> Upgraded:
    """Bring the database at ``url`` to the schema of this version of the library; an empty one gets all tables.

    It is one transaction: whatever ends it early leaves the schema that was there. Of two at once, one waits for the
    other. ``distributed`` hands every table to the cluster that PostgreSQL with Citus is; of a database where that was
    done, an upgrade hands over new tables by itself.

    :raises SchemaMismatch: its schema is newer than this version.
    :raises ConcurrentChange: somebody else holds the tables, or in SQLite the whole file.
    :raises StoreFailed: the database cannot be opened, changed or distributed.
    """
    connections = OwnConnections(url, hurried=False)
    try:
        work = Work(connections)
        with told(), work.transaction():
            connection = connections.get()
            work.lock("referral schema")
            _be_short(connection)
            before = version_of(connection)
            _refuse_newer(before)
            run_migrations(connection)
            handed_over = distribution.distribute(connection) if distributed else distribution.continued(connection)
        return Upgraded(before, HEAD, handed_over)
    finally:
        connections.close()


def prepare(work: Work, connection: Connection) -> None:
    """Make the tables of an empty database, and check those of any other.

    :raises SchemaMismatch: its schema is not the one of this version.
    """
    with told():
        version = version_of(connection)
        if version is None:
            with work.transaction():
                work.lock("referral schema")
                if version_of(connection) is None:  # still
                    run_migrations(connection)
            version = version_of(connection)
    check(version)


def check(version: str | None) -> None:
    """Refuse a schema that is not the one of this version.

    :raises SchemaMismatch: it is not.
    """
    _refuse_newer(version)
    if version != HEAD:
        raise SchemaMismatch(
            f"The database has {'no tables yet' if version is None else f'schema {version}'} and this version needs"
            f" {HEAD}: upgrade it first, with `referral db upgrade`."
        )


def version_of(connection: Connection) -> str | None:
    """Return which migration a database is at; ``None`` before the first."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.execute(_VERSION).scalar()
    return version


def run_migrations(connection: Connection) -> None:
    """Run what migrations are missing, in the transaction that is open."""
    from alembic import command  # noqa: PLC0415 - only for a database that is not up to date

    command.upgrade(configuration(connection), "head")


def configuration(connection: Connection | None = None) -> Any:  # noqa: ANN401 - not imported for its name only
    """Return how Alembic is to run the migrations that are in this package."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _be_short(connection: Connection) -> None:
    """Give up rather than queue for a table in PostgreSQL, where everybody else would queue behind."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE:g}s'")


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Say a driver's error in this library's words."""
    try:
        yield
    except DBAPIError as error:
        raise translated(error) from error


def _refuse_newer(version: str | None) -> None:
    if version is not None and version not in KNOWN:
        raise SchemaMismatch(
            f"The database has schema {version}, which this version of the library does not know: it is newer. Use the"
            " version that made it, or a later one."
        )
