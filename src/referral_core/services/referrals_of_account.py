"""The referrals in which an account has a side, as they are shown to who asks (T2, A1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import dropwhile, groupby
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.discount_group import Side
from referral_core.entities.referral import Referral
from referral_core.services.account_view import ReferralSeen
from referral_core.services.permissions import Permissions
from referral_core.services.place import Place, place_of, place_text
from referral_core.values.moment import LATEST

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


@attrs.frozen
class ReferralsOfAccount:
    """One account's referrals, the newest first, each with its place.

    A place has no contract in it, which would be a friend's; so those concluded at one moment are counted.
    """

    ports: Repositories
    account: str
    permissions: Permissions

    def following(self, after: str | None) -> Iterator[ReferralSeen]:
        """Yield those that follow a place; all of them after none.

        :raises Refusal: ``moment-invalid`` when it is no place.
        """
        last = None if after is None else place_of(after)
        placed = self._placed(LATEST if last is None else last[0])
        if last is not None:
            placed = dropwhile(lambda each: each[0][0] == last[0] and each[0][1] <= last[1], placed)
        legs = {leg.key: leg.status for leg in self.ports.grants.all(account=self.account)}
        for place, referral in placed:
            side = Side.REFERRER if referral.referrer == self.account else Side.REFEREE
            offer = referral.referrer_offer if side is Side.REFERRER else referral.referee_offer
            sees_other = self._sees(referral.referee if side is Side.REFERRER else referral.referrer)
            yield ReferralSeen(
                place=place_text(place),
                side=side,
                status=referral.status,
                concluded_at=referral.concluded_at,
                granted_at=referral.granted_at,
                cancelled_at=referral.cancelled_at,
                amount=offer.amount,
                leg=legs.get(f"{side}/{referral.contract}"),
                contract=referral.contract if side is Side.REFEREE or sees_other else None,
                other=(referral.referee if side is Side.REFERRER else referral.referrer) if sees_other else None,
            )

    def _placed(self, newest_by: datetime) -> Iterator[tuple[Place, Referral]]:
        """Yield the referrals concluded by a moment with their places, the newest first."""
        shared = self.ports.referrals.all(referrer=self.account, newest_by=newest_by)
        own = sorted((each for each in self._own() if each.concluded_at <= newest_by), key=_order, reverse=True)
        for concluded_at, together in groupby(merge(shared, own, key=_order, reverse=True), key=_concluded_at):
            for count, referral in enumerate(together, 1):
                yield (concluded_at, count), referral

    def _own(self) -> Iterator[Referral]:
        """Yield the referrals of the account's own contracts: there its side is the referee's."""
        for contract in self.ports.contracts.of_account(self.account):
            referral = self.ports.referrals.find(contract.id)
            if referral is not None:
                yield referral

    def _sees(self, other: str) -> bool:
        return self.permissions.actor.role is not Role.CUSTOMER and self.permissions.sees(accounts=(other,))


def _concluded_at(referral: Referral) -> datetime:
    return referral.concluded_at


def _order(referral: Referral) -> tuple[datetime, str]:
    return referral.concluded_at, referral.contract
