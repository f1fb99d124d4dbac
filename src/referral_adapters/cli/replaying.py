"""Running a feed from its first line to its last, or until something ends it."""

from __future__ import annotations

import signal
from typing import Final

import attrs

from referral_adapters.cli.errors import PIPE_CLOSED, CommandFailed
from referral_adapters.cli.feed_source import FeedSource
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
        return PIPE_CLOSED if self.pipe_closed else _SOME_FAULTY if self.faulty else 0

    def sentences(self) -> list[str]:
        """Return what there is to be said on standard error."""
        said = [str(self.failure)] if self.failure else []
        if self.caught is not None:
            ended = "Interrupted" if self.caught is signal.SIGINT else "Terminated"
            said.append(f"{ended} after line {self.last_line}: what stands before is done, the rest of the feed is not.")
        if self.waiting:
            said.append(f"Billing did not answer for {self.waiting} grants; they are posted when the feed is run again.")
        return said


class Replay:
    """Hands the lines of a feed to a runner and its results on, then has the grants posted that are due.

    Whatever ends it, the results taken so far belong to lines that were handled whole.
    """

    def __init__(self, feed: FeedSource, runner: FeedRunner, results: Results, progress: FeedProgress) -> None:
        self._feed, self._runner, self._results, self._progress = feed, runner, results, progress
        self._last_line = 0

    def run(self, stop: StopSignals, *, strict: bool = False) -> Ending:
        """Run to the end, to the first faulty line when ``strict``, or until stopped."""
        pipe_closed, failure = False, None
        try:
            self._run_lines(stop, strict)
            self._results.close()
        except BrokenPipeError:
            pipe_closed = True
        except CommandFailed as failed:
            failure = failed
        waiting = self._runner.finish().waiting
        faulty = sum(self._runner.counts[outcome] for outcome in FAULTY)
        return Ending(self._last_line, faulty, waiting, stop.caught, pipe_closed, failure)

    def _run_lines(self, stop: StopSignals, strict: bool) -> None:
        for number, line in enumerate(stop.lines(self._feed.lines()), 1):
            if line.strip():
                result = self._handled(line, number)
                self._last_line = number
                self._results.take(result)
                if strict and result["outcome"] in FAULTY:
                    return
            self._progress.advance(len(line))

    def _handled(self, line: bytes, number: int) -> dict[str, object]:
        try:
            return self._runner.handle(line, number)
        except ReferralError as error:  # no refusal, which would be a result, but an end to all
            raise CommandFailed(f"The feed stops at line {number}, which is undone: {error}.") from error
