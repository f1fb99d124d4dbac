"""Cases: supplier-change requests opened when a self-service sign-up fails (K1-K3)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_core.entities.referral import Offer
from referral_core.values.errors import Reason
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.money import Money
from referral_core.values.word import Word

CASE_TYPE: Final = "LT-SUPCRQ"
"""The type of every case (K1)."""


class CaseStatus(Word):
    """The status of a case."""

    OPEN = "open"
    FINISHED = "finished"
    ABANDONED = "abandoned"


class CaseEvent(Word):
    """The events in the lifecycle of a case."""

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
    """The usable code and both sides' offers that a case carries from the moment it was opened (K1)."""

    code: str
    referrer: Offer
    referee: Offer


@attrs.frozen(kw_only=True)
class Case:
    """A failed self-service sign-up, until staff finish or abandon it.

    ``carried`` is ``None`` when no usable code was given; ``warnings`` are the reasons. ``product`` and ``segment`` are
    those of the contract that the customer wanted. ``closed_at`` is ``None`` while the case is open, and for old cases
    whose closing moment was not stored.
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
        """The characteristics that the host's case system shows, by name (K1)."""
        if self.carried is None:
            return {}
        return {"Promo code": self.carried.code, "Discount amount": str(self.carried.referee.amount)}

    def known_at(self, moment: datetime) -> Case | None:
        """Return the case as it was known at a moment, ``None`` before it was opened (R3).

        A case whose closing moment was not stored counts as closed from its opening on.
        """
        if moment < self.opened_at:
            return None
        if self.closed_at is None or self.closed_at <= moment:
            return self
        # The contract that finished it was not known before the closing.
        return attrs.evolve(self, status=CaseStatus.OPEN, contract=None, closed_at=None)

    def finished(self, contract: str, at: datetime) -> Case:
        """Return the case finished by the sign-up of ``contract`` (K2); ``case-closed`` if it is no longer open."""
        status = CASE_LIFECYCLE.after(self.status, CaseEvent.FINISH, self.id)
        return attrs.evolve(self, status=status, contract=contract, closed_at=at)

    def abandoned(self, at: datetime) -> Case:
        """Return the case abandoned, with no referral (K3); ``case-closed`` if it is no longer open."""
        status = CASE_LIFECYCLE.after(self.status, CaseEvent.ABANDON, self.id)
        return attrs.evolve(self, status=status, closed_at=at)
