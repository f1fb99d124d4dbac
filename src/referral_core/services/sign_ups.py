"""Sign-ups: contracts concluded with a code or without, codes attached to them, and their referrals (S1-S11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.case import CASE_LIFECYCLE, Case, CaseEvent
from referral_core.entities.contract import Contract, ContractStatus, recorded_apart
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.rules.decision import CodeRefused, Decision
from referral_core.services.codes import AutomaticCodes
from referral_core.services.context import BoundService, Context
from referral_core.services.eligibility import Eligibility, Judgement, Question
from referral_core.services.permissions import (
    Permissions,
    a_channel,
    a_contracts_account,
    a_joined_account,
    a_segment,
    a_sign_up,
)
from referral_core.services.refusals import contract_exists, not_same_customer, unknown_contract
from referral_core.values.arguments import (
    AccountId,
    Channel,
    CodeInput,
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
from referral_core.values.channel import is_within
from referral_core.values.errors import Reason, Refusal
from referral_core.values.moment import moment_text

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


@attrs.frozen
class SignUp:
    """The result of a sign-up: the contract, the decision if a code was given, and the referral if it was usable.

    ``issued`` is the code that was issued to the new contract's own account (C3).
    """

    contract: Contract
    decision: Decision | None = None
    referral: Referral | None = None
    issued: PromoCode | None = None


@attrs.frozen
class SignUpView:
    """A sign-up at present: the contract, its referral if it has one, and the due or granted grants as ``grants``."""

    contract: Contract
    referral: Referral | None = None
    grants: tuple[Grant, ...] = ()


class SignUps(BoundService):
    """The acts on sign-ups: contracts concluded with a code or without, and codes attached later."""

    @act(
        "contract.concluded",
        least=Role.AGENT,
        feed=True,
        channels=True,
        manual=("group", "honour"),
        issues=True,
        touches=(a_joined_account, a_segment, a_channel),
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
        code: CodeInput | None = None,
        group: GroupId | None = None,
        honour: HonouredMoment | None = None,
        reason: ReasonText | None = None,
        first_name: Text | None = None,
        at: FactMoment | None = None,
    ) -> SignUp:
        """Record that a contract was concluded, with a code or without (S1-S11, C3, C8, D6, D7).

        A usable code records a referral with both amounts locked. An unusable code is refused in a blocking channel,
        and kept as a warning with the contract in other channels (S6, S9). ``honour`` is an earlier moment, at which
        code and amounts are judged (S10). ``at`` is the moment of the conclusion, by default now.

        :raises CodeRefused: the code is unusable and the channel blocks it; nothing was recorded.
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
            concluded_recorded_at=recorded_apart(at, self._now),
            starts_on=starts_on,
            first_name=first_name,
        )
        return Conclusion(self._context).conclude(concluded, code, chosen)

    @act(
        "code.attach",
        least=Role.AGENT,
        feed=True,
        channels=True,
        manual=("group", "honour"),
        touches=(a_contracts_account, a_channel),
    )
    def attach(
        self,
        contract: ContractId,
        *,
        code: CodeInput,
        channel: Channel = "sales-portal",
        group: GroupId | None = None,
        honour: HonouredMoment | None = None,
        reason: ReasonText | None = None,
    ) -> SignUp:
        """Attach a code to a sign-up whose contract has not activated; it is judged at the concluding moment (S8, S10).

        :raises CodeRefused: the code is unusable; nothing was changed.
        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``contract-active``,
            ``contract-ended``, ``group-unknown``, ``moment-invalid``.
        """
        found = not_activated(contract, self._ports.contracts.find(contract))
        referrals = SignUpReferrals(self._context)
        chosen = chosen_by_hand(group=group, honoured=honour, reason=reason, concluded_at=found.concluded_at)
        if group is not None:
            referrals.eligibility.referee_group(group)
        judged = referrals.judge(code, found, chosen, channel)
        if not judged.decision.usable:
            raise CodeRefused(judged.shown)
        referral = referrals.record(judged, found, chosen, channel, is_attached=True)
        return SignUp(found, judged.shown, referral)

    @act("sign-up.show", least=Role.AGENT, reads=True, channels=True, touches=(a_sign_up,))
    def find(self, contract: ContractId) -> SignUpView:
        """Return a sign-up at present: the contract, its referral, and its due or granted grants.

        :raises Refusal: ``not-allowed``, ``contract-unknown``.
        """
        return SignUpViews(self._ports, self._permissions).find(contract)

    @act("sign-up.list", least=Role.AGENT, reads=True, channels=True)
    def page(
        self,
        *,
        after: ContractId | None = None,
        limit: Count = 50,
        open_only: Flag = False,
        channel: Channel | None = None,
    ) -> tuple[SignUpView, ...]:
        """Return the next ``limit`` sign-ups whose contract's id is above ``after``, by the code points of the id.

        ``open_only`` leaves out sign-ups whose contract has activated or was withdrawn, ``channel`` those outside the
        channel and its members. An actor limited to some segments or channels sees the sign-ups that :meth:`find` shows
        them. A page that is not full is the last one.

        :raises Refusal: ``not-allowed``.
        """
        views = SignUpViews(self._ports, self._permissions)
        return tuple(islice(views.all(after, limit, open_only=open_only, channel=channel), limit))


