"""``referral import contracts``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from referral_adapters.cli.atomic_file import AtomicFile, is_same_file
from referral_adapters.cli.edge import say
from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.given_moment import given_moment
from referral_adapters.cli.launch_ending import LaunchEnding, Stopwatch, close_with
from referral_adapters.cli.launch_progress import LaunchProgress, launch_progress
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.seldom_collecting import seldom_collecting
from referral_adapters.cli.stop_signals import StopSignals
from referral_adapters.cli.store import Use, open_store
from referral_adapters.launch import (
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

SOME_REJECTED: Final = 1
LAUNCH: Final = Actor.system("launch")
"""Who acts in what the command does on the day of the launch."""
_GLIMPSE: Final = 10
"""How many rejects are said when nobody asked for a file of them."""


class Rejects(Protocol):
    """What takes the rows that were not imported."""

    def take(self, reject: Reject) -> None:
        """Take one."""
        ...

    def close(self) -> None:
        """Learn that there are no more."""
        ...


class FiledRejects:
    """Writes them to a file, which appears when it is whole."""

    def __init__(self, file: AtomicFile, source: ContractFile) -> None:
        self._file = file
        self._lines = RejectLines(source.columns, source.delimiter)
        file.write(self._lines.header())

    def take(self, reject: Reject) -> None:
        """Write one."""
        self._file.write(self._lines.line(reject))

    def close(self) -> None:
        """Put the file in its place."""
        self._file.commit()


class SaidRejects:
    """Says the first few on standard error when the run has ended, and how many more there are."""

    def __init__(self) -> None:
        self._first: list[Reject] = []
        self._count = 0

    def take(self, reject: Reject) -> None:
        """Keep one of the first few."""
        self._count += 1
        if len(self._first) < _GLIMPSE:
            self._first.append(reject)

    def close(self) -> None:
        """Say them."""
        for each in self._first:
            say(f"line {each.line}: {f'{each.field}: ' if each.field else ''}{each.reason}: {each.message}")
        if self._count > len(self._first):
            say(f"{self._count - len(self._first):,} more rows were rejected; --rejects FILE keeps them all.")


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
    moment = given_moment(at, chosen.calendar) or datetime.now(UTC)
    with ExitStack() as opened:
        source = opened.enter_context(_opened(file, kind))
        store: Store = opened.enter_context(open_store(db, chosen, None, Use.ASK if dry_run else Use.MAKE))
        if dry_run:
            store = opened.enter_context(_rehearsed(store, chosen))
        rejected: Rejects = SaidRejects()
        if rejects is not None:
            rejected = FiledRejects(opened.enter_context(AtomicFile(rejects, "The rejects")), source)
        run = ImportRun(chosen, store, at=moment, actor=LAUNCH)
        stop = opened.enter_context(StopSignals())
        watch = Stopwatch()
        with seldom_collecting(), launch_progress(file.name, source.size, "rows") as progress:
            failure = _run(run, stop.lines(pages(source.rows(), page)), rejected, source, progress)
        ending = LaunchEnding(stop.caught, failure)
        ending.tell(f"after line {run.last_line}" if run.last_line else "before the first line")
        rejected.close()
    _close(run, watch, dry_run=dry_run, as_json=as_json)
    return ending.status(SOME_REJECTED if run.rejected else 0)


def _run(
    run: ImportRun,
    read: Iterator[Sequence[SourceRow]],
    rejected: Rejects,
    source: ContractFile,
    progress: LaunchProgress,
) -> CommandFailed | None:
    """Import all pages; a file whose rest cannot be read ends the run, and what was imported so far counts."""
    try:
        for rows in read:
            run.take(rows, rejected.take)
            progress.show(source.done, run.rows)
    except FileRefused as refused:
        return CommandFailed(str(refused))
    return None


def _close(run: ImportRun, watch: Stopwatch, *, dry_run: bool, as_json: bool) -> None:
    rate = watch.rate(run.rows)
    would = "would be " if dry_run else ""
    told = {"rows": run.rows, "imported": run.imported, "present": run.present, "rejected": run.rejected}
    close_with(
        f"{run.rows:,} rows: {run.imported:,} {would}imported, {run.present:,} present, {run.rejected:,} rejected;"
        f" {rate:,} rows a second.",
        {**told, "rows_per_second": rate, "dry_run": dry_run},
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
    """Yield the store with a scratch database laid over it, so that memory stays flat there too."""
    with (
        tempfile.TemporaryDirectory(prefix="referral-rehearsal-") as folder,
        open_store(f"sqlite:///{Path(folder) / 'scratch.db'}", programme, None, Use.MAKE) as scratch,
    ):
        yield Rehearsal(store, scratch)
