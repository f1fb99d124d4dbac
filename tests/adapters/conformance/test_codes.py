"""Every test of the suite for promo codes can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.memory import MemoryStore
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.values.errors import Reason, Refusal
from referral_core.values.history import Recorded
from tests.adapters.conformance.broken import (
    Act,
    Broken,
    altered,
    altered_part,
    deaf,
    finds_out,
    own_tests,
    promo_codes,
    recording_as_told,
    recording_what_fails,
    silent,
    trimming,
)


def refusing(overlaps: Callable[[PromoCode, PromoCode], bool]) -> Broken:
    """Say ``code-overlap`` where it is not true."""
    known: list[PromoCode] = []

    def add(add: Act, code: PromoCode, **at: object) -> None:
        if any(overlaps(other, code) for other in known):
            raise Refusal(Reason.CODE_OVERLAP, message="it overlaps")
        add(code, **at)
        known.append(code)

    return promo_codes(add=add)


def forgetful(add: Act, code: PromoCode, **at: object) -> None:
    if code.held is not None:
        add(code, **at)


def without_seconds(find: Callable[[str], PromoCode | None], text: str) -> PromoCode | None:
    found = find(text)
    return found and attrs.evolve(found, issued_at=found.issued_at.replace(microsecond=0))


def racy_texts() -> object:
    store = MemoryStore()
    part = store.promo_codes

    def add(add: Act, code: PromoCode, **at: object) -> None:
        if part.find(code.text) is None:
            time.sleep(0.001)
            silent(add, code, **at)
        else:
            add(code, **at)

    altered(part, add=add)
    return store


PROMO_CODES: Final[dict[str, Broken]] = {
    "test_a_code_is_found_by_its_text": promo_codes(find=lambda find, _: find("A123")),
    "test_the_last_state_is_the_one_found": promo_codes(replace=deaf),
    "test_codes_come_in_the_order_they_were_issued": promo_codes(of_account=lambda of, account: of(account)[::-1]),
    "test_a_text_is_taken_for_ever": promo_codes(add=silent),
    "test_a_code_that_ended_as_it_was_issued_keeps_its_text_only": promo_codes(add=forgetful),
    "test_an_account_holds_one_code_at_a_time": promo_codes(add=silent),
    "test_a_code_may_begin_as_another_ends": refusing(lambda one, two: one.ends_at == two.issued_at),
    "test_accounts_do_not_get_in_each_others_way": refusing(lambda one, two: one.customer == two.customer),
    "test_the_next_state_may_not_overlap_either": promo_codes(replace=silent),
    "test_words_and_moments_are_kept_as_given": promo_codes(find=without_seconds),
    "test_one_of_racing_accounts_gets_the_text": racy_texts,
    "test_one_of_racing_codes_gets_the_account": promo_codes(add=silent),
    "test_racing_next_states_do_not_overlap": promo_codes(replace=silent),
}


def careless_sharings() -> object:
    """Read the count, and write it back one higher."""
    counts = [0]

    def add_sharing(_: Act, __: Sharing) -> None:
        known = counts[0]
        time.sleep(0.0001)
        counts[0] = known + 1

    return altered_part("promo_codes", add_sharing=add_sharing, times_shared=lambda *_: counts[0])


def counting_means_once() -> object:
    means: set[str] = set()
    return altered_part(
        "promo_codes", add_sharing=lambda _, each: means.add(each.means), times_shared=lambda *_: len(means)
    )


SHARINGS: Final[dict[str, Broken]] = {
    "test_every_sharing_counts": counting_means_once,
    "test_accounts_are_counted_apart": promo_codes(times_shared=trimming),
    "test_sharings_are_counted_up_to_a_moment": promo_codes(
        times_shared=lambda times_shared, account, **_: times_shared(account)
    ),
    "test_no_sharing_of_racing_writers_is_lost": careless_sharings,
}


def numbered_anew(codes: Callable[[str], tuple[tuple[Recorded[PromoCode], ...], ...]], account: str) -> object:
    states = [state for states in codes(account) for state in states]
    return (tuple(attrs.evolve(state, revision=number) for number, state in enumerate(states, 1)),)


CODE_HISTORY: Final[dict[str, Broken]] = {
    "test_every_state_of_a_code_is_kept": promo_codes(
        history=lambda codes, account: tuple(states[-1:] for states in codes(account))
    ),
    "test_codes_of_an_account_come_in_the_order_they_were_added": promo_codes(history=numbered_anew),
    "test_what_arrives_late_on_an_account_is_recorded_after_its_other_codes": recording_as_told,
    "test_what_never_was_has_no_history": recording_what_fails(
        "promo_codes", "replace", lambda codes, kept: ((*codes[0], *kept), *codes[1:]) if codes else ()
    ),
    "test_accounts_in_history_are_taken_to_the_letter": promo_codes(history=trimming),
}

BROKEN: Final[dict[str, Broken]] = PROMO_CODES | CODE_HISTORY | SHARINGS


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.CodeRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.CodeRepositoryConformance, test, BROKEN[test]())
