"""Somebody who has the database: what they change by hand, past all triggers, is named by verifying (A2).

Everything happens in a transaction that is rolled back, so that one furnished database serves all examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import day
from referral_adapters.sql import SqlStore, StoreFailed
from referral_adapters.sql.tables import SEALED_HEADS, SEALS, TRACE_ENTRIES
from referral_core.entities.actor import Actor, Role
from referral_core.entities.trace import TraceEntry, TraceFault, TraceNote
from referral_core.services.verification import TraceVerifier as Verifying
from referral_core.values.errors import TraceUnreadable
from referral_core.values.moment import LATEST

SUBJECTS: Final = ("account:A-1", "account:Õ'\"", "programme")
AFTER: Final = {"code": "A123", "referee_amount": "7.00 EUR", "ends_at": None}
MARI: Final = Actor("Mari", Role.AGENT)
EXAMPLES: Final = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class Vault:
    """A database with a sealed trace, in the hands of somebody who is stopped by no trigger."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_postgres = connection.dialect.name == "postgresql"

    def take(self, statement: str, **given: object) -> None:
        """Carry a statement out."""
        self.connection.execute(text(statement), given)

    def rows(self, statement: str, **given: object) -> list[Any]:
        """Return what a statement finds."""
        return list(self.connection.execute(text(statement), given))

    def verified(self) -> tuple[TraceFault, ...]:
        """Return the faults that verifying names."""
        store = SqlStore.on(self.connection)
        return Verifying(store.trace, most=99).run(day(9)).faults

    def named(self) -> set[tuple[str, int]]:
        """Return the places that verifying names."""
        return {(fault.subject, fault.number) for fault in self.verified()}


def told(store: SqlStore, subject: str, number: int) -> None:
    reason = "the customer called" if number % 2 else None
    store.trace.append(TraceNote(subject, day(number), "code.end", MARI, None, AFTER, reason))


