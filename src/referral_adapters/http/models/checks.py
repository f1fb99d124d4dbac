"""What is answered about a code that somebody would use."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from referral_adapters.http.models.answer import Answer
from referral_core.rules.decision import Decision


class CheckAnswer(Answer):
    """Whether a code can be used, and what it would bring.

    The public and customers are told whether, and what the new customer gets; why not is for staff.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"usable": True, "referee_amount": "7.00", "currency": "EUR"}]}
    )

    usable: bool
    message: str | None = Field(default=None, description="Why not: one neutral sentence, in the caller's language.")
    referee_amount: str | None = None
    currency: str | None = None
    reasons: list[str] | None = None
    messages: list[str] | None = None
    referrer_amount: str | None = None
    referee_group: str | None = None
    referrer_group: str | None = None


def verdict(decision: Decision) -> dict[str, Any]:
    """Return what staff are told of a judged code, beside whether it is usable."""
    if decision.referrer is None or decision.referee is None:
        return {}
    return {
        "referee_amount": str(decision.referee.amount.amount),
        "referrer_amount": str(decision.referrer.amount.amount),
        "referee_group": decision.referee.group,
        "referrer_group": decision.referrer.group,
        "currency": decision.referee.amount.currency,
    }
