"""What an answer that is none means to the caller."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import attrs
from pydantic import ValidationError

from referral_adapters.http.client.errors import (
    CallFailed,
    Changed,
    RemoteCodeRefused,
    RemoteRefusal,
    RequestInvalid,
    TokenRefused,
    TooMany,
    Unavailable,
    Unexpected,
)
from referral_adapters.http.models.problem import TYPES, Problem
from referral_adapters.http.retry_after import seconds_of
from referral_adapters.wire.codec import Unreadable, structure
from referral_core.rules.decision import Decision
from referral_core.values.errors import BillingUnavailable, ConcurrentChange, Reason, ReferralError

_KNOWN: Final = {reason.value: reason for reason in Reason}
_CONCURRENT: Final = f"{TYPES}concurrent-change"
_BILLING: Final = f"{TYPES}billing-unavailable"
_PASSING: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_FAILURES: Final[Mapping[int, type[CallFailed]]] = {
    HTTPStatus.BAD_REQUEST: RequestInvalid,
    HTTPStatus.UNAUTHORIZED: TokenRefused,
    HTTPStatus.PRECONDITION_FAILED: Changed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: RequestInvalid,
    HTTPStatus.UNPROCESSABLE_ENTITY: RequestInvalid,
    HTTPStatus.TOO_MANY_REQUESTS: TooMany,
    HTTPStatus.BAD_GATEWAY: Unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
    HTTPStatus.GATEWAY_TIMEOUT: Unavailable,
}


@attrs.frozen
class Failure:
    """An answer that is none: its status, its body and its headers (by lower-case names)."""

    status: int
    content: bytes
    header: Callable[[str], str | None]

    @property
    def problem(self) -> Problem | None:
        """The problem it describes, if it does."""
        try:
            return Problem.model_validate_json(self.content, extra="ignore")
        except ValidationError:
            return None

    @property
    def may_pass(self) -> bool:
        """Tell whether the same request may well be answered a little later."""
        return self.status in _PASSING or self._kind == _CONCURRENT

    @property
    def retry_after(self) -> float:
        """How many seconds to wait before asking again, as far as it says."""
        return seconds_of(self.header("retry-after"), datetime.now(UTC))

    @property
    def _kind(self) -> str | None:
        problem = self.problem
        return None if problem is None else problem.type

    def error(self, key: str | None) -> ReferralError:
        """Return what to raise; ``key`` is the idempotency key of the act that was asked for."""
        problem = self.problem
        if problem is not None:
            if reasons := [_KNOWN[reason] for reason in problem.reasons if reason in _KNOWN]:
                return self._refusal(reasons, problem)
            if problem.type == _CONCURRENT:
                return ConcurrentChange(problem.title)
            if problem.type == _BILLING:
                return BillingUnavailable(problem.title)
        return self._failure(problem, key)

    def _refusal(self, reasons: list[Reason], problem: Problem) -> RemoteRefusal:
        fault = problem.errors[0] if problem.errors else None
        message = problem.detail or (problem.title if fault is None else fault.message)
        field = None if fault is None else fault.field
        try:
            decision = structure(json.loads(self.content)["decision"], Decision)
        except (KeyError, Unreadable):  # it is about no code, or knows reasons that nobody here knows
            return RemoteRefusal(reasons, problem, message=message, field=field)
        return RemoteCodeRefused(decision, problem, message=message, field=field)

    def _failure(self, problem: Problem | None, key: str | None) -> CallFailed:
        kind = _FAILURES.get(self.status, Unexpected)
        failed = kind(
            _sentence(self.status, problem),
            status=self.status,
            problem=problem,
            request_id=self.header("x-request-id"),
            key=key,
        )
        if isinstance(failed, TooMany):
            failed.retry_after = self.retry_after
        return failed


def _sentence(status: int, problem: Problem | None) -> str:
    if problem is None:
        return f"The answer has the status {status} and is not the service's own."
    faults = [f"{fault.field}: {fault.message}" for fault in problem.errors]
    return " ".join([problem.title, *([problem.detail] if problem.detail else []), "; ".join(faults)]).strip()
