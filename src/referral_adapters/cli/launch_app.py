"""The commands for the day of the launch: ``referral import contracts`` and ``referral issue-codes``."""

# ruff: noqa: PLC0415 - so that --help comes at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from referral_adapters.cli.exit_status import run_to_exit
from referral_adapters.cli.options import AsJson, CodeKey, KeptDatabase, ProgrammeFile

LaunchDatabase = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="URL",
        help="The database, as sqlite:///referral.db or postgresql://…; made if need be, but not by --dry-run.",
    ),
]
LaunchAt = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="MOMENT",
        help="The moment of the act, as 2021-03-01T09:00:00+02:00, or a day, at its local midnight.  [default: now]",
    ),
]
PageSize = Annotated[int, typer.Option("--page", metavar="NUMBER", min=1, help="Rows or accounts in one transaction.")]
Rejects = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Write the rows that are rejected there, with the reason."),
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="FORMAT", help="csv or parquet.  [default: as the suffix says]")
]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="NUMBER", min=0, help="Issue at most this many codes.  [default: all]")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing, and say what would happen.")]

import_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@import_app.callback()
def importing() -> None:
    """Bring in what a retailer going live already has."""


@import_app.command()
def contracts(  # noqa: PLR0913 - one for each option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The contracts, a CSV or a Parquet file.")],
    db: LaunchDatabase,
    programme: ProgrammeFile = None,
    rejects: Rejects = None,
    kind: Format = None,
    at: LaunchAt = None,
    page: PageSize = 10_000,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import the contracts that are there already.

    The columns are contract, account, customer and concluded_at, and as far as known product, segment, channel,
    activated_at, ended_at, starts_on and first_name, in any order. A file with other columns is refused as a whole; a
    faulty row is rejected and the rest goes on. Contracts that are there already are passed over, so the same file can
    be imported again, also after an interruption. Ctrl-C stops after the page in progress.

    \b
    Examples:
      referral import contracts contracts.csv --db sqlite:///referral.db --dry-run
      referral import contracts contracts.parquet --db postgresql://…

    \b
    Exit status:
      0    every row was imported or present
      1    some rows were rejected
      2    a file, the programme or the database could not be opened
      130  stopped by Ctrl-C (143: terminated)
    """
    from referral_adapters.cli import launch_command

    run_to_exit(
        lambda: launch_command.import_contracts(
            file,
            db=db,
            programme=programme,
            rejects=rejects,
            kind=kind,
            at=at,
            page=page,
            dry_run=dry_run,
            as_json=as_json,
        )
    )


def issue_codes(
    db: KeptDatabase,
    programme: ProgrammeFile = None,
    code_key: CodeKey = None,
    at: LaunchAt = None,
    limit: Limit = None,
    page: PageSize = 10_000,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Issue a code to every account that is due its first one.

    An account is due a code when it has a contract in force on a product and in a segment that issue codes, and never
    held a code. The codes are active at once. The run may be interrupted and started again at any time, and no account
    gets a second code. Ctrl-C stops after the page in progress.

    \b
    Examples:
      referral issue-codes --db sqlite:///referral.db --dry-run
      referral issue-codes --db postgresql://… --limit 1000

    \b
    Exit status:
      0    every account that was due a code has one
      1    no more codes may be issued: the possible ones are nearly used up
      2    the programme or the database could not be opened
      130  stopped by Ctrl-C (143: terminated)
    """
    from referral_adapters.cli import launch_command

    run_to_exit(
        lambda: launch_command.issue_codes(
            db=db,
            programme=programme,
            code_key=code_key,
            at=at,
            limit=limit,
            page=page,
            dry_run=dry_run,
            as_json=as_json,
        )
    )
