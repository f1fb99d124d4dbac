"""The tests of every repository of discount groups."""

from __future__ import annotations

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere, group
from referral_adapters.conformance.store import Store, failing, refused
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason
from referral_core.values.history import Recorded
from referral_core.values.money import Money


class GroupRepositoryConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`, whose ``groups`` are tested."""

    def test_a_group_is_found_whole(self, store: Store) -> None:
        """``find`` returns the group with its amounts over time and its switches, down to the microsecond."""
        whole = _with_amounts(group("referee-manual", called="Uued kliendid, käsitsi", side=Side.REFEREE))
        store.groups.put(group(), at=day(0))
        store.groups.put(whole, at=elsewhere(day(0)))
        found = store.groups.find("referee-manual")
        assert found is not None
        assert found == whole
        assert [found.terms_at(day(n)) for n in range(-1, 9)] == [whole.terms_at(day(n)) for n in range(-1, 9)]

    def test_what_was_never_put_is_not_found(self, store: Store) -> None:
        """An empty store has no groups."""
        assert store.groups.find("referrer") is None
        assert store.groups.all() == ()

    def test_the_last_state_is_the_one_found(self, store: Store) -> None:
        """``put`` replaces the state of a known group by the next one."""
        state = group()
        for number, following in enumerate((state, _with_amounts(state), _with_amounts(state).renamed("Friends"))):
            store.groups.put(following, at=day(number))
            assert store.groups.find("referrer") == following
            assert store.groups.all() == (following,)

    def test_groups_come_in_the_order_they_were_added(self, store: Store) -> None:
        """``all`` returns groups in the order of adding, and a next state keeps its place."""
        for name in ("c", "a", "b"):
            store.groups.put(group(name), at=day(0))
        store.groups.put(group("c").renamed("z"), at=day(1))
        assert [(each.id, each.name) for each in store.groups.all()] == [("c", "z"), ("a", "a"), ("b", "b")]

    def test_a_name_is_there_once(self, store: Store) -> None:
        """``put`` refuses the name of another group by ``group-exists``, on either side, and stores nothing (D2)."""
        store.groups.put(group("a", called="Friends"), at=day(0))
        store.groups.put(group("b", called="Others"), at=day(0))
        for taken in (group("c", called="Friends", side=Side.REFEREE), group("b", called="Friends")):
            with refused(Reason.GROUP_EXISTS):
                store.groups.put(taken, at=day(1))
        assert store.groups.find("c") is None
        assert [each.name for each in store.groups.all()] == ["Friends", "Others"]

    def test_names_are_compared_without_case_and_blanks_around(self, store: Store) -> None:
        """Names are compared without case, outer blanks and Unicode form, and stored to the letter (D2)."""
        store.groups.put(group("a", called="Õpilased"), at=day(0))
        for alike in ("õPILASED", " Õpilased", "Õpilased\n", "O\u0303pilased", "o\u0303PILASED"):
            with refused(Reason.GROUP_EXISTS):
                store.groups.put(group("b", called=alike), at=day(1))
        store.groups.put(group("a", called=" õpilased "), at=day(1))
        store.groups.put(group("b", called="Õpi lased"), at=day(1))
        assert [each.name for each in store.groups.all()] == [" õpilased ", "Õpi lased"]

    def test_a_name_given_up_is_free(self, store: Store) -> None:
        """Only the present names of groups are taken (D2)."""
        store.groups.put(group("a", called="Friends"), at=day(0))
        store.groups.put(group("a", called="Family"), at=day(1))
        store.groups.put(group("b", called="Friends"), at=day(1))
        with refused(Reason.GROUP_EXISTS):
            store.groups.put(group("c", called="Family"), at=day(1))
        assert [each.name for each in store.groups.all()] == ["Family", "Friends"]

    def test_ids_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for number, words in enumerate(TO_THE_LETTER):
            store.groups.put(group(words, called=str(number)), at=day(0))
        assert [store.groups.find(words) for words in TO_THE_LETTER] == list(store.groups.all())
        assert [each.id for each in store.groups.all()] == list(TO_THE_LETTER)

    def test_one_of_racing_groups_gets_the_name(self, store: Store) -> None:
        """Of racing groups with one name all but one are refused by ``group-exists`` (D2)."""

        def put(number: int) -> str:
            store.groups.put(group(f"group-{number}", called="Friends"), at=day(0))
            return f"group-{number}"

        race = Race(put)
        assert race.lost == [Reason.GROUP_EXISTS] * (CONTENDERS - 1)
        assert [each.id for each in store.groups.all()] == race.won

    def test_every_state_of_a_group_is_kept(self, store: Store) -> None:
        """``history`` returns every state of a group whole, with its amounts and switches."""
        named = group()
        closed = named.with_correction(Money("9.99"), EffectivePeriod.between(day(-9), elsewhere(day(4))))
        opened = closed.with_correction(Money("12"), EffectivePeriod.starting(day(5)))
        switched = opened.switched(GroupEvent.DISABLE, day(3)).renamed("Sõbrad")
        for number, state in enumerate((named, closed, opened, switched)):
            store.groups.put(state, at=day(number))
        assert store.groups.history("referrer") == tuple(
            Recorded(state, day(number), number + 1) for number, state in enumerate((named, closed, opened, switched))
        )

    def test_what_arrives_late_is_recorded_at_the_last_moment(self, store: Store) -> None:
        """``recorded_at`` never goes back on a group: an act that arrives late is recorded at the last moment."""
        for number in (5, 3, 5, 7):
            store.groups.put(group(called=f"name {number}"), at=day(number))
        assert [each.recorded_at for each in store.groups.history("referrer")] == [day(5), day(5), day(5), day(7)]

    def test_what_never_was_has_no_history(self, store: Store) -> None:
        """Neither a refused state nor an undone one is recorded."""
        store.groups.put(group(), at=day(0))
        with refused(Reason.GROUP_EXISTS):
            store.groups.put(group("other", called="referrer"), at=day(1))
        with failing(store):
            store.groups.put(group(called="undone"), at=day(1))
        assert [len(store.groups.history(named)) for named in ("referrer", "other")] == [1, 0]

    def test_groups_in_history_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for number, words in enumerate(TO_THE_LETTER):
            store.groups.put(group(words, called=f"name {number}"), at=day(0))
        for number, words in enumerate(TO_THE_LETTER):
            assert [each.state.name for each in store.groups.history(words)] == [f"name {number}"]

    @pytest.mark.parametrize("later", [1, -1], ids=["in order", "out of order"])
    def test_racing_writers_are_recorded_one_after_another(self, store: Store, later: int) -> None:
        """Racing states of one group have consecutive numbers, and moments that never go back."""
        store.groups.put(group(), at=day(0))
        Race(lambda number: store.groups.put(group(called=f"name {number}"), at=day(20 + later * number)))
        states = store.groups.history("referrer")
        moments = [each.recorded_at for each in states]
        assert [each.revision for each in states] == list(range(1, CONTENDERS + 2))
        assert moments == sorted(moments)
        assert len({each.state.name for each in states}) == CONTENDERS + 1


def _with_amounts(described: DiscountGroup) -> DiscountGroup:
    """Return the group with two amounts that touch, one after a gap, and two switches."""
    for amount, start, end in (("10", 0, 2), ("12.34", 2, 4), ("0.01", 6, None)):
        period = EffectivePeriod(elsewhere(day(start)), None if end is None else elsewhere(day(end)))
        described = attrs.evolve(described, amounts=described.amounts.adding(period, Money(amount)))
    return described.switched(GroupEvent.DISABLE, day(3)).switched(GroupEvent.ENABLE, day(3) + TICK)
