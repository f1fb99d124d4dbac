"""Health and readiness: told by parts that share nothing with the requests that may be blocked."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from time import monotonic, perf_counter
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from referral_adapters.http.readiness import Readiness
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_adapters.sql.connections import parsed_url
from referral_adapters.sql.errors import StoreFailed
from referral_core import Programme
from referral_core.values.errors import ReferralError
from tests.adapters.postgres_server import PostgresServer
from tests.http.door import Door

QUICK = 0.2
"""The seconds within which the store is judged here."""
CHECK = {"code": "A123"}


class Judged(MemoryStore):
    """A store in memory that is judged by what a test says."""

    def __init__(self, error: BaseException | None = None, blocked: Event | None = None) -> None:
        super().__init__(Programme.default())
        self.error, self.blocked, self.looks = error, blocked, 0

    def check_ready(self, within: float) -> None:
        self.looks += 1
        if self.blocked is not None:
            self.blocked.wait(10)
        if self.error is not None:
            raise self.error


def judging(portal: BlockingPortal, store: Judged, *, fresh: float = 0.0) -> Door:
    """Return a door whose service judges the store quickly, and anew each time."""
    door = Door(portal, store)
    object.__setattr__(door.service, "readiness", Readiness(store.check_ready, within=QUICK, fresh=fresh))
    return door


def ready(door: Door) -> tuple[int, str | None]:
    told = door.ask("GET", "/ready", by=None)
    return told.status, told.json().get("detail")


@pytest.fixture
def file(sqlite_world: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sqlite_world, tmp_path / "referral.db"))


@pytest.fixture
def door(portal: BlockingPortal, file: Path) -> Iterator[Door]:
    with SqlStore(f"sqlite:///{file}", Programme.default()) as store:
        door = Door(portal, store)
        object.__setattr__(door.service, "readiness", Readiness(store.check_ready, within=1.0, fresh=0.0))
        yield door


def test_health_does_not_wait_behind_blocked_requests(portal: BlockingPortal, file: Path) -> None:
    """More requests than there are threads wait for a file that somebody holds."""
    with SqlStore(f"sqlite:///{file}?timeout=3", Programme.default()) as store:
        door = Door(portal, store)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            request = door.request("POST", "/accounts/A/sharings", {"means": "link"}, by="system")
            waiting = Thread(target=door.send_all, args=[[request] * 60])
            waiting.start()
            Event().wait(0.3)  # until all of them have got to the file
            began = monotonic()
            assert door.ask("GET", "/health", by=None).status == 200
            assert monotonic() - began < 0.5
            assert ready(door)[0] == 503
            assert monotonic() - began < 2.9
            assert waiting.is_alive()
            other.execute("ROLLBACK")
        waiting.join()


def test_health_asks_neither_authentication_nor_clock(portal: BlockingPortal) -> None:
    def never(*_: object) -> Any:  # noqa: ANN401 - it returns nothing
        pytest.fail("asked")

    door = Door(portal, Judged(), authenticate=never)
    object.__setattr__(door.service, "clock", never)
    assert door.ask("GET", "/health", by=None).status == 200
    assert door.ask("GET", "/ready", by=None).status == 200


def test_a_store_that_works_is_ready_and_stays_as_it_is(door: Door, file: Path) -> None:
    before = file.read_bytes()
    assert ready(door) == (200, None)
    assert file.read_bytes() == before
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'referral_room'").fetchone() == (0,)


def test_a_read_only_file_is_not_ready(portal: BlockingPortal, file: Path) -> None:
    store = SqlStore.existing(f"sqlite:///{file}")
    object.__setattr__(store, "_url", parsed_url(f"sqlite:///file:{file}?mode=ro&uri=true"))
    door = Door(portal, store)
    assert ready(door) == (503, "The database is read-only.")
    store.close()


def test_a_file_without_room_is_not_ready(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on pages fails where a full disk does: at the write of a page that is one too many."""
    from referral_adapters.sql import connections  # noqa: PLC0415 - the one that is patched

    set_up = connections._set_up_sqlite

    def full(connection: Any, record: object) -> None:  # noqa: ANN401 - a driver's
        set_up(connection, record)
        connection.execute("PRAGMA max_page_count = 1")

    monkeypatch.setattr(connections, "_set_up_sqlite", full)
    assert ready(door) == (503, "The database's disk is full.")


def test_a_schema_of_another_version_is_not_ready(door: Door, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE referral_version SET version_num = '0001'")
    status, detail = ready(door)
    assert status == 503
    assert "0001" in str(detail)


def test_a_file_that_is_gone_is_not_ready_and_not_made(door: Door, file: Path) -> None:
    file.unlink()
    assert ready(door) == (503, "The database file cannot be opened.")
    assert not file.exists()


def test_a_server_is_ready_unless_it_is_read_only(
    portal: BlockingPortal, postgres: PostgresServer, migrated: URL
) -> None:
    with SqlStore(migrated, Programme.default()) as store:
        door = Door(portal, store)
        object.__setattr__(door.service, "readiness", Readiness(store.check_ready, within=5.0, fresh=0.0))
        assert ready(door) == (200, None)
        engine = create_engine(migrated, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            name = migrated.database
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            try:
                assert ready(door) == (503, "The database is read-only.")
            finally:
                connection.exec_driver_sql("SET default_transaction_read_only = off")
                connection.exec_driver_sql(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        engine.dispose()


def test_a_store_that_does_not_answer_is_looked_at_once_and_not_waited_for(portal: BlockingPortal) -> None:
    store = Judged(blocked=Event())
    door = judging(portal, store)
    began = perf_counter()
    assert ready(door) == (503, "The store does not answer within 0.2 seconds.")
    assert ready(door)[0] == 503
    assert perf_counter() - began < 2
    assert store.looks == 1
    assert store.blocked is not None
    store.blocked.set()
    while not door.service.readiness._last.done():  # type: ignore[union-attr] # there was a look
        pass
    assert ready(door) == (200, None)


def test_a_verdict_holds_for_a_while(portal: BlockingPortal) -> None:
    store = Judged(StoreFailed("The disk is full."))
    door = judging(portal, store, fresh=60.0)
    assert [ready(door), ready(door)] == [(503, "The disk is full.")] * 2
    assert store.looks == 1


@pytest.mark.parametrize("error", [ReferralError("The store is away."), RuntimeError("hunter2")])
def test_what_is_not_foreseen_is_not_ready_and_not_told(
    portal: BlockingPortal, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    is_told = isinstance(error, ReferralError)
    with caplog.at_level(logging.ERROR):
        assert ready(judging(portal, Judged(error))) == (503, "The store is away." if is_told else None)
    assert ("cannot judge the store" in caplog.text) is not is_told
