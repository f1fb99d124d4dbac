"""Every test of the suite for the trace can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_core.entities.seal import Head
from referral_core.entities.trace import TraceEntry, TraceNote
from tests.adapters.conformance.broken import (
    Act,
    Broken,
    altered_part,
    backwards,
    finds_out,
    own_tests,
    trimming,
)


def trace(**methods: Act) -> Broken:
    return lambda: altered_part("trace", **methods)


def salted(salt: Callable[[], str]) -> Broken:
    def chain(chain: Callable[[str], Iterator[TraceEntry]], subject: str) -> Iterator[TraceEntry]:
        return (attrs.evolve(row, salt=salt()) for row in chain(subject))

    return trace(chain=chain)


def holding_on() -> object:
    held: list[TraceNote] = []

    def append(append: Act, note: TraceNote) -> None:
        held.append(note)
        append(note)

    def chain(chain: Callable[[str], Iterator[TraceEntry]], subject: str) -> Iterator[TraceEntry]:
        rows = zip(chain(subject), held, strict=True)
        return (attrs.evolve(row, before=note.before, after=note.after) for row, note in rows)

    return altered_part("trace", append=append, chain=chain)


def losing() -> object:
    turns = count()
    return altered_part("trace", append=lambda append, *notes: next(turns) % 5 and append(*notes))


def ghost(_: Act) -> Iterator[Head]:
    return iter([("account:A1", 1, "hash")])


BROKEN: Final[dict[str, Broken]] = {
    "test_a_row_says_what_was_noted": trace(append=lambda append, note: append(attrs.evolve(note, reason=None))),
    "test_a_row_may_say_little": trace(append=lambda append, note: append(attrs.evolve(note, after=None))),
    "test_a_row_keeps_what_was_stored_and_no_owner": trace(
        append=lambda append, *notes: append(*[attrs.evolve(each, owner=None) for each in notes])
    ),
    "test_rows_of_a_subject_are_a_chain": trace(chain=backwards),
    "test_many_notes_are_added_at_once": trace(append=lambda append, *notes: append(*notes[:7])),
    "test_racing_writers_of_many_notes_follow_each_other": losing,
    "test_rows_never_change": salted(secrets.token_hex),
    "test_a_row_keeps_no_hold_on_what_it_was_given": holding_on,
    "test_every_row_has_a_salt_of_its_own": salted(lambda: "0" * 32),
    "test_a_subject_without_rows_has_an_empty_chain": trace(heads=ghost),
    "test_subjects_are_taken_to_the_letter": trace(chain=trimming),
    "test_the_newest_rows_of_some_chains_come_first": trace(newest=lambda newest, *of: newest(*of)[::-1]),
    "test_heads_are_the_ends_of_all_chains": trace(heads=backwards),
    "test_all_chains_come_one_after_the_other": trace(
        chain=lambda chain, *of, **after: chain(*of, **after) if of else backwards(chain, **after)
    ),
    "test_reading_goes_on_from_any_place": trace(chain=lambda chain, *of, **_: chain(*of)),
    "test_racing_writers_on_one_subject_follow_each_other": losing,
    "test_racing_writers_on_many_subjects_keep_apart": losing,
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.TraceRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.TraceRepositoryConformance, test, BROKEN[test]())
