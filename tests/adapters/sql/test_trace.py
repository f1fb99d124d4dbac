"""What a database is asked when rows are added to the trace."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import note
from referral_adapters.sql import SqlStore
from referral_core.entities.trace import account_subject, chain_faults
from referral_core.values.moment import LATEST
from tests.adapters.sql.noting_cursor import noting, plan_of

A1 = account_subject("A1")


@pytest.mark.rule("A2")
def test_the_end_of_a_chain_is_read_once_a_transaction(store: SqlStore) -> None:
    for _ in range(2):
        with noting(store) as heard, store.transaction():
            for _ in range(3):
                store.trace.append(note())
        locked = [statement for statement, *_ in heard if "pg_advisory_xact_lock" in statement]
        assert len(locked) == (store._work.dialect == "postgresql")
        assert [statement.split()[0] for statement, *_ in heard if statement not in locked] == [
            "BEGIN", "SELECT", "INSERT", "INSERT", "INSERT", "COMMIT",
        ]  # fmt: skip
    assert chain_faults(store.trace.chain(A1)) == ()


@pytest.mark.rule("A2")
def test_a_host_may_undo_a_part_of_its_transaction(database: URL) -> None:
    """The store is not told of it, so on a host's connection it remembers nothing."""
    engine = create_engine(database)
    with engine.connect() as connection:
        store = SqlStore.on(connection)
        store.trace.append(note())
        part = connection.begin_nested()
        store.trace.append(note())
        part.rollback()
        store.trace.append(note())
        chain = list(store.trace.chain(A1))
    engine.dispose()
    assert ([row.number for row in chain], chain_faults(chain)) == ([1, 2], ())


@pytest.mark.rule("P3", "A2")
def test_the_newest_rows_are_found_without_reading_the_others(store: SqlStore) -> None:
    store.trace.append(*[note("A1") for _ in range(3_000)])
    plan = plan_of(store, "trace_entries", lambda: store.trace.newest([A1], LATEST, 20))
    assert "trace_entries_moment" in plan
    assert "Seq Scan on trace_entries" not in plan
    assert len(store.trace.newest([A1, A1], LATEST, 20)) == 20
