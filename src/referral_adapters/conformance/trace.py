"""The tests of every repository of the trace."""

from __future__ import annotations

from typing import Final

import attrs

from referral_adapters.conformance.outbox import OutboxConformance
from referral_adapters.conformance.race import CONTENDERS, Race, over_and_over
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, note
from referral_adapters.conformance.seals import SealConformance
from referral_adapters.conformance.store import Store
from referral_core.entities.actor import Actor
from referral_core.entities.trace import GENESIS, TraceEntry, account_subject, chain_faults, owner_digest

SHORTEST_SALT: Final = 16
A1: Final = account_subject("A1")


class TraceRepositoryConformance(SealConformance, OutboxConformance):
    """Asks for a fixture ``store``: an empty :class:`Store`, whose ``trace`` is tested."""

    def test_a_row_says_what_was_noted(self, store: Store) -> None:
        """``append`` adds a note as a row, every word to the letter."""
        states = {words: words for words in TO_THE_LETTER}
        noted = attrs.evolve(note(after={**states, "ending": None}, reason='"õ\n'), before={"status": "Щ"})
        store.trace.append(noted)
        (row,) = store.trace.chain(A1)
        assert (row.subject, row.moment, row.act) == (noted.subject, noted.moment, noted.act)
        assert (row.actor, row.role, row.reason) == (noted.actor.id, noted.actor.role, noted.reason)
        assert (row.before, row.after) == (noted.before, noted.after)

    def test_a_row_may_say_little(self, store: Store) -> None:
        """A missing state or reason differs from an empty one, and so does it that nothing was stored."""
        store.trace.append(note(reason=None))
        store.trace.append(attrs.evolve(note(after={}, reason=""), stored={}))
        assert [(row.before, row.after, row.reason, row.stored) for row in store.trace.chain(A1)] == [
            (None, None, None, None),
            (None, {}, "", {}),
        ]

    def test_a_row_keeps_what_was_stored_and_no_owner(self, store: Store) -> None:
        """A row has the fields of what was stored, and of an owner a digest with a salt of its own (A2, A5)."""
        stored = {"contract:K-õ": {"status": "active", "product": "gas"}, "code:A123": {}}
        store.trace.append(note(), attrs.evolve(note(), stored=stored, owner="C7"))
        _, row = store.trace.chain(A1)
        assert row.stored is not None
        assert row.stored == {**stored, A1: {"customer": owner_digest("C7", str(row.owner_salt))}}
        assert chain_faults(store.trace.chain(A1)) == ()

    def test_rows_of_a_subject_are_a_chain(self, store: Store) -> None:
        """``chain`` yields the rows in order, each carrying the hash of the one before it (A2)."""
        for number in range(4):
            store.trace.append(note(after={"number": str(number)}))
            store.trace.append(note("A2"))
        rows = list(store.trace.chain(A1))
        assert [row.after for row in rows] == [{"number": str(number)} for number in range(4)]
        assert [row.number for row in rows] == [1, 2, 3, 4]
        assert [row.previous for row in rows] == [GENESIS, *(row.hash for row in rows[:-1])]
        assert chain_faults(rows) == chain_faults(store.trace.chain(account_subject("A2"))) == ()

    def test_many_notes_are_added_at_once(self, store: Store) -> None:
        """``append`` takes any number of notes, about any number of subjects, each chained in the order given (A2)."""
        store.trace.append(note("A1", after={"number": "0"}))
        store.trace.append(*(note(f"A{number % 3}", after={"number": str(number)}) for number in range(1, 61)))
        store.trace.append()
        assert [number for _, number, _ in store.trace.heads()] == [20, 21, 20]
        assert [row.after for row in store.trace.chain(A1)] == [{"number": str(n)} for n in (0, *range(1, 61, 3))]
        assert [chain_faults(store.trace.chain(account_subject(f"A{n}"))) for n in range(3)] == [()] * 3

    def test_racing_writers_of_many_notes_follow_each_other(self, store: Store) -> None:
        """Notes of racing calls are all there, each call's in its order, and the chains hold (A2)."""
        Race(lambda number: store.trace.append(*(note(f"A{(place + number) % 5}") for place in range(10)), note()))
        rows = {
            account: list(store.trace.chain(account_subject(account))) for account in ("A0", "A1", "A2", "A3", "A4")
        }
        assert [len(each) for each in rows.values()] == [2 * CONTENDERS, 3 * CONTENDERS, *[2 * CONTENDERS] * 3]
        assert [chain_faults(each) for each in rows.values()] == [()] * 5

    def test_rows_never_change(self, store: Store) -> None:
        """A row that was read once never changes, hash and salt included."""
        store.trace.append(note())
        store.trace.append(note())
        rows = list(store.trace.chain(A1))
        store.trace.append(note())
        assert list(store.trace.chain(A1))[:2] == rows

    def test_a_row_keeps_no_hold_on_what_it_was_given(self, store: Store) -> None:
        """A later change to the caller's mapping changes nothing of the row."""
        state: dict[str, str | None] = {"status": "pending"}
        store.trace.append(attrs.evolve(note(after=state), before=state))
        state["status"] = "active"
        (row,) = store.trace.chain(A1)
        assert (row.before, row.after) == ({"status": "pending"}, {"status": "pending"})
        assert chain_faults([row]) == ()

    def test_every_row_has_a_salt_of_its_own(self, store: Store) -> None:
        """Rows are salted with fresh randomness, so the same words do not show as the same digest (A5)."""
        for account in ("A1", "A1", "A2"):
            store.trace.append(note(account))
        rows = [*store.trace.chain(A1), *store.trace.chain(account_subject("A2"))]
        assert {len(row.salt or "") >= SHORTEST_SALT for row in rows} == {True}
        assert len({row.salt for row in rows}) == len({row.personal_digest for row in rows}) == len(rows)

    def test_a_subject_without_rows_has_an_empty_chain(self, store: Store) -> None:
        """An empty trace has neither chains nor heads."""
        assert list(store.trace.chain(A1)) == []
        assert list(store.trace.chain()) == []
        assert list(store.trace.heads()) == []

    def test_subjects_are_taken_to_the_letter(self, store: Store) -> None:
        """No subject is folded, trimmed or interpreted; nor is an actor."""
        # An actor is an id, which is printable and has no blanks around it.
        actors = [Actor(f"({''.join(filter(str.isprintable, words))})") for words in TO_THE_LETTER]
        for words, actor in zip(TO_THE_LETTER, actors, strict=True):
            store.trace.append(attrs.evolve(note(words), actor=actor))
        chains = [list(store.trace.chain(account_subject(words))) for words in TO_THE_LETTER]
        assert [[row.actor for row in rows] for rows in chains] == [[actor.id] for actor in actors]
        assert [chain_faults(rows) for rows in chains] == [()] * len(chains)

    def test_the_newest_rows_of_some_chains_come_first(self, store: Store) -> None:
        """``newest`` goes back by moment, and among those of one moment by subject and number, up to a limit."""
        accounts = ["A2", "A10", "a1", "A1", "A2", "A10"]
        store.trace.append(
            *(attrs.evolve(note(account), moment=day(place // 2)) for place, account in enumerate(accounts))
        )
        wanted = [account_subject(account) for account in ("A10", "A2", "a1", "A9", "A2")]
        rows = [row for row in store.trace.chain() if row.subject in wanted]
        rows.sort(key=lambda row: (row.moment, row.subject, row.number), reverse=True)
        assert [row.moment for row in rows] == [day(2), day(2), day(1), day(0), day(0)]
        for limit in range(len(rows) + 2):
            assert store.trace.newest(wanted, day(2), limit) == tuple(rows[:limit])
        assert store.trace.newest(wanted, day(2) - TICK, 9) == tuple(rows[2:])
        assert store.trace.newest([], day(2), 9) == store.trace.newest(wanted, day(-1), 9) == ()

    def test_heads_are_the_ends_of_all_chains(self, store: Store) -> None:
        """``heads`` yields subject, length and last hash of every chain, by the code points of the subject."""
        accounts = ["A2", "A10", "a1", "ä", "A1", "A2"]
        for account in accounts:
            store.trace.append(note(account))
        lasts = [list(store.trace.chain(account_subject(account)))[-1] for account in sorted(set(accounts))]
        assert list(store.trace.heads()) == [(row.subject, row.number, row.hash) for row in lasts]
        assert [number for _, number, _ in store.trace.heads()] == [
            accounts.count(each) for each in sorted(set(accounts))
        ]

    def test_all_chains_come_one_after_the_other(self, store: Store) -> None:
        """Without a subject ``chain`` yields every row, by the code points of the subject and then by number."""
        accounts = ["A2", "A10", "a1", "ä", "A1", "A2"]
        for account in accounts:
            store.trace.append(note(account))
        chains = [list(store.trace.chain(account_subject(account))) for account in sorted(set(accounts))]
        assert list(store.trace.chain()) == [row for rows in chains for row in rows]

    def test_reading_goes_on_from_any_place(self, store: Store) -> None:
        """``after`` leaves out what comes up to a place, whether there is a row or not."""
        for account in ("A1", "A1", "A2", "A3"):
            store.trace.append(note(account))
        rows = list(store.trace.chain())
        for place, row in enumerate(rows):
            assert list(store.trace.chain(after=(row.subject, row.number))) == rows[place + 1 :]
        assert list(store.trace.chain(after=(account_subject("A1"), 9))) == rows[2:]
        assert list(store.trace.chain(after=(account_subject("A"), 1))) == rows
        assert list(store.trace.chain(A1, after=(A1, 1))) == rows[1:2]
        assert list(store.trace.chain(A1, after=(A1, 2))) == []

    def test_racing_writers_on_one_subject_follow_each_other(self, store: Store) -> None:
        """Of two racing writers on one subject the second follows the first: no row is lost, no place taken twice."""

        def write(number: int) -> None:
            for place in range(CONTENDERS):
                store.trace.append(note(after={"writer": f"{number}/{place}"}))

        Race(write)
        rows = list(store.trace.chain(A1))
        assert [row.number for row in rows] == list(range(1, CONTENDERS * CONTENDERS + 1))
        assert len({_writer(row) for row in rows}) == CONTENDERS * CONTENDERS
        assert chain_faults(rows) == ()

    def test_racing_writers_on_many_subjects_keep_apart(self, store: Store) -> None:
        """Writers on different subjects at once make chains that all hold."""
        Race(lambda number: over_and_over(lambda: store.trace.append(note(f"A{number}"))))
        assert [number for _, number, _ in store.trace.heads()] == [CONTENDERS] * CONTENDERS
        faults = [chain_faults(store.trace.chain(account_subject(f"A{number}"))) for number in range(CONTENDERS)]
        assert faults == [()] * CONTENDERS


def _writer(row: TraceEntry) -> str | None:
    return (row.after or {}).get("writer")
