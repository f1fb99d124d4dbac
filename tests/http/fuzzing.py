"""Requests that schemathesis makes up from the document, held against what the document says of their answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from itertools import count
from typing import Any, Final

import schemathesis
from schemathesis.engine import events, from_schema

from tests.http.door import Door, token

MORE_THAN_THE_SHAPE: Final = {
    "a page's cursor is known to the page before it alone": [
        "GET /cases", "GET /contracts", "GET /events", "GET /accounts/{account}/activity",
        "GET /accounts/{account}/referrals",
    ],
    "it is a subject or a contract, and since comes before until": ["GET /trace"],
    "what the data of an event may be goes by its type": ["POST /events"],
    "whose accounts they are, all but customers have to say": ["GET /accounts"],
    "from comes before until": ["POST /groups/{group}/amounts", "POST /groups/{group}/amounts/preview"],
}  # fmt: skip
"""Where a request that has the right shape may be improper still, and why: the shape cannot say it."""
ACCEPTED: Final = ["2xx", "304", "401", "403", "404", "409", "412", "413", "429"]
"""What may be answered to a proper request: a rule may say no, a tag may be stale, a text so long may be too long."""

PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
LONGEST_KEY: Final = 200
App = Callable[..., Awaitable[None]]


def failures(door: Door, role: str | None, *, examples: int, phases: Collection[str] = PHASES) -> list[str]:
    """Ask every endpoint many things in somebody's name, and return what was not as the document says."""
    headers = {"X-Request-ID": "fuzz"} | ({} if role is None else {"Authorization": f"Bearer {token(role)}"})
    settings = schemathesis.Config.from_dict(
        {
            "seed": 1,
            "headers": headers,
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
            "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
            "operations": [
                {
                    "include-name": name,
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "422"]}},
                }
                for names in MORE_THAN_THE_SHAPE.values()
                for name in names
            ],
        }
    )
    door.serve()
    schema = schemathesis.openapi.from_asgi("/openapi.json", with_fresh_keys(door.app), config=settings)
    found: dict[tuple[str, str], str] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, events.FatalError | events.NonFatalError):
            found["error", str(event)] = str(event)
        if isinstance(event, events.ScenarioFinished):
            found |= _found(event)
    return list(found.values())


def _found(event: events.ScenarioFinished) -> dict[tuple[str, str], str]:
    found = {}
    for case, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                told = event.recorder.interactions[case].response
                label = event.recorder.cases[case].value.operation.label
                shown = "" if told is None else f"{told.status_code} {told.content[:500]!r}"
                found[check.name, label] = (
                    f"{label}: {check.failure_info.failure}\n{check.failure_info.code_sample}\n{shown}"
                )
    return found


def with_fresh_keys(app: App) -> App:
    """Return an app to which no idempotency key comes twice, as an example would for one request after another."""
    numbers = count()

    def fresh(name: bytes, value: bytes) -> tuple[bytes, bytes]:
        is_proper_key = name.lower() == b"idempotency-key" and 0 < len(value) <= LONGEST_KEY
        return name, (b"%d-%s" % (next(numbers), value))[:LONGEST_KEY] if is_proper_key else value

    async def with_them(scope: MutableMapping[str, Any], receive: object, send: object) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [fresh(name, value) for name, value in scope["headers"]]}
        await app(scope, receive, send)

    return with_them
