"""The options of the commands for the day of the launch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
PageSize = Annotated[int, typer.Option("--page", metavar="NUMBER", min=1, help="How many make one transaction.")]
Rejects = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Write the rows that are not imported there, with the reason."),
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="FORMAT", help="csv or parquet.  [default: as the suffix says]")
]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="NUMBER", min=0, help="Issue so many codes at most.  [default: all]")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing, and say what would happen.")]
