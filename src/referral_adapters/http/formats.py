"""How acts are answered: the model, how it is made of what an act returned, and what is stored of what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from types import UnionType
from typing import Any, Final, get_args

import attrs
from pydantic import BaseModel, RootModel

from referral_adapters.http.asking import Asking, Shown
from referral_adapters.http.models.accounts import AccountAnswer, MovementAnswer, MovementsAnswer
from referral_adapters.http.models.cases import CaseAnswer, FinishedCaseAnswer
from referral_adapters.http.models.checks import CheckAnswer, verdict
from referral_adapters.http.models.codes import CodeAnswer
from referral_adapters.http.models.contracts import ContractEventAnswer, SignUpAnswer
from referral_adapters.http.models.customers import ErasedAnswer
from referral_adapters.http.models.discounts import (
    AmountAnswer,
    BillAnswer,
    PayRunAnswer,
    StuckAnswer,
    TransferAnswer,
)
from referral_adapters.http.models.explanation import ExplanationAnswer
from referral_adapters.http.models.groups import AmountPreviewAnswer, GroupAnswer, GroupsAnswer
from referral_adapters.http.models.referrals import LegAnswer, ReferralAnswer
from referral_adapters.http.models.sharings import FiguresAnswer
from referral_adapters.http.models.trace import SealedAnswer
from referral_adapters.http.plain import plain_json
from referral_core.acts import Act
from referral_core.entities.case import Case
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
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
"""So many items are shown at most of a list that does not come in pages."""

Given = Mapping[str, Any]


class PlainAnswer(RootModel[Any]):
    """What an act returned, by its fields: amounts as text, moments in the programme's zone."""


@attrs.frozen
class Format:
    """How what an act returned is answered.

    ``stored`` returns what of it is stored and can be edited, whole: a tag tells that it is still the same. It is given
    what the act returned, inside the same transaction if the act changed something.
    """

    model: Any
    of: Callable[[Any, Asking, Given], BaseModel]
    stored: Callable[[Any, Asking], object] | None = None

    def shown(self, result: object, asked: Asking, given: Given) -> Shown:
        """Return what is answered, with the revision of what it shows, for those who may edit it."""
        answer = self.of(result, asked, given)
        if self.stored is None or asked.caller.is_customer:
            return Shown(answer)
        return Shown(answer, asked.revision_of(self.stored(result, asked)))


def _paid(run: PayRun, asked: Asking, _: Given) -> PayRunAnswer:
    """Say what the run granted, and what is left of all legs: not only of those that it tried."""
    left = asked.session.payouts.backlog()
    return PayRunAnswer(granted=run.granted, waiting=left.waiting, stuck=left.stuck)


def format_of(act: Act[Any]) -> Format:
    """Return how what an act returns is answered: as said of the act, else of what it returns, else plainly."""
    result = act.hints["return"]
    if isinstance(result, UnionType):
        result = next(each for each in get_args(result) if each is not type(None))
    return BY_ACT.get(act.name) or _BY_RESULT.get(result, PLAIN)


PLAIN: Final = Format(PlainAnswer, lambda result, asked, _: PlainAnswer(plain_json(result, asked.calendar)))


def _code(code: PromoCode, asked: Asking, _: Given) -> CodeAnswer:
    return CodeAnswer.of(code, asked.at, asked.calendar, to_customer=asked.caller.is_customer)


def _account(view: AccountView, asked: Asking, _: Given) -> AccountAnswer:
    return AccountAnswer.of(view, asked.at, asked.calendar, to_customer=asked.caller.is_customer)


def _checked(decision: Decision, asked: Asking, _: Given) -> CheckAnswer:
    return _for_customer(decision, asked) if asked.caller.is_customer else _for_staff(decision, asked)


def _for_customer(decision: Decision, asked: Asking) -> CheckAnswer:
    """Say the same of every code that cannot be used: it might as well not exist (S6, A4)."""
    if decision.referee is None:
        return CheckAnswer(usable=False, message=Messages.for_language(asked.own_language).customer(decision.reasons))
    amount = decision.referee.amount
    return CheckAnswer(usable=True, referee_amount=str(amount.amount), currency=amount.currency)


def _for_staff(decision: Decision, asked: Asking) -> CheckAnswer:
    messages = Messages.for_language(asked.own_language)
    return CheckAnswer(
        usable=decision.usable,
        message=None if decision.usable else messages.customer(decision.reasons),
        reasons=[reason.value for reason in decision.reasons],
        messages=[messages.staff(reason) for reason in decision.reasons],
        **verdict(decision),
    )


