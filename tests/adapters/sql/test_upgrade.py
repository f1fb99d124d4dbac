"""A database made by the first migration, with data in it, arrives at the newest with everything intact."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from referral_adapters.sql import SchemaMismatch, SqlStore, Upgraded, check, schema, upgrade
from referral_adapters.sql.billing import SqlContinuousDiscounts
from referral_adapters.sql.connections import engine_at
from referral_core import Money, Programme, ReferralDesk
from referral_core.entities.balance import Balance
from referral_core.entities.case import Case
from referral_core.entities.grant import Grant
from referral_core.entities.trace import TraceNote, chain_faults
from referral_core.values.name import digest_key
from tests.adapters.sql import old_world
from tests.adapters.sql.old_world import MARI, PORTAL, on

ROOT: Final = Path(__file__).parents[3]
PROGRAMME: Final = Programme.default()


@pytest.fixture
def old(blank: URL) -> URL:
    """Return the URL of a database at the first migration, with the old world in it."""
    return made(blank)


def made(url: URL) -> URL:
    with begun(url) as connection:
        old_world.make(connection)
    return url


@contextmanager
def begun(url: URL) -> Iterator[Connection]:
    """Yield a connection in a transaction that is committed."""
    engine = engine_at(url)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
            connection.exec_driver_sql("COMMIT")
    finally:
        engine.dispose()


def version(url: URL) -> str | None:
    with begun(url) as connection:
        return schema.version_of(connection)


# ── everything intact ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_arrives(old: URL) -> None:
    assert upgrade(old) == Upgraded("0001", schema.HEAD)
    assert upgrade(old) == Upgraded(schema.HEAD, schema.HEAD)
    with SqlStore(old, PROGRAMME) as store:
        same_contracts_and_codes(store)
        assert store.groups.all() == old_world.GROUPS
        same_referrals(store)
        assert [told(grant) for grant in store.grants.all()] == sorted(map(told, old_world.GRANTS))
        assert [known(each) for each in store.cases.all()] == [known(each) for each in old_world.CASES]
        assert [store.promo_codes.times_shared(account) for account in ("A1", "A2", "A3")] == [2, 1, 0]
        events = {(source, id_): store.requests.event(source, digest_key(id_)) for source, id_ in old_world.EVENTS}
        assert events == old_world.EVENTS
        assert store.code_key.hex() == old_world.SECRET
    assert list(check(old)) == []


def told(grant: Grant) -> tuple[object, ...]:
    """Return what the first version knew about a grant."""
    return (grant.key, grant.account, grant.amount.amount, grant.effective_from, grant.status.value, grant.attempts)


def known(case: Case) -> tuple[object, ...]:
    """Return what the first version knew about a case."""
    asked = (case.id, case.customer, case.opened_at, case.product, case.segment)
    return (*asked, case.carried, case.warnings, case.status, case.contract)


def same_contracts_and_codes(store: SqlStore) -> None:
    accounts = {each.account: each.customer for each in old_world.CONTRACTS}
    assert dict(store.contracts.accounts()) == accounts
    for contract in old_world.CONTRACTS:
        assert store.contracts.find(contract.id) == contract
        assert store.contracts.of_account(contract.account) == (contract,)
    assert [each.id for each in store.contracts.of_customer("ann")] == ["K1", "K6"]
    for account in accounts:
        assert store.promo_codes.of_account(account) == tuple(
            each for each in old_world.CODES if each.account == account
        )
    assert [store.promo_codes.find(each.text) for each in old_world.CODES] == list(old_world.CODES)


def same_referrals(store: SqlStore) -> None:
    assert list(store.referrals.all()) == sorted(old_world.REFERRALS, key=lambda each: each.concluded_at)
    for referral in old_world.REFERRALS:
        assert store.referrals.find(referral.contract) == referral
        assert store.referrals.live_of(referral.referee_customer) == ((referral,) if referral.is_live else ())


@pytest.mark.rule("B6", "B7")
def test_the_ledger_arrives(old: URL) -> None:
    upgrade(old)
    with SqlStore(old, PROGRAMME) as store:
        assert [store.billing.has_grant(grant.key) for grant in old_world.GRANTS] == [True] * 3 + [False] * 3
        assert store.billing.balance("A1") == balance(granted="10", consumed="3.99", transferred_out="6.01")
        assert store.billing.balance("A2") == balance(granted="17", consumed="9")
        assert store.billing.balance("A6") == balance(transferred_in="6.01")
        assert isinstance(store.billing, SqlContinuousDiscounts)
        assert store.billing.lots("A2") == ((on(80), Money("8")),)
        assert store.billing.lots("A6") == ((on(20), Money("6.01")),)
        for bill, account in old_world.BILLS.items():
            with pytest.raises(Exception, match=f"{bill} was taken into account before"):
                store.billing.bill(bill, account, Money("1"), at=on(200))
        assert store.billing.transfer("A1", "A6", None, at=on(200), key=digest_key("T1")) == Money("6.01")


@pytest.mark.rule("B11", "B12")
def test_what_bills_used_is_known_of_which_grants(old: URL) -> None:
    """Bills took the oldest first; what they left was moved, or lies where it was granted."""
    upgrade(old)
    with SqlStore(old, PROGRAMME) as store:
        billing = store.billing
        assert isinstance(billing, SqlContinuousDiscounts)
        used = {
            key: [(use.bill, use.amount) for use in billing.uses(key)]
            for key in ("referrer/K2", "referee/K2", "referrer/K7")
        }
        assert used == {
            "referrer/K2": [("B1", Money("3.99"))],
            "referee/K2": [("B2", Money("7"))],
            "referrer/K7": [("B2", Money("2"))],
        }
        assert [billing.holders(key) for key in used] == [("A6",), (), ("A2",)]
        assert billing.cancel_bill("B2", at=on(200)) == Money("9")
        assert billing.lots("A2") == ((on(20), Money("7")), (on(80), Money("10")))
        taken = [billing.take_back("referrer/K2", account, key=account, at=on(201)) for account in ("A1", "A6")]
        assert taken == [Money("0"), Money("6.01")]
        assert [each.recorded_at for each in billing.movements("A2")][:2] == [on(20), on(80)]


def balance(**given: str) -> Balance:
    names = ("granted", "transferred_in", "transferred_out", "consumed")
    granted, moved_in, moved_out, consumed = (Money(given.get(name, "0")) for name in names)
    return Balance(granted=granted, transferred_in=moved_in, transferred_out=moved_out, consumed=consumed)


@pytest.mark.rule("A2", "A5")
def test_the_trace_arrives_and_still_verifies(old: URL) -> None:
    upgrade(old)
    with SqlStore(old, PROGRAMME) as store:
        for subject, rows in old_world.CHAINS.items():
            assert tuple(store.trace.chain(subject)) == rows
            assert chain_faults(store.trace.chain(subject)) == ()
        assert list(store.trace.heads()) == sorted(
            (subject, len(rows), rows[-1].hash) for subject, rows in old_world.CHAINS.items()
        )
    with begun(old) as connection:
        seals = connection.execute(text("SELECT number, previous, hash FROM seals ORDER BY number")).fetchall()
    assert list(map(tuple, seals)) == [(row["number"], row["previous"], row["hash"]) for row in old_world.SEALS]


def test_what_was_traced_before_is_not_published(old: URL) -> None:
    upgrade(old)
    with SqlStore(old, PROGRAMME) as store:
        assert (store.trace.publish(99), store.trace.published(0, 99), store.trace.subscriptions()) == (0, (), ())
        subject, (*_, last) = next(iter(old_world.CHAINS.items()))
        store.trace.append(TraceNote(subject, on(200), "code.end", MARI))
        assert store.trace.publish(99) == 1
        (published,) = store.trace.published(0, 99)
        assert (published.position, published.entry.subject) == (1, subject)
        assert (published.entry.number, published.entry.previous) == (last.number + 1, last.hash)
    assert list(check(old)) == []


HISTORIES: Final = {
    "promo_code_history": ("text", "promo_codes"),
    "referral_history": ("contract", "referrals"),
    "discount_group_history": ("id", None),
}
"""What keeps states, by which key, and where the present one stands."""


@pytest.mark.parametrize("table", HISTORIES)
def test_every_state_of_every_history_arrives(old: URL, table: str) -> None:
    key, present = HISTORIES[table]
    kept = sorted((row[key], row["revision"]) for row in old_world.world()[table])
    upgrade(old)
    with begun(old) as connection:
        rows = [
            tuple(row)
            for each in (table, present)
            if each is not None
            for row in connection.execute(text(f"SELECT {key}, revision FROM {each}"))
        ]
    assert sorted(rows) == kept


def test_work_goes_on(old: URL) -> None:
    upgrade(old)
    with SqlStore(old, PROGRAMME) as store:
        desk = ReferralDesk(PROGRAMME, store)
        with store.transaction():
            desk.session(actor=PORTAL, now=on(150)).contracts.activate("K3")
            signed = desk.session(actor=PORTAL, now=on(151)).sign_ups.conclude(
                "K9", account="A9", customer="joy", code="bencode"
            )
            assert signed.referral is not None
            desk.session(actor=PORTAL, now=on(152)).contracts.activate("K9")
            desk.session(actor=MARI, now=on(153)).codes.end("BENCODE", reason="left for good")
            desk.session(actor=PORTAL, now=on(154)).groups.set_amount("referrer", Money("20"))
        desk.session(actor=PORTAL, now=on(500)).payouts.pay_due()
        assert store.billing.balance("A2").granted == Money("47")
        assert {grant.status.value for grant in store.grants.all()} == {"granted"}
        assert len(list(store.grants.all())) == 10
        assert {chain_faults(store.trace.chain(subject)) for subject, *_ in store.trace.heads()} == {()}
    assert list(check(old)) == []


# ── interrupted, or at once ───────────────────────────────────────────────────────────────────────────────────────────

HALFWAY: Final = """
import sys, time
from sqlalchemy import event
from sqlalchemy.engine import Engine
from referral_adapters.cli import main

