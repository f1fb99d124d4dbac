"""``referral programme``: ``check``, ``show``, ``diff`` and ``apply``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
import typer
from dateutil.relativedelta import relativedelta
from rich.text import Text

from referral_adapters.cli.arguments import COMMAND, parse_actor
from referral_adapters.cli.exit_status import WRONG
from referral_adapters.cli.files import open_programme, programme_in
from referral_adapters.cli.output import Screen, plain_table, write_json
from referral_adapters.cli.store import Use, existing_database
from referral_adapters.cli.text import printable, quantity
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Role
from referral_core.programme.duration import written_pause
from referral_core.programme.programme import Programme
from referral_core.programme.settings import GroupLine, GroupSetting, Settings
from referral_core.services.programmes import ProgrammeDiff
from referral_core.values.errors import ProgrammeInvalid


def check_programme(file: Path, *, as_json: bool) -> int:
    """Say that a programme is fine, or every fault it has, and return the exit status.

    :raises CommandFailed: the file cannot be read.
    """
    try:
        programme = programme_in(file)
    except ProgrammeInvalid as invalid:
        if as_json:
            write_json([{"fine": False, "faults": invalid.faults}])
            return WRONG
        for fault in invalid.faults:
            typer.echo(printable(fault))
        return WRONG
    if as_json:
        write_json([{"fine": True, "faults": []}])
        return 0
    typer.echo(f"fine: {printable(programme.name)}, {_contents(programme)}")
    return 0


def show_programme(file: Path | None, *, as_json: bool) -> int:
    """Show the settings in effect, and return the exit status.

    :raises CommandFailed: the file cannot be read, or has faults.
    """
    programme = open_programme(file)
    if as_json:
        write_json([settings_json(programme)])
    else:
        show_settings(programme, Screen.output())
    return 0


def diff_programme(file: Path, *, db: str, as_json: bool) -> int:
    """Show the differences between a programme and a database, and return the exit status.

    :raises CommandFailed: one of them cannot be opened, or they do not belong together.
    """
    found = _compared(open_programme(file), db)
    if as_json:
        write_json([_diff_json(found)])
    else:
        _show_diff(found)
    return 0 if found.is_empty else WRONG


def apply_programme(file: Path, *, db: str, by: str | None, reason: str | None, dry_run: bool, as_json: bool) -> int:
    """Add the missing groups of a programme to a database, or say which would be, and return the exit status.

    :raises CommandFailed: one of them cannot be opened, they do not belong together, or a rule says no.
    """
    programme = open_programme(file)
    found = _compared(programme, db)
    if not dry_run:
        actor = COMMAND if by is None else parse_actor(Role.ADMINISTRATOR, by)
        with existing_database(db, Use.WRITE, programme, warns=False) as store:
            session = ReferralDesk(programme, store).session(actor=actor, now=datetime.now(UTC))
            # A database without any programme has had all groups given to it by now, as it was opened.
            found = attrs.evolve(found, missing=session.programme.apply(reason=reason).missing or found.missing)
    if as_json:
        write_json([{"applied": not dry_run, **_diff_json(found)}])
    else:
        would = "would be added" if dry_run else "added"
        typer.echo(
            f"{would}: {', '.join(() if found.taken else [printable(each.id) for each in found.missing]) or 'nothing'}"
        )
        _show_clashes(found)
    return WRONG if found.taken else 0


def _compared(programme: Programme, db: str) -> ProgrammeDiff:
    with existing_database(db, Use.READ, programme, warns=False) as store:
        return ReferralDesk(programme, store).session(actor=COMMAND, now=datetime.now(UTC)).programme.diff()


def _show_diff(found: ProgrammeDiff) -> None:
    for group in found.missing:
        typer.echo(printable(f"missing: {group.id}, {group.side.value}"))
    _show_clashes(found)
    for each in found.different:
        said = f"{each.field} {each.in_programme!r} in the programme, {each.in_store!r} in the database"
        typer.echo(printable(f"different: {each.group}, {said}"))
    for name in found.others:
        typer.echo(printable(f"in the database only: {name}"))
    if found.is_empty:
        typer.echo("the database has every group of the programme")


def _show_clashes(found: ProgrammeDiff) -> None:
    for each in found.taken:
        typer.echo(printable(f"cannot be added: {each.group}, as {each.owner} in the database is called {each.name!r}"))


def _diff_json(found: ProgrammeDiff) -> dict[str, Any]:
    return {
        "missing": [{"id": each.id, "side": each.side.value, "name": each.name} for each in found.missing],
        "taken": [attrs.asdict(each) for each in found.taken],
        "different": [attrs.asdict(each) for each in found.different],
        "others": list(found.others),
    }


def _contents(programme: Programme) -> str:
    counted = {
        "product": programme.products,
        "segment": programme.segments,
        "channel": programme.channels,
        "group": programme.groups,
        "language": programme.languages,
    }
    return ", ".join(quantity(len(items), noun) for noun, items in counted.items())


_NONE: Final = {
    "existing_customer_products": "every product",
    "referrer_groups": "referrer_group alone",
    "returning_after": "never",
}
"""What a setting without a value means."""
_TABLES: Final = ("checking", "paying")
"""The settings that have settings of their own."""
_COUNTED: Final = "offensive_words"
"""The setting of which only the number of words is shown: nobody wants them on a screen."""


def show_settings(programme: Programme, screen: Screen) -> None:
    """Show every setting with its value, and mark those that differ from the household programme."""
    usual = dict(_settings(Programme.default()))
    table = plain_table()
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
    """Return every setting with its value: lists as lists, none as ``null``, the rest as a programme file has it."""

    def value_of(name: str, value: object) -> Any:  # noqa: ANN401 - anything that JSON holds
        match value:
            case None | bool() | int():
                return value
            case tuple():
                return [value_of(name, item) for item in value]
            case dict():
                return {key: value_of(name, item) for key, item in value.items()}
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
        case dict():
            return [f"{key}: {', '.join(items)}" for key, items in value.items()] or ["none"]
        case _:
            return [_one(name, value)]


def _one(name: str, value: object) -> str:
    """Return a value that is no list as a programme file or a person writes it."""
    match value:
        case None:
            return _NONE[name]
        case bool():
            return "true" if value else "false"
        case GroupSetting():
            called = "" if value.name == value.id else f', called "{value.name}"'
            return f"{value.id}: {value.side.value}{called}"
        case GroupLine():
            return f"{_asked(value) or 'everything else'}: {value.group}"
        case relativedelta():
            parts = ((value.years, "Y"), (value.months, "M"), (value.days, "D"))
            return "P" + "".join(f"{count}{unit}" for count, unit in parts if count)
        case _:
            return str(value)


def _asked(line: GroupLine) -> str:
    names = ("channel", "segment", "product")
    return " and ".join(f"{name} {wanted}" for name, wanted in zip(names, line.criteria, strict=True) if wanted)
