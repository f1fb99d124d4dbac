"""Answers about codes: their status, the check of their use, and their sharing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from referral_adapters.http.models.answer import Answer, local
from referral_core.entities.promo_code import PromoCode
from referral_core.rules.decision import Decision
from referral_core.services.sharing import SharingFigures
from referral_core.values.moment import Calendar


class CodeAnswer(Answer):
    """A code as it stands."""

    code: str = Field(examples=["A123"])
    account: str
    status: str = Field(examples=["active"])
    start: str | None
    end: str | None
    ending: str | None
    ending_reason: str | None
    issued_at: str | None
    issued_by: str | None
    issuing: str

    @classmethod
    def of(cls, code: PromoCode, at: datetime, calendar: Calendar) -> CodeAnswer:
        """Return the answer about a code at a moment."""
        return cls(
            code=code.text,
            account=code.account,
            status=code.status_at(at).value,
            start=local(code.starts_at, calendar),
            end=local(code.ends_at, calendar),
            ending=None if code.ending is None else code.ending.value,
            ending_reason=code.ending_reason,
            issued_at=local(code.issued_at, calendar),
            issued_by=code.issued_by or None,
            issuing=code.issuing.value,
        )


class CheckAnswer(Answer):
    """The check of a code: whether it can be used, and its amounts.

    The public and customers see whether it can be used, and the new customer's amount; staff see the reasons too.
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
    """Return the fields of a decision that staff see of a usable code."""
    if decision.referrer is None or decision.referee is None:
        return {}
    return {
        "referee_amount": str(decision.referee.amount.amount),
        "referrer_amount": str(decision.referrer.amount.amount),
        "referee_group": decision.referee.group,
        "referrer_group": decision.referrer.group,
        "currency": decision.referee.amount.currency,
    }


class FiguresAnswer(Answer):
    """The figures of sharing a code: times sent and used, the amounts earned so far and on the way."""

    sent: int
    used: int
    earned: str
    on_the_way: str

    @classmethod
    def of(cls, figures: SharingFigures) -> FiguresAnswer:
        """Return the answer about figures."""
        return cls(
            sent=figures.sent,
            used=figures.used,
            earned=str(figures.earned.amount),
            on_the_way=str(figures.on_the_way.amount),
        )


class SharingTextAnswer(Answer):
    """Title, text and link for the share sheets of phones, in a language."""

    title: str
    text: str
    url: str
    language: str
