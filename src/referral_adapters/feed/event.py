"""One line of a feed as a CloudEvents 1.0 event in structured JSON mode."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import attrs

from referral_adapters.feed.errors import LineInvalid
from referral_adapters.feed.fields import Fields
from referral_adapters.feed.moments import read_moment
from referral_adapters.wire import json_text
from referral_core.entities.actor import Actor, Role
from referral_core.values.errors import Refusal

SPEC_VERSION: Final = "1.0"
LONGEST_LINE: Final = 1_048_576
"""The most bytes a line may have; a longer one is invalid and never held whole."""

_OPTIONAL_ATTRIBUTES: Final = ("datacontenttype", "dataschema", "subject")
_SHOWN: Final = 40


@attrs.frozen
class Event:
    """An event: its identity, its type, when and by whom it is done, and the fields of its data, not yet read."""

    id: str
    source: str
    type: str
    time: datetime
    actor: Actor
    data: dict[str, Any]
    digest: str


def read_object(line: str | bytes) -> dict[str, Any]:
    """Return the JSON object that a line holds.

    :raises LineInvalid: the line is longer than :data:`LONGEST_LINE`, or no JSON object as
        :func:`~referral_adapters.wire.json_text.read_object` reads it.
    """
    if len(line) > LONGEST_LINE:
        raise LineInvalid("position 1", f"the line is longer than {LONGEST_LINE} bytes")
    try:
        return json_text.read_object(line)
    except json_text.JsonInvalid as error:
        raise LineInvalid(error.place, error.wrong) from None


def read_event(value: dict[str, Any]) -> Event:
    """Return the event that a JSON object is, its data not yet looked into; an attribute that is null is not there.

    :raises LineInvalid: an attribute is missing, unknown or of the wrong kind.
    :raises Refusal: ``moment-naive`` when ``time`` has no offset (M1).
    """
    if None in value.values():
        value = {attribute: given for attribute, given in value.items() if given is not None}
    attributes = Fields(value, "")
    version = attributes.name("specversion")
    id_, source, type_ = attributes.name("id"), attributes.name("source"), attributes.name("type")
    time = attributes.moment("time")
    actor = _actor(attributes.optional_name("actor") or "feed", attributes.optional_name("actorrole"))
    data = attributes.record("data")
    for attribute in _OPTIONAL_ATTRIBUTES:
        attributes.optional_name(attribute)
    if version != SPEC_VERSION:
        raise LineInvalid("specversion", f"{version!r} is not {SPEC_VERSION!r}")
    attributes.close()
    return Event(id_, source, type_, time, actor, data, _digest(value))


def time_of(value: dict[str, Any]) -> datetime | None:
    """Return the moment of a line that may be invalid otherwise; ``None`` when it has no proper one."""
    written = value.get("time")
    if not isinstance(written, str):
        return None
    try:
        return read_moment(written, "time")
    except (LineInvalid, Refusal):
        return None


def _actor(id_: str, role: str | None) -> Actor:
    if role is None:
        return Actor(id_)
    try:
        return Actor(id_, Role(role))
    except ValueError:
        raise LineInvalid("actorrole", f"{role[:_SHOWN]!r} is not one of {', '.join(Role)}") from None


_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode


def _digest(value: dict[str, Any]) -> str:
    """Return what identifies the content of an event, however its JSON was written; what is null is not there."""
    data = value["data"]
    if None in data.values():
        value = {**value, "data": {field: given for field, given in data.items() if given is not None}}
    try:
        return blake2b(_canonical(value).encode(), digest_size=16).hexdigest()
    except RecursionError:
        raise LineInvalid("data", "nested too deep") from None
