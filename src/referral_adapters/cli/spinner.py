"""A word about what is being done, on a terminal, while it takes its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen


class Spinner(Protocol):
    """What is told what is being done."""

    def tell(self, words: str) -> None:
        """Say what is done now."""
        ...

    def hide(self) -> None:
        """Free the terminal for something else, until there is something to say again."""
        ...


class NoSpinner:
    """Shows nothing."""

    def tell(self, words: str) -> None:
        """Say what is done now."""

    def hide(self) -> None:
        """Free the terminal, which it is."""


class TurningSpinner:
    """A few words with a spinner and the time since it began; gone at the end."""

    def __init__(self, screen: Screen) -> None:
        self._shown = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=screen,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._shown.add_task("")

    def tell(self, words: str) -> None:
        """Say what is done now."""
        self._shown.update(self._task, description=printable(words))
        self._shown.start()

    def hide(self) -> None:
        """Free the terminal for something else, until there is something to say again."""
        self._shown.stop()


@contextmanager
def spinner() -> Iterator[Spinner]:
    """Show what is being done while the block runs, if anybody looks at standard error."""
    screen = Screen.errors()
    if not screen.is_interactive:
        yield NoSpinner()
        return
    turning = TurningSpinner(screen)
    try:
        yield turning
    finally:
        turning.hide()
