"""Seals: together they fix the end of every chain, and each lists only what moved since the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.act import Act
from referral_core.entities.seal import Head, Seal
from referral_core.entities.trace_entry import GENESIS, TraceEntry
from tests.phrases import TICK, at, chain, note

Chains = Mapping[str, Sequence[TraceEntry]]

SUBJECTS = ("account:account-A", "account:account-B", "group:referrer", "programme")


def chain_of(subject: str, length: int) -> tuple[TraceEntry, ...]:
    return chain(*(note(Act.CODE_SHARED, f"2021-01-{day:02}", on=subject) for day in range(1, length + 1)))


LONG = {subject: chain_of(subject, 6) for subject in SUBJECTS}
"""Chains to take beginnings of."""


def grown(lengths: Mapping[str, int]) -> Chains:
    return {subject: LONG[subject][:length] for subject, length in lengths.items()}


def heads(chains: Chains) -> list[Head]:
    return [(subject, len(rows), rows[-1].hash) for subject, rows in chains.items() if rows]


def hashes(chains: Chains) -> Callable[[str, int], str | None]:
    def hash_of(subject: str, number: int) -> str | None:
        return next((row.hash for row in chains.get(subject, ()) if row.number == number), None)

    return hash_of


def sealed(*stages: Mapping[str, int]) -> tuple[Seal, ...]:
    """Return a seal set at each stage of growth."""
    seals: tuple[Seal, ...] = ()
    for number, lengths in enumerate(stages):
        seals = (*seals, Seal.over(heads(grown(lengths)), seals, at("2021-02-01") + number * TICK))
    return seals


def faults(seals: Sequence[Seal], chains: Chains) -> list[str]:
    """Return what is wrong with seals in order, as a verifier reads them."""
    before: list[Seal | None] = [None, *seals]
    return [fault for last, seal in zip(before, seals, strict=False) for fault in seal.faults(last, hashes(chains))]


@st.composite
def stages(draw: st.DrawFn) -> list[dict[str, int]]:
    """Chains that grow, or do not, from one seal to the next."""
    lengths = dict.fromkeys(SUBJECTS, 0)
    grown_so_far = []
    for _ in range(draw(st.integers(1, 4))):
        lengths = {subject: length + draw(st.integers(0, 1)) for subject, length in lengths.items()}
        grown_so_far.append(lengths)
    return grown_so_far


TWO_STAGES = ({"account:account-A": 1, "programme": 2}, {"account:account-A": 3, "programme": 2, "group:referrer": 1})
TWO = sealed(*TWO_STAGES)
CHAINS = grown(TWO_STAGES[1])


# ── what a seal holds ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_the_first_seal_lists_every_chain() -> None:
    assert [(subject, count) for subject, count, _ in TWO[0].heads] == [("account:account-A", 1), ("programme", 2)]
    assert (TWO[0].number, TWO[0].previous) == (1, GENESIS)


@pytest.mark.rule("A2")
def test_the_next_seal_lists_what_moved_and_carries_the_hash_of_the_first() -> None:
    assert [(subject, count) for subject, count, _ in TWO[1].heads] == [("account:account-A", 3), ("group:referrer", 1)]
    assert TWO[1].heads[0][2] == LONG["account:account-A"][2].hash
    assert (TWO[1].number, TWO[1].previous) == (2, TWO[0].hash)


@pytest.mark.rule("A2")
def test_a_seal_over_nothing_new_is_short_and_holds() -> None:
    seals = sealed(TWO_STAGES[1], TWO_STAGES[1], {})
    assert [seal.heads for seal in seals[1:]] == [(), ()]
    assert faults(seals, CHAINS) == []
    assert len({seal.hash for seal in seals}) == 3


@pytest.mark.rule("A2")
@given(stages())
def test_only_moved_heads_are_listed_and_all_seals_together_fix_every_chain(growth: list[dict[str, int]]) -> None:
    seals = sealed(*growth)
    for seal, (earlier, now) in zip(seals, pairwise([dict.fromkeys(SUBJECTS, 0), *growth]), strict=True):
        moved = {subject: now[subject] for subject in SUBJECTS if now[subject] != earlier[subject]}
        assert {subject: count for subject, count, _ in seal.heads} == moved
        assert list(seal.heads) == sorted(seal.heads)
    fixed = {subject: (count, head) for seal in seals for subject, count, head in seal.heads}
    assert fixed == {subject: (count, head) for subject, count, head in heads(grown(growth[-1]))}


@pytest.mark.rule("A2")
@given(st.data(), stages())
def test_the_order_in_which_heads_come_makes_no_difference(data: st.DataObject, growth: list[dict[str, int]]) -> None:
    present = heads(grown(growth[-1]))
    shuffled = data.draw(st.permutations(present))
    assert Seal.over(shuffled, (), at("2021-02-01")) == Seal.over(iter(present), (), at("2021-02-01"))


# ── verifying ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
@given(stages(), st.data())
def test_seals_hold_over_chains_that_only_grew(growth: list[dict[str, int]], data: st.DataObject) -> None:
    later = {subject: length + data.draw(st.integers(0, 2)) for subject, length in growth[-1].items()}
    assert faults(sealed(*growth), grown(later)) == []


CHANGES: dict[str, list[Any]] = {
    "number": [0, 3],
    "moment": [at("2021-02-01") - TICK],
    "heads": [
        (),
        TWO[0].heads[:1],
        (*TWO[0].heads, ("group:referrer", 1, LONG["group:referrer"][0].hash)),
        tuple(reversed(TWO[0].heads)),
        (("account:account-A", 1, "f" * 64), TWO[0].heads[1]),
        (("account:account-A", 2, TWO[0].heads[0][2]), TWO[0].heads[1]),
    ],
    "previous": ["f" * 64],
    "hash": ["f" * 64],
}


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    ("field", "value"), [pytest.param(field, value, id=field) for field, values in CHANGES.items() for value in values]
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_change_to_any_field_of_any_seal_is_found_and_named(field: str, value: object, place: int) -> None:
    seals = list(TWO)
    seals[place] = attrs.evolve(seals[place], **{field: value})  # type: ignore[arg-type]  # one field or another
    found = faults(seals, CHAINS)
    assert found
    assert found[0].startswith(f"seal {seals[place].number}: ")


@pytest.mark.rule("A2")
def test_every_field_of_a_seal_is_among_those_changed() -> None:
    assert {field.name for field in attrs.fields(Seal)} == CHANGES.keys()


@pytest.mark.rule("A2")
def test_what_is_wrong_with_a_seal_is_said() -> None:
    assert faults([attrs.evolve(TWO[0], moment=at("2021-01-01")), TWO[1]], CHAINS) == [
        "seal 1: its content was changed"
    ]
    assert faults([TWO[1]], CHAINS) == ["seal 2: does not carry the hash of the seal before it"]
    assert faults([TWO[1], TWO[0]], CHAINS) == [
        "seal 2: does not carry the hash of the seal before it",
        "seal 1: does not carry the hash of the seal before it",
    ]


@pytest.mark.rule("A2")
def test_a_seal_taken_out_is_found() -> None:
    three = sealed(*TWO_STAGES, {**TWO_STAGES[1], "programme": 3})
    chains = grown({**TWO_STAGES[1], "programme": 3})
    assert faults(three, chains) == []
    assert faults([three[0], three[2]], chains) == ["seal 3: does not carry the hash of the seal before it"]


@pytest.mark.rule("A2")
def test_a_seal_linked_to_another_past_is_found() -> None:
    forged = Seal.over(heads(grown(TWO_STAGES[0])), (), at("2021-01-15"))
    assert faults([forged], CHAINS) == []
    assert faults([forged, attrs.evolve(TWO[1], previous=forged.hash)], CHAINS) == ["seal 2: its content was changed"]


@pytest.mark.rule("A2")
def test_rows_cut_off_the_end_of_a_chain_are_found_by_the_seal() -> None:
    cut = {**CHAINS, "account:account-A": CHAINS["account:account-A"][:2]}
    assert faults(TWO, cut) == ["seal 2: account:account-A row 3 is missing or not what was sealed"]
    gone = {subject: rows for subject, rows in CHAINS.items() if subject != "programme"}
    assert faults(TWO, gone) == ["seal 1: programme row 2 is missing or not what was sealed"]


@pytest.mark.rule("A2")
def test_a_chain_written_anew_is_found_by_the_seal() -> None:
    anew = chain(*(note(Act.GROUP_ADD, "2021-01-01", on="programme") for _ in range(2)))
    assert faults(TWO, {**CHAINS, "programme": anew}) == ["seal 1: programme row 2 is missing or not what was sealed"]


@pytest.mark.rule("A2")
def test_everything_that_is_wrong_is_said() -> None:
    assert len(faults(TWO, {})) == 4
    assert (
        len(attrs.evolve(TWO[1], hash="f" * 64, previous="f" * 64).faults(TWO[0], lambda _subject, _number: None)) == 4
    )


@pytest.mark.rule("A2")
def test_different_heads_never_share_a_hash() -> None:
    two = [("a", 1, "f" * 64), ("b", 2, "e" * 64)]
    one = [(f"a\t1\t{'f' * 64}\nb", 2, "e" * 64)]
    assert Seal.over(one, (), at("2021-02-01")).hash != Seal.over(two, (), at("2021-02-01")).hash


@pytest.mark.rule("A2")
def test_a_chain_on_any_subject_can_be_sealed() -> None:
    (row,) = chain(note(Act.CODE_ISSUE, "2021-01-01", on="account:\ud800"))
    seal = Seal.over([(row.subject, 1, row.hash)], (), at("2021-02-01"))
    assert faults([seal], {row.subject: [row]}) == []


@pytest.mark.rule("A2")
def test_a_seal_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        TWO[0].heads = ()  # type: ignore[misc]  # it is frozen
    assert sealed(*TWO_STAGES) == TWO
    assert hash(sealed(*TWO_STAGES)) == hash(TWO)
