"""The trace: any change, removal, reordering or insertion is found and named; erasing persons is not one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_core.entities.actor import Actor, Role
from referral_core.entities.trace import (
    GENESIS,
    PROGRAMME_SUBJECT,
    Subscription,
    TraceEntry,
    TraceNote,
    account_subject,
    chain_faults,
    group_subject,
    owner_digest,
    referral_subject,
)
from tests.phrases import actor, chain, note
from tests.strategies import moments, names, states, trace_notes

Rows = tuple[TraceEntry, ...]

THREE = chain(
    note("code.issue", "2021-01-01"),
    note("code.shared", "2021-02-01"),
    note("code.end", "2021-03-01"),
)
ONE_NOTE = note("code.issue", "2021-01-01")
SUBJECT = "account:account-A"


def chains(least: int = 1, most: int = 4) -> st.SearchStrategy[Rows]:
    return st.lists(trace_notes(), min_size=least, max_size=most).map(lambda notes: chain(*notes))


HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
OTHER_CONTENT: dict[str, st.SearchStrategy[Any]] = {
    "subject": names(),
    "number": st.integers(0, 9),
    "moment": moments(),
    "act": st.sampled_from(("code.issue", "code.end", "group.add")),
    "role": st.sampled_from(Role),
    "before": states(),
    "after": states(),
    "actor": st.none() | names(),
    "reason": st.none() | names(),
    "salt": names(),
    "personal_digest": HASHES,
    "previous": HASHES,
    "hash": HASHES,
    "stored": st.dictionaries(names(), st.dictionaries(names(), names(), max_size=2), max_size=2),
}
"""What each field of a row could be changed to."""


@st.composite
def changed(draw: st.DrawFn, row: TraceEntry, field: str) -> TraceEntry:
    """Change one field of a row to something else."""
    present = getattr(row, field)
    return attrs.evolve(row, **{field: draw(OTHER_CONTENT[field].filter(lambda other: other != present))})


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_rows_are_numbered_and_each_carries_the_hash_of_the_one_before() -> None:
    assert [row.number for row in THREE] == [1, 2, 3]
    assert [row.previous for row in THREE] == [GENESIS, THREE[0].hash, THREE[1].hash]
    assert GENESIS == "0" * 64


@pytest.mark.rule("A2")
def test_a_row_says_when_who_what_before_after_and_why() -> None:
    given_note = TraceNote(SUBJECT, THREE[0].moment, "code.end", actor("supervisor", "Jaan"), {"a": "1"}, None, "spam")
    (row,) = chain(given_note, salt="salt")
    assert (row.subject, row.moment, row.act) == (SUBJECT, THREE[0].moment, "code.end")
    assert (row.role, row.actor, row.reason) == (Role.SUPERVISOR, "Jaan", "spam")
    assert (row.before, row.after, row.salt) == ({"a": "1"}, None, "salt1")
    assert len(row.hash) == len(row.personal_digest) == 64


@pytest.mark.rule("A2")
@given(chains(least=0))
def test_a_chain_verifies(rows: Rows) -> None:
    assert chain_faults(rows) == ()
    assert chain_faults(iter(rows)) == ()


@pytest.mark.rule("A2")
@given(trace_notes())
def test_the_same_note_with_the_same_salt_is_the_same_row(one: TraceNote) -> None:
    assert chain(one) == chain(one)
    backwards = [dict(reversed(list(state.items()))) if state else state for state in (one.before, one.after)]
    assert chain(attrs.evolve(one, before=backwards[0], after=backwards[1]))[0].hash == chain(one)[0].hash


@pytest.mark.rule("A2")
def test_subjects_are_chained_apart() -> None:
    assert account_subject("account-A") == SUBJECT
    assert group_subject("account-A") == "group:account-A"
    assert PROGRAMME_SUBJECT not in {account_subject("x"), group_subject("x"), referral_subject("x")}
    (other,) = chain(note("code.issue", "2021-01-01", on=account_subject("account-B")))
    assert (other.number, other.previous) == (1, GENESIS)
    assert other.hash != THREE[0].hash


# ── tampering ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
@pytest.mark.parametrize("field", OTHER_CONTENT)
@settings(max_examples=25)
@given(data=st.data(), rows=chains(most=3))
def test_a_change_to_any_field_of_any_row_is_found_and_named(field: str, data: st.DataObject, rows: Rows) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    tampered = data.draw(changed(rows[place], field))
    faults = chain_faults([*rows[:place], tampered, *rows[place + 1 :]])
    assert faults
    assert faults[0].startswith(f"{tampered.subject} row {tampered.number}: ")


@pytest.mark.rule("A2")
def test_every_field_of_a_row_is_among_those_changed() -> None:
    # The salt of the owner is of no hash: what it is for is compared with what is stored.
    assert {field.name for field in attrs.fields(TraceEntry)} - {"owner_salt"} == OTHER_CONTENT.keys()


@pytest.mark.rule("A2", "A5")
def test_a_row_keeps_what_was_stored_and_of_the_owner_a_digest_that_can_be_made_to_say_nothing() -> None:
    kept = {"contract:K-1": {"status": "active"}}
    bare = note("contract.activated", "2021-01-01", on=account_subject("A"))
    (row,) = chain(attrs.evolve(bare, stored=kept, owner="Õnne"))
    assert row.stored is not None
    assert row.owner_salt not in {None, row.salt}
    assert row.stored == {**kept, "account:A": {"customer": owner_digest("Õnne", str(row.owner_salt))}}
    assert kept == {"contract:K-1": {"status": "active"}}
    assert "Õnne" not in repr(row)
    assert attrs.evolve(row, stored=None).content_hash() != row.hash
    assert chain_faults([row.without_owner()]) == ()
    assert row.without_owner().owner_salt is None
    (unkept,) = chain(attrs.evolve(bare, owner="Õnne"))
    assert (unkept.stored, unkept.owner_salt) == (None, None)


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"after": {"status": "active"}}, [f"{SUBJECT} row 2: its content was changed"]),
        ({"reason": "nobody called"}, [f"{SUBJECT} row 2: its actor or reason was changed"]),
        ({"actor": "Jaan"}, [f"{SUBJECT} row 2: its actor or reason was changed"]),
        (
            {"hash": "f" * 64},
            [
                f"{SUBJECT} row 2: its content was changed",
                f"{SUBJECT} row 3: does not carry the hash of the row before it",
            ],
        ),
    ],
)
def test_what_was_changed_is_said(change: Mapping[str, object], faults: list[str]) -> None:
    tampered = attrs.evolve(THREE[1], **change)  # type: ignore[arg-type]  # one field or another
    assert list(chain_faults([THREE[0], tampered, THREE[2]])) == faults


@pytest.mark.rule("A2")
def test_a_change_covered_up_by_hashing_again_breaks_the_next_row() -> None:
    forged = TraceEntry.chained(note("group.add", "2021-02-01"), THREE[0], "salt")
    assert chain_faults([THREE[0], forged]) == ()
    assert chain_faults([THREE[0], forged, THREE[2]]) == (
        f"{SUBJECT} row 3: does not carry the hash of the row before it",
    )


@pytest.mark.rule("A2")
def test_a_row_linked_to_another_past_is_found() -> None:
    forged = TraceEntry.chained(note("group.add", "2021-01-01"), None, "salt")
    relinked = attrs.evolve(THREE[1], previous=forged.hash)
    assert chain_faults([forged, relinked, THREE[2]]) == (f"{SUBJECT} row 2: its content was changed",)


@pytest.mark.rule("A2", "A5")
@pytest.mark.parametrize("field", OTHER_CONTENT)
@settings(max_examples=10)
@given(data=st.data())
def test_the_hash_is_over_everything_but_the_personal_part(field: str, data: st.DataObject) -> None:
    other = data.draw(changed(THREE[1], field))
    is_hashed = field not in {"actor", "reason", "salt", "hash"}
    assert (other.content_hash() != THREE[1].content_hash()) is is_hashed


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    ("one", "other"), [(("ab", "c"), ("a", "bc")), (("a", None), ("a", "null")), (("a", ""), ("a", None))]
)
def test_actor_and_reason_do_not_run_into_one_another(one: Sequence[str | None], other: Sequence[str | None]) -> None:
    rows = [
        chain(attrs.evolve(note("code.end", "2021-01-01"), actor=Actor(str(who)), reason=why))
        for who, why in (one, other)
    ]
    assert rows[0][0].personal_digest != rows[1][0].personal_digest


@pytest.mark.rule("A2")
@given(st.data(), chains(least=2))
def test_a_removal_is_found_and_named(data: st.DataObject, rows: Rows) -> None:
    place = data.draw(st.integers(0, len(rows) - 2))
    faults = chain_faults(rows[:place] + rows[place + 1 :])
    follower = f"{SUBJECT} row {rows[place + 1].number}: "
    assert faults == (
        follower + "a row before it is missing",
        follower + "does not carry the hash of the row before it",
    )


@pytest.mark.rule("A2")
@given(st.data(), chains(least=2))
def test_a_reordering_is_found(data: st.DataObject, rows: Rows) -> None:
    reordered = data.draw(st.permutations(rows).filter(lambda order: tuple(order) != rows))
    first_out_of_place = next(there for there, here in zip(reordered, rows, strict=True) if there != here)
    assert chain_faults(reordered)[0].startswith(f"{SUBJECT} row {first_out_of_place.number}: ")


@pytest.mark.rule("A2")
@given(st.data(), chains(), chains())
def test_an_insertion_is_found(data: st.DataObject, rows: Rows, others: Rows) -> None:
    place = data.draw(st.integers(0, len(rows)))
    inserted = data.draw(st.sampled_from((*rows, *others)))
    tampered = (*rows[:place], inserted, *rows[place:])
    if tampered[: len(rows)] != rows or inserted.previous != rows[-1].hash:
        assert chain_faults(tampered)


# ── erasing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2", "A5")
@given(st.data(), chains())
def test_erasing_persons_keeps_the_chain_valid(data: st.DataObject, rows: Rows) -> None:
    after = tuple(row.erased() if data.draw(st.booleans()) else row for row in rows)
    assert chain_faults(after) == ()
    assert [row.hash for row in after] == [row.hash for row in rows]


@pytest.mark.rule("A5")
def test_an_erased_row_says_nothing_about_persons_and_everything_else() -> None:
    erased = THREE[1].erased()
    assert (erased.actor, erased.reason, erased.salt) == (None, None, None)
    assert attrs.evolve(erased, actor="Mari", reason="the customer called", salt=THREE[1].salt) == THREE[1]
    assert erased.erased() == erased
    assert (erased.is_erased, THREE[1].is_erased) == (True, False)
    assert erased.role is Role.AGENT


@pytest.mark.rule("A2", "A5")
@pytest.mark.parametrize("field", sorted(OTHER_CONTENT.keys() - {"actor", "reason", "salt"}))
@settings(max_examples=25)
@given(data=st.data())
def test_a_change_to_an_erased_row_is_found_all_the_same(field: str, data: st.DataObject) -> None:
    tampered = data.draw(changed(THREE[1].erased(), field))
    assert chain_faults([THREE[0], tampered, THREE[2]])


@pytest.mark.rule("A5")
def test_the_same_words_have_another_digest_under_another_salt() -> None:
    digests = {chain(note("code.end", "2021-01-01"), salt=salt)[0].personal_digest for salt in ("one", "two", "three")}
    assert len(digests) == 3


@pytest.mark.rule("A2", "A5")
@pytest.mark.parametrize(
    "forged",
    [
        attrs.evolve(THREE[1], salt=None),
        attrs.evolve(THREE[1], salt=None, actor="Jaan"),
        attrs.evolve(THREE[1].erased(), actor="Jaan"),
        attrs.evolve(THREE[1].erased(), reason="nobody called"),
    ],
    ids=["salt taken away", "somebody else named", "erased, then named", "erased, then explained"],
)
def test_an_erased_row_names_nobody(forged: TraceEntry) -> None:
    assert chain_faults([THREE[0], forged, THREE[2]])


# ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_a_row_keeps_what_was_so() -> None:
    state: dict[str, str | None] = {"status": "active"}
    rows = chain(attrs.evolve(ONE_NOTE, before=state), attrs.evolve(ONE_NOTE, after=state))
    state["status"] = "ended"
    assert rows[0].before == rows[1].after == {"status": "active"}
    assert chain_faults(rows) == ()


@pytest.mark.rule("A2")
def test_any_mapping_tells_a_state() -> None:
    (row,) = chain(attrs.evolve(ONE_NOTE, after=MappingProxyType({"status": "after"})))
    assert row.hash == chain(ONE_NOTE)[0].hash


@pytest.mark.rule("A2")
def test_words_that_are_no_proper_text_are_hashed_all_the_same() -> None:
    assert chain_faults(chain(attrs.evolve(ONE_NOTE, after={"name": "\ud800"}))) == ()
    assert chain_faults(chain(attrs.evolve(ONE_NOTE, reason="\ud800"))) == ()


@pytest.mark.rule("A2")
def test_a_row_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        THREE[0].reason = "another"  # type: ignore[misc]  # it is frozen
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ONE_NOTE.reason = "another"  # type: ignore[misc]  # it is frozen


NOON: Final = datetime(2021, 3, 1, 12, tzinfo=UTC)
LATER: Final = NOON + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("next_at", "leased_until", "is_free"),
    [
        (None, None, True),
        (NOON, None, True),
        (None, NOON, True),
        (NOON, NOON, True),
        (LATER, None, False),
        (None, LATER, False),
        (LATER, NOON, False),
        (NOON, LATER, False),
    ],
)
def test_a_receiver_is_free_when_nobody_sends_and_nothing_is_waited_for(
    next_at: datetime | None, leased_until: datetime | None, is_free: bool
) -> None:
    assert Subscription("crm", 1, 0, next_at, leased_until).is_free(NOON) is is_free
