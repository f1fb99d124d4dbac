"""Signing up with a code: concluding, attaching, showing (S1-S11)."""

from __future__ import annotations

from itertools import islice

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.case import CASE_LIFECYCLE, Case, CaseEvent
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.rules.decision import CodeRefused, Decision
from referral_core.services.choosing import Choice, chosen_by_hand
from referral_core.services.context import BoundService, Context
from referral_core.services.following_contracts import FollowingContracts
from referral_core.services.judging import Judging
from referral_core.services.occupied import contract_exists, not_same_customer
from referral_core.services.permissions import (
    a_channel,
    a_code,
    a_contracts_customer,
    a_customer_judged,
    a_segment,
    a_sign_up,
    an_account,
)
from referral_core.services.referring import Referring
from referral_core.services.showing_sign_ups import ShowingSignUps, SignUpSeen
from referral_core.services.unknown import unknown_contract
from referral_core.values.arguments import (
    AccountId,
    Channel,
    CodeText,
    ContractId,
    Count,
    CustomerId,
    Day,
    FactMoment,
    Flag,
    GroupId,
    HonouredMoment,
    Product,
    ReasonText,
    Segment,
    Text,
)
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


@attrs.frozen
class SignUp:
    """What a sign-up brought: the contract; the decision if a code was given; the referral if it was usable.

    ``issued`` is the code that the new contract brought to its own account (C3).
    """

    contract: Contract
    decision: Decision | None = None
    referral: Referral | None = None
    issued: PromoCode | None = None


class SignUps(BoundService):
    """Contracts that are concluded, with a code or without, and codes that are added to them."""

    @act(
        "contract.concluded",
        least=Role.AGENT,
        feed=True,
        channels=True,
        manual=("group", "honour"),
        draws=True,
        touches=(an_account, a_code, a_customer_judged, a_segment, a_channel),
    )
    def conclude(  # noqa: PLR0913 - a sign-up has that many facts
        self,
        contract: ContractId,
        *,
        account: AccountId,
        customer: CustomerId,
        product: Product = "electricity",
        segment: Segment = "household",
        channel: Channel = "self-service",
        starts_on: Day | None = None,
        code: CodeText | None = None,
        group: GroupId | None = None,
        honour: HonouredMoment | None = None,
        reason: ReasonText | None = None,
        first_name: Text | None = None,
        at: FactMoment | None = None,
    ) -> SignUp:
        """Record that a contract was concluded, with a code or without (S1-S11, C3, C8, D6, D7).

        A usable code records a referral with both amounts locked. An unusable one is refused in a blocking channel,
        and elsewhere kept as a warning with the contract (S6, S9). ``honour`` has code and amounts judged at an
        earlier moment (S10). ``at`` is when it was concluded, now unless given.

        :raises CodeRefused: the code is unusable and the channel blocks; nothing was recorded.
        :raises Refusal: ``not-allowed``, ``reason-missing``, ``group-unknown``, ``contract-exists``,
            ``not-same-customer``, ``moment-invalid``, ``moment-naive``.
        """
        at = at or self._now
        chosen = chosen_by_hand(group=group, honoured=honour, reason=reason, concluded_at=at)
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
        return Concluding(self._context).conclude(concluded, code, chosen)

    @act(
        "code.attach",
        least=Role.AGENT,
        feed=True,
        channels=True,
        manual=("group", "honour"),
        touches=(a_code, a_contracts_customer, a_channel),
    )
    def attach(
        self,
        contract: ContractId,
        *,
        code: CodeText,
        channel: Channel = "sales-portal",
        group: GroupId | None = None,
        honour: HonouredMoment | None = None,
        reason: ReasonText | None = None,
    ) -> SignUp:
        """Add a code to a sign-up that was concluded and has not activated; judged at the concluding moment (S8, S10).

        :raises CodeRefused: the code is unusable; nothing was changed.
        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``contract-active``,
            ``contract-ended``, ``group-unknown``, ``moment-invalid``.
        """
        found = not_activated(contract, self._ports.contracts.find(contract))
        referring = Referring(self._context)
        chosen = chosen_by_hand(group=group, honoured=honour, reason=reason, concluded_at=found.concluded_at)
        if group is not None:
            referring.judging.referee_group(group)
        judged = referring.judge(code, found, chosen, channel)
        if not judged.decision.usable:
            raise CodeRefused(judged.decision)
        referral = referring.record(judged, found, chosen, channel, is_attached=True)
        return SignUp(found, judged.decision, referral)

    @act("sign-up.show", least=Role.AGENT, reads=True, channels=True, touches=(a_sign_up,))
    def find(self, contract: ContractId) -> SignUpSeen:
        """Return a sign-up as it stands by now: the contract, its referral, and the legs due or granted for it.

        :raises Refusal: ``not-allowed``, ``contract-unknown``.
        """
        return ShowingSignUps(self._ports, self._permissions).find(contract)

    @act("sign-up.list", least=Role.AGENT, reads=True, channels=True)
    def page(
        self,
        *,
        after: ContractId | None = None,
        limit: Count = 50,
        open_only: Flag = False,
        channel: Channel | None = None,
    ) -> tuple[SignUpSeen, ...]:
        """Return the next ``limit`` sign-ups whose contract's id is above ``after``, by the code points of the id.

        ``open_only`` leaves out those whose contract has activated or was withdrawn, ``channel`` those of any other.
        Somebody limited to some segments or channels is shown what :meth:`find` would show them. A page that is not
        full is the last one.

        :raises Refusal: ``not-allowed``.
        """
        showing = ShowingSignUps(self._ports, self._permissions)
        return tuple(islice(showing.all(after, limit, open_only=open_only, channel=channel), limit))