def stop(connection, cursor, statement, parameters, context, many):
    if {words!r} in statement and {value!r} in statement + str(parameters):
        print("half-way", flush=True)
        time.sleep(60)

event.listen(Engine, "after_cursor_execute", stop)
main()
"""


@contextmanager
def half_way(url: URL, words: str, value: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that upgrades a database and has stopped in the middle, at a statement with these words."""
    written = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", HALFWAY.format(words=words, value=value), "db", "upgrade", "--db", written],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "half-way\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("killed", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_what_stops_an_upgrade_leaves_the_old_schema_whole(old: URL, killed: signal.Signals) -> None:
    with half_way(old, f"UPDATE {schema.VERSION_TABLE}", "0003") as process:
        process.send_signal(killed)
        _, said = process.communicate(timeout=30)
    if killed is not signal.SIGKILL:
        words = "Interrupted" if killed is signal.SIGINT else "Terminated"
        assert (process.returncode, said) == (128 + killed, f"{words}: the database is as it was.\n")
    assert version(old) == "0001"
    with pytest.raises(SchemaMismatch, match=r"schema 0001 .* `referral db upgrade`"):
        SqlStore(old)
    assert upgrade(old) == Upgraded("0001", schema.HEAD)
    assert list(check(old)) == []


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_making_the_first_tables_is_whole_too(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> None:
    server = request.getfixturevalue("postgres") if engine == "postgresql" else None
    with server.database() if server else nothing_at(tmp_path) as url:
        with half_way(url, "CREATE TABLE", "posted_grants") as process:
            process.kill()
        assert version(url) is None
        with SqlStore(url, PROGRAMME) as store:
            assert len(store.groups.all()) == 3


@contextmanager
def nothing_at(folder: Path) -> Iterator[URL]:
    yield URL.create("sqlite", database=str(folder / "new.db"))


def test_of_two_upgrades_at_once_one_waits_for_the_other(old: URL) -> None:
    done: list[Upgraded] = []
    threads = [threading.Thread(target=lambda: done.append(upgrade(old))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.before or "" for each in done) == ["0001", schema.HEAD, schema.HEAD]


def test_nobody_works_on_an_older_schema(old: URL) -> None:
    with begun(old) as connection, pytest.raises(SchemaMismatch, match="schema 0001"):
        SqlStore.on(connection)
    assert version(old) == "0001"
