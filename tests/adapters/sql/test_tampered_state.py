"""Somebody with the database's password changes what is stored, past all triggers: a command names it (A2)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL

from referral_adapters.sql import SqlStore, check, upgrade
from referral_adapters.sql.trace import SqlTrace
from referral_core import Actor, Money, Role
from referral_core.entities.trace import TraceNote
from referral_core.services.state_verification import StateVerifier
from tests.adapters.postgres_server import PostgresServer
from tests.lived_store import NOW, PROGRAMME, SECRET, live, session, take_back

pytestmark = pytest.mark.rule("A2")

VERIFY: Final = "trace verify --state"
CHECK: Final = "db check"

EVERY_TABLE_OF = """
    UPDATE accounts SET customer = 'thief' WHERE account = 'A';
    UPDATE contracts SET customer = 'thief' WHERE account = 'A';
    UPDATE promo_codes SET customer = 'thief' WHERE account = 'A';
    UPDATE customer_accounts SET customer = 'thief' WHERE account = 'A';
    UPDATE referrals SET referrer_customer = 'thief' WHERE referrer = 'A'
"""
"""An account given to another customer in every table that names the owner."""

NEW_GRANT = """
    INSERT INTO grants (account, side, referral, key, amount, currency, effective_from, status, attempts, wait_until)
    SELECT 'A', 'referrer', 'K-open', 'referrer/K-open', {ninety}, 'EUR', {then}, 'due', 0, {then}
"""
NEW_CONTRACT = """
    INSERT INTO contracts (account, id, customer, product, segment, channel, concluded_at, warnings, status,
    activated_at) SELECT account, 'K-new', customer, product, segment, channel, concluded_at, warnings, status,
    activated_at FROM contracts WHERE id = 'K-A';
    INSERT INTO contract_accounts VALUES ('K-new', 'A')
"""
NEW_CODE = """
    INSERT INTO code_texts VALUES ('STOLEN', 'V');
    INSERT INTO promo_codes (account, text, place, customer, issued_at, issued_by, issuing, starts_at, revision,
    recorded_at) VALUES ('V', 'STOLEN', 1, 'vil', {then}, 'x', 'by-hand', {then}, 1, {then})
"""
NEW_CASE = """
    INSERT INTO cases SELECT 'S-new', customer, opened_at, product, segment, code, referrer_group, referrer_amount,
    referrer_currency, referrer_from, referrer_until, referee_group, {ninety}, referee_currency, referee_from,
    referee_until, warnings, status, contract, closed_at FROM cases WHERE id = 'S-open'
