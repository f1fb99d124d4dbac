"""``referral programme``: the check of a programme file, the settings in effect, and what a database has of it."""

# ruff: noqa: PLC0415 - so that --help comes at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from referral_adapters.cli.exit_status import run_to_exit
from referral_adapters.cli.options import KeptDatabase

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


@programme_app.command("diff")
def diff_programme(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The programme, in TOML.")],
    db: KeptDatabase,
    as_json: Json = False,
) -> None:
    """Show what a database lacks of a programme, and change nothing.

    Named are the groups that the programme has and the database does not, those that differ in name or side, and those
    that only the database has. A database of another currency or another zone belongs to another programme.

    \b
    Examples:
      referral programme diff household.toml --db sqlite:///referral.db

    \b
    Exit status:
      0  the database has every group as the programme names it
      1  groups are missing or differ
      2  one of both could not be opened, or they do not belong together
    """
    from referral_adapters.cli import programme_command

    run_to_exit(lambda: programme_command.diff_programme(file, db=db, as_json=as_json))


@programme_app.command("apply")
def apply_programme(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The programme, in TOML.")],
    db: KeptDatabase,
    by: Annotated[
        str | None, typer.Option(metavar="ACTOR", help="The administrator who applies it.  [default: the system]")
    ] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, for the trace.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Add the groups of a programme that a database does not have.

    All are added in one transaction, or none; they have no amounts yet. Nothing is removed, renamed or moved to
    another side. The trace of the programme says what was added, by whom and why.

    \b
    Examples:
      referral programme apply household.toml --db sqlite:///referral.db --dry-run
      referral programme apply household.toml --db sqlite:///referral.db \\
        --by anu --reason "the autumn campaign"

    \b
    Exit status:
      0  the database has every group of the programme, or could have
      1  nothing was added: another group has the name of a missing one
      2  one of both could not be opened, or they do not belong together
    """
    from referral_adapters.cli import programme_command

    run_to_exit(
        lambda: programme_command.apply_programme(file, db=db, by=by, reason=reason, dry_run=dry_run, as_json=as_json)
    )
