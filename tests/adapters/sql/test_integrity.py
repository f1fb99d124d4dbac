"""A look at a whole database: clean after honest work, and everything that is broken on purpose is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from examples.year import feed
from referral_adapters.cli.store import secret_of
from referral_adapters.conformance.samples import note
from referral_adapters.feed import FeedRunner
from referral_adapters.sql import Finding, SchemaMismatch, SqlStore, StoreFailed, check, schema, upgrade
from referral_adapters.sql.integrity import LAWS
from referral_core import Actor, Money, Programme, ReferralDesk, Side
from referral_core.services.state_verification import StateVerifier
from referral_core.values.name import digest_key
from tests.adapters.postgres_server import PostgresServer
from tests.adapters.sql import old_world
from tests.adapters.sql.old_world import on
from tests.adapters.sql.test_upgrade import begun

PROGRAMME: Final = Programme.default()
KEY: Final = secret_of("demo")


@pytest.fixture(scope="module")
def lived_in() -> tuple[str, ...]:
    return tuple(feed(60, 5, "demo"))


@pytest.fixture
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """Yield the URL of an empty database that nobody else uses, so that its tables can be broken."""
    if request.param == "sqlite":
        yield URL.create("sqlite", database=str(tmp_path / "own.db"))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


ENGINES = pytest.mark.parametrize("own", ["sqlite", "postgresql"], indirect=True)


def found(url: URL) -> list[tuple[str, str]]:
    return [(finding.law, finding.subject) for finding in check(url)]


def by_hand(url: URL, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@ENGINES
def test_a_year_of_work_leaves_nothing_to_find(own: URL, lived_in: tuple[str, ...]) -> None:
    with SqlStore(own, PROGRAMME, secret=KEY) as store:
        list(FeedRunner(PROGRAMME, store).run(lived_in))
        told: list[str] = []
        assert list(check(own, told.append)) == []
        state = StateVerifier(store, most=9).run(on(400))
        assert (state.faults, state.contracts, state.bills, state.in_words) == ((), 0, 0, 0)
    assert told[-len(LAWS) - 1 :] == [*(law.name for law in LAWS), "name"]


@pytest.mark.rule("V1", "V2")
@pytest.mark.parametrize("own", ["sqlite", "postgresql"], indirect=True)
def test_referrals_that_were_stopped_leave_nothing_to_find_and_what_they_still_owe_is_missed(own: URL) -> None:
    """One held before its contract activated, one void on one side, one void as a whole."""
    when = on(400)
    with SqlStore(own, PROGRAMME, secret=KEY) as store:
        session = ReferralDesk(PROGRAMME, store).session(actor=Actor.system(), now=when)
        for group in ("referrer", "referee-self-service"):
            session.groups.set_amount(group, Money("5"))
        session.sign_ups.conclude("K-0", account="A", customer="a")
        started = session.contracts.activate("K-0").started
        assert started is not None
        for contract in ("HELD", "SIDE", "VOID"):
            session.sign_ups.conclude(contract, account=contract, customer=contract, code=started.text)
        session.referrals.hold("HELD")
        session.referrals.void("SIDE", side=Side.REFERRER)
        session.referrals.void("VOID")
        for contract in ("HELD", "SIDE", "VOID"):
            session.contracts.activate(contract)
    assert list(check(own)) == []
    by_hand(own, "DELETE FROM grants WHERE key IN ('referee/HELD', 'referee/SIDE', 'referee/VOID')")
    assert {(each.law, each.subject) for each in check(own)} == {("grant", "HELD"), ("grant", "SIDE")}


GONE: Final = {
    "postgresql": {
        "DROP TRIGGER seals_stay ON seals": "trigger seals_stay of seals",
        "ALTER TABLE trace_entries DISABLE TRIGGER trace_entries_stay": "trigger trace_entries_stay of trace_entries",
        "CREATE OR REPLACE FUNCTION seals_stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'": (
            "function seals_stay()"
        ),
        "ALTER TABLE promo_codes DROP CONSTRAINT promo_codes_no_overlap": (
            "constraint promo_codes_no_overlap of promo_codes"
        ),
        "ALTER TABLE bills DROP CONSTRAINT bills_pk": "constraint bills_pk of bills",
        "ALTER TABLE fee_notes DROP CONSTRAINT fee_notes_contract_known": (
            "constraint fee_notes_contract_known of fee_notes"
        ),
        "DROP INDEX grants_unsettled": "index grants_unsettled of grants",
        "ALTER TABLE cases ALTER COLUMN customer DROP NOT NULL": "column customer of cases",
        "ALTER TABLE bills ALTER COLUMN account TYPE varchar(9)": "column account of bills",
        "ALTER TABLE cases DROP COLUMN warnings": "column warnings of cases",
        "DROP TABLE sharings": "table sharings",
        "CREATE TABLE of_the_host (a int)": None,
        "CREATE INDEX of_the_host_too ON cases (customer)": None,
    },
    "sqlite": {
        "DROP TRIGGER seals_stay_delete": "trigger seals_stay_delete of seals",
        "DROP TRIGGER promo_codes_no_overlap_update": "trigger promo_codes_no_overlap_update of promo_codes",
        "DROP INDEX grants_key": "index grants_key of grants",
        "ALTER TABLE cases DROP COLUMN warnings": "column warnings of cases",
        "DROP TABLE sharings": "table sharings",
        "CREATE TABLE of_the_host (a INT)": None,
        "DROP TABLE bills": None,
        "CREATE TABLE bills (bill TEXT NOT NULL, account INT NOT NULL, cancelled_at INTEGER) STRICT": (
            "column account of bills"
        ),
        "CREATE INDEX of_the_host_too ON cases (customer)": None,
    },
}


@ENGINES
def test_whatever_was_taken_away_or_changed_is_named(own: URL) -> None:
    upgrade(own)
    gone = GONE[own.get_backend_name()]
    by_hand(own, *gone)
    *messages, last = [finding.message for finding in check(own)]
    also = {"key (bill) of bills"} if own.get_backend_name() == "sqlite" else set()
    named = {re.match("The (.*?) is ", message)[1] for message in messages}  # type: ignore[index]
    assert named == {*filter(None, gone.values())} | also
    assert len(messages) == len(named)
    assert "was not looked at" in last


@ENGINES
def test_what_a_host_adds_is_the_hosts(own: URL) -> None:
    upgrade(own)
    by_hand(own, "CREATE TABLE of_the_host (a int)", "CREATE INDEX of_the_host_too ON cases (customer)")
    assert found(own) == []


UNGUARDED: Final = {
    "postgresql": (
        "ALTER TABLE promo_codes DROP CONSTRAINT promo_codes_no_overlap",
        "ALTER TABLE amount_periods DROP CONSTRAINT amount_periods_no_overlap",
    ),
    "sqlite": tuple(
        f"DROP TRIGGER {table}_no_overlap_{act}"
        for table in ("promo_codes", "amount_periods")
        for act in ("insert", "update")
    ),
}
BROKEN: Final = {
    "UPDATE discount_movements SET amount = amount + 1 WHERE reference = 'B2'": {("balance", "A2"), ("bill", "B2")},
    "INSERT INTO discount_lots (account, grant_key, effective_from, unused, recorded_at)"
    " SELECT 'A9', 'K', effective_from, 0, recorded_at FROM discount_lots WHERE account = 'A6'": {("balance", "A9")},
    "UPDATE bill_uses SET amount = amount + 1 WHERE bill = 'B1'": {("bill", "B1")},
    "INSERT INTO posted_reversals (grant_key, key, account, amount) VALUES ('referrer/K2', 'R', 'A6', 100)": {
        ("reversal", "referrer/K2")
    },
    f"UPDATE transfers SET moved = moved + 1 WHERE key = '{digest_key('T1')}'": {("transfer", digest_key("T1"))},
    "DELETE FROM posted_grants WHERE key = 'referee/K2'": {("posting", "referee/K2")},
    "UPDATE bills SET account = 'A9' WHERE bill = 'B1'": {("bill", "B1")},
    "UPDATE grants SET amount = amount + 1 WHERE key = 'referrer/K2'": {
        ("grant", "referrer/K2"), ("posting", "referrer/K2"),
    },
    "UPDATE grants SET account = 'A9' WHERE key = 'referrer/K7'": {
        ("grant", "referrer/K7"), ("posting", "referrer/K7"),
    },
    "UPDATE referrals SET status = 'recorded' WHERE contract = 'K8'": {
        ("grant", "referrer/K8"), ("grant", "referee/K8"),
    },
    "DELETE FROM grants WHERE key = 'referee/K7'": {("grant", "K7")},
    "DELETE FROM live_referrals WHERE contract = 'K3'": {("live referral", "K3")},
    "UPDATE live_referrals SET customer = 'C9' WHERE contract = 'K7'": {("live referral", "K7")},
    "UPDATE referrals SET status = 'cancelled' WHERE contract = 'K2'": {
        ("live referral", "K2"), ("grant", "referrer/K2"), ("grant", "referee/K2"),
    },
    "DELETE FROM code_texts WHERE text = 'DOTCODE'": {("code", "DOTCODE")},
    "DELETE FROM promo_codes WHERE text = 'FAYCODE'": {("code", "FAYCODE")},
    "UPDATE code_texts SET account = 'A9' WHERE text = 'GUSCODE'": {("code", "GUSCODE")},
    "INSERT INTO promo_codes (account, text, place, customer, issued_at, issued_by, issuing, revision,"
    " recorded_at) SELECT account, 'OTHER', 2, customer, issued_at, issued_by, issuing, revision, recorded_at"
    " FROM promo_codes WHERE text = 'CEMCODE'": {("code", "A3"), ("code", "OTHER")},
    "INSERT INTO amount_periods SELECT group_id, starts_at - 1, ends_at, amount, currency FROM amount_periods"
    " WHERE group_id = 'referrer' AND ends_at IS NULL": {("amount", "referrer")},
    "UPDATE contracts SET customer = 'C9' WHERE id = 'K5'": {("account", "A5")},
    "DELETE FROM contract_accounts WHERE contract = 'K5'": {("contract", "K5")},
    "UPDATE contract_accounts SET account = 'A9' WHERE contract = 'K6'": {("contract", "K6")},
    "DELETE FROM customer_accounts WHERE account = 'A7'": {("account", "A7")},
    "INSERT INTO customer_accounts (customer, account) VALUES ('C9', 'A6')": {("account", "A6")},
    "DELETE FROM given_referrals WHERE contract = 'K3'": {("referral", "K3")},
    "UPDATE given_referrals SET referrer = 'A9' WHERE contract = 'K7'": {("referral", "K7")},
    "UPDATE promo_codes SET customer = 'C9' WHERE text = 'GUSCODE'": {("account", "A8")},
    "UPDATE referrals SET referrer_customer = 'C9' WHERE contract = 'K3'": {("account", "K3")},
    "UPDATE contracts SET activated_at = NULL WHERE id = 'K7'": {("contract", "K7"), ("referral", "K7")},
    "INSERT INTO posted_grants (key) VALUES ('referee/K99')": {("posting", "referee/K99")},
    "UPDATE sharings SET account = 'A9'": {("sharing", "A9")},
    "UPDATE outbox SET position = 7 WHERE number = 2": {("outbox", "account:A99")},
    "INSERT INTO published (position, subject, number) VALUES (2, 'account:A99', 2)": {("outbox", "2")},
    "INSERT INTO published (position, subject, number) SELECT 9, subject, number FROM published WHERE position = 1": {
        ("outbox", "9"),
    },
}  # fmt: skip


LAW_IDS: Final = pytest.mark.rule("B2", "B6", "B7", "C1", "C6", "D3", "S4")


@LAW_IDS
@pytest.mark.parametrize("own", ["sqlite"], indirect=True)
@pytest.mark.parametrize("statement", BROKEN)
def test_every_broken_law_is_named_with_what_breaks_it(own: URL, statement: str) -> None:
    furnish(own)
    assert found(own) == []
    by_hand(own, *UNGUARDED["sqlite"], statement)
    assert {each for each in found(own) if each[0] != "trigger"} == BROKEN[statement]


@LAW_IDS
@pytest.mark.parametrize("own", ["postgresql"], indirect=True)
def test_all_broken_laws_are_named_at_once(own: URL) -> None:
    furnish(own)
    assert found(own) == []
    day_before = ("starts_at - 1", "starts_at - interval '1 day'")
    by_hand(own, *UNGUARDED["postgresql"], *(statement.replace(*day_before) for statement in BROKEN))
    assert set(found(own)) >= set().union(*BROKEN.values())


def furnish(url: URL) -> None:
    with begun(url) as connection:
        old_world.make(connection)
    upgrade(url)
    with SqlStore(url) as store:
        store.trace.append(note("A99"), note("A99"))
        store.trace.publish(1)


@pytest.mark.rule("D2")
@ENGINES
def test_ids_and_names_that_no_act_takes_are_named(own: URL) -> None:
    """Older versions stored accents as they were typed; such a customer is another one for every act."""
    furnish(own)
    typed = "Ma\u0308nd"
    by_hand(
        own,
        f"UPDATE customer_accounts SET customer = '{typed}' WHERE account = 'A7'",
        f"UPDATE accounts SET customer = '{typed}' WHERE account = 'A7'",
        f"UPDATE discount_groups SET name = '{typed}' WHERE id = 'referrer'",
    )
    assert [each for each in found(own) if each[0] == "name"] == [("name", typed), ("name", "referrer")]


def test_every_law_has_a_case_that_breaks_it() -> None:
    assert {law for named in BROKEN.values() for law, _ in named} == {law.name for law in LAWS}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.db"
    url = URL.create("sqlite", database=str(path))
    furnish(url)
    by_hand(url, "PRAGMA writable_schema=ON", "DELETE FROM fee_notes",
            "INSERT INTO fee_notes VALUES ('nowhere', 1, 100, 'EUR', NULL, 0, 'me')")  # fmt: skip
    assert found(url) == [("file", "fee_notes")]
    data = bytearray(path.read_bytes())
    page = int.from_bytes(data[16:18], "big")
    for start in range(3 * page, len(data), 5 * page):
        data[start + 3 : start + 8] = b"\xff" * 5
    path.write_bytes(data)
    seen: list[Finding] = []
    with pytest.raises(StoreFailed, match="damaged"):
        seen.extend(check(f"sqlite:///{path}"))


def test_a_file_that_no_longer_fits_together_is_named(tmp_path: Path) -> None:
    """An index of something else, and a text encoding that cannot be changed any more."""
    url = URL.create("sqlite", database=str(tmp_path / "own.db"))
    by_hand(url, "PRAGMA encoding = 'UTF-16le'", "CREATE TABLE of_the_host (a)")
    furnish(url)
    other = "UPDATE sqlite_master SET sql = 'CREATE INDEX cases_open ON cases (code)' WHERE name = 'cases_open'"
    by_hand(url, "PRAGMA writable_schema=ON", other)
    assert set(found(url)) == {("file", "encoding"), ("file", "integrity"), ("index", "cases_open")}


def test_a_look_makes_no_file_and_takes_no_older_schema(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    with pytest.raises(StoreFailed, match="no such database file"):
        list(check(url))
    assert list(tmp_path.iterdir()) == []
    upgrade(url)
    by_hand(
        URL.create("sqlite", database=str(tmp_path / "none.db")),
        f"UPDATE {schema.VERSION_TABLE} SET version_num = '0001'",
    )
    with pytest.raises(SchemaMismatch, match="referral db upgrade"):
        list(check(url))


def test_who_may_not_make_a_schema_is_told(postgres: PostgresServer) -> None:
    """And who may read only is told so as well; nothing of the comparison stays."""
    with postgres.database() as url:
        upgrade(url)
        with postgres.connected(url) as connection:
            connection.execute("DROP ROLE IF EXISTS referral_reader")
            connection.execute("CREATE ROLE referral_reader LOGIN PASSWORD 'reader'")
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO referral_reader")
        with pytest.raises(StoreFailed, match="as the owner"):
            list(check(url.set(username="referral_reader", password="reader")))
        list(check(url))
        with postgres.connected(url) as connection:
            assert connection.execute(
                "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'referral%'"
            ).fetchone() == (0,)
            connection.execute("DROP OWNED BY referral_reader")
            connection.execute("DROP ROLE referral_reader")
