"""Every test of the suite for personal data can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.memory import MemoryStore
from referral_core.entities.personal_data import Person
from referral_core.entities.trace import TraceEntry
from tests.adapters.conformance.broken import Act, Broken, altered, finds_out, own_tests


def personal_data(**methods: Act) -> Broken:
    return lambda: altered(MemoryStore(), **methods)


def leaving(part: str) -> Broken:
    """Erase everywhere but in one repository."""

    def store() -> object:
        store = MemoryStore()
        getattr(store, part).erasing = lambda *_: ()
        return store

    return store


def erasing_rows(concerns: Callable[[Person, TraceEntry], bool]) -> Broken:
    """Judge in another way which rows concern somebody."""

    def store() -> object:
        store = MemoryStore()

        def erasing(erasing: Act, is_in: Callable[[TraceEntry], bool], has: Callable[[str], bool]) -> object:
            person = is_in.__self__  # type: ignore[attr-defined]  # a method of the person
            return erasing(lambda row: concerns(person, row), has)

        altered(store.trace, erasing=erasing)
        return store

    return store


def hashing_anew() -> object:
    """Make the chain of erased rows fit again by changing it."""
    store = MemoryStore()

    def chain(chain: Callable[..., Iterator[TraceEntry]], *of: str, **after: object) -> Iterator[TraceEntry]:
        rows = chain(*of, **after)
        return (attrs.evolve(row, hash=row.hash[::-1]) if row.is_erased else row for row in rows)

    altered(store.trace, chain=chain)
    return store


def one_pseudonym_each() -> object:
    """Give the account another pseudonym than the rest."""
    store = MemoryStore()
    altered(store.referrals, erasing=lambda erasing, person, _: erasing(person, "erased-another-one"))
    return store


BROKEN: Final[dict[str, Broken]] = {
    "test_nothing_is_held_about_a_stranger": personal_data(
        personal_data=lambda find, named: find(named.upper() or "C1")
    ),
    "test_what_is_held_is_found": personal_data(
        personal_data=lambda find, named: attrs.evolve(find(named), open_cases=())
    ),
    "test_a_pseudonym_takes_the_customers_place": leaving("cases"),
    "test_a_referee_stays_referred": leaving("referrals"),
    "test_everybody_else_stays": personal_data(erase=lambda erase, named: erase("C1" if named == "C" else named)),
    "test_pseudonyms_are_fresh": personal_data(erase=lambda _, named: f"erased-{named}"),
    "test_free_words_about_the_customers_accounts_go": erasing_rows(lambda person, row: row.actor == person.customer),
    "test_words_elsewhere_go_that_name_the_customer": erasing_rows(
        lambda person, row: person.customer in (row.reason or "")
    ),
    "test_the_customer_goes_as_an_actor_but_not_somebody_of_the_staff": erasing_rows(
        lambda person, row: row.actor == person.customer
    ),
    "test_the_owners_digest_says_nothing_any_more": leaving("trace"),
    "test_fee_notes_lose_their_words": leaving("referrals"),
    "test_answers_to_and_about_the_customer_go": leaving("requests"),
    "test_answers_with_words_about_the_customer_go": leaving("requests"),
    "test_the_trace_still_verifies": hashing_anew,
    "test_those_who_erase_at_once_leave_one_pseudonym": one_pseudonym_each,
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.PersonalDataConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.PersonalDataConformance, test, BROKEN[test]())
