"""The conversion of entities to rows and back, derived from the entity's class and its table, and compiled once.

A field is stored in the column of its name. A value of several parts has a column for each: money in ``amount`` and
``currency``, an offer in columns that begin with its side, a period in ``from`` and ``until``. So a new optional field
is declared in the class and in the table, and nowhere else.

The functions are generated as source and compiled, as attrs does it: a loop over fields takes ten times as long, and a
sign-up reads and writes ten rows.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from types import NoneType, UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
from sqlalchemy import Table

from referral_adapters.sql.prepared import Row, row_maker
from referral_adapters.sql.types import Amount, Moment
from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import written
from referral_core.values.money import Money
from referral_core.values.timeline import Span, Timeline

E = TypeVar("E")
State = Mapping[str, Any]
"""A row as names and values that JSON can represent."""


class Rows(Generic[E]):
    """The conversion between the rows of one table and the entities of one class.

    ``apart`` are the fields that are stored in other tables. ``renamed`` maps fields to columns of another name.
    """

    def __init__(
        self,
        kind: type[E],
        table: Table,
        *,
        apart: tuple[str, ...] = (),
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self._kind = kind
        self._table = table
        self._apart = apart
        self._renamed = renamed or {}

    def row(self, entity: E, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as the columns have it
        """Return the row of an entity; ``more`` are the values of columns that are not fields of the entity."""
        row = self._write(entity)
        if more:
            row.update(more)
        return row

    def entity(self, row: Row, **apart: Any) -> E:  # noqa: ANN401 - as the fields have it
        """Return the entity of a row; ``apart`` are the values of fields that are stored in other tables."""
        return self._read(row, **apart)

    def of_state(self, state: State, **more: Any) -> E:  # noqa: ANN401 - as the columns have it
        """Return the entity of a state written by :func:`state_of`; ``more`` are columns that the state lacks.

        A column that is in neither of them is ``None``.
        """
        values = {name: self._revived(name, value) for name, value in state.items()}
        return self._read(self._kept_row(values | more))

    @cached_property
    def _kept_row(self) -> Callable[[Mapping[str, Any]], Row]:
        names = [column.name for column in self._table.columns]
        make = row_maker(names)
        return lambda values: make([values.get(name) for name in names])

    def _revived(self, name: str, value: Any) -> Any:  # noqa: ANN401 - as JSON has it
        if type(value) is not str:
            return value
        kind = self._table.columns[name].type
        if isinstance(kind, Moment):
            return datetime.fromisoformat(value).astimezone(UTC)
        return Decimal(value) if isinstance(kind, Amount) else value

    @cached_property
    def _write(self) -> Callable[[E], dict[str, Any]]:
        names: dict[str, Any] = {}
        cells = ", ".join(f"{column!r}: {value}" for column, value in _cells(self._fields(), "entity", names))
        write: Callable[[E], dict[str, Any]] = _compiled(f"lambda entity: {{{cells}}}", names)
        return write

    @cached_property
    def _read(self) -> Callable[..., E]:
        names: dict[str, Any] = {"kind": self._kind}
        given = "".join(f", {name}=_absent" for name in self._apart)
        parts = [f"{field.name}={field.read(names)}" for field in self._fields()]
        parts += [f"**({{}} if {name} is _absent else {{{name!r}: {name}}})" for name in self._apart]
        source = f"lambda row{given}: kind({', '.join(parts)})"
        read: Callable[..., E] = _compiled(source, names | {"_absent": object()})
        return read

    def _fields(self) -> list[_Field]:
        return _fields_of(self._kind, "", self._apart, self._renamed)


def state_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row as names and values that JSON can represent: moments in UTC, amounts as text."""
    # Most values are text: the two quick tests pass those by without a call.
    return {name: value if value is None or type(value) is str else _plain(value) for name, value in row.items()}


