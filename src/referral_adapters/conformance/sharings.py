"""What every adapter of the port ``Sharings`` must do."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race, over_and_over
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere, sharing
from referral_core.ports.sharings import Sharings


class SharingsConformance:
    """Asks for a fixture ``sharings``: the port, with nothing in it."""

    def test_every_sharing_counts(self, sharings: Sharings) -> None:
        """``count_of`` tells how often codes of the account were shared, by whatever means (T2)."""
        counts = []
        for means in ("link", "e-mail", "link", "Какое-то приложение 🔌"):
            counts.append(sharings.count_of("A1"))
            sharings.add(sharing(means=means))
        assert [*counts, sharings.count_of("A1")] == list(range(len(counts) + 1))

    def test_accounts_are_counted_apart(self, sharings: Sharings) -> None:
        """An account whose codes were never shared counts none; ids are taken to the letter."""
        for place, account in enumerate(TO_THE_LETTER):
            for _ in range(place % 3):
                sharings.add(sharing(account))
        assert [sharings.count_of(account) for account in TO_THE_LETTER] == [n % 3 for n in range(len(TO_THE_LETTER))]
        assert sharings.count_of("never") == 0

    def test_sharings_are_counted_up_to_a_moment(self, sharings: Sharings) -> None:
        """With ``by`` only those at or before it count, however it is written (R3)."""
        for number in (2, 0, 1):
            sharings.add(attrs.evolve(sharing(), at=elsewhere(day(number))))
        moments = (day(0) - TICK, elsewhere(day(0)), day(2) - TICK, day(2), day(9))
        assert [sharings.count_of("A1", by=moment) for moment in moments] == [0, 1, 2, 3, 3]
        assert sharings.count_of("A2", by=day(9)) == 0

    def test_no_sharing_of_racing_writers_is_lost(self, sharings: Sharings) -> None:
        """Each of many at once counts."""
        Race(lambda _: over_and_over(lambda: sharings.add(sharing())))
        assert sharings.count_of("A1") == CONTENDERS * CONTENDERS
