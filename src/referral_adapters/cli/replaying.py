"""Running a feed from its first line to its last, or until something ends it."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import attrs

from referral_adapters.cli.errors import PIPE_CLOSED, CommandFailed, FeedBroken
from referral_adapters.cli.progress import FeedProgress
from referral_adapters.cli.result_lines import Results
from referral_adapters.cli.stop_signals import StopSignals
from referral_adapters.feed import FeedRunner, Outcome
from referral_core.values.errors import ReferralError

FAULTY: Final = frozenset({Outcome.REFUSED, Outcome.INVALID})
"""What a strict replay stops at, and what the exit status tells of."""
_SOME_FAULTY: Final = 1


@attrs.frozen
class Ending:
    """How a replay ended: after which line, and what ended it before the feed was at its end."""

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
            return 128 + self.caught
        if self.failure is not None:
            return self.failure.status
        if self.pipe_closed:
            return PIPE_CLOSED
        return _SOME_FAULTY if self.faulty else 0

    def sentences(self) -> list[str]:
        """Return what there is to be said on standard error."""
        said = [] if self.failure is None else [str(self.failure)]
        if self.caught is not None:
            how = "Interrupted" if self.caught is signal.SIGINT else "Terminated"
            said.append(f"{how} after line {self.last_line}; the rest of the feed was not run.")
        if self.waiting:
            said.append(f"Billing gave no answer about {self.waiting} grants; the next run asks again.")
        return said


class Replay:
    """Hands the lines of a feed to a runner and the results on, then has the grants posted that are due.

    Whatever ends it, the results handed on belong to lines that were handled whole.
    """

    def __init__(self, runner: FeedRunner, results: Results, progress: FeedProgress, *, together: int = 1) -> None:
        self._runner, self._results, self._progress = runner, results, progress
        self._together = together
        self._last_line = 0

    def run(self, lines: Iterator[bytes], stop: StopSignals, *, strict: bool = False) -> Ending:
        """Run to the end, until stopped, or to the first line that is refused or invalid when ``strict``."""
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
        """Post what is due and return how many grants wait; what ended the feed before is said before what this says.

        :raises ReferralError: the store fails, and nothing did before.
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
            # Whoever is strict wants nothing done behind the first line that is faulty.
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
            undone = next(number for number, _ in page if number > self._last_line)
            raise FeedBroken(f"Line {undone} is undone and the feed ends there: {error}.") from error
