"""Cases: sign-ups in self-service that failed (K1-K3)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from referral_adapters.http.asking import Asked
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.cases import CaseAnswer, FinishedCaseAnswer
from referral_adapters.http.models.contracts import SignUpAnswer
from referral_adapters.http.models.fields import Id
from referral_adapters.http.models.pages import Cursor, Limit, page_of
from referral_adapters.http.models.requests import CaseFinish, CaseOpening


def open_case(asked: Asked, body: CaseOpening) -> Response:
    """Open a case for a sign-up that failed; it carries the code and the amount of this moment (K1)."""

    def act() -> CaseAnswer:
        opened = asked.session.cases.open(
            body.case,
            customer=body.customer,
            code=body.code,
            product=body.product,
            segment=body.segment,
        )
        return CaseAnswer.of(opened.case, asked.calendar)

    return asked.done(body, act, status=HTTPStatus.CREATED)


def list_cases(
    asked: Asked,
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
    open: Annotated[bool, Query(description="Only those that are open.")] = False,  # noqa: A002
) -> Response:
    """List cases by id, in the caller's segments."""
    found = asked.session.cases.page(after=cursor, limit=limit + 1, open_only=open)
    items = [CaseAnswer.of(case, asked.calendar) for case in found]
    return asked.answered(page_of(items, limit, lambda last: last.case))


def get_case(asked: Asked, case: Id) -> Response:
    """Show a case with the characteristics it carries."""
    return asked.answered(CaseAnswer.of(asked.session.cases.find(case), asked.calendar))


def finish_case(asked: Asked, case: Id, body: CaseFinish) -> Response:
    """Conclude the contract of a case with what the case carries, and close it (K2)."""

    def act() -> FinishedCaseAnswer:
        done = asked.session.cases.finish(
            case,
            contract=body.contract,
            account=body.account,
            customer=body.customer,
            product=body.product,
            segment=body.segment,
            starts_on=body.starts_on,
            channel=body.channel,
            group=body.group,
        )
        return FinishedCaseAnswer(
            case=CaseAnswer.of(done.case, asked.calendar), sign_up=SignUpAnswer.of(done.sign_up, asked.calendar)
        )

    return asked.done(body, act)


def abandon_case(asked: Asked, case: Id) -> Response:
    """Close a case without a contract (K3)."""

    def act() -> CaseAnswer:
        return CaseAnswer.of(asked.session.cases.abandon(case), asked.calendar)

    return asked.done(None, act)


_TAG: Final = "cases"
ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/cases",
        does=open_case,
        act="case.open",
        answer=CaseAnswer,
        status=HTTPStatus.CREATED,
        tag=_TAG,
    ),
    Endpoint(method="GET", path="/cases", does=list_cases, act="case.list", answer=PageAnswer[CaseAnswer], tag=_TAG),
    Endpoint(method="GET", path="/cases/{case}", does=get_case, act="case.show", answer=CaseAnswer, tag=_TAG),
    Endpoint(
        method="POST",
        path="/cases/{case}/finish",
        does=finish_case,
        act="case.finish",
        answer=FinishedCaseAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/cases/{case}/abandon",
        does=abandon_case,
        act="case.abandon",
        answer=CaseAnswer,
        tag=_TAG,
    ),
)
