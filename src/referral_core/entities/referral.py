"""Referrals: the record that a code was used for a contract, with both amounts locked (S7)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.money import Money
from referral_core.values.word import Word


class ReferralStatus(Word):
    """The status of a referral."""

    RECORDED = "recorded"
    GRANTED = "granted"
    CANCELLED = "cancelled"


class ReferralEvent(Word):
    """The events in the lifecycle of a referral."""

    GRANT = "grant"
    CANCEL = "cancel"
    CHANGE_GROUP = "change group"


REFERRAL_LIFECYCLE: Final[Lifecycle[ReferralStatus, ReferralEvent]] = Lifecycle(
    "referral",
    ReferralStatus,
    ReferralEvent,
    {
        (ReferralStatus.RECORDED, ReferralEvent.GRANT): ReferralStatus.GRANTED,
        (ReferralStatus.RECORDED, ReferralEvent.CANCEL): ReferralStatus.CANCELLED,
        (ReferralStatus.RECORDED, ReferralEvent.CHANGE_GROUP): ReferralStatus.RECORDED,
        (ReferralStatus.GRANTED, ReferralEvent.GRANT): Reason.CONTRACT_ACTIVE,
        (ReferralStatus.GRANTED, ReferralEvent.CANCEL): Reason.CONTRACT_ACTIVE,
        (ReferralStatus.GRANTED, ReferralEvent.CHANGE_GROUP): Reason.CONTRACT_ACTIVE,
        (ReferralStatus.CANCELLED, ReferralEvent.GRANT): Reason.CONTRACT_ENDED,
        (ReferralStatus.CANCELLED, ReferralEvent.CANCEL): Reason.CONTRACT_ENDED,
        (ReferralStatus.CANCELLED, ReferralEvent.CHANGE_GROUP): Reason.CONTRACT_ENDED,
    },
)


@attrs.frozen
class Offer:
    """One side's locked amount, with the group and the amount period that it came from (S7)."""

    group: str
    amount: Money
    period: EffectivePeriod


@attrs.frozen
class FeeNote:
    """A note, entered by staff, that a discount is to be paid back on early termination (B8). It posts nothing."""

    amount: Money
    reason: str | None
    noted_at: datetime
    noted_by: str


@attrs.frozen(kw_only=True)
class Referral:
    """A code used for a contract; the contract's id is its identity, since a contract carries at most one (S4).

    Both offers are locked: ``referee_offer`` changes only by a change of group (D7). Both are judged at the honoured
    moment if there is one (S10), else at the concluding moment.
    """

    contract: str
    code: str
    referrer: str
    referrer_customer: str
    referee: str
    referee_customer: str
    concluded_at: datetime
    channel: str
    referrer_offer: Offer
    referee_offer: Offer
    honoured_moment: datetime | None = None
    case: str | None = None
    status: ReferralStatus = ReferralStatus.RECORDED
    granted_at: datetime | None = None
    cancelled_at: datetime | None = None
    fee_notes: tuple[FeeNote, ...] = ()

    @property
    def judged_at(self) -> datetime:
        """The moment at which code and amounts were judged."""
        return self.honoured_moment or self.concluded_at

    @property
    def is_live(self) -> bool:
        """Tell whether the referral is open or was paid, so that its referee cannot be referred again (S4)."""
        return self.status is not ReferralStatus.CANCELLED

    def granted(self, at: datetime) -> Referral:
        """Return the referral whose contract activated at ``at``, both amounts now owed (B1)."""
        status = REFERRAL_LIFECYCLE.after(self.status, ReferralEvent.GRANT, self.contract)
        return attrs.evolve(self, status=status, granted_at=at)

    def cancelled(self, at: datetime) -> Referral:
        """Return the referral whose contract was withdrawn at ``at`` (B9)."""
        status = REFERRAL_LIFECYCLE.after(self.status, ReferralEvent.CANCEL, self.contract)
        return attrs.evolve(self, status=status, cancelled_at=at)

    def with_referee_offer(self, offer: Offer) -> Referral:
        """Return the referral with another group's offer for the referee (D7)."""
        status = REFERRAL_LIFECYCLE.after(self.status, ReferralEvent.CHANGE_GROUP, self.contract)
        return attrs.evolve(self, status=status, referee_offer=offer)

    def with_fee_note(self, note: FeeNote) -> Referral:
        """Return the referral with one more note (B8)."""
        return attrs.evolve(self, fee_notes=(*self.fee_notes, note))
