"""Every test of the suite for first codes can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs
import pytest

from referral_adapters.conformance.first_codes import FirstCodesConformance
from referral_adapters.memory import MemoryStore
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.trace import TraceNote
from referral_core.ports.codes import CodelessAccount, CodelessPage
from tests.adapters.conformance.broken import (
    Act,
    Broken,
    altered,
    deaf,
    finds_out,
    outside_of_transactions,
    own_tests,
    promo_codes,
    saying_nothing,
)


def page_without(unwanted: Callable[[CodelessAccount], bool]) -> Broken:
    """Leave accounts out of pages."""

    def codeless(codeless: Callable[..., CodelessPage], *of: object, **at: object) -> CodelessPage:
        page = codeless(*of, **at)
        return attrs.evolve(page, accounts=tuple(each for each in page.accounts if not unwanted(each)))

    return promo_codes(codeless=codeless)


def codes_only(add: Act, codes: Sequence[PromoCode], _: Sequence[TraceNote], *, at: datetime) -> None:
    add(codes, [], at=at)


def codes_one_by_one(add: Act, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
    for each, noted in zip(codes, notes, strict=True):
        add([each], [noted], at=at)


def guarding_overlaps_only() -> MemoryStore:
    store = MemoryStore()

    def add(_: Act, codes: Sequence[PromoCode], __: Sequence[TraceNote], *, at: datetime) -> None:
        for each in codes:
            store.promo_codes.add(each, at=at)

    altered(store.promo_codes, add_first=add)
    return store


BROKEN: Final[dict[str, Broken]] = {
    "test_who_never_held_a_code_is_found": page_without(lambda each: each.account == "A4"),
    "test_a_contract_must_be_in_force": promo_codes(
        codeless=lambda of, after, limit, at: of(after, limit, at=at + timedelta(days=1))
    ),
    "test_an_account_says_what_it_is_supplied_with": promo_codes(
        codeless=lambda of, after, limit, at: attrs.evolve(
            of(after, limit, at=at),
            accounts=tuple(attrs.evolve(each, first_name=None) for each in of(after, limit, at=at).accounts),
        )
    ),
    "test_accounts_come_by_pages_in_order_of_id": promo_codes(
        codeless=lambda of, after, limit, at: of(after, limit + 1, at=at)
    ),
    "test_a_page_may_be_the_last_without_knowing": promo_codes(codeless=lambda of, _, limit, at: of("", limit, at=at)),
    "test_taken_texts_are_named": promo_codes(taken=lambda taken, texts: taken(texts) - {"AAAA"}),
    "test_codes_are_found_like_any_other": promo_codes(add_first=deaf),
    "test_notes_follow_what_the_trace_has": promo_codes(add_first=codes_only),
    "test_customers_with_a_manual_end_are_named": promo_codes(ended_by_hand=lambda ended, of: ended(of) - {"C3"}),
    "test_a_taken_text_keeps_the_whole_page_out": promo_codes(add_first=codes_one_by_one),
    "test_an_account_that_came_to_hold_a_code_keeps_the_whole_page_out": promo_codes(add_first=codes_one_by_one),
    "test_a_code_that_has_ended_keeps_the_whole_page_out_too": guarding_overlaps_only,
    "test_a_page_that_was_kept_out_leaves_the_transaction_usable": promo_codes(add_first=codes_one_by_one),
    "test_a_page_is_undone_with_its_transaction": outside_of_transactions,
    "test_ids_of_accounts_are_taken_to_the_letter": page_without(lambda each: each.account != each.account.strip()),
    "test_one_of_racing_pages_comes_in": promo_codes(add_first=saying_nothing),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(FirstCodesConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(FirstCodesConformance, test, BROKEN[test]())
