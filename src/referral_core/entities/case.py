"""Cases: supplier-change requests opened when a self-service sign-up fails (K1-K3)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_core.entities.referral import Offer
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.money import Money
from referral_core.values.reason import Reason
from referral_core.values.word import Word

CASE_TYPE: Final = "LT-SUPCRQ"
"""The type of every case (K1)."""


class CaseStatus(Word):
    """Where a case stands."""

    OPEN = "open"
    FINISHED = "finished"
    ABANDONED = "abandoned"


class CaseEvent(Word):
    """What can happen to a case."""

    FINISH = "finish"
    ABANDON = "abandon"


CASE_LIFECYCLE: Final[Lifecycle[CaseStatus, CaseEvent]] = Lifecycle(
    "case",
    CaseStatus,
    CaseEvent,
    {
        (CaseStatus.OPEN, CaseEvent.FINISH): CaseStatus.FINISHED,
        (CaseStatus.OPEN, CaseEvent.ABANDON): CaseStatus.ABANDONED,
        (CaseStatus.FINISHED, CaseEvent.FINISH): Reason.CASE_CLOSED,
        (CaseStatus.FINISHED, CaseEvent.ABANDON): Reason.CASE_CLOSED,
        (CaseStatus.ABANDONED, CaseEvent.FINISH): Reason.CASE_CLOSED,
        (CaseStatus.ABANDONED, CaseEvent.ABANDON): Reason.CASE_CLOSED,
    },
)


@attrs.frozen
class CarriedOffer:
    """What a case carries from the moment it was opened: the usable code and both sides' offers (K1)."""

    code: str
    referrer: Offer
    referee: Offer


@attrs.frozen(kw_only=True)
class Case:
    """A failed self-service sign-up, waiting for somebody to finish it.

    ``carried`` is ``None`` when no usable code was given; ``warnings`` then say why. ``product`` and ``segment`` are
    what the customer asked for. ``closed_at`` is ``None`` while it is open, and where that was not kept.
    """

    id: str
    customer: str
    opened_at: datetime
    product: str
    segment: str
    carried: CarriedOffer | None = None
    warnings: tuple[Reason, ...] = ()
    status: CaseStatus = CaseStatus.OPEN
    contract: str | None = None
    closed_at: datetime | None = None

    @property
    def promo_code(self) -> str | None:
        """The characteristic "Promo code"."""
        return self.carried.code if self.carried else None

    @property
    def discount_amount(self) -> Money | None:
        """The characteristic "Discount amount": the new customer's, of the self-service group."""
        return self.carried.referee.amount if self.carried else None

    @property
    def characteristics(self) -> dict[str, str]:
        """What the case shows in the host's case system, by name (K1)."""
        if self.carried is None:
            return {}
        return {"Promo code": self.carried.code, "Discount amount": str(self.carried.referee.amount)}

    def known_at(self, moment: datetime) -> Case | None:
        """Return the case as it was known at a moment, ``None`` before it was opened (R3).

        One that was closed at a moment nobody kept counts as closed all the time.
        """
        if moment < self.opened_at:
            return None
        if self.closed_at is None or self.closed_at <= moment:
            return self
        return attrs.evolve(self, status=CaseStatus.OPEN, contract=None, closed_at=None)

    def finished(self, contract: str, at: datetime) -> Case:
        """Return the case finished by the sign-up of ``contract`` (K2); ``case-closed`` if it is no longer open."""
        status = CASE_LIFECYCLE.after(self.status, CaseEvent.FINISH, self.id)
        return attrs.evolve(self, status=status, contract=contract, closed_at=at)

    def abandoned(self, at: datetime) -> Case:
        """Return the case abandoned, with no referral (K3); ``case-closed`` if it is no longer open."""
        status = CASE_LIFECYCLE.after(self.status, CaseEvent.ABANDON, self.id)
        return attrs.evolve(self, status=status, closed_at=at)