"""

TAMPERINGS: Final[dict[str, tuple[str, str, str]]] = {
    # what was done: the statements; the command that finds it; the row and the field that it names
    "an amount raised": (
        "UPDATE amount_periods SET amount = {ninety} WHERE group_id = 'referrer'",
        VERIFY, "group:referrer: group referrer: amounts.spans.0.value is 90.00 EUR, and the trace says 10.00 EUR",
    ),
    "an amount begun earlier": (
        "UPDATE amount_periods SET starts_at = starts_at - {day} WHERE group_id = 'referee-manual'",
        VERIFY, "group:referee-manual: group referee-manual: amounts.spans.0.period.start is 2020-12-30T22:00:00Z",
    ),
    "an amount that goes on": (
        ("DELETE FROM amount_periods WHERE group_id = 'referrer' AND starts_at >"
        " (SELECT MIN(starts_at) FROM amount_periods WHERE group_id = 'referrer')"),
        VERIFY, "group:referrer: group referrer: amounts.spans.1",
    ),
    "an amount for a group that had none": (
        "INSERT INTO amount_periods VALUES ('shops', {then}, NULL, {ninety}, 'EUR')",
        VERIFY, "group:shops: group shops: amounts.spans.0.value is 90.00 EUR, and the trace says empty",
    ),
    "a new group": (
        ("INSERT INTO discount_groups VALUES ('mine', 99, 'referee', 'Mine', 'mine', 'x', 1);"
        "INSERT INTO amount_periods VALUES ('mine', {then}, NULL, {ninety}, 'EUR')"),
        VERIFY, "group:mine: group mine: has amounts, and no row tells of them",
    ),
    "a group moved to the other side": (
        "UPDATE discount_groups SET side = 'referrer' WHERE id = 'fair'",
        VERIFY, "group:fair: group fair: side is referrer, and the trace says referee",
    ),
    "a group never disabled": (
        "DELETE FROM group_switches WHERE group_id = 'fair'",
        VERIFY, "group:fair: group fair: switches.0.0 is empty",
    ),
    "a group as known earlier": (
        "UPDATE discount_group_history SET state = REPLACE(state, '15.00', '95.00') WHERE id = 'referrer'",
        VERIFY, "group:referrer: group referrer, state 3: amounts.spans.1.value is 95.00 EUR",
    ),
    "a referral and its grant raised": (
        ("UPDATE referrals SET referee_amount = {ninety} WHERE contract = 'K-due';"
        "UPDATE grants SET amount = {ninety} WHERE referral = 'K-due' AND side = 'referee'"),
        VERIFY, "referral:K-due: referral K-due: referee_offer.amount is 90.00 EUR, and the trace says 10.00 EUR",
    ),
    "a referral that waits raised": (
        "UPDATE referrals SET referrer_amount = {ninety} WHERE contract = 'K-open'",
        VERIFY, "referral:K-open: referral K-open: referrer_offer.amount is 90.00 EUR",
    ),
    "a referral for another referrer": (
        ("UPDATE referrals SET referrer = 'I', referrer_customer = 'ida' WHERE contract = 'K-open';"
        "UPDATE given_referrals SET referrer = 'I' WHERE contract = 'K-open'"),
        VERIFY, "referral:K-open: referral K-open: referrer is I, and the trace says A",
    ),
    "a held referral set free": (
        "UPDATE referrals SET status = 'recorded', held_at = NULL WHERE contract = 'K-done'",
        VERIFY, "referral:K-done: referral K-done: status is empty, and the trace says held",
    ),
    "a void referral set free": (
        ("UPDATE referrals SET status = 'granted', referrer_void_at = NULL, referee_void_at = NULL,"
        " granted_at = {then} WHERE contract = 'K-void'"),
        VERIFY, "referral:K-void: referral K-void: status is granted, and the trace says void",
    ),
    "a void side set free": (
        "UPDATE referrals SET referrer_void_at = NULL WHERE contract = 'K-half'",
        VERIFY, "referral:K-half: referral K-half: referrer_void_at is empty",
    ),
    "a cancelled referral set free": (
        ("UPDATE referrals SET status = 'recorded', cancelled_at = NULL WHERE contract = 'K-gone';"
        "INSERT INTO live_referrals SELECT referee_customer, contract FROM referrals WHERE contract = 'K-gone'"),
        VERIFY, "referral:K-gone: referral K-gone: status is empty, and the trace says cancelled",
    ),
    "a referral judged at another moment": (
        "UPDATE referrals SET honoured_moment = honoured_moment - {day} WHERE contract = 'K-bare'",
        VERIFY, "referral:K-bare: referral K-bare: honoured_moment is 2021-01-19T10:00:00Z",
    ),
    "a referral by another group": (
        "UPDATE referrals SET referee_group = 'referee-manual' WHERE contract = 'K-open'",
        VERIFY, "referral:K-open: referral K-open: referee_offer.group is referee-manual, and the trace says fair",
    ),
    "a referral deleted": (
        ("DELETE FROM referral_history WHERE contract = 'K-held'; DELETE FROM grants WHERE referral = 'K-held';"
        "DELETE FROM given_referrals WHERE contract = 'K-held'; DELETE FROM live_referrals WHERE contract = 'K-held';"
        "DELETE FROM referrals WHERE contract = 'K-held'"),
        VERIFY, "referral:K-held: referral K-held: is gone, and the trace tells of it",
    ),
    "a referral never recorded": (
        ("UPDATE referrals SET contract = 'K-next' WHERE contract = 'K-open';"
        "UPDATE given_referrals SET contract = 'K-next' WHERE contract = 'K-open'"),
        VERIFY, "referral:K-next: referral K-next: is stored, and no row tells of it",
    ),
    "a referral as known earlier": (
        ("UPDATE referral_history SET state = REPLACE(state, 'amount\":\"10.00\"', 'amount\":\"90.00\"')"
        " WHERE contract = 'K-open'"),
        VERIFY, "referral:K-open: referral K-open, state 1: referee_offer.amount is 90.00 EUR",
    ),
    "a fee note lowered": (
        "UPDATE fee_notes SET amount = amount - {cent} WHERE contract = 'K-left'",
        VERIFY, "referral:K-left: referral K-left: fee_notes.0.amount is 4.99 EUR, and the trace says 5.00 EUR",
    ),
    "a due grant raised": (
        "UPDATE grants SET amount = {ninety} WHERE key = 'referee/K-due'",
        VERIFY, "referral:K-due: grant referee/K-due: amount is 90.00 EUR, and the trace says 10.00 EUR",
    ),
    "a due grant deleted": (
        "DELETE FROM grants WHERE key = 'referrer/K-due'",
        VERIFY, "referral:K-due: grant referrer/K-due: is gone, and the trace says that it became due",
    ),
    "a due grant for another account": (
        "UPDATE grants SET account = 'I' WHERE key = 'referrer/K-due'",
        VERIFY, "referral:K-due: grant referrer/K-due: account is I, and the trace says A",
    ),
    "a due grant effective earlier": (
        "UPDATE grants SET effective_from = effective_from - {day} WHERE key = 'referee/K-due'",
        VERIFY, "referral:K-due: grant referee/K-due: effective_from is 2021-02-08T10:00:00Z",
    ),
    "a held grant to be sent": (
        "UPDATE grants SET status = 'due', wait_until = effective_from WHERE key = 'referee/K-stop'",
        VERIFY, "referral:K-stop: grant referee/K-stop: status is due, and its referral is held",
    ),
    "a granted grant to be sent again": (
        "UPDATE grants SET status = 'due', wait_until = effective_from WHERE key = 'referee/K-paid'",
        VERIFY, "referral:K-paid: grant referee/K-paid: status is due, and the trace says that billing confirmed it",
    ),
    "a due grant as if paid": (
        "UPDATE grants SET status = 'granted', wait_until = NULL WHERE key = 'referee/K-due'",
        VERIFY, "referral:K-due: grant referee/K-due: status is granted, and the trace does not say",
    ),
    "a grant that nobody is owed": (
        NEW_GRANT, VERIFY, "referral:K-open: grant referrer/K-open: is stored, and no row tells of it",
    ),
    "a case's amount raised": (
        "UPDATE cases SET referee_amount = {ninety} WHERE id = 'S-open'",
        VERIFY, "programme: case S-open: carried.referee.amount is 90.00 EUR, and the trace says 10.00 EUR",
    ),
    "a finished case's amount raised": (
        "UPDATE cases SET referee_amount = {ninety} WHERE id = 'S-done'",
        VERIFY, "account:of K-done: case S-done: carried.referee.amount is 90.00 EUR",
    ),
    "a finished case opened again": (
        "UPDATE cases SET status = 'open', contract = NULL, closed_at = NULL WHERE id = 'S-done'",
        VERIFY, "account:of K-done: case S-done: status is empty, and the trace says finished",
    ),
    "a case deleted": (
        "DELETE FROM cases WHERE id = 'S-left'",
        VERIFY, "programme: case S-left: is gone, and the trace tells of it",
    ),
    "a case that nobody opened": (NEW_CASE, VERIFY, "programme: case S-new: is stored, and no row tells of it"),
    "an active contract withdrawn": (
        "UPDATE contracts SET status = 'withdrawn', ended_at = activated_at, activated_at = NULL WHERE id = 'K-due'",
        VERIFY, "account:of K-due: contract K-due: status is withdrawn, and the trace says active",
    ),
    "a contract activated earlier": (
        "UPDATE contracts SET activated_at = activated_at - {day} WHERE id = 'K-A2'",
        VERIFY, "account:A: contract K-A2: activated_at is 2021-01-02T10:00:00Z",
    ),
    "a contract on another product": (
        "UPDATE contracts SET product = 'electricity' WHERE id = 'K-G'",
        VERIFY, "account:G: contract K-G: product is electricity, and the trace says gas",
    ),
    "a contract deleted": (
        "DELETE FROM contracts WHERE id = 'K-A2'; DELETE FROM contract_accounts WHERE contract = 'K-A2'",
        VERIFY, "account:A: contract K-A2: is gone, and the trace tells of it",
    ),
    "a contract that nobody concluded": (
        NEW_CONTRACT, VERIFY, "account:A: contract K-new: is stored, and no row tells of it",
    ),
    "an imported contract ended": (
        "UPDATE contracts SET status = 'terminated', ended_at = activated_at WHERE id = 'I-1'",
        VERIFY, "account:I: contract I-1: is not as it was imported",
    ),
    "an imported contract deleted": (
        "DELETE FROM contracts WHERE id = 'I-4'; DELETE FROM contract_accounts WHERE contract = 'I-4'",
        VERIFY, "programme: contract I-4: is gone, and the trace says that it was imported",
    ),
    "an account given away in every table": (
        EVERY_TABLE_OF, VERIFY, "account:A: customer: is not the one to whom it belongs by the trace",
    ),
    "the owner in the trace forgotten": (
        "UPDATE trace_entries SET owner_salt = NULL WHERE subject = 'account:A'",
        VERIFY, "account:A: customer: is not the one to whom it belongs by the trace",
    ),
    "an account given away in one table": (
        "UPDATE accounts SET customer = 'thief' WHERE account = 'A'",
        CHECK, "A contract on account A is of another customer than the account.",
    ),
    "a customer as if erased": (
        EVERY_TABLE_OF.replace("'thief'", "'erased-0'"), VERIFY, "account:A: customer: is erased, or is not",
    ),
    "a code that goes on": (
        "UPDATE promo_codes SET ends_at = NULL, ending = NULL WHERE text = 'A123'",
        VERIFY, "account:A: code A123: ends_at is empty, and the trace says 2021-03-02T10:00:00Z",
    ),
    "a code active earlier": (
        "UPDATE promo_codes SET starts_at = starts_at - {day} WHERE text = 'A123'",
        VERIFY, "account:A: code A123: starts_at is 2021-01-03T10:00:00Z",
    ),
    "a code for another account": (
        ("UPDATE promo_codes SET account = 'V', customer = 'vil' WHERE text = 'A123';"
        "UPDATE code_texts SET account = 'V' WHERE text = 'A123'"),
        VERIFY, "account:A: code A123: is gone, and the trace tells of it",
    ),
    "a code that nobody issued": (NEW_CODE, VERIFY, "account:V: code STOLEN: is stored, and no row tells of it"),
    "a code as known earlier": (
        ("UPDATE promo_code_history SET state = REPLACE(state, 's_at\":null', 's_at\":\"2021-01-05T00:00:00Z\"')"
        " WHERE text = 'A123'"),
        VERIFY, "account:A: code A123, state 1: ends_at is 2021-01-05T00:00:00Z",
    ),
    "unused discount raised": (
        "UPDATE discount_lots SET unused = unused + {cent} WHERE account = 'of K-half'",
        VERIFY, "account:of K-half: discount: unused is 10.01 EUR, and the trace says 10.00 EUR",
    ),
    "unused discount usable earlier": (
        "UPDATE discount_lots SET effective_from = effective_from - {day} WHERE account = 'of K-half'",
        VERIFY, "account:of K-half: discount: a part from 2021-02-08T10:00:00Z is as old as no grant",
    ),
    "a bill that never was": (
        ("DELETE FROM bills WHERE bill = 'R-3'; DELETE FROM discount_movements WHERE reference = 'R-3';"
        "UPDATE discount_lots SET unused = 10 * 100 * {cent} WHERE account = 'A';"
        "INSERT INTO discount_lots (account, grant_key, effective_from, unused, recorded_at)"
        " SELECT account, 'more ' || grant_key, effective_from, unused, recorded_at FROM discount_lots"
        " WHERE account = 'A'"),
        VERIFY, "account:A: bill R-3: is gone from billing, and the trace tells of it",
    ),
    "a bill that took less": (
        ("UPDATE discount_movements SET amount = amount - {cent} WHERE reference = 'R-1';"
        "UPDATE discount_lots SET unused = unused + {cent} WHERE account = 'of K-paid'"),
        VERIFY, "account:of K-paid: bill R-1: amount is 3.99 EUR, and the trace says 4.00 EUR",
    ),
    "a grant posted twice": (
        ("INSERT INTO posted_grants (key, account) VALUES ('referrer/K-more', 'A');"
        "INSERT INTO discount_movements (account, kind, reference, amount, moved_at, recorded_at)"
        " SELECT account, kind, 'referrer/K-more', amount, moved_at, recorded_at"
        " FROM discount_movements WHERE reference = 'referrer/K-paid' AND kind = 'granted';"
        "INSERT INTO discount_lots (account, grant_key, effective_from, unused, recorded_at)"
        " SELECT account, 'referrer/K-more', effective_from, 10 * 100 * {cent}, recorded_at FROM discount_lots"
        " WHERE account = 'A'"),
        VERIFY, "account:A: grant referrer/K-more: was posted to billing, and there is no such grant",
    ),
    "a transfer that never was": (
        ("DELETE FROM transfers; DELETE FROM discount_movements WHERE kind LIKE 'transferred%';"
        "UPDATE discount_lots SET account = 'of K-left', grant_key = 'more ' || grant_key"
        " WHERE account = 'next of K-left'"),
        VERIFY, "account:of K-left: transfer ",
    ),
    "a bill for another account": (
        "UPDATE bills SET account = 'I' WHERE bill = 'R-1'",
        CHECK, "The bill R-1 took a discount and is not known for this account.",
    ),
    "a posted key forgotten": (
        "DELETE FROM posted_grants WHERE key = 'referee/K-paid'",
        CHECK, "What was posted under referee/K-paid is no grant of this account and amount.",
    ),
    "a customer who was never referred": (
        "DELETE FROM live_referrals WHERE contract = 'K-due'",
        CHECK, "The referral of contract K-due is not kept as it should be",
    ),
    "a code of another customer": (
        "UPDATE promo_codes SET customer = 'thief' WHERE text = 'A123'",
        CHECK, "A code of account A is of another customer than the account.",
    ),
    "a referral of another customer": (
        "UPDATE referrals SET referee_customer = 'thief' WHERE contract = 'K-due'",
        CHECK, "The referral of contract K-due is of another customer than one of its accounts.",
    ),
    "a key as if it were posted": (
        "INSERT INTO posted_grants (key, account) VALUES ('referrer/K-none', 'A')",
        CHECK, "The key referrer/K-none is posted, and no grant has it.",
    ),
    "a referral in nobody's list": (
        "DELETE FROM given_referrals WHERE contract = 'K-due'",
        CHECK, "The referral of contract K-due is not in the list of its referrer's.",
    ),
}  # fmt: skip

IN_POSTGRESQL: Final = (
    "an amount raised",
    "a referral and its grant raised",
    "a due grant deleted",
    "an active contract withdrawn",
    "a case's amount raised",
    "an account given away in every table",
    "a bill that never was",
    "a code that nobody issued",
)

UNITS: Final = {
    "sqlite": {"ninety": "9000", "cent": "1", "day": "86400000000", "then": "1612900000000000"},
    "postgresql": {
        "ninety": "90.00",
        "cent": "0.01",
        "day": "interval '1 day'",
        "then": "timestamptz '2021-02-10 12:00Z'",
    },
}


def findings(url: URL, command: str) -> list[str]:
    """Return what a command finds."""
    if command == CHECK:
        return [each.message for each in check(url)]
    with SqlStore(url, PROGRAMME, secret=SECRET) as store:
        found = StateVerifier(store, most=1000).run(NOW)
    return [str(fault) for fault in found.faults]


def tamper(connection: Connection, statements: str) -> None:
    """Carry out statements past all guards."""
    engine = connection.dialect.name
    if engine == "postgresql":
        connection.exec_driver_sql("SET session_replication_role = replica")
    else:
        for (trigger,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    changed = 0
    for statement in statements.format_map(UNITS[engine]).split(";"):
        changed += connection.exec_driver_sql(statement).rowcount
    assert changed > 0


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file in which everything has happened, and in which both commands find nothing."""
    path = tmp_path_factory.mktemp("lived") / "referral.db"
    url = URL.create("sqlite", database=str(path))
    upgrade(url)
    with SqlStore(url, PROGRAMME, secret=SECRET) as store:
        live(store)
        take_back(store)
    assert (findings(url, VERIFY), findings(url, CHECK)) == ([], [])
    return path


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_changed_behind_the_librarys_back_is_named(name: str, lived_in: Path, tmp_path: Path) -> None:
    statements, command, named = TAMPERINGS[name]
    found = tampered(statements, command, lived_in, tmp_path)
    assert [each for each in found if each.startswith(named)], found


