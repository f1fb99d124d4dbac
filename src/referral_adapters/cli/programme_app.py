"""``referral programme``: the check of a programme file, and the settings in effect."""

# ruff: noqa: PLC0415 - so that --help comes at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from referral_adapters.cli.exit_status import run_to_exit

programme_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


@programme_app.command("check")
def check_programme(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The programme, in TOML.")],
    as_json: Json = False,
) -> None:
    """Check a programme, and name every fault it has.

    The file is checked as a whole, and every fault is named with its place, one a line.

    \b
    Examples:
      referral programme check household.toml
      referral programme check business.toml && echo "ready to be used"

    \b
    Exit status:
      0  the programme is fine
      1  it has faults
      2  it could not be opened
    """
    from referral_adapters.cli import programme_command

    run_to_exit(lambda: programme_command.check_programme(file, as_json=as_json))


@programme_app.command("show")
def show_programme(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The programme, in TOML.  [default: household]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the settings of a programme, changed or not.

    Every setting is shown with the value in effect; settings that differ from the household programme are marked.

    \b
    Examples:
      referral programme show
      referral programme show business.toml

    \b
    Exit status:
      0  the settings were shown
      2  the programme could not be opened, or has faults
    """
    from referral_adapters.cli import programme_command

    run_to_exit(lambda: programme_command.show_programme(file, as_json=as_json))
