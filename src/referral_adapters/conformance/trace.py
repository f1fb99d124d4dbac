"""What every repository of the trace must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race, over_and_over
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, code, day, elsewhere, note
from referral_adapters.conformance.store import Store, failing, furnish
from referral_core.entities.actor import Actor
from referral_core.entities.seal import Seal
from referral_core.entities.trace import GENESIS, Published, Subscription, TraceEntry, account_subject, chain_faults
from referral_core.services.verification import TraceVerifier as Verifying

SHORTEST_SALT: Final = 16
A1: Final = account_subject("A1")


def faults(store: Store) -> tuple[object, ...]:
    """Return all that is wrong with the trace of a store and its seals."""
    return Verifying(store.trace, most=99).run(day(0)).faults


ALL: Final = 999
"""More rows than any test writes."""
TURNS: Final = 4
"""How often each contender of a race has its turn."""


def places(published: Sequence[Published]) -> list[tuple[str, int]]:
    """Return which rows are published, in order."""
    return [(each.entry.subject, each.entry.number) for each in published]


def in_order(store: Store) -> list[Published]:
    """Return all that is published, having made sure that each row is there once, without gaps and in order."""
    published = list(store.trace.published(0, ALL))
    assert [each.position for each in published] == list(range(1, len(published) + 1))
    for subject in {each.entry.subject for each in published}:
        numbers = [each.entry.number for each in published if each.entry.subject == subject]
        assert numbers == list(range(1, len(numbers) + 1))
    return published


FULL = Subscription("crm", 7, 2, day(1), day(2))


def kept(store: Store, state: Subscription) -> Subscription:
    """Store a new subscription in this state."""
    store.trace.subscribe(state.name, state.position)
    assert store.trace.settle(Subscription(state.name, state.position), state) is True
    return state


class TraceRepositoryConformance:
    """Asks for a fixture ``store``: a :class:`Store` with nothing in it, whose ``trace`` is judged."""

    def test_a_row_says_what_was_noted(self, store: Store) -> None:
        """``append`` adds the note as a row, everything in it to the letter."""
        states = {words: words for words in TO_THE_LETTER}
        noted = attrs.evolve(note(after={**states, "ending": None}, reason='"õ\n'), before={"status": "Щ"})
        store.trace.append(noted)
        (row,) = store.trace.chain(A1)
        assert (row.subject, row.moment, row.act) == (noted.subject, noted.moment, noted.act)
        assert (row.actor, row.role, row.reason) == (noted.actor.id, noted.actor.role, noted.reason)
        assert (row.before, row.after) == (noted.before, noted.after)

    def test_a_row_may_say_little(self, store: Store) -> None:
        """No state before or after, and no reason, are not the same as empty ones."""
        store.trace.append(note(reason=None))
        store.trace.append(note(after={}, reason=""))
        assert [(row.before, row.after, row.reason) for row in store.trace.chain(A1)] == [
            (None, None, None),
            (None, {}, ""),
        ]

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
        """Notes that are added together are all there, each in its place, whoever else adds to the same chains."""
        Race(lambda number: store.trace.append(*(note(f"A{(place + number) % 5}") for place in range(10)), note()))
        rows = {
            account: list(store.trace.chain(account_subject(account))) for account in ("A0", "A1", "A2", "A3", "A4")
        }
        assert [len(each) for each in rows.values()] == [2 * CONTENDERS, 3 * CONTENDERS, *[2 * CONTENDERS] * 3]
        assert [chain_faults(each) for each in rows.values()] == [()] * 5

    def test_rows_never_change(self, store: Store) -> None:
        """What was read once is read again, hash and salt included, whatever is added."""
        store.trace.append(note())
        store.trace.append(note())
        rows = list(store.trace.chain(A1))
        store.trace.append(note())
        assert list(store.trace.chain(A1))[:2] == rows

    def test_a_row_keeps_no_hold_on_what_it_was_given(self, store: Store) -> None:
        """A caller that goes on to use its mapping changes nothing of the row."""
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
        for words in TO_THE_LETTER:
            store.trace.append(attrs.evolve(note(words), actor=Actor(words)))
        chains = [list(store.trace.chain(account_subject(words))) for words in TO_THE_LETTER]
        assert [[row.actor for row in rows] for rows in chains] == [[words] for words in TO_THE_LETTER]
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

    def test_nothing_is_sealed_where_nothing_is(self, store: Store) -> None:
        """Over an empty trace ``seal`` sets no seal, and there are none."""
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
        """Where nothing has moved since the last seal ``seal`` sets none, and the next one follows the last."""
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
        """``sealed_heads`` without a seal yields those of all seals, by code points of the subject and by number."""
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
        """The first lists what has moved, and nothing is left for the others; no number is taken twice."""
        for account in ("A1", "A2"):
            store.trace.append(note(account))
        told = Race(lambda number: store.trace.seal(day(number))).won
        assert [seal.heads for seal in told if seal] == [2]
        assert len(list(store.trace.seals())) == 1
        assert faults(store) == ()

    def test_sealing_while_others_write_leaves_nothing_out(self, store: Store) -> None:
        """Whatever is added meanwhile is under this seal or under the next one, and all of it verifies."""

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

    def test_a_row_waits_until_somebody_publishes_it(self, store: Store) -> None:
        """``publish`` gives positions and says to how many rows; what has none is not read."""
        assert store.trace.publish(ALL) == 0
        store.trace.append(note())
        assert store.trace.published(0, ALL) == ()
        assert store.trace.publish(ALL) == 1
        assert store.trace.publish(ALL) == 0
        assert store.trace.published(0, ALL) == tuple(Published(1, entry) for entry in store.trace.chain())

    def test_whatever_leaves_a_trace_is_published(self, store: Store) -> None:
        """Every row of the trace gets a position, by whichever repository it was written."""
        furnish(store)
        store.promo_codes.add_first([code("ZZZZ", on="A9", of="C9")], [note("A9"), note("A9")], at=day(1))
        store.trace.publish(ALL)
        assert sorted(places(in_order(store))) == [(row.subject, row.number) for row in store.trace.chain()]
        assert ("account:A9", 2) in places(store.trace.published(0, ALL))

    def test_no_more_is_published_than_asked(self, store: Store) -> None:
        """``publish`` gives positions to as many rows as asked, those that have waited longest."""
        for number in range(5):
            store.trace.append(note(f"A{number}"))
        assert store.trace.publish(0) == 0
        assert [store.trace.publish(2) for _ in range(4)] == [2, 2, 1, 0]
        assert places(in_order(store)) == [(f"account:A{number}", 1) for number in range(5)]

    def test_rows_of_one_subject_come_in_order(self, store: Store) -> None:
        """Rows of a subject get positions in the order of their numbers, however they were added."""
        for turn in range(4):
            store.trace.append(*(note(f"A{(number * turn) % 3}") for number in range(10)))
            store.trace.append(note())
            store.trace.publish(7)
        while store.trace.publish(1):
            in_order(store)
        assert sorted(places(in_order(store))) == [(row.subject, row.number) for row in store.trace.chain()]

    def test_reading_goes_on_from_any_position(self, store: Store) -> None:
        """``published`` returns what comes after a position, in order, as much as asked or as there is."""
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
        """What was published once is read again at its position, whatever comes after."""
        store.trace.append(note("A2"), note("A1"))
        store.trace.publish(ALL)
        published = store.trace.published(0, ALL)
        store.trace.append(note("A1"), note("A0"))
        store.trace.publish(ALL)
        assert store.trace.published(0, ALL)[:2] == published

    def test_what_was_erased_is_erased_there_too(self, store: Store) -> None:
        """A published row is as the trace has it: its personal part goes with that of the trace (A5)."""
        furnish(store)
        store.trace.publish(ALL)
        store.erase("C1")
        published = {(each.entry.subject, each.entry.number): each.entry for each in in_order(store)}
        assert published == {(row.subject, row.number): row for row in store.trace.chain()}
        assert {entry.is_erased for (subject, _), entry in published.items() if subject == "account:A1"} == {True}

    def test_what_was_undone_is_never_published(self, store: Store) -> None:
        """A row of a transaction that fails is not there, and leaves no gap."""
        store.trace.append(note())
        with failing(store):
            store.trace.append(note("A2"), note())
        store.trace.append(note("A3"))
        store.trace.publish(ALL)
        assert places(in_order(store)) == [("account:A1", 1), ("account:A3", 1)]

    def test_positions_that_were_undone_are_given_again(self, store: Store) -> None:
        """What was published in a transaction that fails waits as it did before, and no position is left out."""
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
        """Whoever writes, publishes and reads at once: each row is published once, and who has read misses none."""

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

    def test_a_new_subscription_begins_where_it_is_told(self, store: Store) -> None:
        """``subscribe`` stores a subscription that has confirmed up to a position, and has nothing to wait for."""
        assert store.trace.subscription("crm") is None
        assert store.trace.subscribe("crm", 7) is True
        assert store.trace.subscription("crm") == Subscription("crm", 7)

    def test_a_subscription_is_there_once(self, store: Store) -> None:
        """``subscribe`` returns ``False`` if there is one of this name, which stays as it is."""
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
        """``lease`` returns the subscription as it is now stored, leased; the rest stays as it is."""
        kept(store, attrs.evolve(FULL, leased_until=None))
        store.trace.subscribe("other", 1)
        leased = store.trace.lease("crm", at=day(1), until=elsewhere(day(3) + TICK))
        assert leased == attrs.evolve(FULL, leased_until=day(3) + TICK)
        assert store.trace.subscriptions() == (leased, Subscription("other", 1))

    def test_what_is_unknown_cannot_be_leased(self, store: Store) -> None:
        """``lease`` returns ``None`` where there is none of this name, and adds none."""
        assert store.trace.lease("crm", at=day(0), until=day(1)) is None
        assert store.trace.subscriptions() == ()

    def test_a_lease_holds_up_to_its_end(self, store: Store) -> None:
        """``lease`` returns ``None`` while somebody else holds the subscription; at the end of the lease it is free."""
        store.trace.subscribe("crm", 0)
        leased = store.trace.lease("crm", at=day(0), until=day(1))
        assert store.trace.lease("crm", at=day(1) - TICK, until=day(2)) is None
        assert store.trace.subscription("crm") == leased
        assert store.trace.lease("crm", at=elsewhere(day(1)), until=day(2)) == Subscription("crm", leased_until=day(2))

    def test_who_has_to_wait_cannot_be_leased_earlier(self, store: Store) -> None:
        """``lease`` returns ``None`` before the moment to try again."""
        waiting = kept(store, Subscription("crm", 1, 1, day(1)))
        assert store.trace.lease("crm", at=day(1) - TICK, until=day(2)) is None
        assert store.trace.subscription("crm") == waiting
        assert store.trace.lease("crm", at=day(1), until=day(2)) == attrs.evolve(waiting, leased_until=day(2))

    def test_the_next_state_of_a_subscription_is_stored_whole(self, store: Store) -> None:
        """``settle`` stores the next state of what is still as it was, to the microsecond."""
        kept(store, FULL)
        for state in (attrs.evolve(FULL, next_at=elsewhere(day(5)) + TICK, failures=3), Subscription("crm", 8), FULL):
            before = store.trace.subscription("crm")
            assert before
            assert store.trace.settle(before, state) is True
            assert store.trace.subscription("crm") == state

    def test_what_somebody_else_has_changed_is_not_overwritten(self, store: Store) -> None:
        """``settle`` returns ``False`` if anything is not as it was, and changes nothing."""
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
        """``settle`` raises ``ValueError`` where the next state has another name."""
        for name in ("crm", "other"):
            store.trace.subscribe(name, 0)
        with pytest.raises(ValueError, match="other"):
            store.trace.settle(Subscription("crm"), Subscription("other", 1))
        assert store.trace.subscriptions() == (Subscription("crm"), Subscription("other"))

    def test_one_of_racing_senders_has_the_lease(self, store: Store) -> None:
        """Of two at once one gets the lease."""
        store.trace.subscribe("crm", 0)
        told = Race(lambda number: (store.trace.lease("crm", at=day(0), until=day(1 + number)),)).won
        assert [taken for taken, *_ in told if taken] == [store.trace.subscription("crm")]

    def test_one_of_racing_settlements_is_stored(self, store: Store) -> None:
        """Of two who saw the same state one stores the next one, and the other is told."""
        store.trace.subscribe("crm", 0)
        told = Race(
            lambda number: (number + 1, store.trace.settle(Subscription("crm"), Subscription("crm", number + 1)))
        ).won
        assert [Subscription("crm", position) for position, stored in told if stored] == [
            store.trace.subscription("crm")
        ]
        assert [stored for _, stored in told].count(False) == CONTENDERS - 1


def _writer(row: TraceEntry) -> str | None:
    return (row.after or {}).get("writer")
