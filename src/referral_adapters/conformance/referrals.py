"""The tests of every repository of referrals."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere, offer, referral
from referral_adapters.conformance.store import Store, failing, refused
from referral_core.entities.referral import FeeNote, Offer, ReferralStatus
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.money import Money


class ReferralRepositoryConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`, whose ``referrals`` are tested."""

    def test_a_referral_is_found_whole(self, store: Store) -> None:
        """``find`` returns the whole referral of a contract, with the locked offers."""
        closed = Offer("campaign", Money("12.34"), EffectivePeriod.between(day(-5), elsewhere(day(5))))
        whole = attrs.evolve(referral(), referee_offer=closed, honoured_moment=elsewhere(day(-1)), case="S1")
        store.referrals.add(whole, at=day(0))
        assert store.referrals.find("K1") == attrs.evolve(whole, honoured_moment=day(-1))
        assert store.referrals.find("K2") is None

    def test_the_last_state_is_the_one_found(self, store: Store) -> None:
        """``replace`` stores the next state of the referral of a contract."""
        state = referral()
        store.referrals.add(state, at=day(0))
        regrouped = state.with_referee_offer(offer("5", "referee-manual"))
        granted = regrouped.granted(day(2))
        noted = granted.with_fee_note(FeeNote(Money("3.50"), "left 'early'", day(3), "Mari"))
        noted_again = noted.with_fee_note(FeeNote(Money("1"), None, elsewhere(day(4)), "Jüri"))
        for number, following in enumerate((regrouped, granted, noted, noted_again)):
            store.referrals.replace(following, at=day(number))
            assert store.referrals.find("K1") == following
            assert store.referrals.live_of("C2") == (following,)
            assert list(store.referrals.all()) == list(store.referrals.all(referrer="A1")) == [following]

    def test_a_contract_carries_one_referral(self, store: Store) -> None:
        """``add`` refuses a second referral of a contract by ``already-referred``, even after a cancelled one (S4)."""
        cancelled = referral().cancelled(day(1))
        store.referrals.add(referral(), at=day(0))
        for kept in (referral(), cancelled):
            store.referrals.replace(kept, at=day(1))
            with refused(Reason.ALREADY_REFERRED):
                store.referrals.add(referral(of="C3"), at=day(2))
            assert list(store.referrals.all()) == [kept]
            assert store.referrals.live_of("C3") == ()

    def test_every_live_referral_of_a_customer_is_found(self, store: Store) -> None:
        """``live_of`` returns those of a customer's referrals that are open or were paid, by contract (S4, S12)."""
        for contract in ("K2", "K10", "K3"):
            store.referrals.add(referral(contract), at=day(0))
        paid = referral("K3").granted(day(1))
        store.referrals.replace(paid, at=day(1))
        assert store.referrals.live_of("C2") == (referral("K10"), referral("K2"), paid)
        store.referrals.replace(referral("K2").cancelled(day(2)), at=day(2))
        assert store.referrals.live_of("C2") == (referral("K10"), paid)
        assert store.referrals.live_of("C1") == ()

    def test_a_cancelled_referral_is_not_live(self, store: Store) -> None:
        """A cancelled referral is not among the live ones of its customer; ``find`` still returns it (S4)."""
        cancelled = referral().cancelled(day(1))
        store.referrals.add(referral(), at=day(0))
        store.referrals.replace(cancelled, at=day(1))
        assert store.referrals.live_of("C2") == ()
        assert store.referrals.find("K1") == cancelled
        store.referrals.add(referral("K2"), at=day(2))
        assert store.referrals.live_of("C2") == (referral("K2"),)
        assert list(store.referrals.all()) == [cancelled, referral("K2")]

    def test_who_refers_may_be_referred(self, store: Store) -> None:
        """The live referrals of a customer are those as referee (S4), not those as referrer (B3)."""
        for number in range(3):
            store.referrals.add(referral(f"K{number}", of=f"C{number}"), at=day(0))
        assert store.referrals.live_of("C1") == (referral("K1", of="C1"),)

    def test_all_are_in_order_of_conclusion_and_contract(self, store: Store) -> None:
        """``all`` is in order of concluding moment and then contract, whatever the offset or the order of storing."""
        expected = [
            referral("K5", of="C5", concluded=elsewhere(day(0))),
            referral("K6", of="C6", concluded=day(0) + TICK),
            referral("K10", of="C10", concluded=elsewhere(day(1))),
            referral("K2", of="C2", concluded=day(1)),
            referral("ä", of="C7", concluded=day(1)),
            referral("K1", of="C1", concluded=elsewhere(day(2))),
        ]
        for number in (3, 0, 5, 2, 4, 1):
            store.referrals.add(expected[number], at=day(9 - number))
        assert list(store.referrals.all()) == expected

    def test_the_newest_may_come_first(self, store: Store) -> None:
        """``all`` with ``newest_by`` yields the referrals concluded by that moment, the newest first."""
        every = [
            referral(f"K{number:03}", by=f"A{number % 2}", of=f"C{number}", concluded=elsewhere(day(number // 8)))
            for number in range(240)
        ]
        for each in every:
            store.referrals.add(each, at=day(99))
        until = day(28)
        backwards = [each for each in every if each.concluded_at <= until][::-1]
        assert list(store.referrals.all(newest_by=elsewhere(until))) == backwards
        mine = [each for each in backwards if each.referrer == "A1"]
        assert list(store.referrals.all(referrer="A1", newest_by=until)) == mine
        assert list(store.referrals.all(referrer="A1", newest_by=until - TICK)) == mine[4:]
        assert list(store.referrals.all(referrer="A2", newest_by=until)) == []

    def test_those_of_one_referrer_are_its_own(self, store: Store) -> None:
        """``all`` with a referrer yields the referrals of that account, live or not, in the same order."""
        for number, account in enumerate(("A1", "A9", "A1", "A1")):
            store.referrals.add(referral(f"K{9 - number}", by=account, of=f"C{number}"), at=day(0))
        cancelled = referral("K7", of="C2").cancelled(day(1))
        store.referrals.replace(cancelled, at=day(1))
        mine = list(store.referrals.all(referrer="A1"))
        assert mine == [referral("K6", of="C3"), cancelled, referral("K9", of="C0")]
        assert list(store.referrals.all(referrer="A2")) == []

    def test_ids_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            store.referrals.add(referral(words, by=words, of=words), at=day(0))
        for words in TO_THE_LETTER:
            kept = referral(words, by=words, of=words)
            assert store.referrals.find(words) == kept
            assert store.referrals.live_of(words) == (kept,)
            assert list(store.referrals.all(referrer=words)) == [kept]

    def test_one_of_racing_referrals_gets_the_contract(self, store: Store) -> None:
        """Of racing referrals one is stored, and the others are refused by ``already-referred`` (S4)."""

        def add(number: int) -> str:
            store.referrals.add(referral(of=f"C{number}"), at=day(0))
            return f"C{number}"

        race = Race(add)
        assert race.lost == [Reason.ALREADY_REFERRED] * (CONTENDERS - 1)
        assert [each.referee_customer for each in store.referrals.all()] == race.won
        assert [number for number in range(CONTENDERS) if store.referrals.live_of(f"C{number}")] == [
            int(race.won[0][1:])
        ]

    def test_one_of_racing_referrals_gets_the_customer(self, store: Store) -> None:
        """Who reads ``live_of`` in a transaction is alone with the customer, so that only one finds nobody (S4)."""

        def add(number: int) -> str:
            with store.transaction():
                if store.referrals.live_of("C2"):
                    raise Refusal(Reason.ALREADY_REFERRED, message="somebody was quicker")
                store.referrals.add(referral(f"K{number}"), at=day(0))
            return f"K{number}"

        race = Race(add)
        assert race.lost == [Reason.ALREADY_REFERRED] * (CONTENDERS - 1)
        assert [each.contract for each in store.referrals.all()] == race.won
        (live,) = store.referrals.live_of("C2")
        assert (live.contract, live.status) == (race.won[0], ReferralStatus.RECORDED)

    def test_every_state_of_a_referral_is_kept(self, store: Store) -> None:
        """``history`` returns every state of a referral with the offers that were locked then."""
        recorded = attrs.evolve(referral(), honoured_moment=elsewhere(day(-1)), case="S1")
        moved = recorded.with_referee_offer(offer("5.50", "referee-manual"))
        granted = moved.granted(day(2))
        store.referrals.add(recorded, at=day(0))
        store.referrals.replace(moved, at=day(1))
        store.referrals.replace(granted, at=day(2))
        states = [(each.state, each.recorded_at, each.revision) for each in store.referrals.history("K1")]
        assert states == [(recorded, day(0), 1), (moved, day(1), 2), (granted, day(2), 3)]

    def test_fee_notes_are_left_out(self, store: Store) -> None:
        """``history`` leaves out fee notes, which have moments of their own; the state is recorded without the note."""
        noted = referral().with_fee_note(FeeNote(Money("3"), "left", day(1), "Mari"))
        store.referrals.add(referral(), at=day(0))
        store.referrals.replace(noted, at=day(1))
        assert [each.state for each in store.referrals.history("K1")] == [referral(), referral()]
        assert store.referrals.find("K1") == noted

    def test_what_arrives_late_is_recorded_at_the_last_moment(self, store: Store) -> None:
        """``recorded_at`` never goes back on a referral: an act that arrives late is recorded at the last moment."""
        store.referrals.add(referral(), at=day(5))
        store.referrals.replace(referral().cancelled(day(3)), at=day(3))
        assert [each.recorded_at for each in store.referrals.history("K1")] == [day(5), day(5)]

    def test_what_never_was_has_no_history(self, store: Store) -> None:
        """Neither a refused state nor an undone one is recorded."""
        store.referrals.add(referral(), at=day(0))
        with refused(Reason.ALREADY_REFERRED):
            store.referrals.add(referral(of="C3"), at=day(1))
        with failing(store):
            store.referrals.replace(referral().granted(day(1)), at=day(1))
            store.referrals.add(referral("K2"), at=day(1))
        assert [len(store.referrals.history(contract)) for contract in ("K1", "K2")] == [1, 0]

    def test_contracts_in_history_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            store.referrals.add(referral(words, by=words, of=words), at=day(0))
        for words in TO_THE_LETTER:
            assert [each.state for each in store.referrals.history(words)] == [referral(words, by=words, of=words)]
