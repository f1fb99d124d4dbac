"""What is answered about contracts, and what signing up brought."""

from __future__ import annotations

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local
from referral_adapters.http.models.referrals import LegAnswer, ReferralAnswer
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
    """A contract with what came of its code: the referral, or the reasons why there is none."""

    contract: ContractAnswer
    referral: ReferralAnswer | None = None
    legs: list[LegAnswer] = Field(default=[])
    issued: str | None = Field(default=None, description="The text of the code that the account got, if it got one.")
    reasons: list[str] = Field(default=[])

    @classmethod
    def of(cls, sign_up: SignUp | SignUpView, calendar: Calendar) -> SignUpAnswer:
        """Return what is said of a sign-up."""
        contract, referral = sign_up.contract, sign_up.referral
        issued = sign_up.issued if isinstance(sign_up, SignUp) else None
        return cls(
            contract=ContractAnswer.of(contract, calendar),
            referral=None if referral is None else ReferralAnswer.of(referral, calendar),
            legs=[LegAnswer.of(leg, calendar) for leg in sign_up.legs] if isinstance(sign_up, SignUpView) else [],
            issued=None if issued is None else issued.text,
            # A code that was attached later is why there is a referral after all; the warnings stay the contract's.
            reasons=[reason.value for reason in contract.warnings] if referral is None else [],
        )


class ContractEventAnswer(Answer):
    """What came of a contract's activation or end: its referral, the legs now due, the codes it touched."""

    contract: ContractAnswer
    referral: ReferralAnswer | None = None
    legs: list[LegAnswer] = Field(default=[])
    code_started: str | None = None
    code_issued: str | None = None
    code_ended: str | None = None

    @classmethod
    def of(cls, done: Activation | ContractEnd, calendar: Calendar) -> ContractEventAnswer:
        """Return what is said of an activation, or of an end."""
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
            legs=[LegAnswer.of(leg, calendar) for leg in done.legs],
            code_started=None if done.started is None else done.started.text,
            code_issued=None if done.issued is None else done.issued.text,
        )
