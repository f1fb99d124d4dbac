"""Events: incoming facts and requests of hosts as CloudEvents, and published acts as such."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Body
from starlette.responses import Response

from referral_adapters.feed import FeedRunner, Outcome
from referral_adapters.http.lists import Cursor, Limit, number_of
from referral_adapters.http.models.answer import ProblemKind, cursor_of
from referral_adapters.http.models.events import (
    EXAMPLE,
    INCOMING_EVENT,
    EventResult,
    EventResults,
    PublishedEvent,
    PublishedEvents,
    result_of,
)
from referral_adapters.http.problems import HttpProblem, invalid_field
from referral_adapters.http.request import CurrentRequest, ServiceRequest
from referral_adapters.http.retry import retry
from referral_core.services.code_limit import draw
from referral_core.services.permissions import Permissions
from referral_core.session import ACTS
from referral_core.values.errors import Reason

SINGLE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
LARGEST: Final = 8 * 1024 * 1024
MOST: Final = 1000
"""The most events of a batch."""
_PUBLISHED_AT_ONCE: Final = 1000
INCOMING_ACT: Final = "contract.activated"
"""The act whose permission incoming events need, in whatever name they act: facts come from systems alone (A1)."""
_EACH: Final = {
    "description": "An event like a single one. The result of a malformed one is `invalid`; the others take effect."
}
_BATCH: Final = {"type": "array", "items": _EACH, "maxItems": MOST}
INCOMING: Final[dict[str, Any]] = {
    SINGLE: {"schema": INCOMING_EVENT, "example": EXAMPLE},
    BATCH: {"schema": _BATCH, "example": [EXAMPLE]},
    "application/json": {"schema": {"anyOf": [INCOMING_EVENT, _BATCH]}, "example": EXAMPLE},
}
"""The bodies of incoming events, by media type, as the OpenAPI document describes them."""


def bring_events(request: CurrentRequest, body: Annotated[Any, Body()]) -> Response:  # noqa: ANN401 - the feed reads it
    """Let events take effect, each once: one CloudEvent, or a batch as a list, in structured mode.

    The data of each event has the feed's format. In a batch each event has a transaction and a result of its own. A
    caller limited to some segments is refused, as events of all segments come this way.
    """
    _permissions(request).admit_everywhere(ACTS[INCOMING_ACT])
    _check_kind(request, body)
    _draw(request, body)
    service = request.service
    runner = FeedRunner(service.programme, service.store, recordings=service.recordings)
    if isinstance(body, list):
        if len(body) > MOST:
            raise invalid_field("body", f"has {len(body)} events, more than {MOST}")
        return request.answered(
            EventResults(items=[_result(runner, event, number) for number, event in enumerate(body, 1)])
        )
    if not isinstance(body, dict):
        raise invalid_field("body", "is neither an event nor a list of events")
    result = _result(runner, body, 1)
    if result.outcome == Outcome.REFUSED.value:
        reasons = tuple(Reason(reason) for reason in result.reasons)
        raise HttpProblem(HTTPStatus.CONFLICT, ProblemKind.REFUSED, "A rule says no.", result.message, reasons)
    if result.outcome == Outcome.INVALID.value:
        raise invalid_field("body", result.message)
    return request.answered(result)


def list_events(request: CurrentRequest, *, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List what was done since the cursor, as CloudEvents in order: every act that leaves a trace, once.

    `next` is the cursor for the events that follow, also at the end. A caller limited to some segments is refused.
    """
    _permissions(request).admit_everywhere(ACTS["trace.show"])
    trace = request.service.store.trace
    after = number_of(cursor)
    # What waits for publishing is published first, so that a caller finds the act that they have just done.
    retry(lambda: trace.publish(_PUBLISHED_AT_ONCE))
    found = trace.published(after, limit)
    last = found[-1].position if found else after
    events = [PublishedEvent.of(each, request.service.source) for each in found]
    return request.answered(PublishedEvents(items=events, next=cursor_of(str(last))))


def _permissions(request: ServiceRequest) -> Permissions:
    return Permissions(request.service.store, request.service.programme, request.actor)


def _draw(request: ServiceRequest, body: object) -> None:
    """Count the events that give a code by its text, all of a batch together, for the system that brings them (A4).

    The feed does not count them: it acts in the names that the events give, and refuses no event for coming too soon.
    """
    events = body if isinstance(body, list) else [body]
    if many := sum(1 for event in events[:MOST] if isinstance(event, dict) and _has_code(event)):
        draw(request.service.limiter, request.service.programme.checking, request.giver, many)


def _has_code(event: dict[str, Any]) -> bool:
    act, data = ACTS.get(str(event.get("type"))), event.get("data")
    return act is not None and isinstance(data, dict) and any(act.params[each].wire in data for each in act.codes)


def _check_kind(request: ServiceRequest, body: object) -> None:
    """Refuse a single event that is sent as a batch, and a batch that is sent as a single event."""
    media_type = request.http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == SINGLE and isinstance(body, list):
        raise invalid_field("body", f"is a list; a batch is sent as {BATCH}")
    if media_type == BATCH and not isinstance(body, list):
        raise invalid_field("body", f"is no list; a single event is sent as {SINGLE}")


def _result(runner: FeedRunner, event: Any, number: int) -> EventResult:  # noqa: ANN401 - any JSON
    return result_of(runner.handle(json.dumps(event), number))