@attrs.frozen(slots=False)
class Conclusion:
    """The conclusion of a contract, as a sign-up of its own or to finish a case."""

    context: Context

    def conclude(self, concluded: Contract, code: str | None, chosen: Choice) -> SignUp:
        """Store a contract, the new code of its account, and the referral of a usable ``code`` (S7)."""
        context, referrals = self.context, SignUpReferrals(self.context)
        others = self._check_new(concluded, chosen)
        at, channel = concluded.concluded_at, concluded.channel
        judged = None if code is None else referrals.judge(code, concluded, chosen, channel)
        if judged is not None and not judged.decision.usable:
            # A case is finished by staff, so that an unusable code is a warning in any channel (K2, S9).
            if chosen.case is None and context.programme.blocks(channel):
                raise CodeRefused(judged.shown)
            concluded = attrs.evolve(concluded, warned_code=code, warnings=judged.decision.reasons)
        # A conclusion by a system under the rules alone is no manual act, and leaves no row (A2).
        act = "contract.concluded" if context.actor.is_person or concluded.warnings else None
        context.save(concluded, act=act, reason=chosen.reason, at=at)
        issued = AutomaticCodes(context).on_conclusion(concluded, others).issued
        referral = referrals.record(judged, concluded, chosen, channel)
        return SignUp(concluded, None if judged is None else judged.shown, referral, issued)

    def check_case(self, case: Case, customer: str) -> None:
        """Refuse a case of another customer, or a closed one (K2, K3)."""
        if case.customer != customer:
            raise Refusal(Reason.NOT_SAME_CUSTOMER, message=f"case {case.id} is another customer's", field="customer")
        CASE_LIFECYCLE.after(case.status, CaseEvent.FINISH, case.id)

    def _check_new(self, concluded: Contract, chosen: Choice) -> tuple[Contract, ...]:
        """Return the account's other contracts; refuse a new one that may not join them."""
        if chosen.group is not None:
            SignUpReferrals(self.context).eligibility.referee_group(chosen.group)
        contracts = self.context.ports.contracts
        if contracts.find(concluded.id) is not None:
            raise contract_exists(concluded.id)
        others = contracts.of_account(concluded.account)
        if others and others[0].customer != concluded.customer:
            raise not_same_customer(concluded.account)
        return others


def not_activated(contract: str, found: Contract | None) -> Contract:
    """Return a contract that has neither activated nor been withdrawn (S8, D7).

    :raises Refusal: ``contract-unknown``, ``contract-active``, ``contract-ended``.
    """
    if found is None:
        raise unknown_contract(contract)
    if found.activated_at is not None:
        raise Refusal(Reason.CONTRACT_ACTIVE, message=f"contract {contract} has activated", field="contract")
    if found.status is ContractStatus.WITHDRAWN:
        raise Refusal(Reason.CONTRACT_ENDED, message=f"contract {contract} was withdrawn", field="contract")
    return found


