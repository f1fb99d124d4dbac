"""What the database itself refuses, whoever writes: every violation here is written by hand, past the library."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import attrs
import psycopg
import pytest
from sqlalchemy import Table, UniqueConstraint
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import code, contract, day, grant, group, note, referral
from referral_adapters.sql import SqlStore
from referral_adapters.sql.tables import METADATA, REFERENCE
from referral_core.entities.actor import Actor
from referral_core.entities.trace import TraceNote, account_subject, chain_faults
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money
from tests.adapters.conftest import GUARDED
from tests.adapters.postgres_server import PostgresServer

REFUSED: Final = (sqlite3.IntegrityError, psycopg.errors.IntegrityError)


class Written(Protocol):
    """Writes a statement by hand."""

    def __call__(self, statement: str) -> list[Any]: ...


@pytest.fixture
def by_hand(database: URL, store: SqlStore, request: pytest.FixtureRequest) -> Iterator[Written]:
    """Yield what writes into a furnished database past the library; moments are written ``<number of day>``."""
    furnish(store)
    if database.get_backend_name() == "sqlite":
        lite = sqlite3.connect(database.database or "", isolation_level=None)
        yield lambda statement: lite.execute(dated(statement, in_sqlite)).fetchall()
        lite.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.connected(database) as connection:

        def write(statement: str) -> list[Any]:
            cursor = connection.execute(dated(statement, in_postgresql).encode())
            return cursor.fetchall() if cursor.description else []

        yield write


def in_sqlite(number: int) -> str:
    return str(int(day(number).timestamp()) * 1_000_000 + day(number).microsecond)


def in_postgresql(number: int) -> str:
    return f"TIMESTAMPTZ '{day(number).isoformat()}'"


def dated(statement: str, written: Callable[[int], str]) -> str:
    for number in range(10):
        statement = statement.replace(f"<{number}>", written(number))
    return statement


def furnish(store: SqlStore) -> None:
    store.contracts.put(contract())
    store.promo_codes.add(code("AAAA", ended=day(3)), at=day(0))
    store.promo_codes.add(code("BBBB", issued=day(5)), at=day(0))
    for reason in ("Mari asked", "somebody asked"):
        store.promo_codes.replace(attrs.evolve(code("AAAA", ended=day(3)), ending_reason=reason), at=day(1))
    amounts = group().amounts.adding(EffectivePeriod(day(0), day(3)), Money("10"))
    store.groups.put(attrs.evolve(group(), amounts=amounts.adding(EffectivePeriod(day(5), None), Money(15))), at=day(0))
    store.referrals.add(referral("K1"), at=day(0))
    store.referrals.replace(referral("K1"), at=day(0))
    store.grants.add(grant())
    store.requests.add_event("/feed", "1", "digest")
    for _ in range(2):
        store.trace.append(note())
    store.trace.seal(day(1))
    store.trace.publish(1)
    store.trace.subscribe("crm", 0)
    store.requests.claim("portal", "k1", "digest", at=day(0))
    store.billing.grant(grant())
    store.billing.bill("B1", "A1", Money("1"), at=day(1))
    store.billing.transfer("A1", "A2", Money("1"), at=day(1), key="T1")


CODE: Final = (
    "INSERT INTO promo_codes (account, text, place, customer, issued_at, issued_by, issuing, ends_at, revision,"
    " recorded_at) VALUES ('A1', 'CCCC', 3, 'C1', {}, 'me', 'by-hand', {}, 1, <0>)"
)
AMOUNT: Final = (
    "INSERT INTO amount_periods (group_id, starts_at, ends_at, amount, currency) VALUES ('referrer', {}, {}, 1, 'EUR')"
)
VIOLATIONS: Final = {
    "a text that was held (C1)": "INSERT INTO code_texts (text, account) VALUES ('AAAA', 'A9')",
    "a code inside another's period (C6)": CODE.format("<1>", "<2>"),
    "a code around another's period (C6)": CODE.format("<4>", "NULL"),
    "a code that is moved into another's period (C6)": "UPDATE promo_codes SET ends_at = <6> WHERE text = 'AAAA'",
    "a code without an end before another (C6)": "UPDATE promo_codes SET ends_at = NULL WHERE text = 'AAAA'",
    "a code that begins inside another's period (C6)": "UPDATE promo_codes SET issued_at = <2> WHERE text = 'BBBB'",
    "a second customer of an account": "INSERT INTO accounts (account, customer) VALUES ('A1', 'C2')",
    "a contract twice": "INSERT INTO contracts SELECT * FROM contracts",
    "an amount inside another's period (D3)": AMOUNT.format("<1>", "<2>"),
    "an amount up to the middle of another's (D3)": AMOUNT.format("<4>", "<6>"),
    "an amount moved into another's period (D3)": "UPDATE amount_periods SET ends_at = <6> WHERE starts_at = <0>",
    "a name that a group has (D2)": (
        "INSERT INTO discount_groups (id, place, side, name, compared_name, stamp, revision)"
        " VALUES ('other', 9, 'referee', 'Referrer', 'referrer', '', 1)"
    ),
    "a second referral of a contract (S4)": "INSERT INTO referrals SELECT * FROM referrals",
    "a live referral twice (S4)": "INSERT INTO live_referrals SELECT * FROM live_referrals",
    "a second grant on a side (B2)": "INSERT INTO grants SELECT * FROM grants",
    "an event twice": "INSERT INTO events (source, id, digest) VALUES ('/feed', '1', 'other')",
    "a bill twice (B6)": "INSERT INTO bills (bill, account) VALUES ('B1', 'A9')",
    "a grant posted twice (B2)": "INSERT INTO posted_grants (key) VALUES ('referrer/K1')",
    "a transfer twice (B7)": "INSERT INTO transfers (key, moved) VALUES ('T1', 1)",
    "a movement twice": "INSERT INTO discount_movements SELECT * FROM discount_movements",
    "a trace row in another's place (A2)": "INSERT INTO trace_entries SELECT * FROM trace_entries",
    "a trace row that is changed (A2)": "UPDATE trace_entries SET act = 'code.issue' WHERE number = 1",
    "a trace row whose actor is changed (A2)": "UPDATE trace_entries SET actor = 'somebody' WHERE number = 1",
    "a trace row whose reason is changed (A2)": "UPDATE trace_entries SET reason = '' WHERE number = 1",
    "what a trace row keeps that is changed (A2)": "UPDATE trace_entries SET stored = '{}' WHERE number = 1",
    "the owner in a trace row that is changed (A2)": "UPDATE trace_entries SET owner_salt = 'x' WHERE number = 1",
    "a trace row that moves (A2)": "UPDATE trace_entries SET number = 9 WHERE number = 2",
    "a trace row that is removed (A2)": "DELETE FROM trace_entries WHERE number = 2",
    "a code's state in another's place (R3)": "INSERT INTO promo_code_history SELECT * FROM promo_code_history",
    "a code's state that is changed (R3)": "UPDATE promo_code_history SET state = '{}' WHERE revision = 2",
    "a code's state that moves in time (R3)": "UPDATE promo_code_history SET recorded_at = <9>",
    "a code's state whose words are changed (R3)": "UPDATE promo_code_history SET personal = '{}' WHERE revision = 2",
    "words that a code's state never had (R3)": "UPDATE promo_code_history SET personal = '{}' WHERE revision = 1",
    "a code's state that is removed (R3)": "DELETE FROM promo_code_history WHERE revision = 2",
    "a group's state in another's place (R3)": (
        "INSERT INTO discount_group_history SELECT * FROM discount_group_history"
    ),
    "a group's state that is changed (R3)": "UPDATE discount_group_history SET state = '{}'",
    "a group's state that moves in time (R3)": "UPDATE discount_group_history SET recorded_at = <9>",
    "a group's state that is removed (R3)": "DELETE FROM discount_group_history",
    "a referral's state in another's place (R3)": "INSERT INTO referral_history SELECT * FROM referral_history",
    "a referral's state that is changed (R3)": "UPDATE referral_history SET state = '{}'",
    "a referral's state that is renumbered (R3)": "UPDATE referral_history SET revision = 9",
    "a referral's state that is removed (R3)": "DELETE FROM referral_history",
    "a seal in another's place (A2)": "INSERT INTO seals SELECT * FROM seals",
    "a seal that is changed (A2)": "UPDATE seals SET hash = ''",
    "a seal that is removed (A2)": "DELETE FROM seals",
    "a sealed head in another's place (A2)": "INSERT INTO sealed_heads SELECT * FROM sealed_heads",
    "a sealed head that is changed (A2)": "UPDATE sealed_heads SET hash = ''",
    "a sealed head that moves to another seal (A2)": "UPDATE sealed_heads SET seal = 2",
    "a sealed head that is removed (A2)": "DELETE FROM sealed_heads",
    "an answer under a key that is taken (B2)": (
        "INSERT INTO answers (asker, key, digest, at) VALUES ('portal', 'k1', 'other', <1>)"
    ),
    "a second receiver of a name": "INSERT INTO subscriptions (name, position, failures) VALUES ('crm', 9, 0)",
    "a row that goes out twice": "INSERT INTO outbox (subject, number, position) VALUES ('account:A1', 1, 9)",
    "a row that goes out as another": "UPDATE outbox SET number = 9 WHERE number = 2",
    "a row that goes out about another subject": "UPDATE outbox SET subject = 'account:A2' WHERE number = 2",
    "a position that is given anew": "UPDATE outbox SET position = 9 WHERE number = 1",
    "a position that is taken away": "UPDATE outbox SET position = NULL WHERE number = 1",
    "a row that does not go out": "DELETE FROM outbox WHERE number = 2",
    "a position that is taken": "INSERT INTO published (position, subject, number) VALUES (1, 'account:A1', 2)",
    "a position of another row": "UPDATE published SET number = 2",
    "a position that moves": "UPDATE published SET position = 2",
    "a position that is removed": "DELETE FROM published",
}


@pytest.mark.rule("C1", "C6", "D2", "D3", "S4", "B2", "A2", "R3")
@pytest.mark.parametrize("statement", VIOLATIONS.values(), ids=VIOLATIONS)
def test_the_database_refuses(by_hand: Written, statement: str) -> None:
    with pytest.raises(REFUSED):
        by_hand(statement)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", ["OR REPLACE", "OR IGNORE"])
@pytest.mark.parametrize(
    "statement",
    [each for each in VIOLATIONS.values() if "overlap" in each or "promo_codes" in each or "amount_periods" in each],
)
def test_sqlite_is_not_talked_round(by_hand: Written, statement: str, how: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        by_hand(statement.replace("INSERT", f"INSERT {how}", 1).replace("UPDATE", f"UPDATE {how}", 1))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", GUARDED)
def test_sqlite_replaces_no_row_that_stays(by_hand: Written, table: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        by_hand(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", GUARDED)
def test_postgresql_empties_no_table_that_stays(by_hand: Written, table: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityError):
        by_hand(f"TRUNCATE {table}")


@pytest.mark.rule("C6", "D3")
def test_what_only_touches_is_let_in(by_hand: Written) -> None:
    by_hand(CODE.format("<3>", "<5>"))
    by_hand(AMOUNT.format("<3>", "<5>"))
    by_hand("UPDATE promo_codes SET ends_at = <2> WHERE text = 'AAAA'")
    by_hand("UPDATE amount_periods SET amount = 3 WHERE starts_at = <0>")


def test_a_row_that_waits_can_be_given_a_position(by_hand: Written) -> None:
    """And so it is the position that those guards mind."""
    by_hand("UPDATE outbox SET position = 2 WHERE number = 2")
    assert [tuple(row) for row in by_hand("SELECT position FROM outbox ORDER BY number")] == [(1,), (2,)]


def test_a_row_goes_out_however_it_was_written(by_hand: Written, store: SqlStore) -> None:
    """The trigger minds who adds to the trace as little as its other guards do."""
    by_hand(
        "INSERT INTO trace_entries (subject, number, moment, act, role, personal_digest, previous, hash)"
        " SELECT subject, number + 1, moment, act, role, personal_digest, hash, hash FROM trace_entries"
        " WHERE number = 2"
    )
    assert store.trace.publish(9) == 2
    assert [(each.position, each.entry.number) for each in store.trace.published(0, 9)] == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.rule("A5")
def test_persons_can_be_erased_and_the_chain_still_holds(by_hand: Written, store: SqlStore) -> None:
    subject = account_subject("A1")
    before = list(store.trace.chain(subject))
    by_hand("UPDATE trace_entries SET actor = NULL, reason = NULL, salt = NULL")
    rows = list(store.trace.chain(subject))
    assert rows == [row.erased() for row in before]
    assert chain_faults(rows) == ()
    store.trace.append(TraceNote(subject, day(2), "code.end", Actor("Mari")))
    assert chain_faults(store.trace.chain(subject)) == ()


@pytest.mark.rule("A5", "R3")
def test_words_can_be_erased_from_history_and_nothing_else_goes(by_hand: Written, store: SqlStore) -> None:
    (first, second, present), _ = store.promo_codes.history("A1")
    assert (first.state.ending_reason, second.state.ending_reason) == (None, "Mari asked")
    by_hand("UPDATE promo_code_history SET personal = NULL")
    erased = attrs.evolve(second, state=attrs.evolve(second.state, ending_reason=None))
    assert store.promo_codes.history("A1")[0] == (first, erased, present)
    assert [row for row in by_hand("SELECT personal FROM promo_code_history") if row[0] is not None] == []


@pytest.mark.rule("A5", "R3")
@pytest.mark.parametrize("table", ["promo_code_history", "referral_history"])
def test_history_names_no_customer(by_hand: Written, table: str) -> None:
    """Who the customers are is read from the codes and referrals themselves, where it can be erased."""
    told = "".join(row[0] for row in by_hand(f"SELECT state FROM {table}"))
    assert "customer" not in told
    assert "Mari" not in told


# ── distribution ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_every_key_contains_the_distribution_column(table: Table) -> None:
    distribution = table.info["distribution"]
    if distribution == REFERENCE:
        return
    keys = [table.primary_key, *(each for each in table.constraints if isinstance(each, UniqueConstraint))]
    unique = [set(each.columns.keys()) for each in keys] + [
        set(index.columns.keys()) for index in table.indexes if index.unique and "one_server" not in index.info
    ]
    assert [distribution in columns for columns in unique] == [True] * len(unique)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_every_key_that_is_really_there_contains_the_distribution_column(by_hand: Written) -> None:
    """Exclusions and unique indexes too, as the database has them, but for the one that a cluster does without."""
    found = by_hand(
        "SELECT c.relname, array_agg(a.attname::text), min(p.relname), bool_or(i.indisexclusion) FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class p ON p.oid = i.indexrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)"
        " WHERE n.nspname = 'public' AND (i.indisunique OR i.indisexclusion) AND p.relname <> 'grants_key'"
        " GROUP BY i.indexrelid, c.relname"
    )
    tables = {name: METADATA.tables[name] for name, *_ in found if name in METADATA.tables}
    assert set(tables) == set(METADATA.tables)
    assert {index for _, _, index, is_exclusion in found if is_exclusion} == {
        "promo_codes_no_overlap",
        "amount_periods_no_overlap",
    }
    for name, columns, *_ in found:
        if name in tables and tables[name].info["distribution"] != REFERENCE:
            assert tables[name].info["distribution"] in columns
