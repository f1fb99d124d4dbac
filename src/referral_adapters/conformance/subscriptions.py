"""What every adapter of the port ``Subscriptions`` must do."""

from __future__ import annotations

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere
from referral_core.entities.subscription import Subscription
from referral_core.ports.subscriptions import Subscriptions

FULL = Subscription("crm", 7, 2, day(1), day(2))


def kept(subscriptions: Subscriptions, state: Subscription) -> Subscription:
    """Store a new subscription in this state."""
    subscriptions.add(state.name, state.position)
    assert subscriptions.settle(Subscription(state.name, state.position), state) is True
    return state


class SubscriptionsConformance:
    """Asks for a fixture ``subscriptions``: the port, with nothing in it."""

    def test_a_new_one_begins_where_it_is_told(self, subscriptions: Subscriptions) -> None:
        """``add`` stores a subscription that has confirmed up to a position, and has nothing to wait for."""
        assert subscriptions.find("crm") is None
        assert subscriptions.add("crm", 7) is True
        assert subscriptions.find("crm") == Subscription("crm", 7)

    def test_a_name_is_there_once(self, subscriptions: Subscriptions) -> None:
        """``add`` returns ``False`` if there is one of this name, which stays as it is."""
        kept(subscriptions, FULL)
        assert subscriptions.add("crm", 0) is False
        assert subscriptions.find("crm") == FULL

    def test_all_are_in_order_of_name(self, subscriptions: Subscriptions) -> None:
        """``all`` returns every subscription, by the code points of the name."""
        assert subscriptions.all() == ()
        names = ["b", "B", "a10", "ä", "a2"]
        for position, name in enumerate(names):
            subscriptions.add(name, position)
        assert subscriptions.all() == tuple(Subscription(name, names.index(name)) for name in sorted(names))

    def test_names_are_taken_to_the_letter(self, subscriptions: Subscriptions) -> None:
        """No name is folded, trimmed or interpreted."""
        for position, words in enumerate(TO_THE_LETTER):
            assert subscriptions.add(words, position)
        found = [subscriptions.find(words) for words in TO_THE_LETTER]
        assert found == [Subscription(words, position) for position, words in enumerate(TO_THE_LETTER)]

    def test_a_free_one_is_taken_until_a_moment(self, subscriptions: Subscriptions) -> None:
        """``take`` returns the subscription as it is now stored, leased; the rest stays as it is."""
        kept(subscriptions, attrs.evolve(FULL, leased_until=None))
        subscriptions.add("other", 1)
        leased = subscriptions.take("crm", at=day(1), until=elsewhere(day(3) + TICK))
        assert leased == attrs.evolve(FULL, leased_until=day(3) + TICK)
        assert subscriptions.all() == (leased, Subscription("other", 1))

    def test_what_is_unknown_cannot_be_taken(self, subscriptions: Subscriptions) -> None:
        """``take`` returns ``None`` where there is none of this name, and adds none."""
        assert subscriptions.take("crm", at=day(0), until=day(1)) is None
        assert subscriptions.all() == ()

    def test_a_lease_holds_up_to_its_end(self, subscriptions: Subscriptions) -> None:
        """``take`` returns ``None`` while somebody else holds the subscription; at the end of the lease it is free."""
        subscriptions.add("crm", 0)
        leased = subscriptions.take("crm", at=day(0), until=day(1))
        assert subscriptions.take("crm", at=day(1) - TICK, until=day(2)) is None
        assert subscriptions.find("crm") == leased
        assert subscriptions.take("crm", at=elsewhere(day(1)), until=day(2)) == Subscription("crm", leased_until=day(2))

    def test_who_has_to_wait_cannot_be_taken_earlier(self, subscriptions: Subscriptions) -> None:
        """``take`` returns ``None`` before the moment to try again."""
        waiting = kept(subscriptions, Subscription("crm", 1, 1, day(1)))
        assert subscriptions.take("crm", at=day(1) - TICK, until=day(2)) is None
        assert subscriptions.find("crm") == waiting
        assert subscriptions.take("crm", at=day(1), until=day(2)) == attrs.evolve(waiting, leased_until=day(2))

    def test_the_next_state_is_stored_whole(self, subscriptions: Subscriptions) -> None:
        """``settle`` stores the next state of what is still as it was, to the microsecond."""
        kept(subscriptions, FULL)
        for state in (attrs.evolve(FULL, next_at=elsewhere(day(5)) + TICK, failures=3), Subscription("crm", 8), FULL):
            before = subscriptions.find("crm")
            assert before
            assert subscriptions.settle(before, state) is True
            assert subscriptions.find("crm") == state

    def test_what_somebody_else_has_changed_is_not_overwritten(self, subscriptions: Subscriptions) -> None:
        """``settle`` returns ``False`` if anything is not as it was, and changes nothing."""
        assert subscriptions.settle(FULL, FULL) is False
        kept(subscriptions, FULL)
        for other in (
            attrs.evolve(FULL, position=6),
            attrs.evolve(FULL, failures=0),
            attrs.evolve(FULL, next_at=day(1) + TICK),
            attrs.evolve(FULL, next_at=None),
            attrs.evolve(FULL, leased_until=day(2) - TICK),
            attrs.evolve(FULL, leased_until=None),
        ):
            assert subscriptions.settle(other, Subscription("crm", 9)) is False
        assert subscriptions.all() == (FULL,)

    def test_a_state_of_another_one_is_refused(self, subscriptions: Subscriptions) -> None:
        """``settle`` raises ``ValueError`` where the next state has another name."""
        for name in ("crm", "other"):
            subscriptions.add(name, 0)
        with pytest.raises(ValueError, match="other"):
            subscriptions.settle(Subscription("crm"), Subscription("other", 1))
        assert subscriptions.all() == (Subscription("crm"), Subscription("other"))

    def test_one_of_racing_senders_takes_it(self, subscriptions: Subscriptions) -> None:
        """Of two at once one gets the lease."""
        subscriptions.add("crm", 0)
        told = Race(lambda number: (subscriptions.take("crm", at=day(0), until=day(1 + number)),)).won
        assert [taken for taken, *_ in told if taken] == [subscriptions.find("crm")]

    def test_one_of_racing_settlements_is_stored(self, subscriptions: Subscriptions) -> None:
        """Of two who saw the same state one stores the next one, and the other is told."""
        subscriptions.add("crm", 0)
        told = Race(
            lambda number: (number + 1, subscriptions.settle(Subscription("crm"), Subscription("crm", number + 1)))
        ).won
        assert [Subscription("crm", position) for position, stored in told if stored] == [subscriptions.find("crm")]
        assert [stored for _, stored in told].count(False) == CONTENDERS - 1
