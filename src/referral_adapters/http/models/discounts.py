"""Answers about discounts: the groups that set amounts, and the amounts on their way through billing."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local
from referral_adapters.http.models.referrals import GrantAnswer, ReversalAnswer
from referral_core.entities.discount_group import DiscountGroup
from referral_core.services.groups import AmountPreview
from referral_core.values.moment import Calendar
from referral_core.values.money import Money
from referral_core.values.timeline import Span


class AmountPeriod(Answer):
    """An amount from ``start`` up to, and without, ``end``, which is null while it is open-ended."""

    amount: str = Field(examples=["7.00"])
    start: str | None
    end: str | None

    @classmethod
    def of(cls, span: Span[Money], calendar: Calendar) -> AmountPeriod:
        """Return the answer about an amount in its period."""
        return cls(
            amount=str(span.value.amount),
            start=local(span.period.start, calendar),
            end=local(span.period.end, calendar),
        )


class GroupAnswer(Answer):
    """A discount group with its amounts over time."""

    group: str
    side: str = Field(examples=["referee"])
    name: str
    status: str = Field(examples=["enabled"])
    amount: str | None = Field(description="What it gives now.")
    amounts: list[AmountPeriod]

    @classmethod
    def of(cls, group: DiscountGroup, at: datetime, calendar: Calendar) -> GroupAnswer:
        """Return the answer about a group at a moment."""
        terms = group.terms_at(at)
        return cls(
            group=group.id,
            side=group.side.value,
            name=group.name,
            status=terms.status.value,
            amount=None if terms.amount is None else str(terms.amount.amount),
            amounts=[AmountPeriod.of(span, calendar) for span in group.amounts],
        )


class GroupsAnswer(Answer):
    """All discount groups."""

    items: list[GroupAnswer]


class AmountPreviewAnswer(Answer):
    """The amounts of a group before and after a new one, and those that it would displace."""

    before: list[AmountPeriod]
    after: list[AmountPeriod]
    displaced: list[AmountPeriod]

    @classmethod
    def of(cls, preview: AmountPreview, calendar: Calendar) -> AmountPreviewAnswer:
        """Return the answer about a preview."""
        spans = {
            name: [AmountPeriod.of(span, calendar) for span in getattr(preview, name)]
            for name in ("before", "after", "displaced")
        }
        return cls(**spans)


class BillAnswer(Answer):
    """A bill and the amount that it took of its account's discount."""

    bill: str
    account: str
    amount: str
    taken: str


class CancelledBillAnswer(Answer):
    """A cancelled bill and the amount of discount that it had taken, which comes back."""

    bill: str
    taken: str


class TransferAnswer(Answer):
    """The amount moved from one account to another."""

    moved: str


class PayRunAnswer(Answer):
    """The result of sending what is due: how many grants billing confirmed, how many it took back, and what is left."""

    granted: int
    taken_back: int
    waiting: int
    stuck: int


class StuckAnswer(Answer):
    """Grants and reversals that are stuck: staff have to retry them."""

    items: list[GrantAnswer | ReversalAnswer]


class AmountAnswer(Answer):
    """An amount, by itself."""

    amount: str = Field(examples=["7.00"])
