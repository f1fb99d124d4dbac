"""``referral import …``."""

# ruff: noqa: PLC0415 - so that --help comes at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from referral_adapters.cli.edge import run_to_exit
from referral_adapters.cli.launch_options import DryRun, Format, LaunchAt, LaunchDatabase, PageSize, Rejects
from referral_adapters.cli.options import AsJson, ProgrammeFile

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
    row that is not right is rejected and the rest goes on. Rows that are there already are passed over, so the same
    file can be imported again, also after an interruption. Ctrl-C stops after the page in progress.

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
    from referral_adapters.cli import import_command

    run_to_exit(
        lambda: import_command.import_contracts(
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
