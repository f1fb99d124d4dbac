"""The schema: made by migrations only, in agreement with the tables that the code knows, and never guessed at."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL

from referral_adapters.sql import SchemaMismatch, SqlStore, StoreFailed, schema, upgrade
from referral_adapters.sql.connections import parsed_url
from referral_adapters.sql.tables import METADATA
from referral_core import Programme


@pytest.fixture
def connection(database: URL) -> Iterator[Connection]:
    engine = create_engine(database)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_the_migrations_make_what_the_code_knows(connection: Connection) -> None:
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": schema.VERSION_TABLE,
            "compare_type": True,
            "compare_server_default": True,
            "include_object": partial(is_known_to, connection.dialect.name),
        },
    )
    found = compare_metadata(context, METADATA)
    assert [each for each in found if not is_filling(connection.dialect.name, each)] == []


def is_filling(dialect: str, difference: object) -> bool:
    """Tell whether it is the value that SQLite filled a later column with, and keeps: every row is given one."""
    changes = difference if isinstance(difference, list) else []
    return (
        dialect == "sqlite"
        and [change[0] for change in changes] == ["modify_default"]
        and (changes[0][2:4] in {("promo_codes", "recorded_at"), ("referrals", "recorded_at")})
    )


def is_known_to(dialect: str, item: object, *_: object) -> bool:
    """Leave out a column that numbers itself in PostgreSQL; SQLite has nothing of the kind."""
    return not (dialect == "sqlite" and getattr(item, "identity", None))


def test_the_code_knows_all_migrations() -> None:
    scripts = ScriptDirectory.from_config(schema.configuration())
    assert scripts.get_current_head() == schema.HEAD
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == schema.KNOWN


def test_the_migrations_are_in_the_package() -> None:
    found = importlib.util.find_spec("referral_adapters.sql")
    assert found is not None
    assert found.origin is not None
    assert sorted(path.name for path in Path(found.origin).parent.glob("migrations/versions/v*.py"))


def test_sqlite_keeps_types(tmp_path: Path) -> None:
    url = URL.create("sqlite", database=str(tmp_path / "new.db"))
    upgrade(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        listed = connection.execute(text("SELECT name, strict FROM pragma_table_list"))
        tables = {row.name: row.strict for row in listed}
        assert {tables[name] for name in METADATA.tables} == {1}
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()


def test_an_empty_database_gets_its_tables_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with SqlStore(url, Programme.default()) as store:
        assert len(store.groups.all()) == 3
    engine = create_engine(url)
    assert set(inspect(engine).get_table_names()) == {*METADATA.tables, schema.VERSION_TABLE}
    engine.dispose()


def test_a_database_may_hold_other_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
    engine.dispose()
    upgrade(url, beside_others=True)
    with SqlStore(url) as store:
        assert list(store.cases.all()) == []


def test_upgrading_what_is_up_to_date_changes_nothing(database: URL) -> None:
    upgrade(database)
    upgrade(database)
    with SqlStore(database) as store:
        assert list(store.trace.seals()) == []


@pytest.mark.parametrize(("version", "said"), [("9999", "newer"), (None, "upgrade it first")])
def test_a_schema_of_another_version_is_refused(tmp_path: Path, version: str | None, said: str) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    upgrade(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {schema.VERSION_TABLE}"))
        if version is not None:
            connection.execute(text(f"INSERT INTO {schema.VERSION_TABLE} VALUES (:version)"), {"version": version})
    with engine.connect() as connection, pytest.raises(SchemaMismatch, match=said):
        SqlStore.on(connection)
    engine.dispose()
    if version is not None:
        with pytest.raises(SchemaMismatch, match=said):
            SqlStore(url)
        with pytest.raises(SchemaMismatch, match=said):
            upgrade(url)


def test_an_older_schema_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match=f"needs {schema.HEAD}"):
        schema.check(None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "referral.db",
        "mysql://me:secret@host/db",
        "oracle://x",
        "postgresql+psycopg2://x/y",
        "sqlite://",
        "://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_a_url_of_nothing_known_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreFailed) as refused:
        SqlStore(url)
    assert "secret" not in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_reached_by_one_driver(name: str) -> None:
    assert parsed_url(f"{name}://me@host/db").drivername == "postgresql+psycopg"


@pytest.mark.parametrize("uri", [False, True])
def test_a_new_file_is_for_its_user_alone(tmp_path: Path, uri: bool) -> None:
    """It holds names, and the secret of codes; what lies beside it gets the same permissions."""
    path = tmp_path / "new db.db"
    with (
        umask(0o022),
        SqlStore(f"sqlite:///file:{path}?uri=true" if uri else f"sqlite:///{path}", Programme.default()) as store,
    ):
        assert store.code_key
        found = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    assert found == dict.fromkeys(["new db.db", "new db.db-shm", "new db.db-wal"], 0o600)


def test_a_file_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "there.db"
    path.touch(0o640)
    path.chmod(0o640)
    with SqlStore(f"sqlite:///{path}", Programme.default()):
        assert path.stat().st_mode & 0o777 == 0o640


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
