"""``referral check``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import attrs

from referral_adapters.cli.decision_text import decision_json, show_decision
from referral_adapters.cli.edge import say
from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.given_moment import given_moment
from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.quiet_replay import QuietReplay
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.standard_output import standard_output
from referral_adapters.cli.store import Use, open_store
from referral_adapters.feed import FeedRunner, FeedStore
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.programme.messages import Messages
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision

NOT_USABLE = 1


@attrs.frozen(kw_only=True)
class Asked:
    """What is asked about a code; what is ``None`` is left open."""

    code: str
    customer: str | None
    channel: str
    product: str | None
    segment: str | None

    def answer(self, programme: Programme, store: FeedStore, at: datetime) -> Decision:
        """Return the decision; nothing is changed."""
        return (
            ReferralDesk(programme, store)
            .session(actor=Actor.system("command"), now=at)
            .codes.check(
                self.code,
                channel=self.channel,
                customer=self.customer,
                product=self.product,
                segment=self.segment,
            )
        )


def check(
    asked: Asked,
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
    moment = given_moment(at, chosen.calendar)
    with open_store(db, chosen, code_key, Use.ASK) as store:
        if feed is not None:
            moment = _replayed(feed, FeedRunner(chosen, store), moment)
        decision = asked.answer(chosen, store, moment or datetime.now(UTC))
    if as_json or not sys.stdout.isatty():
        output = standard_output()
        output.write(json_line(decision_json(decision, chosen.calendar)))
        output.flush()
    else:
        show_decision(decision, language, Screen.output())
    return 0 if decision.usable else NOT_USABLE


def _replayed(feed: str, runner: FeedRunner, at: datetime | None) -> datetime | None:
    faulty = QuietReplay(feed).run(runner).faulty
    if faulty:
        say(f"{faulty:,} {'line of the feed was' if faulty == 1 else 'lines of the feed were'} refused or invalid.")
    return at or runner.clock


def _refuse_unknown(language: str) -> None:
    try:
        Messages.for_language(language)
    except LookupError as error:
        raise CommandFailed(f"--language: {error.args[0]}.") from None
