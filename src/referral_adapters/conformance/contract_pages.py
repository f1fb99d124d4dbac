"""What every adapter of the port ``ContractPages`` must do."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.samples import TO_THE_LETTER, contract, day
from referral_adapters.conformance.store import Store, failing, ids
from referral_core.entities.contract import ContractStatus


class ContractPagesConformance:
    """Asks for a fixture ``store``: a whole store, empty. Judged is its attribute ``contract_pages``."""

    def test_contracts_come_by_pages_in_order_of_id(self, store: Store) -> None:
        """``page`` goes on above ``after``, whether that is there or not, by the code points of the id."""
        for number, named in enumerate(("b", "ä", "K10", "K9", "B", "a")):
            store.contracts.put(contract(named, on=f"A{number}"))
        page = store.contract_pages.page
        assert ids(page(None, 2)) == ["B", "K10"]
        assert ids(page("K10", 3)) == ["K9", "a", "b"]
        assert ids(page("b", 3)) == ["ä"]
        assert ids(page("C", 1)) == ["K10"]
        assert page("ä", 1) == ()

    def test_there_is_no_page_before_the_first_contract(self, store: Store) -> None:
        """``page`` of an empty store is empty."""
        assert store.contract_pages.page(None, 9) == store.contract_pages.page("K1", 9) == ()

    def test_contracts_are_shown_as_last_stored(self, store: Store) -> None:
        """A page holds contracts whole, in the state they are in; one that comes later takes its place."""
        store.contracts.put(contract("K1"))
        assert store.contract_pages.page(None, 9) == (contract("K1"),)
        active = contract("K1").activated(day(1))
        store.contracts.put(active)
        store.contracts.put(contract("K0", on="A2", of="C2"))
        assert store.contract_pages.page(None, 9) == (contract("K0", on="A2", of="C2"), active)

    def test_what_is_left_out_does_not_count(self, store: Store) -> None:
        """``status``, ``channel`` and ``segments``, one or all of them, leave out others; the page is full."""
        for number in range(8):
            each = contract(f"K{number}", on=f"A{number}", of=f"C{number}")
            each = attrs.evolve(each, channel="sales-portal" if number % 2 else "self-service")
            each = attrs.evolve(each, segment="household" if number % 3 else "micro-business")
            store.contracts.put(each)
            if number > 3:  # noqa: PLR2004 - half of them
                store.contracts.put(each.activated(day(1)))
        page, concluded = store.contract_pages.page, ContractStatus.CONCLUDED
        assert ids(page(None, 3, status=ContractStatus.ACTIVE)) == ["K4", "K5", "K6"]
        assert ids(page("K0", 3, channel="sales-portal")) == ["K1", "K3", "K5"]
        assert ids(page("K0", 2, segments={"micro-business"})) == ["K3", "K6"]
        assert ids(page(None, 9, segments=frozenset({"micro-business", "household"}))) == [f"K{n}" for n in range(8)]
        assert ids(page(None, 9, status=concluded, channel="sales-portal", segments={"micro-business"})) == ["K3"]
        assert page(None, 9, segments=()) == page(None, 9, channel="nowhere") == ()

    def test_ids_are_taken_to_the_letter(self, store: Store) -> None:
        """No id, channel or segment is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            named = contract(words, on=words, of=words)
            store.contracts.put(attrs.evolve(named, channel=words, segment=words))
        page = store.contract_pages.page
        assert ids(page(None, 99)) == sorted(TO_THE_LETTER)
        for words in TO_THE_LETTER:
            assert ids(page(None, 99, channel=words)) == ids(page(None, 99, segments=(words,))) == [words]
            assert ids(page(words, 99)) == sorted(each for each in TO_THE_LETTER if each > words)

    def test_what_is_undone_is_not_there(self, store: Store) -> None:
        """A page holds what the transaction has stored so far, and nothing of one that failed."""
        store.contracts.put(contract("K2"))
        with failing(store):
            store.contracts.put(contract("K1", on="A2", of="C2"))
            assert ids(store.contract_pages.page(None, 9)) == ["K1", "K2"]
        assert ids(store.contract_pages.page(None, 9)) == ["K2"]