@attrs.frozen(slots=False)
class Concluding:
    """Concludes contracts: as they come, or to finish a case."""

    context: Context

    def conclude(self, concluded: Contract, code: str | None, chosen: Choice) -> SignUp:
        """Store a contract and what follows from it: its account's code, and the referral of a usable ``code`` (S7)."""
        context, referring = self.context, Referring(self.context)
        others = self._check_new(concluded, chosen)
        at, channel = concluded.concluded_at, concluded.channel
        judged = None if code is None else referring.judge(code, concluded, chosen, channel)
        decision = None if judged is None else judged.decision
        if decision is not None and not decision.usable:
            if chosen.case is None and context.programme.blocks(channel):
                raise CodeRefused(decision)
            concluded = attrs.evolve(concluded, warned_code=code, warnings=decision.reasons)
        # What systems conclude by the rules alone is no manual act (A2).
        act = "contract.concluded" if context.actor.is_person or concluded.warnings else None
        context.save(concluded, act=act, reason=chosen.reason, at=at)
        issued = FollowingContracts(context).on_conclusion(concluded, others, at)
        referral = referring.record(judged, concluded, chosen, channel)
        return SignUp(concluded, decision, referral, issued)

    def check_case(self, case: Case, customer: str) -> None:
        """Refuse a case that is another customer's, or is closed (K2, K3)."""
        if case.customer != customer:
            raise Refusal(Reason.NOT_SAME_CUSTOMER, message=f"case {case.id} is another customer's", field="customer")
        CASE_LIFECYCLE.after(case.status, CaseEvent.FINISH, case.id)

    def _check_new(self, concluded: Contract, chosen: Choice) -> tuple[Contract, ...]:
        """Return the account's other contracts, having checked that this one may join them."""
        if chosen.group is not None:
            Judging(self.context.programme, self.context.ports).referee_group(chosen.group)
        contracts = self.context.ports.contracts
        if contracts.find(concluded.id) is not None:
            raise contract_exists(concluded.id)
        others = contracts.of_account(concluded.account)
        if others and others[0].customer != concluded.customer:
            raise not_same_customer(concluded.account)
        return others


def not_activated(contract: str, found: Contract | None) -> Contract:
    """Return a contract that is concluded and has neither activated nor been withdrawn (S8, D7).

    :raises Refusal: ``contract-unknown``, ``contract-active``, ``contract-ended``.
    """
    if found is None:
        raise unknown_contract(contract)
    if found.activated_at is not None:
        raise Refusal(Reason.CONTRACT_ACTIVE, message=f"contract {contract} has activated", field="contract")
    if found.status is ContractStatus.WITHDRAWN:
        raise Refusal(Reason.CONTRACT_ENDED, message=f"contract {contract} was withdrawn", field="contract")
    return found
