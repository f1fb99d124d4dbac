"""One grant whose posting fails in a way nobody foresaw holds up no other (B2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from referral_adapters.memory import MemoryStore
from referral_adapters.memory.billing import ContinuousDiscounts
from referral_core import Actor, Grant, GrantStatus, Money, Programme, ReferralDesk, Side
from referral_core.services.payouts import PayRun
from referral_core.values.errors import Reason

NOW: Final = datetime(2021, 2, 1, 12, tzinfo=UTC)
SYSTEM: Final = Actor.system("billing")
POISON: Final = "referee/K3"
"""The key of the one grant that the adapter stumbles over; others come after it."""


class Stumbling:
    """Billing that takes one grant a call, whose adapter has a slip: a KeyError about one of them."""

    def __init__(self) -> None:
        self.ledger = ContinuousDiscounts()
        self.is_mended = False
        self.stumbles_in_looking = False
        self.calls: list[str] = []
        self.bill, self.transfer, self.balance = self.ledger.bill, self.ledger.transfer, self.ledger.balance

    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        self.calls.append(grant.key)
        self._stumble([grant.key])
        self.ledger.grant(grant, recorded_at=recorded_at)

    def has_grant(self, key: str) -> bool:
        if self.stumbles_in_looking:
            self._stumble([key])
        return self.ledger.has_grant(key)

    def _stumble(self, keys: Collection[str]) -> None:
        if POISON in keys and not self.is_mended:
            raise KeyError("rate plan")


class StumblingBulk(Stumbling):
    """The same, which takes many grants a call too."""

    def grant_all(self, grants: Sequence[Grant], *, recorded_at: datetime | None = None) -> Mapping[str, Reason]:
        self._stumble([grant.key for grant in grants])
        return self.ledger.grant_all(grants, recorded_at=recorded_at)

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        if self.stumbles_in_looking:
            self._stumble(keys)
        return self.ledger.granted_among(keys)


class Office:
    """Six grants that are due, one of them poisonous."""

    def __init__(self, billing: Stumbling) -> None:
        programme = Programme.default()
        self.billing = billing
        self.store = MemoryStore(programme, billing=billing)
        self.desk = ReferralDesk(programme, self.store)
        for number in range(1, 7):
            side = Side.REFEREE
            self.store.grants.add(
                Grant(referral=f"K{number}", side=side, account=f"B{number}", amount=Money(7), effective_from=NOW)
            )

    def pay(self, now: datetime = NOW) -> PayRun:
        return self.desk.session(actor=SYSTEM, now=now).payouts.pay_due()

    def grant(self, key: str) -> Grant:
        found = self.store.grants.find(key)
        assert found is not None
        return found

    def waiting(self) -> list[str]:
        return [grant.key for grant in self.store.grants.all(unsettled=True)]


@pytest.mark.rule("B2")
@pytest.mark.parametrize("kind", [Stumbling, StumblingBulk])
def test_a_slip_of_the_adapter_costs_the_one_grant_alone(kind: type[Stumbling]) -> None:
    office = Office(kind())
    run = office.pay()
    assert run.granted == 5
    assert office.waiting() == [POISON]
    assert office.grant(POISON).status is GrantStatus.UNCERTAIN, "what took effect is not known"
    assert office.grant(POISON).problem == "KeyError: 'rate plan'"


@pytest.mark.rule("B2")
@pytest.mark.parametrize("kind", [Stumbling, StumblingBulk])
def test_it_is_tried_again_later_and_paid_once_when_the_adapter_is_mended(kind: type[Stumbling]) -> None:
    office = Office(kind())
    office.pay()
    office.billing.is_mended = True
    assert office.pay(NOW + timedelta(hours=2)).granted == 1
    assert office.waiting() == []
    assert [office.billing.balance(f"B{number}").granted for number in range(1, 7)] == [Money(7)] * 6
    assert office.grant(POISON).problem is None


@pytest.mark.rule("B2")
@pytest.mark.parametrize("kind", [Stumbling, StumblingBulk])
def test_a_slip_in_looking_up_leaves_the_grant_in_doubt_and_the_others_paid(kind: type[Stumbling]) -> None:
    office = Office(kind())
    office.billing.stumbles_in_looking = True
    office.pay()
    assert office.grant(POISON).status is GrantStatus.UNCERTAIN
    office.pay(NOW + timedelta(hours=2))
    assert office.waiting() == [POISON]
    assert office.grant(POISON).problem == "KeyError: 'rate plan'"


@pytest.mark.rule("B2")
def test_twelve_runs_try_every_grant_and_only_the_poisonous_one_is_stuck() -> None:
    office = Office(Stumbling())
    for hours in range(0, 24 * 12, 24):
        office.pay(NOW + timedelta(hours=hours))
    assert set(office.billing.calls) == {f"referee/K{number}" for number in range(1, 7)}
    assert [grant.key for grant in office.store.grants.all() if grant.is_stuck] == [POISON]
