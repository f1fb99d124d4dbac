"""``referral trace``: the verification, the rows and the seals of the trace."""

# ruff: noqa: PLC0415 - so that --help comes at once

from __future__ import annotations

from typing import Annotated

import typer

from referral_adapters.cli.exit_status import run_to_exit
from referral_adapters.cli.options import AsJson, AskedDatabase, FromFeed, KeptDatabase, ProgrammeFile, check_source

trace_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@trace_app.command()
def verify(
    feed: FromFeed = None,
    db: AskedDatabase = None,
    expect: Annotated[
        str | None, typer.Option(metavar="HASH", help="The hash of a seal as it was published: one seal must have it.")
    ] = None,
    state: Annotated[
        bool, typer.Option("--state", help="Also verify that what is stored is what the trace says was done.")
    ] = False,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Verify that the trace is whole, or name what is wrong with it.

    Every row of every chain is read, and every seal with the chains it was set over. A terminal shows each fault on a
    line, a pipe gets one JSON object. Others may go on writing and sealing.

    With --state, contracts, codes, referrals, grants, cases, groups and discounts are then compared with the rows about
    them: each difference is a line with the thing, the field, what is stored and what the trace says.

    \b
    Examples:
      referral trace verify --db sqlite:///referral.db
      referral trace verify --state --db sqlite:///referral.db
      referral trace verify --db postgresql://auditor@host/referral --expect 5f1c…

    \b
    Exit status:
      0    the trace is whole, and with --state the store is as it says
      1    there are faults, each of which is named
      2    the database, the feed or the programme could not be opened
      130  stopped by Ctrl-C
    """
    check_source(feed, db)
    from referral_adapters.cli import trace_command

    run_to_exit(
        lambda: trace_command.verify(
            feed=feed, db=db, programme=programme, expected=expect, with_state=state, as_json=as_json
        )
    )


@trace_app.command()
def show(  # noqa: PLR0913 - one for each option
    subject: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT]", help="The subject as the trace names it, as account:A-1.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="What was done about an account and its side in referrals.")
    ] = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="What was done about a discount group.")] = None,
    contract: Annotated[
        str | None, typer.Option(metavar="ID", help="What was done about a contract and its referral.")
    ] = None,
    feed: FromFeed = None,
    db: AskedDatabase = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="MOMENT", help="The first moment, or day, to show.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="MOMENT", help="The last day to show, or a moment to stop at."),
    ] = None,
    act: Annotated[str | None, typer.Option(metavar="ACT", help="Show only rows of this act, as code.end.")] = None,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what was done: who, when, what, before, after and why.

    Name one subject: an account, a group, a contract, or a chain as the trace calls it; `programme` has cases and
    erasures. A terminal shows a table, a pipe gets one JSON object a line.

    \b
    Examples:
      referral trace show --account A-1 --db sqlite:///referral.db
      referral trace show --contract K-2 --feed feed.jsonl --act code.attach
      referral trace show programme --db sqlite:///referral.db --from 2021-03-01

    \b
    Exit status:
      0    the rows were shown, or there are none of that act and time
      1    there is no such subject or contract, or a row cannot be read
      2    the database, the feed or the programme could not be opened
      130  stopped by Ctrl-C
    """
    check_source(feed, db)
    from referral_adapters.cli import trace_command

    def work() -> int:
        selection = trace_command.TraceSelection.one_of(
            subject=subject, account=account, group=group, contract=contract
        )
        return trace_command.show(
            selection, feed=feed, db=db, programme=programme, since=since, until=until, act=act, as_json=as_json
        )

    run_to_exit(work)


@trace_app.command()
def seal(db: KeptDatabase, programme: ProgrammeFile = None, as_json: AsJson = False) -> None:
    """Set a seal over what has changed since the last one.

    Nothing is set when nothing has changed, so it may be run at any time. Publish the hash where those who write the
    trace cannot reach it.

    \b
    Examples:
      referral trace seal --db sqlite:///referral.db
      referral trace seal --db postgresql://sealer@host/referral >> seals.jsonl

    \b
    Exit status:
      0    a seal was set, or nothing had changed
      2    the database or the programme could not be opened
      130  stopped by Ctrl-C; no seal was set
    """
    from referral_adapters.cli import trace_command

    run_to_exit(lambda: trace_command.seal(db=db, programme=programme, as_json=as_json))
