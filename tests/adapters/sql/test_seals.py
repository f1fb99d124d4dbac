"""Sealing in a database: by pages, beside writers, and one at a time (A2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from threading import Event, Thread

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL

from referral_adapters.conformance.race import PATIENCE
from referral_adapters.conformance.samples import day, note
from referral_adapters.conformance.seals import faults
from referral_adapters.sql import SqlStore
from referral_adapters.sql.statements import PAGE
from referral_core.entities.trace import account_subject
from referral_core.services.verification import TraceVerifier as Verifying
from referral_core.values.errors import ConcurrentChange

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def lent(database: URL) -> Iterator[Connection]:
    """Yield a connection of a host's own, in a transaction that sees the database as it is at its first statement."""
    engine = create_engine(database, isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.rule("A2")
def test_more_chains_than_a_page_are_sealed(store: SqlStore) -> None:
    chains = 2 * PAGE + 1
    with store.transaction():
        for number in range(chains):
            store.trace.append(note(f"A{number}"))
    seal = store.trace.seal(day(1))
    assert seal
    assert seal.heads == chains
    assert [head.head for head in store.trace.sealed_heads(1)] == list(store.trace.heads())
    store.trace.append(note(f"A{chains - 1}"))
    store.trace.seal(day(2))
    assert [head.number for head in store.trace.sealed_heads(2)] == [2]
    verified = Verifying(store.trace, most=9).run(day(3))
    assert (verified.holds, verified.rows, verified.unsealed) == (True, chains + 1, 0)


@on_postgresql
@pytest.mark.rule("A2")
def test_nobody_waits_for_who_seals(store: SqlStore, database: URL) -> None:
    """What others add while a seal is being set is not under it, and under the next one."""
    store.trace.append(note("A1"))
    with SqlStore(database) as other, store.transaction():
        seal = store.trace.seal(day(1))
        other.trace.append(note("A1"))
        other.trace.append(note("A2"))
    assert seal
    assert [head.head[:2] for head in store.trace.sealed_heads(1)] == [(account_subject("A1"), 1)]
    assert store.trace.seal(day(2))
    assert [head.head[:2] for head in store.trace.sealed_heads(2)] == [
        (account_subject("A1"), 2),
        (account_subject("A2"), 1),
    ]
    assert faults(store) == ()


@on_postgresql
@pytest.mark.rule("A2")
def test_who_does_not_see_the_last_seal_is_told(store: SqlStore, lent: Connection) -> None:
    store.trace.append(note("A1"))
    late = SqlStore.on(lent)
    assert len(list(late.trace.chain())) == 1
    assert store.trace.seal(day(1))
    with pytest.raises(ConcurrentChange):
        late.trace.seal(day(2))
    lent.rollback()
    assert [seal.number for seal in store.trace.seals()] == [1]
    assert faults(store) == ()


@pytest.mark.rule("A2")
def test_verifying_while_others_write_and_seal_finds_nothing_wrong(store: SqlStore) -> None:
    with store.transaction():
        for number in range(PAGE + 50):
            store.trace.append(note(f"A{number}"))
    store.trace.seal(day(1))
    over = Event()

    def write() -> None:
        for number in count(2):
            if over.is_set():
                return
            store.trace.append(note(f"A{number * 97 % PAGE}"))
            store.trace.append(note(f"B{number}"))
            store.trace.seal(day(number))

    writer = Thread(target=write, daemon=True)
    writer.start()
    try:
        found = [fault for _ in range(8) for fault in faults(store)]
    finally:
        over.set()
        writer.join(PATIENCE)
    assert found == []
    assert len(list(store.trace.seals())) > 2
    assert faults(store) == ()
