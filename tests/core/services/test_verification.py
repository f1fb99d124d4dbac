"""Verifying the trace: whatever was tampered with is found and named, as far as seals and hashes can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.memory import MemoryStore
from referral_core.entities.seal import Seal, SealedHead, Verification
from referral_core.entities.trace import TraceEntry, TraceFault
from referral_core.services.verification import STEP, TraceVerifier
from referral_core.values.errors import TraceUnreadable
from tests.phrases import TICK, at, note

NOW: Final = at("2021-02-01")
SUBJECTS: Final = ("account:A", "account:B", "group:referrer", "programme")
A: Final = SUBJECTS[0]


@attrs.define
class Papers:
    """A trace and its seals as they were found, open to whoever tampers with them."""

    rows: list[TraceEntry]
    kept: list[Seal]
    listed: list[SealedHead]
    unreadable: set[tuple[str, int]] = attrs.Factory(set)

    @classmethod
    def of(cls, store: MemoryStore) -> Papers:
        return cls(list(store.trace.chain()), list(store.trace.seals()), list(store.trace.sealed_heads()))

    def append(self, _: object) -> None:
        raise NotImplementedError

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        assert subject is None
        for row in sorted(self.rows, key=lambda row: (row.subject, row.number)):
            if after is None or (row.subject, row.number) > after:
                if (row.subject, row.number) in self.unreadable:
                    raise TraceUnreadable(row.subject, row.number)
                yield row

    def seals(self, *, after: int = 0) -> Iterator[Seal]:
        for seal in sorted(self.kept, key=lambda seal: seal.number):
            if seal.number > after:
                if ("seal", seal.number) in self.unreadable:
                    raise TraceUnreadable("seal", seal.number)
                yield seal

    def sealed_heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        listed = sorted(self.listed, key=lambda head: (head.subject, head.number, head.seal))
        return iter([head for head in listed if seal is None or head.seal == seal])

    def verified(self, expected: str | None = None, most: int = 99) -> Verification:
        return TraceVerifier(self, most=most).run(NOW, expected)  # type: ignore[arg-type]  # only what is read of a trace

    def faults(self) -> list[str]:
        return [str(fault) for fault in self.verified().faults]


def papers(*steps: str) -> Papers:
    """Return the papers of a store after steps: a subject gets a row, ``seal`` seals."""
    store = MemoryStore()
    for number, step in enumerate(steps):
        if step == "seal":
            store.trace.seal(NOW + number * TICK)
        else:
            store.trace.append(note("code.shared", f"2021-01-{number % 28 + 1:02}", on=step))
    return Papers.of(store)


TOLD: Final = (A, A, "programme", "seal", A, "group:referrer", "seal", A, "programme")
"""Account A has 4 rows, of which seals were set over the second and the third; the last of the programme's two is
under no seal."""

histories = st.lists(st.sampled_from((*SUBJECTS, "seal")), min_size=1, max_size=20)


# ── what holds ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
@given(histories)
def test_what_was_only_added_to_holds(steps: list[str]) -> None:
    found = papers(*steps)
    verified = found.verified()
    assert verified.holds
    assert (verified.faults, verified.more, verified.at) == ((), 0, NOW)
    assert (verified.rows, verified.chains) == (len(found.rows), len({row.subject for row in found.rows}))
    assert (verified.seals, verified.last) == (len(found.kept), found.kept[-1] if found.kept else None)


@pytest.mark.rule("A2")
def test_the_rows_under_no_seal_are_counted() -> None:
    assert papers(*TOLD).verified().unsealed == 2
    assert papers(A, A).verified().unsealed == 2
    assert papers(A, A, "seal").verified().unsealed == 0
    assert papers().verified() == Verification(
        at=NOW, rows=0, chains=0, erased=0, unsealed=0, seals=0, last=None, faults=(), more=0
    )


@pytest.mark.rule("A2", "A5")
@given(histories, st.data())
def test_erased_rows_hold_and_are_counted(steps: list[str], data: st.DataObject) -> None:
    found = papers(*steps)
    erased = data.draw(st.sets(st.integers(0, len(found.rows) - 1))) if found.rows else set()
    found.rows = [row.erased() if place in erased else row for place, row in enumerate(found.rows)]
    assert found.faults() == []
    assert found.verified().erased == len(erased)


@pytest.mark.rule("A2")
def test_whoever_waits_is_told_how_far_it_is() -> None:
    rows = papers(*["programme"] * (2 * STEP + 1))
    told: list[int] = []
    assert TraceVerifier(rows, most=1, told=told.append).run(NOW).rows == 2 * STEP + 1  # type: ignore[arg-type]
    assert told == [STEP, 2 * STEP]


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

CONTENT: Final = {
    "moment": NOW,
    "act": "group.add",
    "before": None,
    "after": {"other": None},
    "actor": "Jaan",
    "reason": None,
    "salt": "other",
    "personal_digest": "f" * 64,
    "previous": "e" * 64,
    "hash": "f" * 64,
}


@pytest.mark.rule("A2")
@pytest.mark.parametrize("field", CONTENT)
@given(data=st.data(), steps=histories.filter(lambda steps: set(steps) != {"seal"}))
def test_a_row_that_was_changed_is_named(field: str, data: st.DataObject, steps: list[str]) -> None:
    found = papers(*steps)
    place = data.draw(st.integers(0, len(found.rows) - 1))
    row = found.rows[place]
    found.rows[place] = attrs.evolve(row, **{field: CONTENT[field]})  # type: ignore[arg-type]  # one field or another
    assert (row.subject, row.number) in {(fault.subject, fault.number) for fault in found.verified().faults}


@pytest.mark.rule("A2")
@given(st.data(), histories)
def test_a_row_that_was_removed_shows_if_it_was_sealed_or_followed(data: st.DataObject, steps: list[str]) -> None:
    found = papers(*steps, A, "seal", A)
    place = data.draw(st.integers(0, len(found.rows) - 1))
    row = found.rows.pop(place)
    rest = [other for other in found.rows if other.subject == row.subject and other.number > row.number]
    sealed = [head for head in found.listed if head.subject == row.subject and head.number >= row.number]
    named = {(fault.subject, fault.number) for fault in found.verified().faults}
    if rest:
        assert (row.subject, rest[0].number) in named
    elif sealed:
        assert named == {(row.subject, row.number)}
    else:
        assert named == set()


@pytest.mark.rule("A2")
@given(st.data(), histories)
def test_a_chain_that_was_removed_shows_if_it_was_sealed(data: st.DataObject, steps: list[str]) -> None:
    found = papers(*steps, A)
    subject = data.draw(st.sampled_from(SUBJECTS))
    found.rows = [row for row in found.rows if row.subject != subject]
    sealed = [(head.number, head.seal) for head in found.listed if head.subject == subject]
    assert found.faults() == [
        f"{subject} row {number}: is missing, and seal {seal} was set over it" for number, seal in sealed
    ]


@pytest.mark.rule("A2")
@given(st.data(), histories)
def test_a_chain_that_was_written_anew_shows_if_it_was_sealed(data: st.DataObject, steps: list[str]) -> None:
    """From some row on, every hash computed again, as somebody does who has the database."""
    found = papers(*steps, A)
    subject = data.draw(st.sampled_from([row.subject for row in found.rows]))
    rows = [row for row in found.rows if row.subject == subject]
    first = data.draw(st.integers(0, len(rows) - 1))
    anew = [*rows[:first]]
    for row in rows[first:]:
        other = note("group.add", "2021-01-01", on=subject)
        anew.append(TraceEntry.chained(other, anew[-1] if anew else None, row.salt or ""))
    found.rows = [row for row in found.rows if row.subject != subject] + anew
    sealed = [(head.number, head.seal) for head in found.listed if head.subject == subject and head.number > first]
    assert found.faults() == [
        f"{subject} row {number}: is not the row that seal {seal} was set over" for number, seal in sealed
    ]


@pytest.mark.rule("A2")
def test_rows_that_changed_places_are_named() -> None:
    found = papers(*TOLD)
    first, second = found.rows[:2]
    found.rows[:2] = [attrs.evolve(second, number=1), attrs.evolve(first, number=2)]
    assert {(fault.subject, fault.number) for fault in found.verified().faults} >= {(A, 1), (A, 2)}


@pytest.mark.rule("A2")
def test_rows_of_two_chains_that_changed_places_are_named() -> None:
    found = papers(*TOLD)
    places = [0, len(found.rows) - 1]
    one, other = (found.rows[place] for place in places)
    found.rows[places[0]] = attrs.evolve(other, subject=one.subject, number=one.number)
    found.rows[places[1]] = attrs.evolve(one, subject=other.subject, number=other.number)
    named = {(fault.subject, fault.number) for fault in found.verified().faults}
    assert {(one.subject, one.number), (other.subject, other.number)} <= named


# ── seals ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
@given(st.data(), histories)
def test_a_seal_that_was_changed_is_named(data: st.DataObject, steps: list[str]) -> None:
    found = papers(*steps, A, "seal")
    place = data.draw(st.integers(0, len(found.kept) - 1))
    other = {"moment": NOW - TICK, "heads": 99, "previous": "f" * 64, "hash": "f" * 64}
    field = data.draw(st.sampled_from(sorted(other)))
    found.kept[place] = attrs.evolve(found.kept[place], **{field: other[field]})  # type: ignore[arg-type]
    assert f"seal {place + 1}: it, or a head that it lists, was changed" in found.faults()


@pytest.mark.rule("A2")
@given(st.data(), histories)
def test_a_sealed_head_that_was_changed_removed_or_added_is_named(data: st.DataObject, steps: list[str]) -> None:
    found = papers(*steps, A, "seal")
    place = data.draw(st.integers(0, len(found.listed) - 1))
    head = found.listed[place]
    other = {"subject": "account:other", "number": head.number + 9, "hash": "f" * 64}
    change = data.draw(st.sampled_from([*other, "removed", "added", "moved"]))
    if change == "removed":
        del found.listed[place]
    elif change == "added":
        found.listed.append(attrs.evolve(head, subject="account:other"))
    elif change == "moved":
        found.listed[place] = attrs.evolve(head, seal=head.seal + 1)
    else:
        found.listed[place] = attrs.evolve(head, **{change: other[change]})  # type: ignore[arg-type]
    assert f"seal {head.seal}: it, or a head that it lists, was changed" in found.faults()


@pytest.mark.rule("A2")
def test_a_seal_that_was_removed_is_named() -> None:
    found = papers(*TOLD)
    del found.kept[0]
    assert found.faults() == [
        "seal 2: a seal before it is missing",
        "seal 2: does not carry the hash of the seal before it",
    ]


@pytest.mark.rule("A2")
def test_the_last_seal_that_was_removed_is_named_by_what_it_listed() -> None:
    found = papers(*TOLD)
    del found.kept[1]
    assert found.faults() == [f"{A} row 3: is listed by seal 2, which is missing"]
    assert found.verified().unsealed == 4
    found.kept.clear()
    assert found.faults() == [
        f"{A} row 2: is listed by seal 1, which is missing",
        f"{A} row 3: is listed by seal 2, which is missing",
    ]


@pytest.mark.rule("A2")
def test_a_seal_whose_heads_went_with_it_is_told_by_its_hash_kept_elsewhere() -> None:
    found = papers(*TOLD)
    published = found.kept[-1].hash
    assert found.verified(published).holds
    assert found.verified(found.kept[0].hash).holds
    found.kept.pop()
    found.listed = [head for head in found.listed if head.seal == 1]
    found.rows = [row for row in found.rows if (row.subject, row.number) < (A, 3) or row.subject == "programme"]
    assert found.verified().holds
    assert found.verified(published).faults == (
        TraceFault("seal", 1, "neither it nor one before it has the hash that was expected"),
    )
    assert str(papers().verified("f" * 64).faults[0]).startswith("seal 0: ")


@pytest.mark.rule("A2")
def test_a_trace_written_anew_with_all_its_seals_is_told_by_a_hash_kept_elsewhere() -> None:
    published = papers(*TOLD).kept[-1].hash
    anew = papers(*TOLD)
    assert anew.verified().holds
    assert [fault.subject for fault in anew.verified(published).faults] == ["seal"]


# ── what cannot be read ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
@given(histories, st.data())
def test_what_cannot_be_read_is_named_and_the_rest_is_verified(steps: list[str], data: st.DataObject) -> None:
    found = papers(*steps, A, "seal")
    places = [(row.subject, row.number) for row in found.rows] + [("seal", seal.number) for seal in found.kept]
    found.unreadable = data.draw(st.sets(st.sampled_from(places), min_size=1))
    verified = found.verified()
    readable = {place for place in places if place[0] != "seal"}
    assert verified.rows == len(readable)
    heads_above = {(head.subject, head.number) for head in found.listed if head.seal > (_number(verified.last))}
    expected = {TraceFault(*place, "cannot be read") for place in found.unreadable}
    assert expected <= set(verified.faults)
    others = [fault for fault in verified.faults if fault not in expected]
    assert {(fault.subject, fault.number) for fault in others} <= heads_above
    assert [fault for fault in others if "which is missing" not in fault.what] == []


def _number(seal: Seal | None) -> int:
    return seal.number if seal else 0


@pytest.mark.rule("A2")
def test_a_fault_after_what_cannot_be_read_is_found() -> None:
    found = papers(A, A, A, "seal", "programme", "seal")
    found.unreadable = {(A, 2), ("seal", 1)}
    found.rows[2] = attrs.evolve(found.rows[2], reason="another")
    found.kept[1] = attrs.evolve(found.kept[1], moment=NOW)
    assert found.faults() == [
        "seal 1: cannot be read",
        "seal 2: it, or a head that it lists, was changed",
        f"{A} row 2: cannot be read",
        f"{A} row 3: its actor or reason was changed",
    ]


# ── all of it ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_every_fault_is_named_and_those_that_are_too_many_are_counted() -> None:
    found = papers(*TOLD)
    found.rows = [attrs.evolve(row, reason="another") for row in found.rows]
    found.kept = [attrs.evolve(seal, moment=NOW) for seal in found.kept]
    every = found.verified()
    assert len(every.faults) == len(found.rows) + len(found.kept)
    assert every.more == 0
    for most in (0, 1, 3):
        some = found.verified(most=most)
        assert (some.faults, some.more) == (every.faults[:most], len(every.faults) - most)
    assert not found.verified(most=0).holds


@pytest.mark.rule("A2")
def test_what_is_sealed_while_it_is_verified_does_no_harm() -> None:
    """A seal that was set after the seals were read lists rows that may have come after theirs were read."""
    store = MemoryStore()
    for step in (A, "programme"):
        store.trace.append(note("code.shared", "2021-01-01", on=step))
    store.trace.seal(NOW)
    before = Papers.of(store)
    store.trace.append(note("code.shared", "2021-01-02", on=A))
    store.trace.seal(NOW)
    later = Papers.of(store)

    class Meanwhile(Papers):
        """Has the first seal only when it is asked for seals the first time."""

        def seals(self, *, after: int = 0) -> Iterator[Seal]:
            found = list(super().seals(after=after))
            self.kept = later.kept
            return iter(found)

    growing = Meanwhile(before.rows, before.kept, later.listed)
    verified = growing.verified()
    assert verified.holds
    assert (verified.seals, verified.last) == (1, before.kept[0])


@pytest.mark.rule("A2")
def test_a_later_seal_that_cannot_be_read_is_not_missing() -> None:
    found = papers(*TOLD)

    class Meanwhile(Papers):
        """Has its second seal, which nobody can read, only when it is asked for what comes after the first."""

        def seals(self, *, after: int = 0) -> Iterator[Seal]:
            return super().seals(after=after) if after else iter(self.kept[:1])

    assert Meanwhile(found.rows, found.kept, found.listed, {("seal", 2)}).faults() == []


@pytest.mark.rule("A2")
def test_many_seals_that_are_missing_are_told_by_the_first_hundred() -> None:
    found = papers(*[A, "seal"] * 120)
    found.kept.clear()
    verified = found.verified(most=999)
    assert [fault.number for fault in verified.faults] == list(range(1, 101))
