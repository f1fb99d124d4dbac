"""``referral check``, and decisions for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
from rich.padding import Padding
from rich.text import Text

from referral_adapters.cli.arguments import COMMAND, parse_moment
from referral_adapters.cli.exit_status import WRONG, CommandFailed
from referral_adapters.cli.feed_replay import run_feed
from referral_adapters.cli.files import open_programme
from referral_adapters.cli.output import Screen, wants_json, write_json
from referral_adapters.cli.store import Use, open_store
from referral_adapters.cli.text import printable, say
from referral_adapters.feed import FeedRunner, FeedStore
from referral_adapters.feed.result import verdict
from referral_core.desk import ReferralDesk
from referral_core.programme.messages import Messages
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision
from referral_core.values.moment import Calendar


@attrs.frozen(kw_only=True)
class CodeRequest:
    """The question about a code; what is ``None`` is left open."""

    code: str
    customer: str | None
    channel: str
    product: str | None
    segment: str | None

    def decision(self, programme: Programme, store: FeedStore, at: datetime) -> Decision:
        """Return the decision; nothing is changed."""
        return (
            ReferralDesk(programme, store)
            .session(actor=COMMAND, now=at)
            .codes.check(
                self.code,
                channel=self.channel,
                customer=self.customer,
                product=self.product,
                segment=self.segment,
            )
        )


def check(
    request: CodeRequest,
    *,
    feed: str | None,
    db: str | None,
    programme: Path | None,
    code_key: str | None,
    at: str | None,
    language: str,
    as_json: bool,
) -> int:
    """Judge a code after a feed, or in a database, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    _refuse_unknown(language)
    chosen = open_programme(programme)
    moment = parse_moment(at, chosen.calendar)
    with open_store(db, chosen, code_key, Use.READ) as store:
        if feed is not None:
            moment = _replayed(feed, FeedRunner(chosen, store), moment)
        decision = request.decision(chosen, store, moment or datetime.now(UTC))
    if wants_json(as_json):
        write_json([decision_json(decision, chosen.calendar)])
    else:
        show_decision(decision, language, Screen.output())
    return 0 if decision.usable else WRONG


def _replayed(feed: str, runner: FeedRunner, at: datetime | None) -> datetime | None:
    faulty = run_feed(feed, runner).faulty
    if faulty:
        say(f"{faulty:,} {'line of the feed was' if faulty == 1 else 'lines of the feed were'} refused or invalid.")
    return at or runner.clock


def _refuse_unknown(language: str) -> None:
    try:
        Messages.for_language(language)
    except LookupError as error:
        raise CommandFailed(f"--language: {error.args[0]}.") from None


def show_decision(decision: Decision, language: str, screen: Screen) -> None:
    """Show a decision; the first line says whether the code can be used."""
    headline, *causes = map(printable, decision.lines(language))
    screen.print(Text(headline, style="bold green" if decision.usable else "bold red"))
    for cause in causes:
        screen.print(Padding(Text(cause.strip()), (0, 0, 0, 2)))


def decision_json(decision: Decision, calendar: Calendar) -> dict[str, Any]:
    """Return a decision in the words of a feed's results."""
    return {
        "code": decision.code,
        "judged_at": calendar.local(decision.judged_at).isoformat(),
        "reasons": [reason.value for reason in decision.reasons],
        **verdict(decision),
    }