def tampered(statements: str, command: str, path: Path, folder: Path) -> list[str]:
    """Return what a command finds in a copy of a file that was tampered with."""
    url = URL.create("sqlite", database=str(shutil.copy(path, folder / "referral.db")))
    engine = create_engine(url)
    with engine.begin() as connection:
        tamper(connection, statements)
    engine.dispose()
    return findings(url, command)


@pytest.fixture(scope="module")
def lived_in_postgresql(postgres: PostgresServer) -> Iterator[URL]:
    with postgres.database() as url:
        upgrade(url)
        with SqlStore(url, PROGRAMME, secret=SECRET) as store:
            live(store)
            take_back(store)
        yield url


def test_in_postgresql_as_well(lived_in_postgresql: URL) -> None:
    assert (findings(lived_in_postgresql, VERIFY), findings(lived_in_postgresql, CHECK)) == ([], [])
    engine = create_engine(lived_in_postgresql)
    for name in IN_POSTGRESQL:
        statements, command, named = TAMPERINGS[name]
        with engine.connect() as connection:
            tamper(connection, statements)
            found = [str(fault) for fault in StateVerifier(SqlStore.on(connection), most=99).run(NOW).faults]
            connection.rollback()
        assert command == VERIFY
        assert [each for each in found if each.startswith(named)], (name, found)
    engine.dispose()


