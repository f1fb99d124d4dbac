"""What is answered about discounts on their way to billing, and in it."""

from __future__ import annotations

from pydantic import Field

from referral_adapters.http.models.answer import Answer
from referral_adapters.http.models.referrals import LegAnswer


class BillAnswer(Answer):
    """What a bill took of its account's discount."""

    bill: str
    account: str
    amount: str
    taken: str


class TransferAnswer(Answer):
    """What was moved from one account to another."""

    moved: str


class PayRunAnswer(Answer):
    """What came of sending what is due: how many legs billing confirmed, and how many of all legs wait or are stuck."""

    granted: int
    waiting: int
    stuck: int


class StuckAnswer(Answer):
    """Legs that are not tried again unless staff see to it."""

    items: list[LegAnswer]


class AmountAnswer(Answer):
    """An amount, by itself."""

    amount: str = Field(examples=["7.00"])
