"""What every adapter of the port ``Referrals`` must do."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere, offer, referral
from referral_core.entities.referral import FeeNote, Offer, ReferralStatus
from referral_core.ports.referrals import Referrals
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money
from referral_core.values.reason import Reason


class ReferralsConformance:
    """Asks for a fixture ``referrals``: the port, with nothing in it."""

    def test_a_referral_is_found_whole(self, referrals: Referrals) -> None:
        """``find`` returns the referral of this contract, with all that was locked."""
        closed = Offer("campaign", Money("12.34"), EffectivePeriod.between(day(-5), elsewhere(day(5))))
        whole = attrs.evolve(referral(), referee_offer=closed, honoured_moment=elsewhere(day(-1)), case="S1")
        referrals.add(whole, at=day(0))
        assert referrals.find("K1") == attrs.evolve(whole, honoured_moment=day(-1))
        assert referrals.find("K2") is None

    def test_the_last_state_is_the_one_found(self, referrals: Referrals) -> None:
        """``replace`` stores the next state of a referral that is known by its contract."""
        state = referral()
        referrals.add(state, at=day(0))
        regrouped = state.with_referee_offer(offer("5", "referee-manual"))
        granted = regrouped.granted(day(2))
        noted = granted.with_fee_note(FeeNote(Money("3.50"), "left 'early'", day(3), "Mari"))
        noted_again = noted.with_fee_note(FeeNote(Money("1"), None, elsewhere(day(4)), "Jüri"))
        for number, following in enumerate((regrouped, granted, noted, noted_again)):
            referrals.replace(following, at=day(number))
            assert referrals.find("K1") == referrals.live_of("C2") == following
            assert list(referrals.all()) == list(referrals.all(referrer="A1")) == [following]

    def test_a_contract_carries_one_referral(self, referrals: Referrals) -> None:
        """``add`` refuses ``already-referred`` when the contract carries one, even a cancelled one (S4)."""
        cancelled = referral().cancelled(day(1))
        referrals.add(referral(), at=day(0))
        for kept in (referral(), cancelled):
            referrals.replace(kept, at=day(1))
            with refused(Reason.ALREADY_REFERRED):
                referrals.add(referral(of="C3"), at=day(2))
            assert list(referrals.all()) == [kept]
            assert referrals.live_of("C3") is None

    def test_a_customer_has_one_live_referral(self, referrals: Referrals) -> None:
        """``add`` refuses ``already-referred`` while one is open, and for ever once it was paid (S4)."""
        referrals.add(referral(), at=day(0))
        for kept in (referral(), referral().granted(day(1))):
            referrals.replace(kept, at=day(1))
            with refused(Reason.ALREADY_REFERRED):
                referrals.add(referral("K2"), at=day(2))
            assert referrals.find("K2") is None
            assert referrals.live_of("C2") == kept

    def test_a_customer_whose_referral_was_cancelled_may_be_referred(self, referrals: Referrals) -> None:
        """``live_of`` returns the referral that is open or was paid; a cancelled one stays to be found (S4)."""
        cancelled = referral().cancelled(day(1))
        referrals.add(referral(), at=day(0))
        referrals.replace(cancelled, at=day(1))
        assert referrals.live_of("C2") is None
        assert referrals.find("K1") == cancelled
        referrals.add(referral("K2"), at=day(2))
        assert referrals.live_of("C2") == referral("K2")
        assert list(referrals.all()) == [cancelled, referral("K2")]

    def test_the_next_state_may_not_be_a_second_live_one(self, referrals: Referrals) -> None:
        """The store guards S4 whatever it is asked to store."""
        cancelled = referral().cancelled(day(1))
        referrals.add(referral(), at=day(0))
        referrals.replace(cancelled, at=day(1))
        referrals.add(referral("K2"), at=day(2))
        with refused(Reason.ALREADY_REFERRED):
            referrals.replace(referral(), at=day(3))
        assert referrals.find("K1") == cancelled
        assert referrals.live_of("C2") == referral("K2")

    def test_who_refers_may_be_referred(self, referrals: Referrals) -> None:
        """S4 speaks of the customer as referee; as referrer there is no limit (B3)."""
        for number in range(3):
            referrals.add(referral(f"K{number}", of=f"C{number}"), at=day(0))
        assert referrals.live_of("C1") == referral("K1", of="C1")

    def test_all_are_in_order_of_conclusion_and_contract(self, referrals: Referrals) -> None:
        """``all`` goes by the concluding moment, not by how it is written or when it was stored."""
        expected = [
            referral("K5", of="C5", concluded=elsewhere(day(0))),
            referral("K6", of="C6", concluded=day(0) + TICK),
            referral("K10", of="C10", concluded=elsewhere(day(1))),
            referral("K2", of="C2", concluded=day(1)),
            referral("ä", of="C7", concluded=day(1)),
            referral("K1", of="C1", concluded=elsewhere(day(2))),
        ]
        for number in (3, 0, 5, 2, 4, 1):
            referrals.add(expected[number], at=day(9 - number))
        assert list(referrals.all()) == expected

    def test_the_newest_may_come_first(self, referrals: Referrals) -> None:
        """``all`` with ``newest_by`` yields those concluded by that moment, the other way round, however many."""
        every = [
            referral(f"K{number:03}", by=f"A{number % 2}", of=f"C{number}", concluded=elsewhere(day(number // 8)))
            for number in range(240)
        ]
        for each in every:
            referrals.add(each, at=day(99))
        until = day(28)
        backwards = [each for each in every if each.concluded_at <= until][::-1]
        assert list(referrals.all(newest_by=elsewhere(until))) == backwards
        mine = [each for each in backwards if each.referrer == "A1"]
        assert list(referrals.all(referrer="A1", newest_by=until)) == mine
        assert list(referrals.all(referrer="A1", newest_by=until - TICK)) == mine[4:]
        assert list(referrals.all(referrer="A2", newest_by=until)) == []

    def test_those_of_one_referrer_are_its_own(self, referrals: Referrals) -> None:
        """``all`` with a referring account yields its referrals, live or not, in the same order."""
        for number, account in enumerate(("A1", "A9", "A1", "A1")):
            referrals.add(referral(f"K{9 - number}", by=account, of=f"C{number}"), at=day(0))
        cancelled = referral("K7", of="C2").cancelled(day(1))
        referrals.replace(cancelled, at=day(1))
        mine = list(referrals.all(referrer="A1"))
        assert mine == [referral("K6", of="C3"), cancelled, referral("K9", of="C0")]
        assert list(referrals.all(referrer="A2")) == []

    def test_ids_are_taken_to_the_letter(self, referrals: Referrals) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            referrals.add(referral(words, by=words, of=words), at=day(0))
        for words in TO_THE_LETTER:
            kept = referral(words, by=words, of=words)
            assert referrals.find(words) == referrals.live_of(words) == kept
            assert list(referrals.all(referrer=words)) == [kept]

    def test_one_of_racing_referrals_gets_the_contract(self, referrals: Referrals) -> None:
        """Two attempts at once: one wins, the other is told so (S4)."""

        def add(number: int) -> str:
            referrals.add(referral(of=f"C{number}"), at=day(0))
            return f"C{number}"

        race = Race(add)
        assert race.lost == [Reason.ALREADY_REFERRED] * (CONTENDERS - 1)
        assert [each.referee_customer for each in referrals.all()] == race.won
        assert [number for number in range(CONTENDERS) if referrals.live_of(f"C{number}")] == [int(race.won[0][1:])]

    def test_one_of_racing_referrals_gets_the_customer(self, referrals: Referrals) -> None:
        """Two attempts at once: one wins, the other is told so (S4)."""

        def add(number: int) -> str:
            referrals.add(referral(f"K{number}"), at=day(0))
            return f"K{number}"

        race = Race(add)
        assert race.lost == [Reason.ALREADY_REFERRED] * (CONTENDERS - 1)
        assert [each.contract for each in referrals.all()] == race.won
        live = referrals.live_of("C2")
        assert live
        assert (live.contract, live.status) == (race.won[0], ReferralStatus.RECORDED)
