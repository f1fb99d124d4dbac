"""The command ``referral`` and its options. What a command takes to run is imported when it is run."""

# ruff: noqa: PLC0415 - so that --help comes at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from referral_adapters.cli.acts_app import add_acts
from referral_adapters.cli.db_app import db_app
from referral_adapters.cli.exit_status import run_to_exit
from referral_adapters.cli.launch_app import import_app, issue_codes
from referral_adapters.cli.options import (
    AsJson,
    AskedDatabase,
    At,
    Balances,
    CodeKey,
    Database,
    Feed,
    FromFeed,
    KeptDatabase,
    KnownAt,
    ProgrammeFile,
    check_source,
)
from referral_adapters.cli.programme_app import programme_app
from referral_adapters.cli.trace_app import trace_app
from referral_adapters.cli.webhooks_app import webhooks_app

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(programme_app, name="programme", help="Look at the settings that the rules go by.")
app.add_typer(db_app, name="db", help="Look after a database: upgrade it, check it, copy it.")
app.add_typer(import_app, name="import", help="Bring in what a retailer going live already has.")
app.add_typer(trace_app, name="trace", help="Verify, show and seal the record of what was done.")
app.add_typer(webhooks_app, name="webhooks", help="Send what is published to webhooks, and see how they stand.")
add_acts(app)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        typer.echo(f"referral-core {version('referral-core')}")
    except PackageNotFoundError:
        typer.echo("referral-core, not installed")
    raise typer.Exit


