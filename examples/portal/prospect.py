"""What a sign-up brings, or would bring, to its two sides."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import attrs

from referral_core import Case, Decision, Offer, Reason, Referral
from referral_core.services.sign_ups import SignUp


@attrs.frozen(kw_only=True)
class Prospect:
    """Both sides' offers and the moment they were judged at, or the reasons why there are none.

    Without a code there are neither.
    """

    code: str | None = None
    judged_at: datetime | None = None
    referrer: Offer | None = None
    referee: Offer | None = None
    reasons: tuple[Reason, ...] = ()

    @classmethod
    def of_sign_up(cls, signed: SignUp) -> Self:
        """Return what a sign-up brought."""
        if signed.referral is not None:
            return cls.of_referral(signed.referral)
        return cls() if signed.decision is None else cls.of_decision(signed.decision)

    @classmethod
    def of_decision(cls, decision: Decision) -> Self:
        """Return what a decision comes to."""
        return cls(
            code=decision.code,
            judged_at=decision.judged_at,
            referrer=decision.referrer,
            referee=decision.referee,
            reasons=decision.reasons,
        )

    @classmethod
    def of_referral(cls, referral: Referral) -> Self:
        """Return what is locked in a referral."""
        return cls(
            code=referral.code,
            judged_at=referral.judged_at,
            referrer=referral.referrer_offer,
            referee=referral.referee_offer,
        )

    @classmethod
    def of_case(cls, case: Case) -> Self:
        """Return what a case carries."""
        if case.carried is None:
            return cls(reasons=case.warnings)
        return cls(
            code=case.carried.code,
            judged_at=case.opened_at,
            referrer=case.carried.referrer,
            referee=case.carried.referee,
        )

    @property
    def usable(self) -> bool:
        """Tell whether nothing speaks against the code."""
        return not self.reasons

    @property
    def digest(self) -> str:
        """What it comes to in a line: the same line, the same amounts of the same groups, or the same reasons."""
        offers = (f"{offer.group} {offer.amount}" for offer in (self.referrer, self.referee) if offer is not None)
        return " / ".join((self.code or "-", *offers, *self.reasons))
