"""What is stored is held against the trace, in memory (A2); what is tampered with in databases is tested there."""

from __future__ import annotations

import pytest

from referral_adapters.memory import MemoryStore
from tests.lived_store import PROGRAMME, SECRET, live, session


@pytest.fixture(scope="module")
def lived_in() -> MemoryStore:
    store = MemoryStore(PROGRAMME, secret=SECRET)
    live(store)
    return store


@pytest.mark.rule("A2", "A5")
def test_a_store_in_which_everything_happened_is_as_its_trace_says(lived_in: MemoryStore) -> None:
    found = session(lived_in, "2021-09-01").trace.verify_state()
    assert found.faults == ()
    assert found.holds
    assert found.compared > 60
    assert (found.in_words, found.contracts, found.bills) == (0, 0, 0)
