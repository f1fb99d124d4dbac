"""Eligibility: loads the facts about a code and a sign-up, and runs the rules over them (S1-S11, D6, D8)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.case import CarriedOffer
from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side, Terms
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Offer
from referral_core.ports.codes import Evidence
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision, decide
from referral_core.rules.eligibility import Facts, is_referred
from referral_core.services.permissions import Permissions
from referral_core.services.refusals import unknown_group
from referral_core.services.visibility import Visibility
from referral_core.values.code_text import fold
from referral_core.values.errors import Reason, Refusal
from referral_core.values.moment import moment_text

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


@attrs.frozen(kw_only=True)
class Question:
    """A question about a code.

    ``judged_at`` is the honoured moment, else the concluding one. ``channel`` is where the code is given, which decides
    the groups; ``contract_channel`` that of a contract that was concluded elsewhere before. ``group`` is a chosen
    referee group; without it the programme's table decides (D6). ``carried`` is the offer of a case, which is not
    judged again (K2). ``contract`` is the one that is there already. ``product`` and ``segment`` are ``None`` when a
    check leaves them open.
    """

    code: str
    concluded_at: datetime
    judged_at: datetime
    channel: str
    contract: str | None = None
    contract_channel: str | None = None
    customer: str | None = None
    product: str | None = None
    segment: str | None = None
    group: str | None = None
    carried: CarriedOffer | None = None


@attrs.frozen
class Judgement:
    """A decision, and the code that it is about; ``None`` when no account that the actor may see ever held the code.

    ``shown`` is the decision as the actor may see it.
    """

    decision: Decision
    code: PromoCode | None
    shown: Decision

    @property
    def offers(self) -> tuple[Offer, Offer] | None:
        """The referrer's and the referee's offer, if the code can be used."""
        referrer, referee = self.decision.referrer, self.decision.referee
        return None if referrer is None or referee is None else (referrer, referee)


class Eligibility:
    """The eligibility of codes: questions, answered by the rules over the loaded facts.

    To an actor limited to segments a code outside of them is an unknown one, in whatever is asked or recorded (A6).
    """

    def __init__(self, programme: Programme, ports: Repositories, permissions: Permissions) -> None:
        self._programme = programme
        self._ports = ports
        self._permissions = permissions

    def decide(self, question: Question) -> Decision:
        """Return the decision on a question, as the actor may see it."""
        return self.judge(question).shown

    def judge(self, question: Question) -> Judgement:
        """Return the decision on a question, together with the code."""
        groups = self._groups_of(question)
        found = self._ports.promo_codes.evidence(fold(question.code), question.customer, groups)
        if found.code is not None and not self._permissions.sees(accounts=(found.code.account,)):
            found = attrs.evolve(found, code=None)
        facts = self._facts(question, found, groups)
        decision = decide(facts)
        if None in (facts.referrer_terms, facts.referee_terms):
            given = zip(groups, (facts.referrer_terms, facts.referee_terms), strict=True)
            decision = attrs.evolve(decision, missing_groups=tuple([group for group, terms in given if terms is None]))
        shown = Visibility(self._permissions).of_decision(decision, question.customer)
        calendar = self._programme.calendar
        return Judgement(decision.shown_by(calendar), found.code, shown.shown_by(calendar))

    def _facts(self, question: Question, found: Evidence, groups: tuple[str, str]) -> Facts:
        programme, code, product = self._programme, found.code, self._product(question)
        status = None if code is None else code.status_at(question.judged_at)
        referrer, referee = (_terms(group, question.judged_at) for group in found.groups)
        carried = question.carried
        if carried is not None:
            # The code and the offers were judged when the case was opened; only the customer is judged now (K2).
            status, referrer = CodeStatus.ACTIVE, _terms_of(carried.referrer)
            referee = _terms_of(carried.referee) if question.group is None else referee
        return Facts(
            code=question.code if code is None else code.text,
            judged_at=question.judged_at,
            concluded_at=question.concluded_at,
            code_status=status,
            referrer_customer=None if code is None else code.customer,
            referrer_terms=referrer,
            referee_terms=referee,
            covered=self._covers(question),
            customer=question.customer,
            contracts=found.contracts,
            referred=question.contract in found.referred_by
            or is_referred(found.referred_by, found.contracts, programme.referral_products_for(product)),
            existing_customer_products=programme.existing_customer_products_for(product),
            returning_after=programme.returning_after,
            calendar=programme.calendar,
        )

    def referee_group(self, group: str) -> str:
        """Return a chosen group's id; refuse with ``group-unknown`` a group that is no referee group (D7)."""
        found = self._ports.groups.find(group)
        if found is None or found.side is not Side.REFEREE:
            if found is None:
                raise unknown_group(self._programme, group)
            raise Refusal(Reason.GROUP_UNKNOWN, message=f"{group} is no referee group", field="group")
        return group

    def offer_of(self, group: str, at: datetime) -> Offer:
        """Return the offer of a group at a moment; refuse with ``no-amount`` and ``group-disabled`` (D7, D8)."""
        terms = _terms(self._ports.groups.find(group), at)
        reasons = []
        if terms is None or terms.amount is None:
            reasons.append(Reason.NO_AMOUNT)
        if terms is not None and terms.status is GroupStatus.DISABLED:
            reasons.append(Reason.GROUP_DISABLED)
        if reasons or terms is None or terms.amount is None or terms.period is None:
            hint = "" if terms is not None else f"; {unknown_group(self._programme, group).message}"
            raise Refusal(*reasons, message=f"group {group} gives nothing at {moment_text(at)}{hint}", field="group")
        return Offer(group, terms.amount, terms.period)

    def _covers(self, question: Question) -> bool:
        channels = (question.channel, question.contract_channel)
        if any(channel is not None and self._programme.excludes(channel) for channel in channels):
            return False
        return self._programme.covers(self._product(question), self._segment(question))

    def _product(self, question: Question) -> str:
        """Return the product of the new contract; one that the check leaves open is the first of the programme."""
        return question.product or self._programme.products[0]

    def _segment(self, question: Question) -> str:
        return question.segment or self._programme.segments[0]

    def _groups_of(self, question: Question) -> tuple[str, str]:
        """Return the referrer's and the referee's group of a question (D6, D7)."""
        sign_up = question.channel, self._segment(question), self._product(question)
        referee = question.group or self._programme.referee_group_for(*sign_up)
        return self._programme.referrer_group_for(*sign_up), referee


def _terms(group: DiscountGroup | None, at: datetime) -> Terms | None:
    return None if group is None else group.terms_at(at)


def _terms_of(offer: Offer) -> Terms:
    return Terms(offer.group, GroupStatus.ENABLED, offer.amount, offer.period)
