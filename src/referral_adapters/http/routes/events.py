"""Events: facts and requests that hosts bring as CloudEvents, and acts that are published as such."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Body
from starlette.responses import Response

from referral_adapters.feed import FeedRunner, Outcome
from referral_adapters.http.asking import Asked, Asking
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.cursor import cursor_of
from referral_adapters.http.models.events import (
    BROUGHT,
    EXAMPLE,
    EventResult,
    EventResults,
    PublishedEvent,
    PublishedEvents,
    result_of,
)
from referral_adapters.http.models.pages import Cursor, Limit, numbered
from referral_adapters.http.models.problem import ProblemKind
from referral_adapters.http.persistently import persistently
from referral_adapters.http.problems import Trouble, improper
from referral_core.services.permissions import Permissions
from referral_core.session import ACTS
from referral_core.values.errors import Reason

SINGLE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
LARGEST: Final = 8 * 1024 * 1024
MOST: Final = 1000
"""The most events of a batch."""
_PUBLISHED_AT_ONCE: Final = 1000
_BRINGS: Final = "contract.activated"
"""Who may bring facts may bring events, in whose name ever: systems alone (A1)."""


def bring_events(asked: Asked, body: Annotated[Any, Body()]) -> Response:  # noqa: ANN401 - the feed reads it
    """Let events take effect, each once: one CloudEvent, or a batch as a list, in structured mode.

    What each event's data may be is the feed's format. In a batch each event has a transaction and a result of its own.
    Events of all segments come this way, so whoever is limited to some is not let in.
    """
    _permissions(asked).admit_everywhere(ACTS[_BRINGS])
    _check_kind(asked, body)
    runner = FeedRunner(asked.service.programme, asked.service.store)
    if isinstance(body, list):
        if len(body) > MOST:
            raise improper("body", f"has {len(body)} events, more than {MOST}")
        return asked.answered(
            EventResults(items=[_handled(runner, event, number) for number, event in enumerate(body, 1)])
        )
    if not isinstance(body, dict):
        raise improper("body", "is neither an event nor a list of events")
    result = _handled(runner, body, 1)
    if result.outcome == Outcome.REFUSED.value:
        reasons = tuple(Reason(reason) for reason in result.reasons)
        raise Trouble(HTTPStatus.CONFLICT, ProblemKind.REFUSED, "A rule says no.", result.message, reasons)
    if result.outcome == Outcome.INVALID.value:
        raise improper("body", result.message)
    return asked.answered(result)


def list_events(asked: Asked, *, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List what was done since the cursor, as CloudEvents in order: every act that leaves a trace, once.

    Ask again with `next` for what follows; it is there at the end too. Whoever is limited to some segments is not let
    in.
    """
    _permissions(asked).admit_everywhere(ACTS["trace.show"])
    trace = asked.service.store.trace
    after = numbered(cursor)
    persistently(lambda: trace.publish(_PUBLISHED_AT_ONCE))
    found = trace.published(after, limit)
    last = found[-1].position if found else after
    events = [PublishedEvent.of(each, asked.service.source) for each in found]
    return asked.answered(PublishedEvents(items=events, next=cursor_of(str(last))))


def _permissions(asked: Asking) -> Permissions:
    return Permissions(asked.service.store, asked.service.programme, asked.actor)


def _check_kind(asked: Asking, body: object) -> None:
    """Refuse what is not the one event, or the batch, that the type of its content says it is."""
    said = asked.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said == SINGLE and isinstance(body, list):
        raise improper("body", f"is a list; a batch is sent as {BATCH}")
    if said == BATCH and not isinstance(body, list):
        raise improper("body", f"is no list; a single event is sent as {SINGLE}")


def _handled(runner: FeedRunner, event: Any, number: int) -> EventResult:  # noqa: ANN401 - any JSON
    return result_of(runner.handle(json.dumps(event), number))


_EACH: Final = {"description": "An event like a single one. One that is none is `invalid`, and the rest goes on."}
_MANY: Final = {"type": "array", "items": _EACH, "maxItems": MOST}
_TAG: Final = "events"
ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/events",
        name="bring-events",
        by_hand=bring_events,
        act=_BRINGS,
        answer=EventResult | EventResults,
        keyless=True,
        largest=LARGEST,
        body={
            SINGLE: {"schema": BROUGHT, "example": EXAMPLE},
            BATCH: {"schema": _MANY, "example": [EXAMPLE]},
            "application/json": {"schema": {"anyOf": [BROUGHT, _MANY]}, "example": EXAMPLE},
        },
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/events",
        name="list-events",
        by_hand=list_events,
        act="trace.show",
        answer=PublishedEvents,
        tag=_TAG,
    ),
)
