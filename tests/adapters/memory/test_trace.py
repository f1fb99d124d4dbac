"""Chaining rows when they are read gives what chaining them at once would have given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.conformance.samples import note
from referral_adapters.conformance.store import failing
from referral_adapters.memory import MemoryStore
from referral_core.entities.trace import TraceEntry, TraceNote, account_subject, chain_faults
from tests.strategies import trace_notes

SUBJECT = account_subject("account-A")
steps = st.lists(st.one_of(trace_notes(), st.sampled_from(("read", "heads", "fail"))), max_size=12)


def chained_at_once(notes: list[TraceNote], salts: list[str]) -> list[TraceEntry]:
    rows: list[TraceEntry] = []
    for noted, salt in zip(notes, salts, strict=True):
        rows.append(TraceEntry.chained(noted, rows[-1] if rows else None, salt))
    return rows


@pytest.mark.rule("A2")
@given(steps)
def test_it_makes_no_difference_when_rows_are_read(steps: list[TraceNote | str]) -> None:
    trace, notes, seen = (store := MemoryStore()).trace, list[TraceNote](), list[TraceEntry]()
    for step in steps:
        if isinstance(step, TraceNote):
            trace.append(step)
            notes.append(step)
        elif step == "read":
            seen = list(trace.chain(SUBJECT))
        elif step == "heads":
            assert [number for _, number, _ in trace.heads()] == ([len(notes)] if notes else [])
        else:
            with failing(store):
                trace.append(note("account-A"))
                seen = list(trace.chain(SUBJECT))[:-1]
    rows = list(trace.chain(SUBJECT))
    assert rows == chained_at_once(notes, [row.salt or "" for row in rows])
    assert rows[: len(seen)] == seen
    assert chain_faults(rows) == ()


def test_a_row_that_was_undone_gives_its_place_to_another() -> None:
    store = MemoryStore()
    store.trace.append(note(reason="first"))
    with failing(store):
        store.trace.append(note(reason="undone"))
        assert [row.reason for row in store.trace.chain(account_subject("A1"))] == ["first", "undone"]
    store.trace.append(note(reason="second"))
    assert [row.reason for row in store.trace.chain(account_subject("A1"))] == ["first", "second"]
    assert chain_faults(store.trace.chain(account_subject("A1"))) == ()
