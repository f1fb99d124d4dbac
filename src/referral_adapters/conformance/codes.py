"""The tests of every repository of promo codes."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.code_evidence import CodeEvidenceConformance
from referral_adapters.conformance.first_codes import FirstCodesConformance
from referral_adapters.conformance.race import CONTENDERS, Race, over_and_over
from referral_adapters.conformance.samples import (
    TICK,
    TO_THE_LETTER,
    code,
    day,
    elsewhere,
    sharing,
)
from referral_adapters.conformance.store import Store, failing, refused
from referral_core.entities.promo_code import Ending
from referral_core.values.errors import Reason
from referral_core.values.history import Recorded


class CodeRepositoryConformance(CodeEvidenceConformance, FirstCodesConformance):
    """Asks for a fixture ``store``: an empty :class:`Store`, whose ``promo_codes`` are tested."""

    def test_a_code_is_found_by_its_text(self, store: Store) -> None:
        """``find`` returns the code with this text, whichever account holds it."""
        codes = [code("A123", on="A1"), code("B456", on="A2", of="C2")]
        for each in codes:
            store.promo_codes.add(each, at=day(0))
        assert [store.promo_codes.find(each.text) for each in codes] == codes
        assert store.promo_codes.find("C789") is None
        assert store.promo_codes.of_account("A3") == ()

    def test_the_last_state_is_the_one_found(self, store: Store) -> None:
        """``replace`` stores the next state of a code that is known by its text."""
        state = code()
        store.promo_codes.add(state, at=day(0))
        for following in (state.started(day(1)), state.started(day(1)).ended(day(2), Ending.BY_HAND, "asked for")):
            store.promo_codes.replace(following, at=day(0))
            assert store.promo_codes.find("A123") == following
            assert store.promo_codes.of_account("A1") == (following,)

    def test_codes_come_in_the_order_they_were_issued(self, store: Store) -> None:
        """``of_account`` returns all codes in the order of adding, whatever their periods."""
        codes = (
            code("CCCC", issued=day(5), ended=day(5)),
            code("AAAA", issued=day(9)),
            code("DDDD", issued=day(0), ended=day(2)),
            code("BBBB", issued=elsewhere(day(2)), ended=day(9)),
        )
        for each in (*codes, code("OTHER", on="A2")):
            store.promo_codes.add(each, at=day(0))
        store.promo_codes.replace(codes[1], at=day(0))
        assert store.promo_codes.of_account("A1") == codes

    def test_a_text_is_taken_for_ever(self, store: Store) -> None:
        """``add`` refuses a text that any account ever held by ``code-taken``, also the same account (C1)."""
        held = code(ended=day(1))
        store.promo_codes.add(held, at=day(0))
        for again in (code(on="A2", of="C2", issued=day(5)), code(issued=day(5))):
            with refused(Reason.CODE_TAKEN):
                store.promo_codes.add(again, at=day(0))
        assert store.promo_codes.find("A123") == held
        assert store.promo_codes.of_account("A1") == (held,)
        assert store.promo_codes.of_account("A2") == ()

    def test_a_code_that_ended_as_it_was_issued_keeps_its_text_only(self, store: Store) -> None:
        """A code with an empty period overlaps nothing (C6), but its text is taken (C1)."""
        store.promo_codes.add(code("AAAA", ended=day(0)), at=day(0))
        store.promo_codes.add(code("BBBB"), at=day(0))
        with refused(Reason.CODE_TAKEN):
            store.promo_codes.add(code("AAAA", on="A2"), at=day(0))
        assert [each.text for each in store.promo_codes.of_account("A1")] == ["AAAA", "BBBB"]

    def test_an_account_holds_one_code_at_a_time(self, store: Store) -> None:
        """``add`` refuses an overlap at any moment of the period by ``code-overlap``, and stores nothing (C6)."""
        held = code("AAAA", issued=day(5), ended=day(7))
        store.promo_codes.add(held, at=day(0))
        for period in ((day(0), None), (day(6), None), (day(0), day(5) + TICK), (day(7) - TICK, day(9))):
            with refused(Reason.CODE_OVERLAP):
                store.promo_codes.add(code("BBBB", issued=period[0], ended=period[1]), at=day(0))
        assert store.promo_codes.find("BBBB") is None
        assert store.promo_codes.of_account("A1") == (held,)

    def test_a_code_may_begin_as_another_ends(self, store: Store) -> None:
        """The moment of ending is already outside, so periods that touch do not overlap (M2)."""
        codes = [
            code("AAAA", issued=day(0), ended=elsewhere(day(5))),
            code("BBBB", issued=elsewhere(day(5)), ended=day(7)),
            code("CCCC", issued=day(7)),
        ]
        for each in codes:
            store.promo_codes.add(each, at=day(0))
        assert store.promo_codes.of_account("A1") == tuple(codes)

    def test_accounts_do_not_get_in_each_others_way(self, store: Store) -> None:
        """Codes of different accounts may overlap, also those of one customer (C6)."""
        for account in ("A1", "A2", "A3"):
            store.promo_codes.add(code(f"{account}XX", on=account, of="C1"), at=day(0))
        assert [each.text for each in store.promo_codes.of_account("A2")] == ["A2XX"]

    def test_the_next_state_may_not_overlap_either(self, store: Store) -> None:
        """``replace`` refuses an overlap too: a planned end may be moved up to the next code only (C6)."""
        held, following = code("AAAA", ended=day(5)), code("BBBB", issued=day(7))
        store.promo_codes.add(held, at=day(0))
        store.promo_codes.add(following, at=day(0))
        for end in (day(7) + TICK, None):
            with refused(Reason.CODE_OVERLAP):
                store.promo_codes.replace(attrs.evolve(held, ends_at=end), at=day(0))
        assert store.promo_codes.find("AAAA") == held
        store.promo_codes.replace(attrs.evolve(held, ends_at=day(7)), at=day(0))
        assert store.promo_codes.of_account("A1") == (attrs.evolve(held, ends_at=day(7)), following)

    def test_words_and_moments_are_kept_as_given(self, store: Store) -> None:
        """Ids and reasons are stored to the letter, moments to the microsecond, whatever their offset."""
        for number, words in enumerate(TO_THE_LETTER):
            text = f"CODE{number}"
            given = code(text, on=words, of=words, issued=elsewhere(day(0)), ended=elsewhere(day(1)))
            store.promo_codes.add(attrs.evolve(given, issued_by=words, ending_reason=words), at=day(0))
            kept = attrs.evolve(code(text, on=words, of=words, ended=day(1)), issued_by=words, ending_reason=words)
            assert store.promo_codes.find(text) == kept
        assert [len(store.promo_codes.of_account(words)) for words in TO_THE_LETTER] == [1] * len(TO_THE_LETTER)

    def test_one_of_racing_accounts_gets_the_text(self, store: Store) -> None:
        """Of racing writers of one text all but one are refused by ``code-taken`` (C1)."""

        def add(number: int) -> str:
            store.promo_codes.add(code(on=f"A{number}", of=f"C{number}"), at=day(0))
            return f"A{number}"

        race = Race(add)
        assert race.lost == [Reason.CODE_TAKEN] * (CONTENDERS - 1)
        holders = [number for number in range(CONTENDERS) if store.promo_codes.of_account(f"A{number}")]
        found = store.promo_codes.find("A123")
        assert [f"A{number}" for number in holders] == race.won == [found and found.account]

    def test_one_of_racing_codes_gets_the_account(self, store: Store) -> None:
        """Of racing writers to one account all but one are refused by ``code-overlap`` (C6)."""

        def add(number: int) -> str:
            store.promo_codes.add(code(f"CODE{number}"), at=day(0))
            return f"CODE{number}"

        race = Race(add)
        assert race.lost == [Reason.CODE_OVERLAP] * (CONTENDERS - 1)
        assert [each.text for each in store.promo_codes.of_account("A1")] == race.won
        assert [bool(store.promo_codes.find(f"CODE{number}")) for number in range(CONTENDERS)].count(True) == 1

    def test_racing_next_states_do_not_overlap(self, store: Store) -> None:
        """Of racing callers of ``replace`` whose codes would overlap all but one are refused (C6)."""
        codes = [code(f"CODE{number}", issued=day(number), ended=day(number)) for number in range(CONTENDERS)]
        for each in codes:
            store.promo_codes.add(each, at=day(0))

        def hold(number: int) -> None:
            store.promo_codes.replace(attrs.evolve(codes[number], ends_at=day(100 + number)), at=day(0))

        race = Race(hold)
        assert race.lost == [Reason.CODE_OVERLAP] * (CONTENDERS - 1)
        assert [each.ends_at > day(99) for each in store.promo_codes.of_account("A1") if each.ends_at].count(True) == 1

    def test_every_sharing_counts(self, store: Store) -> None:
        """``times_shared`` counts the sharings of the account's codes by all means (T2)."""
        counts = []
        for means in ("link", "e-mail", "link", "Какое-то приложение 🔌"):
            counts.append(store.promo_codes.times_shared("A1"))
            store.promo_codes.add_sharing(sharing(means=means))
        assert [*counts, store.promo_codes.times_shared("A1")] == list(range(len(counts) + 1))

    def test_accounts_are_counted_apart(self, store: Store) -> None:
        """The sharings of each account are counted apart, ids to the letter."""
        for place, account in enumerate(TO_THE_LETTER):
            for _ in range(place % 3):
                store.promo_codes.add_sharing(sharing(account))
        assert [store.promo_codes.times_shared(account) for account in TO_THE_LETTER] == [
            n % 3 for n in range(len(TO_THE_LETTER))
        ]
        assert store.promo_codes.times_shared("never") == 0

    def test_sharings_are_counted_up_to_a_moment(self, store: Store) -> None:
        """With ``by`` the sharings at or before that moment count, in whatever offset it is written (R3)."""
        for number in (2, 0, 1):
            store.promo_codes.add_sharing(attrs.evolve(sharing(), at=elsewhere(day(number))))
        moments = (day(0) - TICK, elsewhere(day(0)), day(2) - TICK, day(2), day(9))
        assert [store.promo_codes.times_shared("A1", by=moment) for moment in moments] == [0, 1, 2, 3, 3]
        assert store.promo_codes.times_shared("A2", by=day(9)) == 0

    def test_no_sharing_of_racing_writers_is_lost(self, store: Store) -> None:
        """Every sharing of racing writers counts."""
        Race(lambda _: over_and_over(lambda: store.promo_codes.add_sharing(sharing())))
        assert store.promo_codes.times_shared("A1") == CONTENDERS * CONTENDERS

    def test_every_state_of_a_code_is_kept(self, store: Store) -> None:
        """``history`` returns every state of a code with the moment of its recording and its number from 1."""
        issued = code(issued=elsewhere(day(0)))
        started = issued.started(day(1))
        ended = started.ended(day(9), Ending.BY_HAND, "Küsis «ise»")
        store.promo_codes.add(issued, at=elsewhere(day(0)))
        store.promo_codes.replace(started, at=day(1))
        store.promo_codes.replace(ended, at=day(2))
        states = Recorded(code(), day(0), 1), Recorded(started, day(1), 2), Recorded(ended, day(2), 3)
        assert store.promo_codes.history("A1") == (states,)

    def test_codes_of_an_account_come_in_the_order_they_were_added(self, store: Store) -> None:
        """``history`` returns the codes in the order of adding, the states of each together and numbered apart."""
        late, early = code("ZZZZ", ended=day(1)), code("AAAA", issued=day(1))
        store.promo_codes.add(late, at=day(0))
        store.promo_codes.add(early, at=day(1))
        store.promo_codes.replace(attrs.evolve(late, ending_reason="after all"), at=day(2))
        history = [[(each.state.text, each.revision) for each in states] for states in store.promo_codes.history("A1")]
        assert history == [[("ZZZZ", 1), ("ZZZZ", 2)], [("AAAA", 1)]]

    def test_what_arrives_late_on_an_account_is_recorded_after_its_other_codes(self, store: Store) -> None:
        """``recorded_at`` never goes back on an account, over all its codes; other accounts do not matter."""
        store.promo_codes.add(code("AAAA", ended=day(1)), at=day(5))
        store.promo_codes.add(code("BBBB", issued=day(1)), at=day(1))
        store.promo_codes.add(code("CCCC", on="A2", of="C2"), at=day(1))
        store.promo_codes.replace(code("AAAA", ended=day(0)), at=day(0))
        moments = {
            states[0].state.text: [each.recorded_at for each in states]
            for account in ("A1", "A2")
            for states in store.promo_codes.history(account)
        }
        assert moments == {"AAAA": [day(5), day(5)], "BBBB": [day(5)], "CCCC": [day(1)]}

    def test_what_never_was_has_no_history(self, store: Store) -> None:
        """Neither a refused state nor an undone one is recorded."""
        store.promo_codes.add(code(), at=day(0))
        with refused(Reason.CODE_TAKEN):
            store.promo_codes.add(code(on="A2"), at=day(1))
        with failing(store):
            store.promo_codes.replace(code().started(day(1)), at=day(1))
        assert [len(states) for states in store.promo_codes.history("A1")] == [1]
        assert store.promo_codes.history("A2") == ()

    def test_accounts_in_history_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for number, words in enumerate(TO_THE_LETTER):
            store.promo_codes.add(code(f"CODE{number}", on=words, of=words), at=day(0))
        for number, words in enumerate(TO_THE_LETTER):
            assert [each.state.text for (each,) in store.promo_codes.history(words)] == [f"CODE{number}"]
