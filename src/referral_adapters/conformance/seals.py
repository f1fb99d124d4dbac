"""What every adapter of the port ``Seals`` must do, over the trace of the same store."""

from __future__ import annotations

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, note
from referral_adapters.conformance.store import Store
from referral_core.entities.seal import Seal
from referral_core.entities.trace_entry import GENESIS, account_subject
from referral_core.services.verifying_trace import Verifying


def faults(store: Store) -> tuple[object, ...]:
    """Return all that is wrong with the trace of a store and its seals."""
    return Verifying(store.trace, store.seals, most=99).run(day(0)).faults


class SealsConformance:
    """Asks for a fixture ``store``: a store whose ports ``trace`` and ``seals`` hold nothing."""

    def test_nothing_is_sealed_where_nothing_is(self, store: Store) -> None:
        """Over an empty trace ``set`` sets no seal, and there are none."""
        assert store.seals.set(day(0)) is None
        assert (list(store.seals.all()), list(store.seals.heads()), list(store.seals.heads(1))) == ([], [], [])

    def test_the_first_seal_is_over_every_chain(self, store: Store) -> None:
        """``set`` lists every head, and returns the seal over them, its moment to the microsecond (A2)."""
        for account in ("A2", "A1", "A2"):
            store.trace.append(note(account))
        seal = store.seals.set(day(1))
        assert seal == Seal.over(store.trace.heads(), None, day(1))
        assert (seal.number, seal.previous, seal.heads, seal.moment) == (1, GENESIS, 2, day(1))
        assert [head.head for head in store.seals.heads(1)] == list(store.trace.heads())
        assert list(store.seals.all()) == [seal]

    def test_the_next_seal_is_over_what_has_moved(self, store: Store) -> None:
        """A seal follows the one before it, and lists only chains that have grown since, new ones among them (A2)."""
        for account in ("A1", "A2"):
            store.trace.append(note(account))
        first = store.seals.set(day(1))
        for account in ("A3", "A2", "A2"):
            store.trace.append(note(account))
        second = store.seals.set(day(2))
        moved = [head for head in store.trace.heads() if head[0] != account_subject("A1")]
        assert second == Seal.over(moved, first, day(2))
        assert [head.head for head in store.seals.heads(2)] == moved
        assert list(store.seals.all()) == [first, second]

    def test_nothing_new_is_not_sealed(self, store: Store) -> None:
        """Where nothing has moved since the last seal ``set`` sets none, and the next one follows the last."""
        store.trace.append(note())
        first = store.seals.set(day(1))
        assert store.seals.set(day(2)) is None
        store.trace.append(note())
        second = store.seals.set(day(3))
        assert list(store.seals.all()) == [first, second]

    def test_seals_are_read_from_any_number(self, store: Store) -> None:
        """``all`` yields the seals above a number, in order."""
        for number in range(3):
            store.trace.append(note())
            store.seals.set(day(number))
        seals = list(store.seals.all())
        assert [seal.number for seal in seals] == [1, 2, 3]
        assert [list(store.seals.all(after=number)) for number in range(4)] == [seals, seals[1:], seals[2:], []]

    def test_all_sealed_heads_come_by_subject_and_number(self, store: Store) -> None:
        """``heads`` without a seal yields those of all seals, by the code points of the subject and then by number."""
        for number, accounts in enumerate((("a1", "A10", "A2"), ("ä", "A10"), ("A10", "a1"))):
            for account in accounts:
                store.trace.append(note(account))
            store.seals.set(day(number))
        heads = list(store.seals.heads())
        assert heads == sorted(heads, key=lambda head: (head.subject, head.number))
        listed = [head for seal in (1, 2, 3) for head in store.seals.heads(seal)]
        assert sorted(heads, key=lambda head: (head.seal, head.subject)) == listed
        assert [head.seal for head in heads if head.subject == account_subject("A10")] == [1, 2, 3]

    def test_subjects_are_taken_to_the_letter(self, store: Store) -> None:
        """No subject is folded, trimmed or interpreted: a seal over all of them holds."""
        for words in TO_THE_LETTER:
            store.trace.append(note(words))
        seal = store.seals.set(day(1) + TICK)
        assert seal
        assert seal.heads == len(TO_THE_LETTER)
        assert [head.subject for head in store.seals.heads(1)] == sorted(map(account_subject, TO_THE_LETTER))
        assert faults(store) == ()

    def test_of_those_who_seal_at_once_one_does(self, store: Store) -> None:
        """The first lists what has moved, and nothing is left for the others; no number is taken twice."""
        for account in ("A1", "A2"):
            store.trace.append(note(account))
        told = Race(lambda number: store.seals.set(day(number))).won
        assert [seal.heads for seal in told if seal] == [2]
        assert len(list(store.seals.all())) == 1
        assert faults(store) == ()

    def test_sealing_while_others_write_leaves_nothing_out(self, store: Store) -> None:
        """Whatever is added meanwhile is under this seal or under the next one, and all of it verifies."""

        def act(number: int) -> None:
            for turn in range(CONTENDERS):
                if number % 2:
                    store.trace.append(note(f"A{number}"))
                    store.trace.append(note("A0"))
                else:
                    store.seals.set(day(turn))

        Race(act)
        store.seals.set(day(99))
        last = {head.subject: head.head for head in store.seals.heads()}
        assert list(last.values()) == list(store.trace.heads())
        assert faults(store) == ()
