"""``referral programme check`` and ``referral programme show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.printable import printable
from referral_adapters.cli.programme_file import open_programme, programme_in
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.settings_table import settings_json, show_settings
from referral_adapters.cli.standard_output import standard_output
from referral_core.programme.programme import Programme
from referral_core.values.errors import ProgrammeInvalid

HAS_FAULTS = 1


def check_programme(file: Path, *, as_json: bool) -> int:
    """Say that a programme is fine, or every fault it has, and return the exit status.

    :raises CommandFailed: the file cannot be read.
    """
    try:
        programme = programme_in(file)
    except ProgrammeInvalid as invalid:
        if as_json:
            _print({"fine": False, "faults": invalid.faults})
            return HAS_FAULTS
        for fault in invalid.faults:
            typer.echo(printable(fault))
        return HAS_FAULTS
    if as_json:
        _print({"fine": True, "faults": []})
        return 0
    typer.echo(f"fine: {printable(programme.name)}, {_contents(programme)}")
    return 0


def show_programme(file: Path | None, *, as_json: bool) -> int:
    """Show the settings in effect, and return the exit status.

    :raises CommandFailed: the file cannot be read, or has faults.
    """
    programme = open_programme(file)
    if as_json:
        _print(settings_json(programme))
    else:
        show_settings(programme, Screen.output())
    return 0


def _print(value: dict[str, Any]) -> None:
    output = standard_output()
    output.write(json_line(value))
    output.flush()


def _contents(programme: Programme) -> str:
    counted = {
        "product": programme.products,
        "segment": programme.segments,
        "channel": programme.channels,
        "group": programme.groups,
        "language": programme.languages,
    }
    return ", ".join(f"{len(items)} {noun}{'' if len(items) == 1 else 's'}" for noun, items in counted.items())
