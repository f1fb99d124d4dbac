"""Referrals: the record that a code was used for a contract, with both amounts locked (S7)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_core.entities.discount_group import Side
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.money import Money
from referral_core.values.word import Word


class ReferralStatus(Word):
    """The status of a referral."""

    RECORDED = "recorded"
    HELD = "held"
    GRANTED = "granted"
    VOID = "void"
    CANCELLED = "cancelled"


class ReferralEvent(Word):
    """The events in the lifecycle of a referral; ``release due`` releases one whose contract has activated."""

    GRANT = "grant"
    CANCEL = "cancel"
    CHANGE_GROUP = "change group"
    HOLD = "hold"
    RELEASE = "release"
    RELEASE_DUE = "release due"
    VOID = "void"


REFERRAL_LIFECYCLE: Final[Lifecycle[ReferralStatus, ReferralEvent]] = Lifecycle(
    "referral",
    ReferralStatus,
    ReferralEvent,
    {
        (ReferralStatus.RECORDED, ReferralEvent.GRANT): ReferralStatus.GRANTED,
        (ReferralStatus.RECORDED, ReferralEvent.CANCEL): ReferralStatus.CANCELLED,
        (ReferralStatus.RECORDED, ReferralEvent.CHANGE_GROUP): ReferralStatus.RECORDED,
        (ReferralStatus.RECORDED, ReferralEvent.HOLD): ReferralStatus.HELD,
        (ReferralStatus.RECORDED, ReferralEvent.RELEASE): Reason.REFERRAL_HELD,
        (ReferralStatus.RECORDED, ReferralEvent.RELEASE_DUE): Reason.REFERRAL_HELD,
        (ReferralStatus.RECORDED, ReferralEvent.VOID): ReferralStatus.VOID,
        # What is owed for a held referral waits for its release.
        (ReferralStatus.HELD, ReferralEvent.GRANT): ReferralStatus.HELD,
        (ReferralStatus.HELD, ReferralEvent.CANCEL): ReferralStatus.CANCELLED,
        (ReferralStatus.HELD, ReferralEvent.CHANGE_GROUP): ReferralStatus.HELD,
        (ReferralStatus.HELD, ReferralEvent.HOLD): Reason.REFERRAL_HELD,
        (ReferralStatus.HELD, ReferralEvent.RELEASE): ReferralStatus.RECORDED,
        (ReferralStatus.HELD, ReferralEvent.RELEASE_DUE): ReferralStatus.GRANTED,
        (ReferralStatus.HELD, ReferralEvent.VOID): ReferralStatus.VOID,
        (ReferralStatus.GRANTED, ReferralEvent.GRANT): Reason.CONTRACT_ACTIVE,
        (ReferralStatus.GRANTED, ReferralEvent.CANCEL): ReferralStatus.CANCELLED,
        (ReferralStatus.GRANTED, ReferralEvent.CHANGE_GROUP): Reason.CONTRACT_ACTIVE,
        (ReferralStatus.GRANTED, ReferralEvent.HOLD): ReferralStatus.HELD,
        (ReferralStatus.GRANTED, ReferralEvent.RELEASE): Reason.REFERRAL_HELD,
        (ReferralStatus.GRANTED, ReferralEvent.RELEASE_DUE): Reason.REFERRAL_HELD,
        (ReferralStatus.GRANTED, ReferralEvent.VOID): ReferralStatus.VOID,
        # A void referral stays so, whatever becomes of its contract: its customer cannot be referred again (S4).
        (ReferralStatus.VOID, ReferralEvent.GRANT): ReferralStatus.VOID,
        (ReferralStatus.VOID, ReferralEvent.CANCEL): ReferralStatus.VOID,
        (ReferralStatus.VOID, ReferralEvent.CHANGE_GROUP): Reason.REFERRAL_VOID,
        (ReferralStatus.VOID, ReferralEvent.HOLD): Reason.REFERRAL_VOID,
        (ReferralStatus.VOID, ReferralEvent.RELEASE): Reason.REFERRAL_VOID,
        (ReferralStatus.VOID, ReferralEvent.RELEASE_DUE): Reason.REFERRAL_VOID,
        (ReferralStatus.VOID, ReferralEvent.VOID): Reason.REFERRAL_VOID,
        (ReferralStatus.CANCELLED, ReferralEvent.GRANT): Reason.CONTRACT_ENDED,
        (ReferralStatus.CANCELLED, ReferralEvent.CANCEL): Reason.CONTRACT_ENDED,
        (ReferralStatus.CANCELLED, ReferralEvent.CHANGE_GROUP): Reason.CONTRACT_ENDED,
        (ReferralStatus.CANCELLED, ReferralEvent.HOLD): Reason.CONTRACT_ENDED,
        (ReferralStatus.CANCELLED, ReferralEvent.RELEASE): Reason.CONTRACT_ENDED,
        (ReferralStatus.CANCELLED, ReferralEvent.RELEASE_DUE): Reason.CONTRACT_ENDED,
        (ReferralStatus.CANCELLED, ReferralEvent.VOID): Reason.CONTRACT_ENDED,
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

    ``granted_at`` is the moment of the contract's activation, from which on both amounts are owed. ``held_at`` is set
    while the referral is held: nothing is sent until it is released (V1). Each side is void from ``referrer_void_at``
    or ``referee_void_at`` on: what is not sent by then is never sent (V2). The referral is void when both sides are.
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
    held_at: datetime | None = None
    referrer_void_at: datetime | None = None
    referee_void_at: datetime | None = None
    fee_notes: tuple[FeeNote, ...] = ()

    @property
    def judged_at(self) -> datetime:
        """The moment at which code and amounts were judged."""
        return self.honoured_moment or self.concluded_at

    @property
    def is_live(self) -> bool:
        """Tell whether the referral keeps its referee from being referred again (S4): it was not cancelled."""
        return self.status is not ReferralStatus.CANCELLED

    @property
    def is_pending(self) -> bool:
        """Tell whether the referral waits for its contract to activate, held or not."""
        return self.status in {ReferralStatus.RECORDED, ReferralStatus.HELD} and self.granted_at is None

    @property
    def void_sides(self) -> tuple[Side, ...]:
        """The sides that are void."""
        moments = {Side.REFERRER: self.referrer_void_at, Side.REFEREE: self.referee_void_at}
        return tuple(side for side, at in moments.items() if at is not None)

    @property
    def sides(self) -> tuple[tuple[Side, str, Offer], ...]:
        """Both sides, each with its account and its offer."""
        return (
            (Side.REFERRER, self.referrer, self.referrer_offer),
            (Side.REFEREE, self.referee, self.referee_offer),
        )

    def offer_of(self, side: Side) -> Offer:
        """Return the offer of one side."""
        return self.referrer_offer if side is Side.REFERRER else self.referee_offer

    def status_of(self, side: Side) -> ReferralStatus:
        """Return the status as one side has it: void if that side alone is void."""
        return ReferralStatus.VOID if side in self.void_sides and self.is_live else self.status

    def granted(self, at: datetime) -> Referral:
        """Return the referral whose contract activated at ``at``: both amounts are owed, unless they are void (B1)."""
        status = REFERRAL_LIFECYCLE.after(self.status, ReferralEvent.GRANT, self.contract)
        return self if status is ReferralStatus.VOID else attrs.evolve(self, status=status, granted_at=at)

    def cancelled(self, at: datetime) -> Referral:
        """Return the referral whose contract was withdrawn or annulled at ``at``; a void one stays void (B9, B10)."""
        status = REFERRAL_LIFECYCLE.after(self.status, ReferralEvent.CANCEL, self.contract)
        if status is ReferralStatus.VOID:
            return self
        return attrs.evolve(self, status=status, cancelled_at=at, held_at=None)

    def held(self, at: datetime) -> Referral:
        """Return the referral of which nothing is sent from now on (V1)."""
        status = REFERRAL_LIFECYCLE.after(self.status, ReferralEvent.HOLD, self.contract)
        return attrs.evolve(self, status=status, held_at=at)

    def released(self) -> Referral:
        """Return the held referral whose amounts can be sent again (V1)."""
        event = ReferralEvent.RELEASE if self.granted_at is None else ReferralEvent.RELEASE_DUE
        status = REFERRAL_LIFECYCLE.after(self.status, event, self.contract)
        return attrs.evolve(self, status=status, held_at=None)

    def voided(self, at: datetime, side: Side | None = None) -> Referral:
        """Return the referral with one side void, or with what is left of it (V2).

        :raises Refusal: ``referral-void`` when that is void already, ``contract-ended`` when the referral is cancelled.
        """
        status = REFERRAL_LIFECYCLE.after(self.status, ReferralEvent.VOID, self.contract)
        if side in self.void_sides:
            raise Refusal(
                Reason.REFERRAL_VOID, message=f"the {side} of referral {self.contract} is void", field="contract"
            )
        void = attrs.evolve(
            self,
            referrer_void_at=self.referrer_void_at or (None if side is Side.REFEREE else at),
            referee_void_at=self.referee_void_at or (None if side is Side.REFERRER else at),
        )
        is_whole = len(void.void_sides) == len(self.sides)
        return attrs.evolve(void, status=status, held_at=None) if is_whole else void

    def with_referee_offer(self, offer: Offer) -> Referral:
        """Return the referral with another group's offer for the referee (D7)."""
        status = REFERRAL_LIFECYCLE.after(self.status, ReferralEvent.CHANGE_GROUP, self.contract)
        if Side.REFEREE in self.void_sides:
            raise Refusal(
                Reason.REFERRAL_VOID, message=f"the referee of referral {self.contract} is void", field="contract"
            )
        return attrs.evolve(self, status=status, referee_offer=offer)

    def with_fee_note(self, note: FeeNote) -> Referral:
        """Return the referral with one more note (B8)."""
        return attrs.evolve(self, fee_notes=(*self.fee_notes, note))
