"""The tests of the outbox: the published rows of a trace, and the subscriptions to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, code, day, elsewhere, note
from referral_adapters.conformance.store import Store, failing, furnish
from referral_core.entities.trace import Published, Subscription

ALL: Final = 999
"""More rows than any test writes."""
TURNS: Final = 4
"""How often each contender of a race has its turn."""
FULL: Final = Subscription("crm", 7, 2, day(1), day(2))
"""A subscription of which no field has its default."""


class OutboxConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`, the outbox of whose ``trace`` is tested."""

    def test_a_row_waits_until_somebody_publishes_it(self, store: Store) -> None:
        """``publish`` returns the number of rows that got a position; only those are read."""
        assert store.trace.publish(ALL) == 0
        store.trace.append(note())
        assert store.trace.published(0, ALL) == ()
        assert store.trace.publish(ALL) == 1
        assert store.trace.publish(ALL) == 0
        assert store.trace.published(0, ALL) == tuple(Published(1, entry) for entry in store.trace.chain())

    def test_whatever_leaves_a_trace_is_published(self, store: Store) -> None:
        """Every row of the trace is published, whichever repository wrote it."""
        furnish(store)
        store.promo_codes.add_first([code("ZZZZ", on="A9", of="C9")], [note("A9"), note("A9")], at=day(1))
        store.trace.publish(ALL)
        assert sorted(places(in_order(store))) == [(row.subject, row.number) for row in store.trace.chain()]
        assert ("account:A9", 2) in places(store.trace.published(0, ALL))

    def test_no_more_is_published_than_asked(self, store: Store) -> None:
        """``publish`` gives positions to at most ``limit`` rows, the longest waiting first."""
        for number in range(5):
            store.trace.append(note(f"A{number}"))
        assert store.trace.publish(0) == 0
        assert [store.trace.publish(2) for _ in range(4)] == [2, 2, 1, 0]
        assert places(in_order(store)) == [(f"account:A{number}", 1) for number in range(5)]

    def test_rows_of_one_subject_come_in_order(self, store: Store) -> None:
        """Rows of a subject get positions in the order of their numbers."""
        for turn in range(4):
            store.trace.append(*(note(f"A{(number * turn) % 3}") for number in range(10)))
            store.trace.append(note())
            store.trace.publish(7)
        while store.trace.publish(1):
            in_order(store)
        assert sorted(places(in_order(store))) == [(row.subject, row.number) for row in store.trace.chain()]

    def test_reading_goes_on_from_any_position(self, store: Store) -> None:
        """``published`` returns the next rows above a position in order, at most ``limit``."""
        for number in range(7):
            store.trace.append(note(f"A{number % 3}"))
        store.trace.publish(6)
        published = tuple(in_order(store))
        assert places(published) == [(f"account:A{number % 3}", number // 3 + 1) for number in range(6)]
        for after in range(9):
            assert store.trace.published(after, ALL) == published[after:]
            assert [store.trace.published(after, limit) for limit in range(4)] == [
                published[after : after + limit] for limit in range(4)
            ]

    def test_a_position_stays(self, store: Store) -> None:
        """A published row keeps its position."""
        store.trace.append(note("A2"), note("A1"))
        store.trace.publish(ALL)
        published = store.trace.published(0, ALL)
        store.trace.append(note("A1"), note("A0"))
        store.trace.publish(ALL)
        assert store.trace.published(0, ALL)[:2] == published

    def test_what_was_erased_is_erased_there_too(self, store: Store) -> None:
        """A published row loses its personal part together with the row of the trace (A5)."""
        furnish(store)
        store.trace.publish(ALL)
        store.erase("C1")
        published = {(each.entry.subject, each.entry.number): each.entry for each in in_order(store)}
        assert published == {(row.subject, row.number): row for row in store.trace.chain()}
        assert {entry.is_erased for (subject, _), entry in published.items() if subject == "account:A1"} == {True}

    def test_what_was_undone_is_never_published(self, store: Store) -> None:
        """A row of a failed transaction is never published, and leaves no gap."""
        store.trace.append(note())
        with failing(store):
            store.trace.append(note("A2"), note())
        store.trace.append(note("A3"))
        store.trace.publish(ALL)
        assert places(in_order(store)) == [("account:A1", 1), ("account:A3", 1)]

    def test_positions_that_were_undone_are_given_again(self, store: Store) -> None:
        """Positions of a failed transaction are given again to the next rows."""
        kept = [("account:A1", 1), ("account:A2", 1), ("account:A1", 2)]
        for account in ("A1", "A2", "A1"):
            store.trace.append(note(account))
        store.trace.publish(1)
        with failing(store):
            store.trace.append(note("A3"))
            store.trace.publish(ALL)
            assert places(in_order(store)) == [*kept, ("account:A3", 1)]
        assert places(in_order(store)) == kept[:1]
        assert store.trace.publish(ALL) == len(kept[1:])
        assert places(in_order(store)) == kept

    def test_racing_publishers_leave_nothing_out(self, store: Store) -> None:
        """Racing writers, publishers and readers: each row is published once, and no reader misses a row."""

        def act(number: int) -> list[Published]:
            read: list[Published] = []
            for _ in range(TURNS):
                if number % 2:
                    store.trace.append(note(f"A{number % 3}"), note(f"A{number}"))
                else:
                    store.trace.publish(3)
                    read += store.trace.published(len(read), ALL)
            return read

        readers = Race(act).won
        store.trace.publish(ALL)
        published = in_order(store)
        assert sorted(places(published)) == [(row.subject, row.number) for row in store.trace.chain()]
        assert [read == published[: len(read)] for read in readers] == [True] * CONTENDERS

    def test_a_new_subscription_begins_at_its_position(self, store: Store) -> None:
        """``subscribe`` stores a subscription that begins above a position and is free."""
        assert store.trace.subscription("crm") is None
        assert store.trace.subscribe("crm", 7) is True
        assert store.trace.subscription("crm") == Subscription("crm", 7)

    def test_a_subscription_is_there_once(self, store: Store) -> None:
        """``subscribe`` returns ``False`` for a known name and changes nothing."""
        kept(store, FULL)
        assert store.trace.subscribe("crm", 0) is False
        assert store.trace.subscription("crm") == FULL

    def test_all_subscriptions_are_in_order_of_name(self, store: Store) -> None:
        """``subscriptions`` returns every subscription, by the code points of the name."""
        assert store.trace.subscriptions() == ()
        names = ["b", "B", "a10", "ä", "a2"]
        for position, name in enumerate(names):
            store.trace.subscribe(name, position)
        assert store.trace.subscriptions() == tuple(Subscription(name, names.index(name)) for name in sorted(names))

    def test_names_are_taken_to_the_letter(self, store: Store) -> None:
        """No name is folded, trimmed or interpreted."""
        for position, words in enumerate(TO_THE_LETTER):
            assert store.trace.subscribe(words, position)
        found = [store.trace.subscription(words) for words in TO_THE_LETTER]
        assert found == [Subscription(words, position) for position, words in enumerate(TO_THE_LETTER)]

    def test_a_free_subscription_is_leased_until_a_moment(self, store: Store) -> None:
        """``lease`` stores and returns the leased subscription, and changes nothing else."""
        kept(store, attrs.evolve(FULL, leased_until=None))
        store.trace.subscribe("other", 1)
        leased = store.trace.lease("crm", at=day(1), until=elsewhere(day(3) + TICK))
        assert leased == attrs.evolve(FULL, leased_until=day(3) + TICK)
        assert store.trace.subscriptions() == (leased, Subscription("other", 1))

    def test_what_is_unknown_cannot_be_leased(self, store: Store) -> None:
        """``lease`` of an unknown name returns ``None`` and stores nothing."""
        assert store.trace.lease("crm", at=day(0), until=day(1)) is None
        assert store.trace.subscriptions() == ()

    def test_a_lease_holds_up_to_its_end(self, store: Store) -> None:
        """``lease`` returns ``None`` during another lease; at the end of that lease the subscription is free."""
        store.trace.subscribe("crm", 0)
        leased = store.trace.lease("crm", at=day(0), until=day(1))
        assert store.trace.lease("crm", at=day(1) - TICK, until=day(2)) is None
        assert store.trace.subscription("crm") == leased
        assert store.trace.lease("crm", at=elsewhere(day(1)), until=day(2)) == Subscription("crm", leased_until=day(2))

    def test_who_has_to_wait_cannot_be_leased_earlier(self, store: Store) -> None:
        """``lease`` returns ``None`` before the moment of the next attempt."""
        waiting = kept(store, Subscription("crm", 1, 1, day(1)))
        assert store.trace.lease("crm", at=day(1) - TICK, until=day(2)) is None
        assert store.trace.subscription("crm") == waiting
        assert store.trace.lease("crm", at=day(1), until=day(2)) == attrs.evolve(waiting, leased_until=day(2))

    def test_the_next_state_of_a_subscription_is_stored_whole(self, store: Store) -> None:
        """``settle`` stores the whole next state of an unchanged subscription, to the microsecond."""
        kept(store, FULL)
        for state in (attrs.evolve(FULL, next_at=elsewhere(day(5)) + TICK, failures=3), Subscription("crm", 8), FULL):
            before = store.trace.subscription("crm")
            assert before
            assert store.trace.settle(before, state) is True
            assert store.trace.subscription("crm") == state

    def test_what_somebody_else_has_changed_is_not_overwritten(self, store: Store) -> None:
        """``settle`` returns ``False`` if any field has changed, and stores nothing."""
        assert store.trace.settle(FULL, FULL) is False
        kept(store, FULL)
        for other in (
            attrs.evolve(FULL, position=6),
            attrs.evolve(FULL, failures=0),
            attrs.evolve(FULL, next_at=day(1) + TICK),
            attrs.evolve(FULL, next_at=None),
            attrs.evolve(FULL, leased_until=day(2) - TICK),
            attrs.evolve(FULL, leased_until=None),
        ):
            assert store.trace.settle(other, Subscription("crm", 9)) is False
        assert store.trace.subscriptions() == (FULL,)

    def test_a_state_of_another_subscription_is_refused(self, store: Store) -> None:
        """``settle`` raises ``ValueError`` for a next state with another name."""
        for name in ("crm", "other"):
            store.trace.subscribe(name, 0)
        with pytest.raises(ValueError, match="other"):
            store.trace.settle(Subscription("crm"), Subscription("other", 1))
        assert store.trace.subscriptions() == (Subscription("crm"), Subscription("other"))

    def test_one_of_racing_senders_has_the_lease(self, store: Store) -> None:
        """Of racing callers of ``lease`` one gets the lease."""
        store.trace.subscribe("crm", 0)
        results = Race(lambda number: (store.trace.lease("crm", at=day(0), until=day(1 + number)),)).won
        assert [taken for taken, *_ in results if taken] == [store.trace.subscription("crm")]

    def test_one_of_racing_settlements_is_stored(self, store: Store) -> None:
        """Of racing callers of ``settle`` with one state one stores the next state, and the others get ``False``."""
        store.trace.subscribe("crm", 0)
        results = Race(
            lambda number: (number + 1, store.trace.settle(Subscription("crm"), Subscription("crm", number + 1)))
        ).won
        assert [Subscription("crm", position) for position, stored in results if stored] == [
            store.trace.subscription("crm")
        ]
        assert [stored for _, stored in results].count(False) == CONTENDERS - 1


def places(published: Sequence[Published]) -> list[tuple[str, int]]:
    """Return subject and number of published rows, in order."""
    return [(each.entry.subject, each.entry.number) for each in published]


def in_order(store: Store) -> list[Published]:
    """Return all published rows, and check that each is there once, without gaps and in order."""
    published = list(store.trace.published(0, ALL))
    assert [each.position for each in published] == list(range(1, len(published) + 1))
    for subject in {each.entry.subject for each in published}:
        numbers = [each.entry.number for each in published if each.entry.subject == subject]
        assert numbers == list(range(1, len(numbers) + 1))
    return published


def kept(store: Store, state: Subscription) -> Subscription:
    """Store a new subscription, bring it into a state, and return that."""
    store.trace.subscribe(state.name, state.position)
    assert store.trace.settle(Subscription(state.name, state.position), state) is True
    return state
