"""The tests of the seals over a trace."""

from __future__ import annotations

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, note
from referral_adapters.conformance.store import Store
from referral_core.entities.seal import Seal
from referral_core.entities.trace import GENESIS, account_subject
from referral_core.services.verification import TraceVerifier as Verifying


class SealConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`, the seals of whose ``trace`` are tested."""

    def test_nothing_is_sealed_where_nothing_is(self, store: Store) -> None:
        """``seal`` over an empty trace sets no seal."""
        assert store.trace.seal(day(0)) is None
        assert (list(store.trace.seals()), list(store.trace.sealed_heads()), list(store.trace.sealed_heads(1))) == (
            [],
            [],
            [],
        )

    def test_the_first_seal_is_over_every_chain(self, store: Store) -> None:
        """``seal`` lists every head, and returns the seal over them, its moment to the microsecond (A2)."""
        for account in ("A2", "A1", "A2"):
            store.trace.append(note(account))
        seal = store.trace.seal(day(1))
        assert seal == Seal.over(store.trace.heads(), None, day(1))
        assert (seal.number, seal.previous, seal.heads, seal.moment) == (1, GENESIS, 2, day(1))
        assert [head.head for head in store.trace.sealed_heads(1)] == list(store.trace.heads())
        assert list(store.trace.seals()) == [seal]

    def test_the_next_seal_is_over_what_has_moved(self, store: Store) -> None:
        """A seal follows the one before it, and lists only chains that have grown since, new ones among them (A2)."""
        for account in ("A1", "A2"):
            store.trace.append(note(account))
        first = store.trace.seal(day(1))
        for account in ("A3", "A2", "A2"):
            store.trace.append(note(account))
        second = store.trace.seal(day(2))
        moved = [head for head in store.trace.heads() if head[0] != account_subject("A1")]
        assert second == Seal.over(moved, first, day(2))
        assert [head.head for head in store.trace.sealed_heads(2)] == moved
        assert list(store.trace.seals()) == [first, second]

    def test_nothing_new_is_not_sealed(self, store: Store) -> None:
        """``seal`` sets no seal if no chain has grown; the next seal follows the last one."""
        store.trace.append(note())
        first = store.trace.seal(day(1))
        assert store.trace.seal(day(2)) is None
        store.trace.append(note())
        second = store.trace.seal(day(3))
        assert list(store.trace.seals()) == [first, second]

    def test_seals_are_read_from_any_number(self, store: Store) -> None:
        """``seals`` yields the seals above a number, in order."""
        for number in range(3):
            store.trace.append(note())
            store.trace.seal(day(number))
        seals = list(store.trace.seals())
        assert [seal.number for seal in seals] == [1, 2, 3]
        assert [list(store.trace.seals(after=number)) for number in range(4)] == [seals, seals[1:], seals[2:], []]

    def test_all_sealed_heads_come_by_subject_and_number(self, store: Store) -> None:
        """``sealed_heads`` of all seals come by the code points of the subject and then by number."""
        for number, accounts in enumerate((("a1", "A10", "A2"), ("ä", "A10"), ("A10", "a1"))):
            for account in accounts:
                store.trace.append(note(account))
            store.trace.seal(day(number))
        heads = list(store.trace.sealed_heads())
        assert heads == sorted(heads, key=lambda head: (head.subject, head.number))
        listed = [head for seal in (1, 2, 3) for head in store.trace.sealed_heads(seal)]
        assert sorted(heads, key=lambda head: (head.seal, head.subject)) == listed
        assert [head.seal for head in heads if head.subject == account_subject("A10")] == [1, 2, 3]

    def test_sealed_subjects_are_taken_to_the_letter(self, store: Store) -> None:
        """No subject is folded, trimmed or interpreted: a seal over all of them holds."""
        for words in TO_THE_LETTER:
            store.trace.append(note(words))
        seal = store.trace.seal(day(1) + TICK)
        assert seal
        assert seal.heads == len(TO_THE_LETTER)
        assert [head.subject for head in store.trace.sealed_heads(1)] == sorted(map(account_subject, TO_THE_LETTER))
        assert faults(store) == ()

    def test_of_those_who_seal_at_once_one_does(self, store: Store) -> None:
        """Of racing callers of ``seal`` one sets the seal, and no number is taken twice."""
        for account in ("A1", "A2"):
            store.trace.append(note(account))
        results = Race(lambda number: store.trace.seal(day(number))).won
        assert [seal.heads for seal in results if seal] == [2]
        assert len(list(store.trace.seals())) == 1
        assert faults(store) == ()

    def test_sealing_while_others_write_leaves_nothing_out(self, store: Store) -> None:
        """Rows added during the sealing are under this seal or the next one, and all seals verify."""

        def act(number: int) -> None:
            for turn in range(CONTENDERS):
                if number % 2:
                    store.trace.append(note(f"A{number}"))
                    store.trace.append(note("A0"))
                else:
                    store.trace.seal(day(turn))

        Race(act)
        store.trace.seal(day(99))
        last = {head.subject: head.head for head in store.trace.sealed_heads()}
        assert list(last.values()) == list(store.trace.heads())
        assert faults(store) == ()


def faults(store: Store) -> tuple[object, ...]:
    """Return every fault of the trace of a store and of its seals."""
    return Verifying(store.trace, most=99).run(day(0)).faults
