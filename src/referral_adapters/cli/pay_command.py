"""``referral pay``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import attrs

from referral_adapters.cli.edge import say
from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.given_moment import given_moment
from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.pay_progress import PayProgress, pay_progress
from referral_adapters.cli.printable import printable
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.standard_output import standard_output
from referral_adapters.cli.stop_signals import StopSignals
from referral_adapters.cli.store import Use, open_store
from referral_adapters.cli.stuck_table import show_stuck, stuck_line
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor, Role
from referral_core.entities.grant import GrantStatus
from referral_core.services.payouts import Backlog, Payouts, PayRun
from referral_core.values.errors import Refusal

NOT_ALL_GRANTED: Final = 1
REFUSED: Final = 1
COMMAND: Final = Actor.system("command")
_FATES: Final = {GrantStatus.GRANTED: "is granted", GrantStatus.SENDING: "is being sent at the moment"}
PAGE: Final = 1_000
"""How many legs are paid between two looks at the clock."""


@attrs.frozen(kw_only=True)
class Pay:
    """A run of paying: what is due, or everything; at one moment, or as the clock goes on; up to so many legs."""

    desk: ReferralDesk
    at: datetime | None
    everything: bool
    limit: int | None

    def run(self, stop: StopSignals, progress: PayProgress) -> PayRun:
        """Pay page by page until nothing is left to be tried now, or until stopped."""
        total = PayRun()
        for page in self._everything(stop) if self.everything else self._due(stop):
            total += page
            progress.show(total)
        return total

    def _due(self, stop: StopSignals) -> Iterator[PayRun]:
        left = self.limit
        while left != 0 and not stop.is_asked():
            most = PAGE if left is None else min(PAGE, left)
            page = self.payouts.pay_due(most=most, stop=stop.is_asked)
            if not page.tried:
                return
            yield page
            left = None if left is None else left - page.tried

    def _everything(self, stop: StopSignals) -> Iterator[PayRun]:
        legs = islice(self.desk.store.grants.all(unsettled=True), self.limit)
        while not stop.is_asked() and (page := tuple(islice(legs, PAGE))):
            yield self.payouts.pay(page, stop=stop.is_asked)

    @property
    def payouts(self) -> Payouts:
        """The payouts as they stand at the moment that was given, or else at the present one."""
        return self.desk.session(actor=COMMAND, now=self.at or datetime.now(UTC)).payouts


def pay(db: str, *, programme: Path | None, at: str | None, everything: bool, limit: int | None, as_json: bool) -> int:
    """Send what is due to the store's billing, say what came of it and what is left, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = given_moment(at, chosen.calendar)
    with open_store(db, chosen, None, Use.ACT) as store:
        paying = Pay(desk=ReferralDesk(chosen, store), at=moment, everything=everything, limit=limit)
        with StopSignals() as stop, pay_progress() as progress:
            run = paying.run(stop, progress)
        backlog = paying.payouts.backlog()
    _tell(run, backlog, as_json=as_json or not sys.stdout.isatty())
    if stop.caught is not None:
        say("Stopped after the leg in progress; the next run pays what is left.")
        return 128 + stop.caught
    return NOT_ALL_GRANTED if backlog.waiting or backlog.stuck else 0


def stuck(db: str, *, programme: Path | None, at: str | None, as_json: bool) -> int:
    """List the legs that are stuck and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = given_moment(at, chosen.calendar) or datetime.now(UTC)
    with open_store(db, chosen, None, Use.ASK) as store:
        legs = ReferralDesk(chosen, store).session(actor=COMMAND, now=moment).payouts.stuck()
        lines = (stuck_line(leg, chosen.calendar) for leg in legs)
        listed = _write(lines) if as_json or not sys.stdout.isatty() else show_stuck(lines, Screen.output())
    return NOT_ALL_GRANTED if listed else 0


def retry(
    db: str, key: str, *, programme: Path | None, at: str | None, by: str, reason: str | None, as_json: bool
) -> int:
    """Have a leg tried again by the next run, on behalf of a supervisor, and return the exit status.

    :raises CommandFailed: something cannot be opened, or a rule says no.
    """
    chosen = open_programme(programme)
    moment = given_moment(at, chosen.calendar) or datetime.now(UTC)
    with open_store(db, chosen, None, Use.ACT) as store:
        session = ReferralDesk(chosen, store).session(actor=Actor(by, Role.SUPERVISOR), now=moment)
        try:
            leg = session.payouts.retry(key, reason=reason)
        except Refusal as refusal:
            raise CommandFailed(f"{refusal}.", REFUSED) from None
    if as_json or not sys.stdout.isatty():
        _write([{"key": leg.key, "status": leg.status.value, "attempts": leg.attempts}])
    else:
        Screen.output().print(f"{printable(leg.key)} {_FATES.get(leg.status, 'is tried again by the next run')}.")
    return 0


def _tell(run: PayRun, backlog: Backlog, *, as_json: bool) -> None:
    """Say how many legs the run granted, and how many of all legs wait and are stuck."""
    told = {"granted": run.granted, **attrs.asdict(backlog)}
    if as_json:
        _write([told])
        return
    screen, width = Screen.output(), len(f"{max(told.values()):,}")
    for name, count in told.items():
        screen.print(f"{name:<8} {count:>{width},}")


def _write(lines: Iterable[dict[str, Any]]) -> int:
    """Write JSON Lines and return how many there were."""
    output, written = standard_output(), 0
    for line in lines:
        output.write(json_line(line))
        written += 1
    output.flush()
    return written
