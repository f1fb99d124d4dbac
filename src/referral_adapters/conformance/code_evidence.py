"""The tests of the evidence that a repository of codes looks up for a check."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.samples import (
    TICK,
    TO_THE_LETTER,
    code,
    contract,
    day,
    elsewhere,
    group,
    referral,
)
from referral_adapters.conformance.store import Store, failing
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.entities.promo_code import Ending
from referral_core.ports.codes import Evidence
from referral_core.ports.store import gathered_evidence
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money

_NEITHER = ("referrer", "friends")


class CodeEvidenceConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`, the evidence of whose ``promo_codes`` is tested."""

    def test_nothing_is_found_in_an_empty_store(self, store: Store) -> None:
        """``evidence`` finds no code, no contracts and no groups where there are none."""
        assert store.promo_codes.evidence("A123", "C1", _NEITHER) == Evidence(None, (), (), (None, None))
        assert store.promo_codes.evidence("A123", None, _NEITHER) == Evidence(None, (), (), (None, None))

    def test_each_part_is_found_without_the_others(self, store: Store) -> None:
        """Each part of the evidence is found whether or not the other parts exist."""
        store.promo_codes.add(code("A123"), at=day(0))
        assert store.promo_codes.evidence("A123", "C2", _NEITHER) == Evidence(code("A123"), (), (), (None, None))
        store.contracts.put(contract("K2", on="A2", of="C2"))
        held = (contract("K2", on="A2", of="C2"),)
        assert store.promo_codes.evidence("B123", "C2", _NEITHER) == Evidence(None, held, (), (None, None))
        store.referrals.add(referral("K9", of="C9"), at=day(0))
        assert store.promo_codes.evidence("B123", "C9", _NEITHER) == Evidence(None, (), ("K9",), (None, None))
        store.groups.put(group("friends", side=Side.REFEREE), at=day(0))
        assert store.promo_codes.evidence("B123", None, _NEITHER).groups == (None, group("friends", side=Side.REFEREE))

    def test_each_contract_and_each_referral_is_found_once(self, store: Store) -> None:
        """Evidence has every live referral of a customer beside every contract, each once and in order."""
        held = tuple(contract(f"K{number}", on="A2", of="C2", concluded=day(number)) for number in (3, 4, 5))
        for each in held:
            store.contracts.put(each)
        for number in (5, 3, 4):
            store.referrals.add(referral(f"K{number}"), at=day(6))
        found = store.promo_codes.evidence("A123", "C2", _NEITHER)
        assert (found.contracts, found.referred_by) == (held, ("K3", "K4", "K5"))

    def test_contracts_in_evidence_are_in_order(self, store: Store) -> None:
        """Evidence has the customer's contracts on all accounts, by concluding moment and then id."""
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
        """Evidence has the last states of the code, the groups, the contracts and the referral."""
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
            (),
            (group("referrer"), priced.switched(GroupEvent.DISABLE, day(4))),
        )

    def test_one_group_may_be_asked_for_twice(self, store: Store) -> None:
        """The same group may be both of the two groups."""
        store.groups.put(group("friends"), at=day(0))
        found: tuple[DiscountGroup | None, ...] = store.promo_codes.evidence(
            "A123", None, ("friends", "friends")
        ).groups
        assert found == (group("friends"), group("friends"))

    def test_what_is_undone_is_no_evidence(self, store: Store) -> None:
        """Evidence inside a transaction has the work of the transaction, and loses it when the transaction fails."""
        store.groups.put(group("friends"), at=day(0))
        before = store.promo_codes.evidence("A123", "C2", _NEITHER)
        renamed = attrs.evolve(group("friends"), name="Best friends")
        with failing(store):
            store.promo_codes.add(code("A123"), at=day(0))
            store.groups.put(renamed, at=day(1))
            assert store.promo_codes.evidence("A123", "C2", _NEITHER) == Evidence(code("A123"), (), (), (None, renamed))
        assert store.promo_codes.evidence("A123", "C2", _NEITHER) == before

    def test_customers_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            store.contracts.put(contract(words, on=words, of=words))
        for words in TO_THE_LETTER:
            assert store.promo_codes.evidence("A123", words, _NEITHER).contracts == (
                contract(words, on=words, of=words),
            )

    def _agree(self, store: Store) -> None:
        """Compare the evidence with what the four repositories return one by one."""
        gathered = gathered_evidence(store, "A123", "C2", _NEITHER)
        assert store.promo_codes.evidence("A123", "C2", _NEITHER) == gathered
