"""Opening a store: what has to be there, what is made, and what is somebody else's."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import case
from referral_adapters.sql import ForeignDatabase, SchemaMismatch, SqlStore, StoreFailed, check, schema, upgrade
from referral_adapters.sql.untouched_file import file_of, untouched
from referral_core import ConcurrentChange, Programme, ReferralDesk
from referral_core.values.moment import EARLIEST
from tests.adapters.postgres_server import PostgresServer

PROGRAMME = Programme.default()
pytestmark = pytest.mark.rule("P5")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def by_hand(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


# ── what is made, and what is not ─────────────────────────────────────────────────────────────────────────────────────


def test_what_has_to_be_there_is_not_made(url: str, path: Path) -> None:
    for programme in (None, PROGRAMME):
        with pytest.raises(StoreFailed, match=r"There is no such database file\."):
            SqlStore.existing(url, programme)
    assert names(path) == []


def test_the_first_programme_gives_a_store_its_groups_with_it_or_with_the_desk_over_it(url: str) -> None:
    with SqlStore(url) as store:
        assert store.groups.all() == ()
        ReferralDesk(PROGRAMME, store)
        assert len(store.groups.all()) == 3
        assert store.billing.balance("A").unused.currency == PROGRAMME.currency
        with store.transaction():
            store.groups.put(store.groups.all()[0].renamed("Friends"), at=EARLIEST)
        ReferralDesk(PROGRAMME, store)
        assert store.groups.all()[0].name == "Friends"
    with SqlStore(url) as store:
        assert len(store.groups.all()) == 3


def test_a_desk_over_a_store_that_is_only_asked_changes_nothing(url: str) -> None:
    with SqlStore(url):
        pass
    with SqlStore.existing(url, read_only=True) as store:
        ReferralDesk(PROGRAMME, store)
        assert store.groups.all() == ()


def test_a_database_of_somebody_elses_names_what_it_has(url: str, path: Path) -> None:
    by_hand(path, "".join(f"CREATE TABLE t{number} (a);" for number in range(9)))
    for refused in (lambda: SqlStore(url, PROGRAMME), lambda: SqlStore.existing(url), lambda: upgrade(url),
                    lambda: list(check(url))):  # fmt: skip
        with pytest.raises(ForeignDatabase, match="has the tables t0, t1, t2 and 6 more, and none") as caught:
            refused()
        assert caught.value.tables == tuple(f"t{number}" for number in range(9))


def test_a_host_has_the_tables_made_beside_its_own(database: URL) -> None:
    """Whose tables are there already needs no word for it."""
    with SqlStore(database) as store:
        store._connections.get().exec_driver_sql("CREATE TABLE of_the_host (a int)")
    try:
        upgrade(database)
        with SqlStore(database, PROGRAMME) as store:
            assert len(store.groups.all()) == 3
            assert list(check(database)) == []
    finally:
        with SqlStore(database) as store:
            store._connections.get().exec_driver_sql("DROP TABLE of_the_host")


def test_who_was_quicker_may_be_somebody_else(url: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the making of tables."""
    look = schema._contents_of_file

    def slow(url: URL, purpose: schema.Purpose) -> schema.Contents:
        found = look(url, purpose)
        by_hand(path, "CREATE TABLE of_somebody_else (a)")
        return found

    for made in (lambda: SqlStore(url, PROGRAMME), lambda: upgrade(url)):
        monkeypatch.setattr(schema, "_contents_of_file", slow)
        with pytest.raises(ForeignDatabase):
            made()
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("of_somebody_else",)]
        path.unlink()


def test_a_file_that_goes_away_is_not_made_again(url: str, path: Path) -> None:
    upgrade(url)
    failures: list[Exception] = []

    def ask(store: SqlStore) -> None:
        try:
            store.cases.find("S1")
        except StoreFailed as failed:
            failures.append(failed)

    with SqlStore(url) as store:
        path.unlink()
        other = threading.Thread(target=ask, args=[store])  # which has a connection of its own
        other.start()
        other.join()
    assert [str(each) for each in failures] == ["The database file cannot be opened."]
    assert not path.exists()


