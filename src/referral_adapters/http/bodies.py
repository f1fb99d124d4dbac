"""What a request says of an act: the fields of its body, path and query, by the act's declaration."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, get_args

from pydantic import ConfigDict, Field, NonNegativeInt, StrictBool, StrictInt, create_model

from referral_adapters.http.models.fields import Amount, Code, Day, DayOrMoment, Honour, Id, Model, Moment, Name, Text
from referral_core.acts import Act, Param
from referral_core.session import ACTS

_TYPES: Final[Mapping[str, Any]] = {
    "id": Id,
    "code": Code,
    "reason": Text,
    "name": Name,
    "text": Text,
    "moment": Moment,
    "fact": Moment,
    "honour": Honour,
    "day": Day,
    "starts": DayOrMoment,
    "ends": DayOrMoment,
    "amount": Amount,
    "flag": StrictBool,
    "count": Annotated[StrictInt, Field(ge=0)],
}
"""How each kind of argument is written in JSON; a choice is its own type."""
_IN_QUERY: Final[Mapping[str, Any]] = {"flag": bool, "count": NonNegativeInt, "honour": Moment}
"""How those are written in a query that are no text in JSON."""

_RULE: Final = r"[A-Z]\d+(?:-[A-Z]?\d+)?"
_RULES: Final = re.compile(rf"\s*\({_RULE}(?:, {_RULE})*\)")


def in_words(text: str) -> str:
    """Return a sentence without the rules in brackets that it cites, which whoever asks over HTTP cannot look up.

    >>> in_words("End a code by hand (C5, S1-S11).")
    'End a code by hand.'
    """
    return _RULES.sub("", text)


def summary_of(act: Act[Any]) -> str:
    """Return what an act does, in one sentence, in the words of the wire: of its fields, of other acts, of JSON."""
    words = {"None": "null"} | {param.name: param.wire for param in act.fields}
    others = {each.method: each.name for each in ACTS.values() if each.service == act.service}
    said = re.sub(r":meth:`(\w+)`", lambda found: f"`{others[found[1]]}`", in_words(act.summary))
    return re.sub(r"``(\w+)``", lambda found: f"`{words.get(found[1], found[1])}`", said)


def type_of(act: Act[Any], param: Param, *, in_query: bool = False) -> Any:  # noqa: ANN401 - an annotated type too
    """Return how a parameter is written in a request."""
    if param.kind.name != "choice":
        return (in_query and _IN_QUERY.get(param.kind.name)) or _TYPES[param.kind.name]
    hint = act.hints[param.name]
    return next((each for each in get_args(hint) if each is not type(None)), hint)


def body_of(act: Act[Any], params: Collection[Param], name: str, example: Mapping[str, Any] | None) -> type[Model]:
    """Return the model of a body with some of an act's parameters."""
    fields: dict[str, Any] = {}
    for param in params:
        kind = type_of(act, param)
        said = Field(description=in_words(param.kind.doc) or None)
        if param.required:
            fields[param.wire] = (Annotated[kind, said], ...)
        else:
            fields[param.wire] = (Annotated[kind | None if param.nullable else kind, said], param.default)
    shown = ConfigDict(**Model.model_config, json_schema_extra={"examples": [dict(example or {})]})
    based = type(name, (Model,), {"model_config": shown, "__doc__": summary_of(act), "__module__": __name__})
    return create_model(name, __base__=based, __doc__=summary_of(act), __module__=__name__, **fields)
