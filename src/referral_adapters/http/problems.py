"""Problems: errors as RFC 9457 describes them, with the reason codes of the rules and the fields at fault."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, Final

import attrs
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from referral_adapters.http.authentication import NotAuthenticated
from referral_adapters.http.models.answer import MEDIA_TYPE, TYPES, FieldFault, Problem, ProblemKind
from referral_adapters.wire.json_text import JsonInvalid
from referral_core.programme.messages import Messages
from referral_core.rules.decision import CodeRefused
from referral_core.values.errors import (
    ArgumentInvalid,
    BillingUnavailable,
    ConcurrentChange,
    KeyReused,
    Reason,
    ReferralError,
    Refusal,
    TooManyCodes,
)

_LONGEST: Final = 300

_NOT_FOUND: Final = frozenset(
    {
        Reason.CONTRACT_UNKNOWN,
        Reason.ACCOUNT_UNKNOWN,
        Reason.GROUP_UNKNOWN,
        Reason.CASE_UNKNOWN,
        Reason.REFERRAL_UNKNOWN,
    }
)
INVALID_VALUE: Final = frozenset(
    {
        Reason.NAME_INVALID,
        Reason.MOMENT_NAIVE,
        Reason.AMOUNT_INVALID,
        Reason.CURRENCY_MISMATCH,
        Reason.CODE_MALFORMED,
        Reason.PERIOD_EMPTY,
    }
)
"""Reasons about a value by itself, whatever is stored."""


@attrs.frozen
class HttpProblem(Exception):
    """An error with the problem that answers the request."""

    status: HTTPStatus
    kind: ProblemKind
    title: str
    detail: str | None = None
    reasons: tuple[Reason, ...] = ()
    faults: tuple[FieldFault, ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict)

    def response(self, language: str) -> Response:
        """Return the problem as a response, with messages for its reasons in a language."""
        problem = Problem(
            type=TYPES + self.kind,
            title=self.title,
            status=int(self.status),
            detail=self.detail,
            reasons=[reason.value for reason in self.reasons],
            messages=[Messages.for_language(language).staff(reason) for reason in self.reasons],
            errors=list(self.faults),
        )
        content = problem.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
        return Response(
            json.dumps(content, ensure_ascii=True), int(self.status), dict(self.headers), media_type=MEDIA_TYPE
        )


def invalid_field(field: str, message: str) -> HttpProblem:
    """Return the problem of a request with an invalid field; ``field`` is its place."""
    return _invalid_fields([FieldFault(field=field, message=message)])


def problem_of(error: Exception) -> HttpProblem:
    """Return the problem that an exception means to the caller; an unexpected exception reveals nothing of itself."""
    for kind, meaning in _MEANINGS:
        if isinstance(error, kind):
            return meaning(error)
    return HttpProblem(HTTPStatus.INTERNAL_SERVER_ERROR, ProblemKind.DEFECT, "Something is wrong on this side.")


def _refused(refusal: Refusal) -> HttpProblem:
    reasons = refusal.reasons
    if Reason.NOT_ALLOWED in reasons:
        status, kind, title = HTTPStatus.FORBIDDEN, ProblemKind.NOT_ALLOWED, "That is not for you to do."
    elif _NOT_FOUND.intersection(reasons) or (
        reasons == (Reason.CODE_UNKNOWN,) and not isinstance(refusal, CodeRefused)
    ):
        status, kind, title = HTTPStatus.NOT_FOUND, ProblemKind.UNKNOWN, "There is no such thing."
    elif INVALID_VALUE.issuperset(reasons):
        status, kind, title = HTTPStatus.UNPROCESSABLE_ENTITY, ProblemKind.INVALID, "The request is not a proper one."
    else:
        status, kind, title = HTTPStatus.CONFLICT, ProblemKind.REFUSED, "A rule says no."
    field = refusal.field
    faults = () if field is None else (FieldFault(field=field, message=refusal.message, reason=reasons[0].value),)
    return HttpProblem(status, kind, title, refusal.message, reasons, faults)


def _unauthenticated(error: NotAuthenticated) -> HttpProblem:
    challenge = "Bearer" if error.error is None else f'Bearer error="{error.error}"'
    return HttpProblem(
        HTTPStatus.UNAUTHORIZED,
        ProblemKind.NOT_AUTHENTICATED,
        "Say who you are, with a token that holds.",
        error.why,
        headers={"WWW-Authenticate": challenge},
    )


def _invalid(error: RequestValidationError) -> HttpProblem:
    return _invalid_fields([_fault(each) for each in error.errors()])


def _malformed(error: JsonInvalid) -> HttpProblem:
    fault = (
        FieldFault(field=error.place, message=error.wrong)
        if error.is_key
        else FieldFault(field="body", message=str(error)[:_LONGEST])
    )
    return HttpProblem(HTTPStatus.BAD_REQUEST, ProblemKind.MALFORMED, "The body is no proper JSON.", faults=(fault,))


def _invalid_fields(faults: Sequence[FieldFault]) -> HttpProblem:
    given = {fault.reason for fault in faults}
    reasons = tuple(reason for reason in Reason if reason.value in given)
    return HttpProblem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ProblemKind.INVALID,
        "The request is not a proper one.",
        reasons=reasons,
        faults=tuple(faults),
    )


def _fault(error: Mapping[str, Any]) -> FieldFault:
    """Return a fault that pydantic found, without the given value, which may be anything."""
    place = [str(part) for part in error["loc"]]
    if len(place) > 1 and place[0] == "body":
        place = place[1:]
    reason = error["type"] if error["type"] in list(Reason) else None
    return FieldFault(field=".".join(place)[:_LONGEST], message=str(error["msg"])[:_LONGEST], reason=reason)


def _of_status(error: HTTPException) -> HttpProblem:
    status = HTTPStatus(error.status_code)
    kind = {
        HTTPStatus.BAD_REQUEST: ProblemKind.MALFORMED,
        HTTPStatus.NOT_FOUND: ProblemKind.UNKNOWN,
        HTTPStatus.METHOD_NOT_ALLOWED: ProblemKind.METHOD_NOT_ALLOWED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ProblemKind.TOO_LARGE,
    }.get(status, ProblemKind.FAILED)
    return HttpProblem(status, kind, f"{status.phrase}.", headers=dict(error.headers or {}))


def key_reused() -> HttpProblem:
    """Return the problem of a key that was used before for another request."""
    return HttpProblem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ProblemKind.IDEMPOTENCY_KEY_REUSED,
        "The key was used for another request.",
        "Send a new Idempotency-Key with a new request.",
    )


def _unavailable(kind: ProblemKind, title: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, kind, title, headers={"Retry-After": "5"})


def _too_many(error: TooManyCodes) -> HttpProblem:
    return HttpProblem(
        HTTPStatus.TOO_MANY_REQUESTS,
        ProblemKind.TOO_MANY,
        "Too many codes were given in too short a time.",
        headers={"Retry-After": str(max(1, ceil(error.wait)))},
    )


def _concurrent(_: ConcurrentChange) -> HttpProblem:
    title = "Others are at the same things; nothing was done."
    return HttpProblem(HTTPStatus.CONFLICT, ProblemKind.CONCURRENT_CHANGE, title, headers={"Retry-After": "1"})


_MEANINGS: Final[tuple[tuple[type[Exception], Callable[[Any], HttpProblem]], ...]] = (
    (HttpProblem, lambda problem: problem),
    (Refusal, _refused),
    (NotAuthenticated, _unauthenticated),
    (JsonInvalid, _malformed),
    (RequestValidationError, _invalid),
    (HTTPException, _of_status),
    (ConcurrentChange, _concurrent),
    (TooManyCodes, _too_many),
    (KeyReused, lambda _: key_reused()),
    (ArgumentInvalid, lambda invalid: invalid_field(invalid.field, invalid.message)),
    (BillingUnavailable, lambda _: _unavailable(ProblemKind.BILLING_UNAVAILABLE, "Billing does not answer.")),
    (ReferralError, lambda _: _unavailable(ProblemKind.STORE_UNAVAILABLE, "The store cannot be used at this moment.")),
)
"""The problem of each kind of exception; the first kind that fits counts."""
