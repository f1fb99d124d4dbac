"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Feed = Annotated[str, typer.Argument(metavar="FEED", help="The feed, CloudEvents one a line; - is standard input.")]
FromFeed = Annotated[
    str | None, typer.Option("--feed", metavar="FEED", help="The feed to run first; - is standard input.")
]
Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="Work in this database, as sqlite:///referral.db.  [default: memory]",
    ),
]
AskedDatabase = Annotated[
    str | None,
    typer.Option("--db", metavar="URL", help="Look into this database, as sqlite:///referral.db; it has to be there."),
]
KeptDatabase = Annotated[
    str, typer.Option("--db", metavar="URL", help="The database, as sqlite:///referral.db; it has to be there.")
]
ProgrammeFile = Annotated[
    Path | None, typer.Option("--programme", metavar="FILE", help="The programme, in TOML.  [default: household]")
]
CodeKey = Annotated[
    str | None,
    typer.Option(
        "--code-key", metavar="TEXT", help="The secret behind random codes: the same key gives the same codes."
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="MOMENT",
        help="The moment to look at, as 2021-03-01T09:00:00+02:00, or a day, at its local midnight."
        "  [default: the feed's last]",
    ),
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="MOMENT",
        help="Answer by what was known at this moment, or at the midnight that begins this day."
        "  [default: all there is]",
    ),
]
Balances = Annotated[bool, typer.Option("--balances", help="Print a table of all balances instead.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON also at a terminal.")]


def check_source(feed: str | None, db: str | None) -> None:
    """Check that either a feed or a database is given.

    :raises typer.BadParameter: neither is, or both are.
    """
    if (feed is None) == (db is None):
        raise typer.BadParameter("give either a feed or a database", param_hint="--feed, --db")
