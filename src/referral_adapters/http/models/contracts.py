"""Answers about contracts, the sign-ups that concluded them, and the cases of sign-ups that failed."""

from __future__ import annotations

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local, plain
from referral_adapters.http.models.referrals import GrantAnswer, ReferralAnswer
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.services.contracts import Activation, ContractEnd
from referral_core.services.sign_ups import SignUp, SignUpView
from referral_core.values.moment import Calendar


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
    warned_code: str | None = Field(description="The unusable code that was given in a staff channel.")
    warnings: list[str]

    @classmethod
    def of(cls, contract: Contract, calendar: Calendar) -> ContractAnswer:
        """Return the answer about a contract."""
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
    """A contract with the referral of its code, or with the reasons why there is none."""

    contract: ContractAnswer
    referral: ReferralAnswer | None = None
    grants: list[GrantAnswer] = Field(default=[])
    issued: str | None = Field(default=None, description="The text of the code that the account got, if it got one.")
    reasons: list[str] = Field(default=[])

    @classmethod
    def of(cls, sign_up: SignUp | SignUpView, calendar: Calendar) -> SignUpAnswer:
        """Return the answer about a sign-up."""
        contract, referral = sign_up.contract, sign_up.referral
        issued = sign_up.issued if isinstance(sign_up, SignUp) else None
        grants = sign_up.grants if isinstance(sign_up, SignUpView) else ()
        return cls(
            contract=ContractAnswer.of(contract, calendar),
            referral=None if referral is None else ReferralAnswer.of(referral, calendar),
            grants=[GrantAnswer.of(grant, calendar) for grant in grants],
            issued=None if issued is None else issued.text,
            # A code that was attached later is why there is a referral after all; the warnings stay the contract's.
            reasons=[reason.value for reason in contract.warnings] if referral is None else [],
        )


class ContractEventAnswer(Answer):
    """The result of a contract's activation or end: its referral, the grants now due, the codes it touched."""

    contract: ContractAnswer
    referral: ReferralAnswer | None = None
    grants: list[GrantAnswer] = Field(default=[])
    code_started: str | None = None
    code_issued: str | None = None
    code_ended: str | None = None

    @classmethod
    def of(cls, done: Activation | ContractEnd, calendar: Calendar) -> ContractEventAnswer:
        """Return the answer about an activation, or of an end."""
        contract = ContractAnswer.of(done.contract, calendar)
        if isinstance(done, ContractEnd):
            referral, ended = done.cancelled, done.ended
            return cls(
                contract=contract,
                referral=None if referral is None else ReferralAnswer.of(referral, calendar),
                code_ended=None if ended is None else ended.text,
            )
        return cls(
            contract=contract,
            referral=None if done.referral is None else ReferralAnswer.of(done.referral, calendar),
            grants=[GrantAnswer.of(grant, calendar) for grant in done.grants],
            code_started=None if done.started is None else done.started.text,
            code_issued=None if done.issued is None else done.issued.text,
        )


class CaseAnswer(Answer):
    """A case with its characteristics."""

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
        """Return the answer about a case."""
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
    """A finished case and its sign-up."""

    case: CaseAnswer
    sign_up: SignUpAnswer
