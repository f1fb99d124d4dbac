"""Contracts: activation, withdrawal, termination and annulment, with their effects (C3, C4, B1, B4, B5, B9, B10)."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.services.codes import AutomaticCodes
from referral_core.services.context import BoundService
from referral_core.services.holds import Holds
from referral_core.services.permissions import a_contract, a_referral
from referral_core.services.refusals import unknown_contract
from referral_core.values.arguments import ContractId, FactMoment


@attrs.frozen
class Activation:
    """The effects of an activation: the contract in force, its referral, the grants now due, and the account's code.

    ``grants`` are the grants. ``started`` is the pending code that became active, ``issued`` a code that was issued
    active at once (C3, C4).
    """

    contract: Contract
    referral: Referral | None = None
    grants: tuple[Grant, ...] = ()
    started: PromoCode | None = None
    issued: PromoCode | None = None


@attrs.frozen
class ContractEnd:
    """The effects of a contract's end: the contract, the cancelled referral and the ended code, if any."""

    contract: Contract
    cancelled: Referral | None = None
    ended: PromoCode | None = None


class Contracts(BoundService):
    """The facts about contracts, which only systems report (A1).

    ``at`` is the moment of the fact, by default now (M4).
    """

    @act("contract.activated", least=Role.SYSTEM, feed=True, touches=(a_contract,), owes=("contract",))
    def activate(self, contract: ContractId, *, at: FactMoment | None = None) -> Activation:
        """Record that a contract came into force: its referral's amounts become due, its account's code active (B1).

        The amounts of a held referral wait for its release, and nothing is due for a void one (V1, V2).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-active``, ``contract-ended``,
            ``moment-invalid`` before it was concluded.
        """
        at = at or self._now
        found = self._found(contract)
        active = self._context.save(found.activated(at, self._now), found)
        codes = AutomaticCodes(self._context).on_activation(active, at)
        referral = self._ports.referrals.find(contract)
        if referral is None:
            return Activation(active, None, (), codes.started, codes.issued)
        granted = referral.granted(at)
        # A void referral stays as it is, and nothing is owed for it (V2).
        if granted is not referral:
            self._context.save(granted, referral)
        grants = self._grants(granted, at) if granted.granted_at is not None else ()
        for grant in grants:
            self._context.save(grant, act="grant.due", at=at)
        return Activation(active, granted, grants, codes.started, codes.issued)

    @act("contract.withdrawn", least=Role.SYSTEM, feed=True, touches=(a_contract,))
    def withdraw(self, contract: ContractId, *, at: FactMoment | None = None) -> ContractEnd:
        """Record that a contract was withdrawn before it came into force: its open referral is cancelled (B9, C3).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-active``, ``contract-ended``,
            ``moment-invalid`` before it was concluded.
        """
        at = at or self._now
        found = self._found(contract)
        withdrawn = self._context.save(found.withdrawn(at, self._now), found)
        ended = AutomaticCodes(self._context).on_end(withdrawn, at).ended
        referral = self._ports.referrals.find(contract)
        cancelled = None if referral is None else referral.cancelled(at)
        if referral is None or cancelled is None or cancelled is referral:
            return ContractEnd(withdrawn, None, ended)
        self._context.save(cancelled, referral, act="referral.cancel", at=at)
        return ContractEnd(withdrawn, cancelled, ended)

    @act("contract.terminated", least=Role.SYSTEM, feed=True, touches=(a_contract,))
    def terminate(self, contract: ContractId, *, at: FactMoment | None = None) -> ContractEnd:
        """Record that a contract was terminated; what was granted stays, on both sides (B4, C4).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-pending``, ``contract-ended``,
            ``moment-invalid`` before it activated.
        """
        at = at or self._now
        found = self._found(contract)
        terminated = self._context.save(found.terminated(at, self._now), found)
        return ContractEnd(terminated, None, AutomaticCodes(self._context).on_end(terminated, at).ended)

    @act("contract.annulled", least=Role.SYSTEM, feed=True, touches=(a_referral,), owes=("contract",))
    def annul(self, contract: ContractId, *, at: FactMoment | None = None) -> ContractEnd:
        """Record that an activated contract never was, such as one activated by mistake: its referral is cancelled.

        What is not sent to billing by now is never sent, and what was granted is taken back as far as bills have not
        used it, unless the programme keeps it. A void referral stays void. The contract may have been terminated
        before. It makes nobody a former customer (B10).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-pending``, ``contract-ended`` when it was
            withdrawn or annulled, ``moment-invalid`` before it activated.
        """
        at = at or self._now
        found = self._found(contract)
        annulled = self._context.save(found.annulled(at, self._now), found)
        ended = AutomaticCodes(self._context).on_end(annulled, at).ended
        referral = self._ports.referrals.find(contract)
        if referral is None:
            return ContractEnd(annulled, None, ended)
        cancelled = Holds(self._context).annul(referral, at)
        return ContractEnd(annulled, None if cancelled is referral else cancelled, ended)

    def _found(self, contract: str) -> Contract:
        found = self._ports.contracts.find(contract)
        if found is None:
            raise unknown_contract(contract)
        return found

    def _grants(self, referral: Referral, at: datetime) -> tuple[Grant, ...]:
        """Return the two grants of a referral; a side that is void, or has an amount of zero, has none (D8, V2).

        The grants of a held referral are owed, and wait for its release (V1).
        """
        owed = {Side.REFEREE, Side.REFERRER} - {*referral.void_sides}
        if not self._programme.pay_ended_referrer and not self._referrer_stands(referral, at):
            owed.discard(Side.REFERRER)
        status = GrantStatus.HELD if referral.status is ReferralStatus.HELD else GrantStatus.DUE
        # The referee's grant comes first: payers and the trace keep to this order.
        return tuple(
            Grant(
                referral=referral.contract,
                side=side,
                account=account,
                amount=offer.amount,
                effective_from=at,
                status=status,
                recorded_at=self._now,
            )
            for side, account, offer in reversed(referral.sides)
            if side in owed and offer.amount
        )

    def _referrer_stands(self, referral: Referral, at: datetime) -> bool:
        """Tell whether the referrer still has an active code and an active contract (B5)."""
        codes = self._ports.promo_codes.of_account(referral.referrer)
        if not any(code.text == referral.code and code.status_at(at) is CodeStatus.ACTIVE for code in codes):
            return False
        return any(contract.is_active_at(at) for contract in self._ports.contracts.of_account(referral.referrer))
