"""The end of a command: its exit status, the failure that is said on standard error, and the signals that stop it.

::

    CommandFailed          the command cannot go on
    └── FeedBroken         the rest of the feed cannot be run; what was run so far counts
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, NoReturn, Self, TypeVar, cast

import typer

from referral_adapters.cli.text import discard_output, say

WRONG: Final = 1
"""The exit status when something is wrong in the data, a rule says no, or the answer is bad news."""
CANNOT_OPEN: Final = 2
"""The exit status when the feed, the programme, the database or a file to write could not be opened."""
PIPE_CLOSED: Final = 141
"""The exit status when the reader of the output is gone, as a shell reports it of any program."""
T = TypeVar("T")


class CommandFailed(Exception):
    """The command cannot go on; its text is said on standard error as it is, and ``status`` is the exit status."""

    def __init__(self, sentence: str, status: int = CANNOT_OPEN) -> None:
        super().__init__(sentence)
        self.status = status


class FeedBroken(CommandFailed):
    """The rest of the feed cannot be run; what was run so far counts."""


def run_to_exit(work: Callable[[], int]) -> NoReturn:
    """Run a command and exit with the status it returns.

    Failures that are no defects of the command end in a sentence and a status, never in a traceback.
    """
    status = 0
    try:
        status = work()
        sys.stdout.flush()
    except CommandFailed as failed:
        say(str(failed))
        status = failed.status
    except BrokenPipeError:
        status = PIPE_CLOSED
    except OSError as error:
        if status != CANNOT_OPEN:  # otherwise the command has said what is wrong already
            say(f"The output cannot be written: {cause(error)}.")
        status = CANNOT_OPEN
    except SystemExit:  # a second Ctrl-C, maybe because the output is stuck: flushing would wait for it again
        discard_output()
        raise
    _flush_output()
    raise typer.Exit(status)


def status_of(caught: signal.Signals) -> int:
    """Return the exit status of a command that a signal stopped, as shells have it."""
    return 128 + caught


def how_stopped(caught: signal.Signals) -> str:
    """Return the word for a signal that stopped a command."""
    return "Interrupted" if caught is signal.SIGINT else "Terminated"


def cause(error: OSError) -> str:
    """Return what the system says is wrong, without the number and the path."""
    return error.strerror or str(error)


def _flush_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        discard_output()


# ── signals ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class StopSignals:
    """Listens for SIGINT and SIGTERM during work that goes on line by line, or that asks :meth:`is_asked`.

    After the first signal the line in hand is finished, and :meth:`lines` gives no other; the signal then stands in
    ``caught``. The second signal ends the process at once and undoes the line. A signal that was ignored when the
    process started, as in a background job, stays ignored.
    """

    def __init__(self) -> None:
        self.caught: signal.Signals | None = None
        self._heard: signal.Signals | None = None
        self._waiting = False
        self._before: dict[signal.Signals, Any] = {}  # what Python itself takes: a function or a number

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # Python lets no other thread listen
            for asking in _ASKING:
                if signal.getsignal(asking) is not signal.SIG_IGN:
                    self._before[asking] = signal.signal(asking, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for asking, before in self._before.items():
            signal.signal(asking, before)

    def lines(self, source: Iterator[T]) -> Iterator[T]:
        """Yield the lines of ``source`` until a signal comes, which also ends the waiting for the next line."""
        try:
            while True:
                # Set before the signal is looked for: one that comes in between then breaks off the waiting.
                self._waiting = True
                if self._heard is not None:
                    break
                line = next(source, _END)
                self._waiting = False
                if line is _END:
                    return
                yield cast("T", line)
        except _Woken:
            pass
        self.caught = self._heard

    def is_asked(self) -> bool:
        """Tell whether a signal has come."""
        self.caught = self._heard
        return self._heard is not None

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self._heard is not None:
            for asking in self._before:
                signal.signal(asking, signal.SIG_DFL)  # a third signal needs nothing of ours
            raise SystemExit(128 + number)
        self._heard = signal.Signals(number)
        if self._waiting:
            self._waiting = False
            raise _Woken


_END: Final = object()
_ASKING: Final = (signal.SIGINT, signal.SIGTERM)


class _Woken(Exception):
    """Breaks off the waiting for a line."""


@contextmanager
def interruptible(consequence: str) -> Iterator[None]:
    """Undo the block when a signal comes, and say the consequence.

    :raises CommandFailed: a signal came.
    """
    before = signal.getsignal(signal.SIGTERM)
    is_main = threading.current_thread() is threading.main_thread()  # Python lets no other thread listen
    try:
        if is_main:
            signal.signal(signal.SIGTERM, _terminate)
        yield
    except KeyboardInterrupt:
        raise CommandFailed(f"Interrupted: {consequence}.", status_of(signal.SIGINT)) from None
    except _Terminated:
        raise CommandFailed(f"Terminated: {consequence}.", status_of(signal.SIGTERM)) from None
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)


class _Terminated(BaseException):
    """SIGTERM came; no ``except Exception`` on the way may swallow it."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated
