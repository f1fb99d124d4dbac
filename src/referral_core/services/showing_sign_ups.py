"""Showing sign-ups: to staff, one by one and by pages (A1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant
from referral_core.entities.referral import Referral
from referral_core.services.permissions import Permissions
from referral_core.services.unknown import unknown_contract

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


@attrs.frozen
class SignUpSeen:
    """A sign-up as it stands: the contract, its referral if it carries one, and what is due or granted for it."""

    contract: Contract
    referral: Referral | None = None
    legs: tuple[Grant, ...] = ()


@attrs.frozen
class ShowingSignUps:
    """Finds sign-ups for who may see them."""

    ports: Repositories
    permissions: Permissions

    def find(self, contract: str) -> SignUpSeen:
        """Return a sign-up, or refuse with ``contract-unknown``."""
        found = self.ports.contracts.find(contract)
        if found is None:
            raise unknown_contract(contract)
        return self._seen(found)

    def all(self, after: str | None, page: int, *, open_only: bool, channel: str | None) -> Iterator[SignUpSeen]:
        """Yield those that the actor may see, by id; ``page`` contracts are read at a time."""
        actor, status = self.permissions.actor, ContractStatus.CONCLUDED if open_only else None
        if channel is None and actor.channels is not None and len(actor.channels) == 1:
            (channel,) = actor.channels  # so that others' are not read at all
        is_last = False
        while not is_last:
            contracts = self.ports.contracts.page(after, page, status=status, channel=channel, segments=actor.segments)
            yield from (self._seen(each) for each in contracts if self.permissions.sees_referral(each))
            is_last = len(contracts) < page
            after = contracts[-1].id if contracts else after

    def _seen(self, contract: Contract) -> SignUpSeen:
        referral = self.ports.referrals.find(contract.id)
        if referral is None or referral.granted_at is None:
            return SignUpSeen(contract, referral)
        legs = (self.ports.grants.find(f"{side}/{contract.id}") for side in Side)
        return SignUpSeen(contract, referral, tuple(leg for leg in legs if leg is not None))
