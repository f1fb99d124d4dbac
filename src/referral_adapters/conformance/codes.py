"""What every repository of promo codes must do."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import timedelta

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race, over_and_over
from referral_adapters.conformance.samples import (
    TICK,
    TO_THE_LETTER,
    code,
    contract,
    day,
    elsewhere,
    group,
    note,
    referral,
    sharing,
)
from referral_adapters.conformance.store import Store, failing, refused
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.entities.promo_code import Ending, PromoCode
from referral_core.entities.trace import account_subject, chain_faults
from referral_core.ports.codes import CodelessAccount, CodelessPage, Evidence, gathered_evidence
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import ConcurrentChange, Reason
from referral_core.values.history import Recorded
from referral_core.values.money import Money

_NEITHER = ("referrer", "friends")
ALL = 100
"""More accounts than any test has."""


class CodeRepositoryConformance:
    """Asks for a fixture ``store``: a :class:`Store` with nothing in it, whose ``promo_codes`` are judged."""

    def test_a_code_is_found_by_its_text(self, store: Store) -> None:
        """``find`` returns the code with this text, whoever holds it."""
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
        """``of_account`` is in the order of issuing, past codes included, whatever moment each was issued for."""
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
        """``add`` refuses ``code-taken`` when any account ever held the text, also the same one (C1)."""
        held = code(ended=day(1))
        store.promo_codes.add(held, at=day(0))
        for again in (code(on="A2", of="C2", issued=day(5)), code(issued=day(5))):
            with refused(Reason.CODE_TAKEN):
                store.promo_codes.add(again, at=day(0))
        assert store.promo_codes.find("A123") == held
        assert store.promo_codes.of_account("A1") == (held,)
        assert store.promo_codes.of_account("A2") == ()

    def test_a_code_that_ended_as_it_was_issued_keeps_its_text_only(self, store: Store) -> None:
        """Such a code is held at no moment, so it overlaps nothing (C6), but its text was held (C1)."""
        store.promo_codes.add(code("AAAA", ended=day(0)), at=day(0))
        store.promo_codes.add(code("BBBB"), at=day(0))
        with refused(Reason.CODE_TAKEN):
            store.promo_codes.add(code("AAAA", on="A2"), at=day(0))
        assert [each.text for each in store.promo_codes.of_account("A1")] == ["AAAA", "BBBB"]

    def test_an_account_holds_one_code_at_a_time(self, store: Store) -> None:
        """``add`` refuses ``code-overlap`` at any moment of the period (C6), and nothing is stored."""
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
        """C6 speaks of the codes of one account."""
        for account in ("A1", "A2", "A3"):
            store.promo_codes.add(code(f"{account}XX", on=account, of="C1"), at=day(0))
        assert [each.text for each in store.promo_codes.of_account("A2")] == ["A2XX"]

    def test_the_next_state_may_not_overlap_either(self, store: Store) -> None:
        """``replace`` refuses ``code-overlap`` as ``add`` does: a planned end may be moved up to the next code only."""
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
        """Ids and reasons to the letter, moments to the microsecond whatever their offset."""
        for number, words in enumerate(TO_THE_LETTER):
            text = f"CODE{number}"
            given = code(text, on=words, of=words, issued=elsewhere(day(0)), ended=elsewhere(day(1)))
            store.promo_codes.add(attrs.evolve(given, issued_by=words, ending_reason=words), at=day(0))
            kept = attrs.evolve(code(text, on=words, of=words, ended=day(1)), issued_by=words, ending_reason=words)
            assert store.promo_codes.find(text) == kept
        assert [len(store.promo_codes.of_account(words)) for words in TO_THE_LETTER] == [1] * len(TO_THE_LETTER)

    def test_one_of_racing_accounts_gets_the_text(self, store: Store) -> None:
        """Of racing writers all but one are refused by the reason that the rule has (C1)."""

        def add(number: int) -> str:
            store.promo_codes.add(code(on=f"A{number}", of=f"C{number}"), at=day(0))
            return f"A{number}"

        race = Race(add)
        assert race.lost == [Reason.CODE_TAKEN] * (CONTENDERS - 1)
        holders = [number for number in range(CONTENDERS) if store.promo_codes.of_account(f"A{number}")]
        found = store.promo_codes.find("A123")
        assert [f"A{number}" for number in holders] == race.won == [found and found.account]

    def test_one_of_racing_codes_gets_the_account(self, store: Store) -> None:
        """Of racing writers all but one are refused by the reason that the rule has (C6)."""

        def add(number: int) -> str:
            store.promo_codes.add(code(f"CODE{number}"), at=day(0))
            return f"CODE{number}"

        race = Race(add)
        assert race.lost == [Reason.CODE_OVERLAP] * (CONTENDERS - 1)
        assert [each.text for each in store.promo_codes.of_account("A1")] == race.won
        assert [bool(store.promo_codes.find(f"CODE{number}")) for number in range(CONTENDERS)].count(True) == 1

    def test_racing_next_states_do_not_overlap(self, store: Store) -> None:
        """``replace`` guards C6 too: of many codes that ended as they were issued, one can be held after all."""
        codes = [code(f"CODE{number}", issued=day(number), ended=day(number)) for number in range(CONTENDERS)]
        for each in codes:
            store.promo_codes.add(each, at=day(0))

        def hold(number: int) -> None:
            store.promo_codes.replace(attrs.evolve(codes[number], ends_at=day(100 + number)), at=day(0))

        race = Race(hold)
        assert race.lost == [Reason.CODE_OVERLAP] * (CONTENDERS - 1)
        assert [each.ends_at > day(99) for each in store.promo_codes.of_account("A1") if each.ends_at].count(True) == 1

    def test_nothing_is_found_in_an_empty_store(self, store: Store) -> None:
        """``evidence`` finds no code, no contracts and no groups where there are none."""
        assert store.promo_codes.evidence("A123", "C1", _NEITHER) == Evidence(None, (), False, (None, None))
        assert store.promo_codes.evidence("A123", None, _NEITHER) == Evidence(None, (), False, (None, None))

    def test_each_part_is_found_without_the_others(self, store: Store) -> None:
        """No part depends on another one being there."""
        store.promo_codes.add(code("A123"), at=day(0))
        assert store.promo_codes.evidence("A123", "C2", _NEITHER) == Evidence(code("A123"), (), False, (None, None))
        store.contracts.put(contract("K2", on="A2", of="C2"))
        held = (contract("K2", on="A2", of="C2"),)
        assert store.promo_codes.evidence("B123", "C2", _NEITHER) == Evidence(None, held, False, (None, None))
        store.referrals.add(referral("K9", of="C9"), at=day(0))
        assert store.promo_codes.evidence("B123", "C9", _NEITHER) == Evidence(None, (), True, (None, None))
        store.groups.put(group("friends", side=Side.REFEREE), at=day(0))
        assert store.promo_codes.evidence("B123", None, _NEITHER).groups == (None, group("friends", side=Side.REFEREE))

    def test_contracts_in_evidence_are_in_order(self, store: Store) -> None:
        """All contracts of the customer, on any account, by concluding moment and then by id."""
        expected = (
            contract("K5", on="A5", of="C2", concluded=elsewhere(day(0))),
            contract("K6", on="A5", of="C2", concluded=day(0) + TICK),
            contract("K10", on="A3", of="C2", concluded=day(1)),
            contract("K2", on="A2", of="C2", concluded=elsewhere(day(1))),
        )
        for each in (expected[2], expected[0], expected[3], expected[1]):
            store.contracts.put(each)
        store.contracts.put(contract("K1", on="A1", of="C1"))
        assert store.promo_codes.evidence("A123", "C2", _NEITHER).contracts == expected
        assert store.promo_codes.evidence("A123", None, _NEITHER).contracts == ()

    def test_what_is_found_is_what_was_last_stored(self, store: Store) -> None:
        """The next state of a code, a group, a contract and a referral is found at once."""
        store.promo_codes.add(code("A123"), at=day(0))
        store.contracts.put(contract("K2", on="A2", of="C2"))
        store.referrals.add(referral("K2", of="C2"), at=day(0))
        for named in _NEITHER:
            store.groups.put(group(named), at=day(0))
        self._agree(store)
        store.promo_codes.replace(code("A123").started(day(1)), at=day(1))
        store.contracts.put(contract("K2", on="A2", of="C2").withdrawn(day(2)))
        store.referrals.replace(referral("K2", of="C2").cancelled(day(2)), at=day(2))
        self._agree(store)
        priced = group("friends").with_amount(Money("7"), EffectivePeriod.starting(day(3)), day(2))
        store.groups.put(priced, at=day(2))
        self._agree(store)
        store.groups.put(priced.switched(GroupEvent.DISABLE, day(4)), at=day(4))
        ended = code("A123").started(day(1)).ended(day(5), Ending.BY_HAND, "moved 'away'")
        store.promo_codes.replace(ended, at=day(5))
        self._agree(store)
        assert store.promo_codes.evidence("A123", "C2", _NEITHER) == Evidence(
            ended,
            (contract("K2", on="A2", of="C2").withdrawn(day(2)),),
            False,
            (group("referrer"), priced.switched(GroupEvent.DISABLE, day(4))),
        )

    def test_one_group_may_be_asked_for_twice(self, store: Store) -> None:
        """The two groups are found apart from each other."""
        store.groups.put(group("friends"), at=day(0))
        found: tuple[DiscountGroup | None, ...] = store.promo_codes.evidence(
            "A123", None, ("friends", "friends")
        ).groups
        assert found == (group("friends"), group("friends"))

    def test_what_is_undone_is_no_evidence(self, store: Store) -> None:
        """What a transaction stores is found inside it, and nowhere when it is undone."""
        store.groups.put(group("friends"), at=day(0))
        before = store.promo_codes.evidence("A123", "C2", _NEITHER)
        renamed = attrs.evolve(group("friends"), name="Best friends")
        with contextlib.suppress(_Undone), store.transaction():
            store.promo_codes.add(code("A123"), at=day(0))
            store.groups.put(renamed, at=day(1))
            assert store.promo_codes.evidence("A123", "C2", _NEITHER) == Evidence(
                code("A123"), (), False, (None, renamed)
            )
            raise _Undone
        assert store.promo_codes.evidence("A123", "C2", _NEITHER) == before

    def test_customers_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            store.contracts.put(contract(words, on=words, of=words))
        for words in TO_THE_LETTER:
            assert store.promo_codes.evidence("A123", words, _NEITHER).contracts == (
                contract(words, on=words, of=words),
            )

    def test_who_never_held_a_code_is_found(self, store: Store) -> None:
        """``codeless`` leaves out whoever holds a code, or ever held one (C2, C7)."""
        for number in range(1, 5):
            given(store, contract(f"K{number}", on=f"A{number}", of=f"C{number}").activated(day(1)))
        store.promo_codes.add(code("AAAA", on="A2", of="C2"), at=day(0))
        store.promo_codes.add(code("BBBB", on="A3", of="C3", ended=day(2)), at=day(0))
        assert accounts_of(store.promo_codes.codeless("", ALL, at=day(9))) == ["A1", "A4"]

    def test_a_contract_must_be_in_force(self, store: Store) -> None:
        """Open, and activated at or before the moment: not only concluded, nor ended, nor activated later."""
        given(
            store,
            contract("K1", on="A1").activated(elsewhere(day(5))),
            contract("K2", on="A2").activated(day(5) + TICK),
            contract("K3", on="A3"),
            contract("K4", on="A4").withdrawn(day(1)),
            contract("K5", on="A5").activated(day(1)).terminated(day(2)),
            contract("K6", on="A6").activated(day(1)).terminated(day(6)),
            contract("K7", on="A7").activated(day(1)).terminated(day(2)),
            contract("K8", on="A7").activated(day(3)),
        )
        assert accounts_of(store.promo_codes.codeless("", ALL, at=elsewhere(day(5)))) == ["A1", "A7"]

    def test_an_account_says_what_it_is_supplied_with(self, store: Store) -> None:
        """Of its contracts in force product and segment, by concluding moment and id; the last name of them all."""
        gas = attrs.evolve(contract("K0", concluded=day(1)), product="gas", segment="business")
        given(
            store,
            attrs.evolve(contract("K1", concluded=day(0)), first_name="Ann").activated(day(2)),
            gas.activated(day(2)),
            attrs.evolve(contract("K2", concluded=day(2)), product="solar", first_name="Mari"),
            contract("K3", on="A2", of="C2").activated(day(2)),
        )
        assert store.promo_codes.codeless("", ALL, at=day(9)).accounts == (
            CodelessAccount("A1", "C1", (("electricity", "household"), ("gas", "business")), "Mari"),
            CodelessAccount("A2", "C2", (("electricity", "household"),), None),
        )

    def test_accounts_come_by_pages_in_order_of_id(self, store: Store) -> None:
        """A page looks at accounts by code points, found or not, and says where the next one goes on."""
        for account in ("b", "ä", "B", "10", "9"):
            given(store, contract(account, on=account, of=account).activated(day(1)))
        store.promo_codes.add(code(on="9", of="9"), at=day(0))
        pages = [store.promo_codes.codeless("", 2, at=day(9))]
        while pages[-1].after is not None:
            pages.append(store.promo_codes.codeless(pages[-1].after, 2, at=day(9)))
        assert [(accounts_of(page), page.looked_at, page.after) for page in pages] == [
            (["10"], 2, "9"),
            (["B", "b"], 2, "b"),
            (["ä"], 1, None),
        ]

    def test_a_page_may_be_the_last_without_knowing(self, store: Store) -> None:
        """When the accounts are at their end just where a page is, the next page is empty."""
        given(store, contract().activated(day(1)))
        assert store.promo_codes.codeless("", 1, at=day(9)).after == "A1"
        assert store.promo_codes.codeless("A1", 1, at=day(9)) == CodelessPage((), 0, None)

    def test_taken_texts_are_named(self, store: Store) -> None:
        """``taken`` names those of the texts that any account holds or held (C1)."""
        store.promo_codes.add(code("AAAA", ended=day(1)), at=day(0))
        store.promo_codes.add(code("BBBB", on="A2", of="C2"), at=day(0))
        assert store.promo_codes.taken(["AAAA", "CCCC", "BBBB", "AAAA"]) == {"AAAA", "BBBB"}
        assert store.promo_codes.taken([]) == frozenset()

    def test_codes_are_found_like_any_other(self, store: Store) -> None:
        """``add_first`` stores codes that ``find`` and ``of_account`` give whole."""
        codes = [code("AAAA").started(day(0)), code("BBBB", on="A2", of="C2", issued=elsewhere(day(1)))]
        add(store, codes)
        assert [store.promo_codes.find(each.text) for each in codes] == codes
        assert store.promo_codes.of_account("A2") == (codes[1],)
        ended = codes[0].ended_by_hand(day(9), "asked for", day(2))
        store.promo_codes.replace(ended, at=day(0))
        assert store.promo_codes.of_account("A1") == (ended,)

    def test_notes_follow_what_the_trace_has(self, store: Store) -> None:
        """``add_first`` chains each note after the rows of its subject, each with a salt of its own (A2)."""
        store.trace.append(note("A2"))
        store.trace.append(note("A2"))
        store.trace.append(note("A4"))
        before = list(store.trace.chain(account_subject("A2")))
        notes = [note(f"A{number}", after={"code": f"CODE{number}"}) for number in (1, 2, 3)]
        store.promo_codes.add_first([code(f"CODE{number}", on=f"A{number}") for number in (1, 2, 3)], notes, at=day(0))
        chains = {account: list(store.trace.chain(account_subject(account))) for account in ("A1", "A2", "A3", "A4")}
        assert [len(chain) for chain in chains.values()] == [1, 3, 1, 1]
        assert chains["A2"][:2] == before
        assert [(row.after, row.act, row.actor, row.reason, row.moment) for row in chains["A3"]] == [
            ({"code": "CODE3"}, notes[2].act, notes[2].actor.id, notes[2].reason, notes[2].moment)
        ]
        assert [chain_faults(chain) for chain in chains.values()] == [()] * 4
        assert len({row.salt for chain in chains.values() for row in chain}) == 6  # noqa: PLR2004 - every one
        store.trace.append(note("A3"))
        assert chain_faults(store.trace.chain(account_subject("A3"))) == ()

    def test_a_taken_text_keeps_the_whole_page_out(self, store: Store) -> None:
        """``add_first`` is all or nothing: ``ConcurrentChange`` when a text was taken meanwhile (C1); no trace."""
        held = code("BBBB", on="A9", ended=day(0))
        store.promo_codes.add(held, at=day(0))
        with pytest.raises(ConcurrentChange):
            add(store, [code("AAAA"), code("BBBB", on="A2", of="C2")])
        assert store.promo_codes.of_account("A1") == store.promo_codes.of_account("A2") == ()
        assert store.promo_codes.find("BBBB") == held
        assert list(store.trace.heads()) == []

    def test_an_account_that_came_to_hold_a_code_keeps_the_whole_page_out(self, store: Store) -> None:
        """``add_first`` is all or nothing: ``ConcurrentChange`` when an account got a code from elsewhere (C6)."""
        held = code("AAAA", on="A2", of="C2")
        store.promo_codes.add(held, at=day(0))
        with pytest.raises(ConcurrentChange):
            add(store, [code("BBBB"), code("CCCC", on="A2", of="C2", issued=day(5))])
        assert store.promo_codes.of_account("A1") == ()
        assert store.promo_codes.of_account("A2") == (held,)
        assert store.promo_codes.taken(["BBBB", "CCCC"]) == frozenset()

    def test_a_code_that_has_ended_keeps_the_whole_page_out_too(self, store: Store) -> None:
        """What staff ended in between stays ended, though no periods overlap (C7)."""
        held = code("AAAA", on="A2", of="C2", ended=day(1))
        store.promo_codes.add(held, at=day(0))
        with pytest.raises(ConcurrentChange):
            add(store, [code("BBBB"), code("CCCC", on="A2", of="C2", issued=day(5))])
        assert store.promo_codes.of_account("A1") == ()
        assert store.promo_codes.of_account("A2") == (held,)

    def test_a_page_that_was_kept_out_leaves_the_transaction_usable(self, store: Store) -> None:
        """What was done before and is done after in the same transaction lasts."""
        with store.transaction():
            store.promo_codes.add(code("AAAA"), at=day(0))
            with pytest.raises(ConcurrentChange):
                add(store, [code("BBBB", on="A2", of="C2"), code("AAAA", on="A3")])
            add(store, [code("BBBB", on="A2", of="C2")])
        assert store.promo_codes.taken(["AAAA", "BBBB"]) == {"AAAA", "BBBB"}

    def test_a_page_is_undone_with_its_transaction(self, store: Store) -> None:
        """Codes, texts and rows of the trace."""
        with failing(store):
            add(store, [code()])
        assert store.promo_codes.of_account("A1") == ()
        assert store.promo_codes.taken(["A123"]) == frozenset()
        assert list(store.trace.heads()) == []
        add(store, [code()])
        assert store.promo_codes.of_account("A1") == (code(),)

    def test_ids_of_accounts_are_taken_to_the_letter(self, store: Store) -> None:
        """No id or word is folded, trimmed or interpreted, in codes and in the trace."""
        codes = []
        for number, words in enumerate(TO_THE_LETTER):
            named = attrs.evolve(contract(words, on=words, of=words), product=words, segment=words, first_name=words)
            given(store, named.activated(day(1)))
            codes.append(attrs.evolve(code(f"CODE{number}", on=words, of=words), issued_by=words))
        found = store.promo_codes.codeless("", ALL, at=day(9)).accounts
        assert found == tuple(
            CodelessAccount(words, words, ((words, words),), words) for words in sorted(TO_THE_LETTER)
        )
        notes = [note(words, after={"code": words}, reason=words) for words in TO_THE_LETTER]
        store.promo_codes.add_first(codes, notes, at=day(0))
        for words, each in zip(TO_THE_LETTER, codes, strict=True):
            assert store.promo_codes.of_account(words) == (each,)
            (row,) = store.trace.chain(account_subject(words))
            assert (row.after, row.reason) == ({"code": words}, words)

    def test_one_of_racing_pages_comes_in(self, store: Store) -> None:
        """Pages that share an account: all but one are told ``ConcurrentChange`` and leave nothing."""

        def race(number: int) -> int | None:
            try:
                add(store, [code(f"MINE{number}", on=f"A{number}"), code(f"CODE{number}", on="AX")])
            except ConcurrentChange:
                return None
            return number

        won = [number for number in Race(race).won if number is not None]
        assert len(won) == 1
        assert [number for number in range(CONTENDERS) if store.promo_codes.find(f"MINE{number}")] == won
        assert [each.text for each in store.promo_codes.of_account("AX")] == [f"CODE{won[0]}"]

    def test_every_sharing_counts(self, store: Store) -> None:
        """``times_shared`` tells how often codes of the account were shared, by whatever means (T2)."""
        counts = []
        for means in ("link", "e-mail", "link", "Какое-то приложение 🔌"):
            counts.append(store.promo_codes.times_shared("A1"))
            store.promo_codes.add_sharing(sharing(means=means))
        assert [*counts, store.promo_codes.times_shared("A1")] == list(range(len(counts) + 1))

    def test_accounts_are_counted_apart(self, store: Store) -> None:
        """An account whose codes were never shared counts none; ids are taken to the letter."""
        for place, account in enumerate(TO_THE_LETTER):
            for _ in range(place % 3):
                store.promo_codes.add_sharing(sharing(account))
        assert [store.promo_codes.times_shared(account) for account in TO_THE_LETTER] == [
            n % 3 for n in range(len(TO_THE_LETTER))
        ]
        assert store.promo_codes.times_shared("never") == 0

    def test_sharings_are_counted_up_to_a_moment(self, store: Store) -> None:
        """With ``by`` only those at or before it count, however it is written (R3)."""
        for number in (2, 0, 1):
            store.promo_codes.add_sharing(attrs.evolve(sharing(), at=elsewhere(day(number))))
        moments = (day(0) - TICK, elsewhere(day(0)), day(2) - TICK, day(2), day(9))
        assert [store.promo_codes.times_shared("A1", by=moment) for moment in moments] == [0, 1, 2, 3, 3]
        assert store.promo_codes.times_shared("A2", by=day(9)) == 0

    def test_no_sharing_of_racing_writers_is_lost(self, store: Store) -> None:
        """Each of many at once counts."""
        Race(lambda _: over_and_over(lambda: store.promo_codes.add_sharing(sharing())))
        assert store.promo_codes.times_shared("A1") == CONTENDERS * CONTENDERS

    def test_every_state_of_a_code_is_kept(self, store: Store) -> None:
        """``history`` has each state as it was stored, the moment it was recorded at, and its number from 1."""
        issued = code(issued=elsewhere(day(0)))
        started = issued.started(day(1))
        ended = started.ended(day(9), Ending.BY_HAND, "Küsis «ise»")
        store.promo_codes.add(issued, at=elsewhere(day(0)))
        store.promo_codes.replace(started, at=day(1))
        store.promo_codes.replace(ended, at=day(2))
        states = Recorded(code(), day(0), 1), Recorded(started, day(1), 2), Recorded(ended, day(2), 3)
        assert store.promo_codes.history("A1") == (states,)

    def test_codes_of_an_account_come_in_the_order_they_were_added(self, store: Store) -> None:
        """The states of each code are together and counted apart, whichever was changed last."""
        late, early = code("ZZZZ", ended=day(1)), code("AAAA", issued=day(1))
        store.promo_codes.add(late, at=day(0))
        store.promo_codes.add(early, at=day(1))
        store.promo_codes.replace(attrs.evolve(late, ending_reason="after all"), at=day(2))
        told = [[(each.state.text, each.revision) for each in states] for states in store.promo_codes.history("A1")]
        assert told == [[("ZZZZ", 1), ("ZZZZ", 2)], [("AAAA", 1)]]

    def test_what_arrives_late_on_an_account_is_recorded_after_its_other_codes(self, store: Store) -> None:
        """All codes of an account are one subject; another account's are another."""
        store.promo_codes.add(code("AAAA", ended=day(1)), at=day(5))
        store.promo_codes.add(code("BBBB", issued=day(1)), at=day(1))
        store.promo_codes.add(code("CCCC", on="A2", of="C2"), at=day(1))
        store.promo_codes.replace(code("AAAA", ended=day(0)), at=day(0))
        told = {
            states[0].state.text: [each.recorded_at for each in states]
            for account in ("A1", "A2")
            for states in store.promo_codes.history(account)
        }
        assert told == {"AAAA": [day(5), day(5)], "BBBB": [day(5)], "CCCC": [day(1)]}

    def test_what_never_was_has_no_history(self, store: Store) -> None:
        """Nothing that was refused or undone is recorded."""
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

    def _agree(self, store: Store) -> None:
        """Hold what is found at once against what four repositories say."""
        gathered = gathered_evidence(store, "A123", "C2", _NEITHER)
        assert store.promo_codes.evidence("A123", "C2", _NEITHER) == gathered


class _Undone(Exception):
    """Undoes a transaction."""


def given(store: Store, *contracts: Contract) -> None:
    """Have these contracts in the store."""
    store.contracts.add_all(contracts)


def add(store: Store, codes: Sequence[PromoCode]) -> None:
    """Add codes, each with a note."""
    store.promo_codes.add_first(codes, [note(each.account) for each in codes], at=day(0) + timedelta(hours=1))


def accounts_of(page: CodelessPage) -> list[str]:
    """Return the accounts found on a page."""
    return [each.account for each in page.accounts]
