"""Every test of the suites for billing that takes back, and for reversals, can fail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any, Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.reversing_billing import K2
from referral_adapters.conformance.samples import NOTHING
from referral_adapters.memory import ContinuousDiscounts, MemoryStore
from referral_core import Money, Refusal
from referral_core.entities.balance import Balance, Movement
from tests.adapters.conformance.broken import Act, Broken, altered, finds_out, own_tests

Telling = Callable[[str], tuple[Movement, ...]]


def billing(**methods: Act) -> Broken:
    return lambda: altered(ContinuousDiscounts(), **methods)


def reversals(**methods: Act) -> Broken:
    return lambda: altered(MemoryStore().reversals, **methods)


def idle(*_: object, **__: object) -> Money:
    return NOTHING


def silent(act: Act, *given: object, **how: object) -> Money:
    act(*given, **how)
    return NOTHING


def keyless() -> object:
    turns = count()
    return altered(
        ContinuousDiscounts(), take_back=lambda take, *given, key, at: take(*given, key=f"{key}{next(turns)}", at=at)
    )


def wherever(take: Act, grant: str, account: str, **how: object) -> object:
    return take(grant, "A2" if grant == K2 else account, **how)


def forgiving(cancel: Act, bill: str, **how: object) -> object:
    with suppress(Refusal):
        return cancel(bill, **how)
    return NOTHING


def where_it_was_posted(holders: Act, grant: str) -> tuple[str, ...]:
    return ("A1",) if holders(grant) else ()


def as_it_is_now(uses: Act, key: str, **_: object) -> object:
    return uses(key)


def without_references(tell: Telling, account: str) -> tuple[Movement, ...]:
    return tuple(attrs.evolve(each, reference=str(each.kind)) for each in tell(account))


def timeless(balance: Act, account: str, **_: object) -> object:
    return balance(account)


def one_cent_more(balance: Callable[[str], Balance], account: str) -> Balance:
    told = balance(account)
    return attrs.evolve(told, granted=told.granted + Money("0.01"))


BROKEN: Final[dict[str, Broken]] = {
    "test_what_is_unspent_of_a_grant_is_taken_back": billing(take_back=silent),
    "test_a_key_takes_back_once": keyless,
    "test_nothing_is_taken_back_of_what_is_not_there": billing(take_back=wherever),
    "test_it_is_taken_back_where_it_was_moved": billing(holders=where_it_was_posted),
    "test_what_is_being_taken_back_moves_no_more": billing(take_back=idle),
    "test_a_cancelled_bill_gives_back_what_it_took": billing(cancel_bill=idle),
    "test_a_bill_is_cancelled_once": billing(cancel_bill=forgiving),
    "test_what_comes_back_to_a_grant_taken_back_is_taken_back_at_once": billing(take_back=idle),
    "test_it_comes_back_to_the_account_that_was_billed": billing(holders=where_it_was_posted),
    "test_the_uses_of_a_grant_are_told": billing(uses=as_it_is_now),
    "test_they_are_movements": billing(movements=without_references),
    "test_nothing_is_taken_back_or_cancelled_before_it_was_recorded": billing(balance=timeless),
    "test_ids_are_taken_to_the_letter": billing(uses=lambda uses, key: uses(key.strip())),
    "test_racing_reversals_take_back_once": keyless,
    "test_a_bill_cancelled_by_many_at_once_comes_back_once": billing(cancel_bill=silent),
    "test_racing_bills_and_reversals_lose_no_cent": billing(balance=one_cent_more),
}


def whoever_asks(_: Act, steps: Any) -> tuple[object, ...]:  # noqa: ANN401 - steps of any kind
    return tuple(after for _, after in steps)


BROKEN_REVERSALS: Final[dict[str, Broken]] = {
    "test_a_reversal_comes_back_as_it_was_added": reversals(find=idle),
    "test_a_known_key_stays_as_it_is": reversals(all=lambda every: [*every(), *every()]),
    "test_a_change_is_made_where_nobody_was_quicker": reversals(change=whoever_asks),
    "test_those_that_wait_no_longer_come_first": reversals(unsettled=lambda due, by, most: due(by, most)[::-1]),
    "test_all_come_in_order": reversals(all=lambda every, **_: every()),
    "test_those_of_a_referral_are_found": reversals(of_referral=lambda of, contract: of(contract)[::-1]),
    "test_ids_are_taken_to_the_letter": reversals(of_referral=lambda of, contract: of(contract.strip())),
    "test_of_racing_payers_one_takes_it": reversals(change=whoever_asks),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.ReversingBillingConformance)
    assert BROKEN_REVERSALS.keys() == own_tests(conformance.ReversalRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_a_billing_that_is_broken(test: str) -> None:
    finds_out(conformance.ReversingBillingConformance, test, BROKEN[test]())


@pytest.mark.parametrize("test", BROKEN_REVERSALS)
def test_every_test_finds_out_a_repository_that_is_broken(test: str) -> None:
    finds_out(conformance.ReversalRepositoryConformance, test, BROKEN_REVERSALS[test]())
