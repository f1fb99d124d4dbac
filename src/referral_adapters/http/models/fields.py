"""The kinds of fields that bodies, paths and queries are made of, each with its schema and its reason code."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictStr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from referral_core.acts import FOLLOWING
from referral_core.session import ACTS
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment
from referral_core.values.money import Money

ID_PATTERN: Final = r"^[0-9A-Za-z_][!-.0-~]*$"
"""Identifiers have their place in paths: printable ASCII without blanks and slashes."""
WORD_LENGTH: Final = 200
TEXT_LENGTH: Final = 4000
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,6})?\d{0,6}([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NO_NUL: Final = Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})
_AMOUNT: Final = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"


class Model(BaseModel):
    """What bodies have in common: they never change, and have no fields but their own.

    A field that may be left out may be null too, which is as if it were not there, also where its default is a value.
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
        """Say of each field that may be left out that it may be null."""
        schema = handler(core)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name in _optional(cls):
            said = properties[name]
            if said.get("default") is not None:
                told = {key: said.pop(key) for key in ("title", "description", "default") if key in said}
                properties[name] = {"anyOf": [said, {"type": "null"}], **told}
        return schema


def _optional(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items() if not field.is_required()}


def _text(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("text", "holds a character that no text can hold")
    return value


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
        raise told(refusal) from None


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
    except Refusal as refusal:  # whose own sentence repeats what was given, which may be anything
        message = "must be plain digits, at most two after the point, such as 7.50"
        raise PydanticCustomError(refusal.reasons[0].value, message) from None
    return value


def told(refusal: Refusal) -> PydanticCustomError:
    """Return a refusal of a value as pydantic's kind of error, which keeps its reason code."""
    message = refusal.message.replace("{", "(").replace("}", ")")
    return PydanticCustomError(refusal.reasons[0].value, message)


def _schema(**schema: Any) -> WithJsonSchema:  # noqa: ANN401 - JSON Schema's own values
    return WithJsonSchema({"type": "string", **schema})


Id = Annotated[StrictStr, StringConstraints(min_length=1, max_length=WORD_LENGTH, pattern=ID_PATTERN)]
"""An identifier, or a word out of an open set such as a channel."""
Code = Annotated[StrictStr, StringConstraints(min_length=1, max_length=WORD_LENGTH), AfterValidator(_text), _NO_NUL]
"""A code as somebody wrote it: blanks, hyphens and small letters do not matter."""
Text = Annotated[StrictStr, StringConstraints(max_length=TEXT_LENGTH), AfterValidator(_text), _NO_NUL]
"""Free text."""
_SEEN: Final = "!-~¡-¬®-ʯЀ-ѿ"
Name = Annotated[
    Text,
    Field(
        json_schema_extra={"minLength": 1, "maxLength": WORD_LENGTH, "pattern": f"^[{_SEEN}]([ {_SEEN}]*[{_SEEN}])?$"}
    ),
]
"""A name for people. The document shows Latin and Cyrillic ones; the core says which others are names (D2)."""
ActName = Annotated[StrictStr, AfterValidator(_act), Field(json_schema_extra={"enum": sorted({*ACTS, *FOLLOWING})})]
"""The name of an act, or of what follows from one, as the trace has it."""
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
"""A day, which stands for its beginning (or, as a last day, its end), or a moment."""
Amount = Annotated[str, BeforeValidator(_read_amount), _schema(pattern=_AMOUNT, examples=["7.50"])]
"""An amount in the programme's currency, as plain digits, at most two after the point."""


class Honour(Model):
    """An earlier moment to be honoured."""

    moment: Moment
