"""How far a feed has been read, on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Protocol, Self

from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from referral_adapters.cli.feed_source import FeedSource
from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen

_PATIENCE: Final = 0.3
"""Seconds before a bar is worth looking at."""
_PAUSE: Final = 0.1
"""Seconds between two looks at how far it is."""
_NAME: Final = 24


class FeedProgress(Protocol):
    """What is told how far a feed has been read."""

    def advance(self, read: int) -> None:
        """Count one more line of ``read`` bytes."""
        ...

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Keep the terminal free for something else."""
        ...


class NoProgress:
    """Shows nothing."""

    def advance(self, read: int) -> None:
        """Count one more line."""

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Keep the terminal free, which it is."""
        yield


class ProgressBar:
    """A bar with bytes, lines and their rate, or a spinner where the length is not known; gone at the end."""

    def __init__(self, screen: Screen, feed: FeedSource) -> None:
        end = _Bytes() if feed.size is None else TimeRemainingColumn()
        begin = SpinnerColumn() if feed.size is None else BarColumn(bar_width=24)
        name = TextColumn("{task.description}", markup=False)
        self._bar = Progress(
            name, begin, _Lines(), end, console=screen, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._task = self._bar.add_task(printable(_short(feed.name)), total=feed.size, lines=0, rate=0)
        self._lines = self._bytes = 0
        self._begun = self._seen = time.monotonic()
        self._waits = feed.size is None

    def advance(self, read: int) -> None:
        """Count one more line of ``read`` bytes."""
        self._lines += 1
        self._bytes += read
        now = time.monotonic()
        if now - self._seen < _PAUSE:
            return
        self._seen = now
        passed = now - self._begun
        self._bar.update(self._task, completed=self._bytes, lines=self._lines, rate=round(self._lines / passed))
        if passed > _PATIENCE:
            self._bar.start()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Keep the terminal free for something else."""
        shown = self._bar.live.is_started
        self._bar.stop()
        yield
        if shown:
            self._bar.start()

    def __enter__(self) -> Self:
        if self._waits:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


class _Lines(ProgressColumn):
    def render(self, task: Task) -> Text:
        lines, rate = task.fields["lines"], task.fields["rate"]
        return Text(f"{lines:,} lines, {rate:,}/s")


class _Bytes(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(decimal(int(task.completed)))


def _short(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


@contextmanager
def progress_of(feed: FeedSource) -> Iterator[FeedProgress]:
    """Show how far a feed has been read while the block runs, if anybody looks at standard error."""
    screen = Screen.err()
    if not screen.is_interactive or feed.is_typed:
        yield NoProgress()
        return
    with ProgressBar(screen, feed) as bar:
        yield bar
