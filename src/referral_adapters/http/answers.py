"""The answers of acts: for each result of an act, the model of its answer and the stored thing that it represents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from types import UnionType
from typing import Any, Final, get_args

import attrs
from pydantic import BaseModel, RootModel

from referral_adapters.http.models.accounts import AccountAnswer, ErasureAnswer, MovementAnswer, MovementsAnswer
from referral_adapters.http.models.answer import plain_json
from referral_adapters.http.models.codes import CheckAnswer, CodeAnswer, FiguresAnswer, verdict
from referral_adapters.http.models.contracts import CaseAnswer, ContractEventAnswer, FinishedCaseAnswer, SignUpAnswer
from referral_adapters.http.models.discounts import (
    AmountAnswer,
    AmountPreviewAnswer,
    BillAnswer,
    CancelledBillAnswer,
    GroupAnswer,
    GroupsAnswer,
    PayRunAnswer,
    StuckAnswer,
    TransferAnswer,
)
from referral_adapters.http.models.events import SealedAnswer
from referral_adapters.http.models.referrals import ExplanationAnswer, GrantAnswer, ReferralAnswer, ReversalAnswer
from referral_adapters.http.request import Representation, ServiceRequest
from referral_adapters.http.visibility import visible_to
from referral_core.acts import Act
from referral_core.entities.case import Case
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.entities.reversal import Reversal
from referral_core.programme.messages import Messages
from referral_core.rules.decision import Decision
from referral_core.services.accounts import AccountView
from referral_core.services.cases import FinishedCase, OpenedCase
from referral_core.services.contracts import Activation, ContractEnd
from referral_core.services.customers import Erasure
from referral_core.services.explanation import Explanation
from referral_core.services.groups import AmountPreview
from referral_core.services.payouts import PayRun
from referral_core.services.sharing import SharingFigures
from referral_core.services.sign_ups import SignUp, SignUpView

MOST_SHOWN: Final = 500
"""The most items of a list that does not come in pages."""

Arguments = dict[str, Any]
"""The arguments of an act, by their names."""


class PlainAnswer(RootModel[Any]):
    """The result of an act, by its fields: amounts as text, moments in the programme's zone."""


@attrs.frozen
class AnswerFormat:
    """The format of an act's answer: its model, and the function that makes it of the act's result.

    ``stored`` returns the whole stored thing behind an answer that can be edited: its revision is in the entity tag. It
    gets the act's result, inside the same transaction if the act changed something.
    """

    model: Any
    of: Callable[[Any, ServiceRequest, Arguments], BaseModel]
    stored: Callable[[Any, ServiceRequest], object] | None = None

    def represent(self, result: object, request: ServiceRequest, given: Arguments) -> Representation:
        """Return the answer with an act's result; for staff, who may edit, with the revision of what it represents."""
        answer = self.of(visible_to(request.actor.role, result), request, given)
        if self.stored is None or request.caller.is_customer:
            return Representation(answer)
        return Representation(answer, request.revision_of(self.stored(result, request)))


def _paid(run: PayRun, request: ServiceRequest, _: Arguments) -> PayRunAnswer:
    """Return the answer about a run: what it posted and took back, and how much of all is left, tried or not."""
    left = request.session.payouts.backlog()
    return PayRunAnswer(granted=run.granted, taken_back=run.taken_back, waiting=left.waiting, stuck=left.stuck)


def format_of(act: Act[Any]) -> AnswerFormat:
    """Return the format of an act's answer: by the act, else by the type of its result, else the plain one."""
    result = act.hints["return"]
    if isinstance(result, UnionType):
        result = next(each for each in get_args(result) if each is not type(None))
    return BY_ACT.get(act.name) or _BY_RESULT.get(result, PLAIN)


PLAIN: Final = AnswerFormat(PlainAnswer, lambda result, request, _: PlainAnswer(plain_json(result, request.calendar)))


def _code(code: PromoCode, request: ServiceRequest, _: Arguments) -> CodeAnswer:
    return CodeAnswer.of(code, request.at, request.calendar)


def _group(group: DiscountGroup, request: ServiceRequest, _: Arguments) -> GroupAnswer:
    return GroupAnswer.of(group, request.at, request.calendar)


def _account(view: AccountView, request: ServiceRequest, _: Arguments) -> AccountAnswer:
    return AccountAnswer.of(view, request.at, request.calendar)


def _checked(decision: Decision, request: ServiceRequest, _: Arguments) -> CheckAnswer:
    return _for_customer(decision, request) if request.caller.is_customer else _for_staff(decision, request)


def _for_customer(decision: Decision, request: ServiceRequest) -> CheckAnswer:
    """Return the same answer about every unusable code, as if it did not exist (S6, A4)."""
    if decision.referee is None:
        return CheckAnswer(usable=False, message=Messages.for_language(request.own_language).customer(decision.reasons))
    amount = decision.referee.amount
    return CheckAnswer(usable=True, referee_amount=str(amount.amount), currency=amount.currency)


def _for_staff(decision: Decision, request: ServiceRequest) -> CheckAnswer:
    messages = Messages.for_language(request.own_language)
    return CheckAnswer(
        usable=decision.usable,
        message=None if decision.usable else messages.customer(decision.reasons),
        reasons=[reason.value for reason in decision.reasons],
        messages=[*decision.sentences(request.own_language).values()],
        **verdict(decision),
    )


