"""Screens: where tables for people are shown."""

from __future__ import annotations

import sys
from typing import Final, TextIO

from rich.console import Console

UNBOUNDED: Final = 100_000
"""The width of what is no terminal: nothing is folded or cut there."""


class Screen(Console):
    """A console that shows text as it is, and does not decide what a closed pipe means."""

    def __init__(self, stream: TextIO) -> None:
        width = None if stream.isatty() else UNBOUNDED
        super().__init__(file=stream, width=width, highlight=False, markup=False, emoji=False)

    @classmethod
    def output(cls) -> Screen:
        """Return the screen for what was asked for."""
        return cls(sys.stdout)

    @classmethod
    def errors(cls) -> Screen:
        """Return the screen for how it goes."""
        return cls(sys.stderr)

    def on_broken_pipe(self) -> None:
        """Let the error pass to whoever runs the command."""
        raise  # noqa: PLE0704 - called while the error is handled
