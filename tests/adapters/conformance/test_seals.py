"""Every test of the suite for seals can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
import pytest

from referral_adapters.conformance.samples import day
from referral_adapters.conformance.seals import SealConformance
from referral_adapters.memory import MemoryStore
from referral_core.entities.seal import Seal, SealedHead
from tests.adapters.conformance.broken import Act, Broken, altered, finds_out, own_tests


def seals(**methods: Act) -> Broken:
    def store() -> object:
        store = MemoryStore()
        altered(store.trace, **methods)
        return store

    return store


def sealing_all() -> object:
    """List every head each time."""
    store = MemoryStore()
    setattr(store.trace, "_has_moved", lambda *_: True)  # noqa: B010 - the fault
    return store


def numbering_again() -> object:
    """Take a number twice, now and then."""
    store = MemoryStore()

    def set_seal(_: Act, at: datetime) -> Seal | None:
        before = list(store.trace.seals())
        heads = list(store.trace.heads())
        time.sleep(0.001)
        seal = Seal.over(heads, before[-1] if before else None, at)
        store.trace._seals.append(seal)
        store.trace._sealed[seal.number] = [SealedHead(*head, seal.number) for head in heads]
        return seal

    altered(store.trace, seal=set_seal)
    return store


def never_sealing_some(set_seal: Callable[[datetime], Seal | None], at: datetime) -> Seal | None:
    """Let what is written last fall between two seals."""
    return None if at == day(99) else set_seal(at)


BROKEN: Final[dict[str, Broken]] = {
    "test_nothing_is_sealed_where_nothing_is": seals(seal=lambda _, at: Seal.over([], None, at)),
    "test_the_first_seal_is_over_every_chain": seals(seals=lambda every: iter([*every()][1:])),
    "test_the_next_seal_is_over_what_has_moved": sealing_all,
    "test_nothing_new_is_not_sealed": sealing_all,
    "test_seals_are_read_from_any_number": seals(seals=lambda every, **_: every()),
    "test_all_sealed_heads_come_by_subject_and_number": seals(
        sealed_heads=lambda heads, *of: iter(sorted(heads(*of), key=lambda head: (head.seal, head.subject)))
    ),
    "test_sealed_subjects_are_taken_to_the_letter": seals(
        sealed_heads=lambda heads, *of: (attrs.evolve(head, subject=head.subject.strip()) for head in heads(*of))
    ),
    "test_of_those_who_seal_at_once_one_does": numbering_again,
    "test_sealing_while_others_write_leaves_nothing_out": seals(seal=never_sealing_some),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(SealConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(SealConformance, test, BROKEN[test]())