# ── on PostgreSQL ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_tables_of_others_in_another_schema_are_their_business(postgres: PostgresServer) -> None:
    """So is what an extension brought along."""
    with postgres.database() as url:
        with postgres.connected(url) as connection:
            connection.execute("CREATE TABLE customers (id int)")
            connection.execute("CREATE SCHEMA referral")
            connection.execute("CREATE EXTENSION pg_buffercache SCHEMA referral")
        with pytest.raises(ForeignDatabase, match="customers"):
            SqlStore(url, PROGRAMME)
        ours = url.update_query_dict({"options": "-c search_path=referral,public"})
        with SqlStore(ours, PROGRAMME) as store:
            assert len(store.groups.all()) == 3
        assert list(check(ours)) == []
        with pytest.raises(ForeignDatabase):
            SqlStore.existing(url)


# ── reading only ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_opened_to_be_asked_cannot_be_changed(database: URL) -> None:
    with SqlStore(database, PROGRAMME) as store:
        store.cases.open(case("S1"))
    with SqlStore.existing(database, PROGRAMME, read_only=True) as store:
        for change in (lambda: store.cases.open(case("S2")), lambda: store.code_key,
                       lambda: store.run(lambda: store.cases.open(case("S2")))):  # fmt: skip
            with pytest.raises(StoreFailed, match=r"The database is read-only\."):
                change()
        with store.transaction():  # a host may well ask in one
            assert [each.id for each in store.cases.all()] == ["S1"]
            assert store.cases.find("S1") is not None
        assert store.run(lambda: store.cases.find("S2")) is None


def test_what_is_opened_to_be_asked_waits_for_no_writer(database: URL) -> None:
    with SqlStore(database, PROGRAMME) as writer, writer.transaction():
        writer.cases.open(case("S1"))
        with SqlStore.existing(database, PROGRAMME, read_only=True) as store, store.transaction():
            assert list(store.cases.all()) == []


def test_what_is_opened_to_be_asked_gets_no_groups(database: URL) -> None:
    with SqlStore.existing(database, PROGRAMME, read_only=True) as store:
        assert store.groups.all() == ()
    with SqlStore.existing(database, PROGRAMME) as store:
        assert len(store.groups.all()) == 3


# ── looking at a file ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_store_that_others_are_making_is_seen_as_far_as_it_is(url: str, path: Path) -> None:
    """All that it has may stand in the log, and nothing in the file."""
    with SqlStore(url, PROGRAMME) as maker:
        maker.cases.open(case("S1"))
        assert path.stat().st_size < 20_000 < path.with_name("some.db-wal").stat().st_size
        with SqlStore.existing(url, read_only=True) as store:
            assert store.cases.find("S1") is not None


@pytest.mark.parametrize("left", [("", "-wal", "-shm"), ("", "-wal")])
def test_a_store_whose_program_was_killed_is_seen_with_its_log(url: str, path: Path, left: tuple[str, ...]) -> None:
    copy = path.with_name("copy.db")
    with SqlStore(url, PROGRAMME) as store:
        store.cases.open(case("S1"))
        for suffix in left:
            Path(f"{copy}{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
    with SqlStore.existing(f"sqlite:///{copy}") as store:
        assert store.cases.find("S1") is not None


def test_a_link_leads_to_the_file_and_what_lies_beside_it(url: str, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    with SqlStore(url, PROGRAMME), SqlStore.existing(f"sqlite:///{link}", read_only=True) as store:
        assert len(store.groups.all()) == 3
    assert file_of(URL.create("sqlite", database=str(link))) == path.resolve()


def test_a_file_that_somebody_holds_is_waited_for_as_long_as_the_url_says(url: str, path: Path) -> None:
    by_hand(path, "CREATE TABLE customers (id)")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConcurrentChange, match="locked by somebody else"):
            SqlStore(f"{url}?timeout=0.05")


def test_a_file_without_a_byte_holds_nothing(path: Path) -> None:
    path.touch()
    with untouched(path, 0) as connection:
        assert connection is None
    with pytest.raises(SchemaMismatch, match="has no tables yet"):
        SqlStore.existing(f"sqlite:///{path}")
    assert path.read_bytes() == b""
