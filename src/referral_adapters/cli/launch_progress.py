"""How far a run of the launch has come, on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen

_NAME: Final = 24
_PACE_OVER: Final = 600.0
"""Seconds of the past by which the remaining time is judged."""


class LaunchProgress(Protocol):
    """What is told how far a run has come."""

    def show(self, done: int, count: int) -> None:
        """Show that so much of the whole is done, and so many things of those that are counted."""
        ...


class NoLaunchProgress:
    """Shows nothing."""

    def show(self, done: int, count: int) -> None:
        """Show nothing."""


class LaunchBar:
    """A bar with the count, its rate and the time that remains; gone at the end."""

    def __init__(self, screen: Screen, name: str, total: int, counted: str) -> None:
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            _Count(counted),
            TimeRemainingColumn(),
            console=screen,
            expand=True,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            speed_estimate_period=_PACE_OVER,
        )
        shown = printable(name if len(name) <= _NAME else name[: _NAME - 1] + "…")
        self._task = self._bar.add_task(shown, total=total, count=0, rate=0)
        self._begun = time.monotonic()
        self._bar.start()

    def show(self, done: int, count: int) -> None:
        """Show that so much of the whole is done, and so many things of those that are counted."""
        rate = round(count / max(time.monotonic() - self._begun, 0.001))
        self._bar.update(self._task, completed=done, count=count, rate=rate)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


class _Count(ProgressColumn):
    def __init__(self, counted: str) -> None:
        super().__init__()
        self._counted = counted

    def render(self, task: Task) -> Text:
        return Text(f"{task.fields['count']:,} {self._counted}, {task.fields['rate']:,}/s")


@contextmanager
def launch_progress(name: str, total: int, counted: str) -> Iterator[LaunchProgress]:
    """Show how far a run has come while the block runs, if anybody looks at standard error."""
    screen = Screen.errors()
    if not screen.is_interactive:
        yield NoLaunchProgress()
        return
    bar = LaunchBar(screen, name, total, counted)
    try:
        yield bar
    finally:
        bar.close()
