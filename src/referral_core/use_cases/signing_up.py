"""Signing up with a code: checking, concluding, attaching, changing the group (S1-S11, D7)."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.case import CASE_LIFECYCLE, Case, CaseEvent
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.entities.trace_entry import TraceNote, account_subject
from referral_core.programme.programme import Programme
from referral_core.rules.decision import CodeRefused, Decision
from referral_core.rules.permissions import permit_channel, required_reason
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.choosing import Choice, chosen_by_case, chosen_by_hand
from referral_core.use_cases.following_contracts import FollowingContracts
from referral_core.use_cases.judging import Judging, Question
from referral_core.use_cases.occupied import contract_exists, not_same_customer
from referral_core.use_cases.referring import Referring
from referral_core.use_cases.showing_sign_ups import ShowingSignUps, SignUpSeen
from referral_core.use_cases.unknown import unknown_case, unknown_contract
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


@attrs.frozen
class SignUp:
    """What a sign-up brought: the contract; the decision if a code was given; the referral if it was usable.

    ``issued`` is the code that the new contract brought to its own account (C3).
    """

    contract: Contract
    decision: Decision | None = None
    referral: Referral | None = None
    issued: PromoCode | None = None


class SignUps:
    """Checking codes, and using them for contracts."""

    def __init__(
        self, programme: Programme, ports: Ports, following: FollowingContracts, judging: Judging, referring: Referring
    ) -> None:
        self._programme = programme
        self._ports = ports
        self._admitting = Admitting(ports)
        self._following = following
        self._judging = judging
        self._referring = referring
        self._showing = ShowingSignUps(ports)

    def check(
        self,
        code: str,
        *,
        at: datetime,
        actor: Actor,
        channel: str = "self-service",
        customer: str | None = None,
        product: str | None = None,
        segment: str | None = None,
    ) -> Decision:
        """Say whether a code could be used at ``at``, every reason why not, and what it would give (S5).

        Changes nothing. Without a ``customer`` the reasons about the customer are left out.

        :raises Refusal: ``not-allowed``.
        """
        at = moment(at)
        self._admitting.admit(actor, Act.CODE_CHECK, code=code, customer=customer, segment=segment)
        permit_channel(actor, channel, Act.CODE_CHECK)
        return self._judging.decide(
            Question(
                code=code,
                concluded_at=at,
                judged_at=at,
                channel=channel,
                customer=customer,
                product=product,
                segment=segment,
            )
        )

    def conclude(  # noqa: PLR0913 - a sign-up has that many facts
        self,
        contract: str,
        *,
        account: str,
        customer: str,
        at: datetime,
        actor: Actor,
        product: str = "electricity",
        segment: str = "household",
        channel: str = "self-service",
        code: str | None = None,
        group: str | None = None,
        honoured_moment: datetime | None = None,
        reason: str | None = None,
        starts_on: date | None = None,
        first_name: str | None = None,
        case: Case | None = None,
    ) -> SignUp:
        """Record that a contract was concluded at ``at``, with a code or without (S1-S11, C3, C8, D6, D7).

        A usable code records a referral with both amounts locked. An unusable one is refused in a blocking channel,
        and elsewhere kept as a warning with the contract (S6, S9). ``honoured_moment`` has code and amounts judged at
        an earlier moment (S10); an open ``case`` brings its own, and the code and offers it carries (K2). Finishing a
        case closes it besides, which this does not.

        :raises CodeRefused: the code is unusable and the channel blocks; nothing was recorded.
        :raises Refusal: ``not-allowed``, ``reason-missing``, ``group-unknown``, ``contract-exists``,
            ``not-same-customer``, ``moment-invalid``, ``moment-naive``, ``case-unknown``, ``case-closed``.
        """
        at = moment(at)
        wanted = case.promo_code if case else code
        self._admitting.admit(
            actor,
            Act.CONTRACT_CONCLUDED,
            accounts=(account,),
            code=wanted,
            customer=None if wanted is None else customer,
            segment=segment,
        )
        permit_channel(actor, channel, Act.CONTRACT_CONCLUDED)
        if case is not None:
            self._check_case(case, customer)
        chosen = self._chosen(Act.CONTRACT_CONCLUDED, actor, group, honoured_moment, reason, at, case)
        others = self._check_new(contract, account, customer)
        concluded = Contract(
            id=contract,
            account=account,
            customer=customer,
            product=product,
            segment=segment,
            channel=channel,
            concluded_at=at,
            starts_on=starts_on,
            first_name=first_name,
        )
        judged = None if wanted is None else self._referring.judge(wanted, concluded, chosen, channel)
        decision = None if judged is None else judged.decision
        if decision is not None and not decision.usable:
            if case is None and self._programme.blocks(channel):
                raise CodeRefused(decision)
            concluded = attrs.evolve(concluded, warned_code=wanted, warnings=decision.reasons)
        self._ports.contracts.put(concluded)
        if actor.is_person or concluded.warnings:
            self._trace(concluded, at, actor, chosen.reason)
        issued = self._following.on_conclusion(concluded, others, at, actor)
        referral = self._referring.record(judged, concluded, chosen, channel, at=at, actor=actor)
        return SignUp(concluded, decision, referral, issued)

    def attach(
        self,
        contract: str,
        *,
        code: str,
        at: datetime,
        actor: Actor,
        channel: str = "sales-portal",
        group: str | None = None,
        honoured_moment: datetime | None = None,
        reason: str | None = None,
    ) -> SignUp:
        """Add a code to a sign-up that was concluded and has not activated; judged at the concluding moment (S8, S10).

        :raises CodeRefused: the code is unusable; nothing was changed.
        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``contract-active``,
            ``contract-ended``, ``group-unknown``, ``moment-invalid``.
        """
        at = moment(at)
        found = self._ports.contracts.find(contract)
        self._admitting.admit(actor, Act.CODE_ATTACH, code=code, customer=found.customer if found else None)
        for each in (channel, *((found.channel,) if found else ())):
            permit_channel(actor, each, Act.CODE_ATTACH)
        found = self._not_activated(contract, found)
        chosen = self._chosen(Act.CODE_ATTACH, actor, group, honoured_moment, reason, found.concluded_at)
        judged = self._referring.judge(code, found, chosen, channel)
        if not judged.decision.usable:
            raise CodeRefused(judged.decision)
        referral = self._referring.record(judged, found, chosen, channel, at=at, actor=actor)
        return SignUp(found, judged.decision, referral)

    def change_group(
        self, contract: str, *, group: str, at: datetime, actor: Actor, reason: str | None = None
    ) -> Referral:
        """Change the referee group of a sign-up until its contract activates (D7).

        The referee's amount becomes the group's at the moment the referral was judged at.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``contract-active``,
            ``contract-ended``, ``referral-unknown``, ``group-unknown``, ``no-amount``, ``group-disabled``.
        """
        at = moment(at)
        found = self._ports.contracts.find(contract)
        self._admitting.admit_to_referral(actor, Act.REFERRAL_CHANGE_GROUP, found)
        self._not_activated(contract, found)
        reason = required_reason(actor, Act.REFERRAL_CHANGE_GROUP, reason)
        return self._referring.change_group(contract, group, at=at, actor=actor, reason=reason)

    def find(self, contract: str, *, at: datetime, actor: Actor) -> SignUpSeen:
        """Return a sign-up as it stands by now: the contract, its referral, and the legs due or granted for it.

        :raises Refusal: ``not-allowed``, ``contract-unknown``.
        """
        moment(at)
        return self._showing.find(contract, actor)

    def page(
        self,
        *,
        at: datetime,
        actor: Actor,
        after: str | None = None,
        limit: int = 50,
        open_only: bool = False,
        channel: str | None = None,
    ) -> tuple[SignUpSeen, ...]:
        """Return the next ``limit`` sign-ups whose contract's id is above ``after``, by the code points of the id.

        ``open_only`` leaves out those whose contract has activated or was withdrawn, ``channel`` those of any other.
        Somebody limited to some segments or channels is shown what :meth:`find` would show them. A page that is not
        full is the last one.

        :raises Refusal: ``not-allowed``.
        """
        moment(at)
        shown = self._showing.all(actor, after, limit, open_only=open_only, channel=channel)
        return tuple(islice(shown, limit))

    def _chosen(
        self,
        act: Act,
        actor: Actor,
        group: str | None,
        honoured: datetime | None,
        reason: str | None,
        concluded_at: datetime,
        case: Case | None = None,
    ) -> Choice:
        if case is not None:
            chosen = chosen_by_case(case, group, concluded_at)
        else:
            chosen = chosen_by_hand(
                act, actor, group=group, honoured=honoured, reason=reason, concluded_at=concluded_at
            )
        if group is not None:
            self._judging.referee_group(group)
        return chosen

    def _check_case(self, case: Case, customer: str) -> None:
        """Refuse a case that is not as the store has it, is another customer's, or is closed (K2, K3)."""
        if self._ports.cases.find(case.id) != case:
            raise unknown_case(case.id)
        if case.customer != customer:
            raise Refusal(Reason.NOT_SAME_CUSTOMER, message=f"case {case.id} is another customer's", field="customer")
        CASE_LIFECYCLE.after(case.status, CaseEvent.FINISH, case.id)

    def _check_new(self, contract: str, account: str, customer: str) -> tuple[Contract, ...]:
        """Return the account's other contracts, having checked that this one may join them."""
        if self._ports.contracts.find(contract) is not None:
            raise contract_exists(contract)
        others = self._ports.contracts.of_account(account)
        if others and others[0].customer != customer:
            raise not_same_customer(account)
        return others

    def _not_activated(self, contract: str, found: Contract | None) -> Contract:
        """Return a contract that is concluded and has neither activated nor been withdrawn (S8, D7)."""
        if found is None:
            raise unknown_contract(contract)
        if found.activated_at is not None:
            raise Refusal(Reason.CONTRACT_ACTIVE, message=f"contract {contract} has activated", field="contract")
        if found.status is ContractStatus.WITHDRAWN:
            raise Refusal(Reason.CONTRACT_ENDED, message=f"contract {contract} was withdrawn", field="contract")
        return found

    def _trace(self, contract: Contract, at: datetime, actor: Actor, reason: str | None) -> None:
        # Words that are nobody's code may be a name: they stay with the contract, where they can be erased (A5).
        is_code = Reason.CODE_UNKNOWN not in contract.warnings
        after = {
            "contract": contract.id,
            "channel": contract.channel,
            "code": contract.warned_code if is_code else None,
            "warnings": " ".join(contract.warnings) or None,
        }
        subject = account_subject(contract.account)
        self._ports.trace.append(TraceNote(subject, at, Act.CONTRACT_CONCLUDED, actor, None, after, reason))
