"""What is answered about contracts, and what signing up brought."""

from __future__ import annotations

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local
from referral_adapters.http.models.referrals import LegAnswer, ReferralAnswer
from referral_core.entities.contract import Contract
from referral_core.services.sign_ups import SignUp
from referral_core.values.calendar import Calendar


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
    legs: list[LegAnswer] = Field(default=[])
    issued: str | None = Field(default=None, description="The text of the code that the account got, if it got one.")
    reasons: list[str] = Field(default=[])

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
    legs: list[LegAnswer] = Field(default=[])
    code_started: str | None = None
    code_issued: str | None = None
    code_ended: str | None = None
