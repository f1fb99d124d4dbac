"""Databases of older versions: what is in them is carried over with everything intact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import attrs
import pytest
from alembic import command
from sqlalchemy import Connection, Table, create_engine, insert, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from referral_adapters.conformance.samples import (
    NOTHING,
    balance,
    case,
    code,
    contract,
    day,
    group,
    note,
    offer,
    referral,
)
from referral_adapters.conformance.samples import (
    grant as a_grant,
)
from referral_adapters.sql import SchemaMismatch, SqlStore, schema, upgrade
from referral_adapters.sql.cases import ROWS as CASE_ROWS
from referral_adapters.sql.codes import ROWS as CODE_ROWS
from referral_adapters.sql.contracts import ROWS as CONTRACT_ROWS
from referral_adapters.sql.grants import ROWS as GRANT_ROWS
from referral_adapters.sql.referrals import ROWS as REFERRAL_ROWS
from referral_adapters.sql.referrals import note_row
from referral_adapters.sql.rows import state_of
from referral_adapters.sql.statements import without
from referral_adapters.sql.tables import (
    ACCOUNTS,
    BILLS,
    CASES,
    CODE_TEXTS,
    CONTRACTS,
    FEE_NOTES,
    GRANTS,
    GROUP_HISTORY,
    GROUPS,
    MOVEMENTS,
    POSTED_GRANTS,
    PROMO_CODE_HISTORY,
    PROMO_CODES,
    REFERRAL_HISTORY,
    REFERRALS,
    TRACE_ENTRIES,
)
from referral_adapters.sql.trace import ENTRIES
from referral_core.entities.case import Case
from referral_core.entities.promo_code import Ending, PromoCode
from referral_core.entities.referral import FeeNote, Referral
from referral_core.entities.trace import PROGRAMME_SUBJECT, TraceEntry, TraceNote, account_subject
from referral_core.known_at import Knowledge
from referral_core.values.history import Recorded
from referral_core.values.money import Money

CLOCK: Final = day(900)
"""What the machine's clock showed when everything was stored."""
NEW_COLUMNS: Final = {
    "personal", "closed_at", "moved_at", "ended_by_hand_at", "annulled_at", "annulled_recorded_at",
    "concluded_recorded_at", "activated_recorded_at", "ended_recorded_at",
}  # fmt: skip
MANY: Final = 1100
"""More than two pages of accounts."""


@pytest.fixture
def old(blank: URL) -> URL:
    """Return the URL of a database of the first version, with nothing in it."""
    engine = create_engine(blank, poolclass=NullPool)
    with engine.begin() as connection:
        command.upgrade(schema.configuration(connection), "0001")
    return blank


LATER_OF_REFERRALS = ("held_at", "referrer_void_at", "referee_void_at")
"""Columns of referrals that later migrations add."""


def referral_row(referral: Referral, revision: int) -> dict[str, Any]:
    row = REFERRAL_ROWS.row(referral, revision=revision, notes=len(referral.fee_notes))
    return {name: value for name, value in row.items() if name not in LATER_OF_REFERRALS}


