"""The fields of an event: each read by its kind, and named by what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from referral_core.acts import Act, Param
from referral_core.programme.programme import Programme
from referral_core.values.arguments import FACT, KEY
from referral_core.values.errors import Reason, ReferralError, Refusal
from referral_core.values.moment import LATEST, Calendar, moment
from referral_core.values.money import Money
from referral_core.values.name import name

LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 4000
_MISSING: Final = object()
_NEVER: Final = LATEST
_NO_NAME: Final = "?"
"""The placeholder of what is no name."""
_KINDS: Final = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


class Fields:
    """The fields of one JSON object, read one by one; :meth:`close` then refuses fields that nobody has read.

    An optional field that is null counts as left out. ``at`` stands before the name of a field in messages. ``key``
    names the event that the fields belong to: the idempotency key of a request.

    A value of the wrong kind, or a missing field, raises :class:`LineInvalid` at once. A value that a rule refuses
    (an amount, what is no name) is kept as ``refusal`` until :meth:`close`, so that a malformed line is
    reported as malformed first; until then a placeholder stands for the value.
    """

    __slots__ = ("_at", "_read", "_values", "key", "refusal")

    def __init__(self, values: Mapping[str, Any], at: str = "data.", key: str = "") -> None:
        self._values = values
        self._at = at
        self.key = key
        self._read: list[str] = []
        self.refusal: Refusal | None = None

    def close(self) -> None:
        """Raise for an unknown field, else for the first value that a rule refuses.

        :raises LineInvalid: a field is unknown.
        :raises Refusal: a rule refuses a value.
        """
        self.close_fields()
        if self.refusal is not None:
            raise self.refusal

    def close_fields(self) -> None:
        """Raise for an unknown field; ``refusal`` is left to the caller.

        :raises LineInvalid: a field is unknown.
        """
        if len(self._read) < len(self._values):
            unknown = next(name for name in self._values if name not in self._read)
            raise LineInvalid(f"{self._at}{unknown[:LONGEST_NAME]}", "there is no such field")

    def name(self, field: str) -> str:
        """Return an id or a name, in the normal form NFC (D2)."""
        value = self._values.get(field, _MISSING)
        if type(value) is not str:
            raise self._wrong(field, "text", value)
        self._read.append(field)
        try:
            return name(value, self._at + field)
        except Refusal as refusal:
            self._refuse(refusal)
            return _NO_NAME

    def word(self, field: str) -> str:
        """Return a short text that is no name of anything stored: printable, not blank."""
        value = self._values.get(field, _MISSING)
        if type(value) is not str:
            raise self._wrong(field, "text", value)
        self._read.append(field)
        # Compared by hand, without strip() or a pattern: every line of a feed has several words.
        if not value or value[0] == " " or value[-1] == " " or len(value) > LONGEST_NAME or not value.isprintable():
            raise LineInvalid(self._at + field, f"must be 1 to {LONGEST_NAME} printable characters, no blank around")
        return value

    def optional_name(self, field: str) -> str | None:
        """Return an id or a name, or ``None`` when the field is absent."""
        return self.name(field) if self.has(field) else None

    def optional_word(self, field: str) -> str | None:
        """Return a short text, or ``None`` when the field is absent."""
        return self.word(field) if self.has(field) else None

    def text(self, field: str) -> str:
        """Return free text, which may be blank."""
        value = self._values.get(field, _MISSING)
        if type(value) is not str:
            raise self._wrong(field, "text", value)
        self._read.append(field)
        if len(value) > LONGEST_TEXT:
            raise LineInvalid(self._at + field, f"is longer than {LONGEST_TEXT} characters")
        if "\0" in value or not _is_proper(value):
            raise LineInvalid(self._at + field, "holds characters that no text can hold")
        return value

    def flag(self, field: str) -> bool:
        """Return true or false."""
        value = self._values.get(field, _MISSING)
        if type(value) is not bool:
            raise self._wrong(field, "true or false", value)
        self._read.append(field)
        return value

    def amount(self, field: str, currency: str) -> Money:
        """Return an amount written as text of plain digits, at most two decimals (M3)."""
        value = self._values.get(field, _MISSING)
        if type(value) is not str:
            raise self._wrong(field, "an amount as text", value)
        self._read.append(field)
        try:
            return Money(value, currency)
        except Refusal as refusal:
            self._refuse(Refusal(*refusal.reasons, message=refusal.message, field=self._at + field))
            return Money.zero(currency)

    def moment(self, field: str) -> datetime:
        """Return a moment written as RFC 3339 (M1)."""
        value = self._values.get(field, _MISSING)
        if type(value) is not str:
            raise self._wrong(field, "a moment as text", value)
        self._read.append(field)
        try:
            return read_moment(value, self._at + field)
        except Refusal as refusal:
            self._refuse(refusal)
            return _NEVER

    def date(self, field: str) -> date:
        """Return a day written as ``YYYY-MM-DD``."""
        value = self._values.get(field, _MISSING)
        if type(value) is not str:
            raise self._wrong(field, "a date as text", value)
        self._read.append(field)
        return read_date(value, self._at + field)

    def start(self, field: str, calendar: Calendar) -> datetime:
        """Return a moment, or the local midnight with which a day begins, whichever is written (M1)."""
        return calendar.start_of(self.date(field), self._at + field) if self.is_day(field) else self.moment(field)

    def end(self, field: str, calendar: Calendar) -> datetime:
        """Return a moment, or the local midnight after a last day, whichever is written (M2)."""
        return calendar.end_of(self.date(field), self._at + field) if self.is_day(field) else self.moment(field)

    def is_day(self, field: str) -> bool:
        """Tell whether a field has the form of a day."""
        value = self._values.get(field)
        return type(value) is str and is_date(value)

    def record(self, field: str) -> dict[str, Any]:
        """Return an object whose fields are read on their own."""
        value = self._values.get(field, _MISSING)
        if type(value) is not dict:
            raise self._wrong(field, "an object", value)
        self._read.append(field)
        return value

    def honoured_moment(self) -> datetime:
        """Return the moment in ``honour`` (S10)."""
        inner = Fields(self.record("honour"), f"{self._at}honour.")
        honoured = inner.moment("moment")
        inner.close_fields()
        if inner.refusal is not None:
            self._refuse(inner.refusal)
        return honoured

    def has(self, field: str) -> bool:
        """Tell whether an optional field is given; a field that is null is not."""
        if self._values.get(field) is not None:
            return True
        if field in self._values:
            self._read.append(field)
        return False

    def _refuse(self, refusal: Refusal) -> None:
        self.refusal = self.refusal or refusal

    def _wrong(self, field: str, wanted: str, value: object) -> LineInvalid:
        if value is _MISSING:
            return LineInvalid(self._at + field, "is missing")
        return LineInvalid(self._at + field, f"must be {wanted}, not {_KINDS.get(type(value), 'null')}")


def _is_proper(value: str) -> bool:
    """Tell whether text has no half of a surrogate pair, which no UTF-8 can hold."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def arguments_of(act: Act[Any], fields: Fields, programme: Programme) -> dict[str, Any]:
    """Return the arguments of an act by their names, without those that the event leaves out.

    The moment of a fact is the event's own, so no field holds it; the key of a request is the event's identity. A value
    that a rule refuses is reported in ``fields.refusal``.

    :raises LineInvalid: a field is missing, unknown or of the wrong kind.
    """
    given = {}
    for param in act.feed_params:
        if param.kind is KEY:
            given[param.name] = fields.key
        elif param.kind is not FACT and (param.required or fields.has(param.wire)):
            given[param.name] = _READERS[param.kind.name](fields, param, programme)
    fields.close_fields()
    return given


