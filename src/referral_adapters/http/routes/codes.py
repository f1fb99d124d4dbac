"""Codes by hand: issuing, ending, looking at one (C5, C9, C11)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from referral_adapters.http.asking import Asked, Asking
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.codes import CodeAnswer
from referral_adapters.http.models.fields import Code, Id
from referral_adapters.http.models.requests import Ending, Issuing
from referral_core.entities.promo_code import PromoCode


def issue_code(asked: Asked, account: Id, body: Issuing) -> Response:
    """Issue a code by hand, of a chosen text or drawn, also in place of the present one (C9)."""
    asked.caller.enter(account)

    def act() -> CodeAnswer:
        issued = asked.session.codes.issue(account, code=body.code, replace=body.replace, reason=body.reason)
        return _shown(asked, issued)

    return asked.done(body, act, status=HTTPStatus.CREATED)


def get_code_by_text(asked: Asked, code: Code) -> Response:
    """Show a code, whoever holds or held it (C11)."""
    return asked.answered(_found(asked, code))


def end_code(asked: Asked, code: Code, body: Ending) -> Response:
    """End a code now or at a later moment; an end that was planned and not reached can be moved (C5)."""

    def act() -> CodeAnswer:
        return _shown(asked, asked.session.codes.end(code, ends_at=body.at, reason=body.reason))

    return asked.done(body, act, edited=lambda: _found(asked, code))


def _found(asked: Asking, code: str) -> CodeAnswer:
    return _shown(asked, asked.session.codes.show(code))


def _shown(asked: Asking, code: PromoCode) -> CodeAnswer:
    return CodeAnswer.of(code, asked.at, asked.calendar)


_TAG: Final = "codes"
ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/accounts/{account}/codes",
        does=issue_code,
        act="code.issue",
        answer=CodeAnswer,
        status=HTTPStatus.CREATED,
        tag=_TAG,
    ),
    Endpoint(method="GET", path="/codes/{code}", does=get_code_by_text, act="code.show", answer=CodeAnswer, tag=_TAG),
    Endpoint(
        method="POST",
        path="/codes/{code}/end",
        does=end_code,
        act="code.end",
        answer=CodeAnswer,
        edits=True,
        tag=_TAG,
    ),
)
