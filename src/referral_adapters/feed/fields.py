"""Reading the fields of a JSON object, each by its kind, and saying what is wrong by the field's name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from referral_adapters.feed.errors import LineInvalid
from referral_adapters.feed.moments import is_date, read_date, read_moment
from referral_core.values.errors import Refusal
from referral_core.values.moment import LATEST, Calendar
from referral_core.values.money import Money

LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 4000
_MISSING: Final = object()
_NEVER: Final = LATEST
_KINDS: Final = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


class Fields:
    """The fields of one JSON object, read one by one; :meth:`close` then says if there are others.

    A field that may be left out and is null is as if it were not there.

    ``key`` names the event they belong to, for whoever must recognise it when it is sent again.

    A value of the wrong kind, or a missing field, raises :class:`LineInvalid` at once. A value that a rule refuses
    (an amount, a moment without an offset) is kept as ``refusal`` until :meth:`close`, so that an improper line is
    called that first; until then something else stands for the value.
    """

    __slots__ = ("_at", "_read", "_values", "key", "refusal")

    def __init__(self, values: Mapping[str, Any], at: str = "data.", key: str = "") -> None:
        self._values = values
        self._at = at
        self.key = key
        self._read: list[str] = []
        self.refusal: Refusal | None = None

    def close(self) -> None:
        """Raise what is wrong: an unknown field, else the first value that a rule refuses."""
        self.close_fields()
        if self.refusal is not None:
            raise self.refusal

    def close_fields(self) -> None:
        """Raise for a field that nobody has read; leave it to the caller what becomes of ``refusal``."""
        if len(self._read) < len(self._values):
            unknown = next(name for name in self._values if name not in self._read)
            raise LineInvalid(f"{self._at}{unknown[:LONGEST_NAME]}", "there is no such field")

    def name(self, field: str) -> str:
        """Return an identifier or another short word: not blank, printable."""
        value = self._values.get(field, _MISSING)
        if type(value) is not str:
            raise self._wrong(field, "text", value)
        self._read.append(field)
        if not value or value[0] == " " or value[-1] == " " or len(value) > LONGEST_NAME or not value.isprintable():
            raise LineInvalid(self._at + field, f"must be 1 to {LONGEST_NAME} printable characters, no blank around")
        return value

    def optional_name(self, field: str) -> str | None:
        """Return an identifier, or ``None`` when the field is absent."""
        return self.name(field) if self.has(field) else None

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
        """Tell whether a field that may be left out is there; one that is null is as if it were not."""
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
