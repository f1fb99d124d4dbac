"""Every test of the suite for cases can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.samples import case
from referral_adapters.memory import MemoryStore
from referral_core.entities.case import Case
from tests.adapters.conformance.broken import (
    Act,
    Broken,
    altered,
    backwards,
    deaf,
    finds_out,
    own_tests,
    silent,
    trimming,
)


def cases(**methods: Act) -> Broken:
    return lambda: altered(MemoryStore().cases, **methods)


def carrying_nothing(find: Callable[[str], Case | None], named: str) -> Case | None:
    found = find(named)
    return found and attrs.evolve(found, carried=None)


def open_or_above(
    every: Callable[..., Iterator[Case]], *, after: str | None = None, open_only: bool = False
) -> Iterator[Case]:
    """Look at one of the two wishes only."""
    return every(after=after) if after else every(open_only=open_only)


BROKEN: Final[dict[str, Broken]] = {
    "test_a_case_is_found_with_what_it_carries": cases(find=carrying_nothing),
    "test_a_case_is_opened_once": cases(open=silent),
    "test_a_closed_case_is_found_as_it_was_closed": cases(close=deaf),
    "test_a_case_is_closed_once": cases(close=silent),
    "test_all_are_in_order_of_id": cases(all=backwards),
    "test_all_may_begin_above_an_id": cases(all=lambda every, after: (each for each in every() if each.id >= after)),
    "test_all_may_be_those_that_are_open": cases(all=open_or_above),
    "test_there_are_none_before_the_first": cases(all=lambda _: iter([case()])),
    "test_ids_are_taken_to_the_letter": cases(find=trimming),
    "test_one_of_racing_openings_wins": cases(open=silent),
    "test_one_of_racing_closings_wins": cases(close=silent),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.CaseRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.CaseRepositoryConformance, test, BROKEN[test]())