def _erased(erased: Erasure, _: ServiceRequest, __: Arguments) -> ErasureAnswer:
    data = erased.data
    return ErasureAnswer(
        pseudonym=erased.pseudonym, accounts=len(data.accounts), contracts=data.contracts, traced=data.traced
    )


def _finished(done: FinishedCase, request: ServiceRequest, _: Arguments) -> FinishedCaseAnswer:
    return FinishedCaseAnswer(
        case=CaseAnswer.of(done.case, request.calendar), sign_up=SignUpAnswer.of(done.sign_up, request.calendar)
    )


def _sign_up(seen: SignUp | SignUpView | Activation | ContractEnd, request: ServiceRequest) -> object:
    if isinstance(seen, ContractEnd):  # its result has the referral only if it was cancelled
        return seen.contract, request.shown(request.service.store.referrals.find(seen.contract.id))
    return seen.contract, seen.referral


def _sign_up_of(referral: Referral, request: ServiceRequest) -> object:
    return request.shown(request.service.store.contracts.find(referral.contract)), referral


def _posting(posting: Grant | Reversal, request: ServiceRequest, _: Arguments) -> GrantAnswer | ReversalAnswer:
    if isinstance(posting, Reversal):
        return ReversalAnswer.of(posting)
    return GrantAnswer.of(posting, request.calendar)


def _bill(taken: Any, _: ServiceRequest, given: Arguments) -> BillAnswer:  # noqa: ANN401 - Money
    amount = str(given["amount"].amount)
    return BillAnswer(bill=given["bill"], account=given["account"], amount=amount, taken=str(taken.amount))


_SIGN_UP: Final = AnswerFormat(SignUpAnswer, lambda done, request, _: SignUpAnswer.of(done, request.calendar), _sign_up)
_EVENT: Final = AnswerFormat(
    ContractEventAnswer, lambda done, request, _: ContractEventAnswer.of(done, request.calendar), _sign_up
)
_BY_RESULT: Final[Mapping[Any, AnswerFormat]] = {
    AccountView: AnswerFormat(AccountAnswer, _account),
    Activation: _EVENT,
    AmountPreview: AnswerFormat(
        AmountPreviewAnswer, lambda preview, request, _: AmountPreviewAnswer.of(preview, request.calendar)
    ),
    Case: AnswerFormat(CaseAnswer, lambda case, request, _: CaseAnswer.of(case, request.calendar)),
    ContractEnd: _EVENT,
    Decision: AnswerFormat(CheckAnswer, _checked),
    DiscountGroup: AnswerFormat(GroupAnswer, _group, lambda group, _: group),
    Erasure: AnswerFormat(ErasureAnswer, _erased),
    Explanation: AnswerFormat(
        ExplanationAnswer, lambda found, request, _: ExplanationAnswer.of(found, request.calendar)
    ),
    FinishedCase: AnswerFormat(FinishedCaseAnswer, _finished),
    OpenedCase: AnswerFormat(CaseAnswer, lambda opened, request, _: CaseAnswer.of(opened.case, request.calendar)),
    PayRun: AnswerFormat(PayRunAnswer, _paid),
    PromoCode: AnswerFormat(CodeAnswer, _code, lambda code, _: code),
    Referral: AnswerFormat(
        ReferralAnswer, lambda referral, request, _: ReferralAnswer.of(referral, request.calendar), _sign_up_of
    ),
    SharingFigures: AnswerFormat(FiguresAnswer, lambda figures, *_: FiguresAnswer.of(figures)),
    SignUp: _SIGN_UP,
    SignUpView: _SIGN_UP,
}
"""Formats by the type of an act's result."""
BY_ACT: Final[Mapping[str, AnswerFormat]] = {
    "account.movements": AnswerFormat(
        MovementsAnswer,
        lambda moved, request, _: MovementsAnswer(items=[MovementAnswer.of(each, request.calendar) for each in moved]),
    ),
    "bill.cancelled": AnswerFormat(
        CancelledBillAnswer, lambda taken, _, given: CancelledBillAnswer(bill=given["bill"], taken=str(taken.amount))
    ),
    "bill.issued": AnswerFormat(BillAnswer, _bill),
    "code.shared": AnswerFormat(
        FiguresAnswer, lambda shared, request, _: FiguresAnswer.of(request.session.sharing.figures(shared.account))
    ),
    "discount.transfer": AnswerFormat(TransferAnswer, lambda moved, *_: TransferAnswer(moved=str(moved.amount))),
    "grant.stuck": AnswerFormat(
        StuckAnswer,
        lambda stuck, request, _: StuckAnswer(
            items=[_posting(each, request, {}) for each in islice(stuck, MOST_SHOWN)]
        ),
    ),
    "grant.retry": AnswerFormat(GrantAnswer | ReversalAnswer, _posting),
    "group.list": AnswerFormat(
        GroupsAnswer,
        lambda groups, request, _: GroupsAnswer(
            items=[GroupAnswer.of(group, request.at, request.calendar) for group in groups]
        ),
    ),
    "termination-fee.propose": AnswerFormat(AmountAnswer, lambda amount, *_: AmountAnswer(amount=str(amount.amount))),
    "trace.seal": AnswerFormat(SealedAnswer, lambda seal, request, _: SealedAnswer.of(seal, request.calendar)),
}
"""Formats by the name of an act, where its result does not tell enough."""
