"""After a customer was erased no byte of any store names them (A5)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from referral_adapters.conformance import Store
from referral_adapters.conformance.samples import contract, referral
from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_adapters.sql.tables import METADATA
from referral_core import Programme, ReferralDesk
from referral_core.entities.actor import Actor, Role
from referral_core.entities.trace import TraceNote, chain_faults
from referral_core.values.errors import Refusal
from referral_core.values.money import Money
from tests.adapters.sql.test_races import race

CUSTOMER: Final = "customer-4711"
FIRST_NAME: Final = "Mihkel"
NAMED: Final = (CUSTOMER, FIRST_NAME, "Tamm")
"""The customer's id, first name, and a name that is found in words of others only."""

PROGRAMME: Final = Programme.default()
SYSTEM: Final = Actor.system("portal")
JAAN: Final = Actor("jaan", Role.ADMINISTRATOR)
START: Final = datetime(2021, 1, 1, tzinfo=UTC)


def at(number: int) -> datetime:
    """Return the noon of a day of the year."""
    return START + timedelta(days=number, hours=12)


def live(desk: ReferralDesk) -> None:
    """Have a customer come, refer and be referred, act and be written about wherever that is possible, and leave."""
    for group in ("referrer", "referee-self-service", "referee-manual"):
        desk.session(actor=SYSTEM, now=at(0)).groups.set_amount(group, Money("10"))
    other = concluded(desk, "K-0", "A-0", "someone", 1)
    themselves = Actor(CUSTOMER)
    desk.session(actor=themselves, now=at(2)).cases.open("S-1", customer=CUSTOMER, code=other)
    desk.session(actor=JAAN, now=at(3)).cases.finish("S-1", contract="K-1", account="A-1", customer=CUSTOMER)
    desk.session(actor=SYSTEM, now=at(4)).contracts.activate("K-1")
    desk.session(actor=SYSTEM, now=at(4)).cases.open("S-2", customer=CUSTOMER)
    desk.session(actor=SYSTEM, now=at(4)).cases.abandon("S-2")
    why = f"{FIRST_NAME} Tamm ({CUSTOMER}) asked"
    code = desk.session(actor=themselves, now=at(5)).codes.issue("A-1", code="SUMMER21", replace=True, reason=why).text
    desk.session(actor=Actor(CUSTOMER, Role.CUSTOMER), now=at(5)).sharing.share(code, means="link")
    desk.session(actor=themselves, now=at(6)).sign_ups.conclude(
        "K-2",
        account="A-2",
        customer=CUSTOMER,
        channel="sales-portal",
        code=f"{FIRST_NAME}!",
        first_name=FIRST_NAME,
        reason=why,
    )
    desk.session(actor=SYSTEM, now=at(6)).contracts.activate("K-2")
    concluded(desk, "K-3", "A-3", "friend", 7, code)
    second = desk.store.promo_codes.of_account("A-2")[0].text
    desk.session(actor=JAAN, now=at(8)).codes.end(second, reason="Tamm called")
    desk.session(actor=JAAN, now=at(8)).codes.end(code, reason=why)
    desk.session(actor=themselves, now=at(8)).discounts.note_fee("K-1", amount=Money("3"), reason=why)
    desk.session(actor=JAAN, now=at(8)).discounts.note_fee("K-3", amount=Money("4"), reason=f"as {CUSTOMER} said")
    own = desk.store.promo_codes.of_account("A-0")[0].text
    desk.session(actor=JAAN, now=at(9)).codes.end(own, reason=f"abused by {CUSTOMER}")
    desk.session(actor=JAAN, now=at(9)).groups.set_amount(
        "referrer", Money("11"), correction=True, starts=at(1), reason=f"see {CUSTOMER}"
    )
    desk.session(actor=SYSTEM, now=at(9)).discounts.bill("B-1", account="A-1", amount=Money("3"))
    for ended in ("K-1", "K-2"):
        desk.session(actor=themselves, now=at(10)).contracts.terminate(ended)


def concluded(desk: ReferralDesk, contract: str, account: str, customer: str, day: int, code: str | None = None) -> str:
    desk.session(actor=SYSTEM, now=at(day)).sign_ups.conclude(contract, account=account, customer=customer, code=code)
    desk.session(actor=SYSTEM, now=at(day)).contracts.activate(contract)
    desk.session(actor=SYSTEM, now=at(day)).payouts.pay_due()
    return desk.store.promo_codes.of_account(account)[0].text


