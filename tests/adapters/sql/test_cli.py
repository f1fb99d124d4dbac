"""``--db``: the same answers from a database as from memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from typer.testing import Result

from referral_adapters.sql import SqlStore, StoreFailed
from referral_core import Programme
from tests.adapters.cli.command_line import invoke
from tests.adapters.postgres_server import PostgresServer

FEED = Path(__file__).parents[3] / "examples" / "a123" / "feed.jsonl"


def run(*args: str | Path) -> Result:
    return invoke(args)


def written(url: URL) -> str:
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


@pytest.fixture
def feed_in_memory(tmp_path: Path) -> str:
    run("replay", FEED, "--results", tmp_path / "r", "--summary", tmp_path / "memory.json", "--code-key", "demo")
    return (tmp_path / "memory.json").read_text(encoding="utf-8")


def test_a_database_gives_the_same_summary(database: URL, tmp_path: Path, feed_in_memory: str) -> None:
    options = ("--db", written(database), "--code-key", "demo")
    done = run("replay", FEED, *options, "--results", tmp_path / "r", "--summary", tmp_path / "s.json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == feed_in_memory
    later = run("summary", *options)
    assert later.exit_code == 0
    kept, expected = json.loads(later.stdout), json.loads(feed_in_memory)
    assert kept["liability"] == expected["liability"]
    assert kept["referrals"] == expected["referrals"]


def test_a_feed_that_is_replayed_again_is_repeated(database: URL) -> None:
    for outcome in ("done", "repeated"):
        done = run("replay", FEED, "--db", written(database))
        assert json.loads(done.stdout.splitlines()[0])["outcome"] == outcome


def test_a_full_disk_is_said_and_undone(tmp_path: Path) -> None:
    with SqlStore(f"sqlite:///{tmp_path / 'referral.db'}", Programme.default()) as store:
        store.cases.find("S1")
        connection = store._connections.get()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreFailed, match=r"The database's disk is full\."):
            fill(store)


def fill(store: SqlStore) -> None:
    for number in range(2000):
        store.requests.add_event("/feed", f"{number:0200}", "digest")


def test_a_server_that_goes_away(postgres: PostgresServer, migrated: URL) -> None:
    """The line at hand is undone, what was before it stays, and the next call finds the server again."""
    with SqlStore(migrated) as store:
        store.requests.add_event("/feed", "1", "digest")
        with pytest.raises(StoreFailed, match="does not answer"):
            interrupted(store, postgres, str(migrated.database))
        found = [store.requests.event("/feed", name) for name in ("1", "2", "3")]
        assert found == ["digest", None, None]
    postgres.empty(migrated, ["events"], [])


def interrupted(store: SqlStore, postgres: PostgresServer, database: str) -> None:
    with store.transaction():
        store.requests.add_event("/feed", "2", "digest")
        with postgres.connected() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
        store.requests.add_event("/feed", "3", "digest")
