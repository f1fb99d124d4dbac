"""Loading the facts about a code and a sign-up, and deciding on them (S1-S11, D6, D8)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.case import CarriedOffer
from referral_core.entities.discount_group import GroupStatus, Side, Terms
from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.referral import Offer
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision, decide
from referral_core.rules.facts import Facts
from referral_core.values.code_text import fold
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


@attrs.frozen(kw_only=True)
class Question:
    """What is asked about a code.

    ``judged_at`` is the honoured moment, else the concluding one. ``group`` is a chosen referee group, else the
    programme's table decides (D6). ``carried`` is what a case carries, which is then not judged again (K2).
    ``product`` and ``segment`` are ``None`` when a check does not say.
    """

    code: str
    concluded_at: datetime
    judged_at: datetime
    channel: str
    customer: str | None = None
    product: str | None = None
    segment: str | None = None
    contract: str | None = None
    group: str | None = None
    carried: CarriedOffer | None = None


class Judging:
    """Answers questions about codes by loading the facts and running the rules over them."""

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports

    def decide(self, question: Question) -> Decision:
        """Return the decision on a question; nothing is changed."""
        return decide(self.facts(question))

    def facts(self, question: Question) -> Facts:
        """Load what the rules look at."""
        programme, ports, customer = self._programme, self._ports, question.customer
        code = ports.promo_codes.find(fold(question.code))
        status = None if code is None else code.status_at(question.judged_at)
        referred = question.contract is not None and self._carries_referral(question.contract)
        if customer is not None and not referred:
            referred = ports.referrals.live_of(customer) is not None
        return Facts(
            code=question.code if code is None else code.text,
            judged_at=question.judged_at,
            concluded_at=question.concluded_at,
            code_status=CodeStatus.ACTIVE if question.carried else status,
            referrer_customer=None if code is None else code.customer,
            referrer_terms=self._referrer_terms(question),
            referee_terms=self._referee_terms(question),
            covered=self._covers(question),
            customer=customer,
            contracts=() if customer is None else ports.contracts.of_customer(customer),
            referred=referred,
            existing_customer_products=programme.existing_customer_products,
            returning_after=programme.returning_after,
            calendar=programme.calendar,
        )

    def referee_group(self, group: str) -> str:
        """Return a chosen group's id; refuse with ``group-unknown`` what is not a referee group (D7)."""
        found = self._ports.groups.find(group)
        if found is None or found.side is not Side.REFEREE:
            raise Refusal(Reason.GROUP_UNKNOWN, message=f"there is no referee group {group}", field="group")
        return group

    def offer_of(self, group: str, at: datetime) -> Offer:
        """Return what a group gives at a moment; refuse with ``no-amount`` and ``group-disabled`` (D7, D8)."""
        terms = self._terms(group, at)
        reasons = []
        if terms is None or terms.amount is None:
            reasons.append(Reason.NO_AMOUNT)
        if terms is not None and terms.status is GroupStatus.DISABLED:
            reasons.append(Reason.GROUP_DISABLED)
        if reasons or terms is None or terms.amount is None or terms.period is None:
            raise Refusal(*reasons, message=f"group {group} gives nothing at {at.isoformat()}", field="group")
        return Offer(group, terms.amount, terms.period)

    def _carries_referral(self, contract: str) -> bool:
        referral = self._ports.referrals.find(contract)
        return referral is not None and referral.is_live

    def _covers(self, question: Question) -> bool:
        if question.product is None and question.segment is None:
            return True
        product = question.product or self._programme.products[0]
        return self._programme.covers(product, question.segment or self._programme.segments[0])

    def _referrer_terms(self, question: Question) -> Terms | None:
        if question.carried is not None:
            return _terms_of(question.carried.referrer)
        return self._terms(self._programme.referrer_group, question.judged_at)

    def _referee_terms(self, question: Question) -> Terms | None:
        if question.group is None and question.carried is not None:
            return _terms_of(question.carried.referee)
        group = question.group or self._programme.referee_group_for(
            question.channel,
            question.segment or self._programme.segments[0],
            question.product or self._programme.products[0],
        )
        return self._terms(group, question.judged_at)

    def _terms(self, group: str, at: datetime) -> Terms | None:
        found = self._ports.groups.find(group)
        return None if found is None else found.terms_at(at)


def _terms_of(offer: Offer) -> Terms:
    return Terms(offer.group, GroupStatus.ENABLED, offer.amount, offer.period)
