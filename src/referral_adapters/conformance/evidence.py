"""What every adapter of the port ``Evidence`` must do."""

from __future__ import annotations

import contextlib

import attrs

from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, code, contract, day, elsewhere, group, referral
from referral_adapters.conformance.store import Store
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.entities.promo_code import Ending
from referral_core.ports.evidence import Findings
from referral_core.ports.gathered_evidence import GatheredEvidence
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money

_NEITHER = ("referrer", "friends")


class EvidenceConformance:
    """Asks for a fixture ``store``: all ports, with nothing in them."""

    def test_nothing_is_found_in_an_empty_store(self, store: Store) -> None:
        """``gather`` finds no code, no contracts and no groups where there are none."""
        assert store.evidence.gather("A123", "C1", _NEITHER) == Findings(None, (), False, (None, None))
        assert store.evidence.gather("A123", None, _NEITHER) == Findings(None, (), False, (None, None))

    def test_each_part_is_found_without_the_others(self, store: Store) -> None:
        """No part depends on another one being there."""
        store.promo_codes.add(code("A123"), at=day(0))
        assert store.evidence.gather("A123", "C2", _NEITHER) == Findings(code("A123"), (), False, (None, None))
        store.contracts.put(contract("K2", on="A2", of="C2"))
        held = (contract("K2", on="A2", of="C2"),)
        assert store.evidence.gather("B123", "C2", _NEITHER) == Findings(None, held, False, (None, None))
        store.referrals.add(referral("K9", of="C9"), at=day(0))
        assert store.evidence.gather("B123", "C9", _NEITHER) == Findings(None, (), True, (None, None))
        store.groups.put(group("friends", side=Side.REFEREE), at=day(0))
        assert store.evidence.gather("B123", None, _NEITHER).groups == (None, group("friends", side=Side.REFEREE))

    def test_contracts_are_in_order(self, store: Store) -> None:
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
        assert store.evidence.gather("A123", "C2", _NEITHER).contracts == expected
        assert store.evidence.gather("A123", None, _NEITHER).contracts == ()

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
        assert store.evidence.gather("A123", "C2", _NEITHER) == Findings(
            ended,
            (contract("K2", on="A2", of="C2").withdrawn(day(2)),),
            False,
            (group("referrer"), priced.switched(GroupEvent.DISABLE, day(4))),
        )

    def test_one_group_may_be_asked_for_twice(self, store: Store) -> None:
        """The two groups are found apart from each other."""
        store.groups.put(group("friends"), at=day(0))
        found: tuple[DiscountGroup | None, ...] = store.evidence.gather("A123", None, ("friends", "friends")).groups
        assert found == (group("friends"), group("friends"))

    def test_what_is_undone_is_not_found(self, store: Store) -> None:
        """What a transaction stores is found inside it, and nowhere when it is undone."""
        store.groups.put(group("friends"), at=day(0))
        before = store.evidence.gather("A123", "C2", _NEITHER)
        renamed = attrs.evolve(group("friends"), name="Best friends")
        with contextlib.suppress(_Undone), store.transaction():
            store.promo_codes.add(code("A123"), at=day(0))
            store.groups.put(renamed, at=day(1))
            assert store.evidence.gather("A123", "C2", _NEITHER) == Findings(code("A123"), (), False, (None, renamed))
            raise _Undone
        assert store.evidence.gather("A123", "C2", _NEITHER) == before

    def test_ids_are_taken_to_the_letter(self, store: Store) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            store.contracts.put(contract(words, on=words, of=words))
        for words in TO_THE_LETTER:
            assert store.evidence.gather("A123", words, _NEITHER).contracts == (contract(words, on=words, of=words),)

    def _agree(self, store: Store) -> None:
        """Hold what is found at once against what the four ports say."""
        gathered = GatheredEvidence(store).gather("A123", "C2", _NEITHER)
        assert store.evidence.gather("A123", "C2", _NEITHER) == gathered


class _Undone(Exception):
    """Undoes a transaction."""
