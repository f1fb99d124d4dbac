"""What is seen of an account: its codes, figures and balance, and the referrals it has a side in (C11, T2, P3)."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.balance import Balance
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import GrantStatus
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import ReferralStatus
from referral_core.services.sharing import SharingFigures
from referral_core.values.money import Money


@attrs.frozen(kw_only=True)
class AccountView:
    """An account as it stands: contracts by concluding moment, codes in the order they were issued, past ones too."""

    account: str
    customer: str
    contracts: tuple[Contract, ...]
    codes: tuple[PromoCode, ...]
    figures: SharingFigures
    balance: Balance


@attrs.frozen(kw_only=True)
class ReferralSeen:
    """A referral as one of its two accounts sees it, without the friend's personal data (T2).

    ``side`` is that account's, ``amount`` what is locked for it, and ``leg`` how far that is on its way to billing,
    ``None`` until the contract activates. ``contract`` is the new customer's; ``other`` the account on the other side.
    Both are ``None`` where they are not for who asks: the other account for every customer, the contract for the
    referrer; both for staff who may not see the friend's segment.

    ``place`` is where it stands among the account's referrals: give it to have those that follow. It says no more than
    the moment and a count.
    """

    place: str
    side: Side
    status: ReferralStatus
    concluded_at: datetime
    granted_at: datetime | None
    cancelled_at: datetime | None
    amount: Money
    leg: GrantStatus | None
    contract: str | None
    other: str | None
