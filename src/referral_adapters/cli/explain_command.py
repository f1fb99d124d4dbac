"""``referral explain``."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from referral_adapters.cli.edge import say
from referral_adapters.cli.explanation_json import explanation_json
from referral_adapters.cli.explanation_text import ExplanationText
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
from referral_core.programme.programme import Programme
from referral_core.services.explanation import Explanation
from referral_core.values.errors import Refusal
from referral_core.values.moment import LATEST

NOT_VERIFIED = 1


def explain(
    contract: str,
    *,
    feed: str | None,
    db: str | None,
    programme: Path | None,
    code_key: str | None,
    known_at: str | None,
    as_json: bool,
) -> int:
    """Explain a contract's referral after a feed, or in a database, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = given_moment(known_at, chosen.calendar, "--known-at") or LATEST
    with open_store(db, chosen, code_key, Use.ASK) as store:
        if feed is not None:
            QuietReplay(feed).run(FeedRunner(chosen, store))
        explanation = _explained(contract, chosen, store, moment)
    if explanation is None:
        return NOT_VERIFIED
    if as_json or not sys.stdout.isatty():
        output = standard_output()
        output.write(json_line(explanation_json(explanation, chosen.calendar)))
        output.flush()
    else:
        ExplanationText(explanation, chosen.calendar).show(Screen.output())
    return 0 if explanation.is_verified else NOT_VERIFIED


def _explained(contract: str, programme: Programme, store: FeedStore, at: datetime) -> Explanation | None:
    """Return the explanation, or say why there is none."""
    try:
        return ReferralDesk(programme, store).session(actor=Actor.system("command"), now=at).referrals.explain(contract)
    except Refusal as refusal:
        say(f"{refusal.message[:1].upper()}{refusal.message[1:]}.")
        return None
