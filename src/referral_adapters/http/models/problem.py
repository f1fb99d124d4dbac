"""Problems over the wire, as RFC 9457 has them."""

from __future__ import annotations

import enum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "urn:referral:problem:"
"""What the type of every problem begins with; what follows is its kind."""


class ProblemKind(enum.StrEnum):
    """What kinds of problems there are: the last part of their type."""

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
    """What is wrong with one field of a request."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(examples=["data.amount"])
    message: str = Field(examples=["write plain digits, at most two after the point"])
    reason: str | None = Field(default=None, examples=["amount-invalid"])


class Problem(BaseModel):
    """A problem by RFC 9457, with the reason codes of the rules where a rule said no."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["urn:referral:problem:refused"])
    title: str = Field(examples=["A rule says no."])
    status: int = Field(examples=[409])
    detail: str | None = Field(default=None, examples=["contract K-1 is active by now"])
    reasons: list[str] = Field(default=[], examples=[["contract-active"]])
    messages: list[str] = Field(default=[], description="The reasons, each as a sentence in the caller's language.")
    errors: list[FieldFault] = Field(default=[], description="The fields at fault.")
