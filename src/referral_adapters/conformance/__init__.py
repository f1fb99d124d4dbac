"""Suites that every adapter runs, ours and a host's: one for each port, and one for the transactions of a store.

Each suite is a class of tests that ask for one fixture, named after the port: what is to be judged, new and empty.
Subclass it as a ``Test…`` class and give it the fixture. A call outside of a transaction must be one by itself.
"""

from __future__ import annotations

import pytest

_SUITES = (
    "answers",
    "billing",
    "bulk_billing",
    "cases",
    "contract_pages",
    "contracts",
    "discount_groups",
    "events",
    "evidence",
    "folding",
    "grants",
    "history",
    "outbox",
    "persons",
    "launch_codes",
    "launch_contracts",
    "promo_codes",
    "race",
    "racing_transactions",
    "referrals",
    "refused",
    "seals",
    "sharings",
    "store",
    "subscriptions",
    "telling_billing",
    "trace",
    "transaction",
    "transfers",
)
# Before they are imported, so that a failing assertion shows what it compared.
pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))

from referral_adapters.conformance.answers import AnswersConformance  # noqa: E402
from referral_adapters.conformance.billing import BillingConformance  # noqa: E402
from referral_adapters.conformance.bulk_billing import BulkBillingConformance  # noqa: E402
from referral_adapters.conformance.cases import CasesConformance  # noqa: E402
from referral_adapters.conformance.contract_pages import ContractPagesConformance  # noqa: E402
from referral_adapters.conformance.contracts import ContractsConformance  # noqa: E402
from referral_adapters.conformance.discount_groups import DiscountGroupsConformance  # noqa: E402
from referral_adapters.conformance.events import EventsConformance  # noqa: E402
from referral_adapters.conformance.evidence import EvidenceConformance  # noqa: E402
from referral_adapters.conformance.folding import FoldingConformance  # noqa: E402
from referral_adapters.conformance.grants import GrantsConformance  # noqa: E402
from referral_adapters.conformance.history import HistoryConformance  # noqa: E402
from referral_adapters.conformance.launch_codes import LaunchCodesConformance  # noqa: E402
from referral_adapters.conformance.launch_contracts import LaunchContractsConformance  # noqa: E402
from referral_adapters.conformance.outbox import OutboxConformance  # noqa: E402
from referral_adapters.conformance.persons import PersonsConformance  # noqa: E402
from referral_adapters.conformance.promo_codes import PromoCodesConformance  # noqa: E402
from referral_adapters.conformance.referrals import ReferralsConformance  # noqa: E402
from referral_adapters.conformance.seals import SealsConformance  # noqa: E402
from referral_adapters.conformance.sharings import SharingsConformance  # noqa: E402
from referral_adapters.conformance.store import Store  # noqa: E402
from referral_adapters.conformance.subscriptions import SubscriptionsConformance  # noqa: E402
from referral_adapters.conformance.telling_billing import TellingBillingConformance  # noqa: E402
from referral_adapters.conformance.trace import TraceConformance  # noqa: E402
from referral_adapters.conformance.transaction import TransactionConformance  # noqa: E402

__all__ = [
    "AnswersConformance",
    "BillingConformance",
    "BulkBillingConformance",
    "CasesConformance",
    "ContractPagesConformance",
    "ContractsConformance",
    "DiscountGroupsConformance",
    "EventsConformance",
    "EvidenceConformance",
    "FoldingConformance",
    "GrantsConformance",
    "HistoryConformance",
    "LaunchCodesConformance",
    "LaunchContractsConformance",
    "OutboxConformance",
    "PersonsConformance",
    "PromoCodesConformance",
    "ReferralsConformance",
    "SealsConformance",
    "SharingsConformance",
    "Store",
    "SubscriptionsConformance",
    "TellingBillingConformance",
    "TraceConformance",
    "TransactionConformance",
]
