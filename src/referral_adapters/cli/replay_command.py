"""``referral replay``."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from referral_adapters.cli.atomic_file import AtomicFile, is_same_file
from referral_adapters.cli.balances_table import GLIMPSE, BalancesTable
from referral_adapters.cli.edge import give_up_output, say
from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.feed_source import STANDARD_INPUT, FeedSource
from referral_adapters.cli.json_text import json_page
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.progress import FeedProgress, progress_of
from referral_adapters.cli.replaying import Ending, Replay
from referral_adapters.cli.result_lines import FiledResults, NoResults, PipedResults, Results
from referral_adapters.cli.result_table import ResultTable
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.standard_output import standard_output
from referral_adapters.cli.stop_signals import StopSignals
from referral_adapters.cli.store import Use, open_store
from referral_adapters.feed import TOGETHER, FeedRunner
from referral_core.values.errors import ReferralError


def replay(  # noqa: PLR0913 - one for each option
    feed: str,
    *,
    db: str | None,
    programme: Path | None,
    results: Path | None,
    summary: Path | None,
    code_key: str | None,
    strict: bool,
    balances: bool,
    as_json: bool,
) -> int:
    """Run a feed and return the exit status; everything is opened before the first line is run.

    :raises CommandFailed: something cannot be opened, or the summary cannot be written.
    """
    _refuse_one_file_for_two(feed, results, summary)
    chosen = open_programme(programme)
    shown = balances or (sys.stdout.isatty() and not as_json)
    with ExitStack() as opened:
        store = opened.enter_context(open_store(db, chosen, code_key, Use.MAKE))
        source = opened.enter_context(FeedSource(feed))
        results_file = opened.enter_context(AtomicFile(results, "The results")) if results else None
        summary_file = opened.enter_context(AtomicFile(summary, "The summary")) if summary else None
        runner = FeedRunner(chosen, store)
        stop = opened.enter_context(StopSignals())
        with progress_of(source) as progress:
            taker = _results(results_file, source, progress, balances=balances, as_table=shown)
            # Who feeds lines in one by one wants to see what comes of each.
            together = 1 if source.size is None else TOGETHER
            ending = Replay(runner, taker, progress, together=together).run(source.lines(), stop, strict=strict)
        _tell(ending)
        told = _summary(runner, ending) if shown or summary_file else None
        if summary_file and told:
            summary_file.write(json_page(told))
            summary_file.commit()
    if shown and told and not ending.pipe_closed:
        BalancesTable(Screen.output(), chosen.currency, most=None if balances else GLIMPSE).show(told)
    return ending.status


def _summary(runner: FeedRunner, ending: Ending) -> dict[str, Any] | None:
    """Return the summary, or nothing where the store failed before and fails again."""
    try:
        return runner.summary()
    except ReferralError:
        if ending.failure is None:
            raise
        return None


def _tell(ending: Ending) -> None:
    if ending.pipe_closed:
        give_up_output()
    say(*ending.sentences())


def _results(
    file: AtomicFile | None, source: FeedSource, progress: FeedProgress, *, balances: bool, as_table: bool
) -> Results:
    if file is not None:
        return FiledResults(file)
    if balances:
        return NoResults()
    if as_table:
        return ResultTable(Screen.output(), progress)
    return PipedResults(standard_output(), live=source.size is None)


def _refuse_one_file_for_two(feed: str, results: Path | None, summary: Path | None) -> None:
    """Keep the feed from being replaced by what comes of it."""
    given = {"the feed": None if feed == STANDARD_INPUT else Path(feed), "--results": results, "--summary": summary}
    names = [name for name, path in given.items() if path is not None]
    paths = [path for path in given.values() if path is not None]
    for index, path in enumerate(paths):
        for other in range(index):
            if is_same_file(path, paths[other]):
                raise CommandFailed(f"{path} cannot be {names[other]} and {names[index]} at once.")