def erase(store: Store, customer: str = CUSTOMER) -> str:
    """Erase a customer and return the pseudonym."""
    session = ReferralDesk(PROGRAMME, store).session(actor=JAAN, now=at(20))
    return session.customers.erase(customer, reason="as they asked").pseudonym


def summary(store: Any) -> dict[str, Any]:  # noqa: ANN401 - of a feed
    return FeedRunner(PROGRAMME, store).summary(at(30))


def leaks(dump: str) -> list[str]:
    """Return the lines of a dump that name the customer."""
    return [line for line in dump.splitlines() if any(name in line for name in NAMED)]


# ── dumps ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def memory_dump(value: object, seen: set[int] | None = None) -> str:
    """Return everything that an object in memory holds, however deep, a line each."""
    seen = set() if seen is None else seen
    if isinstance(value, str | bytes | int | float | None):
        return f"{value!r}\n"
    if id(value) in seen:
        return ""
    seen.add(id(value))
    inside: list[object] = []
    if isinstance(value, dict):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inside = list(value)
    elif type(value).__module__.startswith("referral_"):
        slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        inside = [getattr(value, name, None) for name in {*slots, *vars_of(value)} if name != "__weakref__"]
    return "".join(memory_dump(each, seen) for each in inside) or f"{value!r}\n"


def vars_of(value: object) -> dict[str, object]:
    return vars(value) if hasattr(value, "__dict__") else {}


def database_dump(url: URL) -> str:
    """Return every row of every table as text."""
    engine = create_engine(url)
    with engine.connect() as connection:
        lines = [
            f"{table.name} {tuple(row)!r}"
            for table in METADATA.sorted_tables
            for row in connection.execute(text(f"SELECT * FROM {table.name}"))
        ]
    engine.dispose()
    return "\n".join(lines)


@pytest.fixture
def opened(database: URL) -> Iterator[SqlStore]:
    """Yield a store in a database in which a customer has lived."""
    with SqlStore(database, PROGRAMME) as store:
        with store.transaction():
            live(ReferralDesk(PROGRAMME, store))
        yield store


# ── nothing is left ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A5")
def test_memory_names_nobody_who_was_erased() -> None:
    store = MemoryStore(PROGRAMME)
    with store.transaction():
        live(ReferralDesk(PROGRAMME, store))
    list(store.trace.heads())
    before = memory_dump(store)
    assert [name for name in NAMED if name not in before] == []
    assert leaks(memory_dump(store))
    pseudonym = erase(store)
    after = memory_dump(store)
    assert leaks(after) == []
    assert pseudonym in after


@pytest.mark.rule("A5")
def test_no_table_names_anybody_who_was_erased(opened: SqlStore, database: URL) -> None:
    before = database_dump(database)
    assert [name for name in NAMED if name not in before] == []
    tables = {line.split()[0] for line in leaks(before)}
    assert tables >= {
        "accounts", "contracts", "promo_codes", "referrals", "live_referrals", "fee_notes", "cases", "trace_entries",
    }  # fmt: skip
    pseudonym = erase(opened)
    after = database_dump(database)
    assert leaks(after) == []
    emptied = {"fee_notes", "promo_code_history"}  # words go and nothing comes in their place
    assert tables - emptied <= {line.split()[0] for line in after.splitlines() if pseudonym in line}


@pytest.mark.rule("A5")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_byte_of_an_sqlite_file_names_anybody_after_vacuum(opened: SqlStore, database: URL) -> None:
    path = Path(str(database.database))
    erase(opened)
    opened.close()
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    held = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert [name for name in NAMED if name.encode() in held] == []
    assert b"erased-" in held


# ── everything else stays ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A5", "A2")
def test_money_and_trace_stay_as_they_were(opened: SqlStore) -> None:
    desk = ReferralDesk(PROGRAMME, opened)
    desk.session(actor=SYSTEM, now=at(15)).trace.seal()
    before, hashes = summary(opened), [row.hash for row in opened.trace.chain()]
    pseudonym = erase(opened)
    after = summary(opened)
    for account in ("A-1", "A-2"):
        assert (before["accounts"][account].pop("customer"), after["accounts"][account].pop("customer")) == (
            CUSTOMER,
            pseudonym,
        )
    assert after == before
    assert hashes == [row.hash for row in opened.trace.chain() if row.act != "customer.erase"]
    verified = desk.session(actor=JAAN, now=at(21)).trace.verify()
    assert (verified.holds, verified.seals) == (True, 1)
    assert verified.erased


