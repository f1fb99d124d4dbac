"""The schema: made and brought up to date by migrations, and never guessed at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

import attrs
from sqlalchemy import Connection, Select, column, inspect, select, table
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from referral_adapters.sql import distribution
from referral_adapters.sql.connections import PATIENCE, OwnConnections, parsed_url
from referral_adapters.sql.errors import ForeignDatabase, SchemaMismatch, StoreFailed, translated
from referral_adapters.sql.untouched_file import file_of, untouched
from referral_adapters.sql.work import Work

KNOWN: Final = tuple(sorted(found.name[1:5] for found in (Path(__file__).parent / "migrations/versions").glob("v*.py")))
"""All migrations of this version, oldest first."""
HEAD: Final = KNOWN[-1]
"""The migration that this version of the library works with."""
VERSION_TABLE: Final = "referral_version"

_VERSION: Final[Select[Any]] = select(column("version_num")).select_from(table(VERSION_TABLE))
_TABLES: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    " ORDER BY name",
    # In the schema where this library's would be made. What an extension brought along is nobody's, and so is what
    # bears PostgreSQL's own prefix: some extensions make tables later on that are not noted as theirs.
    "postgresql": "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'f', 'v', 'm')"
    " AND left(relname, 3) <> 'pg_' AND NOT EXISTS (SELECT FROM pg_depend"
    " WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e') ORDER BY relname",
}
"""How each database lists the tables that are there, whoever they belong to."""


class Purpose(Enum):
    """What a database is opened for, which decides what it has to be."""

    READ = auto()
    """It has to be there, of this version; nothing can be changed in it."""
    WRITE = auto()
    """It has to be there, of this version."""
    CREATE = auto()
    """It is of this version, or empty: then it is to get all tables."""
    UPGRADE = auto()
    """It is of any version up to this one, or empty."""
    JOIN = auto()
    """Likewise, or somebody else's, who wants this library's tables beside their own."""


_MAKING: Final = frozenset({Purpose.CREATE, Purpose.UPGRADE, Purpose.JOIN})


@attrs.frozen
class Contents:
    """What a database holds: the version of this library's tables, or whose tables it has instead."""

    version: str | None
    others: tuple[str, ...] = ()
    """The names of all tables, where none is this library's."""

    @classmethod
    def of(cls, version: str | None, tables: tuple[str, ...]) -> Contents:
        """Return what a database holds in which these tables are."""
        is_ours = version is not None or VERSION_TABLE in tables
        return cls(version, () if is_ours else tables)

    def admit(self, purpose: Purpose) -> None:
        """Refuse to work on this for that purpose.

        :raises ForeignDatabase: it is somebody else's.
        :raises SchemaMismatch: its schema is not the one of this version, or there is none.
        """
        if self.others and purpose is not Purpose.JOIN:
            raise ForeignDatabase(self.others)
        if purpose in {Purpose.UPGRADE, Purpose.JOIN}:
            _refuse_newer(self.version)
        elif self.version is not None or purpose is not Purpose.CREATE:
            check(self.version)


@attrs.frozen
class Upgraded:
    """What an upgrade came to: the schema before, ``None`` when there was none, and after.

    ``distributed`` names the tables that were handed to the cluster.
    """

    before: str | None
    after: str
    distributed: tuple[str, ...] = ()


def opened(url: str | URL, purpose: Purpose, *, hurried: bool = True) -> OwnConnections:
    """Return connections to a database that has been looked at, and was found fit for a purpose.

    This is the one way to open a database by its URL. One that is refused stays as it was: an SQLite file to the byte.

    :raises ForeignDatabase: it is somebody else's.
    :raises SchemaMismatch: its schema is not the one of this version, or there is none.
    :raises StoreFailed: it is not there, is no database, or cannot be opened.
    """
    parsed = parsed_url(url)
    connections = OwnConnections(
        parsed, hurried=hurried, read_only=purpose is Purpose.READ, must_exist=purpose not in _MAKING
    )
    try:
        if connections.dialect.name == "sqlite":  # where to connect is to change
            _contents_of_file(parsed, purpose).admit(purpose)
            connections.get()
            if purpose in _MAKING:
                connections.make_no_more()
        else:
            contents_of(connections.get()).admit(purpose)
    except BaseException:
        connections.close()
        raise
    return connections


def _contents_of_file(url: URL, purpose: Purpose) -> Contents:
    patience = float(str(url.query.get("timeout", PATIENCE)))
    try:
        with untouched(file_of(url), patience) as connection:
            if connection is None:
                return Contents(None)
            tables = tuple(name for (name,) in connection.execute(_TABLES["sqlite"]))
            found = connection.execute(str(_VERSION)).fetchone() if VERSION_TABLE in tables else None
            return Contents.of(found[0] if found else None, tables)
    except FileNotFoundError:
        if purpose in _MAKING:
            return Contents(None)
        raise StoreFailed("There is no such database file.") from None


def contents_of(connection: Connection) -> Contents:
    """Return what a database holds."""
    with told():
        version = version_of(connection)
        if version is not None:
            return Contents(version)
        return Contents.of(None, tuple(connection.exec_driver_sql(_TABLES[connection.dialect.name]).scalars()))


def upgrade(url: str | URL, *, distributed: bool = False, beside_others: bool = False) -> Upgraded:
    """Bring the database at ``url`` to the schema of this version of the library; an empty one gets all tables.

    So does one that holds other tables and none of this library's, if ``beside_others`` says that this is meant.

    It is one transaction: whatever ends it early leaves the schema that was there. Of two at once, one waits for the
    other. ``distributed`` hands every table to the cluster that PostgreSQL with Citus is; of a database where that was
    done, an upgrade hands over new tables by itself.

    :raises SchemaMismatch: its schema is newer than this version.
    :raises ForeignDatabase: it is somebody else's; nothing was changed in it.
    :raises ConcurrentChange: somebody else holds the tables, or in SQLite the whole file.
    :raises StoreFailed: the database cannot be opened, changed or distributed.
    """
    purpose = Purpose.JOIN if beside_others else Purpose.UPGRADE
    connections = opened(url, purpose, hurried=False)
    try:
        work = Work(connections)
        with told(), work.transaction():
            connection = connections.get()
            work.lock("referral schema")
            _be_short(connection)
            contents = contents_of(connection)
            contents.admit(purpose)  # still
            run_migrations(connection)
            handed_over = distribution.distribute(connection) if distributed else distribution.continued(connection)
        return Upgraded(contents.version, HEAD, handed_over)
    finally:
        connections.close()


def prepare(work: Work, connection: Connection) -> None:
    """Make the tables of a database that was opened to have them made, unless they are there.

    :raises SchemaMismatch: its schema is not the one of this version.
    :raises ForeignDatabase: it has become somebody else's meanwhile.
    """
    with told():
        version = version_of(connection)
        if version is None:
            with work.transaction():
                work.lock("referral schema")
                contents = contents_of(connection)
                contents.admit(Purpose.CREATE)  # still
                if contents.version is None:
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
