"""``referral trace``, and the trace for people and for programs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import attrs
from rich.padding import Padding
from rich.text import Text

from referral_adapters.cli.arguments import COMMAND, parse_id, parse_period
from referral_adapters.cli.exit_status import WRONG, CommandFailed
from referral_adapters.cli.feed_replay import run_feed
from referral_adapters.cli.files import open_programme
from referral_adapters.cli.output import Screen, wants_json, write_json
from referral_adapters.cli.progress import row_count
from referral_adapters.cli.store import Use, existing_database, refusals_as_failures
from referral_adapters.cli.text import printable, quantity
from referral_adapters.feed import FeedRunner, FeedStore
from referral_core.acts import FOLLOWING
from referral_core.desk import ReferralDesk
from referral_core.entities.seal import Seal, Verification
from referral_core.entities.trace import (
    PROGRAMME_SUBJECT,
    State,
    TraceEntry,
    account_subject,
    group_subject,
    referral_subject,
)
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme
from referral_core.services.state_verification import StateVerification
from referral_core.services.trace import Trace
from referral_core.session import ACTS
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import Calendar


@attrs.frozen(kw_only=True)
class TraceSelection:
    """The rows that are to be shown: of a subject, an account, a group or a contract; one of the four is given."""

    subject: str | None
    account: str | None
    group: str | None
    contract: str | None

    @classmethod
    def one_of(cls, **given: str | None) -> TraceSelection:
        """Return the selection, its id in the form in which ids are kept.

        :raises CommandFailed: not exactly one of the four is given, or it is no id.
        """
        if sum(value is not None for value in given.values()) != 1:
            raise CommandFailed("Name one of a subject, an account, a group and a contract.")
        return cls(**{key: None if value is None else parse_id(value, f"--{key}") for key, value in given.items()})

    def check(self, store: Store) -> None:
        """Check that the subject exists: as an account, a referral or a group, or by its rows.

        :raises CommandFailed: there is no such subject.
        """
        subject = self._subject
        if self.contract is not None or subject == PROGRAMME_SUBJECT:
            return
        accounts, referrals, groups = account_subject(""), referral_subject(""), group_subject("")
        is_there = (
            (subject.startswith(accounts) and bool(store.contracts.of_account(subject.removeprefix(accounts))))
            or (subject.startswith(referrals) and store.referrals.find(subject.removeprefix(referrals)) is not None)
            or (subject.startswith(groups) and store.groups.find(subject.removeprefix(groups)) is not None)
            or next(iter(store.trace.chain(subject)), None) is not None
        )
        if not is_there:
            raise CommandFailed(f"The trace knows nothing of {subject}: there is no such subject.", WRONG)

    def rows(self, trace: Trace, period: EffectivePeriod | None, act: str | None) -> Iterator[TraceEntry]:
        """Return the rows of the selection."""
        if self.contract is not None:
            return trace.rows_of_contract(self.contract, period=period, act=act)
        if self.account is not None:
            return trace.rows_of_account(self.account, period=period, act=act)
        return trace.rows(self._subject, period=period, act=act)

    @property
    def _subject(self) -> str:
        if self.account is not None:
            return account_subject(self.account)
        return group_subject(self.group) if self.group is not None else self.subject or ""


def verify(
    *,
    feed: str | None,
    db: str | None,
    programme: Path | None,
    expected: str | None,
    with_state: bool,
    as_json: bool,
) -> int:
    """Verify the trace, and the stored state if it is asked for, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    state: StateVerification | None = None
    with existing_store(feed, db, chosen) as store, row_count() as show:
        trace = _trace(chosen, store)
        verified = trace.verify(expected=expected, told=show)
        if with_state:
            state = trace.verify_state(told=show)
    if wants_json(as_json):
        told = verification_json(verified, chosen.calendar)
        write_json([told if state is None else {**told, "state": state_json(state)}])
    else:
        screen = Screen.output()
        show_verification(verified, screen)
        if state is not None:
            show_state(state, screen)
    return 0 if verified.holds and (state is None or state.holds) else WRONG


