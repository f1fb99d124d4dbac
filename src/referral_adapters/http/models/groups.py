"""Discount groups and their amounts over time, as answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local
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
        """Return what is said of an amount in its period."""
        return cls(
            amount=str(span.value.amount),
            start=local(span.period.start, calendar),
            end=local(span.period.end, calendar),
        )


class GroupAnswer(Answer):
    """A discount group as it stands."""

    group: str
    side: str = Field(examples=["referee"])
    name: str
    status: str = Field(examples=["enabled"])
    amount: str | None = Field(description="What it gives now.")
    amounts: list[AmountPeriod]

    @classmethod
    def of(cls, group: DiscountGroup, at: datetime, calendar: Calendar) -> GroupAnswer:
        """Return what is said of a group at a moment."""
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
    """What a new amount would do to those that are there."""

    before: list[AmountPeriod]
    after: list[AmountPeriod]
    displaced: list[AmountPeriod]

    @classmethod
    def of(cls, preview: AmountPreview, calendar: Calendar) -> AmountPreviewAnswer:
        """Return what is said of a preview."""
        spans = {
            name: [AmountPeriod.of(span, calendar) for span in getattr(preview, name)]
            for name in ("before", "after", "displaced")
        }
        return cls(**spans)
