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
from tests.adapters.conformance.broken import Act, Broken, altered, finds_out, own_tests

Posting = Callable[[Sequence[Grant]], Mapping[str, Reason]]


def billing(**methods: Act) -> Broken:
    return lambda: altered(ContinuousDiscounts(), **methods)


def at_most(most: int) -> Broken:
    return billing(grant_all=lambda post, several: post(several[:most]))


def again(post: Posting, several: Sequence[Grant]) -> Mapping[str, Reason]:
    return post([attrs.evolve(each, referral=f"{each.referral}/{each.attempts}") for each in several])


def all_or_none(post: Posting, several: Sequence[Grant]) -> Mapping[str, Reason]:
    refused = {each.key: Reason.CURRENCY_MISMATCH for each in several if each.amount.currency != "EUR"}
    return refused or post(several)


def worthwhile(post: Posting, several: Sequence[Grant]) -> Mapping[str, Reason]:
    return post([each for each in several if each.amount])


def ageless(post: Posting, several: Sequence[Grant]) -> Mapping[str, Reason]:
    return post([attrs.evolve(each, effective_from=day(-9)) for each in several])


def trimming(post: Posting, several: Sequence[Grant]) -> Mapping[str, Reason]:
    return post([attrs.evolve(each, account=each.account.strip()) for each in several])


def looking_first() -> object:
    """Look which keys are new, and then post what they stand for, whatever others have done meanwhile."""
    port = ContinuousDiscounts()

    def grant_all(post: Posting, several: Sequence[Grant]) -> Mapping[str, Reason]:
        new = [each for each in several if not port.has_grant(each.key)]
        time.sleep(0.001)
        return post(
            [attrs.evolve(each, referral=f"{each.referral}!") if port.has_grant(each.key) else each for each in new]
        )

    return altered(port, grant_all=grant_all)


BROKEN: Final[dict[str, Broken]] = {
    "test_many_grants_are_posted_in_one_call": at_most(10),
    "test_a_key_is_posted_once": billing(grant_all=again),
    "test_one_that_is_refused_holds_up_no_other": billing(grant_all=all_or_none),
    "test_nothing_is_posted_as_nothing": billing(grant_all=worthwhile),
    "test_bills_take_the_oldest_first": billing(grant_all=ageless),
    "test_ids_are_taken_to_the_letter": billing(grant_all=trimming),
    "test_what_many_post_at_once_is_posted_once": looking_first,
    "test_who_post_to_one_account_at_once_lose_no_cent": at_most(14),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(BulkBillingConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(BulkBillingConformance, test, BROKEN[test]())
