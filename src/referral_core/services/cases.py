"""Cases: failed self-service sign-ups, which staff finish or abandon (K1-K3)."""

from __future__ import annotations

from itertools import islice

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.case import CarriedOffer, Case
from referral_core.entities.contract import Contract
from referral_core.entities.trace import account_subject
from referral_core.rules.decision import Decision
from referral_core.services.context import BoundService
from referral_core.services.eligibility import Eligibility, Judgement, Question
from referral_core.services.permissions import a_case, a_finished_case, a_segment
from referral_core.services.refusals import unknown_case
from referral_core.services.sign_ups import Conclusion, SignUp, chosen_by_case
from referral_core.values.arguments import (
    AccountId,
    CaseId,
    Channel,
    CodeInput,
    ContractId,
    Count,
    CustomerId,
    Day,
    Flag,
    GroupId,
    Product,
    Segment,
)

SELF_SERVICE = "self-service"


@attrs.frozen
class OpenedCase:
    """An opened case, and the decision on its code if one was given."""

    case: Case
    decision: Decision | None = None


@attrs.frozen
class FinishedCase:
    """A finished case, and the sign-up that finished it."""

    case: Case
    sign_up: SignUp


class Cases(BoundService):
    """The acts on cases, which keep the offers that the customer was promised until staff finish them."""

    @act("case.open", least=Role.AGENT, feed=True, touches=(a_segment,))
    def open(
        self,
        case: CaseId,
        *,
        customer: CustomerId,
        code: CodeInput | None = None,
        product: Product = "electricity",
        segment: Segment = "household",
    ) -> OpenedCase:
        """Open a case; with a usable code it carries the code and the offers of this moment (K1).

        With an unusable code the case carries neither, and ``case.warnings`` are the reasons.

        :raises Refusal: ``not-allowed``, ``case-exists``.
        """
        judged = None if code is None else self._judge(code, customer, product, segment)
        opened = Case(
            id=case,
            customer=customer,
            opened_at=self._now,
            product=product,
            segment=segment,
            carried=_carried(judged),
            warnings=judged.decision.reasons if judged else (),
        )
        self._context.save(opened, act="case.open")
        return OpenedCase(opened, judged.shown if judged else None)

    @act("case.finish", least=Role.AGENT, feed=True, issues=True, touches=(a_finished_case,))
    def finish(  # noqa: PLR0913 - a sign-up has that many facts
        self,
        case: CaseId,
        *,
        contract: ContractId,
        account: AccountId,
        customer: CustomerId,
        product: Product | None = None,
        segment: Segment | None = None,
        starts_on: Day | None = None,
        channel: Channel = "sales-portal",
        group: GroupId | None = None,
    ) -> FinishedCase:
        """Conclude the sign-up of a case with the code and offers that it carries, and close the case (K2).

        Product and segment default to those of the case.

        :raises Refusal: ``not-allowed``, ``case-unknown``, ``case-closed``, ``not-same-customer``, and whatever
            concluding refuses.
        """
        now, found, concluding = self._now, self._found(case), Conclusion(self._context)
        concluding.check_case(found, customer)
        finished = found.finished(contract, now)
        chosen = chosen_by_case(found, group, now)
        concluded = Contract(
            id=contract,
            account=account,
            customer=customer,
            product=product or found.product,
            segment=segment or found.segment,
            channel=channel,
            concluded_at=now,
            starts_on=starts_on,
        )
        sign_up = concluding.conclude(concluded, found.promo_code, chosen)
        self._context.save(finished, found, act="case.finish", subject=account_subject(account))
        return FinishedCase(finished, sign_up)

    @act("case.abandon", least=Role.AGENT, feed=True, touches=(a_case,))
    def abandon(self, case: CaseId) -> Case:
        """Close a case without a sign-up and without a referral (K3).

        :raises Refusal: ``not-allowed``, ``case-unknown``, ``case-closed``.
        """
        found = self._found(case)
        return self._context.save(found.abandoned(self._now), found, act="case.abandon")

    @act("case.show", least=Role.AGENT, reads=True, touches=(a_case,))
    def find(self, case: CaseId) -> Case:
        """Return a case with its present status, and the code and offers that it carries (K1).

        :raises Refusal: ``not-allowed``, ``case-unknown``.
        """
        return self._found(case)

    @act("case.list", least=Role.AGENT, reads=True)
    def page(self, *, after: CaseId | None = None, limit: Count = 50, open_only: Flag = False) -> tuple[Case, ...]:
        """Return the next ``limit`` cases whose id is above ``after``, by the code points of the id.

        ``open_only`` leaves out finished and abandoned cases. An actor limited to some segments sees the cases that
        :meth:`find` shows them. A page that is not full is the last one.

        :raises Refusal: ``not-allowed``.
        """
        cases = self._ports.cases.all(after=after, open_only=open_only)
        return tuple(islice(filter(self._permissions.sees_case, cases), limit))

    def _found(self, case: str) -> Case:
        found = self._ports.cases.find(case)
        if found is None:
            raise unknown_case(case)
        return found

    def _judge(self, code: str, customer: str, product: str, segment: str) -> Judgement:
        return Eligibility(self._programme, self._ports, self._permissions).judge(
            Question(
                code=code,
                concluded_at=self._now,
                judged_at=self._now,
                channel=SELF_SERVICE,
                customer=customer,
                product=product,
                segment=segment,
            )
        )


def _carried(judged: Judgement | None) -> CarriedOffer | None:
    return None if judged is None or judged.offers is None else CarriedOffer(judged.decision.code, *judged.offers)
