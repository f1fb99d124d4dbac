"""Problems over the wire, as RFC 9457 has them."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "urn:referral:problem:"
"""What the type of every problem begins with; what follows is its kind."""


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
