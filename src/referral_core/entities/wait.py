"""What each side of a referral waits for until it has its discount (T4)."""

from __future__ import annotations

from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.values.money import Money
from referral_core.values.word import Word


class Wait(Word):
    """What a discount waits for: the start of the new contract, a check by staff, billing, or nothing any more.

    A discount that waits for nothing is granted, unless its amount is zero. One that is not paid comes to nothing: it
    is void, the contract was withdrawn, all of it was taken back, or the programme does not pay it.
    """

    START = "start"
    CHECK = "check"
    BILLING = "billing"
    NOTHING = "nothing"
    NOT_PAID = "not-paid"


def wait_of(referral: Referral, side: Side, grant: Grant | None, taken_back: Money | None = None) -> Wait:
    """Return what one side's discount waits for; ``grant`` is that side's grant, ``None`` when there is none.

    What billing has is granted, whatever staff stop afterwards (V2), until all of it is ``taken_back`` (B11).
    """
    status = referral.status_of(side)
    if grant is not None and grant.status is GrantStatus.GRANTED:
        return Wait.NOT_PAID if grant.amount == taken_back else Wait.NOTHING
    if status in {ReferralStatus.VOID, ReferralStatus.CANCELLED}:
        return Wait.NOT_PAID
    if grant is None and referral.granted_at is not None:
        # A side without a grant after the activation is owed nothing: its amount is zero (D8), or B5 does not pay it.
        return Wait.NOT_PAID if referral.offer_of(side).amount else Wait.NOTHING
    if status is ReferralStatus.HELD:
        return Wait.CHECK
    return Wait.START if referral.granted_at is None else Wait.BILLING
