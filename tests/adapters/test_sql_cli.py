"""``--db``: the same answers from a database, and one sentence for whatever is wrong with it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from typer.testing import CliRunner, Result

from referral_adapters.cli.command import app
from referral_adapters.sql import SqlStore, StoreFailed, schema
from tests.adapters.postgres_server import PostgresServer

FEED = Path(__file__).parents[2] / "examples" / "a123" / "feed.jsonl"
CANNOT_OPEN = 2


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def told(result: Result) -> str:
    """Return the one sentence of a command that failed."""
    assert result.exit_code == CANNOT_OPEN, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    (sentence,) = result.stderr.splitlines()
    assert sentence.endswith(".")
    return sentence


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


@pytest.mark.parametrize(
    "url",
    ["", "referral.db", "mysql://me:secret@host/db", "sqlite://", "http://x", "sqlite:///x.db?timeout=secret",
     "postgresql://me:secret@host:port/db", "postgresql://me:secret@127.0.0.1:1/db?such=no"],
)  # fmt: skip
def test_a_url_of_nothing_known(url: str) -> None:
    assert "secret" not in told(run("replay", FEED, "--db", url))


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    assert told(run("replay", FEED, "--db", f"sqlite:///{tmp_path / 'no' / 'such.db'}")) == (
        "--db: The database file cannot be opened."
    )


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_text("This is a text, and a rather long one, so that it can be nothing else. " * 20)
    assert (
        told(run("replay", FEED, "--db", f"sqlite:///{path}")) == "--db: The file is not a database, or it is damaged."
    )


def test_a_file_that_is_read_only(tmp_path: Path) -> None:
    path = tmp_path / "referral.db"
    SqlStore(f"sqlite:///{path}").close()
    url = f"sqlite:///file:{path}?mode=ro&uri=true"
    assert "read-only" in told(run("replay", FEED, "--db", url))


def test_a_file_that_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "referral.db"
    run("replay", FEED, "--db", f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    url = f"sqlite:///{path}?timeout=0.1"
    sentence = told(run("replay", FEED.with_name("edges.jsonl"), "--db", url))
    other.close()
    assert "locked" in sentence


def test_a_newer_schema(tmp_path: Path) -> None:
    path = tmp_path / "referral.db"
    SqlStore(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")
    connection.close()
    assert "newer" in told(run("summary", "--db", f"sqlite:///{path}"))


def test_a_full_disk_is_said_and_undone(tmp_path: Path) -> None:
    with SqlStore(f"sqlite:///{tmp_path / 'referral.db'}") as store:
        store.cases.find("S1")
        connection = store._connections.get()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreFailed, match=r"The database's disk is full\."):
            fill(store)


def fill(store: SqlStore) -> None:
    for number in range(2000):
        store.events.add("/feed", f"{number:0200}", "digest")


class TestPostgres:
    @pytest.fixture
    def url(self, postgres: PostgresServer) -> URL:
        return postgres.url

    def test_a_wrong_password(self, url: URL) -> None:
        sentence = told(run("replay", FEED, "--db", written(url.set(password="wrong-one"))))
        assert sentence == "--db: The database refused the user or the password."

    def test_a_database_that_is_not_there(self, url: URL) -> None:
        sentence = told(run("replay", FEED, "--db", written(url.set(database="nowhere"))))
        assert sentence == "--db: There is no database of this name on the server."

    def test_a_server_that_is_away(self, url: URL) -> None:
        sentence = told(run("replay", FEED, "--db", written(url.set(port=1))))
        assert sentence == "--db: The database server does not answer."

    def test_a_server_that_goes_away(self, postgres: PostgresServer, migrated: URL) -> None:
        """The line at hand is undone, what was before it stays, and the next call finds the server again."""
        with SqlStore(migrated) as store:
            store.events.add("/feed", "1", "digest")
            with pytest.raises(StoreFailed, match="does not answer"):
                self.interrupted(store, postgres, str(migrated.database))
            found = [store.events.find("/feed", name) for name in ("1", "2", "3")]
            assert found == ["digest", None, None]
        postgres.empty(migrated, ["events"], [])

    def interrupted(self, store: SqlStore, postgres: PostgresServer, database: str) -> None:
        with store.transaction():
            store.events.add("/feed", "2", "digest")
            with postgres.connected() as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
                )
            store.events.add("/feed", "3", "digest")
