"""``referral db``: the upgrade, the check and the copy of a database."""

# ruff: noqa: PLC0415 - so that --help comes at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from referral_adapters.cli.exit_status import run_to_exit
from referral_adapters.cli.options import AsJson

db_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

Url = Annotated[str, typer.Option("--db", metavar="URL", help="The database, as sqlite:///referral.db.")]


@db_app.command()
def upgrade(
    db: Url,
    distributed: Annotated[
        bool, typer.Option("--distributed", help="Spread the tables over a cluster of PostgreSQL with Citus.")
    ] = False,
    beside_others: Annotated[
        bool,
        typer.Option(
            "--beside-others", help="Make the tables also in a database that only has tables of other programs."
        ),
    ] = False,
    programme: Annotated[
        Path | None,
        typer.Option("--programme", metavar="FILE", help="Give a new database the groups of this programme, in TOML."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a sentence.")] = False,
) -> None:
    """Bring a database to the schema of this version.

    An empty database gets all its tables. It is one transaction: Ctrl-C and any failure leave the schema that was
    there. Of two upgrades at once, one waits for the other. Take a backup before.

    \b
    Examples:
      referral db upgrade --db sqlite:///referral.db
      referral db upgrade --db sqlite:///referral.db --programme shop.toml
      referral db upgrade --db postgresql://owner@host/referral --distributed

    \b
    Exit status:
      0    the database is up to date
      2    it could not be opened or upgraded, and is as it was
      130  stopped by Ctrl-C; the database is as it was
    """
    from referral_adapters.cli import db_command

    run_to_exit(
        lambda: db_command.upgrade(
            db, distributed=distributed, beside_others=beside_others, programme=programme, as_json=as_json
        )
    )


@db_app.command()
def check(
    db: Url,
    as_json: AsJson = False,
) -> None:
    """Check that a database is complete, and agrees with itself.

    Checks the file, if it is SQLite; every table, column, key, index and trigger; and what must hold between the
    tables, such as that on every account what came in is what went out and what is left. Nothing is changed, and
    others may go on writing. A terminal shows a table, a pipe gets one JSON object a line.

    \b
    Examples:
      referral db check --db sqlite:///referral.db
      referral db check --db postgresql://owner@host/referral > findings.jsonl

    \b
    Exit status:
      0    nothing is wrong
      1    something is
      2    the database could not be opened, or not be read to the end
      130  stopped by Ctrl-C
    """
    from referral_adapters.cli import db_command

    run_to_exit(lambda: db_command.check(db, as_json=as_json))


@db_app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    db: Url,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Copy an SQLite database while others go on writing.

    The copy is the database as it was at one moment, in one file, which appears when it is whole. PostgreSQL has
    pg_dump for this.

    \b
    Examples:
      referral db backup referral-monday.db --db sqlite:///referral.db
      referral db backup latest.db --db sqlite:///referral.db --force

    \b
    Exit status:
      0    the copy is there, whole and safe on the disk
      2    the database could not be opened, or the copy not be written
      130  stopped by Ctrl-C; no copy was made
    """
    from referral_adapters.cli import db_command

    run_to_exit(lambda: db_command.backup(file, db, force=force))
