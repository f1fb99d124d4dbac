"""What every adapter of the port ``LaunchContracts`` must do."""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TO_THE_LETTER, contract, day, elsewhere
from referral_adapters.conformance.store import Store, failing
from referral_core.ports.launch_contracts import Standing
from referral_core.values.errors import ConcurrentChange


class LaunchContractsConformance:
    """Asks for a fixture ``store``: a :class:`Store` with nothing in it, whose ``launch_contracts`` is the port."""

    def test_what_stands_is_told_by_id(self, store: Store) -> None:
        """``standing`` gives contracts as last stored and the owners of accounts; what is not there is left out."""
        active = contract().activated(day(1))
        for each in (contract(), active, contract("K2", on="A2", of="C2"), contract("K3", on="A3", of="C3")):
            store.contracts.put(each)
        assert store.launch_contracts.standing(["K1", "K2", "K9"], ["A1", "A3", "A9", "A1"]) == Standing(
            {"K1": active, "K2": contract("K2", on="A2", of="C2")}, {"A1": "C1", "A3": "C3"}
        )

    def test_nothing_stands_where_nothing_was_stored(self, store: Store) -> None:
        """Asking for nothing is answered too."""
        assert store.launch_contracts.standing(["K1"], ["A1"]) == Standing({}, {})
        assert store.launch_contracts.standing([], []) == Standing({}, {})

    def test_a_contract_is_added_in_any_state(self, store: Store) -> None:
        """It is then found like any other, whole."""
        whole = attrs.evolve(
            contract("K4", concluded=elsewhere(day(0))), starts_on=date(2021, 4, 1), first_name="Mihkel"
        )
        added = (
            contract("K1"),
            contract("K2").activated(day(1)),
            contract("K3", on="A2", of="C2").activated(day(1)).terminated(day(2)),
            whole.withdrawn(elsewhere(day(3))),
        )
        store.launch_contracts.add(added)
        assert [store.contracts.find(each.id) for each in added] == list(added)
        assert store.contracts.of_account("A1") == (added[0], added[1], added[3])
        assert store.contracts.of_customer("C2") == (added[2],)
        assert list(store.contracts.accounts()) == [("A1", "C1"), ("A2", "C2")]
        assert store.launch_contracts.standing(["K3"], ["A2"]) == Standing({"K3": added[2]}, {"A2": "C2"})

    def test_an_account_that_is_there_can_get_more(self, store: Store) -> None:
        """``add`` takes accounts of the same customer, and changes nothing of what stands on them."""
        store.contracts.put(contract())
        store.launch_contracts.add([contract("K2", concluded=day(1)), contract("K3", on="A2")])
        assert store.contracts.of_account("A1") == (contract(), contract("K2", concluded=day(1)))
        assert list(store.contracts.accounts()) == [("A1", "C1"), ("A2", "C1")]

    def test_nothing_is_added_when_nothing_is_given(self, store: Store) -> None:
        """An empty page is a page."""
        store.launch_contracts.add([])
        assert list(store.contracts.accounts()) == []

    def test_a_known_id_keeps_the_whole_page_out(self, store: Store) -> None:
        """``add`` is all or nothing: ``ConcurrentChange`` when an id came to be known."""
        store.contracts.put(contract("K2"))
        with pytest.raises(ConcurrentChange):
            store.launch_contracts.add([contract("K1", on="A2", of="C2"), contract("K2", on="A3", of="C3")])
        assert store.contracts.find("K1") is None
        assert store.contracts.find("K2") == contract("K2")
        assert list(store.contracts.accounts()) == [("A1", "C1")]

    def test_an_account_of_somebody_else_keeps_the_whole_page_out(self, store: Store) -> None:
        """``add`` is all or nothing: ``ConcurrentChange`` when an account came to be another customer's."""
        store.contracts.put(contract())
        with pytest.raises(ConcurrentChange):
            store.launch_contracts.add([contract("K2", on="A2", of="C2"), contract("K3", of="C2")])
        assert store.contracts.find("K2") is store.contracts.find("K3") is None
        assert list(store.contracts.accounts()) == [("A1", "C1")]

    def test_a_page_that_was_kept_out_leaves_the_transaction_usable(self, store: Store) -> None:
        """What was done before and is done after in the same transaction lasts."""
        with store.transaction():
            store.contracts.put(contract())
            with pytest.raises(ConcurrentChange):
                store.launch_contracts.add([contract("K2"), contract()])
            store.launch_contracts.add([contract("K3")])
        assert [each.id for each in store.contracts.of_account("A1")] == ["K1", "K3"]

    def test_a_page_is_undone_with_its_transaction(self, store: Store) -> None:
        """Nothing of it stands in the way of the next attempt."""
        page = [contract(), contract("K2", on="A2", of="C2").activated(day(1))]
        with failing(store):
            store.launch_contracts.add(page)
        assert store.launch_contracts.standing(["K1", "K2"], ["A1", "A2"]) == Standing({}, {})
        store.launch_contracts.add(page)
        assert store.contracts.find("K2") == page[1]

    def test_ids_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        added = {each: contract(each, on=each, of=each) for each in TO_THE_LETTER}
        store.launch_contracts.add(list(added.values()))
        standing = store.launch_contracts.standing(TO_THE_LETTER, TO_THE_LETTER)
        assert standing == Standing(added, {each: each for each in TO_THE_LETTER})
        for each in TO_THE_LETTER:
            assert store.launch_contracts.standing([each], [each]) == Standing({each: added[each]}, {each: each})

    def test_one_of_racing_pages_comes_in(self, store: Store) -> None:
        """Pages that share a contract: all but one are told ``ConcurrentChange`` and leave nothing."""

        def add(number: int) -> int | None:
            try:
                store.launch_contracts.add([contract(f"K{number}", on=f"A{number}"), contract("KX")])
            except ConcurrentChange:
                return None
            return number

        won = [number for number in Race(add).won if number is not None]
        assert len(won) == 1
        assert [number for number in range(CONTENDERS) if store.contracts.find(f"K{number}")] == won
