"""What is answered about cases."""

from __future__ import annotations

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local, plain
from referral_adapters.http.models.contracts import SignUpAnswer
from referral_core.entities.case import Case
from referral_core.values.moment import Calendar


class CaseAnswer(Answer):
    """A case, with the characteristics it carries."""

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
    """A case that is finished, and the sign-up it came to."""

    case: CaseAnswer
    sign_up: SignUpAnswer
