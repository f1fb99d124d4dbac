"""Events that are published: CloudEvents 1.0 in structured mode, one for each row of the trace."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from referral_adapters.feed.fields import LONGEST_NAME
from referral_adapters.http.models.answer import Answer
from referral_adapters.http.models.cursor import cursor_of
from referral_core.entities.actor import Role
from referral_core.entities.trace import Published
from referral_core.session import ACTS
from referral_core.values.moment import written

PREFIX = "referral."
"""What the type of every published event begins with; the act follows."""


_NAME: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
_OR_NULL: Final = _NAME | {"type": ["string", "null"]}
BROUGHT: Final[dict[str, Any]] = {
    "title": "BroughtEvent",
    "description": "A CloudEvent in structured mode, as a line of a feed is one; its type says what its data may be.",
    "type": "object",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _NAME | {"description": "With `source`, what it is known by: once it took effect, it is not done again."},
        "source": _NAME,
        "type": {"enum": sorted(act.name for act in ACTS.values() if act.feed)},
        "time": {"type": "string", "format": "date-time", "description": "When the act is; the rules take it for now."},
        "data": {"type": "object"},
        "actor": _OR_NULL | {"description": "Who acts, `feed` where nothing is said."},
        "actorrole": {"enum": [*(role.value for role in Role), None], "description": "`system` where nothing is said."},
        "datacontenttype": _OR_NULL,
        "dataschema": _OR_NULL,
        "subject": _OR_NULL,
    },
    "required": ["specversion", "id", "source", "type", "time", "data"],
    "additionalProperties": {"type": "null", "description": "What is null is as if it were not there."},
}
"""What the OpenAPI document says of an event that is brought."""
EXAMPLE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "evt-1",
    "source": "crm",
    "type": "contract.activated",
    "time": "2021-03-15T12:00:00+02:00",
    "data": {"contract": "K-3"},
}


class PublishedEvent(Answer):
    """An act that left a trace, as a CloudEvent: without the actor and the reason, which can be erased.

    ``id`` is the same however often it is sent. ``sequence`` counts all events; those of one subject come in order.
    """

    specversion: str = "1.0"
    id: str = Field(examples=["account:A/3"])
    source: str
    type: str = Field(examples=["referral.grant.posted"])
    subject: str = Field(examples=["account:A"])
    time: str
    datacontenttype: str = "application/json"
    sequence: str
    actorrole: str
    data: dict[str, dict[str, str | None] | None]

    @property
    def cursor(self) -> str:
        """The cursor to go on with after this event."""
        return cursor_of(self.sequence)

    @classmethod
    def of(cls, published: Published, source: str) -> PublishedEvent:
        """Return the event of a published row."""
        row = published.entry
        return cls(
            id=f"{row.subject}/{row.number}",
            source=source,
            type=PREFIX + row.act,
            subject=row.subject,
            time=written(row.moment),
            sequence=str(published.position),
            actorrole=row.role.value,
            data={
                "before": None if row.before is None else dict(row.before),
                "after": None if row.after is None else dict(row.after),
            },
        )


class PublishedEvents(Answer):
    """Events in order; ``next`` is the cursor to ask with for what follows, also at the end."""

    items: list[PublishedEvent]
    next: str


class EventResult(Answer):
    """What came of an event that was brought, as a feed's result says it."""

    id: str | None
    outcome: str = Field(examples=["done"])
    reasons: list[str]
    message: str
    usable: bool | None = None
    referee_amount: str | None = None
    referrer_amount: str | None = None
    referee_group: str | None = None
    referrer_group: str | None = None
    issued: str | None = None


class EventResults(Answer):
    """The results of the events of a batch, in order."""

    items: list[EventResult]


def result_of(result: dict[str, Any]) -> EventResult:
    """Return what is said of a feed's result; an id that no text can hold is left out."""
    said = {name: value for name, value in result.items() if name != "line"}
    if said["id"] is not None and not _is_text(said["id"]):
        said["id"] = None
    return EventResult(**said)


def _is_text(given: str) -> bool:
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True
