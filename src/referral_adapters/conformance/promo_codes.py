"""What every adapter of the port ``PromoCodes`` must do."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, code, day, elsewhere
from referral_core.entities.promo_code import Ending
from referral_core.ports.promo_codes import PromoCodes
from referral_core.values.reason import Reason


class PromoCodesConformance:
    """Asks for a fixture ``promo_codes``: the port, with nothing in it."""

    def test_a_code_is_found_by_its_text(self, promo_codes: PromoCodes) -> None:
        """``find`` returns the code with this text, whoever holds it."""
        codes = [code("A123", on="A1"), code("B456", on="A2", of="C2")]
        for each in codes:
            promo_codes.add(each, at=day(0))
        assert [promo_codes.find(each.text) for each in codes] == codes
        assert promo_codes.find("C789") is None
        assert promo_codes.of_account("A3") == ()

    def test_the_last_state_is_the_one_found(self, promo_codes: PromoCodes) -> None:
        """``replace`` stores the next state of a code that is known by its text."""
        state = code()
        promo_codes.add(state, at=day(0))
        for following in (state.started(day(1)), state.started(day(1)).ended(day(2), Ending.BY_HAND, "asked for")):
            promo_codes.replace(following, at=day(0))
            assert promo_codes.find("A123") == following
            assert promo_codes.of_account("A1") == (following,)

    def test_codes_come_in_the_order_they_were_issued(self, promo_codes: PromoCodes) -> None:
        """``of_account`` is in the order of issuing, past codes included, whatever moment each was issued for."""
        codes = (
            code("CCCC", issued=day(5), ended=day(5)),
            code("AAAA", issued=day(9)),
            code("DDDD", issued=day(0), ended=day(2)),
            code("BBBB", issued=elsewhere(day(2)), ended=day(9)),
        )
        for each in (*codes, code("OTHER", on="A2")):
            promo_codes.add(each, at=day(0))
        promo_codes.replace(codes[1], at=day(0))
        assert promo_codes.of_account("A1") == codes

    def test_a_text_is_taken_for_ever(self, promo_codes: PromoCodes) -> None:
        """``add`` refuses ``code-taken`` when any account ever held the text, also the same one (C1)."""
        held = code(ended=day(1))
        promo_codes.add(held, at=day(0))
        for again in (code(on="A2", of="C2", issued=day(5)), code(issued=day(5))):
            with refused(Reason.CODE_TAKEN):
                promo_codes.add(again, at=day(0))
        assert promo_codes.find("A123") == held
        assert promo_codes.of_account("A1") == (held,)
        assert promo_codes.of_account("A2") == ()

    def test_a_code_that_ended_as_it_was_issued_keeps_its_text_only(self, promo_codes: PromoCodes) -> None:
        """Such a code is held at no moment, so it overlaps nothing (C6), but its text was held (C1)."""
        promo_codes.add(code("AAAA", ended=day(0)), at=day(0))
        promo_codes.add(code("BBBB"), at=day(0))
        with refused(Reason.CODE_TAKEN):
            promo_codes.add(code("AAAA", on="A2"), at=day(0))
        assert [each.text for each in promo_codes.of_account("A1")] == ["AAAA", "BBBB"]

    def test_an_account_holds_one_code_at_a_time(self, promo_codes: PromoCodes) -> None:
        """``add`` refuses ``code-overlap`` at any moment of the period (C6), and nothing is stored."""
        held = code("AAAA", issued=day(5), ended=day(7))
        promo_codes.add(held, at=day(0))
        for period in ((day(0), None), (day(6), None), (day(0), day(5) + TICK), (day(7) - TICK, day(9))):
            with refused(Reason.CODE_OVERLAP):
                promo_codes.add(code("BBBB", issued=period[0], ended=period[1]), at=day(0))
        assert promo_codes.find("BBBB") is None
        assert promo_codes.of_account("A1") == (held,)

    def test_a_code_may_begin_as_another_ends(self, promo_codes: PromoCodes) -> None:
        """The moment of ending is already outside, so periods that touch do not overlap (M2)."""
        codes = [
            code("AAAA", issued=day(0), ended=elsewhere(day(5))),
            code("BBBB", issued=elsewhere(day(5)), ended=day(7)),
            code("CCCC", issued=day(7)),
        ]
        for each in codes:
            promo_codes.add(each, at=day(0))
        assert promo_codes.of_account("A1") == tuple(codes)

    def test_accounts_do_not_get_in_each_others_way(self, promo_codes: PromoCodes) -> None:
        """C6 speaks of the codes of one account."""
        for account in ("A1", "A2", "A3"):
            promo_codes.add(code(f"{account}XX", on=account, of="C1"), at=day(0))
        assert [each.text for each in promo_codes.of_account("A2")] == ["A2XX"]

    def test_the_next_state_may_not_overlap_either(self, promo_codes: PromoCodes) -> None:
        """``replace`` refuses ``code-overlap`` as ``add`` does: a planned end may be moved up to the next code only."""
        held, following = code("AAAA", ended=day(5)), code("BBBB", issued=day(7))
        promo_codes.add(held, at=day(0))
        promo_codes.add(following, at=day(0))
        for end in (day(7) + TICK, None):
            with refused(Reason.CODE_OVERLAP):
                promo_codes.replace(attrs.evolve(held, ends_at=end), at=day(0))
        assert promo_codes.find("AAAA") == held
        promo_codes.replace(attrs.evolve(held, ends_at=day(7)), at=day(0))
        assert promo_codes.of_account("A1") == (attrs.evolve(held, ends_at=day(7)), following)

    def test_words_and_moments_are_kept_as_given(self, promo_codes: PromoCodes) -> None:
        """Ids and reasons to the letter, moments to the microsecond whatever their offset."""
        for number, words in enumerate(TO_THE_LETTER):
            text = f"CODE{number}"
            given = code(text, on=words, of=words, issued=elsewhere(day(0)), ended=elsewhere(day(1)))
            promo_codes.add(attrs.evolve(given, issued_by=words, ending_reason=words), at=day(0))
            kept = attrs.evolve(code(text, on=words, of=words, ended=day(1)), issued_by=words, ending_reason=words)
            assert promo_codes.find(text) == kept
        assert [len(promo_codes.of_account(words)) for words in TO_THE_LETTER] == [1] * len(TO_THE_LETTER)

    def test_one_of_racing_accounts_gets_the_text(self, promo_codes: PromoCodes) -> None:
        """Of racing writers all but one are refused by the reason that the rule has (C1)."""

        def add(number: int) -> str:
            promo_codes.add(code(on=f"A{number}", of=f"C{number}"), at=day(0))
            return f"A{number}"

        race = Race(add)
        assert race.lost == [Reason.CODE_TAKEN] * (CONTENDERS - 1)
        holders = [number for number in range(CONTENDERS) if promo_codes.of_account(f"A{number}")]
        found = promo_codes.find("A123")
        assert [f"A{number}" for number in holders] == race.won == [found and found.account]

    def test_one_of_racing_codes_gets_the_account(self, promo_codes: PromoCodes) -> None:
        """Of racing writers all but one are refused by the reason that the rule has (C6)."""

        def add(number: int) -> str:
            promo_codes.add(code(f"CODE{number}"), at=day(0))
            return f"CODE{number}"

        race = Race(add)
        assert race.lost == [Reason.CODE_OVERLAP] * (CONTENDERS - 1)
        assert [each.text for each in promo_codes.of_account("A1")] == race.won
        assert [bool(promo_codes.find(f"CODE{number}")) for number in range(CONTENDERS)].count(True) == 1

    def test_racing_next_states_do_not_overlap(self, promo_codes: PromoCodes) -> None:
        """``replace`` guards C6 too: of many codes that ended as they were issued, one can be held after all."""
        codes = [code(f"CODE{number}", issued=day(number), ended=day(number)) for number in range(CONTENDERS)]
        for each in codes:
            promo_codes.add(each, at=day(0))

        def hold(number: int) -> None:
            promo_codes.replace(attrs.evolve(codes[number], ends_at=day(100 + number)), at=day(0))

        race = Race(hold)
        assert race.lost == [Reason.CODE_OVERLAP] * (CONTENDERS - 1)
        assert [each.ends_at > day(99) for each in promo_codes.of_account("A1") if each.ends_at].count(True) == 1
