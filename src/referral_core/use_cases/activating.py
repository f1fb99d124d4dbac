"""What contracts bring about: activating, withdrawing, terminating (C3, C4, B1, B4, B5, B9)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Referral
from referral_core.entities.trace_entry import TraceNote, account_subject
from referral_core.programme.programme import Programme
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.following_contracts import FollowingContracts
from referral_core.use_cases.tracing import referral_state
from referral_core.use_cases.unknown import unknown_contract
from referral_core.values.moment import moment

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


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


class Contracts:
    """The facts that billing brings about contracts; only systems bring them (A1)."""

    def __init__(self, programme: Programme, ports: Ports, following: FollowingContracts) -> None:
        self._programme = programme
        self._ports = ports
        self._admitting = Admitting(ports)
        self._following = following

    def activate(self, contract: str, *, at: datetime, actor: Actor) -> Activation:
        """Record that a contract came into force: its referral's amounts become due, its account's code active (B1).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-active``, ``contract-ended``,
            ``moment-invalid`` before it was concluded.
        """
        at = moment(at)
        active = self._found(contract, actor, Act.CONTRACT_ACTIVATED).activated(at)
        self._ports.contracts.put(active)
        code, is_new = self._following.on_activation(active, at, actor)
        referral = self._ports.referrals.find(contract)
        if referral is None:
            return Activation(active, None, (), None if is_new else code, code if is_new else None)
        granted = referral.granted(at)
        self._ports.referrals.replace(granted, at=at)
        legs = self._legs(granted, at)
        for leg in legs:
            self._ports.grants.add(leg)
            self._trace_leg(leg, at, actor)
        return Activation(active, granted, legs, None if is_new else code, code if is_new else None)

    def withdraw(self, contract: str, *, at: datetime, actor: Actor) -> ContractEnd:
        """Record that a contract was withdrawn before it came into force: its open referral is cancelled (B9, C3).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-active``, ``contract-ended``,
            ``moment-invalid`` before it was concluded.
        """
        at = moment(at)
        withdrawn = self._found(contract, actor, Act.CONTRACT_WITHDRAWN).withdrawn(at)
        self._ports.contracts.put(withdrawn)
        ended = self._following.on_end(withdrawn, at, actor)
        referral = self._ports.referrals.find(contract)
        if referral is None:
            return ContractEnd(withdrawn, None, ended)
        cancelled = referral.cancelled(at)
        self._ports.referrals.replace(cancelled, at=at)
        self._ports.trace.append(
            TraceNote(
                account_subject(referral.referee),
                at,
                Act.REFERRAL_CANCEL,
                actor,
                referral_state(referral),
                referral_state(cancelled),
            )
        )
        return ContractEnd(withdrawn, cancelled, ended)

    def terminate(self, contract: str, *, at: datetime, actor: Actor) -> ContractEnd:
        """Record that a contract was terminated; what was granted stays, on both sides (B4, C4).

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``contract-pending``, ``contract-ended``,
            ``moment-invalid`` before it activated.
        """
        at = moment(at)
        terminated = self._found(contract, actor, Act.CONTRACT_TERMINATED).terminated(at)
        self._ports.contracts.put(terminated)
        return ContractEnd(terminated, None, self._following.on_end(terminated, at, actor))

    def _found(self, contract: str, actor: Actor, act: Act) -> Contract:
        found = self._ports.contracts.find(contract)
        self._admitting.admit_to_contract(actor, act, found)
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

    def _trace_leg(self, leg: Grant, at: datetime, actor: Actor) -> None:
        after = {"grant": leg.key, "amount": str(leg.amount)}
        self._ports.trace.append(TraceNote(account_subject(leg.account), at, Act.GRANT_DUE, actor, None, after))
