"""The store in memory keeps every promise that the ports make."""

from __future__ import annotations

import pytest

from referral_adapters import conformance
from referral_adapters.conformance.telling_billing import ToldBilling
from referral_adapters.folding import AsciiFolding
from referral_adapters.memory import ContinuousDiscounts, FlakyBilling, FlakyBulkBilling, MemoryStore
from referral_core.ports.billing import Billing, WholeBilling
from referral_core.ports.cases import Cases
from referral_core.ports.contracts import Contracts
from referral_core.ports.discount_groups import DiscountGroups
from referral_core.ports.events import Events
from referral_core.ports.folding import Folding
from referral_core.ports.grants import Grants
from referral_core.ports.promo_codes import PromoCodes
from referral_core.ports.referrals import Referrals
from referral_core.ports.sharings import Sharings
from referral_core.ports.subscriptions import Subscriptions
from referral_core.ports.trace import Trace


class TestContracts(conformance.ContractsConformance):
    @pytest.fixture
    def contracts(self) -> Contracts:
        return MemoryStore().contracts


@pytest.mark.rule("C1", "C6")
class TestPromoCodes(conformance.PromoCodesConformance):
    @pytest.fixture
    def promo_codes(self) -> PromoCodes:
        return MemoryStore().promo_codes


@pytest.mark.rule("D2")
class TestDiscountGroups(conformance.DiscountGroupsConformance):
    @pytest.fixture
    def groups(self) -> DiscountGroups:
        return MemoryStore().groups


@pytest.mark.rule("S4")
class TestEvidence(conformance.EvidenceConformance):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


class TestReferrals(conformance.ReferralsConformance):
    @pytest.fixture
    def referrals(self) -> Referrals:
        return MemoryStore().referrals


@pytest.mark.rule("B2")
class TestGrants(conformance.GrantsConformance):
    @pytest.fixture
    def grants(self) -> Grants:
        return MemoryStore().grants


@pytest.mark.rule("R3")
class TestHistory(conformance.HistoryConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


@pytest.mark.rule("K3")
class TestCases(conformance.CasesConformance):
    @pytest.fixture
    def cases(self) -> Cases:
        return MemoryStore().cases


class TestSharings(conformance.SharingsConformance):
    @pytest.fixture
    def sharings(self) -> Sharings:
        return MemoryStore().sharings


@pytest.mark.rule("A2")
class TestTrace(conformance.TraceConformance):
    @pytest.fixture
    def trace(self) -> Trace:
        return MemoryStore().trace


class TestEvents(conformance.EventsConformance):
    @pytest.fixture
    def events(self) -> Events:
        return MemoryStore().events


@pytest.mark.rule("B2")
class TestAnswers(conformance.AnswersConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


class TestOutbox(conformance.OutboxConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


class TestSubscriptions(conformance.SubscriptionsConformance):
    @pytest.fixture
    def subscriptions(self) -> Subscriptions:
        return MemoryStore().subscriptions


class TestFolding(conformance.FoldingConformance):
    @pytest.fixture
    def folding(self) -> Folding:
        return AsciiFolding()


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
    def billing(self, request: pytest.FixtureRequest) -> WholeBilling:
        return ContinuousDiscounts() if request.param == "alone" else FlakyBulkBilling(ContinuousDiscounts())


class TestTellingBilling(conformance.TellingBillingConformance):
    @pytest.fixture
    def billing(self) -> ToldBilling:
        return ContinuousDiscounts()


class TestContractPages(conformance.ContractPagesConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


@pytest.mark.rule("C1", "S4", "B2")
class TestLaunchContracts(conformance.LaunchContractsConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


class TestLaunchCodes(conformance.LaunchCodesConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


class TestTransactions(conformance.TransactionConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


@pytest.mark.rule("A2")
class TestSeals(conformance.SealsConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()


@pytest.mark.rule("A5")
class TestPersons(conformance.PersonsConformance):
    @pytest.fixture
    def store(self) -> conformance.Store:
        return MemoryStore()
