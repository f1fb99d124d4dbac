"""Every test of the suite for billing that tells its movements can fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import pytest

from referral_adapters.conformance import TellingBillingConformance
from referral_adapters.conformance.samples import grant
from referral_adapters.memory import ContinuousDiscounts
from referral_core.entities.balance import Movement
from tests.adapters.conformance.broken import Act, Broken, altered, finds_out, own_tests

Telling = Callable[[str], tuple[Movement, ...]]


def billing(**methods: Act) -> Broken:
    return lambda: altered(ContinuousDiscounts(), **methods)


def inventing(tell: Telling, account: str) -> tuple[Movement, ...]:
    """Tell another account's movements where there are none."""
    return tell(account) or tell("A1") or tell("A2") or _SOME


def without_references(tell: Telling, account: str) -> tuple[Movement, ...]:
    return tuple(attrs.evolve(each, reference=str(each.kind)) for each in tell(account))


def by_name(tell: Telling, account: str) -> tuple[Movement, ...]:
    """Order what moved at one moment by what it is called."""
    return tuple(sorted(tell(account), key=lambda each: (each.moment, each.kind)))


def without_transfers(tell: Telling, account: str) -> tuple[Movement, ...]:
    return tuple(each for each in tell(account) if not each.kind.is_transfer)


def trimming(tell: Telling, account: str) -> tuple[Movement, ...]:
    return tell(account.strip())


def at_most_ten(tell: Telling, account: str) -> tuple[Movement, ...]:
    return tell(account)[:10]


def _some() -> tuple[Movement, ...]:
    port = ContinuousDiscounts()
    port.grant(grant())
    return port.movements("A1")


_SOME: Final = _some()

BROKEN: Final[dict[str, Broken]] = {
    "test_nothing_has_moved_on_an_account_without_a_discount": billing(movements=inventing),
    "test_each_movement_says_when_what_how_much_and_by_what": billing(movements=without_references),
    "test_they_come_in_order_of_recording": billing(movements=by_name),
    "test_they_add_up_to_the_balance": billing(movements=without_transfers),
    "test_ids_are_taken_to_the_letter": billing(movements=trimming),
    "test_racing_movements_are_all_there": billing(movements=at_most_ten),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(TellingBillingConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(TellingBillingConformance, test, BROKEN[test]())
