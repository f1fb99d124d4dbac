"""The settings of a programme, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
from dateutil.relativedelta import relativedelta
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen
from referral_core.programme.group_setting import GroupSetting
from referral_core.programme.programme import Programme
from referral_core.programme.referee_group_line import RefereeGroupLine
from referral_core.programme.settings import Settings
from referral_core.programme.sharing_template import SharingTemplate

_NONE: Final = {"existing_customer_products": "every product", "returning_after": "never"}
"""What it means that a setting has no value."""


def show_settings(programme: Programme, screen: Screen) -> None:
    """Show every setting with the value it has, and mark those that are not as in the household programme."""
    usual = Programme.default()
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    changed = 0
    for field in attrs.fields(Settings):
        value = getattr(programme, field.name)
        differs = value != getattr(usual, field.name)
        changed += differs
        name = Text(f"{field.name} *", style="yellow") if differs else Text(field.name)
        table.add_row(name, "\n".join(printable(line) for line in _lines(field.name, value)))
    screen.print(table)
    if changed:
        screen.print(Text("  * not as in the household programme"))


def _lines(name: str, value: Any) -> list[str]:
    """Return a value as a programme file would hold it, in a few lines."""
    match value:
        case None:
            return [_NONE[name]]
        case bool():
            return ["true" if value else "false"]
        case relativedelta():
            return [_duration(value)]
        case Mapping():
            return [line for language in value for line in _sharing(language, value[language])]
        case (GroupSetting() | RefereeGroupLine(), *_):
            return [_group(item) if isinstance(item, GroupSetting) else _line(item) for item in value]
        case tuple():
            return [", ".join(value) or "none"]
        case _:
            return [str(value)]


def _group(group: GroupSetting) -> str:
    name = "" if group.name == group.id else f', called "{group.name}"'
    return f"{group.id}: {group.side.value}{name}"


def _line(line: RefereeGroupLine) -> str:
    names = ("channel", "segment", "product")
    asked = [f"{name} {wanted}" for name, wanted in zip(names, line.criteria, strict=True) if wanted is not None]
    return f"{' and '.join(asked) or 'everything else'}: {line.group}"


def _sharing(language: str, template: SharingTemplate) -> list[str]:
    return [f"{language}: {template.title}", f"    {template.text}", f"    {template.link}"]


def _duration(length: relativedelta) -> str:
    parts = ((length.years, "Y"), (length.months, "M"), (length.days, "D"))
    return "P" + "".join(f"{count}{unit}" for count, unit in parts if count)
