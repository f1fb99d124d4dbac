"""The tests of every repository of grants."""

from __future__ import annotations

from itertools import pairwise

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere, grant
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.ports.grants import GrantRepository

ALL = 1000
"""More grants than any of these tests stores."""


class GrantRepositoryConformance:
    """Asks for a fixture ``grants``: an empty repository."""

    def test_a_grant_is_found_by_its_key(self, grants: GrantRepository) -> None:
        """``find`` returns the whole grant; a referral has one on either side."""
        several = [grant(effective=elsewhere(day(1))), grant(amount="0.07", side=Side.REFEREE, on="A2")]
        for each in several:
            grants.add(each)
        assert [grants.find(each.key) for each in several] == several
        assert grants.find("referrer/K2") is None

    def test_a_grant_that_is_there_is_left_as_it_is(self, grants: GrantRepository) -> None:
        """``add`` changes nothing when the referral has a grant on that side already (B2)."""
        stored = _granted(grants, grant().taken(day(1)))
        for again in (grant(), grant(amount="99"), grant(on="A2")):
            grants.add(again)
        assert grants.find(stored.key) == stored
        assert list(grants.all()) == list(grants.all(account="A1")) == [stored]
        assert list(grants.all(account="A2")) == []
        assert grants.unsettled(day(99), ALL) == ()

    def test_the_last_state_is_the_one_found(self, grants: GrantRepository) -> None:
        """``change`` stores the whole next state of a grant and returns it."""
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

    def test_a_grant_is_changed_by_who_saw_it_as_it_is(self, grants: GrantRepository) -> None:
        """``change`` leaves out a grant that has another state by now or is unknown, and does the other steps."""
        several = [grant("K1"), grant("K2"), grant("K3"), grant("K4")]
        for each in several:
            grants.add(each)
        present = [
            several[0].taken(day(1)),
            attrs.evolve(several[1], attempts=1),
            attrs.evolve(several[2], wait_until=several[2].effective_from + TICK),
        ]
        grants.change([*zip(several, present, strict=False)])
        steps = [(each, each.taken(day(2))) for each in (*several, grant("K5"))]
        assert grants.change(steps) == (several[3].taken(day(2)),)
        assert [*grants.all()] == [*present, several[3].taken(day(2))]
        assert grants.change([(attrs.evolve(present[0], account="A2"), present[0].retried(day(9)))]) == ()
        stuck = attrs.evolve(present[1], wait_until=None)
        assert grants.change([(present[1], stuck)]) == (stuck,)
        assert grants.change([(present[1], present[1].taken(day(2)))]) == ()
        assert grants.change([(stuck, stuck.retried(day(3)))]) == (stuck.retried(day(3)),)
        assert grants.change([]) == ()

    def test_many_grants_are_changed_at_once(self, grants: GrantRepository) -> None:
        """``change`` takes any number of steps and returns their grants in the same order."""
        several = [grant(f"{number:03}", on=f"A{number}") for number in range(300)]
        for each in several:
            grants.add(each)
        steps = [(each, each.taken(day(1 + number % 7))) for number, each in enumerate(several)][::-1]
        assert grants.change(steps) == tuple(after for _, after in steps)
        assert [*grants.all()] == [after for _, after in steps][::-1]

    def test_unsettled_is_what_billing_has_not_confirmed(self, grants: GrantRepository) -> None:
        """A grant is unsettled in every state until billing has confirmed it."""
        grants.add(grant())
        _granted(grants, grant("K2"))
        present = grant()
        settled = {GrantStatus.HELD, GrantStatus.VOID, GrantStatus.GRANTED}
        for status in (*sorted(set(GrantStatus) - settled), *sorted(settled)):
            wait_until = None if status in settled else present.wait_until or present.effective_from
            following = attrs.evolve(present, status=status, wait_until=wait_until)
            grants.change([(present, following)])
            present = following
            open_ones = () if status in settled else (present,)
            assert grants.unsettled(day(99), ALL) == tuple(grants.all(unsettled=True)) == open_ones

    def test_unsettled_is_what_need_not_wait(self, grants: GrantRepository) -> None:
        """``unsettled`` returns a grant from the end of its wait on; a stuck grant never appears."""
        waiting, stuck = grant("K1", effective=elsewhere(day(1))), attrs.evolve(grant("K2"), wait_until=None)
        grants.add(waiting)
        grants.add(stuck)
        assert grants.unsettled(day(1) - TICK, ALL) == ()
        assert grants.unsettled(day(1), ALL) == grants.unsettled(elsewhere(day(1)), ALL) == (waiting,)
        later = waiting.taken(day(5))
        grants.change([(waiting, later)])
        assert grants.unsettled(day(5) - TICK, ALL) == ()
        assert grants.unsettled(day(5), ALL) == (later,)
        assert [*grants.all(unsettled=True)] == [later, stuck]

    def test_who_has_waited_longest_comes_first(self, grants: GrantRepository) -> None:
        """``unsettled`` is in order of moment and then key, and has at most ``limit`` grants."""
        several = [attrs.evolve(each, wait_until=day(number * 5 % 4)) for number, each in enumerate(_many())]
        for each in several:
            grants.add(each)
        expected = sorted(several, key=lambda each: (each.wait_until, each.key))
        for limit in (0, 1, 5, ALL):
            assert [*grants.unsettled(day(9), limit)] == expected[:limit]
        before = [each for each in expected if each.wait_until in {day(0), day(1)}]
        assert [*grants.unsettled(day(2) - TICK, ALL)] == before

    def test_what_is_taken_drops_out_until_its_lease_has_run_out(self, grants: GrantRepository) -> None:
        """Pages meet each grant once, also while grants are added, by the state of the grants alone."""
        several = [grant(f"{number:03}") for number in range(100)]
        for each in several[::2]:
            grants.add(each)
        met = list[Grant]()
        while page := grants.unsettled(day(1), 3):
            met += grants.change([(each, each.taken(day(2))) for each in page])
            for each in several[len(met) : len(met) + 6]:
                grants.add(each)
        assert sorted(each.key for each in met) == [each.key for each in grants.all()]
        assert {each.key for each in several[::2]} <= {each.key for each in met}
        assert (
            [*grants.unsettled(day(2), ALL)] == [*grants.all(unsettled=True)] == sorted(met, key=lambda each: each.key)
        )

    def test_all_are_in_order_of_key(self, grants: GrantRepository) -> None:
        """``all`` yields the grants, of one account or unsettled ones if asked, by the code points of the key."""
        several = _many()
        for each in several:
            grants.add(each)
        grants.change([(several[0], several[0].after(GrantEvent.BE_FOUND))])
        assert [each.key for each in grants.all()] == sorted(each.key for each in several)
        mine = [each.key for each in grants.all(account="A2")]
        assert mine == sorted(each.key for each in several if each.account == "A2")
        assert list(grants.all(account="A3")) == []
        assert [*grants.all(unsettled=True)] == sorted(several[1:], key=lambda each: each.key)
        assert [*grants.all(account="A1", unsettled=True)] == [
            each for each in sorted(several[1:], key=lambda each: each.key) if each.account == "A1"
        ]

    def test_ids_are_taken_to_the_letter(self, grants: GrantRepository) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            grants.add(grant(words, on=words))
        steps = [(each, each.taken(day(1))) for each in (grant(words, on=words) for words in TO_THE_LETTER)]
        assert grants.change(steps) == tuple(after for _, after in steps)
        for words, (each, taken) in zip(TO_THE_LETTER, steps, strict=True):
            assert grants.find(each.key) == taken
            assert list(grants.all(account=words)) == [taken]

    def test_one_of_racing_grants_is_kept(self, grants: GrantRepository) -> None:
        """Of racing grants for one side of a referral the store keeps one, and refuses nobody (B2)."""
        race = Race(lambda number: grants.add(grant(amount=str(number), on=f"A{number}")))
        assert race.lost == []
        kept, *others = grants.all()
        assert others == []
        assert grants.find(kept.key) == kept
        assert [number for number in range(CONTENDERS) if list(grants.all(account=f"A{number}"))] == [
            int(kept.account[1:])
        ]
        assert grants.unsettled(day(0), ALL) == (kept,)

    def test_one_of_racing_payers_has_the_grant(self, grants: GrantRepository) -> None:
        """Of racing payers who lease one grant one gets it, and the others get nothing (B2)."""
        several = [grant(f"K{number}") for number in range(5)]
        for each in several:
            grants.add(each)
        race = Race(lambda _: [grants.change([(each, each.taken(day(1)))]) for each in several])
        assert race.lost == []
        for number, each in enumerate(several):
            taken = [won[number] for won in race.won]
            assert sorted(taken) == [*[()] * (CONTENDERS - 1), (each.taken(day(1)),)]

    def test_racing_payers_share_all_grants(self, grants: GrantRepository) -> None:
        """Racing payers who lease due grants page by page lease every grant once between them (B2)."""
        for number in range(40):
            grants.add(grant(f"{number:03}"))

        def take(_: int) -> list[str]:
            mine = list[str]()
            while page := grants.unsettled(day(1), 3):
                mine += [each.key for each in grants.change([(each, each.taken(day(2))) for each in page])]
            return mine

        race = Race(take)
        assert race.lost == []
        assert sorted(key for mine in race.won for key in mine) == [each.key for each in grants.all()]
        assert {each.attempts for each in grants.all()} == {1}


def _many() -> list[Grant]:
    """Return grants on two accounts, with keys out of order."""
    contracts = ("K2", "K10", "k1", "ä", "K1", "Щ")
    return [grant(of, side=side, on=f"A{place}") for of in contracts for place, side in enumerate(Side, 1)]


def _granted(grants: GrantRepository, due: Grant) -> Grant:
    """Store a grant in the state that billing has confirmed it."""
    granted = due.after(GrantEvent.BE_FOUND)
    grants.add(granted)
    return granted
