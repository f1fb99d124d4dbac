"""What every adapter of the port ``Contracts`` must do."""

from __future__ import annotations

from datetime import date

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, contract, day, elsewhere
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

    def test_a_contract_is_new_once(self, contracts: Contracts) -> None:
        """``put`` refuses ``contract-exists`` when a contract is new and its id is not, and stores nothing of it."""
        for state in (contract(), contract().withdrawn(day(1))):
            contracts.put(state)
            for again in (contract(), contract(on="A2"), contract(on="A2", of="C2")):
                with refused(Reason.CONTRACT_EXISTS):
                    contracts.put(again)
            assert contracts.find("K1") == state
        assert list(contracts.accounts()) == [("A1", "C1")]
        assert contracts.of_account("A2") == contracts.of_customer("C2") == ()

    def test_an_account_lists_its_contracts_in_order(self, contracts: Contracts) -> None:
        """``of_account`` goes by the concluding moment, however that is written, and then by id."""
        expected = [
            contract("K9", concluded=elsewhere(day(-1))),
            contract("K10", concluded=day(0)),
            contract("K2", concluded=elsewhere(day(0))),
            contract("ä", concluded=day(0)),
            contract("K1", concluded=elsewhere(day(0) + TICK)),
        ]
        for number in (3, 0, 4, 2, 1):
            contracts.put(expected[number])
        contracts.put(contract("K0", on="A2"))
        expected[2] = expected[2].activated(day(9))
        contracts.put(expected[2])
        assert contracts.of_account("A1") == tuple(expected)

    def test_a_customer_lists_contracts_on_every_account(self, contracts: Contracts) -> None:
        """``of_customer`` goes by the concluding moment and then by id too, whatever the account."""
        expected = [
            contract("K2", on="A9", concluded=elsewhere(day(0))),
            contract("K3", on="A1", concluded=day(0)),
            contract("K1", on="A9", concluded=day(1)),
        ]
        for number in (2, 1, 0):
            contracts.put(expected[number])
        contracts.put(contract("K0", on="A4", of="C2"))
        assert contracts.of_customer("C1") == tuple(expected)

    def test_an_account_belongs_to_one_customer(self, contracts: Contracts) -> None:
        """``put`` refuses ``not-same-customer``, new or not, and stores nothing of it."""
        contracts.put(contract())
        for other in (contract("K2", of="C2"), contract("K1", of="C2").activated(day(1))):
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
        state = contract(concluded=elsewhere(day(0))).activated(elsewhere(day(1))).terminated(elsewhere(day(2)))
        contracts.put(contract(concluded=elsewhere(day(0))))
        contracts.put(state)
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

    def test_one_of_racing_contracts_gets_the_id(self, contracts: Contracts) -> None:
        """``put`` is atomic: of racing contracts of one id all but one are told ``contract-exists``."""

        def put(number: int) -> str:
            contracts.put(contract(on=f"A{number}", of=f"C{number}"))
            return f"A{number}"

        race = Race(put)
        assert race.lost == [Reason.CONTRACT_EXISTS] * (CONTENDERS - 1)
        assert [account for account, _ in contracts.accounts()] == race.won

    def test_no_contract_of_racing_writers_is_lost(self, contracts: Contracts) -> None:
        """``put`` is safe to call from many threads at once."""
        Race(lambda number: contracts.put(contract(f"K{number}")))
        everyone = {f"K{number}" for number in range(CONTENDERS)}
        assert {each.id for each in contracts.of_account("A1")} == everyone
        assert {each.id for each in contracts.of_customer("C1")} == everyone
        assert all(contracts.find(each) for each in everyone)