@pytest.mark.rule("A5")
def test_memory_and_a_database_erase_the_same(opened: SqlStore) -> None:
    memory = MemoryStore(PROGRAMME)
    with memory.transaction():
        live(ReferralDesk(PROGRAMME, memory))
    assert opened.personal_data(CUSTOMER) == memory.personal_data(CUSTOMER)
    one, other = erase(opened), erase(memory)

    def told(store: Store, pseudonym: str) -> list[tuple[object, ...]]:
        rows = list(store.trace.chain())
        names = [(row.after or {}).get("customer") == pseudonym for row in rows]
        states = [(row.subject, row.number, row.act, row.role, row.actor, row.reason, row.is_erased) for row in rows]
        return list(zip(states, names, strict=True))

    assert told(opened, one) == told(memory, other)


@pytest.mark.rule("A5", "A2")
def test_words_on_the_chains_of_referrals_go_in_every_store(opened: SqlStore) -> None:
    """All of the referee's; of the referrer's those about the grants, which were on the referrer's account before."""
    left = {}
    for store in (opened, MemoryStore()):
        for each in (contract("K1"), contract("K2", on="A2", of="C2")):
            store.contracts.put(each)
        store.referrals.add(referral("K2"), at=at(0))
        for act in ("referral.record", "grant.retry", "grant.retry"):
            store.trace.append(TraceNote("referral:K2", at(1), act, JAAN, None, {}, "they called"))
        store.trace.append(TraceNote("referral:K2", at(1), "grant.due", JAAN))
        counts = [store.personal_data(customer).traced for customer in ("C1", "C2", "C3")]
        store.erase("C1")
        by_referrer = [row.is_erased for row in store.trace.chain("referral:K2")]
        store.erase("C2")
        by_both = [row.is_erased for row in store.trace.chain("referral:K2")]
        assert chain_faults(store.trace.chain("referral:K2")) == ()
        left[type(store)] = (counts, by_referrer, by_both)
    assert left[SqlStore] == left[MemoryStore]
    assert left[MemoryStore] == ([2, 3, 0], [False, True, True, False], [True, True, True, False])


@pytest.mark.rule("A5")
def test_a_customer_of_many_accounts_is_erased_in_one_transaction(database: URL) -> None:
    with SqlStore(database, PROGRAMME) as store:
        desk = ReferralDesk(PROGRAMME, store)
        with store.transaction():
            for number in range(300):
                concluded(desk, f"K-{number}", f"A-{number}", CUSTOMER, 1)
                desk.session(actor=SYSTEM, now=at(2)).contracts.terminate(f"K-{number}")
        pseudonym = erase(store)
        assert {customer for _, customer in store.contracts.accounts()} == {pseudonym}
        assert desk.session(actor=JAAN, now=at(21)).trace.verify().holds
    assert leaks(database_dump(database)) == []


@pytest.mark.rule("A5")
def test_who_stores_what_they_read_before_brings_nobody_back(opened: SqlStore, database: URL) -> None:
    """Of one who erases and others who are at the customer's accounts each comes before or after the other."""
    desk = ReferralDesk(PROGRAMME, opened)

    def sign_up() -> None:
        owner = dict(opened.contracts.accounts())["A-2"]
        desk.session(actor=SYSTEM, now=at(19)).sign_ups.conclude("K-9", account="A-2", customer=owner)

    def correct() -> None:
        desk.session(actor=SYSTEM, now=at(19)).codes.issue("A-3", replace=True)

    outcomes = race(opened, lambda: erase_in(desk), sign_up, correct)
    assert outcomes[2] == "done"
    assert outcomes[0] in {"done", "contract-pending"}
    owners = {customer for account, customer in opened.contracts.accounts() if account in {"A-1", "A-2"}}
    assert len(owners) == 1
    if outcomes[0] == "done":
        assert leaks(database_dump(database)) == []
    else:
        assert owners == {CUSTOMER}


