"""Runs of the launch: the same in every store, never a code twice, whoever is at work beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Final

import attrs
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from referral_adapters.launch import CodeRun, ImportRun, Rehearsal, Reject, SourceRow, pages
from referral_adapters.memory import MemoryStore
from referral_adapters.memory.store import ATTEMPTS
from referral_adapters.sql import SqlStore, StoreFailed, connections
from referral_adapters.sql.tables import METADATA
from referral_core import Actor, Contract, Programme, ReferralDesk, Role
from referral_core.entities.promo_code import CodeStatus, Issuing
from referral_core.entities.trace import account_subject, chain_faults
from referral_core.ports.store import Store
from referral_core.programme.settings import CodeFormat
from referral_core.values.errors import ConcurrentChange
from tests.adapters.conftest import GUARDED
from tests.adapters.postgres_server import PostgresServer
from tests.office import without_chance
from tests.phrases import at, contract, refused

SECRET: Final = b"the same codes everywhere"
HOUSEHOLD: Final = Programme.default()
NAMED: Final = attrs.evolve(HOUSEHOLD, code_format=CodeFormat.NAMED)
SYSTEM: Final = Actor.system("launch")
MARI: Final = Actor("Mari", Role.SUPERVISOR)
LAUNCH: Final = at("2021-06-01")
NAMES: Final = ("Mari", "Jüri", "Mari", "", "Õie")


def rows(count: int) -> list[SourceRow]:
    """Return contracts of accounts of all kinds: some with two, some without any in force, and rows that are wrong."""
    told: list[dict[str, str]] = []
    for number in range(count):
        row = {"contract": f"K{number}", "account": f"A{number % (count * 2 // 3)}", "concluded_at": "2021-01-05",
               "customer": f"C{number % (count * 2 // 3)}", "first_name": NAMES[number % 5]}  # fmt: skip
        if number % 4:
            row["activated_at"] = "2021-02-01T10:00:00+02:00"
        if number % 7 == 0:
            row["ended_at"] = "2021-03-01"
        if number % 5 == 0:
            row["product"] = "gas"
        if number % 11 == 0:
            row["customer"] = "somebody else"
        told.append(row)
    return [SourceRow(line, list(row.values()), {k: v for k, v in row.items() if v}) for line, row in enumerate(told)]


def imported(store: Store, count: int = 60, page: int = 7) -> list[Reject]:
    rejects: list[Reject] = []
    run = ImportRun(HOUSEHOLD, store, at=LAUNCH, actor=SYSTEM)
    for each in pages(rows(count), page):
        run.take(each, rejects.append)
    return rejects


def launched(store: Store, programme: Programme = HOUSEHOLD, page: int = 7) -> int:
    run = CodeRun(programme, store, at=LAUNCH, actor=SYSTEM, page=page)
    while not run.is_done:
        run.take()
    return run.issued


def everything(store: Store) -> list[object]:
    """Return the contracts, codes and traces of all accounts, without what is drawn anew every time."""
    found: list[object] = []
    for account, customer in store.contracts.accounts():
        chain = list(store.trace.chain(account_subject(account)))
        assert chain_faults(chain) == ()
        found += [account, customer, store.contracts.of_account(account), store.promo_codes.of_account(account)]
        found += [without_chance(row) for row in chain]
    return found


@contextmanager
def opened(database: URL, programme: Programme = HOUSEHOLD) -> Iterator[SqlStore]:
    with SqlStore(database, programme, secret=SECRET) as store:
        yield store


def in_memory(programme: Programme = HOUSEHOLD) -> MemoryStore:
    return MemoryStore(programme, secret=SECRET)


# ── the same in every store ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C2", "C10")
@pytest.mark.parametrize("programme", [HOUSEHOLD, NAMED], ids=["random", "named"])
@pytest.mark.parametrize("page", [1, 7, 100])
def test_every_store_comes_to_the_same_whatever_the_pages(database: URL, programme: Programme, page: int) -> None:
    memory = in_memory(programme)
    rejects, count = imported(memory), launched(memory, programme)
    with opened(database, programme) as store:
        assert imported(store, page=page) == rejects
        assert launched(store, programme, page) == count
        assert everything(store) == everything(memory)
    assert rejects
    assert 0 < count < memory.contracts.count_accounts()


@pytest.mark.rule("C2")
def test_the_same_again_changes_nothing(database: URL) -> None:
    with opened(database) as store:
        rejects = imported(store)
        launched(store)
        before = everything(store)
        assert imported(store) == rejects
        assert launched(store) == 0
        assert everything(store) == before


@pytest.mark.rule("C2")
def test_what_stopped_anywhere_goes_on_to_the_same_end(database: URL) -> None:
    whole = in_memory()
    imported(whole)
    launched(whole)
    with opened(database) as store:
        for count in (10, 25, 60):
            halfway = ImportRun(HOUSEHOLD, store, at=LAUNCH, actor=SYSTEM)
            for each in pages(rows(60)[:count], 5):
                halfway.take(each, lambda _: None)
        for page in (3, 8):
            run = CodeRun(HOUSEHOLD, store, at=LAUNCH, actor=SYSTEM, page=page)
            run.take()
            run.take()
        launched(store, page=4)
        assert everything(store) == everything(whole)


@pytest.mark.rule("C2")
@pytest.mark.parametrize("most", [0, 1, 9, 10_000])
def test_a_run_issues_no_more_than_it_may(database: URL, most: int) -> None:
    with opened(database) as store:
        imported(store)
        due = CodeRun(HOUSEHOLD, store, at=LAUNCH, actor=SYSTEM, dry=True, page=5)
        while not due.is_done:
            due.take()
        run = CodeRun(HOUSEHOLD, store, at=LAUNCH, actor=SYSTEM, page=4, most=most)
        while not run.is_done:
            run.take()
        assert run.issued == min(most, due.issued)
        assert launched(store) == due.issued - run.issued


def test_the_history_of_a_code_of_the_launch_begins_at_the_launch(database: URL) -> None:
    with opened(database) as store:
        imported(store)
        launched(store)
        connection = store._connections.get()
        written = connection.exec_driver_sql("SELECT account, text, revision FROM promo_codes").fetchall()
        moments = connection.exec_driver_sql("SELECT DISTINCT recorded_at FROM promo_codes").fetchall()
        codes = [code for account, _ in store.contracts.accounts() for code in store.promo_codes.of_account(account)]
        assert sorted((row[0], row[1], row[2]) for row in written) == sorted((c.account, c.text, 1) for c in codes)
        assert len(moments) == 1
        assert connection.exec_driver_sql("SELECT * FROM promo_code_history").fetchall() == []


# ── rehearsing ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C2")
@pytest.mark.parametrize("before", [0, 20])
def test_a_rehearsal_comes_to_the_same_and_writes_nothing(database: URL, before: int) -> None:
    with opened(database) as store:
        for each in pages(rows(60)[:before], 7):
            ImportRun(HOUSEHOLD, store, at=LAUNCH, actor=SYSTEM).take(each, lambda _: None)
        stands = everything(store)
        rehearsal = Rehearsal(store, MemoryStore(HOUSEHOLD))
        rehearsed = imported(rehearsal)
        assert everything(store) == stands
        assert imported(store) == rehearsed


@pytest.mark.rule("C2")
def test_counting_who_is_due_issues_nothing(database: URL) -> None:
    with opened(database) as store:
        imported(store)
        before = everything(store)
        run = CodeRun(HOUSEHOLD, store, at=LAUNCH, actor=SYSTEM, dry=True, page=9)
        while not run.is_done:
            run.take()
        assert everything(store) == before
        assert run.looked_at == store.contracts.count_accounts()


# ── others at work ────────────────────────────────────────────────────────────────────────────────────────────────────


def side_by_side(*acts: Callable[[], object]) -> None:
    failures: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that asked
            failures.append(error)

    threads = [Thread(target=run, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.rule("C2", "P2")
def test_two_runs_at_once_give_nobody_two_codes(database: URL) -> None:
    whole = in_memory()
    imported(whole, 300)
    launched(whole)
    counts: list[int] = []

    def run() -> None:
        with opened(database) as store:
            counts.append(launched(store, page=10))

    with opened(database) as store:
        side_by_side(*[lambda: imported(store, 300)] * 2)
        side_by_side(run, run)
        assert sum(counts) == sum(bool(whole.promo_codes.of_account(each)) for each, _ in whole.contracts.accounts())
        assert everything(store) == everything(whole)


class Interfering:
    """A store in which somebody else does something just before a page of codes is written, once."""

    def __init__(self, store: Store, act: Callable[[], object]) -> None:
        self._store, self._act = store, act
        self._codes = store.promo_codes
        self.pages = 0
        self.promo_codes = self

    def __getattr__(self, name: str) -> object:
        return getattr(self._codes if hasattr(self._codes, name) else self._store, name)

    def add_first(self, *page: object, **at: object) -> None:
        self.pages += 1
        if self.pages == 1:
            self._act()
        self._codes.add_first(*page, **at)  # type: ignore[arg-type]  # handed on as it is


@pytest.fixture
def launch(postgres: PostgresServer, migrated: URL) -> Iterator[tuple[SqlStore, ReferralDesk]]:
    """Yield a store on PostgreSQL with three accounts in force, and the desk of somebody else on the same database."""
    with opened(migrated) as store, opened(migrated) as other:
        store.contracts.add_all([active(each) for each in ("A", "B", "C")])
        yield store, ReferralDesk(HOUSEHOLD, other)
    postgres.empty(migrated, [table.name for table in reversed(METADATA.sorted_tables)], GUARDED)


def active(account: str) -> Contract:
    return contract(f"K-{account}", on=account, of=account.lower(), activated="2021-02-01")


@pytest.mark.rule("C2", "C6")
def test_who_gets_a_code_by_hand_in_between_gets_no_other(launch: tuple[SqlStore, ReferralDesk]) -> None:
    store, desk = launch
    between = Interfering(
        store, lambda: desk.session(actor=MARI, now=LAUNCH).codes.issue("B", code="BYHAND", reason="asked")
    )
    run = CodeRun(HOUSEHOLD, between, at=LAUNCH, actor=SYSTEM)  # type: ignore[arg-type]  # it hands on what it is asked
    run.take()
    assert between.pages == 2
    assert run.issued == 2
    assert [[code.issuing for code in store.promo_codes.of_account(each)] for each in ("A", "B", "C")] == [
        [Issuing.LAUNCH],
        [Issuing.BY_HAND],
        [Issuing.LAUNCH],
    ]
    assert [len(list(store.trace.chain(account_subject(each)))) for each in ("A", "B", "C")] == [1, 1, 1]
    whole = in_memory()
    whole.contracts.add_all([active(each) for each in ("A", "C")])
    launched(whole)
    assert store.promo_codes.of_account("C") == whole.promo_codes.of_account("C")


@pytest.mark.rule("C2", "C4")
def test_a_contract_that_ends_meanwhile_ends_the_code_too(launch: tuple[SqlStore, ReferralDesk]) -> None:
    store, desk = launch
    ending = Thread(target=lambda: desk.session(actor=SYSTEM, now=LAUNCH).contracts.terminate("K-B"), daemon=True)

    def begin() -> None:
        ending.start()
        ending.join(0.3)
        assert ending.is_alive(), "it waits until the page is done"

    CodeRun(HOUSEHOLD, Interfering(store, begin), at=LAUNCH, actor=SYSTEM).take()  # type: ignore[arg-type]
    ending.join(30)
    (code,) = store.promo_codes.of_account("B")
    assert code.status_at(LAUNCH) is CodeStatus.ENDED
    (kept,) = store.promo_codes.of_account("A")
    assert kept.status_at(LAUNCH) is CodeStatus.ACTIVE


class Busy:
    """A store in which somebody else is quicker every time."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.attempts = 0
        self.promo_codes = self

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def codeless(self, *_: object, **__: object) -> object:
        self.attempts += 1
        raise ConcurrentChange("somebody was quicker")


