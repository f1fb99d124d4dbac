"""``referral summary``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from referral_adapters.cli.balances_table import BalancesTable
from referral_adapters.cli.given_moment import given_moment
from referral_adapters.cli.json_text import json_page
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.quiet_replay import QuietReplay
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.standard_output import standard_output
from referral_adapters.cli.store import Use, open_store
from referral_adapters.feed import FeedRunner


def summary(
    *,
    feed: str | None,
    db: str | None,
    programme: Path | None,
    code_key: str | None,
    at: str | None,
    known_at: str | None,
    balances: bool,
) -> int:
    """Print the summary of a feed, or of a database, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = given_moment(at, chosen.calendar)
    known = given_moment(known_at, chosen.calendar, "--known-at")
    with open_store(db, chosen, code_key, Use.ASK) as store:
        runner = FeedRunner(chosen, store)
        if feed is not None:
            QuietReplay(feed).run(runner)
        told = runner.summary(moment or known or runner.clock or datetime.now(UTC), known_at=known)
    if balances:
        BalancesTable(Screen.output(), chosen.currency).show(told)
    else:
        output = standard_output()
        output.write(json_page(told))
        output.flush()
    return 0
