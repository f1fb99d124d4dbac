"""What every repository of grants must do."""

from __future__ import annotations

from itertools import pairwise

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere, grant
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.ports.grants import GrantRepository

PLENTY = 1000
"""More legs than any of these tests stores."""


class GrantRepositoryConformance:
    """Asks for a fixture ``grants``: the repository, with nothing in it."""

    def test_a_leg_is_found_by_its_key(self, grants: GrantRepository) -> None:
        """``find`` returns the leg, whole; both legs of a referral are there."""
        legs = [grant(effective=elsewhere(day(1))), grant(amount="0.07", side=Side.REFEREE, on="A2")]
        for leg in legs:
            grants.add(leg)
        assert [grants.find(leg.key) for leg in legs] == legs
        assert grants.find("referrer/K2") is None

    def test_a_leg_that_is_there_is_left_as_it_is(self, grants: GrantRepository) -> None:
        """``add`` changes nothing when the referral has a leg on the side already (B2)."""
        stored = _granted(grants, grant().taken(day(1)))
        for again in (grant(), grant(amount="99"), grant(on="A2")):
            grants.add(again)
        assert grants.find(stored.key) == stored
        assert list(grants.all()) == list(grants.all(account="A1")) == [stored]
        assert list(grants.all(account="A2")) == []
        assert grants.unsettled(day(99), PLENTY) == ()

    def test_the_last_state_is_the_one_found(self, grants: GrantRepository) -> None:
        """``change`` stores the next state of a leg, whole, and says so."""
        grants.add(grant())
        taken = grant().taken(elsewhere(day(1)))
        failed = taken.failed(GrantEvent.GO_UNANSWERED, "no-answer", at=day(1), wait_until=day(2) + TICK)
        stuck = failed.taken(day(3)).failed(
            GrantEvent.GO_UNANSWERED, "no-answer", at=elsewhere(day(3)), wait_until=None
        )
        retried = stuck.retried(day(4))
        states = [grant(), taken, failed, stuck, retried, retried.after(GrantEvent.BE_FOUND)]
        for before, after in pairwise(states):
            assert grants.change([(before, after)]) == (after,)
            assert grants.find(after.key) == after
            assert list(grants.all()) == [after]

    def test_a_leg_is_changed_by_who_saw_it_as_it_is(self, grants: GrantRepository) -> None:
        """``change`` leaves alone what has another state by now, or is not there, and does the rest."""
        legs = [grant("K1"), grant("K2"), grant("K3"), grant("K4")]
        for leg in legs:
            grants.add(leg)
        present = [
            legs[0].taken(day(1)),
            attrs.evolve(legs[1], attempts=1),
            attrs.evolve(legs[2], wait_until=legs[2].effective_from + TICK),
        ]
        grants.change([*zip(legs, present, strict=False)])
        steps = [(leg, leg.taken(day(2))) for leg in (*legs, grant("K5"))]
        assert grants.change(steps) == (legs[3].taken(day(2)),)
        assert [*grants.all()] == [*present, legs[3].taken(day(2))]
        assert grants.change([(attrs.evolve(present[0], account="A2"), present[0].retried(day(9)))]) == ()
        stuck = attrs.evolve(present[1], wait_until=None)
        assert grants.change([(present[1], stuck)]) == (stuck,)
        assert grants.change([(present[1], present[1].taken(day(2)))]) == ()
        assert grants.change([(stuck, stuck.retried(day(3)))]) == (stuck.retried(day(3)),)
        assert grants.change([]) == ()

    def test_many_legs_are_changed_at_once(self, grants: GrantRepository) -> None:
        """``change`` takes any number of steps, and answers in their order."""
        legs = [grant(f"{number:03}", on=f"A{number}") for number in range(300)]
        for leg in legs:
            grants.add(leg)
        steps = [(leg, leg.taken(day(1 + number % 7))) for number, leg in enumerate(legs)][::-1]
        assert grants.change(steps) == tuple(after for _, after in steps)
        assert [*grants.all()] == [after for _, after in steps][::-1]

    def test_unsettled_is_what_billing_has_not_confirmed(self, grants: GrantRepository) -> None:
        """A leg counts until it is granted, whatever state it is in."""
        grants.add(grant())
        _granted(grants, grant("K2"))
        present = grant()
        for status in (GrantStatus.SENDING, GrantStatus.UNCERTAIN, GrantStatus.DUE, GrantStatus.GRANTED):
            wait_until = None if status is GrantStatus.GRANTED else present.wait_until
            following = attrs.evolve(present, status=status, wait_until=wait_until)
            grants.change([(present, following)])
            present = following
            open_ones = () if status is GrantStatus.GRANTED else (present,)
            assert grants.unsettled(day(99), PLENTY) == tuple(grants.all(unsettled=True)) == open_ones

    def test_unsettled_is_what_need_not_wait(self, grants: GrantRepository) -> None:
        """A leg counts from the very moment it waits for, however that is written; a stuck one waits for none."""
        waiting, stuck = grant("K1", effective=elsewhere(day(1))), attrs.evolve(grant("K2"), wait_until=None)
        grants.add(waiting)
        grants.add(stuck)
        assert grants.unsettled(day(1) - TICK, PLENTY) == ()
        assert grants.unsettled(day(1), PLENTY) == grants.unsettled(elsewhere(day(1)), PLENTY) == (waiting,)
        later = waiting.taken(day(5))
        grants.change([(waiting, later)])
        assert grants.unsettled(day(5) - TICK, PLENTY) == ()
        assert grants.unsettled(day(5), PLENTY) == (later,)
        assert [*grants.all(unsettled=True)] == [later, stuck]

    def test_who_has_waited_longest_comes_first(self, grants: GrantRepository) -> None:
        """``unsettled`` is in order of the moment, then by the code points of the key, and no longer than asked for."""
        legs = [attrs.evolve(leg, wait_until=day(number * 5 % 4)) for number, leg in enumerate(_many())]
        for leg in legs:
            grants.add(leg)
        expected = sorted(legs, key=lambda leg: (leg.wait_until, leg.key))
        for limit in (0, 1, 5, PLENTY):
            assert [*grants.unsettled(day(9), limit)] == expected[:limit]
        before = [leg for leg in expected if leg.wait_until in {day(0), day(1)}]
        assert [*grants.unsettled(day(2) - TICK, PLENTY)] == before

    def test_what_is_taken_drops_out_until_its_lease_has_run_out(self, grants: GrantRepository) -> None:
        """Page after page is met once, also while legs come; nothing but the state of each leg is remembered."""
        legs = [grant(f"{number:03}") for number in range(100)]
        for leg in legs[::2]:
            grants.add(leg)
        met = list[Grant]()
        while page := grants.unsettled(day(1), 3):
            met += grants.change([(leg, leg.taken(day(2))) for leg in page])
            for leg in legs[len(met) : len(met) + 6]:
                grants.add(leg)
        assert sorted(leg.key for leg in met) == [leg.key for leg in grants.all()]
        assert {leg.key for leg in legs[::2]} <= {leg.key for leg in met}
        assert (
            [*grants.unsettled(day(2), PLENTY)] == [*grants.all(unsettled=True)] == sorted(met, key=lambda leg: leg.key)
        )

    def test_all_are_in_order_of_key(self, grants: GrantRepository) -> None:
        """``all`` yields every leg, those of one account, or those not settled, by the code points of the key."""
        legs = _many()
        for leg in legs:
            grants.add(leg)
        grants.change([(legs[0], legs[0].after(GrantEvent.BE_FOUND))])
        assert [leg.key for leg in grants.all()] == sorted(leg.key for leg in legs)
        mine = [leg.key for leg in grants.all(account="A2")]
        assert mine == sorted(leg.key for leg in legs if leg.account == "A2")
        assert list(grants.all(account="A3")) == []
        assert [*grants.all(unsettled=True)] == sorted(legs[1:], key=lambda leg: leg.key)
        assert [*grants.all(account="A1", unsettled=True)] == [
            leg for leg in sorted(legs[1:], key=lambda leg: leg.key) if leg.account == "A1"
        ]

    def test_ids_are_taken_to_the_letter(self, grants: GrantRepository) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            grants.add(grant(words, on=words))
        steps = [(leg, leg.taken(day(1))) for leg in (grant(words, on=words) for words in TO_THE_LETTER)]
        assert grants.change(steps) == tuple(after for _, after in steps)
        for words, (leg, taken) in zip(TO_THE_LETTER, steps, strict=True):
            assert grants.find(leg.key) == taken
            assert list(grants.all(account=words)) == [taken]

    def test_one_of_racing_legs_is_kept(self, grants: GrantRepository) -> None:
        """The store itself guards that a referral has one leg a side (B2); nobody is told off."""
        race = Race(lambda number: grants.add(grant(amount=str(number), on=f"A{number}")))
        assert race.lost == []
        kept, *others = grants.all()
        assert others == []
        assert grants.find(kept.key) == kept
        assert [number for number in range(CONTENDERS) if list(grants.all(account=f"A{number}"))] == [
            int(kept.account[1:])
        ]
        assert grants.unsettled(day(0), PLENTY) == (kept,)

    def test_one_of_racing_payers_has_the_leg(self, grants: GrantRepository) -> None:
        """Of several who take a leg as they found it, one has it, and the others are told that they have not (B2)."""
        legs = [grant(f"K{number}") for number in range(5)]
        for leg in legs:
            grants.add(leg)
        race = Race(lambda _: [grants.change([(leg, leg.taken(day(1)))]) for leg in legs])
        assert race.lost == []
        for number, leg in enumerate(legs):
            taken = [each[number] for each in race.won]
            assert sorted(taken) == [*[()] * (CONTENDERS - 1), (leg.taken(day(1)),)]

    def test_racing_payers_share_all_legs(self, grants: GrantRepository) -> None:
        """Payers who take whatever is due, a few at a time, take every leg once between them (B2)."""
        for number in range(40):
            grants.add(grant(f"{number:03}"))

        def take(_: int) -> list[str]:
            mine = list[str]()
            while page := grants.unsettled(day(1), 3):
                mine += [leg.key for leg in grants.change([(leg, leg.taken(day(2))) for leg in page])]
            return mine

        race = Race(take)
        assert race.lost == []
        assert sorted(key for mine in race.won for key in mine) == [leg.key for leg in grants.all()]
        assert {leg.attempts for leg in grants.all()} == {1}


def _many() -> list[Grant]:
    """Return legs on two accounts whose keys are not in order."""
    contracts = ("K2", "K10", "k1", "ä", "K1", "Щ")
    return [grant(of, side=side, on=f"A{place}") for of in contracts for place, side in enumerate(Side, 1)]


def _granted(grants: GrantRepository, leg: Grant) -> Grant:
    """Store a leg that billing has confirmed."""
    granted = leg.after(GrantEvent.BE_FOUND)
    grants.add(granted)
    return granted