@app.callback()
def referral(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Run a customer referral programme: who may use a promo code, what both sides earn, and when it is paid."""


@app.command()
def replay(  # noqa: PLR0913 - one for each option
    feed: Feed,
    db: Database = None,
    programme: ProgrammeFile = None,
    results: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the results there, one JSON object a line.")
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the closing summary there, as JSON.")
    ] = None,
    code_key: CodeKey = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first line that is refused or invalid.")
    ] = False,
    balances: Annotated[
        bool, typer.Option("--balances", help="Print a table of all closing balances instead of the results.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a feed, line after line, and tell what came of it.

    At a terminal the results and the closing balances are shown as tables; a pipe gets the results as JSON Lines.
    Everything happens in memory unless --db names a database. Ctrl-C stops after the line in progress: the results and
    the summary of what was done are still written. A second Ctrl-C ends at once.

    \b
    Examples:
      referral replay feed.jsonl
      extract | referral replay - --results results.jsonl --summary summary.json

    \b
    Exit status:
      0    no line was refused or invalid
      1    some lines were
      2    the feed, the programme, the database or a file could not be opened
      130  stopped by Ctrl-C (143: terminated, 141: the output pipe was closed)
    """
    from referral_adapters.cli import replay_command

    run_to_exit(
        lambda: replay_command.replay(
            feed,
            db=db,
            programme=programme,
            results=results,
            summary=summary,
            code_key=code_key,
            strict=strict,
            balances=balances,
            as_json=as_json,
        )
    )


@app.command()
def check(  # noqa: PLR0913 - one for each option
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="The promo code; case, blanks and hyphens do not matter.")
    ],
    feed: FromFeed = None,
    db: AskedDatabase = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="The customer who wants to use it.  [default: left open]")
    ] = None,
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="Where the sign-up happens.")] = "self-service",
    product: Annotated[str | None, typer.Option(metavar="PRODUCT", help="What the contract is to supply.")] = None,
    segment: Annotated[str | None, typer.Option(metavar="SEGMENT", help="To whom.")] = None,
    at: At = None,
    programme: ProgrammeFile = None,
    code_key: CodeKey = None,
    language: Annotated[str, typer.Option(metavar="LANGUAGE", help="The language of the reasons.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Judge a promo code: can it be used, and why not.

    Runs the feed in memory, or looks into the database, and judges the code by what it finds: whether it can be used,
    what both sides would get, or every reason why it cannot. A terminal shows words, a pipe gets one JSON object.

    \b
    Examples:
      referral check A123 --feed feed.jsonl
      referral check A123 --feed feed.jsonl --customer customer-B --at 2021-03-01

    \b
    Exit status:
      0  the code can be used
      1  it cannot
      2  the feed, the programme or the database could not be opened
    """
    check_source(feed, db)
    from referral_adapters.cli import check_command

    run_to_exit(
        lambda: check_command.check(
            check_command.CodeRequest(code=code, customer=customer, channel=channel, product=product, segment=segment),
            feed=feed,
            db=db,
            programme=programme,
            code_key=code_key,
            at=at,
            language=language,
            as_json=as_json,
        )
    )


@app.command()
def summary(
    feed: FromFeed = None,
    db: AskedDatabase = None,
    at: At = None,
    known_at: KnownAt = None,
    programme: ProgrammeFile = None,
    code_key: CodeKey = None,
    balances: Balances = False,
) -> None:
    """Print the summary of a feed or of a database.

    It is one JSON object: accounts with their balances, referrals, cases, liability, and the count of lines. The
    status of codes is that at the feed's last moment, or at --at, which moves nothing else. With --known-at all of the
    summary is what it was on an earlier day: without what was done, entered or corrected since.

    \b
    Examples:
      referral summary --feed feed.jsonl --at 2021-03-01 --balances
      referral summary --db sqlite:///referral.db --known-at 2021-03-01

    \b
    Exit status:
      0  the summary was printed
      2  the feed, the programme or the database could not be opened
    """
    check_source(feed, db)
    from referral_adapters.cli import replay_command

    run_to_exit(
        lambda: replay_command.summary(
            feed=feed, db=db, programme=programme, code_key=code_key, at=at, known_at=known_at, balances=balances
        )
    )


@app.command()
def explain(
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract that carries the referral.")],
    feed: FromFeed = None,
    db: AskedDatabase = None,
    known_at: KnownAt = None,
    programme: ProgrammeFile = None,
    code_key: CodeKey = None,
    as_json: AsJson = False,
) -> None:
    """Explain the amounts of a referral, and verify them.

    Names the moment at which the code was judged, the group of each side and why it applies, the version of the group
    that gave the amount, what staff decided otherwise and why, and what was corrected since. Then every figure is
    built again from history and compared with what is stored, traced and granted. A terminal shows words, a pipe gets
    one JSON object.

    \b
    Examples:
      referral explain contract-B --feed feed.jsonl
      referral explain contract-B --db sqlite:///referral.db --known-at 2021-03-01

    \b
    Exit status:
      0  every figure agrees with history
      1  some figure does not, or the contract carries no referral
      2  the feed, the programme or the database could not be opened
    """
    check_source(feed, db)
    from referral_adapters.cli import explain_command

    run_to_exit(
        lambda: explain_command.explain(
            contract,
            feed=feed,
            db=db,
            programme=programme,
            code_key=code_key,
            known_at=known_at,
            as_json=as_json,
        )
    )


app.command()(issue_codes)


@app.command()
def pay(  # noqa: PLR0913 - one for each option
    db: KeptDatabase,
    programme: ProgrammeFile = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="MOMENT", help="The moment to pay at, or a day.  [default: now]")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Pay also grants that wait, are stuck, or were left by a payer who died.")
    ] = False,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Pay at most this many grants.")] = None,
    stuck: Annotated[bool, typer.Option("--stuck", help="Pay nothing; list the grants that are stuck.")] = False,
    retry: Annotated[
        str | None, typer.Option(metavar="KEY", help="Pay nothing; have this grant tried again by the next run.")
    ] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="With --retry: why.")] = None,
    by: Annotated[str | None, typer.Option(metavar="ACTOR", help="With --retry: the supervisor who wants it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send what is due to billing, or see to what is stuck.

    Grants are sent page by page to the billing of the database. The run says how many it posted, and how many of all
    grants wait and are stuck. It may be repeated, run by several at once, and killed at any time. Ctrl-C stops after
    the grant in progress.

    \b
    Examples:
      referral pay --db sqlite:///referral.db
      referral pay --db sqlite:///referral.db --stuck

    \b
    Exit status:
      0    every grant is posted; with --stuck, none is stuck; with --retry, the
           grant is tried again by the next run, or posted already
      1    some grants wait or are stuck; with --retry, a rule says no
      2    the database or the programme could not be opened
      130  stopped by Ctrl-C (143: terminated, 141: the output pipe was closed)
    """
    _check_pay_options(everything=everything, limit=limit, stuck=stuck, retry=retry, reason=reason, by=by)
    from referral_adapters.cli import pay_command

    if retry is not None:
        run_to_exit(
            lambda: pay_command.retry(
                db, retry, programme=programme, at=at, by=by or "", reason=reason, as_json=as_json
            )
        )
    if stuck:
        run_to_exit(lambda: pay_command.stuck(db, programme=programme, at=at, as_json=as_json))
    run_to_exit(
        lambda: pay_command.pay(db, programme=programme, at=at, everything=everything, limit=limit, as_json=as_json)
    )


@app.command()
def erase(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    db: KeptDatabase,
    by: Annotated[str, typer.Option(metavar="ACTOR", help="The administrator who erases.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, without naming the customer.")],
    programme: ProgrammeFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a customer: a pseudonym takes their place.

    Id, first name and free text about the customer's accounts are removed. Accounts, codes, amounts and balances stay,
    and the trace still verifies. Every contract must have ended and every case be closed. It is one transaction.

    \b
    Examples:
      referral erase C-17 --db sqlite:///referral.db --by anu \\
        --reason "request 2021-44" --dry-run
      referral erase C-17 --db sqlite:///referral.db --by anu \\
        --reason "request 2021-44"

    \b
    Exit status:
      0    the customer was erased, or can be
      1    nobody was erased: there is no such customer, a contract or a case is
           open, or the reason names the customer
      2    the programme or the database could not be opened
      130  stopped by Ctrl-C; nobody was erased
    """
    from referral_adapters.cli import erase_command

    run_to_exit(
        lambda: erase_command.erase(
            customer, db=db, programme=programme, by=by, reason=reason, dry_run=dry_run, as_json=as_json
        )
    )


def _check_pay_options(
    *, everything: bool, limit: int | None, stuck: bool, retry: str | None, reason: str | None, by: str | None
) -> None:
    """Refuse options of ``referral pay`` that exclude each other.

    :raises typer.BadParameter: some do.
    """
    paying = everything or limit is not None
    if paying + stuck + (retry is not None) > 1:
        raise typer.BadParameter("pay, list what is stuck, or try again", param_hint="--all, --limit, --stuck, --retry")
    if (retry is None) != (by is None or not by.strip()) or (retry is None and reason is not None):
        raise typer.BadParameter("these go together", param_hint="--retry, --by, --reason")