def test_a_page_is_tried_again_within_reason() -> None:
    busy = Busy(in_memory())
    with pytest.raises(ConcurrentChange):
        CodeRun(HOUSEHOLD, busy, at=LAUNCH, actor=SYSTEM).take()  # type: ignore[arg-type]
    assert busy.attempts == ATTEMPTS


@pytest.mark.rule("A1", "A2")
def test_runs_of_a_person_say_who_and_why() -> None:
    store = in_memory()
    ann = Actor("Ann", Role.ADMINISTRATOR)
    with refused("reason-missing"):
        ImportRun(HOUSEHOLD, store, at=LAUNCH, actor=ann).take(rows(3), lambda _: None)
    ImportRun(HOUSEHOLD, store, at=LAUNCH, actor=ann, reason="going live").take(rows(3), lambda _: None)
    CodeRun(HOUSEHOLD, store, at=LAUNCH, actor=ann, reason="going live").take()
    noted = [row for subject, _, _ in store.trace.heads() for row in store.trace.chain(subject)]
    assert len(noted) > 1
    assert {(row.actor, row.reason) for row in noted} == {("Ann", "going live")}


# ── what a database may do ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_launch_on_a_connection_of_the_hosts_is_the_hosts_to_undo(database: URL) -> None:
    engine = create_engine(database.set(drivername=connections.parsed_url(database).drivername))
    with engine.connect() as connection:
        store = SqlStore.on(connection, HOUSEHOLD, secret=SECRET)
        imported(store)
        assert launched(store) > 0
        connection.rollback()
    engine.dispose()
    with opened(database) as store:
        assert store.contracts.count_accounts() == 0
        assert list(store.trace.heads()) == []


