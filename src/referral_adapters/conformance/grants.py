"""What every adapter of the port ``Grants`` must do."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TO_THE_LETTER, day, elsewhere, grant
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.ports.grants import Grants

PLENTY = 1000
"""More legs than any of these tests stores."""


class GrantsConformance:
    """Asks for a fixture ``grants``: the port, with nothing in it."""

    def test_a_leg_is_found_by_its_key(self, grants: Grants) -> None:
        """``find`` returns the leg, whole; both legs of a referral are there."""
        legs = [grant(effective=elsewhere(day(1))), grant(amount="0.07", side=Side.REFEREE, on="A2")]
        for leg in legs:
            grants.add(leg)
        assert [grants.find(leg.key) for leg in legs] == legs
        assert grants.find("referrer/K2") is None

    def test_a_leg_that_is_there_is_left_as_it_is(self, grants: Grants) -> None:
        """``add`` changes nothing when the referral has a leg on the side already (B2)."""
        stored = attrs.evolve(grant(), status=GrantStatus.GRANTED, attempts=2)
        grants.add(grant())
        grants.replace(stored)
        for again in (grant(), grant(amount="99"), grant(on="A2")):
            grants.add(again)
        assert grants.find(stored.key) == stored
        assert list(grants.all()) == list(grants.all(account="A1")) == [stored]
        assert list(grants.all(account="A2")) == []
        assert grants.unsettled(PLENTY) == ()

    def test_the_last_state_is_the_one_found(self, grants: Grants) -> None:
        """``replace`` stores the next state of a leg."""
        grants.add(grant())
        for number, status in enumerate(GrantStatus):
            following = attrs.evolve(grant(), status=status, attempts=number)
            grants.replace(following)
            assert grants.find(following.key) == following
            assert list(grants.all()) == [following]

    def test_unsettled_is_what_billing_has_not_confirmed(self, grants: Grants) -> None:
        """A leg counts until it is granted, whatever state it is in; it may come back."""
        grants.add(grant())
        grants.add(attrs.evolve(grant("K2"), status=GrantStatus.GRANTED))
        for status in (*GrantStatus, GrantStatus.UNCERTAIN, GrantStatus.GRANTED):
            leg = attrs.evolve(grant(), status=status)
            grants.replace(leg)
            assert grants.unsettled(PLENTY) == (() if status is GrantStatus.GRANTED else (leg,))

    def test_unsettled_legs_come_in_pages(self, grants: Grants) -> None:
        """``unsettled`` returns up to ``limit`` legs with keys above ``after``, by the code points of the key."""
        legs = _many()
        for leg in reversed(legs):
            grants.add(leg)
        expected = sorted(leg.key for leg in legs)
        assert _paged(grants, 2) == _paged(grants, 3) == _paged(grants, PLENTY) == expected
        assert [leg.key for leg in grants.unsettled(2, expected[2])] == expected[3:5]
        assert [leg.key for leg in grants.unsettled(1, expected[2] + "!")] == expected[3:4]
        assert grants.unsettled(0) == grants.unsettled(PLENTY, expected[-1]) == ()

    def test_pages_go_on_while_legs_are_settled_and_added(self, grants: Grants) -> None:
        """What is settled drops out of the pages; what is added above the last key is still met."""
        legs = sorted((grant(f"{number:03}") for number in range(100)), key=lambda leg: leg.key)
        for leg in legs[::2]:
            grants.add(leg)
        met, after = list[Grant](), ""
        while page := grants.unsettled(3, after):
            met += page
            after = page[-1].key
            for leg in page:
                grants.replace(attrs.evolve(leg, status=GrantStatus.GRANTED))
            for leg in legs[len(met) : len(met) + 6]:
                grants.add(leg)
        assert [leg.key for leg in met] == sorted({leg.key for leg in met})
        assert {leg.key for leg in legs[::2]} <= {leg.key for leg in met}
        left = [leg.key for leg in grants.all() if leg.status is not GrantStatus.GRANTED]
        assert [leg.key for leg in grants.unsettled(PLENTY)] == left

    def test_all_are_in_order_of_key(self, grants: Grants) -> None:
        """``all`` yields every leg, or those of one account, settled or not, by the code points of the key."""
        legs = _many()
        for leg in legs:
            grants.add(leg)
        grants.replace(attrs.evolve(legs[0], status=GrantStatus.GRANTED))
        assert [leg.key for leg in grants.all()] == sorted(leg.key for leg in legs)
        mine = [leg.key for leg in grants.all(account="A2")]
        assert mine == sorted(leg.key for leg in legs if leg.account == "A2")
        assert list(grants.all(account="A3")) == []

    def test_ids_are_taken_to_the_letter(self, grants: Grants) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            grants.add(grant(words, on=words))
        for words in TO_THE_LETTER:
            assert grants.find(grant(words).key) == grant(words, on=words)
            assert list(grants.all(account=words)) == [grant(words, on=words)]

    def test_one_of_racing_legs_is_kept(self, grants: Grants) -> None:
        """The store itself guards that a referral has one leg a side (B2); nobody is told off."""
        race = Race(lambda number: grants.add(grant(amount=str(number), on=f"A{number}")))
        assert race.lost == []
        kept, *others = grants.all()
        assert others == []
        assert grants.find(kept.key) == kept
        assert [number for number in range(CONTENDERS) if list(grants.all(account=f"A{number}"))] == [
            int(kept.account[1:])
        ]
        assert grants.unsettled(PLENTY) == (kept,)


def _many() -> list[Grant]:
    """Return legs on two accounts whose keys are not in order."""
    contracts = ("K2", "K10", "k1", "ä", "K1", "Щ")
    return [grant(of, side=side, on=f"A{place}") for of in contracts for place, side in enumerate(Side, 1)]


def _paged(grants: Grants, limit: int) -> list[str]:
    keys, after = list[str](), ""
    while page := grants.unsettled(limit, after):
        assert len(page) <= limit
        keys += [leg.key for leg in page]
        after = keys[-1]
    return keys
