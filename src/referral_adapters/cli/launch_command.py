"""``referral import contracts`` and ``referral issue-codes``: the day of the launch."""

from __future__ import annotations

import gc
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import Any, Final, Protocol

import attrs

from referral_adapters.cli.arguments import parse_moment
from referral_adapters.cli.exit_status import WRONG, CommandFailed, StopSignals, how_stopped, status_of
from referral_adapters.cli.files import AtomicFile, is_same_file, open_programme
from referral_adapters.cli.output import json_line, standard_output, wants_json
from referral_adapters.cli.progress import LaunchProgress, launch_progress
from referral_adapters.cli.store import Use, open_store
from referral_adapters.cli.text import say
from referral_adapters.launch import (
    CodeRun,
    ContractFile,
    FileRefused,
    ImportRun,
    Rehearsal,
    Reject,
    RejectLines,
    SourceRow,
    open_contracts,
    pages,
)
from referral_core.entities.actor import Actor
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme
from referral_core.values.errors import CodeSpaceExhausted

LAUNCH: Final = Actor.system("launch")
"""The actor of the acts of the launch."""
_GLIMPSE: Final = 10
"""The rejects that are said on standard error where no file was asked for."""


def import_contracts(  # noqa: PLR0913 - one for each option
    file: Path,
    *,
    db: str,
    programme: Path | None,
    rejects: Path | None,
    kind: str | None,
    at: str | None,
    page: int,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Import a file of contracts and return the exit status; everything is opened before the first row is imported.

    :raises CommandFailed: something cannot be opened, or the file is not fit to be imported.
    """
    if rejects is not None and is_same_file(file, rejects):
        raise CommandFailed(f"{rejects} cannot be the file to import and --rejects at once.")
    chosen = open_programme(programme)
    moment = parse_moment(at, chosen.calendar) or datetime.now(UTC)
    with ExitStack() as opened:
        source = opened.enter_context(_opened(file, kind))
        store: Store = opened.enter_context(open_store(db, chosen, None, Use.READ if dry_run else Use.CREATE))
        if dry_run:
            store = opened.enter_context(_rehearsed(store, chosen))
        rejected: Rejects = SaidRejects()
        if rejects is not None:
            rejected = FiledRejects(opened.enter_context(AtomicFile(rejects, "The rejects")), source)
        run = ImportRun(chosen, store, at=moment, actor=LAUNCH)
        stop = opened.enter_context(StopSignals())
        watch = Stopwatch()
        with rare_garbage_collection(), launch_progress(file.name, source.size, "rows") as progress:
            failure = _import(run, stop.lines(pages(source.rows(), page)), rejected, source, progress)
        ending = LaunchEnding(stop.caught, failure)
        ending.tell(f"after line {run.last_line}" if run.last_line else "before the first line")
        rejected.close()
    _print_import(run, watch, dry_run=dry_run, as_json=as_json)
    return ending.status(WRONG if run.rejected else 0)


def _import(
    run: ImportRun,
    read: Iterator[Sequence[SourceRow]],
    rejected: Rejects,
    source: ContractFile,
    progress: LaunchProgress,
) -> CommandFailed | None:
    """Import all pages; a file that breaks off ends the run, and what was imported so far counts."""
    try:
        for rows in read:
            run.take(rows, rejected.take)
            progress.show(source.done, run.rows)
    except FileRefused as refused:
        return CommandFailed(str(refused))
    return None


def _print_import(run: ImportRun, watch: Stopwatch, *, dry_run: bool, as_json: bool) -> None:
    rate = watch.rate(run.rows)
    would = "would be " if dry_run else ""
    counts = {"rows": run.rows, "imported": run.imported, "present": run.present, "rejected": run.rejected}
    _print_closing(
        f"{run.rows:,} rows: {run.imported:,} {would}imported, {run.present:,} present, {run.rejected:,} rejected;"
        f" {rate:,} rows a second.",
        {**counts, "rows_per_second": rate, "dry_run": dry_run},
        as_json=as_json,
    )


@contextmanager
def _opened(file: Path, kind: str | None) -> Iterator[ContractFile]:
    try:
        source = open_contracts(file, kind)
    except FileRefused as refused:
        raise CommandFailed(str(refused)) from None
    try:
        yield source
    finally:
        source.close()


@contextmanager
def _rehearsed(store: Store, programme: Programme) -> Iterator[Store]:
    """Yield the store with a scratch database laid over it: in memory it would grow with the file."""
    with (
        tempfile.TemporaryDirectory(prefix="referral-rehearsal-") as folder,
        open_store(f"sqlite:///{Path(folder) / 'scratch.db'}", programme, None, Use.CREATE) as scratch,
    ):
        yield Rehearsal(store, scratch)


class Rejects(Protocol):
    """Takes the rows that were not imported."""

    def take(self, reject: Reject) -> None:
        """Take one reject."""
        ...

    def close(self) -> None:
        """End: there are no more rejects."""
        ...


class FiledRejects:
    """Writes rejects to a file, which appears when it is whole."""

    def __init__(self, file: AtomicFile, source: ContractFile) -> None:
        self._file = file
        self._lines = RejectLines(source.columns, source.delimiter)
        file.write(self._lines.header())

    def take(self, reject: Reject) -> None:
        """Write one reject."""
        self._file.write(self._lines.line(reject))

    def close(self) -> None:
        """Put the file in its place."""
        self._file.commit()


class SaidRejects:
    """Says the first rejects on standard error when the run has ended, and how many more there are."""

    def __init__(self) -> None:
        self._first: list[Reject] = []
        self._count = 0

    def take(self, reject: Reject) -> None:
        """Count one reject, and keep it if it is one of the first."""
        self._count += 1
        if len(self._first) < _GLIMPSE:
            self._first.append(reject)

    def close(self) -> None:
        """Say the first rejects."""
        for each in self._first:
            say(f"line {each.line}: {f'{each.field}: ' if each.field else ''}{each.reason}: {each.message}")
        if self._count > len(self._first):
            say(f"{self._count - len(self._first):,} more rows were rejected; --rejects FILE keeps them all.")


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
    moment = parse_moment(at, chosen.calendar) or datetime.now(UTC)
    with ExitStack() as opened:
        store = opened.enter_context(open_store(db, chosen, code_key, Use.READ if dry_run else Use.WRITE))
        run = CodeRun(chosen, store, at=moment, actor=LAUNCH, page=page, most=limit, dry=dry_run)
        stop = opened.enter_context(StopSignals())
        watch = Stopwatch()
        with (
            rare_garbage_collection(),
            launch_progress("accounts", store.contracts.count_accounts(), "codes") as progress,
        ):
            failure = _issue(run, stop.lines(repeat(None)), progress)
        # A signal that came during the last page has stopped nothing.
        ending = LaunchEnding(stop.caught if not run.is_done else None, failure)
        ending.tell(f"after {run.looked_at:,} accounts")
    _print_issuing(run, watch, dry_run=dry_run, as_json=as_json)
    return ending.status(0)


def _issue(run: CodeRun, turns: Iterator[None], progress: LaunchProgress) -> CommandFailed | None:
    try:
        while not run.is_done and next(turns, turns) is None:  # the turns, each None, end when a signal comes
            run.take()
            progress.show(run.looked_at, run.issued)
    except CodeSpaceExhausted as exhausted:
        return CommandFailed(f"No more codes can be issued: {exhausted}.", WRONG)
    return None


def _print_issuing(run: CodeRun, watch: Stopwatch, *, dry_run: bool, as_json: bool) -> None:
    rate = watch.rate(run.issued)
    would = "would be " if dry_run else ""
    _print_closing(
        f"{run.looked_at:,} accounts: {run.issued:,} codes {would}issued; {rate:,} codes a second.",
        {"accounts": run.looked_at, "issued": run.issued, "codes_per_second": rate, "dry_run": dry_run},
        as_json=as_json,
    )


class Stopwatch:
    """The time that a run takes."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def rate(self, count: int) -> int:
        """Return how many a second a count makes by now."""
        return round(count / max(time.monotonic() - self._begun, 0.001))


@attrs.frozen
class LaunchEnding:
    """The ending of a run: by a signal, by a failure, or with its work done."""

    caught: signal.Signals | None = None
    failure: CommandFailed | None = None

    def status(self, otherwise: int) -> int:
        """Return the exit status, which is ``otherwise`` when nothing ended the run early."""
        if self.caught is not None:
            return status_of(self.caught)
        return otherwise if self.failure is None else self.failure.status

    def tell(self, interrupted: str) -> None:
        """Say on standard error what ended the run early, if anything did."""
        if self.failure is not None:
            say(str(self.failure))
        if self.caught is not None:
            say(f"{how_stopped(self.caught)} {interrupted}; run it again to go on.")


def _print_closing(sentence: str, counts: dict[str, Any], *, as_json: bool) -> None:
    """Print the closing line: a sentence at a terminal, otherwise one JSON object."""
    output = standard_output()
    output.write(json_line(counts) if wants_json(as_json) else f"{sentence}\n".encode())
    output.flush()


_SELDOM: Final = 100_000
"""Objects that are made between two collections; a page makes some hundred thousand, none of them in a cycle."""


@contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Collect garbage rarely, and never what was there before: it takes an eighth of the run's time otherwise."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
