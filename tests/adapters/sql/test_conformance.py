"""Every conformance suite on the store in a database, in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from referral_adapters import conformance
from referral_adapters.conformance.billing_movements import BillingWithMovements
from referral_adapters.conformance.bulk_billing import BillingWithBulk
from referral_adapters.conformance.limiter import MakeLimiter, SetClock
from referral_adapters.conformance.reversing_billing import ReversingBilling
from referral_adapters.sql import SqlLimiter, SqlStore
from referral_adapters.sql.billing import SqlContinuousDiscounts
from referral_core.ports.billing import Billing
from referral_core.ports.cases import CaseRepository
from referral_core.ports.grants import GrantRepository
from referral_core.ports.reversals import ReversalRepository


class TestBilling(conformance.BillingConformance):
    @pytest.fixture
    def billing(self, store: SqlStore) -> Billing:
        return store.billing


class TestBulkBilling(conformance.BulkBillingConformance):
    @pytest.fixture
    def billing(self, store: SqlStore) -> BillingWithBulk:
        assert isinstance(store.billing, SqlContinuousDiscounts)
        return store.billing


class TestTellingBilling(conformance.TellingBillingConformance):
    @pytest.fixture
    def billing(self, store: SqlStore) -> BillingWithMovements:
        assert isinstance(store.billing, SqlContinuousDiscounts)
        return store.billing


@pytest.mark.rule("B11", "B12", "B13")
class TestReversingBilling(conformance.ReversingBillingConformance):
    @pytest.fixture
    def billing(self, store: SqlStore) -> ReversingBilling:
        assert isinstance(store.billing, SqlContinuousDiscounts)
        return store.billing


@pytest.mark.rule("B11")
class TestReversals(conformance.ReversalRepositoryConformance):
    @pytest.fixture
    def reversals(self, store: SqlStore) -> ReversalRepository:
        return store.reversals


class TestCases(conformance.CaseRepositoryConformance):
    @pytest.fixture
    def cases(self, store: SqlStore) -> CaseRepository:
        return store.cases


class TestGrants(conformance.GrantRepositoryConformance):
    @pytest.fixture
    def grants(self, store: SqlStore) -> GrantRepository:
        return store.grants


class TestCodes(conformance.CodeRepositoryConformance):
    """The store is the fixture ``store`` itself."""


class TestContracts(conformance.ContractRepositoryConformance):
    """The store is the fixture ``store`` itself."""


@pytest.mark.rule("P5")
class TestOwner(conformance.StoreOwnerConformance):
    """The store is the fixture ``store`` itself."""


class TestGroups(conformance.GroupRepositoryConformance):
    """The store is the fixture ``store`` itself."""


class TestPersonalData(conformance.PersonalDataConformance):
    """The store is the fixture ``store`` itself."""


class TestReferrals(conformance.ReferralRepositoryConformance):
    """The store is the fixture ``store`` itself."""


class TestRequests(conformance.RequestRepositoryConformance):
    """The store is the fixture ``store`` itself."""


class TestTrace(conformance.TraceRepositoryConformance):
    """The store is the fixture ``store`` itself."""


class TestTransaction(conformance.TransactionConformance):
    """The store is the fixture ``store`` itself."""


@pytest.mark.rule("A4")
class TestLimiter(conformance.LimiterConformance):
    @pytest.fixture
    def make_limiter(self, database: URL) -> Iterator[MakeLimiter]:
        made = list[SqlLimiter]()

        def make(clock: SetClock) -> SqlLimiter:
            made.append(SqlLimiter(database, clock=clock))
            return made[-1]

        yield make
        for limiter in made:
            limiter.close()