@pytest.fixture
def opened(database: URL, store: SqlStore) -> Iterator[Connection]:
    """Yield a connection to a database with three chains of four rows, of which two and then three are sealed."""
    for number in range(4):
        for subject in SUBJECTS:
            told(store, subject, number)
        if number in {1, 2}:
            store.trace.seal(day(number))
    engine = create_engine(database)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def tampering(opened: Connection, act: Callable[[Vault], None]) -> None:
    """Have somebody tamper, and put everything back."""
    if opened.dialect.name == "sqlite":  # Python's driver begins by itself before INSERT only
        opened.exec_driver_sql("BEGIN IMMEDIATE")
    vault = Vault(opened)
    for table in ("trace_entries", "seals", "sealed_heads"):
        if vault.is_postgres:
            vault.take(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            for trigger in vault.rows(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t", t=table
            ):
                vault.take(f"DROP TRIGGER {trigger.name}")
    try:
        assert vault.verified() == ()
        act(vault)
    finally:
        opened.rollback()


def other_text(draw: st.DrawFn, present: str) -> str:
    """Return a text with one sign changed, added or taken away."""
    place = draw(st.integers(0, len(present)))
    sign = draw(st.sampled_from("a0 \"'\\{}õ\u2028"))
    return draw(
        st.sampled_from(
            [present[:place] + sign + present[place + 1 :], present[:place] + sign + present[place:], present[:-1]]
        ).filter(lambda text: text != present)
    )


KEYS: Final = {"trace_entries": "subject, number", "seals": "number", "sealed_heads": "subject, number, seal"}
COLUMNS: Final = [
    (table.name, column.name)
    for table in (TRACE_ENTRIES, SEALS, SEALED_HEADS)
    for column in table.columns
    if column.name != "owner_salt"  # of which only the stored owner tells whether it was changed
]
NUMBERS: Final = {"number", "seal", "heads"}


def changed(draw: st.DrawFn, vault: Vault, column: str, present: str | None) -> tuple[str, dict[str, object]]:
    """Return what a column is to hold, as an expression with its parameters."""
    if column == "moment":
        return ("moment + interval '1 microsecond'" if vault.is_postgres else "moment + 1"), {}
    if column in NUMBERS:
        return f"{column} + :by", {"by": draw(st.sampled_from([-50, 50, 1000]))}
    if present is None:
        return ":value", {"value": draw(st.sampled_from(["", "{}", "null", "Jaan"]))}
    return ":value", {"value": other_text(draw, present)}


@pytest.mark.rule("A2")
@EXAMPLES
@given(data=st.data())
@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_any_one_value_that_is_changed_is_named(
    opened: Connection, table: str, column: str, data: st.DataObject
) -> None:
    keys = KEYS[table].split(", ")

    def act(vault: Vault) -> None:
        rows = vault.rows(f"SELECT {KEYS[table]}, CAST({column} AS TEXT) AS v FROM {table} ORDER BY {KEYS[table]}")
        row = data.draw(st.sampled_from(rows))
        change, given_values = data.draw(st.composite(changed)(vault, column, row.v))
        where = " AND ".join(f"{key} = :{key}_was" for key in keys)
        was = {f"{key}_was": getattr(row, key) for key in keys}
        vault.take(f"UPDATE {table} SET {column} = {change} WHERE {where}", **given_values, **was)
        named = vault.named()
        if column in {"subject", "number"} and table != "sealed_heads":  # it stands elsewhere now
            assert named
        elif table == "trace_entries":
            assert (row.subject, row.number) in named
        else:
            assert ("seal", row.number if table == "seals" else row.seal) in named

    tampering(opened, act)


@pytest.mark.rule("A2", "A5")
def test_taking_persons_away_is_erasing_but_half_of_it_is_not(opened: Connection) -> None:
    def act(vault: Vault) -> None:
        vault.take("UPDATE trace_entries SET actor = NULL, reason = NULL, salt = NULL WHERE subject = 'programme'")
        assert vault.verified() == ()
        vault.take("UPDATE trace_entries SET salt = NULL WHERE subject = 'account:A-1' AND number = 2")
        assert vault.named() == {("account:A-1", 2)}

    tampering(opened, act)


@pytest.mark.rule("A2")
@EXAMPLES
@given(data=st.data())
def test_rows_that_are_removed_are_named_once_sealed(opened: Connection, data: st.DataObject) -> None:
    subject = data.draw(st.sampled_from(SUBJECTS))
    gone = data.draw(st.sets(st.integers(1, 4), min_size=1))

    def act(vault: Vault) -> None:
        for number in gone:
            vault.take("DELETE FROM trace_entries WHERE subject = :of AND number = :number", of=subject, number=number)
        named = vault.named()
        assert {place for place, _ in named} == (set() if gone == {4} else {subject})
        assert {(subject, number) for number in gone & {2, 3}} <= named

    tampering(opened, act)


@pytest.mark.rule("A2")
@EXAMPLES
@given(data=st.data())
def test_a_chain_that_is_written_anew_is_named_once_sealed(opened: Connection, data: st.DataObject) -> None:
    """With every hash computed again: only the seals tell."""
    subject = data.draw(st.sampled_from(SUBJECTS))
    first = data.draw(st.integers(1, 4))

    def act(vault: Vault) -> None:
        store = SqlStore.on(vault.connection)
        rows = list(store.trace.chain(subject))
        vault.take("DELETE FROM trace_entries WHERE subject = :of AND number >= :first", of=subject, first=first)
        for row in rows[first - 1 :]:
            note = TraceNote(row.subject, row.moment, row.act, Actor("Jaan", row.role), None, {"code": "B"}, None)
            store.trace.append(note)
        assert vault.named() == {(subject, number) for number in (2, 3) if number >= first}
        assert len(list(store.trace.chain(subject))) == len(rows)

    tampering(opened, act)


@pytest.mark.rule("A2")
def test_rows_that_change_places_are_named(opened: Connection) -> None:
    def act(vault: Vault) -> None:
        for before, after in ((1, 99), (3, 1), (99, 3)):
            vault.take(
                "UPDATE trace_entries SET number = :after WHERE subject = 'programme' AND number = :before",
                before=before, after=after,
            )  # fmt: skip
        assert {("programme", 1), ("programme", 3)} <= vault.named()

    tampering(opened, act)


@pytest.mark.rule("A2")
def test_whole_chains_and_seals_that_are_gone_are_named(opened: Connection) -> None:
    def act(vault: Vault) -> None:
        vault.take("DELETE FROM trace_entries WHERE subject = 'programme'")
        assert vault.named() == {("programme", 2), ("programme", 3)}
        vault.take("DELETE FROM seals WHERE number = 1")
        assert ("seal", 2) in vault.named()
        vault.take("DELETE FROM seals")
        assert {fault.what for fault in vault.verified()} == {
            "is listed by seal 1, which is missing",
            "is listed by seal 2, which is missing",
        }
        vault.take("DELETE FROM sealed_heads")
        assert vault.verified() == ()  # which is why the last hash is kept elsewhere

    tampering(opened, act)


# ── what cannot be read ───────────────────────────────────────────────────────────────────────────────────────────────

UNREADABLE: Final = {
    "a role that there is not": "role = 'king'",
    "a state that is not JSON": "after = '{'",
    "a state that is no object": "after = '[]'",
    "a state with another blank": "after = ' ' || after",
    "a state that says it twice": """after = '{"code":"B",' || substr(after, 2)""",
}
OF_SQLITE: Final = {
    "bytes that are no text": "reason = CAST(X'ff' AS TEXT)",
    "a moment beyond all moments": "moment = 9223372036854775807",
    "a moment before all moments": "moment = -62135596800000000",
}
OF_POSTGRESQL: Final = {
    "a moment without an end": "moment = 'infinity'",
    "a moment beyond all moments": "moment = '99999-01-01 00:00:00+00'",
    "a moment before all moments": "moment = '0001-01-01 00:00:00+00'",
}


def is_named(opened: Connection, change: str) -> None:
    def act(vault: Vault) -> None:
        vault.take(f"UPDATE trace_entries SET {change} WHERE subject = 'account:A-1' AND number = 3")
        assert vault.verified() == (TraceFault("account:A-1", 3, "cannot be read"),)
        chain = SqlStore.on(vault.connection).trace.chain("account:A-1")
        assert [next(chain).number for _ in range(2)] == [1, 2]
        with pytest.raises(TraceUnreadable) as caught:
            next(chain)
        assert (caught.value.subject, caught.value.number) == ("account:A-1", 3)
        if change.startswith("moment"):
            return  # nobody can tell whether it is among the newest
        with pytest.raises(TraceUnreadable) as caught:
            SqlStore.on(vault.connection).trace.newest(["account:A-1"], LATEST, 99)
        assert (caught.value.subject, caught.value.number) == ("account:A-1", 3)

    tampering(opened, act)


@pytest.mark.rule("A2")
@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_named_and_the_rest_is_verified(opened: Connection, change: str) -> None:
    is_named(opened, change)


@pytest.mark.rule("A2")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", OF_SQLITE.values(), ids=OF_SQLITE)
def test_what_only_sqlite_holds_is_named(opened: Connection, change: str) -> None:
    is_named(opened, change)


@pytest.mark.rule("A2")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("change", OF_POSTGRESQL.values(), ids=OF_POSTGRESQL)
def test_what_only_postgresql_holds_is_named(opened: Connection, change: str) -> None:
    is_named(opened, change)


@pytest.mark.rule("A2")
def test_a_seal_that_cannot_be_read_is_named_and_nothing_is_sealed_after_it(opened: Connection) -> None:
    def act(vault: Vault) -> None:
        far = "'infinity'" if vault.is_postgres else "9223372036854775807"
        vault.take(f"UPDATE seals SET moment = {far} WHERE number = 2")
        assert vault.verified() == (TraceFault("seal", 2, "cannot be read"),)
        with pytest.raises(TraceUnreadable):
            SqlStore.on(vault.connection).trace.seal(day(9))

    tampering(opened, act)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_place_that_cannot_be_read_ends_it_with_a_sentence(opened: Connection) -> None:
    def act(vault: Vault) -> None:
        vault.take("UPDATE trace_entries SET subject = CAST(X'ff' AS TEXT) WHERE subject = 'programme'")
        with pytest.raises(StoreFailed, match="whose very places cannot be read"):
            vault.verified()

    tampering(opened, act)


def test_more_rows_than_a_page_are_read_on_after_what_cannot_be_read(opened: Connection, store: SqlStore) -> None:
    with store.transaction():
        for number in range(1100):
            told(store, "account:long", number)

    def act(vault: Vault) -> None:
        vault.take("UPDATE trace_entries SET role = 'x' WHERE subject = 'account:long' AND number IN (7, 1050)")
        long = [TraceFault("account:long", number, "cannot be read") for number in (7, 1050)]
        assert list(vault.verified()) == long
        rows: list[TraceEntry] = []
        with pytest.raises(TraceUnreadable):
            rows.extend(SqlStore.on(vault.connection).trace.chain("account:long", after=("account:long", 7)))
        assert len(rows) == 1050 - 8

    tampering_after(opened, act)


def tampering_after(opened: Connection, act: Callable[[Vault], None]) -> None:
    """Have somebody tamper in the database as it is by now."""
    opened.rollback()
    tampering(opened, act)
