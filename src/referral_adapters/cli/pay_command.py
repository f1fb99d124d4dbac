"""``referral pay``, and the table of stuck grants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import attrs
from rich.text import Text

from referral_adapters.cli.arguments import COMMAND, parse_actor, parse_moment
from referral_adapters.cli.exit_status import WRONG, CommandFailed, StopSignals, status_of
from referral_adapters.cli.files import open_programme
from referral_adapters.cli.output import MOST_ROWS, Screen, table_of, wants_json, write_json
from referral_adapters.cli.progress import Spinner, spinner
from referral_adapters.cli.store import Use, open_store
from referral_adapters.cli.text import printable, say
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Role
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.reversal import Reversal, ReversalStatus
from referral_core.ports.grants import Postings
from referral_core.services.payouts import Backlog, Payouts, PayRun, can_be_sent
from referral_core.values.errors import Refusal
from referral_core.values.moment import Calendar

_FATES: Final[dict[str, str]] = {
    GrantStatus.GRANTED: "is granted",
    GrantStatus.SENDING: "is being sent at the moment",
    ReversalStatus.TAKEN_BACK: "is taken back",
    ReversalStatus.WAITING: "waits until billing tells of its grant",
}
PAGE: Final = 1_000
"""The grants that are paid at one moment, before the clock is read again."""


@attrs.frozen(kw_only=True)
class Pay:
    """A run of paying: what is due, or everything; at one moment, or by the clock; up to ``limit`` grants."""

    desk: ReferralDesk
    at: datetime | None
    everything: bool
    limit: int | None

    def run(self, stop: StopSignals, progress: Spinner) -> PayRun:
        """Pay page by page until nothing is left to be tried now, or a signal comes."""
        total = PayRun()
        progress.tell(_words(total))
        for page in self._everything(stop) if self.everything else self._due(stop):
            total += page
            progress.tell(_words(total))
        return total

    def _due(self, stop: StopSignals) -> Iterator[PayRun]:
        left = self.limit
        while left != 0 and not stop.is_asked():
            most = PAGE if left is None else min(PAGE, left)
            page = self.payouts.pay_due(most=most, stop=stop.is_asked)
            if not page.tried:  # what is left waits for its time
                return
            yield page
            left = None if left is None else left - page.tried

    def _everything(self, stop: StopSignals) -> Iterator[PayRun]:
        left = self.limit
        kinds: tuple[Postings[Any], ...] = (self.desk.store.grants, self.desk.store.reversals)
        for kind in kinds:
            postings = islice(filter(can_be_sent, kind.all(unsettled=True)), left)
            while not stop.is_asked() and (page := tuple(islice(postings, PAGE))):
                yield self.payouts.pay(page, stop=stop.is_asked)
                left = None if left is None else left - len(page)

    @property
    def payouts(self) -> Payouts:
        """The payouts at the moment that was given, or at the present moment."""
        return self.desk.session(actor=COMMAND, now=self.at or datetime.now(UTC)).payouts


def _words(run: PayRun) -> str:
    taken_back = f", {run.taken_back:,} taken back" if run.taken_back else ""
    return f"paying: {run.granted:,} granted{taken_back}, {run.delayed + run.given_up:,} failed"


def pay(db: str, *, programme: Path | None, at: str | None, everything: bool, limit: int | None, as_json: bool) -> int:
    """Send what is due to the store's billing, print what was granted and what is left, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = parse_moment(at, chosen.calendar)
    with open_store(db, chosen, None, Use.WRITE) as store:
        paying = Pay(desk=ReferralDesk(chosen, store), at=moment, everything=everything, limit=limit)
        with StopSignals() as stop, spinner() as progress:
            run = paying.run(stop, progress)
        backlog = paying.payouts.backlog()
    _print_counts(run, backlog, as_json=wants_json(as_json))
    if stop.caught is not None:
        say("Stopped after the grant in progress; the next run pays what is left.")
        return status_of(stop.caught)
    return WRONG if backlog.waiting or backlog.stuck else 0


def stuck(db: str, *, programme: Path | None, at: str | None, as_json: bool) -> int:
    """List the grants and reversals that are stuck and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = parse_moment(at, chosen.calendar) or datetime.now(UTC)
    with open_store(db, chosen, None, Use.READ) as store:
        found = ReferralDesk(chosen, store).session(actor=COMMAND, now=moment).payouts.stuck()
        lines = (stuck_line(each, chosen.calendar) for each in found)
        listed = write_json(lines) if wants_json(as_json) else show_stuck(lines, Screen.output())
    return WRONG if listed else 0


def retry(
    db: str, key: str, *, programme: Path | None, at: str | None, by: str, reason: str | None, as_json: bool
) -> int:
    """Have a grant or a reversal tried again by the next run, on behalf of a supervisor, and return the exit status.

    :raises CommandFailed: something cannot be opened, or a rule says no.
    """
    chosen = open_programme(programme)
    moment = parse_moment(at, chosen.calendar) or datetime.now(UTC)
    with open_store(db, chosen, None, Use.WRITE) as store:
        session = ReferralDesk(chosen, store).session(actor=parse_actor(Role.SUPERVISOR, by), now=moment)
        try:
            grant = session.payouts.retry(key, reason=reason)
        except Refusal as refusal:
            raise CommandFailed(f"{refusal}.", WRONG) from None
    if wants_json(as_json):
        write_json([{"key": grant.key, "status": grant.status.value, "attempts": grant.attempts}])
    else:
        Screen.output().print(f"{printable(grant.key)} {_FATES.get(grant.status, 'is tried again by the next run')}.")
    return 0


def _print_counts(run: PayRun, backlog: Backlog, *, as_json: bool) -> None:
    """Print how many grants the run posted, and how many of all grants wait and are stuck."""
    counts = {"granted": run.granted, "taken_back": run.taken_back, **attrs.asdict(backlog)}
    if as_json:
        write_json([counts])
        return
    screen, width = Screen.output(), len(f"{max(counts.values()):,}")
    for name, count in counts.items():
        screen.print(f"{name.replace('_', ' '):<10} {count:>{width},}")


def stuck_line(posting: Grant | Reversal, calendar: Calendar) -> dict[str, Any]:
    """Return a stuck grant or reversal as an object: amounts as text, moments in the programme's zone.

    The amount of a reversal is not known before billing took it back.
    """
    return {
        "key": posting.key,
        "account": posting.account,
        "amount": None if posting.amount is None else str(posting.amount.amount),
        "attempts": posting.attempts,
        "problem": posting.problem,
        "since": None if posting.failed_at is None else calendar.local(posting.failed_at).isoformat(),
    }


def show_stuck(lines: Iterable[dict[str, Any]], screen: Screen) -> int:
    """Show the first stuck grants as a table, count the others, and return how many there are."""
    rest = iter(lines)
    shown = [*islice(rest, MOST_ROWS)]
    more = sum(1 for _ in rest)
    if not shown:
        screen.print("Nothing is stuck.")
        return 0
    screen.print(table_of(shown, right={"amount", "attempts"}))
    if more:
        screen.print(Text(f"… {more:,} more; a pipe gets them all", style="dim"))
    return len(shown) + more
