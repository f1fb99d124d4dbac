"""Every conformance suite on the store in a database, in SQLite and in PostgreSQL."""

from __future__ import annotations

import pytest

from referral_adapters import conformance
from referral_adapters.conformance.telling_billing import ToldBilling
from referral_adapters.sql import SqlStore
from referral_adapters.sql.billing import SqlContinuousDiscounts
from referral_core.ports.billing import Billing, WholeBilling
from referral_core.ports.cases import Cases
from referral_core.ports.contracts import Contracts
from referral_core.ports.discount_groups import DiscountGroups
from referral_core.ports.events import Events
from referral_core.ports.grants import Grants
from referral_core.ports.promo_codes import PromoCodes
from referral_core.ports.referrals import Referrals
from referral_core.ports.sharings import Sharings
from referral_core.ports.subscriptions import Subscriptions
from referral_core.ports.trace import Trace


class TestAnswers(conformance.AnswersConformance):
    """The store is the fixture ``store`` itself."""


class TestBilling(conformance.BillingConformance):
    @pytest.fixture
    def billing(self, store: SqlStore) -> Billing:
        return store.billing


class TestBulkBilling(conformance.BulkBillingConformance):
    @pytest.fixture
    def billing(self, store: SqlStore) -> WholeBilling:
        assert isinstance(store.billing, SqlContinuousDiscounts)
        return store.billing


class TestCases(conformance.CasesConformance):
    @pytest.fixture
    def cases(self, store: SqlStore) -> Cases:
        return store.cases


class TestContractPages(conformance.ContractPagesConformance):
    """The store is the fixture ``store`` itself."""


class TestTellingBilling(conformance.TellingBillingConformance):
    @pytest.fixture
    def billing(self, store: SqlStore) -> ToldBilling:
        assert isinstance(store.billing, SqlContinuousDiscounts)
        return store.billing


class TestContracts(conformance.ContractsConformance):
    @pytest.fixture
    def contracts(self, store: SqlStore) -> Contracts:
        return store.contracts


class TestDiscountGroups(conformance.DiscountGroupsConformance):
    @pytest.fixture
    def groups(self, store: SqlStore) -> DiscountGroups:
        return store.groups


class TestEvents(conformance.EventsConformance):
    @pytest.fixture
    def events(self, store: SqlStore) -> Events:
        return store.events


class TestEvidence(conformance.EvidenceConformance):
    """The store is the fixture ``store`` itself."""


class TestGrants(conformance.GrantsConformance):
    @pytest.fixture
    def grants(self, store: SqlStore) -> Grants:
        return store.grants


class TestHistory(conformance.HistoryConformance):
    """The store is the fixture ``store`` itself."""


class TestLaunchCodes(conformance.LaunchCodesConformance):
    """The store is the fixture ``store`` itself."""


class TestLaunchContracts(conformance.LaunchContractsConformance):
    """The store is the fixture ``store`` itself."""


class TestOutbox(conformance.OutboxConformance):
    """The store is the fixture ``store`` itself."""


class TestPromoCodes(conformance.PromoCodesConformance):
    @pytest.fixture
    def promo_codes(self, store: SqlStore) -> PromoCodes:
        return store.promo_codes


class TestReferrals(conformance.ReferralsConformance):
    @pytest.fixture
    def referrals(self, store: SqlStore) -> Referrals:
        return store.referrals


class TestSharings(conformance.SharingsConformance):
    @pytest.fixture
    def sharings(self, store: SqlStore) -> Sharings:
        return store.sharings


class TestSubscriptions(conformance.SubscriptionsConformance):
    @pytest.fixture
    def subscriptions(self, store: SqlStore) -> Subscriptions:
        return store.subscriptions


class TestTrace(conformance.TraceConformance):
    @pytest.fixture
    def trace(self, store: SqlStore) -> Trace:
        return store.trace


class TestTransaction(conformance.TransactionConformance):
    """The store is the fixture ``store`` itself."""


class TestSeals(conformance.SealsConformance):
    """The store is the fixture ``store`` itself."""


class TestPersons(conformance.PersonsConformance):
    """The store is the fixture ``store`` itself."""