# ── databases of the version before ───────────────────────────────────────────────────────────────────────────────────

NEW_ACTS: Final = {"contract.activated", "contract.withdrawn", "contract.terminated", "bill.issued"}
"""The acts that left no row in the version before, when systems did them."""

FOUND_IN_WORDS: Final = {
    "an amount raised": "group:referrer: group referrer: ",
    "a referral and its grant raised": "referral:K-due: referral K-due: referee_amount is 90.00 EUR",
    "a held referral set free": "referral:K-done: referral K-done: status is recorded, and the trace says held",
    "a cancelled referral set free": "referral:K-gone: referral K-gone: status is recorded",
    "a due grant raised": "referral:K-due: grant referee/K-due: amount is 90.00 EUR, and the trace says 10.00 EUR",
    "a due grant deleted": "referral:K-due: grant referrer/K-due: is gone, and the trace says that it became due",
    "a granted grant to be sent again": "referral:K-paid: grant referee/K-paid: status is due",
    "a case's amount raised": "programme: case S-open: Discount amount is 90.00 EUR, and the trace says 10.00 EUR",
    "a finished case opened again": "account:of K-done: case S-done: contract is empty",
    "a code that goes on": "account:A: code A123: ends_at is empty",
    "a code that nobody issued": "account:V: code STOLEN: is stored, and no row tells of it",
    "a grant that nobody is owed": "referral:K-open: grant referrer/K-open: is stored, and no row tells of it",
}
"""What the words in the rows of the version before are enough for."""


