"""``referral trace``."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import attrs

from referral_adapters.cli.counted import counted
from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.given_moment import given_period
from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.kept_store import WRONG, kept_database, kept_store
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.row_count import row_count
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.standard_output import standard_output
from referral_adapters.cli.store import Use
from referral_adapters.cli.trace_text import row_json, seal_json, show_trace, show_verification, verification_json
from referral_core.acts import FOLLOWING
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.entities.seal import Seal
from referral_core.entities.trace import (
    PROGRAMME_SUBJECT,
    TraceEntry,
    account_subject,
    group_subject,
    referral_subject,
)
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme
from referral_core.services.trace import Trace
from referral_core.session import ACTS
from referral_core.values.effective_period import EffectivePeriod

COMMAND: Final = Actor.system("command")


@attrs.frozen(kw_only=True)
class AskedFor:
    """Whose rows are asked for; one of the four is given."""

    subject: str | None
    account: str | None
    group: str | None
    contract: str | None

    @classmethod
    def one_of(cls, **given: str | None) -> AskedFor:
        """Return what is asked for.

        :raises CommandFailed: it is not exactly one.
        """
        if sum(value is not None for value in given.values()) != 1:
            raise CommandFailed("Name one of a subject, an account, a group and a contract.")
        return cls(**given)

    def check(self, store: Store) -> None:
        """Say so when it is nobody's: no account, referral or group that is there, nor anything with rows.

        :raises CommandFailed: it is nobody's.
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
        """Return the rows."""
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


def verify(*, feed: str | None, db: str | None, programme: Path | None, expected: str | None, as_json: bool) -> int:
    """Verify the trace and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    with kept_store(feed, db, chosen) as store, row_count() as told:
        verified = _trace(chosen, store).verify(expected=expected, told=told)
    if as_json or not sys.stdout.isatty():
        _print(verification_json(verified, chosen.calendar))
    else:
        show_verification(verified, Screen.output())
    return 0 if verified.holds else WRONG


def show(
    asked: AskedFor,
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
    period = given_period(since, until, chosen.calendar)
    wanted = _act(act)
    with kept_store(feed, db, chosen) as store:
        asked.check(store)
        rows = asked.rows(_trace(chosen, store), period, wanted)
        if as_json or not sys.stdout.isatty():
            output = standard_output()
            try:
                for row in rows:
                    output.write(json_line(row_json(row, chosen.calendar)))
            finally:
                output.flush()
        else:
            show_trace(rows, chosen.calendar, Screen.output())
    return 0


def seal(*, db: str, programme: Path | None, as_json: bool) -> int:
    """Set a seal, unless nothing has changed, and return the exit status.

    :raises CommandFailed: the database cannot be opened.
    """
    chosen = open_programme(programme)
    with kept_database(db, Use.ACT) as store:
        done = _trace(chosen, store).seal()
        last = done or next(iter(deque(store.trace.seals(), maxlen=1)), None)
    if as_json or not sys.stdout.isatty():
        _print({"set": done is not None, "seal": None if last is None else seal_json(last, chosen.calendar)})
    else:
        Screen.output().print(_sentence(done, last))
    return 0


def _sentence(done: Seal | None, last: Seal | None) -> str:
    if done is not None:
        return f"Seal {done.number} is set over {counted(done.heads, 'chain')}; its hash is {done.hash}."
    if last is not None:
        return f"Nothing has changed since seal {last.number}, whose hash is {last.hash}."
    return "There is nothing to seal."


def _trace(programme: Programme, store: Store) -> Trace:
    return ReferralDesk(programme, store).session(actor=COMMAND, now=datetime.now(UTC)).trace


def _act(name: str | None) -> str | None:
    known = {*ACTS, *FOLLOWING}
    if name is None or name in known:
        return name
    raise CommandFailed(f"--act: There is no act {name}; the acts are {', '.join(sorted(known))}.")


def _print(value: dict[str, Any]) -> None:
    output = standard_output()
    output.write(json_line(value))
    output.flush()