def test_a_text_that_no_database_can_keep_is_said_so(database: URL) -> None:
    with opened(database) as store:
        for given in (contract("K\ud800", on="A"), contract("K1", on="A\ud800"), contract("K1", of="C\ud800")):
            with pytest.raises(StoreFailed, match="cannot keep"):
                store.contracts.add_all([given])
        assert store.contracts.count_accounts() == 0


def test_whatever_a_text_holds_is_kept_to_the_letter(database: URL) -> None:
    """``COPY`` has signs of its own: for what parts cells and rows, for what is not there, and for the end."""
    words = ["".join(signs) for length in (1, 2, 3) for signs in product("\\\t\n\rN.", repeat=length)]
    given = [attrs.evolve(contract(each, on=each, of=each), first_name=each) for each in words]
    with opened(database) as store:
        store.contracts.add_all([*given, contract("plain")])
        assert [store.contracts.find(each) for each in words] == given
        assert store.contracts.standing(words, words).contracts == dict(zip(words, given, strict=True))
        (plain,) = store.contracts.of_account("account-B")
        assert plain.first_name is None


def test_a_server_that_goes_away_undoes_the_page_and_the_next_one_finds_it_again(
    launch: tuple[SqlStore, ReferralDesk], postgres: PostgresServer, migrated: URL
) -> None:
    store, _ = launch

    def away() -> None:
        with postgres.connected() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [migrated.database]
            )

    with pytest.raises(StoreFailed, match="does not answer"):
        CodeRun(HOUSEHOLD, Interfering(store, away), at=LAUNCH, actor=SYSTEM).take()  # type: ignore[arg-type]
    assert [store.promo_codes.of_account(each) for each in ("A", "B", "C")] == [(), (), ()]
    assert launched(store) == 3


def test_a_full_disk_undoes_the_page(tmp_path: Path) -> None:
    with opened(URL.create("sqlite", database=str(tmp_path / "referral.db"))) as store:
        connection = store._connections.get()
        store.contracts.count_accounts()
        pages_now = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages_now}")
        with pytest.raises(StoreFailed, match=r"The database's disk is full\."):
            imported(store, 3_000, page=3_000)
        assert store.contracts.count_accounts() == 0
