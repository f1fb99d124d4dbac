"""Every test of the suite for grants can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.samples import TICK
from referral_adapters.memory import MemoryStore
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.ports.grants import Step
from tests.adapters.conformance.broken import Act, Broken, Changing, altered, finds_out, looking_first, own_tests


def grants(**methods: Act) -> Broken:
    return lambda: altered(MemoryStore().grants, **methods)


def overwriting() -> object:
    part = MemoryStore().grants

    def add(add: Act, due: Grant) -> None:
        there = part.find(due.key)
        if there is None:
            add(due)
        else:
            part.change([(there, attrs.evolve(due, account=there.account))])

    return altered(part, add=add)


Unsettled = Callable[[datetime, int], tuple[Grant, ...]]


def whoever_asks() -> object:
    """Give a grant to everybody who wants it, whatever they saw of it."""
    part = MemoryStore().grants

    def change(change: Changing, steps: Sequence[Step]) -> tuple[Grant, ...]:
        there = [(part.find(before.key), after) for before, after in steps]
        return change([(each, after) for each, after in there if each is not None])

    return altered(part, change=change)


def at_most(most: int) -> Broken:
    return grants(change=lambda change, steps: change(steps[:most]))


def without_problems(find: Callable[[str], Grant | None], key: str) -> Grant | None:
    found = find(key)
    return found and attrs.evolve(found, problem=None)


def nothing_is_ever_settled(every: Act, *, account: str | None = None, **_: bool) -> object:
    return every(account=account)


def only_due(unsettled: Unsettled, by: datetime, limit: int) -> tuple[Grant, ...]:
    return tuple(each for each in unsettled(by, limit) if each.status is GrantStatus.DUE)


def just_before(unsettled: Unsettled, by: datetime, limit: int) -> tuple[Grant, ...]:
    return unsettled(by - TICK, limit)


def untouched(unsettled: Unsettled, by: datetime, limit: int) -> tuple[Grant, ...]:
    return tuple(each for each in unsettled(by, limit) if not each.attempts)


def by_key(unsettled: Unsettled, by: datetime, limit: int) -> tuple[Grant, ...]:
    return tuple(sorted(unsettled(by, 1000), key=lambda each: each.key)[:limit])


class CarelessGrants:
    """Looks whether a grant is there, and then stores it, one at a time."""

    def __init__(self) -> None:
        self._grants: list[Grant] = []

    def find(self, key: str) -> Grant | None:
        return next((each for each in self._grants if each.key == key), None)

    def add(self, due: Grant) -> None:
        if self.find(due.key) is None:
            time.sleep(0.001)
            self._grants.append(due)

    def all(self, *, account: str | None = None) -> Iterator[Grant]:
        return (each for each in self._grants if account in (None, each.account))


BROKEN: Final[dict[str, Broken]] = {
    "test_a_grant_is_found_by_its_key": grants(find=lambda find, _: find("referrer/K1")),
    "test_a_grant_that_is_there_is_left_as_it_is": overwriting,
    "test_the_last_state_is_the_one_found": grants(find=without_problems),
    "test_a_grant_is_changed_by_who_saw_it_as_it_is": whoever_asks,
    "test_many_grants_are_changed_at_once": at_most(100),
    "test_unsettled_is_what_billing_has_not_confirmed": grants(unsettled=only_due),
    "test_unsettled_is_what_need_not_wait": grants(unsettled=just_before),
    "test_who_has_waited_longest_comes_first": grants(unsettled=by_key),
    "test_what_is_taken_drops_out_until_its_lease_has_run_out": grants(unsettled=untouched),
    "test_all_are_in_order_of_key": grants(all=nothing_is_ever_settled),
    "test_ids_are_taken_to_the_letter": grants(all=lambda every, account: every(account=account.strip())),
    "test_one_of_racing_grants_is_kept": CarelessGrants,
    "test_one_of_racing_payers_has_the_grant": looking_first,
    "test_racing_payers_share_all_grants": looking_first,
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.GrantRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.GrantRepositoryConformance, test, BROKEN[test]())
