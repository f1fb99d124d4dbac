"""Codes counted in a database: for all processes together, apart from transactions, and without a name (A4)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import URL

from referral_adapters.conformance.limiter import MINUTE, SetClock
from referral_adapters.conformance.store import Slip
from referral_adapters.sql import SchemaMismatch, SqlLimiter, SqlStore, StoreFailed
from referral_adapters.sql.limiter import _DUE, _OLD, _TAKING
from referral_adapters.sql.tables import CODE_DRAWS
from referral_core import Actor, Programme, ReferralDesk, TooManyCodes
from referral_core.ports.limiter import Rate
from tests.adapters.postgres_server import PostgresServer
from tests.adapters.sql.placing import Placing, placing
from tests.phrases import at

pytestmark = pytest.mark.rule("A4")

ONE: Final = Rate(1, 60.0)


@pytest.fixture
def clock() -> SetClock:
    """Return the clock of the limiter."""
    return SetClock()


@pytest.fixture
def limiter(database: URL, clock: SetClock) -> Iterator[SqlLimiter]:
    """Yield a limiter in a database."""
    with SqlLimiter(database, clock=clock) as made:
        yield made


def rows(limiter: SqlLimiter) -> dict[str, int]:
    """Return what is kept."""
    return {row.asker: row.due for row in limiter._connections.get().execute(select(CODE_DRAWS))}


def test_several_processes_share_their_counts(database: URL, clock: SetClock, limiter: SqlLimiter) -> None:
    with SqlLimiter(database, clock=clock) as another:
        taken = [each.take("k", MINUTE) for each in (limiter, another) * 4]
    assert [wait == 0 for wait in taken] == [True] * 6 + [False] * 2


def test_what_was_counted_is_there_when_a_process_begins_again(database: URL, clock: SetClock) -> None:
    for wait in (0.0, pytest.approx(60.0)):
        with SqlLimiter(database, clock=clock) as limiter:
            assert limiter.take("k", ONE) == wait


def test_a_transaction_neither_keeps_it_waiting_nor_takes_it_back(database: URL, limiter: SqlLimiter) -> None:
    with SqlStore(database, Programme.default()) as store:
        began = time.perf_counter()
        with suppress(Slip), store.transaction():
            store.requests.add_event("/crm", "1", "digest")  # the transaction has written: SQLite lets nobody else in
            assert limiter.take("k", ONE) == 0
            raise Slip
        assert store.requests.event("/crm", "1") is None
        assert time.perf_counter() - began < 2
    assert limiter.take("k", ONE) > 0


def test_a_desk_refuses_guesses_by_it_whichever_process_they_come_to(database: URL, limiter: SqlLimiter) -> None:
    programme = Programme.default()
    with SqlStore(database, programme) as store:
        desks = [ReferralDesk(programme, store, limiter=limiter) for _ in range(2)]
        sessions = [desk.session(actor=Actor.system("crm"), now=at("2021-03-01 12:00")) for desk in desks]
        most = programme.checking.per_system
        limiter.take("caller system crm", Rate(2, 60.0))  # half of what there is, at once
        for number in range(most // 2):
            sessions[number % 2].codes.check(f"GUESS{number}")
        with pytest.raises(TooManyCodes):
            sessions[0].codes.check("GUESS")


def test_neither_names_nor_addresses_are_kept(limiter: SqlLimiter, tmp_path: Path) -> None:
    for key in ("caller customer Mari-Maasikas", "address 192.0.2.77"):
        limiter.take(key, ONE)
    kept = " ".join(rows(limiter)).encode() + b"".join(file.read_bytes() for file in tmp_path.glob("*"))
    assert len(rows(limiter)) == 2
    assert b"Maasikas" not in kept
    assert b"192.0.2" not in kept


def test_old_rows_go_by_themselves(limiter: SqlLimiter, clock: SetClock) -> None:
    limiter.take("now and then", ONE)
    for number in range(20):
        limiter.take(f"k{number}", ONE)
    assert len(rows(limiter)) == 21
    clock.now += 30
    limiter.take("later", Rate(1, 3600.0))
    assert len(rows(limiter)) == 22
    clock.now += 31
    limiter.take("now and then", ONE)
    assert len(rows(limiter)) == 2, "only those are left that still matter"
    assert limiter.take("later", Rate(1, 3600.0)) > 0


def test_a_clock_that_was_set_back_locks_nobody_out(limiter: SqlLimiter, clock: SetClock) -> None:
    limiter.take("k", ONE)
    clock.now -= 5
    assert limiter.take("k", ONE) == pytest.approx(65), "the clocks of two machines may be so far apart"
    clock.now -= 3600
    assert limiter.take("k", ONE) == 0
    assert limiter.take("k", ONE) == pytest.approx(60)


def test_counts_of_sqlite_lie_in_a_file_of_their_own(empty_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "referral.db"
    path.write_bytes(empty_file.read_bytes())
    with SqlLimiter(f"sqlite:///{path}") as limiter:
        limiter.take("k", ONE)
    assert {file.name for file in tmp_path.iterdir()} == {"referral.db", "referral.db-limits"}
    assert path.read_bytes() == empty_file.read_bytes()
    assert (tmp_path / "referral.db-limits").stat().st_mode & 0o777 == 0o600


def test_a_limiter_in_use_may_lose_its_connection(postgres: PostgresServer, migrated: URL, clock: SetClock) -> None:
    with SqlLimiter(migrated, clock=clock) as limiter:
        assert limiter.take("lost", ONE) == 0
        mine = limiter._connections.get().execute(text("SELECT pg_backend_pid()")).scalar_one()
        with postgres.connected(migrated) as another:
            another.execute("SELECT pg_terminate_backend(%s)", (mine,))
        assert limiter.take("lost", ONE) > 0


def test_on_a_cluster_a_code_is_counted_where_its_asker_lies() -> None:
    assert [placing(each) for each in (*_TAKING.values(), _DUE)] == [Placing()] * 3
    assert placing(_OLD) == Placing(everywhere=frozenset({"code_draws"})), "once a minute"


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "mysql://host/name", "nonsense"])
def test_what_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(StoreFailed):
        SqlLimiter(url)


def test_a_database_without_the_tables_is_refused(postgres: PostgresServer) -> None:
    with postgres.database() as url, pytest.raises(SchemaMismatch):
        SqlLimiter(url)


def test_a_drivers_error_leaves_it_as_the_librarys_own(tmp_path: Path) -> None:
    with SqlLimiter(f"sqlite:///{tmp_path / 'referral.db'}") as limiter:
        other = sqlite3.connect(tmp_path / "referral.db-limits")
        other.execute("DROP TABLE code_draws")
        other.close()
        with pytest.raises(StoreFailed):
            limiter.take("k", ONE)
