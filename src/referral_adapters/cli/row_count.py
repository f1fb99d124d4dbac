"""How many rows have been read, on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TextColumn

from referral_adapters.cli.screen import Screen


@contextmanager
def row_count() -> Iterator[Callable[[int], None] | None]:
    """Yield what shows how many rows have been read, if anybody looks at standard error."""
    screen = Screen.errors()
    if not screen.is_interactive:
        yield None
        return
    begun = time.monotonic()
    shown = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        console=screen,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = shown.add_task("")

    def tell(rows: int) -> None:
        rate = round(rows / max(time.monotonic() - begun, 0.001))
        shown.update(task, description=f"{rows:,} rows, {rate:,}/s")
        shown.start()

    try:
        yield tell
    finally:
        shown.stop()