@pytest.mark.rule("A5")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_erases_waits_for_those_who_are_at_the_customers_accounts(opened: SqlStore) -> None:
    eraser = Thread(target=lambda: opened.erase(CUSTOMER), daemon=True)
    with opened.transaction():
        opened.contracts.of_account("A-2")
        eraser.start()
        eraser.join(0.5)
        assert eraser.is_alive()
        assert dict(opened.contracts.accounts())["A-2"] == CUSTOMER
    eraser.join(30)
    assert opened.personal_data(CUSTOMER).accounts == ()


@pytest.mark.rule("A5")
def test_whoever_has_read_a_code_is_told_that_it_was_changed(opened: SqlStore, database: URL) -> None:
    """The next state of a code is stored over the last one that was read, and by that alone."""
    engine = create_engine(database)
    asking = text("SELECT text, revision FROM promo_codes WHERE account IN ('A-1', 'A-2') ORDER BY text")
    with engine.connect() as connection:
        before = [tuple(row) for row in connection.execute(asking)]
    erase(opened)
    with engine.connect() as connection:
        after = [tuple(row) for row in connection.execute(asking)]
    engine.dispose()
    assert after == [(code, revision + 1) for code, revision in before]


def erase_in(desk: ReferralDesk) -> None:
    desk.session(actor=JAAN, now=at(20)).customers.erase(CUSTOMER, reason="as they asked")


# ── anybody, any time ─────────────────────────────────────────────────────────────────────────────────────────────────

PEOPLE: Final = ("anna-1", "berta-2", "clara-3")
STEPS: Final = ("join", "leave", "leave and be erased", "be erased", "seal", "end a code", "case")
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(PEOPLE)), min_size=3, max_size=20)


@pytest.mark.rule("A5", "A2")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_whoever_is_erased_whenever_the_trace_holds_and_money_stays(steps: list[tuple[str, str]]) -> None:
    store = MemoryStore(PROGRAMME)
    desk = ReferralDesk(PROGRAMME, store)
    for group in ("referrer", "referee-self-service", "referee-manual"):
        desk.session(actor=SYSTEM, now=at(0)).groups.set_amount(group, Money("10"))
    is_done = False
    for number, (step, who) in enumerate([*steps, ("join", "anna-1"), ("leave and be erased", "anna-1")], 1):
        if step.startswith("leave"):
            for contract in desk.store.contracts.of_customer(who):
                if contract.is_open:
                    desk.session(actor=Actor(who), now=at(number)).contracts.terminate(contract.id)
        before = summary(store)
        is_done = done(desk, step, who, number)
        if step.endswith("be erased") and is_done:
            assert without_customers(summary(store)) == without_customers(before)
            assert who not in memory_dump(store)
        assert desk.session(actor=SYSTEM, now=at(99)).trace.verify().holds
    assert is_done


def done(desk: ReferralDesk, step: str, who: str, number: int) -> bool:
    """Do a step, unless a rule says no, and tell whether it was done."""
    accounts = [account for account, _ in desk.store.contracts.accounts()]
    codes = [code.text for account in accounts for code in desk.store.promo_codes.of_account(account)]
    try:
        match step:
            case "join":
                concluded(desk, f"K-{number}", f"A-{number}", who, number, _usable(desk, codes, who, number))
            case "be erased" | "leave and be erased":
                desk.session(actor=SYSTEM, now=at(number)).customers.erase(who)
            case "seal":
                desk.session(actor=SYSTEM, now=at(number)).trace.seal()
            case "end a code":
                desk.session(actor=JAAN, now=at(number)).codes.end(codes[-1] if codes else "X", reason=f"{who} asked")
            case "case":
                desk.session(actor=SYSTEM, now=at(number)).cases.open(f"S-{number}", customer=who)
                desk.session(actor=Actor(who), now=at(number)).cases.abandon(f"S-{number}")
    except Refusal:
        return False
    return True


def _usable(desk: ReferralDesk, codes: list[str], who: str, number: int) -> str | None:
    usable = [c for c in codes if desk.session(actor=SYSTEM, now=at(number)).codes.check(c, customer=who).usable]
    return usable[0] if usable else None


def without_customers(told: dict[str, Any]) -> dict[str, Any]:
    """Return a summary that does not say whose the accounts are."""
    return {**told, "accounts": {name: {**entry, "customer": None} for name, entry in told["accounts"].items()}}
