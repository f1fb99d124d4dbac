"""What a client raises.

::

    ReferralError
    ├── Refusal
    │   └── RemoteRefusal      a rule said no over there; carries the problem too
    │       └── RemoteCodeRefused   a code was judged unusable over there; a CodeRefused with its decision as well
    ├── ConcurrentChange       others were at the same things, however often it was asked again; nothing was done
    ├── BillingUnavailable     billing did not answer over there
    └── CallFailed             there is no answer to go by; carries what is known of it
        ├── Unreachable        nothing came back: an act may have been done or not, ask again under its key
        ├── Unavailable        the service, or its store, cannot be used at this moment; nothing was done
        ├── TooMany            too much was asked in too short a time; carries how long to wait
        ├── TokenRefused       there is no token, or it does not hold
        ├── RequestInvalid     a field is not a proper one, by no rule; carries the fields
        ├── Changed            what is to be edited was changed since it was seen
        └── Unexpected         something else than the service answered, or the service has a defect

Whoever catches :class:`~referral_core.Refusal` catches it alike from a desk and from a client. No exception of httpx
leaves the client.
"""

from __future__ import annotations

from collections.abc import Sequence

from referral_adapters.http.models.problem import FieldFault, Problem
from referral_core.rules.decision import CodeRefused, Decision
from referral_core.values.errors import Reason, ReferralError, Refusal


class RemoteRefusal(Refusal):
    """A rule said no over there, and nothing was changed.

    ``problem`` is what was answered; its ``messages`` say each reason in the language that the client asks in.
    """

    def __init__(self, reasons: Sequence[Reason], problem: Problem, *, message: str, field: str | None) -> None:
        super().__init__(*reasons, message=message, field=field)
        self.problem = problem

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross to another process whole."""
        return _remote, (self.reasons, self.problem, self.message, self.field)


class RemoteCodeRefused(RemoteRefusal, CodeRefused):
    """A code was judged unusable over there, and nothing was changed; ``decision`` says all about it."""

    def __init__(self, decision: Decision, problem: Problem, *, message: str, field: str | None) -> None:
        Refusal.__init__(self, *decision.reasons, message=message, field=field)
        self.decision = decision
        self.problem = problem

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross to another process whole."""
        return _remote_code, (self.decision, self.problem, self.message, self.field)


def _remote_code(decision: Decision, problem: Problem, message: str, field: str | None) -> RemoteCodeRefused:
    return RemoteCodeRefused(decision, problem, message=message, field=field)


def _remote(reasons: tuple[Reason, ...], problem: Problem, message: str, field: str | None) -> RemoteRefusal:
    return RemoteRefusal(reasons, problem, message=message, field=field)


class CallFailed(ReferralError):
    """There is no answer to go by.

    ``status`` and ``problem`` are what came back, if anything did; ``request_id`` is what the service calls the request
    in its log; ``key`` is the idempotency key under which the same act can be asked for again, later and elsewhere.
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
    """Nothing came back, however often it was tried: whether an act was done is not known until it is asked again."""


class Unavailable(CallFailed):
    """The service, or what it stands on, cannot be used at this moment."""


class TooMany(CallFailed):
    """Too much was asked in too short a time (A4); ``retry_after`` says how many seconds to wait."""

    retry_after: float = 0.0


class TokenRefused(CallFailed):
    """The service does not know who asks: there is no token, or it does not hold."""


class RequestInvalid(CallFailed):
    """A request is not a proper one, though no rule says so; ``faults`` names the fields."""

    @property
    def faults(self) -> tuple[FieldFault, ...]:
        """What is wrong, field by field."""
        return () if self.problem is None else tuple(self.problem.errors)


class Changed(CallFailed):
    """What is to be edited was changed since it was seen; nothing was done."""


class Unexpected(CallFailed):
    """What came back is no answer of the service, or says that the service has a defect."""
