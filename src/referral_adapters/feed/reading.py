"""Reading what an act takes from the data of an event, by the act's declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from referral_adapters.feed.errors import LineInvalid
from referral_adapters.feed.fields import Fields
from referral_core.acts import Act, Param
from referral_core.programme.programme import Programme
from referral_core.values.arguments import FACT, KEY


def arguments_of(act: Act[Any], fields: Fields, programme: Programme) -> dict[str, Any]:
    """Return the arguments of an act by their names, without those that the event leaves out.

    The moment of a fact is the event's own, so no field says it; the key of a request is the event's identity.

    What a rule says of a value itself is in ``fields.refusal``.

    :raises LineInvalid: a field is missing, unknown or of the wrong kind.
    """
    given = {}
    for param in act.params.values():
        if param.kind is KEY:
            given[param.name] = fields.key
        elif param.kind is not FACT and (param.required or fields.has(param.wire)):
            given[param.name] = _READERS[param.kind.name](fields, param, programme)
    fields.close_fields()
    return given


def _choice(fields: Fields, param: Param, _: Programme) -> Any:  # noqa: ANN401 - a word of some set
    word = fields.name(param.wire)
    try:
        return param.check(word)
    except TypeError as error:
        raise LineInvalid(f"data.{param.wire}", getattr(error, "message", str(error))) from None


_READERS: Final[Mapping[str, Callable[[Fields, Param, Programme], Any]]] = MappingProxyType(
    {
        "id": lambda fields, param, _: fields.name(param.wire),
        "name": lambda fields, param, _: fields.name(param.wire),
        "code": lambda fields, param, _: fields.text(param.wire),
        "reason": lambda fields, param, _: fields.text(param.wire),
        "text": lambda fields, param, _: fields.text(param.wire),
        "moment": lambda fields, param, _: fields.moment(param.wire),
        "honour": lambda fields, param, _: fields.honoured_moment(),
        "day": lambda fields, param, _: fields.date(param.wire),
        "starts": lambda fields, param, programme: fields.start(param.wire, programme.calendar),
        "ends": lambda fields, param, programme: fields.end(param.wire, programme.calendar),
        "amount": lambda fields, param, programme: fields.amount(param.wire, programme.currency),
        "flag": lambda fields, param, _: fields.flag(param.wire),
        "choice": _choice,
    }
)
"""How each kind of argument is written in an event."""
