"""The outbox in a database, under many writers, publishers and readers, and where somebody has tampered."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from referral_adapters.conformance.outbox import ALL, in_order, places
from referral_adapters.conformance.samples import note
from referral_adapters.conformance.store import Slip
from referral_adapters.sql import SqlStore, check
from referral_core.entities.trace import Published
from referral_core.values.errors import ConcurrentChange, TraceUnreadable
from tests.adapters.postgres_server import PostgresServer

WRITERS, PUBLISHERS, SUBJECTS = 8, 3, 4
ROWS: Final = int(os.environ.get("REFERRAL_OUTBOX_ROWS", "20"))
"""How many rows each writer adds; the environment may ask for more."""
PATIENCE: Final = 60.0


@contextmanager
def at_once(*acts: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Do each act in a thread of its own beside the block; yield what went wrong in any of them."""
    failed: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - handed over to the test
            failed.append(error)

    threads = [threading.Thread(target=run, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    yield failed
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)


def test_every_row_is_published_once_whoever_writes_publishes_and_reads(store: SqlStore) -> None:
    """Some transactions write about several subjects, some fail; what a reader has seen is never added to below."""
    done = threading.Event()
    readings: list[list[Published]] = [[] for _ in range(PUBLISHERS)]

    def write(number: int) -> None:
        for turn in range(ROWS):
            accounts = [f"A{(number + turn) % SUBJECTS}", f"A{turn % SUBJECTS}"]
            with suppress(Slip):
                store.run(lambda: add(accounts, fails=turn % 5 == 4))  # noqa: B023 - called at once

    def add(accounts: list[str], *, fails: bool) -> None:
        for account in sorted(accounts):  # in one order, so that nobody waits for each other
            store.trace.append(note(account))
        if fails:
            raise Slip

    def publish(reading: list[Published]) -> None:
        while not done.is_set():
            with suppress(ConcurrentChange):
                store.trace.publish(5)
            reading += store.trace.published(len(reading), 7)

    with at_once(*(lambda reading=reading: publish(reading) for reading in readings)) as failed:
        with at_once(*(lambda number=number: write(number) for number in range(WRITERS))) as failed_to_write:
            pass
        done.set()
    assert failed == failed_to_write == []
    while store.trace.publish(ALL):
        pass
    published = everything(store)
    assert sorted(places(published)) == [(row.subject, row.number) for row in store.trace.chain()]
    assert len(published) == WRITERS * 2 * sum(turn % 5 != 4 for turn in range(ROWS))
    assert [reading == published[: len(reading)] for reading in readings] == [True] * PUBLISHERS
    assert any(readings)


def everything(store: SqlStore) -> list[Published]:
    """Return all that is published, read by pages; it is without gaps, and in order within each subject."""
    found: list[Published] = []
    while page := store.trace.published(len(found), ALL):
        found += page
    assert [each.position for each in found] == list(range(1, len(found) + 1))
    last: dict[str, int] = {}
    for each in found:
        assert each.entry.number == last.get(each.entry.subject, 0) + 1
        last[each.entry.subject] = each.entry.number
    return found


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_commits_late_is_not_skipped(database: URL, store: SqlStore) -> None:
    """A position is given to what is committed: who was first to write may come second."""
    written, go_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with store.transaction():
            store.trace.append(note("A1"))
            written.set()
            assert go_on.wait(PATIENCE)

    with at_once(write_slowly) as failed:
        assert written.wait(PATIENCE)
        store.trace.append(note("A2"))
        assert store.trace.publish(ALL) == 1
        seen = store.trace.published(0, ALL)
        go_on.set()
    assert failed == []
    assert store.trace.publish(ALL) == 1
    assert store.trace.published(0, 1) == seen
    assert places(in_order(store)) == [("account:A2", 1), ("account:A1", 1)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_nobody_who_writes_waits_for_a_publisher(database: URL, store: SqlStore) -> None:
    store.trace.append(note())
    with store.transaction():
        store.trace.publish(ALL)
        with at_once(lambda: store.trace.append(note())) as failed:
            pass
        assert failed == []
    assert places(in_order(store)) == [("account:A1", 1)]
    assert store.trace.publish(ALL) == 1


@pytest.fixture
def tampered(database: URL, store: SqlStore, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return what changes the trace behind its guards, in which three rows are published."""
    for account in ("A1", "A2", "A1"):
        store.trace.append(note(account))
    store.trace.publish(ALL)

    def change(statement: str) -> None:
        if database.get_backend_name() == "sqlite":
            lite = sqlite3.connect(database.database or "", isolation_level=None)
            for name, *_ in lite.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                lite.execute(f"DROP TRIGGER {name}")
            lite.execute(statement)
            lite.close()
            return
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.connected(database) as connection:
            for switch, what in (("DISABLE", statement), ("ENABLE", "SELECT 1")):
                connection.execute(f"ALTER TABLE trace_entries {switch} TRIGGER USER".encode())
                connection.execute(what.encode())

    return change


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trace_entries SET role = 'no such role' WHERE subject = 'account:A1' AND number = 2",
        "UPDATE trace_entries SET before = '[' WHERE subject = 'account:A1' AND number = 2",
        "DELETE FROM trace_entries WHERE subject = 'account:A1' AND number = 2",
    ],
)
def test_a_row_that_cannot_be_read_is_named(store: SqlStore, tampered: Callable[[str], None], statement: str) -> None:
    tampered(statement)
    with pytest.raises(TraceUnreadable) as raised:
        store.trace.published(0, ALL)
    assert (raised.value.subject, raised.value.number) == ("account:A1", 2)
    assert places(store.trace.published(0, 2)) == [("account:A1", 1), ("account:A2", 1)]


def test_a_gap_is_found_by_a_check(database: URL, store: SqlStore) -> None:
    store.trace.append(note(), note())
    store.trace.publish(1)
    assert list(check(database)) == []
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET position = 3 WHERE number = 2")
        connection.exec_driver_sql("INSERT INTO published (position, subject, number) VALUES (3, 'account:A1', 2)")
    engine.dispose()
    assert [(finding.law, finding.subject) for finding in check(database)] == [("outbox", "3")]
