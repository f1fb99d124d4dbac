"""The parts of all answers: amounts as text, moments in the programme's zone, pages with cursors, and problems."""

from __future__ import annotations

import enum
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

import attrs
from pydantic import BaseModel, ConfigDict, Field

from referral_core.values.moment import Calendar
from referral_core.values.money import Money

T = TypeVar("T")

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "urn:referral:problem:"
"""The beginning of every problem's type; its kind follows."""


class Answer(BaseModel):
    """An answer: it never changes, and has no fields but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @cached_property
    def etag(self) -> str | None:
        """The entity tag of an answer that came over the wire by itself, not as an item of a list; no field of it."""
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


def plain_json(value: object, calendar: Calendar) -> Any:  # noqa: ANN401 - any JSON
    """Return a value as JSON: amounts as text, moments in the programme's zone, objects by their fields."""
    if attrs.has(type(value)) and not isinstance(value, Money):
        return _fields(value, calendar)
    return next((write(value, calendar) for kind, write in _KINDS if isinstance(value, kind)), str(value))


def _fields(value: Any, calendar: Calendar) -> dict[str, Any]:  # noqa: ANN401 - an object of an attrs class
    shown = [field.name for field in attrs.fields(type(value)) if field.init]
    return {name.lstrip("_"): plain_json(getattr(value, name), calendar) for name in shown}


_KINDS: Final[tuple[tuple[Any, Callable[[Any, Calendar], Any]], ...]] = (
    (enum.Enum, lambda value, _: value.value),
    (str | int | None, lambda value, _: value),
    (Money, lambda value, _: str(value.amount)),
    (datetime, lambda value, calendar: calendar.local(value).isoformat()),
    (date, lambda value, _: value.isoformat()),
    (Mapping, lambda value, calendar: {str(name): plain_json(each, calendar) for name, each in value.items()}),
    (Iterable, lambda value, calendar: [plain_json(each, calendar) for each in value]),
)
"""The writers of values, by their type; the first that fits counts."""


def cursor_of(place: str) -> str:
    """Return the cursor for a place."""
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(cursor: str) -> str:
    """Return the place that a cursor stands for; empty if it is not a cursor."""
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return ""


class ProblemKind(enum.StrEnum):
    """The kinds of problems: the last part of their type."""

    MALFORMED = "malformed"
    NOT_AUTHENTICATED = "not-authenticated"
    NOT_ALLOWED = "not-allowed"
    UNKNOWN = "unknown"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    REFUSED = "refused"
    CONCURRENT_CHANGE = "concurrent-change"
    CHANGED = "changed"
    TOO_LARGE = "too-large"
    INVALID = "invalid"
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused"
    TOO_MANY = "too-many"
    DEFECT = "defect"
    STORE_UNAVAILABLE = "store-unavailable"
    BILLING_UNAVAILABLE = "billing-unavailable"
    FAILED = "failed"


class FieldFault(BaseModel):
    """A fault of one field of a request."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(examples=["data.amount"])
    message: str = Field(examples=["write plain digits, at most two after the point"])
    reason: str | None = Field(default=None, examples=["amount-invalid"])


class Problem(BaseModel):
    """A problem by RFC 9457, with the reason codes of the rules that refused the request."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["urn:referral:problem:refused"])
    title: str = Field(examples=["A rule says no."])
    status: int = Field(examples=[409])
    detail: str | None = Field(default=None, examples=["contract K-1 is active by now"])
    reasons: list[str] = Field(default=[], examples=[["contract-active"]])
    messages: list[str] = Field(default=[], description="The reasons, each as a sentence in the caller's language.")
    errors: list[FieldFault] = Field(default=[], description="The fields at fault.")
