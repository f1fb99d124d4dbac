"""Suites for every adapter, ours and a host's: one for each repository, for billing, and for a whole store.

A suite is a class of tests that ask for one fixture: the adapter under test, new and empty. Subclass the suite as a
``Test…`` class and define the fixture. Each call outside a transaction must be a transaction by itself.
"""

from __future__ import annotations

import pytest

_MODULES = (
    "billing",
    "billing_movements",
    "bulk_billing",
    "cases",
    "code_evidence",
    "codes",
    "contracts",
    "first_codes",
    "folding",
    "grants",
    "groups",
    "limiter",
    "outbox",
    "owner",
    "personal_data",
    "race",
    "referrals",
    "requests",
    "reversals",
    "reversing_billing",
    "seals",
    "store",
    "trace",
    "transactions",
)
# Before the imports below: pytest rewrites the assertions of a module while it is imported, so that a failing one
# shows the values it compared.
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _MODULES))

from referral_adapters.conformance.billing import BillingConformance  # noqa: E402
from referral_adapters.conformance.billing_movements import TellingBillingConformance  # noqa: E402
from referral_adapters.conformance.bulk_billing import BulkBillingConformance  # noqa: E402
from referral_adapters.conformance.cases import CaseRepositoryConformance  # noqa: E402
from referral_adapters.conformance.codes import CodeRepositoryConformance  # noqa: E402
from referral_adapters.conformance.contracts import ContractRepositoryConformance  # noqa: E402
from referral_adapters.conformance.folding import FoldingConformance  # noqa: E402
from referral_adapters.conformance.grants import GrantRepositoryConformance  # noqa: E402
from referral_adapters.conformance.groups import GroupRepositoryConformance  # noqa: E402
from referral_adapters.conformance.limiter import LimiterConformance  # noqa: E402
from referral_adapters.conformance.owner import StoreOwnerConformance  # noqa: E402
from referral_adapters.conformance.personal_data import PersonalDataConformance  # noqa: E402
from referral_adapters.conformance.referrals import ReferralRepositoryConformance  # noqa: E402
from referral_adapters.conformance.requests import RequestRepositoryConformance  # noqa: E402
from referral_adapters.conformance.reversals import ReversalRepositoryConformance  # noqa: E402
from referral_adapters.conformance.reversing_billing import ReversingBillingConformance  # noqa: E402
from referral_adapters.conformance.store import Store  # noqa: E402
from referral_adapters.conformance.trace import TraceRepositoryConformance  # noqa: E402
from referral_adapters.conformance.transactions import TransactionConformance  # noqa: E402

__all__ = [
    "BillingConformance",
    "BulkBillingConformance",
    "CaseRepositoryConformance",
    "CodeRepositoryConformance",
    "ContractRepositoryConformance",
    "FoldingConformance",
    "GrantRepositoryConformance",
    "GroupRepositoryConformance",
    "LimiterConformance",
    "PersonalDataConformance",
    "ReferralRepositoryConformance",
    "RequestRepositoryConformance",
    "ReversalRepositoryConformance",
    "ReversingBillingConformance",
    "Store",
    "StoreOwnerConformance",
    "TellingBillingConformance",
    "TraceRepositoryConformance",
    "TransactionConformance",
]
