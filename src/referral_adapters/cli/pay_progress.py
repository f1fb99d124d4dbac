"""How much has been paid, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from referral_adapters.cli.screen import Screen
from referral_core.services.payouts import PayRun


class PayProgress(Protocol):
    """What is told how much has been paid."""

    def show(self, run: PayRun) -> None:
        """Learn what the run has done by now."""
        ...


class NoPayProgress:
    """Shows nothing."""

    def show(self, run: PayRun) -> None:
        """Learn what the run has done by now."""


class PaySpinner:
    """A spinner with counts and the time it has taken; gone at the end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task(_told(PayRun()), total=None)

    def show(self, run: PayRun) -> None:
        """Show what the run has done by now."""
        self._progress.update(self._task, description=_told(run))


def _told(run: PayRun) -> str:
    return f"paying: {run.granted:,} granted, {run.delayed + run.given_up:,} failed"


@contextmanager
def pay_progress() -> Iterator[PayProgress]:
    """Show how much has been paid while the block runs, if anybody looks at standard error."""
    screen = Screen.errors()
    if not screen.is_interactive:
        yield NoPayProgress()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        yield PaySpinner(progress)
