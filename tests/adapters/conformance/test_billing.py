"""Every test of the suite for billing can fail."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Final

import attrs
import pytest

from referral_adapters.conformance import BillingConformance
from referral_adapters.conformance.samples import NOTHING, PLENTY, day, grant
from referral_adapters.memory import ContinuousDiscounts
from referral_core.entities.balance import Balance, UnusedPart
from referral_core.entities.grant import Grant
from referral_core.values.errors import KeyReused, Refusal
from referral_core.values.money import Money
from tests.adapters.conformance.broken import Act, Broken, altered, finds_out, own_tests

Transfer = Callable[..., Money]


def billing(**methods: Act) -> Broken:
    return lambda: altered(ContinuousDiscounts(), **methods)


def polite(act: Callable[..., Money], *args: object, **kwargs: object) -> Money:
    """Take or move nothing where it should say no."""
    try:
        return act(*args, **kwargs)
    except Refusal:
        return NOTHING


def first_only() -> object:
    port = ContinuousDiscounts()

    def add(add: Act, due: Grant) -> None:
        if not port.balance(due.account).granted:
            add(due)

    return altered(port, grant=add)


def from_everybody() -> object:
    port = ContinuousDiscounts()

    def bill(bill: Transfer, number: str, account: str, amount: Money, **how: object) -> Money:
        bill(f"{number}, too", "A2", amount, **how)
        return bill(number, account, amount, **how)

    return altered(port, bill=bill)


def ageless(add: Act, due: Grant, **_: object) -> None:
    add(attrs.evolve(due, effective_from=day(-9)))


def generous_to_oneself() -> object:
    port = ContinuousDiscounts()

    def transfer(transfer: Transfer, source: str, target: str, amount: Money, **how: object) -> Money:
        if source == target:
            port.grant(grant("K9", "4", on=target))
            return amount
        return transfer(source, target, amount, **how)

    return altered(port, transfer=transfer)


def of_one_age(balance: Callable[..., Balance], account: str, **by: datetime) -> Balance:
    told = balance(account, **by)
    return attrs.evolve(told, parts=(UnusedPart(day(0), told.unused),) if told.unused else ())


def never_eaten(balance: Callable[..., Balance], account: str, **by: datetime) -> Balance:
    return attrs.evolve(balance(account, **by), consumed=NOTHING)


def timeless(balance: Callable[..., Balance], account: str, **_: datetime) -> Balance:
    return balance(account)


def unrecorded(post: Transfer, *args: object, recorded_at: object = None, **how: object) -> object:
    """Record everything at its own moment."""
    return post(*args, **how)


def omniscient(bill: Transfer, *args: object, at: datetime, recorded_at: object = None) -> Money:
    """Let a bill take what was recorded after it."""
    return bill(*args, at=at, recorded_at=day(99))


class CarelessBilling:
    """Reads all that is there, and writes it back with one movement more."""

    def __init__(self) -> None:
        self._movements: dict[tuple[str, str], Money] = {}

    def grant(self, due: Grant) -> None:
        self._move(due.account, "granted", due.amount)

    def bill(self, _: str, account: str, amount: Money, **__: datetime) -> Money:
        self._move(account, "consumed", amount)
        return amount

    def transfer(self, source: str, target: str, amount: Money, **_: datetime) -> Money:
        self._move(target, "transferred_in", amount)
        self._move(source, "transferred_out", amount)
        return amount

    def balance(self, account: str, **_: datetime) -> Balance:
        kinds = ("granted", "transferred_in", "transferred_out", "consumed")
        return Balance(**{kind: self._movements.get((account, kind), NOTHING) for kind in kinds}, parts=())

    def _move(self, account: str, kind: str, amount: Money) -> None:
        there = dict(self._movements)
        time.sleep(0.001)
        self._movements = {**there, (account, kind): there.get((account, kind), NOTHING) + amount}


def with_attempts_in_the_key(add: Act, due: Grant) -> None:
    add(attrs.evolve(due, referral=f"{due.referral}/{due.attempts}"))


def all_of_it(transfer: Transfer, source: str, target: str, _: Money, **how: object) -> Money:
    return transfer(source, target, None, **how)


def nothing_by_default(transfer: Transfer, source: str, target: str, amount: Money | None, **how: object) -> Money:
    return transfer(source, target, amount or NOTHING, **how)


def keyless() -> object:
    turns = count()
    return altered(
        ContinuousDiscounts(),
        transfer=lambda transfer, *args, key, **how: transfer(*args, key=f"{key}{next(turns)}", **how),
    )


def forgiving(transfer: Transfer, *args: object, **how: object) -> Money:
    """Take any other transfer under a known key for the first."""
    try:
        return transfer(*args, **how)
    except KeyReused:
        return NOTHING


def remembering_refusals() -> object:
    used: list[str] = []

    def transfer(transfer: Transfer, *args: object, key: str, **at: datetime) -> Money:
        if key in used:
            return NOTHING
        used.append(key)
        return transfer(*args, key=key, **at)

    return altered(ContinuousDiscounts(), transfer=transfer)


def a_day_too_early(bill: Transfer, *args: object, at: datetime, **how: object) -> Money:
    return bill(*args, at=at + timedelta(days=1), **how)


BROKEN: Final[dict[str, Broken]] = {
    "test_a_grant_is_posted": billing(has_grant=lambda *_: False),
    "test_grants_of_an_account_add_up": first_only,
    "test_a_key_is_posted_once": billing(grant=with_attempts_in_the_key),
    "test_an_account_without_a_discount_has_a_balance_of_zero": billing(
        balance=lambda balance, account: attrs.evolve(balance(account), granted=PLENTY)
    ),
    "test_a_bill_takes_the_smaller": billing(bill=lambda bill, *args, **at: max(bill(*args, **at), args[2])),
    "test_a_bill_takes_from_its_account_only": from_everybody,
    "test_a_bill_takes_what_is_effective_by_then": billing(bill=a_day_too_early),
    "test_a_bill_takes_the_oldest_first": billing(grant=ageless),
    "test_a_bill_is_taken_into_account_once": billing(bill=polite),
    "test_a_balance_is_that_of_its_moment": billing(balance=timeless),
    "test_a_bill_takes_what_was_recorded_before_it": billing(bill=omniscient),
    "test_what_takes_away_is_recorded_no_earlier_than_what_it_takes": billing(grant=unrecorded),
    "test_a_transfer_counts_from_its_moment": billing(transfer=unrecorded),
    "test_a_part_is_transferred": billing(transfer=all_of_it),
    "test_all_is_transferred_by_default": billing(transfer=nothing_by_default),
    "test_no_more_is_transferred_than_there_is": billing(transfer=polite),
    "test_nothing_is_transferred_twice_under_a_key": keyless,
    "test_all_is_the_amount_that_it_was": keyless,
    "test_a_key_stands_for_one_transfer": billing(transfer=forgiving),
    "test_a_key_whose_transfer_was_refused_is_still_new": remembering_refusals,
    "test_the_oldest_is_transferred_first": billing(grant=ageless),
    "test_what_is_transferred_stays_as_old_as_it_was": billing(grant=ageless),
    "test_a_transfer_to_the_same_account_makes_nothing": generous_to_oneself,
    "test_a_transfer_asked_for_by_many_at_once_is_made_once": keyless,
    "test_a_balance_says_of_what_age_its_parts_are": billing(balance=of_one_age),
    "test_every_cent_is_accounted_for": billing(balance=never_eaten),
    "test_ids_are_taken_to_the_letter": billing(
        bill=lambda bill, number, account, amount, at: bill(number.strip(), account, amount, at=at)
    ),
    "test_a_grant_posted_by_many_at_once_is_posted_once": billing(grant=with_attempts_in_the_key),
    "test_a_bill_sent_by_many_at_once_counts_once": CarelessBilling,
    "test_racing_bills_take_no_cent_twice": CarelessBilling,
    "test_racing_transfers_lose_no_cent": CarelessBilling,
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(BillingConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(BillingConformance, test, BROKEN[test]())
