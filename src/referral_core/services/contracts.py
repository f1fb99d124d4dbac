"""What contracts bring about: activating, withdrawing, terminating (C3, C4, B1, B4, B5, B9)."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Referral
from referral_core.services.context import BoundService
from referral_core.services.following_contracts import FollowingContracts
from referral_core.services.permissions import a_contract
from referral_core.services.unknown import unknown_contract
from referral_core.values.arguments import ContractId, FactMoment


@attrs.frozen
class Activation:
    """What an activation brought: the contract in force, its referral and the legs now due, and the account's code.

    ``started`` is the pending code that became active, ``issued`` one that was issued active at once (C3, C4).
    """

    contract: Contract
    referral: Referral | None = None
    legs: tuple[Grant, ...] = ()
    started: PromoCode | None = None
    issued: PromoCode | None = None


@attrs.frozen
class ContractEnd:
    """What the end of a contract brought: the contract, a referral it cancelled, a code it ended."""

    contract: Contract
    cancelled: Referral | None = None
    ended: PromoCode | None = None


class Contracts(BoundService):
    """The facts that billing brings about contracts; only systems bring them (A1).

    ``at`` is when a fact came to be, now unless given (M4).
    """

    @act("contract.activated", least=Role.SYSTEM, feed=True, touches=(a_contract,))
    def activate(self, contract: ContractId, *, at: FactMoment | None = None) -> Activation:
        """Record that a contract came into force: its referral's amounts become due, its account's code active (B1).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-active``, ``contract-ended``,
            ``moment-invalid`` before it was concluded.
        """
        at = at or self._now
        found = self._found(contract)
        active = self._context.save(found.activated(at), found)
        code, is_new = FollowingContracts(self._context).on_activation(active, at)
        referral = self._ports.referrals.find(contract)
        if referral is None:
            return Activation(active, None, (), None if is_new else code, code if is_new else None)
        granted = self._context.save(referral.granted(at), referral)
        legs = self._legs(granted, at)
        for leg in legs:
            self._context.save(leg, act="grant.due", at=at)
        return Activation(active, granted, legs, None if is_new else code, code if is_new else None)

    @act("contract.withdrawn", least=Role.SYSTEM, feed=True, touches=(a_contract,))
    def withdraw(self, contract: ContractId, *, at: FactMoment | None = None) -> ContractEnd:
        """Record that a contract was withdrawn before it came into force: its open referral is cancelled (B9, C3).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-active``, ``contract-ended``,
            ``moment-invalid`` before it was concluded.
        """
        at = at or self._now
        found = self._found(contract)
        withdrawn = self._context.save(found.withdrawn(at), found)
        ended = FollowingContracts(self._context).on_end(withdrawn, at)
        referral = self._ports.referrals.find(contract)
        if referral is None:
            return ContractEnd(withdrawn, None, ended)
        cancelled = self._context.save(referral.cancelled(at), referral, act="referral.cancel", at=at)
        return ContractEnd(withdrawn, cancelled, ended)

    @act("contract.terminated", least=Role.SYSTEM, feed=True, touches=(a_contract,))
    def terminate(self, contract: ContractId, *, at: FactMoment | None = None) -> ContractEnd:
        """Record that a contract was terminated; what was granted stays, on both sides (B4, C4).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-pending``, ``contract-ended``,
            ``moment-invalid`` before it activated.
        """
        at = at or self._now
        found = self._found(contract)
        terminated = self._context.save(found.terminated(at), found)
        return ContractEnd(terminated, None, FollowingContracts(self._context).on_end(terminated, at))

    def _found(self, contract: str) -> Contract:
        found = self._ports.contracts.find(contract)
        if found is None:
            raise unknown_contract(contract)
        return found

    def _legs(self, referral: Referral, at: datetime) -> tuple[Grant, ...]:
        """Return the two legs of a referral; a side whose amount is zero has none (D8's zero amount)."""
        sides = [(Side.REFEREE, referral.referee, referral.referee_offer)]
        if self._programme.pay_ended_referrer or self._referrer_stands(referral, at):
            sides.append((Side.REFERRER, referral.referrer, referral.referrer_offer))
        return tuple(
            Grant(referral=referral.contract, side=side, account=account, amount=offer.amount, effective_from=at)
            for side, account, offer in sides
            if offer.amount
        )

    def _referrer_stands(self, referral: Referral, at: datetime) -> bool:
        """Tell whether the referrer still has the code and a contract, where the programme asks for that (B5)."""
        codes = self._ports.promo_codes.of_account(referral.referrer)
        if not any(code.text == referral.code and code.status_at(at) is CodeStatus.ACTIVE for code in codes):
            return False
        return any(contract.is_active_at(at) for contract in self._ports.contracts.of_account(referral.referrer))
