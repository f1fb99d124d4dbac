"""The codec: values of the core as JSON, and back, compiled once from the classes themselves.

Plain JSON values are written: objects by the names of the fields, moments as RFC 3339 in UTC, days as ISO 8601,
amounts as text beside their currency, words as text, tuples and streams as lists.

Reading is strict about kinds, as JSON from elsewhere is not to be trusted: 5 is no text, ``true`` is no number, a
moment has an offset, and what a class refuses to hold is refused. Only unknown fields are passed over, so that
an answer of a newer service can be read.

>>> from referral_core.values.money import Money
>>> unstructure(Money("7"))
{'amount': '7.00', 'currency': 'EUR'}
>>> structure({"amount": "7.00", "currency": "EUR"}, Money)
Money('7.00', 'EUR')
>>> structure({"amount": 7, "currency": "EUR"}, Money)
Traceback (most recent call last):
    ...
referral_adapters.wire.codec.Unreadable: text is due where there is int
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from operator import attrgetter
from typing import Any, Final, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn

from referral_core.rules.decision import CodeRefused, Decision
from referral_core.services.launch import Arrival
from referral_core.values.errors import Reason, ReferralError, Refusal
from referral_core.values.moment import moment, written

T = TypeVar("T")
Json = Any
"""A result of ``json.loads``: there is no better type for it."""

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
_SHOWN: Final = 40


class Unreadable(ValueError):
    """A JSON value does not stand for a value of the type that it is read as."""


def unstructure(value: object) -> Json:
    """Return a value as JSON; an iterator is read to its end."""
    return _converter().unstructure(value)


def structure(value: Json, kind: type[T]) -> T:
    """Return the value of a type that JSON stands for.

    Any type that an act returns will do, unions, tuples and iterators among them.

    :raises Unreadable: it stands for no such value.
    """
    try:
        wanted: Any = kind
        read: T = _reader(wanted)(value, wanted)
        return read
    except KeyError as missing:
        raise Unreadable(f"the field {missing} is missing") from None
    except ReferralError as refused:
        raise Unreadable(str(refused)) from refused
    except RecursionError:
        raise Unreadable("nested too deep") from None


@cache
def _reader(kind: Any) -> Callable[[Json, Any], Any]:  # noqa: ANN401 - any type, unions too
    return _converter().get_structure_hook(kind)


@cache
def _converter() -> Converter:
    """Return the converter of all classes; made at its first use, so that importing stays quick."""
    # Faults are not collected: an answer is believed as a whole or not at all, and collecting costs every field.
    made = Converter(detailed_validation=False)
    for kind, write in _WRITTEN.items():
        made.register_unstructure_hook(kind, write)
    for kind, read in _READ.items():
        made.register_structure_hook(kind, read)
    made.register_unstructure_hook(Refusal, partial(_written_refusal, made))
    made.register_unstructure_hook_factory(_is_tuple, partial(_tuple_writer, made))
    made.register_unstructure_hook_func(_is_stream, lambda stream: [made.unstructure(each) for each in stream])
    made.register_structure_hook(Refusal, partial(_read_refusal, made))
    made.register_structure_hook(Arrival | Refusal, partial(_read_outcome, made))
    made.register_structure_hook_factory(attrs.has, partial(_object_reader, made))
    made.register_structure_hook_factory(_is_tuple, partial(_tuple_reader, made))
    made.register_structure_hook_factory(_is_mapping, partial(_mapping_reader, made))
    made.register_structure_hook_factory(_is_stream, partial(_stream_reader, made))
    return made


# ── single values ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(value: Json, _: object = str) -> str:
    if type(value) is not str:
        raise _wrong("text", value)
    return value


def _number(value: Json, _: object) -> int:
    if type(value) is not int:
        raise _wrong("a whole number", value)
    return value


def _flag(value: Json, _: object) -> bool:
    if type(value) is not bool:
        raise _wrong("true or false", value)
    return value


def _decimal(value: Json, _: object) -> Decimal:
    return Decimal(_like(_AMOUNT, value, "an amount as text"))


def _moment(value: Json, _: object) -> datetime:
    text = _like(_MOMENT, value, "a moment as text")
    try:
        return moment(datetime.fromisoformat(text))
    except ValueError:
        raise Unreadable(f"{text} is no moment") from None


def _day(value: Json, _: object) -> date:
    text = _like(_DAY, value, "a day as text")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{text} is no day") from None


def _word(value: Json, kind: type[enum.StrEnum]) -> enum.StrEnum:
    text = _text(value)
    try:
        return kind(text)
    except ValueError:
        raise Unreadable(f"{text[:_SHOWN]!r} is none of {', '.join(kind)}") from None


# A hook counts for subclasses too: without their own, a StrEnum would be read as text and a bool as a number.
_READ: Final[dict[type, Callable[[Json, Any], Any]]] = {
    str: _text,
    int: _number,
    bool: _flag,
    enum.StrEnum: _word,
    Decimal: _decimal,
    date: _day,
    datetime: _moment,
}
_WRITTEN: Final[dict[type, Callable[[Any], Json]]] = {
    enum.StrEnum: attrgetter("value"),
    Decimal: str,
    date: date.isoformat,
    datetime: written,
}


def _like(form: re.Pattern[str], value: Json, wanted: str) -> str:
    text = _text(value)
    if not form.fullmatch(text):
        raise Unreadable(f"{wanted} is due where there is {text[:_SHOWN]!r}")
    return text


def _wrong(wanted: str, value: Json) -> Unreadable:
    return Unreadable(f"{wanted} is due where there is {'null' if value is None else type(value).__name__}")


# ── objects, tuples, mappings and streams ─────────────────────────────────────────────────────────────────────────────


def _object_reader(made: Converter, kind: Any) -> Callable[[Json, Any], Any]:  # noqa: ANN401 - any class
    read = make_dict_structure_fn(kind, made)

    def read_object(value: Json, kind: Any) -> object:  # noqa: ANN401 - any class
        if type(value) is not dict:
            raise _wrong("an object", value)
        return read(value, kind)

    return read_object


def _is_tuple(kind: Any) -> bool:  # noqa: ANN401 - any type
    return kind is tuple or get_origin(kind) is tuple


def _tuple_writer(made: Converter, kind: Any) -> Callable[[tuple[Any, ...]], list[Json]]:  # noqa: ANN401 - any tuple
    parts = get_args(kind)
    if parts and parts[-1] is Ellipsis:
        write = made.get_unstructure_hook(parts[0])
        return lambda value: [write(each) for each in value]
    return lambda value: [made.unstructure(each) for each in value]


def _tuple_reader(made: Converter, kind: Any) -> Callable[[Json, Any], tuple[Any, ...]]:  # noqa: ANN401 - any tuple
    parts = get_args(kind)
    if parts[-1] is Ellipsis:
        part, read = parts[0], made.get_structure_hook(parts[0])
        return lambda value, _: tuple([read(each, part) for each in _list(value)])
    reads = [(made.get_structure_hook(each), each) for each in parts]

    def read_tuple(value: Json, _: object) -> tuple[Any, ...]:
        if len(_list(value)) != len(reads):
            raise Unreadable(f"a list of {len(reads)} is due where there are {len(value)}")
        return tuple([read(each, part) for each, (read, part) in zip(value, reads, strict=True)])

    return read_tuple


def _is_mapping(kind: Any) -> bool:  # noqa: ANN401 - any type
    return get_origin(kind) is Mapping


def _mapping_reader(made: Converter, kind: Any) -> Callable[[Json, Any], dict[str, Any]]:  # noqa: ANN401 - any mapping
    part = get_args(kind)[1]
    read = made.get_structure_hook(part)

    def read_mapping(value: Json, _: object) -> dict[str, Any]:
        if type(value) is not dict:
            raise _wrong("an object", value)
        return {_text(name): read(each, part) for name, each in value.items()}

    return read_mapping


def _is_stream(kind: Any) -> bool:  # noqa: ANN401 - any type
    return get_origin(kind) is Iterator or (isinstance(kind, type) and issubclass(kind, Iterator))


def _stream_reader(made: Converter, kind: Any) -> Callable[[Json, Any], Iterator[Any]]:  # noqa: ANN401 - any iterator
    part = get_args(kind)[0]
    read = made.get_structure_hook(part)
    return lambda value, _: iter([read(each, part) for each in _list(value)])


def _list(value: Json) -> list[Json]:
    if type(value) is not list:
        raise _wrong("a list", value)
    return value


# ── refusals, which are answers where each item of a page may be refused ──────────────────────────────────────────────


def _written_refusal(made: Converter, refusal: Refusal) -> Json:
    if isinstance(refusal, CodeRefused):
        return {"decision": made.unstructure(refusal.decision)}
    return {"reasons": [reason.value for reason in refusal.reasons], "message": refusal.message, "field": refusal.field}


def _read_refusal(made: Converter, value: Json, _: object = Refusal) -> Refusal:
    if type(value) is not dict:
        raise _wrong("an object", value)
    if "decision" in value:
        return CodeRefused(made.structure(value["decision"], Decision))
    reasons = made.structure(value["reasons"], tuple[Reason, ...])
    if not reasons:
        raise Unreadable("a refusal has a reason")
    return Refusal(*reasons, message=_text(value["message"]), field=_optional_text(value["field"]))


def _optional_text(value: Json) -> str | None:
    return None if value is None else _text(value)


def _read_outcome(made: Converter, value: Json, _: object) -> Arrival | Refusal:
    return made.structure(value, Arrival) if isinstance(value, str) else _read_refusal(made, value)
