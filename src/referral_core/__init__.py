"""The rules of an energy retailer's customer referral programme, free of any framework.

A customer passes on a promo code; a new customer gives it while concluding a contract; both get a fixed discount, at
the amounts of the concluding moment, when that contract activates, exactly once each.

Start with a :class:`ReferralDesk` over a :class:`Programme` and a store, and ask it for a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_core.entities.actor import Actor, Asker, Role
from referral_core.entities.balance import Balance, UnusedPart
from referral_core.entities.case import CarriedOffer, Case, CaseStatus
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.entities.grant import DISCOUNT_TYPE, Grant, GrantStatus
from referral_core.entities.promo_code import CodeStatus, PromoCode, Sharing
from referral_core.entities.referral import Offer, Referral, ReferralStatus
from referral_core.entities.trace import (
    TraceEntry,
    account_subject,
    chain_faults,
    group_subject,
    referral_subject,
)
from referral_core.programme.programme import Programme
from referral_core.programme.settings import Paying
from referral_core.rules.decision import CodeRefused, Decision, decide
from referral_core.rules.eligibility import Facts
from referral_core.values.code_text import CodeText, parse
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import (
    ArgumentInvalid,
    BillingUnavailable,
    CodeSpaceExhausted,
    ConcurrentChange,
    KeyReused,
    ProgrammeInvalid,
    ReadOnlySession,
    Reason,
    ReferralError,
    Refusal,
    TooManyCodes,
    TraceUnreadable,
)
from referral_core.values.moment import LATEST, Calendar, moment, show_moments_in
from referral_core.values.money import Money
from referral_core.values.timeline import Span, Timeline

if TYPE_CHECKING:
    from referral_core.desk import ReferralDesk
    from referral_core.known_at import Knowledge
    from referral_core.programme.messages import Messages
    from referral_core.session import Session
    from referral_core.values.notebook import timeline_picture

__all__ = [
    "DISCOUNT_TYPE",
    "LATEST",
    "Actor",
    "ArgumentInvalid",
    "Asker",
    "Balance",
    "BillingUnavailable",
    "Calendar",
    "CarriedOffer",
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
    "KeyReused",
    "Knowledge",
    "Messages",
    "Money",
    "Offer",
    "Paying",
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
    "Sharing",
    "Side",
    "Span",
    "Timeline",
    "TooManyCodes",
    "TraceEntry",
    "TraceUnreadable",
    "UnusedPart",
    "account_subject",
    "chain_faults",
    "decide",
    "group_subject",
    "moment",
    "parse",
    "referral_subject",
    "show_moments_in",
    "timeline_picture",
]


def __getattr__(name: str) -> object:
    """Import the costly modules on first use, so that ``import referral_core`` stays quick."""
    if name == "ReferralDesk":
        from referral_core.desk import ReferralDesk  # noqa: PLC0415

        return ReferralDesk
    if name == "Session":
        from referral_core.session import Session  # noqa: PLC0415

        return Session
    if name == "Knowledge":
        from referral_core.known_at import Knowledge  # noqa: PLC0415

        return Knowledge
    if name == "Messages":
        from referral_core.programme.messages import Messages  # noqa: PLC0415

        return Messages
    if name == "timeline_picture":
        from referral_core.values.notebook import timeline_picture  # noqa: PLC0415

        return timeline_picture
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
