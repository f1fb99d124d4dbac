"""One line of a feed as a CloudEvents 1.0 event in structured JSON mode, and the lines of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, BinaryIO, Final

import attrs

from referral_adapters.feed.detection import without_first_mark
from referral_adapters.feed.fields import Fields, LineInvalid, read_moment
from referral_adapters.wire import json_text
from referral_adapters.wire.json_text import BYTE_ORDER_MARK
from referral_core.entities.actor import Actor, Role
from referral_core.values.errors import Refusal
from referral_core.values.moment import written

SPEC_VERSION: Final = "1.0"
LONGEST_LINE: Final = 1_048_576
"""The most bytes a line may have; a longer line is invalid, and never held whole."""

_OPTIONAL_ATTRIBUTES: Final = ("datacontenttype", "dataschema", "subject")
_SHOWN: Final = 40


@attrs.frozen
class Event:
    """An event: its identity, type, moment and actor, and the fields of its data, not yet read.

    ``recorded_at`` is the moment of recording that the event itself states (the extension ``recordedtime``), if any.
    """

    id: str
    source: str
    type: str
    time: datetime
    actor: Actor
    data: dict[str, Any]
    recorded_at: datetime | None = None
    attributes: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)

    def digest(self, arguments: Mapping[str, Any]) -> str:
        """Return a digest of the event's content as it was read, with the arguments of its act, defaults included.

        It is the same however moments are written, and whether a default is written or left out.
        """
        act = [self.type, self.time, self.recorded_at, self.actor.id, self.actor.role]
        return _digest([act, {name: value for name, value in arguments.items() if value is not None}])

    @property
    def written_digest(self) -> str:
        """The digest of the event as it is written, by which earlier versions knew it again."""
        content = {name: value for name, value in self.attributes.items() if name != "data"}
        return _digest(content | {"data": {field: given for field, given in self.data.items() if given is not None}})


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
    """Return the event that a JSON object is, its data not yet read; an attribute that is null counts as left out.

    :raises LineInvalid: an attribute is missing, unknown or of the wrong kind.
    :raises Refusal: ``moment-naive`` when ``time`` has no offset (M1), ``name-invalid`` when ``actor`` is no id (D2).
    """
    if None in value.values():  # most events have no null, and need no copy
        value = {attribute: given for attribute, given in value.items() if given is not None}
    attributes = Fields(value, "")
    version = attributes.word("specversion")
    id_, source, type_ = attributes.word("id"), attributes.word("source"), attributes.word("type")
    time = attributes.moment("time")
    recorded_at = attributes.moment("recordedtime") if attributes.has("recordedtime") else None
    actor = _actor(attributes.optional_name("actor") or "feed", attributes.optional_word("actorrole"))
    data = attributes.record("data")
    for attribute in _OPTIONAL_ATTRIBUTES:
        attributes.optional_word(attribute)
    if version != SPEC_VERSION:
        raise LineInvalid("specversion", f"{version!r} is not {SPEC_VERSION!r}")
    attributes.close()
    return Event(id_, source, type_, time, actor, data, recorded_at, value)


def time_of(value: dict[str, Any]) -> datetime | None:
    """Return the moment of a line that may be invalid otherwise, or ``None`` when it has no proper moment."""
    text = value.get("time")
    if not isinstance(text, str):
        return None
    try:
        return read_moment(text, "time")
    except (LineInvalid, Refusal):
        return None


def _actor(id_: str, role: str | None) -> Actor:
    if role is None:
        return Actor(id_)
    try:
        return Actor(id_, Role(role))
    except ValueError:
        raise LineInvalid("actorrole", f"{role[:_SHOWN]!r} is not one of {', '.join(Role)}") from None


def _plain(value: object) -> str:
    return written(value) if isinstance(value, datetime) else str(value)


_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False, default=_plain).encode


def _digest(content: object) -> str:
    return blake2b(_canonical(content).encode(), digest_size=16).hexdigest()


def feed_lines(stream: BinaryIO, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """Yield the lines of a stream; of a line longer than ``longest`` bytes only enough to be refused as too long.

    Only a line feed ends a line, whatever else Unicode calls a line break. A byte-order mark before the first line is
    removed.
    """
    return without_first_mark(_lines(stream, longest))


def _lines(stream: BinaryIO, longest: int) -> Iterator[bytes]:
    room = longest + 2 + len(BYTE_ORDER_MARK.encode())  # for the mark of the first line, which does not count
    while line := stream.readline(room):
        if not line.endswith(b"\n") and len(line) == room:
            _skip_rest(stream)
        yield line.removesuffix(b"\n")


def _skip_rest(stream: BinaryIO) -> None:
    while rest := stream.readline(LONGEST_LINE):
        if rest.endswith(b"\n"):
            return
