"""The rules of an energy retailer's customer referral programme, free of any framework.

A customer passes on a promo code; a new customer gives it while concluding a contract; both get a fixed discount, at
the amounts of the concluding moment, when that contract activates, exactly once each.

Start with a :class:`ReferralDesk` over a :class:`Programme` and a store, and ask it for a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_core.entities.actor import Actor, Role
from referral_core.entities.case import Case, CaseStatus
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Offer, Referral, ReferralStatus
from referral_core.entities.trace_entry import TraceEntry
from referral_core.programme.programme import Programme
from referral_core.rules.decision import CodeRefused, Decision, decide
from referral_core.rules.facts import Facts
from referral_core.values.calendar import Calendar
from referral_core.values.code_text import CodeText, parse
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import (
    ArgumentInvalid,
    BillingUnavailable,
    CodeSpaceExhausted,
    ConcurrentChange,
    ProgrammeInvalid,
    ReadOnlySession,
    ReferralError,
    Refusal,
    TraceUnreadable,
)
from referral_core.values.money import Money
from referral_core.values.reason import Reason
from referral_core.values.span import Span
from referral_core.values.timeline import Timeline

if TYPE_CHECKING:
    from referral_core.desk import ReferralDesk
    from referral_core.session import Session

__all__ = [
    "Actor",
    "ArgumentInvalid",
    "BillingUnavailable",
    "Calendar",
    "Case",
    "CaseStatus",
    "CodeRefused",
    "CodeSpaceExhausted",
    "CodeStatus",
    "CodeText",
    "ConcurrentChange",
    "Contract",
    "ContractStatus",
    "Decision",
    "DiscountGroup",
    "EffectivePeriod",
    "Facts",
    "Grant",
    "GrantStatus",
    "Money",
    "Offer",
    "Programme",
    "ProgrammeInvalid",
    "PromoCode",
    "ReadOnlySession",
    "Reason",
    "Referral",
    "ReferralDesk",
    "ReferralError",
    "ReferralStatus",
    "Refusal",
    "Role",
    "Session",
    "Side",
    "Span",
    "Timeline",
    "TraceEntry",
    "TraceUnreadable",
    "decide",
    "parse",
]


def __getattr__(name: str) -> object:
    """Import the desk when it is first asked for: who needs only values, entities and rules does not wait for it."""
    if name == "ReferralDesk":
        from referral_core.desk import ReferralDesk  # noqa: PLC0415

        return ReferralDesk
    if name == "Session":
        from referral_core.session import Session  # noqa: PLC0415

        return Session
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "ReferralDesk", "Session"])
