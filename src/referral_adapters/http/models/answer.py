"""What answers have in common: amounts as text, moments in the programme's zone, lists by pages."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from referral_core.values.moment import Calendar
from referral_core.values.money import Money

T = TypeVar("T")


class Answer(BaseModel):
    """What answers have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @cached_property
    def etag(self) -> str | None:
        """The tag that it came with, if it came over the wire by itself and not in a list; no part of what it says."""
        return None


class PageAnswer(Answer, Generic[T]):
    """A page of a list; ``next`` is the cursor of the page after it, null at the end."""

    items: list[T]
    next: str | None = None


def plain(money: Money | None) -> str | None:
    """Return an amount as text with two decimals."""
    return None if money is None else str(money.amount)


def local(at: datetime | None, calendar: Calendar) -> str | None:
    """Return a moment as RFC 3339 in the programme's zone."""
    return None if at is None else calendar.local(at).isoformat()
