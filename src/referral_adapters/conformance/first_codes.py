"""The tests of first codes: the accounts without a code by pages, and their codes stored together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import (
    TICK,
    TO_THE_LETTER,
    code,
    contract,
    day,
    elsewhere,
    note,
)
from referral_adapters.conformance.store import Store, failing
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import Ending, PromoCode
from referral_core.entities.trace import account_subject, chain_faults
from referral_core.ports.codes import CodelessAccount, CodelessPage
from referral_core.values.errors import ConcurrentChange

ALL = 100
"""More accounts than any test has."""


class FirstCodesConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`, whose ``promo_codes`` store first codes."""

    def test_who_never_held_a_code_is_found(self, store: Store) -> None:
        """``codeless`` leaves out every account that holds a code or ever held one (C2, C7)."""
        for number in range(1, 5):
            given(store, contract(f"K{number}", on=f"A{number}", of=f"C{number}").activated(day(1)))
        store.promo_codes.add(code("AAAA", on="A2", of="C2"), at=day(0))
        store.promo_codes.add(code("BBBB", on="A3", of="C3", ended=day(2)), at=day(0))
        assert accounts_of(store.promo_codes.codeless("", ALL, at=day(9))) == ["A1", "A4"]

    def test_a_contract_must_be_in_force(self, store: Store) -> None:
        """A contract is in force when it is open and was activated at or before the moment."""
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
        """A codeless account has product and segment of each contract in force, and the last first name of all."""
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
        """A page looks at a number of accounts by the code points of the id, and says where the next page begins."""
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
        """After a full page at the end of the accounts the next page is empty."""
        given(store, contract().activated(day(1)))
        assert store.promo_codes.codeless("", 1, at=day(9)).after == "A1"
        assert store.promo_codes.codeless("A1", 1, at=day(9)) == CodelessPage((), 0, None)

    def test_taken_texts_are_named(self, store: Store) -> None:
        """``taken`` returns those of the texts that any account holds or held (C1)."""
        store.promo_codes.add(code("AAAA", ended=day(1)), at=day(0))
        store.promo_codes.add(code("BBBB", on="A2", of="C2"), at=day(0))
        assert store.promo_codes.taken(["AAAA", "CCCC", "BBBB", "AAAA"]) == {"AAAA", "BBBB"}
        assert store.promo_codes.taken([]) == frozenset()

    def test_codes_are_found_like_any_other(self, store: Store) -> None:
        """``add_first`` stores whole codes, to be found and replaced like any other."""
        codes = [code("AAAA").started(day(0)), code("BBBB", on="A2", of="C2", issued=elsewhere(day(1)))]
        add(store, codes)
        assert [store.promo_codes.find(each.text) for each in codes] == codes
        assert store.promo_codes.of_account("A2") == (codes[1],)
        ended = codes[0].ended_by_hand(day(9), "asked for", day(2))
        store.promo_codes.replace(ended, at=day(0))
        assert store.promo_codes.of_account("A1") == (ended,)

    def test_notes_follow_what_the_trace_has(self, store: Store) -> None:
        """``add_first`` adds each note to the chain of its subject, with a salt of its own (A2)."""
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

    def test_customers_with_a_manual_end_are_named(self, store: Store) -> None:
        """``ended_by_hand`` returns the customers on any of whose accounts staff ended a code, or will (C7)."""
        for number, ending in enumerate((Ending.BY_HAND, Ending.REPLACED, Ending.CONTRACTS_ENDED, Ending.BY_HAND)):
            store.contracts.put(contract(f"K{number}", on=f"A{number}", of=f"C{number}"))
            store.contracts.put(contract(f"L{number}", on=f"B{number}", of=f"C{number}"))
            held = attrs.evolve(code(f"AAA{number}", on=f"A{number}"), customer=f"C{number}")
            store.promo_codes.add(held, at=day(0))
            store.promo_codes.replace(held.started(day(1)).ended(day(9), ending), at=day(1))
        assert store.promo_codes.ended_by_hand(["C0", "C1", "C2", "C9"]) == {"C0"}
        assert store.promo_codes.ended_by_hand({"C3", "C0"}) == {"C0", "C3"}
        assert store.promo_codes.ended_by_hand([]) == frozenset()

    def test_a_taken_text_keeps_the_whole_page_out(self, store: Store) -> None:
        """``add_first`` stores and traces nothing and raises ``ConcurrentChange`` when a text is taken by now (C1)."""
        held = code("BBBB", on="A9", ended=day(0))
        store.promo_codes.add(held, at=day(0))
        with pytest.raises(ConcurrentChange):
            add(store, [code("AAAA"), code("BBBB", on="A2", of="C2")])
        assert store.promo_codes.of_account("A1") == store.promo_codes.of_account("A2") == ()
        assert store.promo_codes.find("BBBB") == held
        assert list(store.trace.heads()) == []

    def test_an_account_that_came_to_hold_a_code_keeps_the_whole_page_out(self, store: Store) -> None:
        """``add_first`` stores nothing and raises ``ConcurrentChange`` when an account has a code by now (C6)."""
        held = code("AAAA", on="A2", of="C2")
        store.promo_codes.add(held, at=day(0))
        with pytest.raises(ConcurrentChange):
            add(store, [code("BBBB"), code("CCCC", on="A2", of="C2", issued=day(5))])
        assert store.promo_codes.of_account("A1") == ()
        assert store.promo_codes.of_account("A2") == (held,)
        assert store.promo_codes.taken(["BBBB", "CCCC"]) == frozenset()

    def test_a_code_that_has_ended_keeps_the_whole_page_out_too(self, store: Store) -> None:
        """A code that has ended by now keeps its account from a first code too, though no periods overlap (C7)."""
        held = code("AAAA", on="A2", of="C2", ended=day(1))
        store.promo_codes.add(held, at=day(0))
        with pytest.raises(ConcurrentChange):
            add(store, [code("BBBB"), code("CCCC", on="A2", of="C2", issued=day(5))])
        assert store.promo_codes.of_account("A1") == ()
        assert store.promo_codes.of_account("A2") == (held,)

    def test_a_page_that_was_kept_out_leaves_the_transaction_usable(self, store: Store) -> None:
        """The rest of the transaction lasts, before the failure and after it."""
        with store.transaction():
            store.promo_codes.add(code("AAAA"), at=day(0))
            with pytest.raises(ConcurrentChange):
                add(store, [code("BBBB", on="A2", of="C2"), code("AAAA", on="A3")])
            add(store, [code("BBBB", on="A2", of="C2")])
        assert store.promo_codes.taken(["AAAA", "BBBB"]) == {"AAAA", "BBBB"}

    def test_a_page_is_undone_with_its_transaction(self, store: Store) -> None:
        """A failed transaction takes back the codes, their texts and their rows in the trace."""
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
        """Of racing pages with an account in common all but one raise ``ConcurrentChange`` and store nothing."""

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


def given(store: Store, *contracts: Contract) -> None:
    """Store contracts in whatever state they are."""
    store.contracts.add_all(contracts)


def add(store: Store, codes: Sequence[PromoCode]) -> None:
    """Add codes, each with a note."""
    store.promo_codes.add_first(codes, [note(each.account) for each in codes], at=day(0) + timedelta(hours=1))


def accounts_of(page: CodelessPage) -> list[str]:
    """Return the ids of the accounts on a page."""
    return [each.account for each in page.accounts]