@attrs.frozen
class SignUpReferrals:
    """The referrals of sign-ups: codes judged, and referrals recorded (S7)."""

    context: Context

    @property
    def eligibility(self) -> Eligibility:
        """The eligibility that decides on codes."""
        return Eligibility(self.context.programme, self.context.ports, self.context.permissions)

    def judge(self, code: str, contract: Contract, chosen: Choice, channel: str) -> Judgement:
        """Judge a code for a contract (S8, S10).

        Code and amounts are judged at the honoured moment if there is one, the customer always at the concluding one.
        """
        return self.eligibility.judge(
            Question(
                code=code,
                concluded_at=contract.concluded_at,
                judged_at=chosen.honoured or contract.concluded_at,
                channel=channel,
                contract=contract.id,
                contract_channel=contract.channel,
                customer=contract.customer,
                product=contract.product,
                segment=contract.segment,
                group=chosen.group,
                carried=chosen.case.carried if chosen.case else None,
            )
        )

    def record(
        self,
        judged: Judgement | None,
        contract: Contract,
        chosen: Choice,
        channel: str,
        *,
        is_attached: bool = False,
    ) -> Referral | None:
        """Record the referral of a usable code with both amounts locked; return ``None`` without one (S7).

        :raises Refusal: ``already-referred`` when the contract carries one.
        """
        if judged is None or judged.code is None or not judged.offers:
            return None
        code = judged.code
        referrer_offer, referee_offer = judged.offers
        referral = Referral(
            contract=contract.id,
            code=code.text,
            referrer=code.account,
            referrer_customer=code.customer,
            referee=contract.account,
            referee_customer=contract.customer,
            concluded_at=contract.concluded_at,
            channel=channel,
            referrer_offer=referrer_offer,
            referee_offer=referee_offer,
            honoured_moment=chosen.honoured,
            case=chosen.case.id if chosen.case else None,
        )
        # The use of an attached code happens now; that of a late report has the moment of the conclusion (M4).
        at = None if is_attached else contract.concluded_at
        return self.context.save(referral, act="referral.record", reason=chosen.reason, at=at)


@attrs.frozen
class Choice:
    """The choices for a sign-up: a referee group (D7), and an honoured moment before the concluding one (S10)."""

    group: str | None
    honoured: datetime | None
    reason: str | None
    case: Case | None = None


def chosen_by_case(case: Case, group: str | None, concluded_at: datetime) -> Choice:
    """Return the choice of a case: its opening is the honoured moment, and the case is the reason (K2)."""
    return Choice(group, _honoured(case.opened_at, case.opened_at > concluded_at), f"case {case.id}", case)


def chosen_by_hand(
    *, group: str | None, honoured: datetime | None, reason: str | None, concluded_at: datetime
) -> Choice:
    """Return the choice of staff (S10).

    :raises Refusal: ``moment-invalid`` when the honoured moment does not lie before the concluding one.
    """
    return Choice(group, _honoured(honoured, honoured is not None and honoured >= concluded_at), reason)


def _honoured(honoured: datetime | None, is_late: bool) -> datetime | None:
    if honoured is not None and is_late:
        raise Refusal(
            Reason.MOMENT_INVALID,
            message=f"the honoured moment {moment_text(honoured)} does not lie before the concluding moment",
            field="honour.moment",
        )
    return honoured


@attrs.frozen
class SignUpViews:
    """The views of sign-ups within an actor's permissions."""

    ports: Repositories
    permissions: Permissions

    def find(self, contract: str) -> SignUpView:
        """Return the view of one sign-up; refuse with ``contract-unknown``."""
        found = self.ports.contracts.find(contract)
        if found is None:
            raise unknown_contract(contract)
        return self._seen(found)

    def all(self, after: str | None, page: int, *, open_only: bool, channel: str | None) -> Iterator[SignUpView]:
        """Yield the views that the actor may see, in order of id; ``page`` contracts are read at a time."""
        actor, status = self.permissions.actor, ContractStatus.CONCLUDED if open_only else None
        if actor.channels is not None and len(actor.channels) == 1:
            (own,) = actor.channels
            if channel is None or is_within(own, channel):
                channel = own  # the store leaves out other channels, instead of reading them in vain
        is_last = False
        while not is_last:
            contracts = self.ports.contracts.page(after, page, status=status, channel=channel, segments=actor.segments)
            yield from (self._seen(each) for each in contracts if self.permissions.sees_referral(each))
            is_last = len(contracts) < page
            after = contracts[-1].id if contracts else after

    def _seen(self, contract: Contract) -> SignUpView:
        referral = self.ports.referrals.find(contract.id)
        if referral is None or referral.granted_at is None:
            return SignUpView(contract, referral)
        grants = (self.ports.grants.find(f"{side}/{contract.id}") for side in Side)
        return SignUpView(contract, referral, tuple(grant for grant in grants if grant is not None))