def _erased(erased: Erasure, _: Asking, __: Given) -> ErasedAnswer:
    data = erased.data
    return ErasedAnswer(
        pseudonym=erased.pseudonym, accounts=len(data.accounts), contracts=data.contracts, traced=data.traced
    )


def _finished(done: FinishedCase, asked: Asking, _: Given) -> FinishedCaseAnswer:
    return FinishedCaseAnswer(
        case=CaseAnswer.of(done.case, asked.calendar), sign_up=SignUpAnswer.of(done.sign_up, asked.calendar)
    )


def _sign_up(seen: SignUp | SignUpView | Activation | ContractEnd, asked: Asking) -> object:
    if isinstance(seen, ContractEnd):  # which returns the referral only if it was cancelled
        return seen.contract, asked.service.store.referrals.find(seen.contract.id)
    return seen.contract, seen.referral


def _sign_up_of(referral: Referral, asked: Asking) -> object:
    return asked.service.store.contracts.find(referral.contract), referral


def _bill(taken: Any, _: Asking, given: Given) -> BillAnswer:  # noqa: ANN401 - Money
    amount = str(given["amount"].amount)
    return BillAnswer(bill=given["bill"], account=given["account"], amount=amount, taken=str(taken.amount))


_SIGN_UP: Final = Format(SignUpAnswer, lambda done, asked, _: SignUpAnswer.of(done, asked.calendar), _sign_up)
_EVENT: Final = Format(
    ContractEventAnswer, lambda done, asked, _: ContractEventAnswer.of(done, asked.calendar), _sign_up
)
_BY_RESULT: Final[Mapping[Any, Format]] = {
    AccountView: Format(AccountAnswer, _account),
    Activation: _EVENT,
    AmountPreview: Format(
        AmountPreviewAnswer, lambda preview, asked, _: AmountPreviewAnswer.of(preview, asked.calendar)
    ),
    Case: Format(CaseAnswer, lambda case, asked, _: CaseAnswer.of(case, asked.calendar)),
    ContractEnd: _EVENT,
    Decision: Format(CheckAnswer, _checked),
    DiscountGroup: Format(
        GroupAnswer, lambda group, asked, _: GroupAnswer.of(group, asked.at, asked.calendar), lambda group, _: group
    ),
    Erasure: Format(ErasedAnswer, _erased),
    Explanation: Format(ExplanationAnswer, lambda result, asked, _: ExplanationAnswer.of(result, asked.calendar)),
    FinishedCase: Format(FinishedCaseAnswer, _finished),
    Grant: Format(LegAnswer, lambda leg, asked, _: LegAnswer.of(leg, asked.calendar)),
    OpenedCase: Format(CaseAnswer, lambda opened, asked, _: CaseAnswer.of(opened.case, asked.calendar)),
    PayRun: Format(PayRunAnswer, _paid),
    PromoCode: Format(CodeAnswer, _code, lambda code, _: code),
    Referral: Format(
        ReferralAnswer, lambda referral, asked, _: ReferralAnswer.of(referral, asked.calendar), _sign_up_of
    ),
    SharingFigures: Format(FiguresAnswer, lambda figures, *_: FiguresAnswer.of(figures)),
    SignUp: _SIGN_UP,
    SignUpView: _SIGN_UP,
}
"""By what an act returns."""
BY_ACT: Final[Mapping[str, Format]] = {
    "account.movements": Format(
        MovementsAnswer,
        lambda moved, asked, _: MovementsAnswer(items=[MovementAnswer.of(each, asked.calendar) for each in moved]),
    ),
    "bill.issued": Format(BillAnswer, _bill),
    "code.shared": Format(
        FiguresAnswer, lambda shared, asked, _: FiguresAnswer.of(asked.session.sharing.figures(shared.account))
    ),
    "discount.transfer": Format(TransferAnswer, lambda moved, *_: TransferAnswer(moved=str(moved.amount))),
    "grant.stuck": Format(
        StuckAnswer,
        lambda legs, asked, _: StuckAnswer(
            items=[LegAnswer.of(leg, asked.calendar) for leg in islice(legs, MOST_SHOWN)]
        ),
    ),
    "group.list": Format(
        GroupsAnswer,
        lambda groups, asked, _: GroupsAnswer(
            items=[GroupAnswer.of(group, asked.at, asked.calendar) for group in groups]
        ),
    ),
    "termination-fee.propose": Format(AmountAnswer, lambda amount, *_: AmountAnswer(amount=str(amount.amount))),
    "trace.seal": Format(SealedAnswer, lambda seal, asked, _: SealedAnswer.of(seal, asked.calendar)),
}
"""By the name of an act."""