@attrs.frozen
class _Field:
    """A field of a class: its type without ``None``, whether it may be ``None``, and its column.

    For a value of several parts ``column`` is the name that the columns of the parts are derived from.
    """

    name: str
    kind: Any
    nullable: bool
    column: str

    def cells(self, of: str, names: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield the columns of the field, each with the source of the expression of its value."""
        here = f"{of}.{self.name}"
        found = _PARTS.get(self.kind)
        if found is not None:
            for part, of_part in found:
                yield f"{self._start}{part}", self._or_none(here, f"{here}.{of_part}")
        elif _is_word(self.kind):
            yield self.column, self._or_none(here, f"{here}.value")
        elif attrs.has(self.kind):
            for column, value in _cells(_fields_of(self.kind, self._start), here, names):
                yield column, self._or_none(here, value)
        else:
            yield self.column, here

    def read(self, names: dict[str, Any]) -> str:
        """Return the source of the expression that reads the field from a row, and add its globals to ``names``."""
        if self.kind in _PARTS:
            names[self.kind.__name__] = self.kind
            parts = [f"row.{self._start}{part}" for part, _ in _PARTS[self.kind]]
            return self._if_there(parts[0], f"{self.kind.__name__}({', '.join(parts)})")
        if _is_word(self.kind):
            names[f"{self.kind.__name__}s"] = {each.value: each for each in self.kind}
            names[self.kind.__name__] = self.kind
            # The look-up in a dictionary is quicker than the call of the enumeration, which is left for the error of an
            # unknown word.
            here, one = f"row.{self.column}", self.kind.__name__
            return self._if_there(here, f"({one}s.get({here}) or {one}({here}))")
        if get_origin(self.kind) is tuple:
            word = get_args(self.kind)[0]
            names[word.__name__] = word
            return f"tuple(map({word.__name__}, row.{self.column})) if row.{self.column} else ()"
        if attrs.has(self.kind):
            names[self.kind.__name__] = self.kind
            fields = _fields_of(self.kind, self._start)
            parts = [f"{each.name}={each.read(names)}" for each in fields]
            return self._if_there(f"row.{fields[0].column}", f"{self.kind.__name__}({', '.join(parts)})")
        return f"row.{self.column}"

    @property
    def _start(self) -> str:
        """The prefix of the columns of the parts: the side for an offer, else that of the field's own column."""
        if self.kind in _PARTS:
            return self.column.removesuffix(self.name)
        sided = f"{self.column.removesuffix('_offer')}_"
        return sided if sided in {"referrer_", "referee_"} else self.column.removesuffix(self.name)

    def _or_none(self, here: str, value: str) -> str:
        return f"(None if {here} is None else {value})" if self.nullable else value

    def _if_there(self, here: str, value: str) -> str:
        return f"(None if {here} is None else {value})" if self.nullable else value


_PARTS: Final[dict[Any, tuple[tuple[str, str], ...]]] = {
    Money: (("amount", "amount"), ("currency", "currency")),
    EffectivePeriod: (("from", "start"), ("until", "end")),
}
"""The values of several columns: the ending of each column's name, and the attribute that it stores."""


def _fields_of(
    kind: Any,  # noqa: ANN401 - a class of attrs
    start: str,
    apart: tuple[str, ...] = (),
    renamed: Mapping[str, str] | None = None,
) -> list[_Field]:
    hints = get_type_hints(kind)
    found = []
    for field in attrs.fields(kind):
        if field.name not in apart:
            plain, nullable = _without_none(hints[field.name])
            found.append(_Field(field.name, plain, nullable, f"{start}{(renamed or {}).get(field.name, field.name)}"))
    return found


def _cells(fields: list[_Field], of: str, names: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in fields:
        yield from field.cells(of, names)


def _without_none(hint: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any type
    if get_origin(hint) in {Union, UnionType}:
        (plain,) = [each for each in get_args(hint) if each is not NoneType]
        return plain, True
    return hint, False


def _is_word(kind: Any) -> bool:  # noqa: ANN401 - any type
    return isinstance(kind, type) and issubclass(kind, enum.StrEnum)


def _compiled(source: str, names: dict[str, Any]) -> Any:  # noqa: ANN401 - what the source is
    return eval(compile(source, "<rows>", "eval"), names)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return state_of(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


CODE_STATE: Final = ("starts_at", "ends_at", "ending", "ended_by_hand_at")
"""The columns that the history of a code keeps: those that change. The others are read from the code's own row."""
CODE_PERSONAL: Final = ("ending_reason",)
"""The columns that the history of a code keeps apart, because words about persons can be erased (A5)."""
NOT_OF_REFERRAL: Final = frozenset({"referrer_customer", "referee_customer", "notes", "fee_notes", "revision"})
"""The columns that the history of a referral does not keep: persons, counters, and fee notes, which are dated rows."""


def code_state(row: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object] | None]:
    """Return the state of a code for its history, and apart from it the words that can be erased, if there are any."""
    words = {name: row[name] for name in CODE_PERSONAL if row[name] is not None}
    return state_of({name: row[name] for name in CODE_STATE}), words or None


def referral_state(row: Mapping[str, object]) -> dict[str, object]:
    """Return the state of a referral for its history, without persons."""
    return state_of({name: value for name, value in row.items() if name not in NOT_OF_REFERRAL})


def group_in(state: State) -> DiscountGroup:
    """Return the group of a state from its history."""
    return DiscountGroup(
        id=state["id"],
        side=Side(state["side"]),
        name=state["name"],
        amounts=_timeline(state["amounts"]),
        switches=tuple((_sure(each["at"]), GroupStatus(each["status"])) for each in state["switches"]),
    )


def _timeline(amounts: Iterable[State]) -> Timeline[Money]:
    return Timeline(
        Span(
            EffectivePeriod(_sure(each["starts_at"]), _moment(each["ends_at"])),
            Money(each["amount"], each["currency"]),
        )
        for each in amounts
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _sure(text)


def _sure(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
