"""What the store in memory does beyond its repositories: its beginnings, its histories, its own refusals."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from referral_adapters.conformance.samples import (
    case,
    code,
    contract,
    day,
    grant,
    group,
    referral,
    sharing,
)
from referral_adapters.memory import MemoryStore
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.ports.store import Repositories
from referral_core.values.history import Recorded
from referral_core.values.moment import EARLIEST
from referral_core.values.money import Money
from tests.phrases import refused


@attrs.frozen
class SmallProgramme:
    """A programme as far as a store looks at it."""

    currency: str = "SEK"
    zone: str = "Europe/Stockholm"

    def initial_groups(self) -> tuple[DiscountGroup, ...]:
        return group("referrer"), group("friends")


# ── beginnings ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D2")
def test_a_store_starts_with_the_groups_of_its_programme() -> None:
    store = MemoryStore(SmallProgramme())
    assert [each.id for each in store.groups.all()] == ["referrer", "friends"]
    assert store.groups.history("friends") == (Recorded(group("friends"), EARLIEST, 1),)
    assert MemoryStore().groups.all() == ()


def test_a_store_keeps_the_currency_of_its_programme() -> None:
    assert MemoryStore(SmallProgramme()).billing.balance("A1").unused == Money.zero("SEK")
    assert MemoryStore().billing.balance("A1").unused == Money.zero("EUR")


def test_the_store_is_the_bundle_of_its_repositories() -> None:
    repositories: Repositories = MemoryStore()
    assert repositories.contracts.find("K1") is None


@pytest.mark.rule("C10")
def test_every_store_has_a_secret_of_its_own_unless_given_one() -> None:
    assert MemoryStore().code_key != MemoryStore().code_key
    assert MemoryStore(secret=b"0123456789abcdef").code_key == b"0123456789abcdef"
    with pytest.raises(ValueError, match="a secret of 15 bytes can be guessed"):
        MemoryStore(secret=b"0123456789abcde")


def test_a_folding_that_is_given_takes_the_place_of_its_own() -> None:
    assert MemoryStore(folding=str.upper).to_ascii("Õnne") == "ÕNNE"


# ── what only this store refuses ──────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_there_has_no_next_state() -> None:
    store = MemoryStore()
    with refused("contract-unknown", field="contract"):
        store.contracts.put(contract().activated(day(1)))
    with refused("code-unknown", field="code"):
        store.promo_codes.replace(code(), at=day(0))
    with refused("referral-unknown", field="contract"):
        store.referrals.replace(referral(), at=day(0))
    with refused("case-unknown", field="case"):
        store.cases.close(case().abandoned(day(1)))
    assert store.grants.change([(grant(), grant().taken(day(1)))]) == ()


def test_nothing_changes_hands_by_its_next_state() -> None:
    store = MemoryStore()
    store.contracts.put(contract())
    store.promo_codes.add(code(), at=day(0))
    store.referrals.add(referral(), at=day(0))
    store.grants.add(grant())
    with refused("contract-exists", naming="A1"):
        store.contracts.put(contract(on="A2").activated(day(1)))
    with refused("code-taken", naming="A1"):
        store.promo_codes.replace(code(on="A2"), at=day(0))
    with refused("referral-unknown", naming="A2"):
        store.referrals.replace(referral(by="A2"), at=day(0))
    assert store.grants.change([(grant(on="A2"), grant(on="A2").taken(day(1)))]) == ()


def test_a_referral_may_go_over_to_another_name_of_its_customer() -> None:
    store = MemoryStore()
    store.referrals.add(referral(), at=day(0))
    store.referrals.replace(referral(of="C9"), at=day(1))
    assert store.referrals.live_of("C2") == ()
    assert store.referrals.live_of("C9") == (referral(of="C9"),)


def test_a_cancelled_referral_may_change_its_names_too() -> None:
    store = MemoryStore()
    store.referrals.add(referral().cancelled(day(1)), at=day(1))
    assert store.referrals.live_of("C2") == ()
    store.referrals.add(referral("K2"), at=day(2))
    store.referrals.replace(referral(of="C9").cancelled(day(1)), at=day(3))
    assert store.referrals.find("K1") == referral(of="C9").cancelled(day(1))
    assert store.referrals.live_of("C2") == (referral("K2"),)
    assert store.referrals.live_of("C9") == ()


# ── sharings ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sharings_keep_their_means() -> None:
    codes = MemoryStore().promo_codes
    for means in ("link", "SMS"):
        codes.add_sharing(sharing(means=means))
    assert [each.means for each in codes.sharings_of("A1")] == ["link", "SMS"]


# ── reading while writing ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_being_read_does_not_change_underneath() -> None:
    store = MemoryStore()
    store.contracts.put(contract())
    store.referrals.add(referral(), at=day(0))
    store.grants.add(grant())
    store.cases.open(case())
    readers = [store.contracts.accounts(), store.referrals.all(), store.grants.all(), store.cases.all()]
    store.contracts.put(contract("K2", on="A2"))
    store.referrals.add(referral("K2", of="C3"), at=day(0))
    store.grants.add(grant("K2"))
    store.cases.open(case("S2"))
    assert [len(list(reader)) for reader in readers] == [1, 1, 1, 1]


GRANTS: Final = [grant(f"{number:03}") for number in range(60)]


SETTLED = frozenset({GrantStatus.GRANTED, GrantStatus.HELD, GrantStatus.VOID})


class GrantMachine(RuleBasedStateMachine):
    """Grants that come, are settled and go back to what they were, beside a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.grants: dict[str, Grant] = {}
        self.copies: list[dict[str, Grant]] = []

    @rule(first=st.integers(0, 50), count=st.integers(1, 40))
    def add(self, first: int, count: int) -> None:
        for each in GRANTS[first : first + count]:
            self.store.grants.add(each)
            self.grants.setdefault(each.key, each)

    @rule(
        first=st.integers(0, 50),
        count=st.integers(1, 50),
        status=st.sampled_from(GrantStatus),
        days=st.none() | st.integers(0, 3),
    )
    def change(self, first: int, count: int, status: GrantStatus, days: int | None) -> None:
        several = [self.grants[each.key] for each in GRANTS[first : first + count] if each.key in self.grants]
        wait_until = None if days is None or status in SETTLED else day(days)
        steps = [(each, attrs.evolve(each, status=status, wait_until=wait_until)) for each in several]
        assert self.store.grants.change(steps) == tuple(after for _, after in steps)
        self.grants |= {after.key: after for _, after in steps}

    @rule()
    def begin(self) -> None:
        self.store.transaction().__enter__()
        self.copies.append(dict(self.grants))

    @precondition(lambda self: self.copies)
    @rule(succeeding=st.booleans())
    def end(self, succeeding: bool) -> None:
        before = self.copies.pop()
        if succeeding:
            self.store.transaction().__exit__(None, None, None)
        else:
            self.store.transaction().__exit__(ValueError, ValueError(), None)
            self.grants = before

    @rule(limit=st.integers(0, 70), days=st.integers(-1, 4))
    def page(self, limit: int, days: int) -> None:
        waiting = [
            (each.wait_until, each.key)
            for each in self.grants.values()
            if each.status not in SETTLED and each.wait_until is not None and each.wait_until <= day(days)
        ]
        expected = [self.grants[key] for _, key in sorted(waiting)[:limit]]
        assert list(self.store.grants.unsettled(day(days), limit)) == expected

    @rule()
    def whatever_is_open(self) -> None:
        expected = [each for _, each in sorted(self.grants.items()) if each.status not in SETTLED]
        assert list(self.store.grants.all(unsettled=True)) == expected

    @invariant()
    def all_are_there(self) -> None:
        assert [each.key for each in self.store.grants.all()] == sorted(self.grants)


TestGrants = GrantMachine.TestCase


def test_what_waits_is_in_order_again_after_a_transaction_that_settled_most_of_it() -> None:
    store = MemoryStore()
    several = [attrs.evolve(each, wait_until=day(number % 3)) for number, each in enumerate(GRANTS)]
    for each in several:
        store.grants.add(each)
    before = store.grants.unsettled(day(9), 99)
    with suppress(ValueError), store.transaction():
        store.grants.change([(each, each.after(GrantEvent.BE_FOUND)) for each in several[5:]])
        assert len(store.grants.unsettled(day(9), 99)) == 5
        raise ValueError
    assert store.grants.unsettled(day(9), 99) == before


def test_what_nobody_reads_in_order_takes_no_more_room_than_what_is_there() -> None:
    grants = MemoryStore().grants
    grants.add(grant())
    for number in range(1000):
        grants.change([(each, each.retried(day(number))) for each in grants.all()])
    assert len(grants._order._announced) + len(grants._order._sorted["keys"]) < 100
    assert grants.unsettled(day(999), 9) == tuple(grants.all())
