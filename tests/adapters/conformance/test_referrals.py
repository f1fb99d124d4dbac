"""Every test of the suite for referrals can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.samples import day
from referral_adapters.memory import MemoryStore
from referral_core.entities.referral import Referral
from referral_core.values.history import Recorded
from tests.adapters.conformance.broken import (
    Act,
    Broken,
    altered,
    altered_part,
    deaf,
    finds_out,
    own_tests,
    recording_as_told,
    recording_what_fails,
    silent,
    trimming,
)


def referrals(**methods: Act) -> Broken:
    return lambda: altered_part("referrals", **methods)


def unhonoured(find: Callable[[str], Referral | None], contract: str) -> Referral | None:
    found = find(contract)
    return found and attrs.evolve(found, honoured_moment=None)


def with_live_of(counts: Callable[[Referral, str], bool]) -> Broken:
    def make() -> object:
        store = MemoryStore()
        part = store.referrals
        altered(part, live_of=lambda _, of: tuple(each for each in part.all() if counts(each, of)))
        return store

    return make


def by_the_wall_clock(every: Callable[[], Iterator[Referral]], **_: object) -> Iterator[Referral]:
    return iter(sorted(every(), key=lambda each: (each.concluded_at.isoformat(), each.contract)))


def moments_only(every: Callable[..., Iterator[Referral]], *, newest_by: datetime, **of: str) -> Iterator[Referral]:
    """Turn the moments round, and not the contracts of one moment."""
    found = [each for each in every(**of) if each.concluded_at <= newest_by]
    return iter(sorted(found, key=lambda each: each.concluded_at, reverse=True))


def last_only(states: Act, *of: str) -> object:
    found = states(*of)
    assert isinstance(found, tuple)
    return found[-1:]


REFERRALS: Final[dict[str, Broken]] = {
    "test_a_referral_is_found_whole": referrals(find=unhonoured),
    "test_the_last_state_is_the_one_found": referrals(replace=deaf),
    "test_a_contract_carries_one_referral": referrals(add=silent),
    "test_every_live_referral_of_a_customer_is_found": referrals(live_of=last_only),
    "test_a_cancelled_referral_is_not_live": with_live_of(lambda each, customer: each.referee_customer == customer),
    "test_who_refers_may_be_referred": with_live_of(
        lambda each, customer: customer in (each.referrer_customer, each.referee_customer)
    ),
    "test_all_are_in_order_of_conclusion_and_contract": referrals(all=by_the_wall_clock),
    "test_the_newest_may_come_first": referrals(all=moments_only),
    "test_those_of_one_referrer_are_its_own": referrals(all=lambda every, **_: every()),
    "test_ids_are_taken_to_the_letter": referrals(live_of=trimming),
    "test_one_of_racing_referrals_gets_the_contract": referrals(add=silent),
    "test_one_of_racing_referrals_gets_the_customer": referrals(live_of=lambda *_: ()),
}


def with_notes() -> object:
    store = MemoryStore()

    def states(_: Act, of: str) -> object:
        found = store.referrals.find(of)
        return () if found is None else (Recorded(found, day(0), 1), Recorded(found, day(0), 2))

    altered(store.referrals, history=states)
    return store


REFERRAL_HISTORY: Final[dict[str, Broken]] = {
    "test_every_state_of_a_referral_is_kept": referrals(history=last_only),
    "test_fee_notes_are_left_out": with_notes,
    "test_what_arrives_late_is_recorded_at_the_last_moment": recording_as_told,
    "test_what_never_was_has_no_history": recording_what_fails(
        "referrals", "replace", lambda states, kept: (*states, *kept)
    ),
    "test_contracts_in_history_are_taken_to_the_letter": referrals(history=trimming),
}

BROKEN: Final[dict[str, Broken]] = REFERRALS | REFERRAL_HISTORY


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.ReferralRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.ReferralRepositoryConformance, test, BROKEN[test]())
