"""Paying in a database: broken off at every step, by several at once, and quick to find what is due (B2)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import count
from threading import Barrier, Lock, Thread
from typing import Any, Final, TypeVar

import attrs
import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import day
from referral_adapters.conformance.samples import grant as a_grant
from referral_adapters.memory import ContinuousDiscounts, FlakyBilling, FlakyBulkBilling, MemoryStore
from referral_adapters.sql import SqlStore, StoreFailed, schema, upgrade
from referral_adapters.sql.connections import parsed_url
from referral_adapters.sql.tables import METADATA
from referral_core import Actor, Grant, GrantStatus, Money, Programme, Reason, ReferralDesk, Side
from referral_core.entities.grant import GrantEvent
from referral_core.entities.trace import chain_faults
from referral_core.ports.billing import Billing
from referral_core.services.payouts import PayRun
from referral_core.values.errors import ConcurrentChange
from tests.adapters.conftest import GUARDED
from tests.adapters.postgres_server import PostgresServer
from tests.adapters.sql.noting_cursor import plan_of

PROGRAMME: Final = Programme.default()
PAYER: Final = Actor.system("payer")
PATIENCE: Final = 60.0
Store = MemoryStore | SqlStore
TABLES: Final = [table.name for table in reversed(METADATA.sorted_tables)]
T = TypeVar("T")

KINDS: Final = pytest.mark.parametrize("kind", ["own", "outside, one by one", "outside, in bulk"])


class Killed(BaseException):
    """The process was killed."""


class Outside(FlakyBilling):
    """Billing of another company, which does not notice when a grant is sent twice, but counts."""

    def __init__(self) -> None:
        super().__init__(ContinuousDiscounts())
        self.sent: Counter[str] = Counter()
        self.step: Callable[[], object] = lambda: None
        self._counting = Lock()

    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        self.step()
        with self._counting:
            self.sent[grant.key] += 1
        super().grant(grant, recorded_at=recorded_at)
        self.step()

    def has_grant(self, key: str) -> bool:
        self.step()
        return super().has_grant(key)


class OutsideInBulk(Outside, FlakyBulkBilling):
    """The same, taking many grants a call."""

    def grant_all(self, grants: Sequence[Grant], *, recorded_at: datetime | None = None) -> Mapping[str, Reason]:
        self.step()
        with self._counting:
            self.sent.update(grant.key for grant in grants)
        refused = super().grant_all(grants, recorded_at=recorded_at)
        self.step()
        return refused


def billing_of(kind: str) -> Outside | None:
    return {"own": lambda: None, "outside, one by one": Outside, "outside, in bulk": OutsideInBulk}[kind]()


def grants_of(number: int) -> list[Grant]:
    """Return so many grants, on a few accounts."""
    return [a_grant(f"K{n:03}", "5", on=f"A{n % 4}", side=tuple(Side)[n % 2]) for n in range(number)]


def filled(store: Store, number: int) -> Store:
    for grant in grants_of(number):
        store.grants.add(grant)
    return store


def pay(store: Store, *, everything: bool = False) -> PayRun:
    payouts = ReferralDesk(PROGRAMME, store).session(actor=PAYER, now=day(0)).payouts
    return payouts.pay_all() if everything else payouts.pay_due()


def check_paid_once(store: Store, number: int) -> None:
    """Expect every grant to be granted, posted and traced once."""
    assert {grant.status for grant in store.grants.all()} == {GrantStatus.GRANTED}
    balances = [store.billing.balance(f"A{n}").granted for n in range(4)]
    assert Money.total(balances) == Money(5 * number)
    rows = [row for subject, _, _ in store.trace.heads() for row in store.trace.chain(subject)]
    posted = [str((row.after or {})["grant"]) for row in rows if row.act == "grant.posted"]
    assert sorted(posted) == [grant.key for grant in store.grants.all()]
    assert all(chain_faults(store.trace.chain(subject)) == () for subject, _, _ in store.trace.heads())


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_store(request: pytest.FixtureRequest) -> Callable[[Billing | None], Store]:
    """Return what opens an empty store with a billing."""
    if request.param == "memory":
        return lambda billing: MemoryStore(PROGRAMME, billing=billing)
    if request.param == "sqlite":
        url = URL.create("sqlite", database=str(request.getfixturevalue("tmp_path") / "referral.db"))
        upgrade(url)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = request.getfixturevalue("migrated")
        request.addfinalizer(lambda: server.empty(url, TABLES, GUARDED))  # noqa: PT021 - of one branch

    def opened(billing: Billing | None) -> Store:
        store = SqlStore(url, PROGRAMME, billing=billing)
        request.addfinalizer(store.close)
        return store

    return opened


# ── broken off ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
@KINDS
def test_killed_at_every_single_step_and_run_again_every_grant_is_paid_once(
    open_store: Callable[[Billing | None], Store], kind: str
) -> None:
    """Each run dies one step later than the one before, within and between transactions and around calls to billing."""
    billing = billing_of(kind)
    store = open_store(billing)
    for steps in count():
        numbered = [attrs.evolve(grant, referral=f"{grant.referral}-{steps}") for grant in grants_of(3)]
        for grant in numbered:
            store.grants.add(grant)
        if not killed_after(steps, store, billing):
            break
        open_ones = [grant.key for grant in store.grants.all(unsettled=True)]
        assert pay(store, everything=True).granted == len(open_ones)
        check_paid_once(store, 3 * (steps + 1))
    assert steps >= 8
    check_paid_once(store, 3 * (steps + 1))


def killed_after(steps: int, store: Store, billing: Outside | None) -> bool:
    """Let a payer die after so many steps; tell whether it did."""
    left = iter(range(steps))

    def step() -> None:
        if next(left, None) is None:
            raise Killed

    run = store.run

    def stepwise(act: Callable[[], T], named: object = None) -> T:
        def whole() -> T:
            step()
            done = act()
            step()
            return done

        step()
        done = run(whole)
        step()
        return done

    if billing is not None:
        billing.step = step
    died = True
    with suppress(Killed), pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "run", stepwise)
        ReferralDesk(PROGRAMME, store).session(actor=PAYER, now=day(0)).payouts.pay_due()
        died = False
    if billing is not None:
        billing.step = lambda: None
    return died


@pytest.mark.rule("B2")
def test_what_a_payer_had_who_died_is_left_alone_until_its_lease_runs_out(
    open_store: Callable[[Billing | None], Store],
) -> None:
    billing = Outside()
    store = filled(open_store(billing), 3)
    assert killed_after(5, store, billing)  # before the first call
    assert {grant.status for grant in store.grants.all()} == {GrantStatus.SENDING}
    desk = ReferralDesk(PROGRAMME, store)
    lease = 4 * PROGRAMME.paying.answer_within  # of three calls, and of writing down what came of them
    tick = timedelta(microseconds=1)
    assert desk.session(actor=PAYER, now=day(0) + lease - tick).payouts.pay_due() == PayRun()
    assert desk.session(actor=PAYER, now=day(0) + lease).payouts.pay_due() == PayRun(granted=3)
    check_paid_once(store, 3)


@pytest.mark.rule("B2")
def test_settling_is_tried_again_while_others_are_in_the_way(open_store: Callable[[Billing | None], Store]) -> None:
    billing = Outside()
    store = filled(open_store(billing), 3)
    turns, run = count(), store.run

    def racing(act: Callable[[], T], named: object = None) -> T:
        def losing() -> T:
            done = act()
            if next(turns) in {1, 2, 3}:
                raise ConcurrentChange("somebody was quicker")
            return done

        return run(losing)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "run", racing)
        ReferralDesk(PROGRAMME, store).session(actor=PAYER, now=day(0)).payouts.pay_due()
    assert next(turns) > 4
    assert set(billing.sent.values()) == {1}
    check_paid_once(store, 3)


# ── several at once ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
@KINDS
@pytest.mark.parametrize("everything", [False, True])
def test_several_payers_at_once_send_every_grant_once(
    open_store: Callable[[Billing | None], Store], kind: str, everything: bool
) -> None:
    billing = billing_of(kind)
    store = filled(open_store(billing), 120)
    start = Barrier(3)
    outcomes: list[Any] = []

    def run() -> None:
        start.wait(PATIENCE)
        try:
            outcomes.append(pay(store, everything=everything))
        except BaseException as error:  # noqa: BLE001 - shown by the test
            outcomes.append(error)

    threads = [Thread(target=run, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert all(isinstance(run, PayRun) for run in outcomes), outcomes
    assert sum(run.granted for run in outcomes) == 120
    check_paid_once(store, 120)
    if billing is not None and not everything:
        assert set(billing.sent.values()) == {1}


@pytest.fixture
def postgres_store(postgres: PostgresServer, migrated: URL) -> Iterator[SqlStore]:
    with SqlStore(migrated, PROGRAMME) as store:
        yield store
    postgres.empty(migrated, TABLES, GUARDED)


@pytest.mark.rule("B2")
def test_nobody_waits_for_a_payer_that_is_about_to_take_a_grant_row(postgres_store: SqlStore) -> None:
    """Elsewhere a writer has the store to itself anyhow."""
    store = postgres_store
    filled(store, 6)
    seen: list[list[str]] = []

    def another() -> None:
        with store.transaction():
            page = store.grants.unsettled(day(1), 4)
            seen.append([grant.key for grant in store.grants.change([(grant, grant.taken(day(2))) for grant in page])])

    with store.transaction():
        mine = [grant.key for grant in store.grants.unsettled(day(1), 4)]
        thread = Thread(target=another, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert seen == [[grant.key for grant in store.grants.all() if grant.key not in mine]]


# ── the tables ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def older(request: pytest.FixtureRequest, database: URL, tmp_path: Any) -> Iterator[URL]:  # noqa: ANN401 - a path
    """Yield the URL of an empty database of the version before paying had leases."""
    if database.get_backend_name() == "sqlite":
        url = URL.create("sqlite", database=str(tmp_path / "older.db"))
        migrated_to(url, "0002")
        yield url
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        migrated_to(url, "0002")
        yield url


def migrated_to(url: URL, revision: str) -> None:
    with connected(url) as connection:
        command.upgrade(schema.configuration(connection), revision)


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    engine = create_engine(parsed_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.mark.rule("B2")
def test_grants_of_an_older_database_are_carried_over_and_paid_once(older: URL) -> None:
    before = [
        Grant(
            referral=f"K{status}",
            side=Side.REFERRER,
            account="A0",
            amount=Money("10"),
            effective_from=day(-3),
            status=status,
            attempts=number,
        )
        for number, status in enumerate(GrantStatus)
        if not status.startswith(("held", "void"))  # which no older version knew
    ]
    with connected(older) as connection:
        for grant in before:
            connection.execute(
                text(
                    "INSERT INTO grants (referral, side, key, account, amount, currency, effective_from, status,"
                    " attempts) VALUES (:referral, :side, :key, :account, :amount, 'EUR', :since, :status, :attempts)"
                ),
                {
                    "referral": grant.referral,
                    "side": grant.side.value,
                    "key": grant.key,
                    "account": grant.account,
                    "amount": grant.amount.amount if is_postgresql(older) else grant.amount.cents,
                    "since": grant.effective_from if is_postgresql(older) else microseconds(grant),
                    "status": grant.status.value,
                    "attempts": grant.attempts,
                },
            )
    upgrade(older)
    billing = Outside()
    with SqlStore(older, PROGRAMME, billing=billing) as store:
        assert [*store.grants.all()] == sorted(before, key=lambda grant: grant.key)
        billing.grant(before[1])  # the one that was being sent had arrived
        assert pay(store) == PayRun(granted=3)
        assert billing.sent == Counter({grant.key: 1 for grant in before[:3]})


def is_postgresql(url: URL) -> bool:
    return url.get_backend_name() == "postgresql"


def microseconds(grant: Grant) -> int:
    return round(grant.effective_from.timestamp() * 1_000_000)


@pytest.mark.rule("B2")
def test_what_is_due_is_found_by_an_index(store: SqlStore) -> None:
    with store.transaction():
        for number in range(3000):
            grant = a_grant(f"K{number:05}", on=f"A{number}", effective=day(number % 90))
            store.grants.add(grant if number % 10 == 0 else grant.after(GrantEvent.BE_FOUND))
    plans = [
        plan_of(store, "grants", lambda: store.grants.unsettled(day(45), 20)),
        plan_of(store, "grants", lambda: next(store.grants.all(unsettled=True))),
    ]
    assert "grants_waiting" in plans[0], plans[0]
    assert "grants_unsettled" in plans[1], plans[1]
    for plan in plans:
        assert not re.search(r"Seq Scan|TEMP B-TREE|SCAN grants$", plan, re.MULTILINE), plan


@pytest.mark.parametrize("words", ["\0", "a\0b", "\\\0", "\ud800"])
def test_what_no_payer_could_name_is_not_kept(store: SqlStore, words: str) -> None:
    for grant in (a_grant(words), a_grant(on=words)):
        with pytest.raises(StoreFailed, match="cannot keep"):
            store.grants.add(grant)
    store.grants.add(a_grant())
    failed = a_grant().failed(GrantEvent.BE_REFUSED, words, at=day(0), wait_until=None)
    with pytest.raises(StoreFailed, match="cannot keep"):
        store.grants.change([(a_grant(), failed)])
    assert [*store.grants.all()] == [a_grant()]


@pytest.mark.rule("B2")
def test_rows_that_travel_together_arrive_to_the_letter(store: SqlStore) -> None:
    """Quotes, line feeds and letters of any script pass through JSON as they pass through parameters."""
    words = ['"', "'", "\\", "\\u0041", "\\u0000", "{}", "[]", "a\nb\tc", "null", "ä", "🔌", "\u2028", "x" * 5000]
    grants = [a_grant(each, on=f"A {each}") for each in words]
    for grant in grants:
        store.grants.add(grant)
    taken = store.grants.change([(grant, grant.taken(day(1))) for grant in grants])
    failed = [
        (grant, grant.failed(GrantEvent.BE_REFUSED, word, at=day(1), wait_until=None))
        for grant, word in zip(taken, words, strict=True)
    ]
    assert store.grants.change(failed) == tuple(after for _, after in failed)
    assert {grant.problem for grant in store.grants.all()} == set(words)
    assert json.dumps([grant.referral for grant in store.grants.all()]) == json.dumps(sorted(words))
