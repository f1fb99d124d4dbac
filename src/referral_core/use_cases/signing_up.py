"""Signing up with a code: checking, concluding, attaching, changing the group (S1-S11, D7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.entities.trace_entry import TraceNote, account_subject
from referral_core.programme.programme import Programme
from referral_core.rules.decision import CodeRefused, Decision
from referral_core.rules.permissions import permit, required_reason
from referral_core.use_cases.issuing import Codes
from referral_core.use_cases.judging import Judging, Question
from referral_core.use_cases.tracing import referral_state
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment, optional_moment
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

    def __init__(self, programme: Programme, ports: Ports, codes: Codes, judging: Judging) -> None:
        self._programme = programme
        self._ports = ports
        self._codes = codes
        self._judging = judging

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
        """
        at = moment(at)
        permit(actor, Act.CODE_CHECK)
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
        an earlier moment (S10); a ``case`` brings its own, and the code and offers it carries (K2).

        :raises CodeRefused: the code is unusable and the channel blocks; nothing was recorded.
        :raises Refusal: ``not-allowed``, ``reason-missing``, ``group-unknown``, ``contract-exists``,
            ``not-same-customer``, ``moment-invalid``, ``moment-naive``.
        """
        at = moment(at)
        permit(actor, Act.CONTRACT_CONCLUDED, [segment])
        chosen = self._chosen(group, honoured_moment, reason, at, actor, Act.CONTRACT_CONCLUDED, case)
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
        carried = case.carried if case else None
        wanted = carried.code if carried else code
        decision = None if wanted is None else self._judge(wanted, concluded, chosen, channel, carried is not None)
        if decision is not None and not decision.usable:
            if case is None and self._programme.blocks(channel):
                raise CodeRefused(decision)
            concluded = attrs.evolve(concluded, warned_code=wanted, warnings=decision.reasons)
        self._ports.contracts.put(concluded)
        if actor.is_person or concluded.warnings:
            self._trace_contract(concluded, at, actor, chosen.reason)
        issued = self._codes.on_conclusion(concluded, others, at, actor)
        referral = self._record(decision, concluded, chosen, channel, at, actor)
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
        found = self._not_activated(contract, actor, Act.CODE_ATTACH)
        chosen = self._chosen(group, honoured_moment, reason, found.concluded_at, actor, Act.CODE_ATTACH, None)
        decision = self._judge(code, found, chosen, channel, carried=False)
        if not decision.usable:
            raise CodeRefused(decision)
        return SignUp(found, decision, self._record(decision, found, chosen, channel, at, actor))

    def change_group(
        self, contract: str, *, group: str, at: datetime, actor: Actor, reason: str | None = None
    ) -> Referral:
        """Change the referee group of a sign-up until its contract activates (D7).

        The referee's amount becomes the group's at the moment the referral was judged at.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``contract-active``,
            ``contract-ended``, ``referral-unknown``, ``group-unknown``, ``no-amount``, ``group-disabled``.
        """
        at = moment(at)
        self._not_activated(contract, actor, Act.REFERRAL_CHANGE_GROUP)
        reason = required_reason(actor, Act.REFERRAL_CHANGE_GROUP, reason)
        referral = self._ports.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        offer = self._judging.offer_of(self._judging.referee_group(group), referral.judged_at)
        changed = referral.with_referee_offer(offer)
        self._ports.referrals.replace(changed, at=at)
        self._trace_referral(Act.REFERRAL_CHANGE_GROUP, referral, changed, at, actor, reason)
        return changed

    def _chosen(
        self,
        group: str | None,
        honoured: datetime | None,
        reason: str | None,
        concluded_at: datetime,
        actor: Actor,
        act: Act,
        case: Case | None,
    ) -> _Choice:
        """Check what staff chose for a sign-up: a group (D7), an honoured moment (S10); a case supplies its own."""
        if case is not None:
            given: str | None = f"case {case.id}"
        elif group is not None or honoured is not None:
            given = required_reason(actor, act, reason)
        else:
            given = (reason or "").strip() or None
        if group is not None:
            self._judging.referee_group(group)
        honoured = case.opened_at if case else optional_moment(honoured, "honour.moment")
        if honoured is not None and (honoured > concluded_at or (case is None and honoured == concluded_at)):
            raise Refusal(
                Reason.MOMENT_INVALID,
                message=f"the honoured moment {honoured.isoformat()} does not lie before the concluding moment",
                field="honour.moment",
            )
        return _Choice(group, honoured, given, case)

    def _check_new(self, contract: str, account: str, customer: str) -> tuple[Contract, ...]:
        """Return the account's other contracts, having checked that this one may join them."""
        if self._ports.contracts.find(contract) is not None:
            raise Refusal(Reason.CONTRACT_EXISTS, message=f"contract {contract} was concluded before", field="contract")
        others = self._ports.contracts.of_account(account)
        if others and others[0].customer != customer:
            raise Refusal(
                Reason.NOT_SAME_CUSTOMER, message=f"account {account} belongs to another customer", field="customer"
            )
        return others

    def _not_activated(self, contract: str, actor: Actor, act: Act) -> Contract:
        """Return a contract that is concluded and has neither activated nor been withdrawn (S8, D7)."""
        found = self._ports.contracts.find(contract)
        permit(actor, act, [found.segment] if found else [])
        if found is None:
            raise unknown_contract(contract)
        if found.activated_at is not None:
            raise Refusal(Reason.CONTRACT_ACTIVE, message=f"contract {contract} has activated", field="contract")
        if found.status is ContractStatus.WITHDRAWN:
            raise Refusal(Reason.CONTRACT_ENDED, message=f"contract {contract} was withdrawn", field="contract")
        return found

    def _judge(self, code: str, contract: Contract, chosen: _Choice, channel: str, carried: bool) -> Decision:
        return self._judging.decide(
            Question(
                code=code,
                concluded_at=contract.concluded_at,
                judged_at=chosen.honoured or contract.concluded_at,
                channel=channel,
                customer=contract.customer,
                product=contract.product,
                segment=contract.segment,
                contract=contract.id,
                group=chosen.group,
                carried=chosen.case.carried if chosen.case and carried else None,
            )
        )

    def _record(
        self,
        decision: Decision | None,
        contract: Contract,
        chosen: _Choice,
        channel: str,
        at: datetime,
        actor: Actor,
    ) -> Referral | None:
        """Record the referral of a usable code, both amounts locked (S7)."""
        if decision is None or decision.referrer is None or decision.referee is None:
            return None
        code = self._ports.promo_codes.find(decision.code)
        if code is None:  # pragma: no cover - a usable code was found a moment ago, in this very transaction
            raise Refusal(Reason.CODE_UNKNOWN, message=f"the code {decision.code} is gone", field="code")
        referral = Referral(
            contract=contract.id,
            code=code.text,
            referrer=code.account,
            referrer_customer=code.customer,
            referee=contract.account,
            referee_customer=contract.customer,
            concluded_at=contract.concluded_at,
            channel=channel,
            referrer_offer=decision.referrer,
            referee_offer=decision.referee,
            honoured_moment=chosen.honoured,
            case=chosen.case.id if chosen.case else None,
        )
        self._ports.referrals.add(referral, at=at)
        self._trace_referral(Act.REFERRAL_RECORD, None, referral, at, actor, chosen.reason)
        return referral

    def _trace_contract(self, contract: Contract, at: datetime, actor: Actor, reason: str | None) -> None:
        after = {
            "contract": contract.id,
            "channel": contract.channel,
            "code": contract.warned_code,
            "warnings": " ".join(contract.warnings) or None,
        }
        subject = account_subject(contract.account)
        self._ports.trace.append(TraceNote(subject, at, Act.CONTRACT_CONCLUDED, actor, None, after, reason))

    def _trace_referral(
        self, act: Act, before: Referral | None, after: Referral, at: datetime, actor: Actor, reason: str | None
    ) -> None:
        state = None if before is None else referral_state(before)
        subject = account_subject(after.referee)
        self._ports.trace.append(TraceNote(subject, at, act, actor, state, referral_state(after), reason))


@attrs.frozen
class _Choice:
    """What staff, or a case, chose for a sign-up."""

    group: str | None
    honoured: datetime | None
    reason: str | None
    case: Case | None


def unknown_contract(contract: str) -> Refusal:
    """Return the refusal of a contract that was never concluded."""
    return Refusal(Reason.CONTRACT_UNKNOWN, message=f"there is no contract {contract}", field="contract")


def unknown_referral(contract: str) -> Refusal:
    """Return the refusal of a contract that carries no referral."""
    return Refusal(Reason.REFERRAL_UNKNOWN, message=f"contract {contract} carries no referral", field="contract")
