"""Suites that every adapter runs, ours and a host's: one for each repository, for billing, and for a whole store.

Each suite is a class of tests that ask for one fixture: what is to be judged, new and empty. Subclass it as a ``Test…``
class and give it the fixture. A call outside of a transaction must be one by itself.
"""

from __future__ import annotations

import pytest

_SUITES = (
    "billing",
    "cases",
    "codes",
    "contracts",
    "folding",
    "grants",
    "groups",
    "personal_data",
    "race",
    "referrals",
    "requests",
    "store",
    "trace",
    "transactions",
)
# Before they are imported, so that a failing assertion shows what it compared.
pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))

from referral_adapters.conformance.billing import (  # noqa: E402
    BillingConformance,
    BulkBillingConformance,
    TellingBillingConformance,
)
from referral_adapters.conformance.cases import CaseRepositoryConformance  # noqa: E402
from referral_adapters.conformance.codes import CodeRepositoryConformance  # noqa: E402
from referral_adapters.conformance.contracts import ContractRepositoryConformance  # noqa: E402
from referral_adapters.conformance.folding import FoldingConformance  # noqa: E402
from referral_adapters.conformance.grants import GrantRepositoryConformance  # noqa: E402
from referral_adapters.conformance.groups import GroupRepositoryConformance  # noqa: E402
from referral_adapters.conformance.personal_data import PersonalDataConformance  # noqa: E402
from referral_adapters.conformance.referrals import ReferralRepositoryConformance  # noqa: E402
from referral_adapters.conformance.requests import RequestRepositoryConformance  # noqa: E402
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
    "PersonalDataConformance",
    "ReferralRepositoryConformance",
    "RequestRepositoryConformance",
    "Store",
    "TellingBillingConformance",
    "TraceRepositoryConformance",
    "TransactionConformance",
]