def _choice(fields: Fields, param: Param, _: Programme) -> Any:  # noqa: ANN401 - a word of some set
    word = fields.word(param.wire)
    try:
        return param.check(word)
    except TypeError as error:
        raise LineInvalid(f"data.{param.wire}", getattr(error, "message", str(error))) from None


_READERS: Final[Mapping[str, Callable[[Fields, Param, Programme], Any]]] = MappingProxyType(
    {
        "id": lambda fields, param, _: fields.name(param.wire),
        "channel": lambda fields, param, _: fields.name(param.wire),
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
"""The reader of each kind of argument."""


_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,6})?\d{0,6}([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def read_moment(text: str, field: str) -> datetime:
    """Return the moment that ``text`` writes as RFC 3339; digits past the microsecond are cut off.

    :raises Refusal: ``moment-naive`` when it has no offset, or is only a date (M1).
    :raises LineInvalid: it is neither, or no such moment exists.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        read_date(text, field, "an RFC 3339 moment with an offset")
        raise Refusal(Reason.MOMENT_NAIVE, message=f"{text} is a day, not a moment with an offset", field=field)
    day, clock, fraction, offset = found.groups()
    try:
        value = datetime.fromisoformat(f"{day}T{clock}{fraction or ''}{(offset or '').upper()}")
    except ValueError as error:
        raise LineInvalid(field, f"{text!r} is no moment: {error}") from None
    return moment(value, field)


def read_date(text: str, field: str, wanted: str = "a date such as 2021-03-01") -> date:
    """Return the day that ``text`` writes as ``YYYY-MM-DD``.

    :raises LineInvalid: it is no such day; the message asks for ``wanted``.
    """
    shown = text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004 - enough to recognise it by
    if not _DATE.fullmatch(text):
        raise LineInvalid(field, f"{shown!r} is not {wanted}")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise LineInvalid(field, f"{text!r} is no day: {error}") from None


def is_date(text: str) -> bool:
    """Tell whether ``text`` has the form of a date."""
    return _DATE.fullmatch(text) is not None


class LineInvalid(ReferralError):
    """A line is malformed; ``field`` names the attribute, or the position in the text, at fault."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why
