"""Every test of the suite for a store's programme can fail."""

from __future__ import annotations

from typing import Final

import pytest

from referral_adapters.conformance import StoreOwnerConformance
from referral_adapters.memory import MemoryStore
from referral_core.programme.owner import Owner, StartingPoint
from referral_core.values.moment import EARLIEST
from tests.adapters.conformance.broken import Act, Broken, altered, finds_out, own_tests, silent


def giving_again(begin: Act, programme: StartingPoint, store: MemoryStore) -> None:
    """Put the groups of each programme."""
    begin(programme)
    for group in programme.initial_groups():
        store.groups.put(group, at=EARLIEST)


def generous() -> MemoryStore:
    store = MemoryStore()
    return altered(store, begin=lambda begin, programme: giving_again(begin, programme, store))


def anybodys() -> MemoryStore:
    return altered(MemoryStore(), begin=silent)


def forgetful() -> MemoryStore:
    """Forget the programme once the groups have another name."""
    store = MemoryStore()

    def begin(begin: Act, programme: StartingPoint) -> None:
        if any("then" in group.name for group in store.groups.all()):
            store._owner = Owner()
        begin(programme)

    return altered(store, begin=begin)


def emptied_first() -> MemoryStore:
    store = MemoryStore()

    def begin(begin: Act, programme: StartingPoint) -> None:
        if not store._owner.is_known:
            store.groups._groups.clear()
        begin(programme)

    return altered(store, begin=begin)


BROKEN: Final[dict[str, Broken]] = {
    "test_the_first_programme_gives_a_store_its_groups": generous,
    "test_what_became_of_a_group_stays": generous,
    "test_a_store_belongs_to_one_programme": anybodys,
    "test_a_store_that_was_used_before_is_not_given_away": forgetful,
    "test_groups_that_were_there_first_stay": emptied_first,
}


def test_there_is_a_broken_store_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(StoreOwnerConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_a_store_that_is_broken(test: str) -> None:
    finds_out(StoreOwnerConformance, test, BROKEN[test]())
