"""What is answered about codes, contracts, referrals and cases: amounts as text, moments in the programme's zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.rules.decision import Decision
from referral_core.use_cases.sharing import SharingFigures
from referral_core.use_cases.signing_up import SignUp
from referral_core.values.calendar import Calendar
from referral_core.values.money import Money

T = TypeVar("T")


class Answer(BaseModel):
    """What answers have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def plain(money: Money | None) -> str | None:
    """Return an amount as text with two decimals."""
    return None if money is None else str(money.amount)


def local(at: datetime | None, calendar: Calendar) -> str | None:
    """Return a moment as RFC 3339 in the programme's zone."""
    return None if at is None else calendar.local(at).isoformat()


class PageAnswer(Answer, Generic[T]):
    """A page of a list; ``next`` is the cursor of the page after it, null at the end."""

    items: list[T]
    next: str | None = None


class CheckAnswer(Answer):
    """Whether a code can be used, and what it would bring (S5).

    The public and customers are told whether, and what the new customer gets; why not is for staff (S6).
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


class CodeAnswer(Answer):
    """A code as it stands (C11)."""

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
    def of(cls, code: PromoCode, at: datetime, calendar: Calendar, *, to_customer: bool = False) -> CodeAnswer:
        """Return what is said of a code at a moment; customers are not told the names and words of staff."""
        return cls(
            code=code.text,
            account=code.account,
            status=code.status_at(at).value,
            start=local(code.starts_at, calendar),
            end=local(code.ends_at, calendar),
            ending=None if code.ending is None else code.ending.value,
            ending_reason=None if to_customer else code.ending_reason,
            issued_at=local(code.issued_at, calendar),
            issued_by=None if to_customer else code.issued_by,
            issuing=code.issuing.value,
        )


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
    """A note that a discount is to be paid back (B8)."""

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


class ContractAnswer(Answer):
    """A contract and the sign-up that concluded it."""

    contract: str
    account: str
    customer: str
    product: str
    segment: str
    channel: str
    status: str = Field(examples=["concluded"])
    concluded_at: str | None
    starts_on: str | None
    activated_at: str | None
    ended_at: str | None
    warned_code: str | None = Field(description="The unusable code that was given in a staff channel (S9).")
    warnings: list[str]

    @classmethod
    def of(cls, contract: Contract, calendar: Calendar) -> ContractAnswer:
        """Return what is said of a contract."""
        return cls(
            contract=contract.id,
            account=contract.account,
            customer=contract.customer,
            product=contract.product,
            segment=contract.segment,
            channel=contract.channel,
            status=contract.status.value,
            concluded_at=local(contract.concluded_at, calendar),
            starts_on=None if contract.starts_on is None else contract.starts_on.isoformat(),
            activated_at=local(contract.activated_at, calendar),
            ended_at=local(contract.ended_at, calendar),
            warned_code=contract.warned_code,
            warnings=[reason.value for reason in contract.warnings],
        )


class SignUpAnswer(Answer):
    """A contract with what came of its code: the referral, or the reasons why there is none (S7, S9)."""

    contract: ContractAnswer
    referral: ReferralAnswer | None = None
    legs: list[LegAnswer] = []
    issued: str | None = Field(default=None, description="The text of the code that the account got, if it got one.")
    reasons: list[str] = []

    @classmethod
    def of(cls, sign_up: SignUp, calendar: Calendar) -> SignUpAnswer:
        """Return what is said of a sign-up."""
        return cls(
            contract=ContractAnswer.of(sign_up.contract, calendar),
            referral=None if sign_up.referral is None else ReferralAnswer.of(sign_up.referral, calendar),
            issued=None if sign_up.issued is None else sign_up.issued.text,
            reasons=[reason.value for reason in sign_up.contract.warnings],
        )


class ContractEventAnswer(Answer):
    """What came of a contract's activation or end: its referral, the legs now due, the codes it touched."""

    contract: ContractAnswer
    referral: ReferralAnswer | None = None
    legs: list[LegAnswer] = []
    code_started: str | None = None
    code_issued: str | None = None
    code_ended: str | None = None


class CaseAnswer(Answer):
    """A case, with the characteristics it carries (K1)."""

    case: str
    customer: str
    status: str = Field(examples=["open"])
    product: str
    segment: str
    opened_at: str | None
    closed_at: str | None
    promo_code: str | None
    discount_amount: str | None
    reasons: list[str]
    contract: str | None

    @classmethod
    def of(cls, case: Case, calendar: Calendar) -> CaseAnswer:
        """Return what is said of a case."""
        return cls(
            case=case.id,
            customer=case.customer,
            status=case.status.value,
            product=case.product,
            segment=case.segment,
            opened_at=local(case.opened_at, calendar),
            closed_at=local(case.closed_at, calendar),
            promo_code=case.promo_code,
            discount_amount=plain(case.discount_amount),
            reasons=[reason.value for reason in case.warnings],
            contract=case.contract,
        )


class FinishedCaseAnswer(Answer):
    """A case that is finished, and the sign-up it came to (K2)."""

    case: CaseAnswer
    sign_up: SignUpAnswer


class FiguresAnswer(Answer):
    """What came of sharing a code: times sent and used, earned so far, on the way (T2)."""

    sent: int
    used: int
    earned: str
    on_the_way: str

    @classmethod
    def of(cls, figures: SharingFigures) -> FiguresAnswer:
        """Return what is said of figures."""
        return cls(
            sent=figures.sent,
            used=figures.used,
            earned=str(figures.earned.amount),
            on_the_way=str(figures.on_the_way.amount),
        )


class SharingTextAnswer(Answer):
    """What the share sheets of phones take: title, text and link, in a language (T1)."""

    title: str
    text: str
    url: str
    language: str


class AmountAnswer(Answer):
    """An amount, by itself."""

    amount: str = Field(examples=["7.00"])


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
