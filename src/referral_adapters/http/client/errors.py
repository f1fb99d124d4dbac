"""The errors of a client.

::

    ReferralError
    ├── Refusal
    │   └── RemoteRefusal      a rule of the service refused it; carries the problem too
    │       └── RemoteCodeRefused   the service judged a code unusable; a CodeRefused with its decision as well
    ├── ConcurrentChange       every attempt lost a race to others; nothing was done
    ├── BillingUnavailable     billing did not answer the service
    └── CallFailed             there is no answer to go by; carries all that is known of it
        ├── Unreachable        no answer came: an act may have been done or not, send it again under its key
        ├── Unavailable        the service, or its store, cannot be used at this moment; nothing was done
        ├── TooMany            too many requests in too short a time; carries the seconds to wait
        ├── TokenRefused       there is no token, or it is not valid
        ├── RequestInvalid     a field is not valid, though by no rule; carries the fields
        ├── Changed            the thing to be edited has changed since it was seen
        └── Unexpected         something other than the service answered, or the service has a defect

A handler of :class:`~referral_core.Refusal` catches it alike from a desk and from a client. No exception of httpx
leaves the client.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import attrs
from pydantic import ValidationError

from referral_adapters.http.headers import retry_after_seconds
from referral_adapters.http.models.answer import TYPES, FieldFault, Problem
from referral_adapters.wire.codec import Unreadable, structure
from referral_core.rules.decision import CodeRefused, Decision
from referral_core.values.errors import BillingUnavailable, ConcurrentChange, Reason, ReferralError, Refusal


class RemoteRefusal(Refusal):
    """A rule of the service refused a request, and nothing was changed.

    ``problem`` is the answer; its ``messages`` explain each reason in the client's language.
    """

    def __init__(self, reasons: Sequence[Reason], problem: Problem, *, message: str, field: str | None) -> None:
        super().__init__(*reasons, message=message, field=field)
        self.problem = problem

    def __reduce__(self) -> tuple[object, ...]:
        """Return the parts by which pickle makes it again in another process."""
        return _remote, (self.reasons, self.problem, self.message, self.field)


class RemoteCodeRefused(RemoteRefusal, CodeRefused):
    """The service judged a code unusable, and nothing was changed; ``decision`` is the whole decision about it."""

    def __init__(self, decision: Decision, problem: Problem, *, message: str, field: str | None) -> None:
        Refusal.__init__(self, *decision.reasons, message=message, field=field)
        self.decision = decision
        self.problem = problem

    def __reduce__(self) -> tuple[object, ...]:
        """Return the parts by which pickle makes it again in another process."""
        return _remote_code, (self.decision, self.problem, self.message, self.field)


def _remote_code(decision: Decision, problem: Problem, message: str, field: str | None) -> RemoteCodeRefused:
    return RemoteCodeRefused(decision, problem, message=message, field=field)


def _remote(reasons: tuple[Reason, ...], problem: Problem, message: str, field: str | None) -> RemoteRefusal:
    return RemoteRefusal(reasons, problem, message=message, field=field)


class CallFailed(ReferralError):
    """There is no answer to go by.

    ``status`` and ``problem`` are those of the answer, if one came; ``request_id`` is the id of the request in the
    service's log; ``key`` is the idempotency key under which the same act can be sent again, later and elsewhere.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        problem: Problem | None = None,
        request_id: str | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem
        self.request_id = request_id
        self.key = key


class Unreachable(CallFailed):
    """No answer came to any attempt: only sending the act again tells whether it was done."""


class Unavailable(CallFailed):
    """The service, or its store, cannot be used at this moment."""


class TooMany(CallFailed):
    """Too many requests came in too short a time (A4); ``retry_after`` are the seconds to wait."""

    retry_after: float = 0.0


class TokenRefused(CallFailed):
    """The service does not know the caller: there is no token, or it is not valid."""


class RequestInvalid(CallFailed):
    """A request has invalid fields, though no rule refused it; ``faults`` names them."""

    @property
    def faults(self) -> tuple[FieldFault, ...]:
        """The faults, field by field."""
        return () if self.problem is None else tuple(self.problem.errors)


class Changed(CallFailed):
    """The thing to be edited has changed since it was seen; nothing was done."""


class Unexpected(CallFailed):
    """The answer is not one of the service, or tells of a defect of the service."""


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
    """A response other than success: its status, its body and its headers (by lower-case names)."""

    status: int
    content: bytes
    header: Callable[[str], str | None]

    @property
    def problem(self) -> Problem | None:
        """The problem in the body, if there is one."""
        try:
            return Problem.model_validate_json(self.content, extra="ignore")
        except ValidationError:
            return None

    @property
    def may_pass(self) -> bool:
        """Tell whether the same request may succeed a little later."""
        return self.status in _PASSING or self._kind == _CONCURRENT

    @property
    def retry_after(self) -> float:
        """The seconds to wait before the next attempt, by ``Retry-After``."""
        return retry_after_seconds(self.header("retry-after"), datetime.now(UTC))

    @property
    def _kind(self) -> str | None:
        problem = self.problem
        return None if problem is None else problem.type

    def error(self, key: str | None) -> ReferralError:
        """Return the error to raise; ``key`` is the idempotency key of the act."""
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
        except (KeyError, Unreadable):  # not about a code, or with reasons that only a newer service knows
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