def show(
    selection: TraceSelection,
    *,
    feed: str | None,
    db: str | None,
    programme: Path | None,
    since: str | None,
    until: str | None,
    act: str | None,
    as_json: bool,
) -> int:
    """Show rows of the trace and return the exit status.

    :raises CommandFailed: something cannot be opened, a row cannot be read, or there is no such contract.
    """
    chosen = open_programme(programme)
    period = parse_period(since, until, chosen.calendar)
    known_act = _known_act(act)
    with existing_store(feed, db, chosen) as store:
        selection.check(store)
        rows = selection.rows(_trace(chosen, store), period, known_act)
        if wants_json(as_json):
            write_json(row_json(row, chosen.calendar) for row in rows)
        else:
            show_trace(rows, chosen.calendar, Screen.output())
    return 0


def seal(*, db: str, programme: Path | None, as_json: bool) -> int:
    """Set a seal, unless nothing has changed, and return the exit status.

    :raises CommandFailed: the database cannot be opened.
    """
    chosen = open_programme(programme)
    with existing_database(db, Use.WRITE, chosen) as store:
        done = _trace(chosen, store).seal()
        # Seals come in order and may be many: only the last one is kept.
        last = done or next(iter(deque(store.trace.seals(), maxlen=1)), None)
    if wants_json(as_json):
        write_json([{"set": done is not None, "seal": None if last is None else seal_json(last, chosen.calendar)}])
    else:
        Screen.output().print(_sentence(done, last))
    return 0


@contextmanager
def existing_store(feed: str | None, db: str | None, programme: Programme) -> Iterator[FeedStore]:
    """Open the database at ``db`` to look at it, or run ``feed`` in memory; one of the two is given.

    :raises CommandFailed: it cannot be opened, or fails while it is used.
    """
    if db is not None:
        with existing_database(db, Use.READ, programme) as store:
            yield store
        return
    from referral_adapters.memory import MemoryStore  # noqa: PLC0415

    in_memory = MemoryStore(programme)
    run_feed(str(feed), FeedRunner(programme, in_memory))
    with refusals_as_failures():
        yield in_memory


def _sentence(done: Seal | None, last: Seal | None) -> str:
    if done is not None:
        return f"Seal {done.number} is set over {quantity(done.heads, 'chain')}; its hash is {done.hash}."
    if last is not None:
        return f"Nothing has changed since seal {last.number}, whose hash is {last.hash}."
    return "There is nothing to seal."


def _trace(programme: Programme, store: Store) -> Trace:
    return ReferralDesk(programme, store).session(actor=COMMAND, now=datetime.now(UTC)).trace


def _known_act(name: str | None) -> str | None:
    known = {*ACTS, *FOLLOWING}
    if name is None or name in known:
        return name
    raise CommandFailed(f"--act: There is no act {name}; the acts are {', '.join(sorted(known))}.")


_WHEN: Final = len("2021-03-01 09:00+02:00")
_ACT: Final = 22
_ABOUT: Final = frozenset({"case", "code", "contract", "customer", "grant"})
"""The fields that say what an act was about: they are shown also where they did not change."""
_BELOW: Final = (0, 0, 0, 7)


class TraceTable:
    """Shows rows one after the other, and keeps none: who did what when, and below it what changed and why."""

    def __init__(self, screen: Screen, calendar: Calendar) -> None:
        self._screen, self._calendar = screen, calendar
        self._subject: str | None = None

    def show(self, row: TraceEntry) -> None:
        """Show one row, after a heading where its subject is another one than the last."""
        if row.subject != self._subject:
            self._subject = row.subject
            self._screen.print(Text(printable(row.subject), style="bold"))
        when = self._calendar.text(row.moment)
        who = Text("erased", style="dim") if row.actor is None else Text(printable(row.actor))
        line = Text.assemble(
            (f"{row.number:>5}  ", "dim"), f"{when:<{_WHEN}}  {row.act:<{_ACT}}  ", who, f" ({row.role})"
        )
        self._screen.print(line)
        for change in changes(row.before, row.after):
            self._screen.print(Padding(Text(printable(change)), _BELOW, expand=False))
        if row.reason is not None:
            self._screen.print(Padding(Text(printable(row.reason), style="italic"), _BELOW, expand=False))


def show_trace(rows: Iterable[TraceEntry], calendar: Calendar, screen: Screen) -> None:
    """Show rows as they come."""
    table = TraceTable(screen, calendar)
    for row in rows:
        table.show(row)


