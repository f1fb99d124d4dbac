"""What every adapter of the port ``History`` must do, together with the ports that write it."""

from __future__ import annotations

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import TO_THE_LETTER, code, day, elsewhere, group, offer, referral
from referral_adapters.conformance.store import Store, failing
from referral_core.entities.discount_group import GroupEvent
from referral_core.entities.promo_code import Ending
from referral_core.entities.referral import FeeNote
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money
from referral_core.values.reason import Reason
from referral_core.values.recorded import Recorded


class HistoryConformance:
    """Asks for a fixture ``store``: a :class:`Store` with nothing in it."""

    def test_every_state_of_a_code_is_kept(self, store: Store) -> None:
        """``codes`` has each state as it was stored, the moment it was recorded at, and its number from 1."""
        issued = code(issued=elsewhere(day(0)))
        started = issued.started(day(1))
        ended = started.ended(day(9), Ending.BY_HAND, "Küsis «ise»")
        store.promo_codes.add(issued, at=elsewhere(day(0)))
        store.promo_codes.replace(started, at=day(1))
        store.promo_codes.replace(ended, at=day(2))
        states = Recorded(code(), day(0), 1), Recorded(started, day(1), 2), Recorded(ended, day(2), 3)
        assert store.history.codes("A1") == (states,)

    def test_codes_of_an_account_come_in_the_order_they_were_added(self, store: Store) -> None:
        """The states of each code are together and counted apart, whichever was changed last."""
        late, early = code("ZZZZ", ended=day(1)), code("AAAA", issued=day(1))
        store.promo_codes.add(late, at=day(0))
        store.promo_codes.add(early, at=day(1))
        store.promo_codes.replace(attrs.evolve(late, ending_reason="after all"), at=day(2))
        told = [[(each.state.text, each.revision) for each in states] for states in store.history.codes("A1")]
        assert told == [[("ZZZZ", 1), ("ZZZZ", 2)], [("AAAA", 1)]]

    def test_every_state_of_a_group_is_kept(self, store: Store) -> None:
        """``group`` has each state whole, with its amounts and its switches."""
        named = group()
        closed = named.with_correction(Money("9.99"), EffectivePeriod.between(day(-9), elsewhere(day(4))))
        opened = closed.with_correction(Money("12"), EffectivePeriod.starting(day(5)))
        switched = opened.switched(GroupEvent.DISABLE, day(3)).renamed("Sõbrad")
        for number, state in enumerate((named, closed, opened, switched)):
            store.groups.put(state, at=day(number))
        assert store.history.group("referrer") == tuple(
            Recorded(state, day(number), number + 1) for number, state in enumerate((named, closed, opened, switched))
        )

    def test_every_state_of_a_referral_is_kept(self, store: Store) -> None:
        """``referral`` has each state with what was locked then."""
        recorded = attrs.evolve(referral(), honoured_moment=elsewhere(day(-1)), case="S1")
        moved = recorded.with_referee_offer(offer("5.50", "referee-manual"))
        granted = moved.granted(day(2))
        store.referrals.add(recorded, at=day(0))
        store.referrals.replace(moved, at=day(1))
        store.referrals.replace(granted, at=day(2))
        states = [(each.state, each.recorded_at, each.revision) for each in store.history.referral("K1")]
        assert states == [(recorded, day(0), 1), (moved, day(1), 2), (granted, day(2), 3)]

    def test_fee_notes_are_left_out(self, store: Store) -> None:
        """They have moments of their own; that one was made is a state without it."""
        noted = referral().with_fee_note(FeeNote(Money("3"), "left", day(1), "Mari"))
        store.referrals.add(referral(), at=day(0))
        store.referrals.replace(noted, at=day(1))
        assert [each.state for each in store.history.referral("K1")] == [referral(), referral()]
        assert store.referrals.find("K1") == noted

    def test_what_arrives_late_is_recorded_at_the_last_moment(self, store: Store) -> None:
        """``recorded_at`` never goes back on a group or a referral: an act of an earlier moment was learned later."""
        for number in (5, 3, 5, 7):
            store.groups.put(group(called=f"name {number}"), at=day(number))
        store.referrals.add(referral(), at=day(5))
        store.referrals.replace(referral().cancelled(day(3)), at=day(3))
        assert [each.recorded_at for each in store.history.group("referrer")] == [day(5), day(5), day(5), day(7)]
        assert [each.recorded_at for each in store.history.referral("K1")] == [day(5), day(5)]

    def test_what_arrives_late_on_an_account_is_recorded_after_its_other_codes(self, store: Store) -> None:
        """All codes of an account are one subject; another account's are another."""
        store.promo_codes.add(code("AAAA", ended=day(1)), at=day(5))
        store.promo_codes.add(code("BBBB", issued=day(1)), at=day(1))
        store.promo_codes.add(code("CCCC", on="A2", of="C2"), at=day(1))
        store.promo_codes.replace(code("AAAA", ended=day(0)), at=day(0))
        told = {
            states[0].state.text: [each.recorded_at for each in states]
            for account in ("A1", "A2")
            for states in store.history.codes(account)
        }
        assert told == {"AAAA": [day(5), day(5)], "BBBB": [day(5)], "CCCC": [day(1)]}

    def test_what_never_was_has_no_history(self, store: Store) -> None:
        """Nothing that was refused or undone is recorded."""
        store.promo_codes.add(code(), at=day(0))
        store.groups.put(group(), at=day(0))
        store.referrals.add(referral(), at=day(0))
        with refused(Reason.CODE_TAKEN):
            store.promo_codes.add(code(on="A2"), at=day(1))
        with refused(Reason.GROUP_EXISTS):
            store.groups.put(group("other", called="referrer"), at=day(1))
        with refused(Reason.ALREADY_REFERRED):
            store.referrals.add(referral("K2"), at=day(1))
        with failing(store):
            store.promo_codes.replace(code().started(day(1)), at=day(1))
            store.groups.put(group(called="undone"), at=day(1))
            store.referrals.replace(referral().granted(day(1)), at=day(1))
        history = store.history
        assert [len(states) for states in history.codes("A1")] == [1]
        assert [len(history.group("referrer")), len(history.referral("K1"))] == [1, 1]
        assert [history.codes("A2"), history.group("other"), history.referral("K2")] == [(), (), ()]

    def test_ids_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for number, words in enumerate(TO_THE_LETTER):
            store.promo_codes.add(code(f"CODE{number}", on=words, of=words), at=day(0))
            store.groups.put(group(words, called=f"name {number}"), at=day(0))
            store.referrals.add(referral(words, by=words, of=words), at=day(0))
        for number, words in enumerate(TO_THE_LETTER):
            assert [each.state.text for (each,) in store.history.codes(words)] == [f"CODE{number}"]
            assert [each.state.name for each in store.history.group(words)] == [f"name {number}"]
            assert [each.state for each in store.history.referral(words)] == [referral(words, by=words, of=words)]

    @pytest.mark.parametrize("later", [1, -1], ids=["in order", "out of order"])
    def test_racing_writers_are_recorded_one_after_another(self, store: Store, later: int) -> None:
        """Of many states of one group that are stored at once each has a number, and no moment goes back."""
        store.groups.put(group(), at=day(0))
        Race(lambda number: store.groups.put(group(called=f"name {number}"), at=day(20 + later * number)))
        states = store.history.group("referrer")
        moments = [each.recorded_at for each in states]
        assert [each.revision for each in states] == list(range(1, CONTENDERS + 2))
        assert moments == sorted(moments)
        assert len({each.state.name for each in states}) == CONTENDERS + 1
