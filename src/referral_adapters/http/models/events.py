"""Answers about the trace: its rows and seals, the events published of it, and the results of incoming events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from referral_adapters.feed.fields import LONGEST_NAME
from referral_adapters.http.models.answer import Answer, cursor_of, local
from referral_core.entities.actor import Role
from referral_core.entities.seal import Seal
from referral_core.entities.trace import Published, TraceEntry
from referral_core.session import ACTS
from referral_core.values.moment import Calendar, written

PREFIX = "referral."
"""The beginning of every published event's type; the act follows."""


_NAME: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
_IDENTITY: Final = "Identifies the event together with `source`: an event that took effect is not done again."
_TIME: Final = "The moment of the act, which is now for the rules."
_ROLE: Final = "The role of the actor; by default `system`."
_OR_NULL: Final = _NAME | {"type": ["string", "null"]}
INCOMING_EVENT: Final[dict[str, Any]] = {
    "title": "BroughtEvent",
    "description": "A CloudEvent in structured mode, like a line of a feed; its type decides the fields of its data.",
    "type": "object",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _NAME | {"description": _IDENTITY},
        "source": _NAME,
        "type": {"enum": sorted(act.name for act in ACTS.values() if act.feed)},
        "time": {
            "type": "string",
            "format": "date-time",
            "description": _TIME,
        },
        "data": {"type": "object"},
        "actor": _OR_NULL | {"description": "The id of the actor; by default `feed`."},
        "actorrole": {
            "enum": [*(role.value for role in Role), None],
            "description": _ROLE,
        },
        "datacontenttype": _OR_NULL,
        "dataschema": _OR_NULL,
        "subject": _OR_NULL,
    },
    "required": ["specversion", "id", "source", "type", "time", "data"],
    "additionalProperties": {"type": "null", "description": "Null means the same as leaving it out."},
}
"""The schema of an incoming event in the OpenAPI document."""
EXAMPLE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "evt-1",
    "source": "crm",
    "type": "contract.activated",
    "time": "2021-03-15T12:00:00+02:00",
    "data": {"contract": "K-3"},
}


class PublishedEvent(Answer):
    """A row of the trace as a CloudEvent, without actor, reason and key of a request, which may name people.

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
        """The cursor for the events after this one."""
        return cursor_of(self.sequence)

    @classmethod
    def of(cls, published: Published, source: str) -> PublishedEvent:
        """Return the event of a published row; ``source`` is the name of the publishing service."""
        row = published.entry
        return cls(
            id=f"{row.subject}/{row.number}",
            source=source,
            type=PREFIX + row.act,
            subject=row.subject,
            time=written(row.moment),
            sequence=str(published.position),
            actorrole=row.role.value,
            data={"before": _published(row.before), "after": _published(row.after)},
        )


_UNPUBLISHED: Final = frozenset({"key"})
"""The facts of a row that stay inside: a request's key is its sender's own text, and may name a person (A5)."""


def _published(state: Mapping[str, str | None] | None) -> dict[str, str | None] | None:
    return None if state is None else {name: value for name, value in state.items() if name not in _UNPUBLISHED}


class PublishedEvents(Answer):
    """Events in order; ``next`` is the cursor for the events that follow, also at the end."""

    items: list[PublishedEvent]
    next: str


class EventResult(Answer):
    """The result of an incoming event, as of a line of a feed."""

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
    """Return the answer about a feed's result; an id that no text can hold is left out."""
    fields = {name: value for name, value in result.items() if name != "line"}
    if fields["id"] is not None and not _is_text(fields["id"]):
        fields["id"] = None
    return EventResult(**fields)


def _is_text(given: str) -> bool:
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


class TraceRowAnswer(Answer):
    """A row of the trace; actor and reason are null once erased."""

    subject: str = Field(examples=["account:A"])
    number: int
    moment: str | None
    act: str
    role: str
    actor: str | None
    reason: str | None
    before: dict[str, str | None] | None
    after: dict[str, str | None] | None
    hash: str

    @classmethod
    def of(cls, row: TraceEntry, calendar: Calendar) -> TraceRowAnswer:
        """Return the answer about a row."""
        return cls(
            subject=row.subject,
            number=row.number,
            moment=local(row.moment, calendar),
            act=row.act,
            role=row.role.value,
            actor=row.actor,
            reason=row.reason,
            before=None if row.before is None else dict(row.before),
            after=None if row.after is None else dict(row.after),
            hash=row.hash,
        )


class SealAnswer(Answer):
    """A seal over the heads of all chains that grew; its hash is to be published out of the writers' reach."""

    number: int
    moment: str | None
    heads: int
    hash: str


class SealedAnswer(Answer):
    """The new seal, null if no chain has grown since the last one."""

    seal: SealAnswer | None

    @classmethod
    def of(cls, seal: Seal | None, calendar: Calendar) -> SealedAnswer:
        """Return the answer about a new seal."""
        if seal is None:
            return cls(seal=None)
        moment = local(seal.moment, calendar)
        return cls(seal=SealAnswer(number=seal.number, moment=moment, heads=seal.heads, hash=seal.hash))