def changes(before: State | None, after: State | None) -> Iterator[str]:
    """Yield what an act was about and what it changed, each in a few words."""
    old, new = before or {}, after or {}
    for name in sorted({*old, *new}, key=lambda name: (name not in _ABOUT, name)):
        was, now = old.get(name), new.get(name)
        if was == now or was is None:
            if now is not None and (was is None or name in _ABOUT):
                yield f"{name}: {now}"
        else:
            yield f"{name}: {was} → {'–' if now is None else now}"


def row_json(row: TraceEntry, calendar: Calendar) -> dict[str, Any]:
    """Return a row as an object; its personal part is ``null`` where it was erased."""
    return {
        "subject": row.subject,
        "number": row.number,
        "moment": calendar.local(row.moment).isoformat(),
        "actor": row.actor,
        "role": row.role.value,
        "act": row.act,
        "before": row.before,
        "after": row.after,
        "reason": row.reason,
        "hash": row.hash,
    }


def seal_json(seal: Seal, calendar: Calendar) -> dict[str, Any]:
    """Return a seal as an object."""
    moment = calendar.local(seal.moment).isoformat()
    return {"number": seal.number, "moment": moment, "heads": seal.heads, "hash": seal.hash}


def verification_json(verified: Verification, calendar: Calendar) -> dict[str, Any]:
    """Return a verification as an object."""
    return {
        "whole": verified.holds,
        "rows": verified.rows,
        "chains": verified.chains,
        "erased": verified.erased,
        "unsealed": verified.unsealed,
        "seals": verified.seals,
        "last_seal": None if verified.last is None else seal_json(verified.last, calendar),
        "faults": [
            {"subject": fault.subject, "number": fault.number, "fault": fault.what} for fault in verified.faults
        ],
        "more": verified.more,
    }


def state_json(state: StateVerification) -> dict[str, Any]:
    """Return a verification of the stored state as an object."""
    return {
        "whole": state.holds,
        "compared": state.compared,
        "in_words": state.in_words,
        "not_covered": {"contracts": state.contracts, "bills": state.bills},
        "faults": [{"subject": fault.subject, "stored": fault.what, "fault": fault.how} for fault in state.faults],
        "more": state.more,
    }


def show_state(state: StateVerification, screen: Screen) -> None:
    """Show a verification of the stored state: every fault on a line of its own, then what was compared."""
    for fault in state.faults:
        screen.print(Text(printable(str(fault)), style="red"), soft_wrap=True)
    if state.more:
        screen.print(Text(f"… and {state.more:,} more", style="red"))
    count = len(state.faults) + state.more
    headline = (
        "What is stored is what the trace says" if state.holds else f"What is stored has {quantity(count, 'fault')}"
    )
    style = "bold green" if state.holds else "bold red"
    screen.print(Text(f"{headline}: {quantity(state.compared, 'state')} compared.", style=style))
    if state.in_words:
        screen.print(
            Text(f"{quantity(state.in_words, 'state')} of an earlier version compared in part, as its rows say it.")
        )
    for left, what in ((state.contracts, "contract"), (state.bills, "bill")):
        if left:
            of = "it" if left == 1 else "them"
            screen.print(Text(f"{quantity(left, what)} not covered: an earlier version left no row of {of}."))


def show_verification(verified: Verification, screen: Screen) -> None:
    """Show a verification: every fault on a line of its own, then the counts of what was read."""
    for fault in verified.faults:
        screen.print(Text(printable(str(fault)), style="red"))
    if verified.more:
        screen.print(Text(f"… and {verified.more:,} more", style="red"))
    count = len(verified.faults) + verified.more
    headline = "The trace is whole" if verified.holds else f"The trace has {quantity(count, 'fault')}"
    screen.print(
        Text(
            f"{headline}: {quantity(verified.rows, 'row')} in {quantity(verified.chains, 'chain')},"
            f" {quantity(verified.seals, 'seal')}.",
            style="bold green" if verified.holds else "bold red",
        )
    )
    if verified.last is not None:
        screen.print(Text(f"The hash of seal {verified.last.number} is {verified.last.hash}."))
    if verified.unsealed:
        screen.print(Text(f"{quantity(verified.unsealed, 'row')} under no seal yet."))
    if verified.erased:
        screen.print(Text(f"{quantity(verified.erased, 'row')} whose persons were erased."))
