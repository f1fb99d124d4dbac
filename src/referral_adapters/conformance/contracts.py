"""The tests of every repository of contracts."""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, contract, day, elsewhere
from referral_adapters.conformance.store import Store, failing, ids, refused
from referral_core.entities.contract import ContractStatus
from referral_core.ports.contracts import Standing
from referral_core.values.errors import ConcurrentChange, Reason


class ContractRepositoryConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`, whose ``contracts`` are tested."""

    def test_what_was_put_is_found_whole(self, store: Store) -> None:
        """``find`` returns the contract of this id."""
        whole = attrs.evolve(
            contract(),
            starts_on=date(2021, 4, 1),
            first_name="Mihkel",
            warned_code="B456",
            warnings=(Reason.CODE_ENDED, Reason.NO_AMOUNT),
        )
        store.contracts.put(contract("K2"))
        store.contracts.put(whole)
        assert store.contracts.find("K1") == whole

    def test_what_was_never_put_is_not_found(self, store: Store) -> None:
        """An account exists from its first contract on; an unknown account has an empty list."""
        store.contracts.put(contract())
        assert store.contracts.find("K2") is None
        assert store.contracts.of_account("A2") == ()
        assert store.contracts.of_customer("C2") == ()

    def test_the_last_state_is_the_one_found(self, store: Store) -> None:
        """``put`` replaces the state of a known contract by the next one."""
        for state in (contract(), contract().activated(day(1)), contract().activated(day(1)).terminated(day(2))):
            store.contracts.put(state)
            assert store.contracts.find("K1") == state
            assert store.contracts.of_account("A1") == (state,)
            assert store.contracts.of_customer("C1") == (state,)

    def test_a_contract_is_new_once(self, store: Store) -> None:
        """``put`` refuses a concluded contract with a known id by ``contract-exists``, and stores nothing."""
        for state in (contract(), contract().withdrawn(day(1))):
            store.contracts.put(state)
            for again in (contract(), contract(on="A2"), contract(on="A2", of="C2")):
                with refused(Reason.CONTRACT_EXISTS):
                    store.contracts.put(again)
            assert store.contracts.find("K1") == state
        assert list(store.contracts.accounts()) == [("A1", "C1")]
        assert store.contracts.of_account("A2") == store.contracts.of_customer("C2") == ()

    def test_an_account_lists_its_contracts_in_order(self, store: Store) -> None:
        """``of_account`` returns contracts by concluding moment, in whatever offset it is written, and then id."""
        expected = [
            contract("K9", concluded=elsewhere(day(-1))),
            contract("K10", concluded=day(0)),
            contract("K2", concluded=elsewhere(day(0))),
            contract("ä", concluded=day(0)),
            contract("K1", concluded=elsewhere(day(0) + TICK)),
        ]
        for number in (3, 0, 4, 2, 1):
            store.contracts.put(expected[number])
        store.contracts.put(contract("K0", on="A2"))
        expected[2] = expected[2].activated(day(9))
        store.contracts.put(expected[2])
        assert store.contracts.of_account("A1") == tuple(expected)

    def test_a_customer_lists_contracts_on_every_account(self, store: Store) -> None:
        """``of_customer`` returns the contracts on all accounts, by concluding moment and then id."""
        expected = [
            contract("K2", on="A9", concluded=elsewhere(day(0))),
            contract("K3", on="A1", concluded=day(0)),
            contract("K1", on="A9", concluded=day(1)),
        ]
        for number in (2, 1, 0):
            store.contracts.put(expected[number])
        store.contracts.put(contract("K0", on="A4", of="C2"))
        assert store.contracts.of_customer("C1") == tuple(expected)

    def test_an_account_belongs_to_one_customer(self, store: Store) -> None:
        """``put`` refuses another customer's account by ``not-same-customer``, and stores nothing."""
        store.contracts.put(contract())
        for other in (contract("K2", of="C2"), contract("K1", of="C2").activated(day(1))):
            with refused(Reason.NOT_SAME_CUSTOMER):
                store.contracts.put(other)
        assert store.contracts.of_account("A1") == (contract(),)
        assert store.contracts.of_customer("C2") == ()
        assert store.contracts.find("K2") is None

    def test_accounts_come_once_each_in_order_of_id(self, store: Store) -> None:
        """``accounts`` yields every account with its customer, by the code points of the id."""
        owners = {"b": "C1", "a": "C2", "B": "C1", "ä": "C3", "10": "C3", "9": "C4"}
        for number, (account, customer) in enumerate([*owners.items(), ("a", "C2")]):
            store.contracts.put(contract(f"K{number}", on=account, of=customer))
        assert list(store.contracts.accounts()) == sorted(owners.items())

    def test_there_are_no_accounts_before_the_first_contract(self, store: Store) -> None:
        """``accounts`` of an empty store yields nothing."""
        assert list(store.contracts.accounts()) == []

    def test_accounts_are_counted(self, store: Store) -> None:
        """``count_accounts`` counts each account once, whatever its contracts."""
        assert store.contracts.count_accounts() == 0
        for each in (contract(), contract("K2"), contract("K3", on="A2", of="C2")):
            store.contracts.put(each)
        store.contracts.put(contract("K3", on="A2", of="C2").withdrawn(day(1)))
        assert store.contracts.count_accounts() == 2  # noqa: PLR2004 - A1 and A2

    def test_ids_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for each in TO_THE_LETTER:
            store.contracts.put(contract(each, on=each, of=each))
        for each in TO_THE_LETTER:
            expected = contract(each, on=each, of=each)
            assert store.contracts.find(each) == expected
            assert store.contracts.of_account(each) == store.contracts.of_customer(each) == (expected,)

    def test_moments_are_kept_to_the_microsecond(self, store: Store) -> None:
        """Moments are stored to the microsecond; their offset does not matter."""
        state = contract(concluded=elsewhere(day(0))).activated(elsewhere(day(1))).terminated(elsewhere(day(2)))
        store.contracts.put(contract(concluded=elsewhere(day(0))))
        store.contracts.put(state)
        assert store.contracts.find("K1") == contract(concluded=day(0)).activated(day(1)).terminated(day(2))

    def test_one_of_racing_customers_gets_the_account(self, store: Store) -> None:
        """Of racing customers of one new account all but one are refused by ``not-same-customer``."""

        def put(number: int) -> str:
            store.contracts.put(contract(f"K{number}", of=f"C{number}"))
            return f"C{number}"

        race = Race(put)
        assert race.lost == [Reason.NOT_SAME_CUSTOMER] * (CONTENDERS - 1)
        assert [(each.account, each.customer) for each in store.contracts.of_account("A1")] == [("A1", race.won[0])]
        assert list(store.contracts.accounts()) == [("A1", race.won[0])]

    def test_one_of_racing_contracts_gets_the_id(self, store: Store) -> None:
        """Of racing contracts with one id all but one are refused by ``contract-exists``."""

        def put(number: int) -> str:
            store.contracts.put(contract(on=f"A{number}", of=f"C{number}"))
            return f"A{number}"

        race = Race(put)
        assert race.lost == [Reason.CONTRACT_EXISTS] * (CONTENDERS - 1)
        assert [account for account, _ in store.contracts.accounts()] == race.won

    def test_no_contract_of_racing_writers_is_lost(self, store: Store) -> None:
        """Racing contracts with different ids are all stored."""
        Race(lambda number: store.contracts.put(contract(f"K{number}")))
        everyone = {f"K{number}" for number in range(CONTENDERS)}
        assert {each.id for each in store.contracts.of_account("A1")} == everyone
        assert {each.id for each in store.contracts.of_customer("C1")} == everyone
        assert all(store.contracts.find(each) for each in everyone)

    def test_contracts_come_by_pages_in_order_of_id(self, store: Store) -> None:
        """``page`` returns the next contracts above ``after``, known or not, by the code points of the id."""
        for number, named in enumerate(("b", "ä", "K10", "K9", "B", "a")):
            store.contracts.put(contract(named, on=f"A{number}"))
        page = store.contracts.page
        assert ids(page(None, 2)) == ["B", "K10"]
        assert ids(page("K10", 3)) == ["K9", "a", "b"]
        assert ids(page("b", 3)) == ["ä"]
        assert ids(page("C", 1)) == ["K10"]
        assert page("ä", 1) == ()

    def test_there_is_no_page_before_the_first_contract(self, store: Store) -> None:
        """``page`` of an empty store is empty."""
        assert store.contracts.page(None, 9) == store.contracts.page("K1", 9) == ()

    def test_contracts_are_shown_as_last_stored(self, store: Store) -> None:
        """A page holds whole contracts in their last states, a new contract at its place."""
        store.contracts.put(contract("K1"))
        assert store.contracts.page(None, 9) == (contract("K1"),)
        active = contract("K1").activated(day(1))
        store.contracts.put(active)
        store.contracts.put(contract("K0", on="A2", of="C2"))
        assert store.contracts.page(None, 9) == (contract("K0", on="A2", of="C2"), active)

    def test_what_is_left_out_does_not_count(self, store: Store) -> None:
        """Contracts of another ``status``, ``channel`` or segment do not count: the page is full without them."""
        for number in range(8):
            each = contract(f"K{number}", on=f"A{number}", of=f"C{number}")
            each = attrs.evolve(each, channel="sales-portal" if number % 2 else "self-service")
            each = attrs.evolve(each, segment="household" if number % 3 else "micro-business")
            store.contracts.put(each)
            if number > 3:  # noqa: PLR2004 - half of them
                store.contracts.put(each.activated(day(1)))
        page, concluded = store.contracts.page, ContractStatus.CONCLUDED
        assert ids(page(None, 3, status=ContractStatus.ACTIVE)) == ["K4", "K5", "K6"]
        assert ids(page("K0", 3, channel="sales-portal")) == ["K1", "K3", "K5"]
        assert ids(page("K0", 2, segments={"micro-business"})) == ["K3", "K6"]
        assert ids(page(None, 9, segments=frozenset({"micro-business", "household"}))) == [f"K{n}" for n in range(8)]
        assert ids(page(None, 9, status=concluded, channel="sales-portal", segments={"micro-business"})) == ["K3"]
        assert page(None, 9, segments=()) == page(None, 9, channel="nowhere") == ()

    def test_a_channel_stands_for_its_members(self, store: Store) -> None:
        """A page of a family has its members' contracts too, and none of a channel that only begins like it (D6)."""
        channels = ("shop", "shop/7", "shop/7/till", "shop7", "shop/", "shop-7", "Shop/7", "shop/70", "shop0", "sho")
        for number, channel in enumerate(channels):
            store.contracts.put(attrs.evolve(contract(f"K{number}", on=f"A{number}", of=f"C{number}"), channel=channel))
        page = store.contracts.page
        assert ids(page(None, 99, channel="shop")) == ["K0", "K1", "K2", "K4", "K7"]
        assert ids(page(None, 99, channel="shop/7")) == ["K1", "K2"]
        assert ids(page("K1", 2, channel="shop")) == ["K2", "K4"]

    def test_ids_are_taken_to_the_letter_in_pages(self, store: Store) -> None:
        """No id, channel or segment is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            named = contract(words, on=words, of=words)
            store.contracts.put(attrs.evolve(named, channel=words, segment=words))
        page = store.contracts.page
        assert ids(page(None, 99)) == sorted(TO_THE_LETTER)
        for words in TO_THE_LETTER:
            assert ids(page(None, 99, channel=words)) == ids(page(None, 99, segments=(words,))) == [words]
            assert ids(page(words, 99)) == sorted(each for each in TO_THE_LETTER if each > words)

    def test_what_is_undone_is_not_there(self, store: Store) -> None:
        """A page has the work of the running transaction, and nothing of a failed one."""
        store.contracts.put(contract("K2"))
        with failing(store):
            store.contracts.put(contract("K1", on="A2", of="C2"))
            assert ids(store.contracts.page(None, 9)) == ["K1", "K2"]
        assert ids(store.contracts.page(None, 9)) == ["K2"]

    def test_what_stands_is_told_by_id(self, store: Store) -> None:
        """``standing`` returns the known contracts in their last states and the owners of the known accounts."""
        active = contract().activated(day(1))
        for each in (contract(), active, contract("K2", on="A2", of="C2"), contract("K3", on="A3", of="C3")):
            store.contracts.put(each)
        assert store.contracts.standing(["K1", "K2", "K9"], ["A1", "A3", "A9", "A1"]) == Standing(
            {"K1": active, "K2": contract("K2", on="A2", of="C2")}, {"A1": "C1", "A3": "C3"}
        )

    def test_nothing_stands_where_nothing_was_stored(self, store: Store) -> None:
        """``standing`` of unknown ids, or of no ids, is empty."""
        assert store.contracts.standing(["K1"], ["A1"]) == Standing({}, {})
        assert store.contracts.standing([], []) == Standing({}, {})

    def test_a_contract_is_added_in_any_state(self, store: Store) -> None:
        """``add_all`` stores contracts in any state, to be found like any other."""
        whole = attrs.evolve(
            contract("K4", concluded=elsewhere(day(0))), starts_on=date(2021, 4, 1), first_name="Mihkel"
        )
        added = (
            contract("K1"),
            contract("K2").activated(day(1)),
            contract("K3", on="A2", of="C2").activated(day(1)).terminated(day(2)),
            whole.withdrawn(elsewhere(day(3))),
        )
        store.contracts.add_all(added)
        assert [store.contracts.find(each.id) for each in added] == list(added)
        assert store.contracts.of_account("A1") == (added[0], added[1], added[3])
        assert store.contracts.of_customer("C2") == (added[2],)
        assert list(store.contracts.accounts()) == [("A1", "C1"), ("A2", "C2")]
        assert store.contracts.standing(["K3"], ["A2"]) == Standing({"K3": added[2]}, {"A2": "C2"})

    def test_an_account_that_is_there_can_get_more(self, store: Store) -> None:
        """``add_all`` takes known accounts of the same customer and leaves their contracts alone."""
        store.contracts.put(contract())
        store.contracts.add_all([contract("K2", concluded=day(1)), contract("K3", on="A2")])
        assert store.contracts.of_account("A1") == (contract(), contract("K2", concluded=day(1)))
        assert list(store.contracts.accounts()) == [("A1", "C1"), ("A2", "C1")]

    def test_nothing_is_added_when_nothing_is_given(self, store: Store) -> None:
        """``add_all`` of nothing stores nothing."""
        store.contracts.add_all([])
        assert list(store.contracts.accounts()) == []

    def test_a_known_id_keeps_the_whole_page_out(self, store: Store) -> None:
        """``add_all`` stores nothing and raises ``ConcurrentChange`` when one id is known by now."""
        store.contracts.put(contract("K2"))
        with pytest.raises(ConcurrentChange):
            store.contracts.add_all([contract("K1", on="A2", of="C2"), contract("K2", on="A3", of="C3")])
        assert store.contracts.find("K1") is None
        assert store.contracts.find("K2") == contract("K2")
        assert list(store.contracts.accounts()) == [("A1", "C1")]

    def test_an_account_of_somebody_else_keeps_the_whole_page_out(self, store: Store) -> None:
        """``add_all`` stores nothing and raises ``ConcurrentChange`` when one account is another customer's by now."""
        store.contracts.put(contract())
        with pytest.raises(ConcurrentChange):
            store.contracts.add_all([contract("K2", on="A2", of="C2"), contract("K3", of="C2")])
        assert store.contracts.find("K2") is store.contracts.find("K3") is None
        assert list(store.contracts.accounts()) == [("A1", "C1")]

    def test_a_page_that_was_kept_out_leaves_the_transaction_usable(self, store: Store) -> None:
        """The rest of the transaction lasts, before the failure and after it."""
        with store.transaction():
            store.contracts.put(contract())
            with pytest.raises(ConcurrentChange):
                store.contracts.add_all([contract("K2"), contract()])
            store.contracts.add_all([contract("K3")])
        assert [each.id for each in store.contracts.of_account("A1")] == ["K1", "K3"]

    def test_a_page_is_undone_with_its_transaction(self, store: Store) -> None:
        """A page of an undone transaction can be added again."""
        page = [contract(), contract("K2", on="A2", of="C2").activated(day(1))]
        with failing(store):
            store.contracts.add_all(page)
        assert store.contracts.standing(["K1", "K2"], ["A1", "A2"]) == Standing({}, {})
        store.contracts.add_all(page)
        assert store.contracts.find("K2") == page[1]

    def test_ids_that_are_added_together_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        added = {each: contract(each, on=each, of=each) for each in TO_THE_LETTER}
        store.contracts.add_all(list(added.values()))
        standing = store.contracts.standing(TO_THE_LETTER, TO_THE_LETTER)
        assert standing == Standing(added, {each: each for each in TO_THE_LETTER})
        for each in TO_THE_LETTER:
            assert store.contracts.standing([each], [each]) == Standing({each: added[each]}, {each: each})

    def test_one_of_racing_pages_comes_in(self, store: Store) -> None:
        """Of racing pages with a contract in common all but one raise ``ConcurrentChange`` and store nothing."""

        def add(number: int) -> int | None:
            try:
                store.contracts.add_all([contract(f"K{number}", on=f"A{number}"), contract("KX")])
            except ConcurrentChange:
                return None
            return number

        won = [number for number in Race(add).won if number is not None]
        assert len(won) == 1
        assert [number for number in range(CONTENDERS) if store.contracts.find(f"K{number}")] == won
