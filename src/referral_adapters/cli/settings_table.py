"""The settings of a programme, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import attrs
from dateutil.relativedelta import relativedelta
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen
from referral_core.programme.duration import written_pause
from referral_core.programme.programme import Programme
from referral_core.programme.settings import GroupSetting, RefereeGroupLine, Settings

_NONE: Final = {"existing_customer_products": "every product", "returning_after": "never"}
"""What it means that a setting has no value."""
_TABLES: Final = ("checking", "paying")
"""The settings that have settings of their own."""
_COUNTED: Final = "offensive_words"
"""The setting that nobody wants to have on a screen."""


def show_settings(programme: Programme, screen: Screen) -> None:
    """Show every setting with the value it has, and mark those that are not as in the household programme."""
    usual = dict(_settings(Programme.default()))
    table = Table(box=SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    changed = False
    for name, value in _settings(programme):
        # In tuples, as older versions of dateutil say of a length and None that they do not differ.
        differs = name not in usual or (value,) != (usual[name],)
        changed |= differs
        table.add_row(Text(f"{name} *", style="yellow") if differs else name, _text(name, value))
    screen.print(table)
    if changed:
        screen.print("\n* not as in the household programme")


def settings_json(programme: Programme) -> dict[str, Any]:
    """Return every setting with the value it has: lists as lists, what has no value as ``null``, the rest as a file."""

    def value_of(name: str, value: object) -> Any:  # noqa: ANN401 - anything that JSON holds
        match value:
            case None | bool() | int():
                return value
            case tuple():
                return [value_of(name, item) for item in value]
            case _:
                return _one(name, value)

    return {name: value_of(name, value) for name, value in _settings(programme)}


def _settings(programme: Programme) -> Iterator[tuple[str, Any]]:
    """Yield the settings by their names in a programme file, those of its tables and of each language on their own."""
    for field in attrs.fields(Settings):
        value = getattr(programme, field.name)
        if field.name in _TABLES:
            for name, inside in attrs.asdict(value).items():
                yield f"{field.name}.{name}", written_pause(inside) if isinstance(inside, timedelta) else inside
        elif field.name != "sharing":
            yield field.name, value
    for language, template in programme.sharing.items():
        yield f"sharing.{language}", attrs.astuple(template)


def _text(name: str, value: object) -> Text:
    return Text("\n").join(Text(printable(line)) for line in _lines(name, value))


def _lines(name: str, value: object) -> list[str]:
    match value:
        case tuple() if name == _COUNTED:
            return [f"{len(value)} words"]
        case tuple() if all(isinstance(item, str) for item in value) and not name.startswith("sharing."):
            return [", ".join(value) or "none"]
        case tuple():
            return [_one(name, item) for item in value]
        case _:
            return [_one(name, value)]


def _one(name: str, value: object) -> str:
    """Return a value that is no list, as a programme file or a person would write it."""
    match value:
        case None:
            return _NONE[name]
        case bool():
            return "true" if value else "false"
        case GroupSetting():
            called = "" if value.name == value.id else f', called "{value.name}"'
            return f"{value.id}: {value.side.value}{called}"
        case RefereeGroupLine():
            return f"{_asked(value) or 'everything else'}: {value.group}"
        case relativedelta():
            parts = ((value.years, "Y"), (value.months, "M"), (value.days, "D"))
            return "P" + "".join(f"{count}{unit}" for count, unit in parts if count)
        case _:
            return str(value)


def _asked(line: RefereeGroupLine) -> str:
    names = ("channel", "segment", "product")
    return " and ".join(f"{name} {wanted}" for name, wanted in zip(names, line.criteria, strict=True) if wanted)
