"""Bodies of requests: kinds of fields with schemas and reason codes, and models made of an act's declaration.

Paths and queries are made of the same kinds of fields.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    NonNegativeInt,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from referral_core.acts import FOLLOWING, Act, Param
from referral_core.session import ACTS
from referral_core.values.arguments import NAME, Kind
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment
from referral_core.values.money import Money

ID_PATTERN: Final = r"^[0-9A-Za-z_][!-.0-~]*$"
"""Identifiers stand in paths: printable ASCII without blanks and slashes."""
CHANNEL_PATTERN: Final = r"^[0-9A-Za-z_][!-~]*$"
"""Channels stand in bodies and queries: a slash is between a family and its member."""
WORD_LENGTH: Final = 200
TEXT_LENGTH: Final = 4000
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,6})?\d{0,6}([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NO_NUL: Final = Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})
_ANNOTATIONS: Final = ("title", "description", "default")
_AMOUNT: Final = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"


class BodyModel(BaseModel):
    """A body: it never changes, and unknown fields are refused.

    An optional field may be null, which means the same as leaving it out, also where its default is a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, given: object) -> object:
        if not isinstance(given, dict) or None not in given.values():
            return given
        optional = _optional(cls)
        return {name: value for name, value in given.items() if value is not None or name not in optional}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema, in which every optional field may be null."""
        schema = handler(core)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name in _optional(cls):
            schema_of_field = properties[name]
            if schema_of_field.get("default") is not None:
                texts = {key: schema_of_field.pop(key) for key in _ANNOTATIONS if key in schema_of_field}
                properties[name] = {"anyOf": [schema_of_field, {"type": "null"}], **texts}
        return schema


def _optional(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items() if not field.is_required()}


def _text(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("text", "holds a character that no text can hold")
    return value


def read_name(value: object, kind: Kind = NAME) -> object:
    """Return an id or a name in the form in which it is kept; what is no text is left to the type (D2)."""
    try:
        return kind.check(value, "") if isinstance(value, str) else value
    except Refusal as refusal:
        raise value_error(refusal) from None


def _act(value: str) -> str:
    if value not in ACTS and value not in FOLLOWING:
        raise PydanticCustomError("act", "is not the name of an act")
    return value


def _read_moment(value: object) -> datetime:
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("moment", "must be an RFC 3339 moment with an offset")
    day, clock, fraction, offset = found.groups(default="")
    try:
        return moment(datetime.fromisoformat(f"{day}T{clock}{fraction}{offset.upper()}"))
    except ValueError:
        raise PydanticCustomError("moment", "is no moment that exists") from None
    except Refusal as refusal:
        raise value_error(refusal) from None


def _read_day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise PydanticCustomError("day", "must be a date such as 2021-03-01")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("day", "is no day that exists") from None


def _read_day_or_moment(value: object) -> date | datetime:
    is_day = isinstance(value, str) and _DAY.fullmatch(value)
    return _read_day(value) if is_day else _read_moment(value)


def _read_amount(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("amount", "must be an amount as text, such as 7.50")
    try:
        Money(value)
    except Refusal as refusal:
        # The refusal's own message repeats the given value, which may be anything.
        message = "must be plain digits, at most two after the point, such as 7.50"
        raise PydanticCustomError(refusal.reasons[0].value, message) from None
    return value


def value_error(refusal: Refusal) -> PydanticCustomError:
    """Return the refusal of a value as an error of pydantic, with its reason code."""
    # Braces are placeholders to pydantic.
    message = refusal.message.replace("{", "(").replace("}", ")")
    return PydanticCustomError(refusal.reasons[0].value, message)


def _schema(**schema: Any) -> WithJsonSchema:  # noqa: ANN401 - JSON Schema's own values
    return WithJsonSchema({"type": "string", **schema})


Id = Annotated[
    StrictStr,
    StringConstraints(min_length=1, max_length=WORD_LENGTH, pattern=ID_PATTERN),
    BeforeValidator(read_name),
]
"""An identifier, or a word of an open set such as the products."""
Channel = Annotated[
    StrictStr,
    StringConstraints(min_length=1, max_length=WORD_LENGTH, pattern=CHANNEL_PATTERN),
    BeforeValidator(read_name),
]
"""A channel, with its family if it has one."""
Code = Annotated[StrictStr, StringConstraints(min_length=1, max_length=WORD_LENGTH), AfterValidator(_text), _NO_NUL]
"""A code as somebody typed it: blanks, hyphens and small letters do not matter."""
Text = Annotated[StrictStr, StringConstraints(max_length=TEXT_LENGTH), AfterValidator(_text), _NO_NUL]
"""Free text."""
_VISIBLE: Final = "!-~¡-¬®-ʯЀ-ѿ"
_NAME_PATTERN: Final = f"^[{_VISIBLE}]([ {_VISIBLE}]*[{_VISIBLE}])?$"
Name = Annotated[
    StrictStr,
    BeforeValidator(read_name),
    Field(json_schema_extra={"minLength": 1, "maxLength": WORD_LENGTH, "pattern": _NAME_PATTERN}),
]
"""A name for people. The schema describes Latin and Cyrillic names; the core decides which others are names (D2)."""
ActName = Annotated[StrictStr, AfterValidator(_act), Field(json_schema_extra={"enum": sorted({*ACTS, *FOLLOWING})})]
"""The name of an act, or of a consequence of one, as in the trace."""
Moment = Annotated[
    datetime, BeforeValidator(_read_moment), _schema(format="date-time", examples=["2021-03-01T00:00:00+02:00"])
]
"""A moment, RFC 3339 with an offset."""
Day = Annotated[date, BeforeValidator(_read_day), _schema(format="date", examples=["2021-03-01"])]
"""A day of the programme's zone."""
DayOrMoment = Annotated[
    date | datetime,
    BeforeValidator(_read_day_or_moment),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
            "examples": ["2021-03-01", "2021-03-01T00:00:00+02:00"],
        }
    ),
]
"""A moment, or a day, which stands for its beginning (as a last day, for its end)."""
Amount = Annotated[str, BeforeValidator(_read_amount), _schema(pattern=_AMOUNT, examples=["7.50"])]
"""An amount in the programme's currency: plain digits, at most two after the point."""


