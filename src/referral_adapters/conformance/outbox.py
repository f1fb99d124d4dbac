"""What every adapter of the port ``Outbox`` must do, over the trace of the same store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import code, day, note
from referral_adapters.conformance.store import Store, failing, furnish
from referral_core.entities.published import Published

ALL: Final = 999
"""More rows than any test writes."""
TURNS: Final = 4
"""How often each contender of a race has its turn."""


def places(published: Sequence[Published]) -> list[tuple[str, int]]:
    """Return which rows are published, in order."""
    return [(each.entry.subject, each.entry.number) for each in published]


def in_order(store: Store) -> list[Published]:
    """Return all that is published, having made sure that each row is there once, without gaps and in order."""
    published = list(store.outbox.read(0, ALL))
    assert [each.position for each in published] == list(range(1, len(published) + 1))
    for subject in {each.entry.subject for each in published}:
        numbers = [each.entry.number for each in published if each.entry.subject == subject]
        assert numbers == list(range(1, len(numbers) + 1))
    return published


class OutboxConformance:
    """Asks for a fixture ``store``: a store with nothing in it."""

    def test_a_row_waits_until_somebody_publishes_it(self, store: Store) -> None:
        """``publish`` gives positions and says to how many rows; what has none is not read."""
        assert store.outbox.publish(ALL) == 0
        store.trace.append(note())
        assert store.outbox.read(0, ALL) == ()
        assert store.outbox.publish(ALL) == 1
        assert store.outbox.publish(ALL) == 0
        assert store.outbox.read(0, ALL) == tuple(Published(1, entry) for entry in store.trace.chain())

    def test_whatever_leaves_a_trace_is_published(self, store: Store) -> None:
        """Every row of the trace gets a position, by whichever port it was written."""
        furnish(store)
        store.launch_codes.add([code("ZZZZ", on="A9", of="C9")], [note("A9"), note("A9")], at=day(1))
        store.outbox.publish(ALL)
        assert sorted(places(in_order(store))) == [(row.subject, row.number) for row in store.trace.chain()]
        assert ("account:A9", 2) in places(store.outbox.read(0, ALL))

    def test_no_more_is_published_than_asked(self, store: Store) -> None:
        """``publish`` gives positions to as many rows as asked, those that have waited longest."""
        for number in range(5):
            store.trace.append(note(f"A{number}"))
        assert store.outbox.publish(0) == 0
        assert [store.outbox.publish(2) for _ in range(4)] == [2, 2, 1, 0]
        assert places(in_order(store)) == [(f"account:A{number}", 1) for number in range(5)]

    def test_rows_of_one_subject_come_in_order(self, store: Store) -> None:
        """Rows of a subject get positions in the order of their numbers, however they were added."""
        for turn in range(4):
            store.trace.append(*(note(f"A{(number * turn) % 3}") for number in range(10)))
            store.trace.append(note())
            store.outbox.publish(7)
        while store.outbox.publish(1):
            in_order(store)
        assert sorted(places(in_order(store))) == [(row.subject, row.number) for row in store.trace.chain()]

    def test_reading_goes_on_from_any_position(self, store: Store) -> None:
        """``read`` returns what comes after a position, in order, as much as asked or as there is."""
        for number in range(7):
            store.trace.append(note(f"A{number % 3}"))
        store.outbox.publish(6)
        published = tuple(in_order(store))
        assert places(published) == [(f"account:A{number % 3}", number // 3 + 1) for number in range(6)]
        for after in range(9):
            assert store.outbox.read(after, ALL) == published[after:]
            assert [store.outbox.read(after, limit) for limit in range(4)] == [
                published[after : after + limit] for limit in range(4)
            ]

    def test_a_position_stays(self, store: Store) -> None:
        """What was published once is read again at its position, whatever comes after."""
        store.trace.append(note("A2"), note("A1"))
        store.outbox.publish(ALL)
        published = store.outbox.read(0, ALL)
        store.trace.append(note("A1"), note("A0"))
        store.outbox.publish(ALL)
        assert store.outbox.read(0, ALL)[:2] == published

    def test_what_was_erased_is_erased_there_too(self, store: Store) -> None:
        """A published row is as the trace has it: its personal part goes with that of the trace (A5)."""
        furnish(store)
        store.outbox.publish(ALL)
        store.persons.erase("C1")
        published = {(each.entry.subject, each.entry.number): each.entry for each in in_order(store)}
        assert published == {(row.subject, row.number): row for row in store.trace.chain()}
        assert {entry.is_erased for (subject, _), entry in published.items() if subject == "account:A1"} == {True}

    def test_what_was_undone_is_never_published(self, store: Store) -> None:
        """A row of a transaction that fails is not there, and leaves no gap."""
        store.trace.append(note())
        with failing(store):
            store.trace.append(note("A2"), note())
        store.trace.append(note("A3"))
        store.outbox.publish(ALL)
        assert places(in_order(store)) == [("account:A1", 1), ("account:A3", 1)]

    def test_positions_that_were_undone_are_given_again(self, store: Store) -> None:
        """What was published in a transaction that fails waits as it did before, and no position is left out."""
        kept = [("account:A1", 1), ("account:A2", 1), ("account:A1", 2)]
        for account in ("A1", "A2", "A1"):
            store.trace.append(note(account))
        store.outbox.publish(1)
        with failing(store):
            store.trace.append(note("A3"))
            store.outbox.publish(ALL)
            assert places(in_order(store)) == [*kept, ("account:A3", 1)]
        assert places(in_order(store)) == kept[:1]
        assert store.outbox.publish(ALL) == len(kept[1:])
        assert places(in_order(store)) == kept

    def test_racing_publishers_leave_nothing_out(self, store: Store) -> None:
        """Whoever writes, publishes and reads at once: each row is published once, and who has read misses none."""

        def act(number: int) -> list[Published]:
            read: list[Published] = []
            for _ in range(TURNS):
                if number % 2:
                    store.trace.append(note(f"A{number % 3}"), note(f"A{number}"))
                else:
                    store.outbox.publish(3)
                    read += store.outbox.read(len(read), ALL)
            return read

        readers = Race(act).won
        store.outbox.publish(ALL)
        published = in_order(store)
        assert sorted(places(published)) == [(row.subject, row.number) for row in store.trace.chain()]
        assert [read == published[: len(read)] for read in readers] == [True] * CONTENDERS
