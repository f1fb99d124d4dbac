"""What is answered about a code as it stands."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local
from referral_core.entities.promo_code import PromoCode
from referral_core.values.moment import Calendar


class CodeAnswer(Answer):
    """A code as it stands."""

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
