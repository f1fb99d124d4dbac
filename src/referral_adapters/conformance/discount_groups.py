"""What every adapter of the port ``DiscountGroups`` must do."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere, group
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.ports.discount_groups import DiscountGroups
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money
from referral_core.values.reason import Reason


class DiscountGroupsConformance:
    """Asks for a fixture ``groups``: the port, with nothing in it."""

    def test_a_group_is_found_whole(self, groups: DiscountGroups) -> None:
        """``find`` returns the group with its amounts over time and its switches, down to the microsecond."""
        whole = _with_amounts(group("referee-manual", called="Uued kliendid, käsitsi", side=Side.REFEREE))
        groups.put(group(), at=day(0))
        groups.put(whole, at=elsewhere(day(0)))
        found = groups.find("referee-manual")
        assert found is not None
        assert found == whole
        assert [found.terms_at(day(n)) for n in range(-1, 9)] == [whole.terms_at(day(n)) for n in range(-1, 9)]

    def test_what_was_never_put_is_not_found(self, groups: DiscountGroups) -> None:
        """A store without groups has none."""
        assert groups.find("referrer") is None
        assert groups.all() == ()

    def test_the_last_state_is_the_one_found(self, groups: DiscountGroups) -> None:
        """``put`` stores a group in its next state; there is one group of an id."""
        state = group()
        for number, following in enumerate((state, _with_amounts(state), _with_amounts(state).renamed("Friends"))):
            groups.put(following, at=day(number))
            assert groups.find("referrer") == following
            assert groups.all() == (following,)

    def test_groups_come_in_the_order_they_were_added(self, groups: DiscountGroups) -> None:
        """``all`` is in the order of adding, and a next state keeps its place."""
        for name in ("c", "a", "b"):
            groups.put(group(name), at=day(0))
        groups.put(group("c").renamed("z"), at=day(1))
        assert [(each.id, each.name) for each in groups.all()] == [("c", "z"), ("a", "a"), ("b", "b")]

    def test_a_name_is_there_once(self, groups: DiscountGroups) -> None:
        """``put`` refuses ``group-exists`` when another group has the name, on either side, and stores nothing (D2)."""
        groups.put(group("a", called="Friends"), at=day(0))
        groups.put(group("b", called="Others"), at=day(0))
        for taken in (group("c", called="Friends", side=Side.REFEREE), group("b", called="Friends")):
            with refused(Reason.GROUP_EXISTS):
                groups.put(taken, at=day(1))
        assert groups.find("c") is None
        assert [each.name for each in groups.all()] == ["Friends", "Others"]

    def test_names_are_compared_without_case_and_blanks_around(self, groups: DiscountGroups) -> None:
        """People would take them for the same name, in any alphabet and form; what is kept is the name as given."""
        groups.put(group("a", called="Õpilased"), at=day(0))
        for alike in ("õPILASED", " Õpilased", "Õpilased\n", "O\u0303pilased", "o\u0303PILASED"):
            with refused(Reason.GROUP_EXISTS):
                groups.put(group("b", called=alike), at=day(1))
        groups.put(group("a", called=" õpilased "), at=day(1))
        groups.put(group("b", called="Õpi lased"), at=day(1))
        assert [each.name for each in groups.all()] == [" õpilased ", "Õpi lased"]

    def test_a_name_given_up_is_free(self, groups: DiscountGroups) -> None:
        """Only the name that a group has now counts."""
        groups.put(group("a", called="Friends"), at=day(0))
        groups.put(group("a", called="Family"), at=day(1))
        groups.put(group("b", called="Friends"), at=day(1))
        with refused(Reason.GROUP_EXISTS):
            groups.put(group("c", called="Family"), at=day(1))
        assert [each.name for each in groups.all()] == ["Family", "Friends"]

    def test_ids_are_taken_to_the_letter(self, groups: DiscountGroups) -> None:
        """No id is folded, trimmed or interpreted."""
        for number, words in enumerate(TO_THE_LETTER):
            groups.put(group(words, called=str(number)), at=day(0))
        assert [groups.find(words) for words in TO_THE_LETTER] == list(groups.all())
        assert [each.id for each in groups.all()] == list(TO_THE_LETTER)

    def test_one_of_racing_groups_gets_the_name(self, groups: DiscountGroups) -> None:
        """The store itself guards that names are unique (D2)."""

        def put(number: int) -> str:
            groups.put(group(f"group-{number}", called="Friends"), at=day(0))
            return f"group-{number}"

        race = Race(put)
        assert race.lost == [Reason.GROUP_EXISTS] * (CONTENDERS - 1)
        assert [each.id for each in groups.all()] == race.won


def _with_amounts(described: DiscountGroup) -> DiscountGroup:
    """Return the group with two amounts that touch, one after a gap, and two switches."""
    for amount, start, end in (("10", 0, 2), ("12.34", 2, 4), ("0.01", 6, None)):
        period = EffectivePeriod(elsewhere(day(start)), None if end is None else elsewhere(day(end)))
        described = attrs.evolve(described, amounts=described.amounts.adding(period, Money(amount)))
    return described.switched(GroupEvent.DISABLE, day(3)).switched(GroupEvent.ENABLE, day(3) + TICK)
