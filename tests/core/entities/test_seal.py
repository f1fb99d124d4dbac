"""Seals: together they fix the end of every chain, and each lists only what moved since the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.trace import GENESIS, TraceFault
from referral_core.values.moment import written
from tests.phrases import TICK, at
from tests.strategies import moments, names

HASH = "e" * 64
FIRST_HEADS: tuple[Head, ...] = (("account:account-A", 1, "a" * 64), ("programme", 2, "b" * 64))
SECOND_HEADS: tuple[Head, ...] = (("account:account-A", 3, "c" * 64), ("group:referrer", 1, "d" * 64))
FIRST = Seal.over(FIRST_HEADS, None, at("2021-02-01"))
SECOND = Seal.over(SECOND_HEADS, FIRST, at("2021-02-02"))


def said(faults: Sequence[TraceFault]) -> list[str]:
    return [str(fault) for fault in faults]


def hash_of_the_first_version(number: int, moment: datetime, previous: str, heads: Sequence[Head]) -> str:
    """Return what the hash of a seal was when all its heads were held at once."""
    content = [number, written(moment), previous, tuple(heads)]
    return sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def heads() -> st.SearchStrategy[list[Head]]:
    """Give heads of different subjects, in order."""
    some = st.tuples(names() | st.just("\ud800"), st.integers(1, 10**9), st.text("0123456789abcdef", max_size=64))
    return st.lists(some, max_size=4, unique_by=lambda head: head[0]).map(sorted)


# ── what a seal holds ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_the_first_seal_follows_nothing() -> None:
    assert (FIRST.number, FIRST.previous, FIRST.heads, FIRST.moment) == (1, GENESIS, 2, at("2021-02-01"))


@pytest.mark.rule("A2")
def test_the_next_seal_carries_the_hash_of_the_one_before() -> None:
    assert (SECOND.number, SECOND.previous, SECOND.heads) == (2, FIRST.hash, 2)


@pytest.mark.rule("A2")
@given(heads(), moments(), st.booleans())
def test_the_hash_is_what_it_always_was(moved: list[Head], moment: datetime, follows: bool) -> None:
    """So seals of the first version verify, however their heads are kept."""
    before = FIRST if follows else None
    seal = Seal.over(iter(moved), before, moment)
    assert seal.hash == hash_of_the_first_version(seal.number, moment, seal.previous, moved)
    assert seal.heads == len(moved)


@pytest.mark.rule("A2")
def test_heads_come_in_order_each_subject_once() -> None:
    for wrong in (FIRST_HEADS[::-1], (FIRST_HEADS[0], FIRST_HEADS[0])):
        with pytest.raises(ValueError, match="comes after the head of"):
            Seal.over(wrong, None, at("2021-02-01"))


@pytest.mark.rule("A2")
def test_heads_are_read_once_and_not_held() -> None:
    read = []

    def told() -> Any:  # noqa: ANN401 - a generator
        for head in FIRST_HEADS:
            read.append(head)
            yield head

    assert Seal.over(told(), None, at("2021-02-01")) == FIRST
    assert read == list(FIRST_HEADS)


@pytest.mark.rule("A2")
def test_different_heads_never_share_a_hash() -> None:
    two = [("a", 1, HASH), ("b", 2, HASH)]
    one = [(f'a",1,"{HASH}"],["b', 2, HASH)]
    other = [("a", 11, HASH)], [("a1", 1, HASH)]
    hashes = {Seal.over(moved, None, at("2021-02-01")).hash for moved in (two, one, *other, [])}
    assert len(hashes) == 5


@pytest.mark.rule("A2")
def test_a_sealed_head_is_a_head_and_its_seal() -> None:
    assert SealedHead("programme", 2, HASH, 7).head == ("programme", 2, HASH)


# ── verifying ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_seals_hold_over_the_heads_they_were_set_over() -> None:
    assert FIRST.faults(None, FIRST_HEADS) == ()
    assert SECOND.faults(FIRST, iter(SECOND_HEADS)) == SECOND.own_faults(SECOND_HEADS) == ()


CHANGED = "it, or a head that it lists, was changed"
CHANGES: Mapping[str, Sequence[Any]] = {
    "number": [0, 3],
    "moment": [at("2021-02-01") - TICK],
    "heads": [0, 1, 3],
    "previous": ["f" * 64],
    "hash": ["f" * 64],
}


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    ("field", "value"), [pytest.param(field, value, id=field) for field, values in CHANGES.items() for value in values]
)
def test_a_change_to_any_field_is_found_and_named(field: str, value: object) -> None:
    changed = attrs.evolve(SECOND, **{field: value})  # type: ignore[arg-type]  # one field or another
    assert said(changed.own_faults(SECOND_HEADS)) == [f"seal {changed.number}: {CHANGED}"]
    assert f"seal {changed.number}: {CHANGED}" in said(changed.faults(FIRST, SECOND_HEADS))


@pytest.mark.rule("A2")
def test_every_field_of_a_seal_is_among_those_changed() -> None:
    assert {field.name for field in attrs.fields(Seal)} == CHANGES.keys()


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    "listed",
    [
        (),
        SECOND_HEADS[:1],
        SECOND_HEADS[::-1],
        (*SECOND_HEADS, ("programme", 3, HASH)),
        (SECOND_HEADS[0], ("group:referrer", 2, "d" * 64)),
        (SECOND_HEADS[0], ("group:referrer", 1, "e" * 64)),
        (SECOND_HEADS[0], ("group:referee", 1, "d" * 64)),
    ],
)
def test_a_change_to_any_listed_head_is_found(listed: Sequence[Head]) -> None:
    assert said(SECOND.faults(FIRST, listed)) == [f"seal 2: {CHANGED}"]


@pytest.mark.rule("A2")
def test_a_seal_taken_out_is_found() -> None:
    third = Seal.over([], SECOND, at("2021-02-03"))
    assert said(third.faults(FIRST, [])) == [
        "seal 3: a seal before it is missing",
        "seal 3: does not carry the hash of the seal before it",
    ]
    assert said(SECOND.faults(None, SECOND_HEADS)) == [
        "seal 2: a seal before it is missing",
        "seal 2: does not carry the hash of the seal before it",
    ]


@pytest.mark.rule("A2")
def test_a_seal_linked_to_another_past_is_found() -> None:
    forged = Seal.over(FIRST_HEADS, None, at("2021-01-15"))
    assert said(SECOND.faults(forged, SECOND_HEADS)) == ["seal 2: does not carry the hash of the seal before it"]
    relinked = attrs.evolve(SECOND, previous=forged.hash)
    assert said(relinked.faults(forged, SECOND_HEADS)) == [f"seal 2: {CHANGED}"]


@pytest.mark.rule("A2")
def test_a_seal_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        FIRST.heads = 0  # type: ignore[misc]  # it is frozen
    assert hash(FIRST) == hash(Seal.over(FIRST_HEADS, None, at("2021-02-01")))
