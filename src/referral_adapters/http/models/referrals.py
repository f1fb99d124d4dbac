"""What is answered about a referral, its legs and its notes."""

from __future__ import annotations

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local
from referral_core.entities.grant import Grant
from referral_core.entities.referral import Referral
from referral_core.values.moment import Calendar


class LegAnswer(Answer):
    """One side's discount on its way to billing."""

    grant: str = Field(examples=["referee/K-2"])
    account: str
    amount: str
    status: str = Field(examples=["granted"])
    effective_from: str | None
    stuck: bool

    @classmethod
    def of(cls, leg: Grant, calendar: Calendar) -> LegAnswer:
        """Return what is said of a leg."""
        return cls(
            grant=leg.key,
            account=leg.account,
            amount=str(leg.amount.amount),
            status=leg.status.value,
            effective_from=local(leg.effective_from, calendar),
            stuck=leg.is_stuck,
        )


class FeeNoteAnswer(Answer):
    """A note that a discount is to be paid back."""

    amount: str
    reason: str | None
    noted_at: str | None
    noted_by: str


class ReferralAnswer(Answer):
    """A referral, in the words of a feed's summary."""

    contract: str
    code: str
    referrer: str
    referee: str
    status: str = Field(examples=["recorded"])
    concluded_at: str | None
    honoured_moment: str | None
    case: str | None
    channel: str
    referrer_group: str
    referee_group: str
    referrer_amount: str
    referee_amount: str
    fee_notes: list[FeeNoteAnswer]

    @classmethod
    def of(cls, referral: Referral, calendar: Calendar) -> ReferralAnswer:
        """Return what is said of a referral."""
        return cls(
            contract=referral.contract,
            code=referral.code,
            referrer=referral.referrer,
            referee=referral.referee,
            status=referral.status.value,
            concluded_at=local(referral.concluded_at, calendar),
            honoured_moment=local(referral.honoured_moment, calendar),
            case=referral.case,
            channel=referral.channel,
            referrer_group=referral.referrer_offer.group,
            referee_group=referral.referee_offer.group,
            referrer_amount=str(referral.referrer_offer.amount.amount),
            referee_amount=str(referral.referee_offer.amount.amount),
            fee_notes=[
                FeeNoteAnswer(
                    amount=str(note.amount.amount),
                    reason=note.reason,
                    noted_at=local(note.noted_at, calendar),
                    noted_by=note.noted_by,
                )
                for note in referral.fee_notes
            ],
        )
