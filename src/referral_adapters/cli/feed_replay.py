"""The replay of a feed, from its first line to its last, or until something ends it."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, Final, Protocol

import attrs

from referral_adapters.cli.exit_status import (
    PIPE_CLOSED,
    CommandFailed,
    FeedBroken,
    StopSignals,
    cause,
    how_stopped,
    status_of,
)
from referral_adapters.cli.files import AtomicFile, FeedSource
from referral_adapters.cli.output import json_line
from referral_adapters.cli.progress import FeedProgress, feed_progress
from referral_adapters.cli.text import say
from referral_adapters.feed import FeedRunner, Outcome
from referral_core.values.errors import ReferralError

Result = dict[str, Any]

FAULTY: Final = frozenset({Outcome.REFUSED, Outcome.INVALID})
"""The outcomes at which a strict replay stops, and which the exit status tells of."""
_SOME_FAULTY: Final = 1


@attrs.frozen
class Ending:
    """The ending of a replay: its last line, 0 if there was none, and what ended it before the end of the feed."""

    last_line: int
    faulty: int
    waiting: int
    caught: signal.Signals | None = None
    pipe_closed: bool = False
    failure: CommandFailed | None = None

    @property
    def status(self) -> int:
        """The exit status."""
        if self.caught is not None:
            return status_of(self.caught)
        if self.failure is not None:
            return self.failure.status
        if self.pipe_closed:
            return PIPE_CLOSED
        return _SOME_FAULTY if self.faulty else 0

    def sentences(self) -> list[str]:
        """Return what is said on standard error."""
        said = [] if self.failure is None else [str(self.failure)]
        if self.caught is not None:
            said.append(f"{how_stopped(self.caught)} after line {self.last_line}; the rest of the feed was not run.")
        if self.last_line == 0 and self.failure is None and self.caught is None:
            said.append("The feed is empty: there is no line in it.")
        if self.waiting:
            said.append(f"Billing gave no answer about {self.waiting} grants; the next run asks again.")
        return said


class Replay:
    """Passes the lines of a feed to a runner and takes the results, then has the grants posted that are due.

    Whatever ends it, every result that was taken belongs to a line that was handled whole.
    """

    def __init__(self, runner: FeedRunner, results: Results, progress: FeedProgress, *, together: int = 1) -> None:
        self._runner, self._results, self._progress = runner, results, progress
        self._together = together
        self._last_line = 0

    def run(self, lines: Iterator[bytes], stop: StopSignals, *, strict: bool = False) -> Ending:
        """Run to the end, until a signal comes, or to the first line that is refused or invalid when ``strict``."""
        pipe_closed = False
        failure: CommandFailed | None = None
        try:
            failure = self._run_lines(stop.lines(lines), strict)
            self._results.close()
        except BrokenPipeError:
            pipe_closed = True
        except CommandFailed as failed:
            failure = failed
        waiting = self._waiting(failure)
        faulty = sum(self._runner.counts[outcome] for outcome in FAULTY)
        return Ending(self._last_line, faulty, waiting, stop.caught, pipe_closed, failure)

    def _waiting(self, failure: CommandFailed | None) -> int:
        """Post the grants that are due and return how many still wait.

        A failure of the store counts only where nothing failed before: the first failure is the one that is said.

        :raises ReferralError: the store fails, and nothing failed before.
        """
        try:
            paid = self._runner.finish()
        except ReferralError:
            if failure is None:
                raise
            return 0
        return paid.delayed + paid.given_up

    def _run_lines(self, lines: Iterator[bytes], strict: bool) -> FeedBroken | None:
        numbered = enumerate(lines, 1)
        try:
            # A strict replay may do nothing behind the first faulty line, so no page reaches behind it.
            while page := list(islice(numbered, 1 if strict else self._together)):
                for result in self._handled([(number, line) for number, line in page if line.strip()]):
                    self._results.take(result)
                    if strict and result["outcome"] in FAULTY:
                        return None
                self._progress.advance(sum(len(line) + 1 for _, line in page))  # each with its line feed
        except FeedBroken as broken:
            return broken
        return None

    def _handled(self, page: Sequence[tuple[int, bytes]]) -> Iterator[dict[str, Any]]:
        try:
            for result in self._runner.page(page):
                self._last_line = result["line"]
                yield result
        except ReferralError as error:  # no refusal, which would be a result, but an end to everything
            # Results come line by line, so the first line without one is the one that was undone.
            undone = next(number for number, _ in page if number > self._last_line)
            raise FeedBroken(f"Line {undone} is undone and the feed ends there: {error}.") from error


def run_feed(feed: str, runner: FeedRunner) -> Ending:
    """Run a feed to its end for what it leaves behind, and show nothing but progress.

    :raises CommandFailed: the feed cannot be opened or read to its end, or a signal stopped it.
    """
    with FeedSource(feed) as source, StopSignals() as stop, feed_progress(source) as progress:
        ending = Replay(runner, NoResults(), progress).run(source.lines(), stop)
    if ending.caught is not None or ending.failure is not None:
        raise CommandFailed("\n".join(ending.sentences()), ending.status)
    if ending.last_line == 0:
        say(*ending.sentences())
    return ending


class Results(Protocol):
    """Takes the results of a feed's lines, one after another.

    :raises BrokenPipeError: their reader is gone.
    :raises CommandFailed: they cannot be written.
    """

    def take(self, result: Result) -> None:
        """Take one result."""
        ...

    def close(self) -> None:
        """End: there are no more results."""
        ...


class NoResults:
    """Takes results and shows none."""

    def take(self, result: Result) -> None:
        """Take one result."""

    def close(self) -> None:
        """End: there are no more results."""


class PipedResults:
    """Writes results to a stream; ``live`` flushes each at once, for a feed that comes slowly."""

    def __init__(self, stream: BinaryIO, *, live: bool) -> None:
        self._stream = stream
        self._live = live

    def take(self, result: Result) -> None:
        """Write one result."""
        try:
            self._stream.write(json_line(result))
            if self._live:
                self._stream.flush()
        except OSError as error:
            raise _failed(error) from None

    def close(self) -> None:
        """Flush what is left."""
        try:
            self._stream.flush()
        except OSError as error:
            raise _failed(error) from None


class FiledResults:
    """Writes results to a file, which appears when it is whole."""

    def __init__(self, file: AtomicFile) -> None:
        self._file = file

    def take(self, result: Result) -> None:
        """Write one result."""
        self._file.write(json_line(result))

    def close(self) -> None:
        """Put the file in its place."""
        self._file.commit()


def _failed(error: OSError) -> OSError | CommandFailed:
    if isinstance(error, BrokenPipeError):
        return error
    return CommandFailed(f"The results cannot be written: {cause(error)}.")
