"""What tests over HTTP share: an event loop, and doors to the same small world in each kind of store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlalchemy.engine import URL

from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_adapters.sql.tables import METADATA
from referral_core import Programme
from tests.adapters.conftest import GUARDED, migrated, postgres
from tests.adapters.postgres_server import PostgresServer
from tests.http.door import Door
from tests.http.world import SECRET, build

__all__ = ["migrated", "postgres"]

Opening = Callable[..., Door]
"""Opens the door to a store; what is named takes the place of what a service has otherwise."""


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """Yield the event loop that all apps run in, in a thread of its own."""
    with start_blocking_portal() as opened:
        yield opened


@pytest.fixture(scope="session")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with the small world in it, to be copied."""
    path = tmp_path_factory.mktemp("world") / "referral.db"
    with SqlStore(URL.create("sqlite", database=str(path)), Programme.default(), secret=SECRET) as store:
        build(store)
    return path


@pytest.fixture
def opening(portal: BlockingPortal) -> Opening:
    """Return what opens a door to the small world in memory."""

    def opened(**service: Any) -> Door:  # noqa: ANN401 - whatever a service has
        store = MemoryStore(Programme.default(), secret=SECRET)
        build(store)
        return Door(portal, store, **service)

    return opened


@pytest.fixture
def in_memory(opening: Opening) -> Door:
    """Return a door to the small world in memory."""
    return opening()


@pytest.fixture
def in_sqlite(portal: BlockingPortal, sqlite_world: Path, tmp_path: Path) -> Iterator[Door]:
    """Yield a door to the small world in an SQLite file."""
    path = shutil.copy(sqlite_world, tmp_path / "referral.db")
    with SqlStore(URL.create("sqlite", database=str(path)), Programme.default(), secret=SECRET) as store:
        yield Door(portal, store)


@pytest.fixture
def in_postgres(portal: BlockingPortal, postgres: PostgresServer, migrated: URL) -> Iterator[Door]:
    """Yield a door to the small world in PostgreSQL."""
    with SqlStore(migrated, Programme.default(), secret=SECRET) as store:
        build(store)
        yield Door(portal, store)
    postgres.empty(migrated, [table.name for table in reversed(METADATA.sorted_tables)], GUARDED)


@pytest.fixture(params=["memory", "sqlite"])
def door(request: pytest.FixtureRequest) -> Door:
    """Return a door to the small world, in memory and in SQLite."""
    opened: Door = request.getfixturevalue(f"in_{request.param}")
    return opened


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def any_door(request: pytest.FixtureRequest) -> Door:
    """Return a door to the small world, in memory, in SQLite and in PostgreSQL."""
    opened: Door = request.getfixturevalue(f"in_{request.param}")
    return opened
