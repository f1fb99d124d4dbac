"""``referral issue-codes``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.given_moment import given_moment
from referral_adapters.cli.import_command import LAUNCH
from referral_adapters.cli.kept_store import WRONG
from referral_adapters.cli.launch_ending import LaunchEnding, Stopwatch, close_with
from referral_adapters.cli.launch_progress import LaunchProgress, launch_progress
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.seldom_collecting import seldom_collecting
from referral_adapters.cli.stop_signals import StopSignals
from referral_adapters.cli.store import Use, open_store
from referral_adapters.launch import CodeRun
from referral_core.values.errors import CodeSpaceExhausted


def issue_codes(
    *,
    db: str,
    programme: Path | None,
    code_key: str | None,
    at: str | None,
    limit: int | None,
    page: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Issue a code to every account that is due its first one, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = given_moment(at, chosen.calendar) or datetime.now(UTC)
    with ExitStack() as opened:
        store = opened.enter_context(open_store(db, chosen, code_key, Use.ASK if dry_run else Use.ACT))
        run = CodeRun(chosen, store, at=moment, actor=LAUNCH, page=page, most=limit, dry=dry_run)
        stop = opened.enter_context(StopSignals())
        watch = Stopwatch()
        with seldom_collecting(), launch_progress("accounts", store.contracts.count_accounts(), "codes") as progress:
            failure = _run(run, stop.lines(repeat(None)), progress)
        ending = LaunchEnding(stop.caught if not run.is_done else None, failure)
        ending.tell(f"after {run.looked_at:,} accounts")
    _close(run, watch, dry_run=dry_run, as_json=as_json)
    return ending.status(0)


def _run(run: CodeRun, turns: Iterator[None], progress: LaunchProgress) -> CommandFailed | None:
    try:
        while not run.is_done and next(turns, turns) is None:
            run.take()
            progress.show(run.looked_at, run.issued)
    except CodeSpaceExhausted as exhausted:
        return CommandFailed(f"No more codes can be issued: {exhausted}.", WRONG)
    return None


def _close(run: CodeRun, watch: Stopwatch, *, dry_run: bool, as_json: bool) -> None:
    rate = watch.rate(run.issued)
    would = "would be " if dry_run else ""
    close_with(
        f"{run.looked_at:,} accounts: {run.issued:,} codes {would}issued; {rate:,} codes a second.",
        {"accounts": run.looked_at, "issued": run.issued, "codes_per_second": rate, "dry_run": dry_run},
        as_json=as_json,
    )
