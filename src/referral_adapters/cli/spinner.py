"""A word about what is being done, on a terminal, while it takes its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen


@contextmanager
def spinner() -> Iterator[Callable[[str], None]]:
    """Yield what shows a few words beside a spinner while the block runs, if anybody looks at standard error."""
    screen = Screen.errors()
    if not screen.is_interactive:
        yield lambda _: None
        return
    words = TextColumn("{task.description}", markup=False)
    shown = Progress(
        SpinnerColumn(), words, TimeElapsedColumn(), console=screen, transient=True, redirect_stdout=False,
        redirect_stderr=False,
    )  # fmt: skip
    task = shown.add_task("")
    with shown:
        yield lambda said: shown.update(task, description=printable(said))
