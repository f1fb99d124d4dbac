"""Every test of the suite for billing in bulk can fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs
import pytest

from referral_adapters.conformance import BulkBillingConformance
from referral_adapters.conformance.samples import day
from referral_adapters.memory import ContinuousDiscounts
from referral_core.entities.grant import Grant
from referral_core.values.errors import Reason
from tests.adapters.test_conformance import Act, Broken, altered, finds_out, suite_tests

Posting = Callable[[Sequence[Grant]], Mapping[str, Reason]]


def billing(**methods: Act) -> Broken:
    return lambda: altered(ContinuousDiscounts(), **methods)


def at_most(most: int) -> Broken:
    return billing(grant_all=lambda post, legs: post(legs[:most]))


def again(post: Posting, legs: Sequence[Grant]) -> Mapping[str, Reason]:
    return post([attrs.evolve(leg, referral=f"{leg.referral}/{leg.attempts}") for leg in legs])


def all_or_none(post: Posting, legs: Sequence[Grant]) -> Mapping[str, Reason]:
    refused = {leg.key: Reason.CURRENCY_MISMATCH for leg in legs if leg.amount.currency != "EUR"}
    return refused or post(legs)


def worthwhile(post: Posting, legs: Sequence[Grant]) -> Mapping[str, Reason]:
    return post([leg for leg in legs if leg.amount])


def ageless(post: Posting, legs: Sequence[Grant]) -> Mapping[str, Reason]:
    return post([attrs.evolve(leg, effective_from=day(-9)) for leg in legs])


def trimming(post: Posting, legs: Sequence[Grant]) -> Mapping[str, Reason]:
    return post([attrs.evolve(leg, account=leg.account.strip()) for leg in legs])


def looking_first() -> object:
    """Look which keys are new, and then post what they stand for, whatever others have done meanwhile."""
    port = ContinuousDiscounts()

    def grant_all(post: Posting, legs: Sequence[Grant]) -> Mapping[str, Reason]:
        new = [leg for leg in legs if not port.has_grant(leg.key)]
        time.sleep(0.001)
        return post([attrs.evolve(leg, referral=f"{leg.referral}!") if port.has_grant(leg.key) else leg for leg in new])

    return altered(port, grant_all=grant_all)


BROKEN: Final[dict[str, Broken]] = {
    "test_many_legs_are_posted_in_one_call": at_most(10),
    "test_a_key_is_posted_once": billing(grant_all=again),
    "test_one_that_is_refused_holds_up_no_other": billing(grant_all=all_or_none),
    "test_nothing_is_posted_as_nothing": billing(grant_all=worthwhile),
    "test_bills_take_the_oldest_first": billing(grant_all=ageless),
    "test_ids_are_taken_to_the_letter": billing(grant_all=trimming),
    "test_what_many_post_at_once_is_posted_once": looking_first,
    "test_who_post_to_one_account_at_once_lose_no_cent": at_most(14),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == suite_tests(BulkBillingConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(BulkBillingConformance, test, BROKEN[test]())