class Filling:
    """Writes rows into a database of the first version, as that version wrote them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._chains: dict[str, TraceEntry] = {}

    def rows(self, table: Table, *rows: dict[str, Any]) -> None:
        for row in rows:
            self._connection.execute(insert(table), {name: row[name] for name in row if name not in NEW_COLUMNS})

    def account(self, account: str, customer: str) -> None:
        self.rows(ACCOUNTS, {"account": account, "customer": customer})
        self.rows(CONTRACTS, CONTRACT_ROWS.row(contract(f"K-{account}", on=account, of=customer)))

    def code(self, *states: PromoCode, place: int = 1, clock: datetime = CLOCK) -> None:
        last = states[-1]
        self.rows(CODE_TEXTS, {"text": last.text, "account": last.account})
        self.rows(PROMO_CODES, {**CODE_ROWS.row(last, revision=len(states)), "place": place})
        for revision, state in enumerate(states, 1):
            row = {"account": state.account, "text": state.text, "revision": revision, "recorded_at": clock}
            self.rows(PROMO_CODE_HISTORY, {**row, "state": state_of(CODE_ROWS.row(state, revision=revision))})

    def referral(self, *states: tuple[Referral, datetime]) -> None:
        last, _ = states[-1]
        self.rows(REFERRALS, referral_row(last, len(states)))
        self.rows(FEE_NOTES, *(note_row(last.contract, number, each) for number, each in enumerate(last.fee_notes, 1)))
        for revision, (state, at) in enumerate(states, 1):
            notes = [note_row(state.contract, number, each) for number, each in enumerate(state.fee_notes, 1)]
            row = {"contract": state.contract, "revision": revision, "recorded_at": at}
            kept = state_of({**referral_row(state, revision), "fee_notes": notes})
            self.rows(REFERRAL_HISTORY, {**row, "state": kept})

    def traced(self, act: str, subject: str, at: datetime, after: dict[str, str | None]) -> None:
        told = TraceNote(subject, at, act, note().actor, None, after)
        entry = TraceEntry.chained(told, self._chains.get(subject), "0123456789abcdef")
        self._chains[subject] = entry
        self.rows(TRACE_ENTRIES, without(without(ENTRIES.row(entry), "stored"), "owner_salt"))

    def moved(self, account: str, kind: str, reference: str, amount: str) -> None:
        row = {"account": account, "kind": kind, "reference": reference, "amount": Money(amount).amount}
        self.rows(MOVEMENTS, row)


@pytest.fixture
def filling(old: URL) -> Iterator[Filling]:
    """Yield what writes into the old database; it is committed when the test upgrades it."""
    engine = create_engine(old, poolclass=NullPool)
    with engine.connect() as connection:
        yield Filling(connection)


def upgraded(filling: Filling, old: URL) -> SqlStore:
    """Return a store over the database after the upgrade."""
    filling._connection.commit()
    upgrade(old)
    return SqlStore(old)


# ── codes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

ISSUED: Final = code("AAAA")
STARTED: Final = ISSUED.started(day(1))
ENDED: Final = STARTED.ended(day(9), Ending.BY_HAND, "Küsis «ise»")


@pytest.mark.rule("R3")
def test_codes_are_recorded_at_the_moments_of_the_acts(filling: Filling, old: URL) -> None:
    filling.account("A1", "C1")
    filling.code(ISSUED, STARTED, ENDED)
    for act, moment in (("code.issue", day(0)), ("code.start", day(1)), ("code.end", day(4))):
        filling.traced(act, account_subject("A1"), moment, {"code": "AAAA"})
        filling.traced("referral.record", account_subject("A1"), moment, {"contract": "K9"})
    with upgraded(filling, old) as store:
        states = Recorded(ISSUED, day(0), 1), Recorded(STARTED, day(1), 2), Recorded(ENDED, day(4), 3)
        assert store.promo_codes.history("A1") == (states,)
        assert store.promo_codes.find("AAAA") == ENDED
        assert Knowledge(store, by=day(3)).promo_codes.find("AAAA") == STARTED


@pytest.mark.rule("R3")
def test_what_had_arrived_late_is_recorded_with_what_was_there(filling: Filling, old: URL) -> None:
    """Codes of one account are one subject, in the order of the trace."""
    filling.account("A1", "C1")
    first, second = code("ZZZZ", ended=day(5)), code("AAAA", issued=day(5))
    filling.code(code("ZZZZ"), first)
    filling.code(second, second.started(day(5)), place=2)
    for act, text_, number in (
        ("code.issue", "ZZZZ", 0),
        ("code.end", "ZZZZ", 5),
        ("code.issue", "AAAA", 3),
        ("code.start", "AAAA", 6),
    ):
        filling.traced(act, account_subject("A1"), day(number), {"code": text_})
    with upgraded(filling, old) as store:
        told = [[each.recorded_at for each in states] for states in store.promo_codes.history("A1")]
        assert told == [[day(0), day(5)], [day(5), day(6)]]


@pytest.mark.rule("R3")
def test_a_code_that_is_not_in_the_trace_is_known_from_its_issue_and_its_changes_from_the_clock(
    filling: Filling, old: URL
) -> None:
    filling.account("A1", "C1")
    filling.code(ISSUED, STARTED, ENDED)
    filling.traced("code.issue", account_subject("A1"), day(3), {"code": "AAAA"})
    with upgraded(filling, old) as store:
        (states,) = store.promo_codes.history("A1")
        assert [each.recorded_at for each in states] == [day(0), CLOCK, CLOCK]
        assert [each.state for each in states] == [ISSUED, STARTED, ENDED]


def test_as_many_accounts_as_there_are_are_carried_over(filling: Filling, old: URL) -> None:
    for number in range(MANY):
        account = f"A{number}"
        issued = code(f"T{number}", on=account, of="C1")
        filling.code(issued, issued.started(day(1)))
        for act, moment in (("code.issue", day(0)), ("code.start", day(1))):
            filling.traced(act, account_subject(account), moment, {"code": issued.text})
    with upgraded(filling, old) as store:
        told = {
            tuple(each.recorded_at for each in states)
            for number in range(MANY)
            for states in store.promo_codes.history(f"A{number}")
        }
        assert told == {(day(0), day(1))}


# ── groups and referrals ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("R3")
def test_no_state_of_a_group_is_recorded_before_the_one_before_it(filling: Filling, old: URL) -> None:
    row = {"id": "referrer", "side": "referrer", "name": "referrer", "compared_name": "referrer"}
    filling.rows(GROUPS, {**row, "place": 1, "stamp": "s", "revision": 3})
    for revision, number in ((1, 0), (2, 5), (3, 3)):
        state = {**row, "amounts": [], "switches": []}
        recorded = {"id": "referrer", "revision": revision, "recorded_at": day(number), "state": state}
        filling.rows(GROUP_HISTORY, recorded)
    with upgraded(filling, old) as store:
        states = store.groups.history("referrer")
        assert states == tuple(Recorded(group(), day(moment), n) for n, moment in enumerate((0, 5, 5), 1))
        store.groups.put(group(called="later"), at=day(1))
        assert store.groups.history("referrer")[3].recorded_at == day(5)


@pytest.mark.rule("R3", "A5")
def test_states_of_referrals_lose_persons_and_notes_and_nothing_else(filling: Filling, old: URL) -> None:
    recorded = attrs.evolve(referral("K2"), honoured_moment=day(-1), case="S1")
    moved = recorded.with_referee_offer(offer("5.50", "referee-manual"))
    granted = moved.granted(day(2))
    noted = granted.with_fee_note(FeeNote(Money("3.50"), "left «early»", day(3), "Mari"))
    filling.referral((recorded, day(0)), (moved, day(1)), (granted, day(2)), (noted, day(1)))
    with upgraded(filling, old) as store:
        states = (recorded, 0), (moved, 1), (granted, 2), (granted, 2)
        assert store.referrals.history("K2") == tuple(
            Recorded(state, day(number), revision) for revision, (state, number) in enumerate(states, 1)
        )
        assert store.referrals.find("K2") == noted
        assert Knowledge(store, by=day(2)).referrals.find("K2") == granted
    kept = read(old, "SELECT state FROM referral_history")
    assert [each for (each,) in kept if "customer" in each or "Mari" in each or "early" in each] == []


# ── cases ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("R3")
def test_closed_cases_get_the_moment_that_their_contract_or_the_trace_has(filling: Filling, old: URL) -> None:
    filling.rows(CONTRACTS, CONTRACT_ROWS.row(contract("K1", concluded=day(4))))
    finished, abandoned = case("S1").finished("K1", day(4)), case("S2").abandoned(day(5))
    unknown, waiting = attrs.evolve(case("S3").abandoned(day(5)), closed_at=None), case("S4")
    filling.rows(CASES, *map(CASE_ROWS.row, (finished, abandoned, unknown, waiting)))
    filling.traced("case.abandon", PROGRAMME_SUBJECT, day(5), {"case": "S2", "status": "abandoned"})
    with upgraded(filling, old) as store:
        assert list(store.cases.all()) == [finished, abandoned, unknown, waiting]
        known: list[Case] = list(Knowledge(store, by=day(4)).cases.all())
        assert [each.status for each in known] == ["finished", "open", "abandoned", "open"]


# ── billing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

LATER = ("wait_until", "problem", "failed_at", "recorded_at", "posted_at")
"""Columns of grants that later migrations add."""


@pytest.mark.rule("R3", "B6", "B7")
def test_old_movements_are_dated_so_that_no_balance_is_short(filling: Filling, old: URL) -> None:
    for grant in (
        a_grant("K1", effective=day(1)),
        a_grant("K2", effective=day(3)),
        a_grant("K3", on="A2", effective=day(6)),
    ):
        row = GRANT_ROWS.row(grant, key=grant.key)
        filling.rows(GRANTS, {name: value for name, value in row.items() if name not in LATER})
        filling.rows(POSTED_GRANTS, {"key": grant.key})
        filling.moved(grant.account, "granted", grant.key, "10")
    filling.rows(BILLS, {"bill": "B1", "account": "A1"})
    filling.moved("A1", "consumed", "B1", "12")
    filling.moved("A2", "transferred_out", "T1", "4")
    filling.moved("A3", "transferred_in", "T1", "4")
    filling.moved("A3", "consumed", "B2", "4")
    filling.moved("A2", "transferred_out", "T2", "6")
    filling.moved("A5", "granted", "referrer/K5", "1")
    filling.moved("A5", "transferred_in", "T2", "6")
    filling.moved("A5", "consumed", "B5", "7")
    filling.moved("A4", "granted", "referrer/K9", "2")
    filling.moved("A4", "consumed", "B3", "1")
    with upgraded(filling, old) as store:
        told = {
            "A1": [balance(granted="10"), balance(granted="20", consumed="12"), balance(granted="20", consumed="12")],
            "A2": [balance(), balance(), balance(granted="10", transferred_out="10")],
            "A3": [balance(), balance(), balance(transferred_in="4", consumed="4")],
            "A4": [balance(granted="2", consumed="1")] * 3,
            "A5": [balance(granted="1"), balance(granted="1"), balance(granted="1", transferred_in="6", consumed="7")],
        }
        moments = (day(1), day(3), day(6))
        assert {a: [store.billing.balance(a, by=moment) for moment in moments] for a in told} == told
        assert all(store.billing.balance(a, by=day(n)).unused >= NOTHING for a in told for n in range(9))
        assert [store.billing.balance(account) for account in told] == [each[-1] for each in told.values()]


# ── what is there afterwards ──────────────────────────────────────────────────────────────────────────────────────────


def read(url: URL, statement: str) -> list[Any]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        found = connection.execute(text(statement))
        return list(found) if found.returns_rows else []


def test_an_upgraded_database_goes_on_and_guards_what_it_has(filling: Filling, old: URL) -> None:
    filling.account("A1", "C1")
    filling.code(ISSUED)
    with upgraded(filling, old) as store:
        store.promo_codes.replace(STARTED, at=day(1))
        assert [each.state for each in store.promo_codes.history("A1")[0]] == [ISSUED, STARTED]
    with pytest.raises(IntegrityError):
        read(old, "DELETE FROM promo_code_history")


def test_an_old_database_is_refused_until_it_is_upgraded(old: URL) -> None:
    with pytest.raises(SchemaMismatch, match="upgrade it first"):
        SqlStore(old)
    upgrade(old)
    SqlStore(old).close()
