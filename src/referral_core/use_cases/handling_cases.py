"""Cases: opened when a self-service sign-up fails, finished or abandoned by staff (K1-K3)."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.case import CarriedOffer, Case
from referral_core.entities.trace_entry import PROGRAMME_SUBJECT, TraceNote, account_subject
from referral_core.rules.decision import Decision
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.judging import Judging, Question
from referral_core.use_cases.signing_up import SignUp, SignUps
from referral_core.use_cases.unknown import unknown_case
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports

SELF_SERVICE = "self-service"


@attrs.frozen
class OpenedCase:
    """A case that was opened, and the decision about its code if one was given."""

    case: Case
    decision: Decision | None = None


@attrs.frozen
class FinishedCase:
    """A case that was finished, and the sign-up that finished it."""

    case: Case
    sign_up: SignUp


class Cases:
    """Failed self-service sign-ups, kept with what the customer was promised until somebody finishes them."""

    def __init__(self, ports: Ports, judging: Judging, sign_ups: SignUps) -> None:
        self._ports = ports
        self._admitting = Admitting(ports)
        self._judging = judging
        self._sign_ups = sign_ups

    def open(
        self,
        case: str,
        *,
        customer: str,
        at: datetime,
        actor: Actor,
        code: str | None = None,
        product: str = "electricity",
        segment: str = "household",
    ) -> OpenedCase:
        """Open a case; with a usable code it carries the code and the offers of this moment (K1).

        An unusable code leaves the case without them; ``case.warnings`` then say why.

        :raises Refusal: ``not-allowed``, ``case-exists``.
        """
        at = moment(at)
        judged = None if code is None else customer
        self._admitting.admit(actor, Act.CASE_OPEN, code=code, customer=judged, segment=segment)
        decision = None if code is None else self._decide(code, customer, product, segment, at)
        opened = Case(
            id=case,
            customer=customer,
            opened_at=at,
            product=product,
            segment=segment,
            carried=_carried(decision),
            warnings=decision.reasons if decision else (),
        )
        self._ports.cases.open(opened)
        self._trace(Act.CASE_OPEN, PROGRAMME_SUBJECT, None, opened, at, actor)
        return OpenedCase(opened, decision)

    def finish(  # noqa: PLR0913 - a sign-up has that many facts
        self,
        case: str,
        *,
        contract: str,
        account: str,
        customer: str,
        at: datetime,
        actor: Actor,
        product: str | None = None,
        segment: str | None = None,
        starts_on: date | None = None,
        channel: str = "sales-portal",
        group: str | None = None,
    ) -> FinishedCase:
        """Conclude the sign-up of a case with what the case carries, and close it (K2).

        Product and segment are the case's own unless given.

        :raises Refusal: ``not-allowed``, ``case-unknown``, ``case-closed``, ``not-same-customer``, and whatever
            concluding refuses.
        """
        at = moment(at)
        found = self._found(case, actor, Act.CASE_FINISH)
        if found.customer != customer:
            raise Refusal(Reason.NOT_SAME_CUSTOMER, message=f"case {case} is another customer's", field="customer")
        finished = found.finished(contract, at)
        sign_up = self._sign_ups.conclude(
            contract,
            account=account,
            customer=customer,
            at=at,
            actor=actor,
            product=product or found.product,
            segment=segment or found.segment,
            channel=channel,
            group=group,
            starts_on=starts_on,
            case=found,
        )
        self._ports.cases.close(finished)
        self._trace(Act.CASE_FINISH, account_subject(account), found, finished, at, actor)
        return FinishedCase(finished, sign_up)

    def abandon(self, case: str, *, at: datetime, actor: Actor) -> Case:
        """Close a case without a sign-up; it leaves no referral (K3).

        :raises Refusal: ``not-allowed``, ``case-unknown``, ``case-closed``.
        """
        at = moment(at)
        found = self._found(case, actor, Act.CASE_ABANDON)
        abandoned = found.abandoned(at)
        self._ports.cases.close(abandoned)
        self._trace(Act.CASE_ABANDON, PROGRAMME_SUBJECT, found, abandoned, at, actor)
        return abandoned

    def find(self, case: str, *, at: datetime, actor: Actor) -> Case:
        """Return a case as it stands by now, with what it carries (K1).

        :raises Refusal: ``not-allowed``, ``case-unknown``.
        """
        moment(at)
        return self._found(case, actor, Act.CASE_SHOW)

    def page(
        self, *, at: datetime, actor: Actor, after: str | None = None, limit: int = 50, open_only: bool = False
    ) -> tuple[Case, ...]:
        """Return the next ``limit`` cases whose id is above ``after``, by the code points of the id.

        ``open_only`` leaves out those that were finished or abandoned. Somebody limited to some segments is shown what
        :meth:`find` would show them. A page that is not full is the last one.

        :raises Refusal: ``not-allowed``.
        """
        moment(at)
        self._admitting.admit(actor, Act.CASE_SHOW)
        cases = self._ports.cases.all(after=after, open_only=open_only)
        seen = (each for each in cases if self._admitting.sees(actor, code=each.promo_code, segment=each.segment))
        return tuple(islice(seen, limit))

    def _found(self, case: str, actor: Actor, act: Act) -> Case:
        found = self._ports.cases.find(case)
        if found is None:
            self._admitting.admit(actor, act)
            raise unknown_case(case)
        self._admitting.admit(actor, act, code=found.promo_code, segment=found.segment)
        return found

    def _decide(self, code: str, customer: str, product: str, segment: str, at: datetime) -> Decision:
        return self._judging.decide(
            Question(
                code=code,
                concluded_at=at,
                judged_at=at,
                channel=SELF_SERVICE,
                customer=customer,
                product=product,
                segment=segment,
            )
        )

    def _trace(self, act: Act, subject: str, before: Case | None, after: Case, at: datetime, actor: Actor) -> None:
        state = None if before is None else {"case": before.id, "status": before.status}
        new = {"case": after.id, "status": after.status, "contract": after.contract, **after.characteristics}
        self._ports.trace.append(TraceNote(subject, at, act, actor, state, new))


def _carried(decision: Decision | None) -> CarriedOffer | None:
    if decision is None or decision.referrer is None or decision.referee is None:
        return None
    return CarriedOffer(decision.code, decision.referrer, decision.referee)
