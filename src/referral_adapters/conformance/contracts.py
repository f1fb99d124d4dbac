"""What every adapter of the port ``Contracts`` must do."""

from __future__ import annotations

from datetime import date

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import TO_THE_LETTER, contract, day, elsewhere
from referral_core.ports.contracts import Contracts
from referral_core.values.reason import Reason


class ContractsConformance:
    """Asks for a fixture ``contracts``: the port, with nothing in it."""

    def test_what_was_put_is_found_whole(self, contracts: Contracts) -> None:
        """``find`` returns the contract of this id."""
        whole = attrs.evolve(
            contract(),
            starts_on=date(2021, 4, 1),
            first_name="Mihkel",
            warned_code="B456",
            warnings=(Reason.CODE_ENDED, Reason.NO_AMOUNT),
        )
        contracts.put(contract("K2"))
        contracts.put(whole)
        assert contracts.find("K1") == whole

    def test_what_was_never_put_is_not_found(self, contracts: Contracts) -> None:
        """An account exists once a contract stands on it; before, there is nothing to list."""
        contracts.put(contract())
        assert contracts.find("K2") is None
        assert contracts.of_account("A2") == ()
        assert contracts.of_customer("C2") == ()

    def test_the_last_state_is_the_one_found(self, contracts: Contracts) -> None:
        """``put`` stores a contract in its next state, which takes the place of the one before."""
        for state in (contract(), contract().activated(day(1)), contract().activated(day(1)).terminated(day(2))):
            contracts.put(state)
            assert contracts.find("K1") == state
            assert contracts.of_account("A1") == (state,)
            assert contracts.of_customer("C1") == (state,)

    def test_an_account_lists_its_contracts_as_they_were_added(self, contracts: Contracts) -> None:
        """``of_account`` is in the order of adding, neither of ids nor of moments, and a next state keeps its place."""
        added = [contract("K9"), contract("K1", concluded=day(-5)), contract("K5", concluded=day(5))]
        for each in (*added, contract("K0", on="A2")):
            contracts.put(each)
        added[0] = added[0].activated(day(9))
        contracts.put(added[0])
        assert contracts.of_account("A1") == tuple(added)

    def test_a_customer_lists_contracts_on_every_account(self, contracts: Contracts) -> None:
        """``of_customer`` is in the order of adding too, whatever the account."""
        added = [contract("K9", on="A2"), contract("K1", on="A1"), contract("K5", on="A2"), contract("K3", on="A3")]
        for each in (*added, contract("K0", on="A4", of="C2")):
            contracts.put(each)
        assert contracts.of_customer("C1") == tuple(added)

    def test_an_account_belongs_to_one_customer(self, contracts: Contracts) -> None:
        """``put`` refuses ``not-same-customer`` and stores nothing of it."""
        contracts.put(contract())
        for other in (contract("K2", of="C2"), contract("K1", of="C2")):
            with refused(Reason.NOT_SAME_CUSTOMER):
                contracts.put(other)
        assert contracts.of_account("A1") == (contract(),)
        assert contracts.of_customer("C2") == ()
        assert contracts.find("K2") is None

    def test_accounts_come_once_each_in_order_of_id(self, contracts: Contracts) -> None:
        """``accounts`` yields every account with its customer, by the code points of the id."""
        owners = {"b": "C1", "a": "C2", "B": "C1", "ä": "C3", "10": "C3", "9": "C4"}
        for number, (account, customer) in enumerate([*owners.items(), ("a", "C2")]):
            contracts.put(contract(f"K{number}", on=account, of=customer))
        assert list(contracts.accounts()) == sorted(owners.items())

    def test_there_are_no_accounts_before_the_first_contract(self, contracts: Contracts) -> None:
        """``accounts`` of an empty store yields nothing."""
        assert list(contracts.accounts()) == []

    def test_ids_are_taken_to_the_letter(self, contracts: Contracts) -> None:
        """No id is folded, trimmed or interpreted."""
        for each in TO_THE_LETTER:
            contracts.put(contract(each, on=each, of=each))
        for each in TO_THE_LETTER:
            expected = contract(each, on=each, of=each)
            assert contracts.find(each) == expected
            assert contracts.of_account(each) == contracts.of_customer(each) == (expected,)

    def test_moments_are_kept_to_the_microsecond(self, contracts: Contracts) -> None:
        """A moment written with another offset is still the same moment."""
        put = contract(concluded=elsewhere(day(0))).activated(elsewhere(day(1))).terminated(elsewhere(day(2)))
        contracts.put(put)
        assert contracts.find("K1") == contract(concluded=day(0)).activated(day(1)).terminated(day(2))

    def test_one_of_racing_customers_gets_the_account(self, contracts: Contracts) -> None:
        """``put`` is atomic and safe to call from many threads at once: who was second is refused."""

        def put(number: int) -> str:
            contracts.put(contract(f"K{number}", of=f"C{number}"))
            return f"C{number}"

        race = Race(put)
        assert race.lost == [Reason.NOT_SAME_CUSTOMER] * (CONTENDERS - 1)
        assert [(each.account, each.customer) for each in contracts.of_account("A1")] == [("A1", race.won[0])]
        assert list(contracts.accounts()) == [("A1", race.won[0])]

    def test_no_contract_of_racing_writers_is_lost(self, contracts: Contracts) -> None:
        """``put`` is safe to call from many threads at once."""
        Race(lambda number: contracts.put(contract(f"K{number}")))
        everyone = {f"K{number}" for number in range(CONTENDERS)}
        assert {each.id for each in contracts.of_account("A1")} == everyone
        assert {each.id for each in contracts.of_customer("C1")} == everyone
        assert all(contracts.find(each) for each in everyone)
