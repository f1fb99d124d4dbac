"""How far a feed has been read, on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol

from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from referral_adapters.cli.feed_source import FeedSource
from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen

_PATIENCE: Final = 0.3
"""Seconds without anything else on the terminal before a bar is worth looking at."""
_PAUSE: Final = 0.1
"""Seconds between two looks at how far it is."""
_NAME: Final = 16


class FeedProgress(Protocol):
    """What is told how far a feed has been read."""

    def advance(self, read: int) -> None:
        """Count one more line of ``read`` bytes."""
        ...

    def hidden(self) -> AbstractContextManager[None]:
        """Return a block in which the terminal is free for something else."""
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
        name = TextColumn("{task.description}", markup=False)
        self._bar = Progress(
            *((name, SpinnerColumn()) if feed.size is None else (name, BarColumn(bar_width=None))),
            *((_Bytes(), _Lines()) if feed.size is None else (DownloadColumn(), _Lines(), TimeRemainingColumn())),
            console=screen,
            expand=feed.size is not None,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(printable(_short(feed.name)), total=feed.size, lines=0, rate=0)
        self._lines = self._bytes = 0
        self._begun = self._seen = self._used = time.monotonic()
        if feed.size is None:
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
        """Keep the terminal free for something else; the bar returns when nothing else comes for a while."""
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


def _short(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


@contextmanager
def progress_of(feed: FeedSource) -> Iterator[FeedProgress]:
    """Show how far a feed has been read while the block runs, if anybody looks at standard error."""
    screen = Screen.errors()
    if not screen.is_interactive or feed.is_typed:
        yield NoProgress()
        return
    bar = ProgressBar(screen, feed)
    try:
        yield bar
    finally:
        bar.close()
