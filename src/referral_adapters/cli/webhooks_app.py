"""``referral webhooks``: the delivery of published events, and how the webhooks stand."""

# ruff: noqa: PLC0415 - so that --help comes at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from referral_adapters.cli.exit_status import run_to_exit
from referral_adapters.cli.options import AsJson, KeptDatabase

webhooks_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The webhook, by the name it has in the file.")]


@webhooks_app.command()
def run(
    db: KeptDatabase,
    config: Annotated[Path, typer.Option("--config", metavar="FILE", help="The webhooks, in TOML.")],
    once: Annotated[bool, typer.Option("--once", help="Send what there is now, print the results, and end.")] = False,
) -> None:
    """Send what is published to every webhook, until stopped.

    Each webhook gets every event at least once, in order, the next when it has confirmed the one before. Any number of
    these may run over one database: one at a time sends to one webhook. Failures are said on standard error. After
    Ctrl-C or SIGTERM the events in hand are finished; a second signal ends at once, and does no harm.

    \b
    Examples:
      referral webhooks run --db postgresql://host/referral --config hooks.toml
      referral webhooks run --db sqlite:///referral.db --config hooks.toml --once

    \b
    Exit status:
      0    with --once: every webhook confirmed what it was sent
      1    with --once: some did not
      2    the database or the file could not be opened
      130  stopped by Ctrl-C (143: terminated)
    """
    from referral_adapters.cli import webhooks_command

    run_to_exit(lambda: webhooks_command.run(db, config, once=once))


@webhooks_app.command(name="list")
def list_(db: KeptDatabase, as_json: AsJson = False) -> None:
    """List the webhooks that were ever sent to, and how they stand.

    Shows for each the last position it confirmed, how often in a row the next event failed, when it is tried again,
    and whether it is stuck, or stopped because it said that it is gone. A terminal shows a table, a pipe gets one JSON
    object a line.

    \b
    Examples:
      referral webhooks list --db sqlite:///referral.db

    \b
    Exit status:
      0  all is well
      1  some are stuck or stopped
      2  the database could not be opened
    """
    from referral_adapters.cli import webhooks_command

    run_to_exit(lambda: webhooks_command.list_(db, as_json=as_json))


@webhooks_app.command()
def redeliver(
    name: Name,
    position: Annotated[
        int, typer.Argument(metavar="POSITION", help="The first event to send again, by its sequence.")
    ],
    db: KeptDatabase,
) -> None:
    """Have a webhook get everything again from a position on.

    A sender in progress finishes the event in hand and goes on from there. The webhook is tried at once, also when it
    was stuck or stopped.

    \b
    Examples:
      referral webhooks redeliver crm 1200 --db sqlite:///referral.db

    \b
    Exit status:
      0  it gets everything again
      1  there is no such webhook, or it has not got that far
      2  the database could not be opened
    """
    from referral_adapters.cli import webhooks_command

    run_to_exit(lambda: webhooks_command.redeliver(db, name, position))


@webhooks_app.command()
def resume(name: Name, db: KeptDatabase) -> None:
    """Have a webhook tried again at once.

    It may be stopped, stuck or waiting.

    \b
    Examples:
      referral webhooks resume crm --db sqlite:///referral.db

    \b
    Exit status:
      0  it is tried again
      1  there is no such webhook
      2  the database could not be opened
    """
    from referral_adapters.cli import webhooks_command

    run_to_exit(lambda: webhooks_command.resume(db, name))
