"""Every test of the suite for discount groups can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.samples import group
from referral_adapters.memory import MemoryStore
from referral_core.entities.discount_group import DiscountGroup
from referral_core.values.errors import Reason, Refusal
from referral_core.values.history import Recorded
from tests.adapters.conformance.broken import (
    Act,
    Broken,
    altered,
    altered_part,
    finds_out,
    groups,
    own_tests,
    recording_as_told,
    recording_what_fails,
    silent,
    trimming,
)


def unswitched(find: Callable[[str], DiscountGroup | None], named: str) -> DiscountGroup | None:
    found = find(named)
    return found and attrs.evolve(found, switches=())


def comparing_exactly() -> object:
    store = MemoryStore()
    part = store.groups

    def put(put: Act, group: DiscountGroup, **at: object) -> None:
        try:
            put(group, **at)
        except Refusal:
            if any(other.name == group.name for other in part.all()):
                raise

    altered(part, put=put)
    return store


def never_giving_up_a_name() -> object:
    owners: dict[str, str] = {}

    def put(put: Act, group: DiscountGroup, **at: object) -> None:
        if owners.setdefault(group.name, group.id) != group.id:
            raise Refusal(Reason.GROUP_EXISTS, message="it was there once")
        put(group, **at)

    return altered_part("groups", put=put)


def first_state_only() -> object:
    store = MemoryStore()
    part = store.groups
    altered(part, put=lambda put, group, **at: part.find(group.id) or put(group, **at))
    return store


GROUPS: Final[dict[str, Broken]] = {
    "test_a_group_is_found_whole": groups(find=unswitched),
    "test_what_was_never_put_is_not_found": groups(find=lambda *_: group()),
    "test_the_last_state_is_the_one_found": first_state_only,
    "test_groups_come_in_the_order_they_were_added": groups(
        all=lambda every: tuple(sorted(every(), key=lambda each: str(each.name)))
    ),
    "test_a_name_is_there_once": groups(put=silent),
    "test_names_are_compared_without_case_and_blanks_around": comparing_exactly,
    "test_a_name_given_up_is_free": never_giving_up_a_name,
    "test_ids_are_taken_to_the_letter": groups(find=trimming),
    "test_one_of_racing_groups_gets_the_name": groups(put=silent),
}


def unswitching(states: Callable[[str], tuple[Recorded[DiscountGroup], ...]], named: str) -> object:
    return tuple(attrs.evolve(each, state=attrs.evolve(each.state, switches=())) for each in states(named))


def losing_states() -> object:
    store = MemoryStore()
    turns = count()
    return_every = store.groups.put

    def put(_: Act, group: DiscountGroup, **at: datetime) -> None:
        if next(turns) % 5 != 4:
            return_every(group, **at)

    altered(store.groups, put=put)
    return store


GROUP_HISTORY: Final[dict[str, Broken]] = {
    "test_every_state_of_a_group_is_kept": groups(history=unswitching),
    "test_what_arrives_late_is_recorded_at_the_last_moment": recording_as_told,
    "test_what_never_was_has_no_history": recording_what_fails("groups", "put", lambda states, kept: (*states, *kept)),
    "test_groups_in_history_are_taken_to_the_letter": groups(history=trimming),
    "test_racing_writers_are_recorded_one_after_another": losing_states,
}

BROKEN: Final[dict[str, Broken]] = GROUPS | GROUP_HISTORY


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.GroupRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    params = {"later": 1} if test == "test_racing_writers_are_recorded_one_after_another" else {}
    finds_out(conformance.GroupRepositoryConformance, test, BROKEN[test](), **params)