class Honour(BodyModel):
    """An earlier moment to be honoured."""

    moment: Moment


_TYPES: Final[Mapping[str, Any]] = {
    "id": Id,
    "channel": Channel,
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
"""The JSON type of each kind of argument; a choice is its own type."""
_IN_QUERY: Final[Mapping[str, Any]] = {"flag": bool, "count": NonNegativeInt, "honour": Moment}
"""The query types of the arguments that are no text in JSON."""

_RULE: Final = r"[A-Z]\d+(?:-[A-Z]?\d+)?"
_RULES: Final = re.compile(rf"\s*\({_RULE}(?:, {_RULE})*\)")


def in_words(text: str) -> str:
    """Return a sentence without the ids of rules in brackets, which users of the API cannot look up.

    >>> in_words("End a code by hand (C5, S1-S11).")
    'End a code by hand.'
    """
    return _RULES.sub("", text)


def summary_of(act: Act[Any]) -> str:
    """Return the sentence about an act for users of the API, with the names of fields and acts on the wire."""
    words = {"None": "null"} | {param.name: param.wire for param in act.fields}
    others = {each.method: each.name for each in ACTS.values() if each.service == act.service}
    summary = re.sub(r":meth:`(\w+)`", lambda found: f"`{others[found[1]]}`", in_words(act.summary))
    return re.sub(r"``(\w+)``", lambda found: f"`{words.get(found[1], found[1])}`", summary)


def type_of(act: Act[Any], param: Param, *, in_query: bool = False) -> Any:  # noqa: ANN401 - an annotated type too
    """Return the type of a parameter in a request."""
    if param.kind.name != "choice":
        return (in_query and _IN_QUERY.get(param.kind.name)) or _TYPES[param.kind.name]
    hint = act.hints[param.name]
    return next((each for each in get_args(hint) if each is not type(None)), hint)


def body_of(act: Act[Any], params: Collection[Param], name: str, example: Mapping[str, Any] | None) -> type[BodyModel]:
    """Return the model of a body with some of an act's parameters."""
    fields: dict[str, Any] = {}
    for param in params:
        kind = type_of(act, param)
        info = Field(description=in_words(param.kind.doc) or None)
        if param.required:
            fields[param.wire] = (Annotated[kind, info], ...)
        else:
            fields[param.wire] = (Annotated[kind | None if param.nullable else kind, info], param.default)
    config = ConfigDict(**BodyModel.model_config, json_schema_extra={"examples": [dict(example or {})]})
    based = type(name, (BodyModel,), {"model_config": config, "__doc__": summary_of(act), "__module__": __name__})
    return create_model(name, __base__=based, __doc__=summary_of(act), __module__=__name__, **fields)
