"""The answers of acts for people and for programs, whatever they are, by the fields of their classes."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import chain, islice
from typing import Any, Final

import attrs
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from referral_adapters.cli.check_command import decision_json
from referral_adapters.cli.explain_command import explanation_json
from referral_adapters.cli.output import MOST_ROWS, NOTHING, Screen, plain_table
from referral_adapters.cli.text import printable
from referral_adapters.cli.trace_command import row_json, seal_json, verification_json
from referral_core.entities.balance import Balance
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.seal import Seal, Verification
from referral_core.entities.trace import TraceEntry
from referral_core.rules.decision import Decision
from referral_core.services.accounts import ReferralView
from referral_core.services.explanation import Explanation
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import Calendar
from referral_core.values.money import Money
from referral_core.values.timeline import Span, Timeline

_SELDOM: Final = frozenset({
    "concluded_recorded_at", "activated_recorded_at", "ended_recorded_at", "ended_by_hand_at", "annulled_at",
    "annulled_recorded_at",
})  # fmt: skip
"""The fields that a terminal shows only where they are set, because they seldom are."""
_LEAST_COLUMN: Final = 14
"""A table whose columns would be narrower on average is shown as one object below the other."""

_WRITTEN: Final[Mapping[type, Callable[[Any, Calendar], dict[str, Any]]]] = {
    Decision: decision_json,
    Explanation: explanation_json,
    Seal: seal_json,
    TraceEntry: row_json,
    Verification: verification_json,
}
"""The answers that other commands write too, in the same words."""

_FOLLOWING: Final[Mapping[type, Mapping[str, Callable[[Any, datetime], Any]]]] = {
    Balance: {"unused": lambda balance, _: balance.unused},
    DiscountGroup: {"status": lambda group, at: group.status_at(at)},
    PromoCode: {"status": lambda code, at: code.status_at(at)},
}
"""What follows from the fields of a class at the moment of the session."""


@attrs.frozen
class AnswerText:
    """Writes answers: moments in the programme's zone, statuses as at one moment."""

    calendar: Calendar
    at: datetime

    def plain(self, value: object) -> Any:  # noqa: ANN401, PLR0911 - anything that JSON holds; one line for each kind
        """Return a value as JSON has it: amounts as text, moments in the programme's zone, objects by their fields."""
        match value:
            case enum.Enum():
                return value.value
            case None | bool() | int() | str():
                return value
            case Money():
                return str(value.amount)
            case datetime():
                return self.calendar.local(value).isoformat()
            case date():
                return value.isoformat()
            case Mapping():
                return {str(name): self.plain(each) for name, each in value.items()}
            case Iterable() if not attrs.has(type(value)) or isinstance(value, Timeline):
                return [self.plain(each) for each in value]
            case _ if attrs.has(type(value)):
                return {name: self.plain(each) for name, each in self.fields(value).items()}
            case _:
                return str(value)

    def line(self, value: object) -> dict[str, Any]:
        """Return a whole answer, or one of many, as an object."""
        written = self.plain(value)
        if isinstance(written, dict):
            return written
        return {"amount" if isinstance(value, Money) else "answer": written}

    def fields(self, value: object) -> dict[str, Any]:
        """Return the fields of an object by name, with what follows from them."""
        match value:
            case EffectivePeriod():
                return {"from": value.start, "until": value.end}
            case Span():
                return {**self.fields(value.period), "value": value.value}
        if (written := _WRITTEN.get(type(value))) is not None:
            return written(value, self.calendar)
        kind: Any = type(value)
        fields = {each.name: getattr(value, each.name) for each in attrs.fields(kind) if each.name[0] != "_"}
        return fields | {name: follows(value, self.at) for name, follows in _FOLLOWING.get(kind, {}).items()}

    def show(self, answer: object, screen: Screen) -> None:
        """Show an answer at a terminal: an object as a line for each field, many objects as a table."""
        if isinstance(answer, tuple | Iterator):
            rest = iter(answer)
            rows = [*islice(rest, MOST_ROWS)]
            self._show_rows(rows, screen, 0)
            if more := sum(1 for _ in rest):  # counted one by one: there may be more than fit in memory
                screen.print(Text(f"… {more:,} more; a pipe gets them all", style="dim"))
        elif _is_record(answer):
            self._show_record(self.fields(answer), screen, 0)
        else:
            screen.print(Text(self.text(answer)))

    def _show_record(self, fields: Mapping[str, Any], screen: Screen, indent: int) -> None:
        fields = {name: value for name, value in fields.items() if value is not None or name not in _SELDOM}
        width = max((len(name) for name, value in fields.items() if not _is_large(value)), default=0)
        for name, value in fields.items():
            if not _is_large(value):
                lines = self.text(value).splitlines() or [""]
                text = f"\n{' ' * (width + 2)}".join(lines)
                screen.print(Padding(Text(f"{name:<{width}}  {text}"), (0, 0, 0, indent), expand=False))
        for name, value in fields.items():
            if _is_large(value):
                screen.print(Padding(Text(name, style="bold"), (0, 0, 0, indent), expand=False))
                if isinstance(value, tuple | list):
                    self._show_rows([*value], screen, indent + 2)
                else:
                    self._show_record(self._inner(value), screen, indent + 2)

    def _show_rows(self, rows: list[Any], screen: Screen, indent: int) -> None:
        """Show objects as a table, or one below the other where the terminal is too narrow for a table."""
        if not rows:
            screen.print(Text("none", style="dim"))
        elif not _is_record(rows[0]):
            screen.print(Padding(Text("\n".join(map(self.text, rows))), (0, 0, 0, indent), expand=False))
        else:
            records = [self._inner(row) for row in rows]
            table = self._table(records)
            is_flat = not any(_is_large(value) for record in records for value in record.values())
            if is_flat and len(table.columns) * _LEAST_COLUMN + indent <= screen.width:
                screen.print(Padding(table, (0, 0, 0, indent), expand=False))
                return
            for place, record in enumerate(records):
                if place:
                    screen.print()
                self._show_record(record, screen, indent)

    def _table(self, records: list[dict[str, Any]]) -> Table:
        table = plain_table()
        names = [
            name
            for name in dict.fromkeys(chain.from_iterable(records))
            if any(self.text(record.get(name)) != NOTHING for record in records)
        ]
        for name in names:
            table.add_column(name, overflow="fold")
        for record in records:
            table.add_row(*(Text(self.text(record.get(name))) for name in names))
        return table

    def _inner(self, value: object) -> dict[str, Any]:
        if isinstance(value, ReferralView):
            return self.fields(value) | {"bills": self._bills(value)}
        return dict(value) if isinstance(value, Mapping) else self.fields(value)

    def _bills(self, view: ReferralView) -> object:
        """Return the bills that used a discount in a few words each; what is unknown is told from none."""
        if view.bills is None:
            return "unknown"
        uses = tuple(f"{use.bill} {self.text(use.amount)} {self.text(use.moment)}" for use in view.bills)
        return uses or ("none" if view.granted_at else None)

    def text(self, value: object) -> str:  # noqa: C901, PLR0911 - one line for each kind
        """Return a value in a few words; several of them on lines of their own."""
        match value:
            case None:
                return NOTHING
            case bool():
                return "yes" if value else "no"
            case enum.Enum():
                return str(value.value)
            case Money():
                return str(value)
            case datetime():
                return self.calendar.text(value)
            case EffectivePeriod():
                end = "" if value.end is None else f" until {self.text(value.end)}"
                return f"from {self.text(value.start)}{end}"
            case Span():
                return f"{self.text(value.value)} {self.text(value.period)}"
            case _ if _is_record(value):
                inside = self._inner(value).items()
                return ", ".join(f"{name} {self.text(each)}" for name, each in inside if each is not None)
            case str():
                return printable(value)
            case Iterable():
                inner = ", ".join if _is_pair(value) else "\n".join
                return inner(self.text(each) for each in value) or NOTHING
            case _:
                return printable(str(value))


def _is_record(value: object) -> bool:
    """Tell whether a value is shown by its fields: it is an object without a text of its own."""
    if isinstance(value, Mapping):
        return True
    return attrs.has(type(value)) and not isinstance(value, Money | EffectivePeriod | Span | Timeline)


def _is_large(value: object) -> bool:
    """Tell whether a value takes a heading and lines of its own."""
    return _is_record(value) or (isinstance(value, tuple | list) and any(map(_is_record, value)))


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(each, datetime) for each in value)
