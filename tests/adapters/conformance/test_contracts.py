"""Every test of the suite for contracts can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.samples import contract
from referral_adapters.memory import MemoryStore
from referral_core.entities.contract import Contract
from tests.adapters.conformance.broken import (
    Act,
    Broken,
    altered,
    altered_part,
    backwards,
    finds_out,
    outside_of_transactions,
    own_tests,
    saying_nothing,
    silent,
    trimming,
)


def contracts(**methods: Act) -> Broken:
    return lambda: altered_part("contracts", **methods)


def nameless(find: Callable[[str], Contract | None], contract: str) -> Contract | None:
    found = find(contract)
    return found and attrs.evolve(found, first_name=None)


def to_the_second(find: Callable[[str], Contract | None], contract: str) -> Contract | None:
    found = find(contract)
    return found and attrs.evolve(found, concluded_at=found.concluded_at.replace(microsecond=0))


def written_once() -> object:
    store = MemoryStore()
    part = store.contracts
    altered(part, put=lambda put, contract: part.find(contract.id) or put(contract))
    return store


CONTRACTS: Final[dict[str, Broken]] = {
    "test_what_was_put_is_found_whole": contracts(find=nameless),
    "test_what_was_never_put_is_not_found": contracts(find=lambda find, _: find("K1")),
    "test_the_last_state_is_the_one_found": written_once,
    "test_a_contract_is_new_once": contracts(put=silent),
    "test_an_account_lists_its_contracts_in_order": contracts(of_account=backwards),
    "test_a_customer_lists_contracts_on_every_account": contracts(
        of_customer=lambda of, customer: tuple(sorted(of(customer), key=lambda each: str(each.account)))
    ),
    "test_an_account_belongs_to_one_customer": contracts(put=silent),
    "test_accounts_come_once_each_in_order_of_id": contracts(accounts=backwards),
    "test_there_are_no_accounts_before_the_first_contract": contracts(accounts=lambda _: iter([("A1", "C1")])),
    "test_ids_are_taken_to_the_letter": contracts(of_account=trimming),
    "test_moments_are_kept_to_the_microsecond": contracts(find=to_the_second),
    "test_one_of_racing_customers_gets_the_account": contracts(put=silent),
    "test_one_of_racing_contracts_gets_the_id": contracts(put=silent),
    "test_no_contract_of_racing_writers_is_lost": contracts(put=lambda put, each: each.id == "K3" or put(each)),
}


def members_forgotten(page: Callable[..., tuple[Contract, ...]], *of: object, channel: str) -> tuple[Contract, ...]:
    return tuple(each for each in page(*of, channel=channel) if each.channel == channel)


def looking_up(page: Callable[..., tuple[Contract, ...]], *of: object, **wanted: object) -> tuple[Contract, ...]:
    """Take a page, and leave out of it what is not wanted."""
    return tuple(each for each in page(*of) if each in page(None, 99, **wanted))


def stale() -> MemoryStore:
    """Show contracts as they were first."""
    store, first = MemoryStore(), dict[str, Contract]()

    def page(page: Callable[..., tuple[Contract, ...]], *of: object, **wanted: object) -> tuple[Contract, ...]:
        return tuple(first.setdefault(each.id, each) for each in page(*of, **wanted))

    altered(store.contracts, page=page)
    return store


def remembering() -> MemoryStore:
    """Keep showing what was seen once."""
    store, seen = MemoryStore(), dict[str, Contract]()

    def page(page: Callable[..., tuple[Contract, ...]], *of: object, **wanted: object) -> tuple[Contract, ...]:
        seen.update({each.id: each for each in page(*of, **wanted)})
        return tuple(seen[each] for each in sorted(seen))

    altered(store.contracts, page=page)
    return store


def trimming_channels(
    page: Callable[..., tuple[Contract, ...]], *of: object, channel: str | None = None, **wanted: object
) -> tuple[Contract, ...]:
    return page(*of, channel=channel and channel.strip(), **wanted)


CONTRACT_PAGES: Final[dict[str, Broken]] = {
    "test_contracts_come_by_pages_in_order_of_id": contracts(
        page=lambda page, after, limit: page(after and after.lower(), limit)
    ),
    "test_there_is_no_page_before_the_first_contract": contracts(page=lambda *_, **__: (contract(),)),
    "test_contracts_are_shown_as_last_stored": stale,
    "test_what_is_left_out_does_not_count": contracts(page=looking_up),
    "test_a_channel_stands_for_its_members": contracts(page=members_forgotten),
    "test_ids_are_taken_to_the_letter_in_pages": contracts(page=trimming_channels),
    "test_what_is_undone_is_not_there": remembering,
}


def one_by_one(add: Act, contracts: Sequence[Contract]) -> None:
    """Keep those that came before the one that does not fit."""
    for each in contracts:
        add([each])


LAUNCH_CONTRACTS: Final[dict[str, Broken]] = {
    "test_accounts_are_counted": contracts(count_accounts=lambda count: min(count(), 1)),
    "test_what_stands_is_told_by_id": contracts(standing=lambda of, ids, _: of(ids, [])),
    "test_nothing_stands_where_nothing_was_stored": contracts(
        standing=lambda of, ids, accounts: attrs.evolve(of(ids, accounts), customers=dict.fromkeys(accounts, ""))
    ),
    "test_a_contract_is_added_in_any_state": contracts(
        add_all=lambda add, page: add([each for each in page if each.activated_at is None])
    ),
    "test_an_account_that_is_there_can_get_more": contracts(
        add_all=lambda add, page: add([each for each in page if each.account != "A1"])
    ),
    "test_nothing_is_added_when_nothing_is_given": contracts(add_all=lambda add, page: add(page or [contract()])),
    "test_a_known_id_keeps_the_whole_page_out": contracts(add_all=one_by_one),
    "test_an_account_of_somebody_else_keeps_the_whole_page_out": contracts(add_all=saying_nothing),
    "test_a_page_that_was_kept_out_leaves_the_transaction_usable": contracts(add_all=one_by_one),
    "test_a_page_is_undone_with_its_transaction": outside_of_transactions,
    "test_ids_that_are_added_together_are_taken_to_the_letter": contracts(
        standing=lambda of, ids, accounts: of([each.strip() for each in ids], accounts)
    ),
    "test_one_of_racing_pages_comes_in": contracts(add_all=saying_nothing),
}

BROKEN: Final[dict[str, Broken]] = CONTRACTS | CONTRACT_PAGES | LAUNCH_CONTRACTS


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.ContractRepositoryConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.ContractRepositoryConformance, test, BROKEN[test]())