@pytest.fixture(scope="module")
def from_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file in which the version before has done everything."""
    path = tmp_path_factory.mktemp("before") / "referral.db"
    url = URL.create("sqlite", database=str(path))
    upgrade(url)
    append = SqlTrace.append

    def appended(self: SqlTrace, *notes: TraceNote) -> None:
        rows = [note for note in notes if note.act not in NEW_ACTS and not is_new(note)]
        append(self, *[attrs.evolve(note, stored=None, owner=None) for note in rows])

    with SqlStore(url, PROGRAMME, secret=SECRET) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlTrace, "append", appended)
        live(store)
    return path


def is_new(note: TraceNote) -> bool:
    return note.act == "contract.concluded" and note.actor.role is Role.SYSTEM


def test_what_the_version_before_did_not_keep_is_counted_and_is_no_fault(from_before: Path, tmp_path: Path) -> None:
    url = URL.create("sqlite", database=str(shutil.copy(from_before, tmp_path / "referral.db")))
    with SqlStore(url, PROGRAMME, secret=SECRET) as store:
        found = StateVerifier(store, most=99).run(NOW)
        assert found.faults == ()
        assert (found.in_words > 30, found.contracts, found.bills) == (True, 21, 3)
        session(store, "2021-09-01", Actor.system()).contracts.terminate("K-A2")
        session(store, "2021-09-01").groups.set_amount("referrer", Money("12"))
        after = StateVerifier(store, most=99).run(NOW)
        # What is done from now on is kept, whole.
        assert after.faults == ()
        assert (after.compared - found.compared, after.in_words - found.in_words) == (2, -1)


@pytest.mark.parametrize("name", FOUND_IN_WORDS)
def test_what_the_version_before_said_in_words_is_compared(name: str, from_before: Path, tmp_path: Path) -> None:
    found = tampered(TAMPERINGS[name][0], VERIFY, from_before, tmp_path)
    assert [each for each in found if each.startswith(FOUND_IN_WORDS[name])], found
