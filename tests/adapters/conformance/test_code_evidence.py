"""Every test of the suite for the evidence for a check can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import attrs
import pytest

from referral_adapters.conformance.code_evidence import CodeEvidenceConformance
from referral_adapters.memory import MemoryStore
from referral_core.ports.codes import Evidence
from tests.adapters.conformance.broken import Broken, finds_out, own_tests

Gathering = Callable[[str, str | None, tuple[str, str]], Evidence]


def evidence(broken: Callable[[Gathering], Gathering]) -> Broken:
    def made() -> MemoryStore:
        store = MemoryStore()
        setattr(store.promo_codes, "evidence", broken(store.promo_codes.evidence))  # noqa: B010 - the fault
        return store

    return made


def forgetful_evidence(gather: Gathering) -> Gathering:
    """Keep what was found first for ever."""
    return cache(gather)


def trimming_evidence(gather: Gathering) -> Gathering:
    return lambda code, customer, groups: gather(code, customer and customer.strip(), groups)


def finding(alter: Callable[[Evidence], Evidence]) -> Broken:
    return evidence(lambda gather: lambda code, customer, groups: alter(gather(code, customer, groups)))


BROKEN: Final[dict[str, Broken]] = {
    "test_nothing_is_found_in_an_empty_store": finding(lambda found: attrs.evolve(found, referred_by=("K1",))),
    "test_each_part_is_found_without_the_others": finding(
        lambda found: found if found.code else attrs.evolve(found, contracts=())
    ),
    "test_each_contract_and_each_referral_is_found_once": finding(
        lambda found: attrs.evolve(found, contracts=found.contracts * 2)
    ),
    "test_contracts_in_evidence_are_in_order": finding(
        lambda found: attrs.evolve(found, contracts=found.contracts[::-1])
    ),
    "test_what_is_found_is_what_was_last_stored": evidence(forgetful_evidence),
    "test_one_group_may_be_asked_for_twice": finding(
        lambda found: attrs.evolve(found, groups=(*dict.fromkeys(found.groups), None)[:2])
    ),
    "test_what_is_undone_is_no_evidence": evidence(forgetful_evidence),
    "test_customers_are_taken_to_the_letter": evidence(trimming_evidence),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(CodeEvidenceConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(CodeEvidenceConformance, test, BROKEN[test]())
