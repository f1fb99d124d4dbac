"""Every test of the suite for events and answers can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.samples import TICK
from referral_adapters.memory import MemoryStore
from referral_core.ports.requests import Answer
from tests.adapters.conformance.broken import (
    Act,
    Broken,
    altered,
    altered_part,
    deaf,
    finds_out,
    own_tests,
    racy_events,
)


def events(**methods: Act) -> Broken:
    return lambda: altered_part("requests", **methods)


EVENTS: Final[dict[str, Broken]] = {
    "test_an_event_that_took_effect_is_found": events(event=deaf),
    "test_an_event_takes_effect_once": events(add_event=lambda add, *event: add(*event) or True),
    "test_source_and_id_tell_events_apart": events(
        add_event=lambda add, source, named, digest: add("", source + named, digest),
        event=lambda find, source, named: find("", source + named),
    ),
    "test_words_of_events_are_taken_to_the_letter": events(
        add_event=lambda add, *event: add(*(words.lower() for words in event)),
        event=lambda find, *event: find(*(words.lower() for words in event)),
    ),
    "test_one_of_racing_events_takes_effect": racy_events,
}


def answers(**methods: Act) -> Broken:
    def make() -> object:
        store = MemoryStore()
        altered(store.requests, **methods)
        return store

    return make


def answering_again() -> object:
    """Put the last answer in the place of the first."""
    store = MemoryStore()

    def fill(fill: Act, asker: str, key: str, text: str) -> None:
        kept = store.requests.answer(asker, key)
        if kept:
            store.requests._answers[asker, key] = attrs.evolve(kept, text=None)
        fill(asker, key, text)

    altered(store.requests, fill=fill)
    return store


def claiming_for_ever() -> object:
    """Take keys outside of all transactions."""
    store = MemoryStore()

    def claim(_: Act, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        taken = (asker, key) in store.requests._answers
        store.requests._answers.setdefault((asker, key), Answer(digest, None, at))
        return not taken

    altered(store.requests, claim=claim)
    return store


def not_waiting() -> object:
    """Take a key for taken that somebody may yet leave free."""
    store = MemoryStore()

    def claim(claim: Act, *of: str, at: datetime) -> object:
        return tuple(of[:2]) not in store.requests._answers and claim(*of, at=at)

    altered(store.requests, claim=claim)
    return store


def looking_before_claiming() -> object:
    store = MemoryStore()

    def claim(_: Act, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        if store.requests.answer(asker, key):
            return False
        time.sleep(0.02)
        store.requests._answers[asker, key] = Answer(digest, None, at)
        return True

    altered(store.requests, claim=claim)
    return store


ANSWERS: Final[dict[str, Broken]] = {
    "test_a_claim_is_found_without_an_answer": answers(
        claim=lambda claim, *of, at: claim(*of, at=at.replace(microsecond=0))
    ),
    "test_an_answer_is_kept_beside_the_claim": answers(
        fill=lambda fill, asker, key, text: fill(asker, key, text.strip())
    ),
    "test_a_key_is_claimed_once": answers(claim=lambda claim, *of, **at: claim(*of, **at) or True),
    "test_an_answer_is_kept_once": answering_again,
    "test_asker_and_key_tell_answers_apart": answers(
        claim=lambda claim, asker, key, digest, at: claim("", asker + key, digest, at=at),
        fill=lambda fill, asker, key, text: fill("", asker + key, text),
        answer=lambda find, asker, key: find("", asker + key),
    ),
    "test_words_are_taken_to_the_letter": answers(
        claim=lambda claim, *of, at: claim(*(words.strip() for words in of), at=at)
    ),
    "test_what_is_old_is_forgotten": answers(forget=lambda forget, before: forget(before + TICK)),
    "test_a_claim_that_was_undone_leaves_its_key_free": claiming_for_ever,
    "test_a_claim_under_way_is_waited_for": not_waiting,
    "test_one_of_racing_claims_gets_the_key": looking_before_claiming,
}

BROKEN: Final[dict[str, Broken]] = EVENTS | ANSWERS


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.RequestRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.RequestRepositoryConformance, test, BROKEN[test]())
