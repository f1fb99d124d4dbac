"""The progress of a command: a bar or a spinner at a terminal, shown while it runs and gone at its end.

It is shown on standard error, and nowhere if that is no terminal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol

from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from referral_adapters.cli.files import FeedSource
from referral_adapters.cli.output import Screen
from referral_adapters.cli.text import printable

_PATIENCE: Final = 0.3
"""Seconds without anything else on the terminal before a bar is worth looking at."""
_PAUSE: Final = 0.1
"""Seconds between two updates of a bar that is told of every line."""
_LONGEST_FEED: Final = 16
_LONGEST_FILE: Final = 24
_PACE_OVER: Final = 600.0
"""Seconds of the past by which the remaining time of a launch is estimated."""


def _progress(screen: Screen, *columns: ProgressColumn, **more: Any) -> Progress:  # noqa: ANN401 - options of rich's
    """Return a display that leaves nothing on the terminal, and standard output alone."""
    return Progress(*columns, console=screen, transient=True, redirect_stdout=False, redirect_stderr=False, **more)


def _description() -> TextColumn:
    return TextColumn("{task.description}", markup=False)


def _shortened(name: str, longest: int) -> str:
    return printable(name if len(name) <= longest else name[: longest - 1] + "…")


def _rate(count: int, begun: float) -> int:
    return round(count / max(time.monotonic() - begun, 0.001))


# ── a feed ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class FeedProgress(Protocol):
    """The progress of a feed that is read line by line."""

    def advance(self, read: int) -> None:
        """Count one more line of ``read`` bytes."""
        ...

    def hidden(self) -> AbstractContextManager[None]:
        """Return a block in which the terminal is free for other output."""
        ...


class NoFeedProgress:
    """Shows nothing."""

    def advance(self, read: int) -> None:
        """Count one more line."""

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Leave the terminal as it is."""
        yield


class FeedBar:
    """A bar with bytes, lines and their rate, or a spinner where the length of the feed is unknown."""

    def __init__(self, screen: Screen, feed: FeedSource) -> None:
        is_endless = feed.size is None
        columns: tuple[ProgressColumn, ...] = (SpinnerColumn(), _Bytes(), _Lines())
        if not is_endless:
            columns = (BarColumn(bar_width=None), DownloadColumn(), _Lines(), TimeRemainingColumn())
        self._bar = _progress(screen, _description(), *columns, expand=not is_endless)
        self._task = self._bar.add_task(_shortened(feed.name, _LONGEST_FEED), total=feed.size, lines=0, rate=0)
        self._lines = self._bytes = 0
        self._begun = self._seen = self._used = time.monotonic()
        if is_endless:
            self._bar.start()

    def advance(self, read: int) -> None:
        """Count one more line of ``read`` bytes."""
        self._lines += 1
        self._bytes += read
        now = time.monotonic()
        if now - self._seen < _PAUSE:
            return
        self._seen = now
        rate = round(self._lines / (now - self._begun))
        self._bar.update(self._task, completed=self._bytes, lines=self._lines, rate=rate)
        if now - self._used > _PATIENCE:
            self._bar.start()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Leave the terminal to other output; the bar returns when none comes for a while."""
        self.close()
        yield
        self._used = time.monotonic()

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


class _Lines(ProgressColumn):
    def render(self, task: Task) -> Text:
        lines, rate = task.fields["lines"], task.fields["rate"]
        return Text(f"{lines:,} lines, {rate:,}/s")


class _Bytes(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(decimal(int(task.completed)))


@contextmanager
def feed_progress(feed: FeedSource) -> Iterator[FeedProgress]:
    """Show the progress of a feed while the block runs; a feed that is typed at the terminal needs none."""
    screen = Screen.errors()
    if not screen.is_interactive or feed.is_typed:
        yield NoFeedProgress()
        return
    bar = FeedBar(screen, feed)
    try:
        yield bar
    finally:
        bar.close()


# ── the launch ────────────────────────────────────────────────────────────────────────────────────────────────────────


class LaunchProgress(Protocol):
    """The progress of an import, or of the issuing of codes."""

    def show(self, done: int, count: int) -> None:
        """Show how much of the whole is done, and the count of rows or codes."""
        ...


class NoLaunchProgress:
    """Shows nothing."""

    def show(self, done: int, count: int) -> None:
        """Show nothing."""


class LaunchBar:
    """A bar with the count, its rate and the time that remains."""

    def __init__(self, screen: Screen, name: str, total: int, noun: str) -> None:
        columns = (BarColumn(bar_width=None), TaskProgressColumn(), _Count(noun), TimeRemainingColumn())
        self._bar = _progress(screen, _description(), *columns, expand=True, speed_estimate_period=_PACE_OVER)
        self._task = self._bar.add_task(_shortened(name, _LONGEST_FILE), total=total, count=0, rate=0)
        self._begun = time.monotonic()
        self._bar.start()

    def show(self, done: int, count: int) -> None:
        """Show how much of the whole is done, and the count of rows or codes."""
        self._bar.update(self._task, completed=done, count=count, rate=_rate(count, self._begun))

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


class _Count(ProgressColumn):
    def __init__(self, noun: str) -> None:
        super().__init__()
        self._noun = noun

    def render(self, task: Task) -> Text:
        return Text(f"{task.fields['count']:,} {self._noun}, {task.fields['rate']:,}/s")


@contextmanager
def launch_progress(name: str, total: int, noun: str) -> Iterator[LaunchProgress]:
    """Show the progress of a run of the launch while the block runs; ``noun`` names what it counts."""
    screen = Screen.errors()
    if not screen.is_interactive:
        yield NoLaunchProgress()
        return
    bar = LaunchBar(screen, name, total, noun)
    try:
        yield bar
    finally:
        bar.close()


# ── anything else ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Spinner(Protocol):
    """A few words about work whose length is unknown."""

    def tell(self, words: str) -> None:
        """Show what is being done."""
        ...

    def hide(self) -> None:
        """Leave the terminal to other output until the next words."""
        ...


class NoSpinner:
    """Shows nothing."""

    def tell(self, words: str) -> None:
        """Show nothing."""

    def hide(self) -> None:
        """Leave the terminal as it is."""


class TerminalSpinner:
    """A spinner with a few words and the time since it began."""

    def __init__(self, screen: Screen) -> None:
        self._shown = _progress(screen, SpinnerColumn(), _description(), TimeElapsedColumn())
        self._task = self._shown.add_task("")

    def tell(self, words: str) -> None:
        """Show what is being done."""
        self._shown.update(self._task, description=printable(words))
        self._shown.start()

    def hide(self) -> None:
        """Leave the terminal to other output until the next words."""
        self._shown.stop()


@contextmanager
def spinner() -> Iterator[Spinner]:
    """Show what is being done while the block runs."""
    screen = Screen.errors()
    if not screen.is_interactive:
        yield NoSpinner()
        return
    shown = TerminalSpinner(screen)
    try:
        yield shown
    finally:
        shown.hide()


@contextmanager
def row_count() -> Iterator[Callable[[int], None] | None]:
    """Yield a function that shows the count of rows read, or nothing where nobody would see it."""
    screen = Screen.errors()
    if not screen.is_interactive:
        yield None
        return
    begun = time.monotonic()
    shown = _progress(screen, SpinnerColumn(), _description())
    task = shown.add_task("")

    def show(rows: int) -> None:
        shown.update(task, description=f"{rows:,} rows, {_rate(rows, begun):,}/s")
        shown.start()

    try:
        yield show
    finally:
        shown.stop()
