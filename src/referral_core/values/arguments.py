"""The kinds of arguments that acts take: what each means, and how its values are checked before the act runs.

Every parameter of an act has one of the annotated types below, and the type names the kind. All readers of an act's
declaration (the session, feeds, HTTP, the client, the command line, the reference) go by the kind, so the fields of an
act are listed once.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final

import attrs

from referral_core.values.errors import ArgumentInvalid
from referral_core.values.moment import moment
from referral_core.values.money import Money
from referral_core.values.name import name

Check = Callable[[Any, str], Any]
"""A check: it returns the value of a field as the act takes it, or raises an error that names the field."""


@attrs.frozen(eq=False)
class Kind:
    """A kind of argument: its ``name``, which decides how adapters read and write it, and the meaning of its values.

    ``on_wire`` is false for arguments that only a program can pass: a callback, the key of a request. ``names`` is the
    kind of thing that a value names in a store, ``None`` when it names nothing.
    """

    name: str
    check: Check
    doc: str = ""
    example: str | None = None
    on_wire: bool = True
    names: str | None = None


def wrong(value: object, wanted: str, field: str) -> ArgumentInvalid:
    """Return the error of an argument whose type is not the one of the signature."""
    return ArgumentInvalid(field, f"must be {wanted}, not {type(value).__name__}")


def _text(value: object, field: str) -> str:
    if type(value) is not str:
        # A StrEnum is a str as well: its plain value is kept, so that stored text does not depend on the class.
        if isinstance(value, str) and isinstance(value, enum.Enum):
            return str(value.value)
        raise wrong(value, "text", field)
    return value


def _storable(value: object, field: str) -> str:
    text = _text(value, field)
    if "\0" in text:
        raise ArgumentInvalid(field, "holds a zero character, which no store can keep")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ArgumentInvalid(field, "holds half a surrogate pair, which no store can keep") from None
    return text


def _id(value: object, field: str) -> str:
    return name(_text(value, field), field)


def _moment(value: object, field: str) -> datetime:
    return moment(value, field)  # type: ignore[arg-type] # it refuses whatever is no moment


def _honoured(value: object, field: str) -> datetime:
    return _moment(value, f"{field}.moment")


def _day(value: object, field: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong(value, "a date", field)
    return value


def _day_or_moment(value: object, field: str) -> date | datetime:
    return _moment(value, field) if isinstance(value, datetime) else _day(value, field)


def _amount(value: object, field: str) -> Money:
    if not isinstance(value, Money):
        raise wrong(value, "Money", field)
    return value


def _flag(value: object, field: str) -> bool:
    if type(value) is not bool:
        raise wrong(value, "True or False", field)
    return value


def _count(value: object, field: str) -> int:
    if type(value) is not int:
        raise wrong(value, "a whole number", field)
    return value


def _anything(value: object, field: str) -> object:
    return value


def _grant_key(value: object, field: str) -> str:
    """Return the key of a grant; each of its two parts is an id and may be as long as one."""
    side, slash, contract = _text(value, field).partition("/")
    return f"{_id(side, field)}/{_id(contract, field)}" if slash else _id(side, field)


def _ident(doc: str, example: str, names: str | None = None) -> Kind:
    return Kind("id", _id, doc, example, names=names)


_CODE_DOC: Final = "A code as somebody wrote it: blanks, hyphens and small letters do not matter."
CODE: Final = Kind("code", _storable, _CODE_DOC, names="code")
ENDED_CODE: Final = Kind("code", _storable, _CODE_DOC, names="ended code")
REASON: Final = Kind("reason", _storable, "Why it is done, in words for staff.")
NAME: Final = Kind("name", _id, "A name for people.", "Spring fair")
TEXT: Final = Kind("text", _storable, "Free text.")
MOMENT: Final = Kind("moment", _moment, "A moment with a time zone.")
FACT: Final = Kind("fact", _moment, "When it happened, if not now; only systems may say.")
HONOURED: Final = Kind("honour", _honoured, "An earlier moment to be honoured, which lies before the concluding one.")
DAY: Final = Kind("day", _day, "A day of the programme's zone.")
STARTS: Final = Kind("starts", _day_or_moment, "From when on: a moment, or a day, which begins at its local midnight.")
ENDS: Final = Kind("ends", _day_or_moment, "Until when: a moment, which is already outside, or the last day.")
AMOUNT: Final = Kind("amount", _amount, "An amount in the programme's currency.")
FLAG: Final = Kind("flag", _flag)
COUNT: Final = Kind("count", _count, "How many.")
KEY: Final = Kind("key", _storable, "The name of the request, so that it takes effect once.", on_wire=False)
PROGRAM: Final = Kind("program", _anything, on_wire=False)

AccountId = Annotated[str, _ident("The billing account.", "A", "account")]
ContractId = Annotated[str, _ident("The contract.", "K-1", "contract")]
CustomerId = Annotated[str, _ident("The customer, who may own several accounts.", "C-1", "customer")]
CaseId = Annotated[str, _ident("The supplier-change case.", "LT-1", "case")]
GroupId = Annotated[str, _ident("The discount group.", "referee-self-service", "group")]
BillId = Annotated[str, _ident("The bill.", "2021-03-E", "bill")]
GrantKey = Annotated[str, Kind("id", _grant_key, "The key of a grant: side and contract.", "referrer/K-1")]
Product = Annotated[str, _ident("What the contract supplies.", "electricity")]
Segment = Annotated[str, _ident("To whom it is supplied.", "household")]
Channel = Annotated[
    str, Kind("channel", _id, "Where it takes place; a shop of a distributor as in distributor/shop7.", "self-service")
]
Means = Annotated[str, _ident("By what a code was passed on.", "link")]
Language = Annotated[str, _ident("A language of the programme.", "et")]
Subject = Annotated[str, _ident("What a chain of the trace is about.", "account:A")]
CodeInput = Annotated[str, CODE]
EndedCode = Annotated[str, ENDED_CODE]
"""A code that the act changes: stores lock it exclusively, so that no sign-up uses it meanwhile."""
ReasonText = Annotated[str, REASON]
Name = Annotated[str, NAME]
Text = Annotated[str, TEXT]
Moment = Annotated[datetime, MOMENT]
FactMoment = Annotated[datetime, FACT]
HonouredMoment = Annotated[datetime, HONOURED]
Day = Annotated[date, DAY]
Starts = Annotated[date | datetime, STARTS]
Ends = Annotated[date | datetime, ENDS]
Amount = Annotated[Money, AMOUNT]
Flag = Annotated[bool, FLAG]
Count = Annotated[int, COUNT]
RequestKey = Annotated[str, KEY]


def choice(words: type[enum.StrEnum]) -> Kind:
    """Return the kind of an argument that is one of a few words."""

    def check(value: object, field: str) -> enum.StrEnum:
        text = _text(value, field)
        try:
            return words(text)
        except ValueError:
            raise ArgumentInvalid(field, f"must be one of {', '.join(words)}, not {text[:40]!r}") from None

    return Kind("choice", check, f"One of {', '.join(words)}.")


def instance(wanted: type) -> Kind:
    """Return the kind of an argument that only a program can pass: an object of one class."""

    def check(value: object, field: str) -> object:
        if not isinstance(value, wanted):
            raise wrong(value, wanted.__name__, field)
        return value

    return Kind("program", check, on_wire=False)
