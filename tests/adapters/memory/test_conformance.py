"""The store in memory keeps every promise that the suites ask for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from referral_adapters import conformance
from referral_adapters.conformance.billing_movements import BillingWithMovements
from referral_adapters.conformance.bulk_billing import BillingWithBulk
from referral_adapters.conformance.limiter import MakeLimiter
from referral_adapters.conformance.reversing_billing import ReversingBilling
from referral_adapters.folding import to_ascii
from referral_adapters.memory import ContinuousDiscounts, FlakyBilling, FlakyBulkBilling, MemoryStore, SlidingLimiter
from referral_core.ports.billing import Billing
from referral_core.ports.cases import CaseRepository
from referral_core.ports.grants import GrantRepository
from referral_core.ports.reversals import ReversalRepository


class OfMemory:
    """Gives every suite of a whole store one in memory."""

    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


@pytest.mark.rule("C1", "S4", "B2")
class TestContracts(OfMemory, conformance.ContractRepositoryConformance):
    pass


@pytest.mark.rule("C1", "C6", "S4", "R3")
class TestCodes(OfMemory, conformance.CodeRepositoryConformance):
    pass


@pytest.mark.rule("P5")
class TestOwner(OfMemory, conformance.StoreOwnerConformance):
    pass


@pytest.mark.rule("D2", "R3")
class TestGroups(OfMemory, conformance.GroupRepositoryConformance):
    pass


@pytest.mark.rule("R3")
class TestReferrals(OfMemory, conformance.ReferralRepositoryConformance):
    pass


@pytest.mark.rule("B2")
class TestGrants(conformance.GrantRepositoryConformance):
    @pytest.fixture
    def grants(self) -> GrantRepository:
        return MemoryStore().grants


@pytest.mark.rule("K3")
class TestCases(conformance.CaseRepositoryConformance):
    @pytest.fixture
    def cases(self) -> CaseRepository:
        return MemoryStore().cases


@pytest.mark.rule("A2")
class TestTrace(OfMemory, conformance.TraceRepositoryConformance):
    pass


@pytest.mark.rule("B2")
class TestRequests(OfMemory, conformance.RequestRepositoryConformance):
    pass


class TestFolding(conformance.FoldingConformance):
    @pytest.fixture
    def folding(self) -> Callable[[str], str]:
        return to_ascii


@pytest.mark.rule("B2", "B6", "B7")
class TestBilling(conformance.BillingConformance):
    @pytest.fixture(params=["of the store", "alone", "flaky without a fault"])
    def billing(self, request: pytest.FixtureRequest) -> Billing:
        match request.param:
            case "of the store":
                return MemoryStore().billing
            case "alone":
                return ContinuousDiscounts()
            case _:
                return FlakyBilling(ContinuousDiscounts())


@pytest.mark.rule("B2")
class TestBulkBilling(conformance.BulkBillingConformance):
    @pytest.fixture(params=["alone", "flaky without a fault"])
    def billing(self, request: pytest.FixtureRequest) -> BillingWithBulk:
        return ContinuousDiscounts() if request.param == "alone" else FlakyBulkBilling(ContinuousDiscounts())


class TestTellingBilling(conformance.TellingBillingConformance):
    @pytest.fixture
    def billing(self) -> BillingWithMovements:
        return ContinuousDiscounts()


@pytest.mark.rule("B11", "B12", "B13")
class TestReversingBilling(conformance.ReversingBillingConformance):
    @pytest.fixture
    def billing(self) -> ReversingBilling:
        return ContinuousDiscounts()


@pytest.mark.rule("B11")
class TestReversals(conformance.ReversalRepositoryConformance):
    @pytest.fixture
    def reversals(self) -> ReversalRepository:
        return MemoryStore().reversals


class TestTransactions(OfMemory, conformance.TransactionConformance):
    pass


@pytest.mark.rule("A5")
class TestPersonalData(OfMemory, conformance.PersonalDataConformance):
    pass


@pytest.mark.rule("A4")
class TestLimiter(conformance.LimiterConformance):
    @pytest.fixture
    def make_limiter(self) -> MakeLimiter:
        return lambda clock: SlidingLimiter(clock=clock)
