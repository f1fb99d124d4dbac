"""A terminal for tests of the command, and the results of lines to be shown on it."""

from __future__ import annotations

import io
import re
from typing import Any, Final

import pytest

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_core.programme.programme import Programme

ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    """A terminal that remembers what it was sent."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True

    @property
    def shown(self) -> list[str]:
        """The lines as a person sees them, without colours."""
        return [line.rstrip() for line in ANSI.sub("", self.getvalue()).splitlines()]


def a_result(line: int = 1, outcome: str = "done", *reasons: str, message: str = "It is so.") -> dict[str, Any]:
    """Return the result of a line."""
    return {"line": line, "id": f"event-{line}", "outcome": outcome, "reasons": [*reasons], "message": message}


def a_runner() -> FeedRunner:
    """Return a runner over a new store."""
    programme = Programme.default()
    return FeedRunner(programme, MemoryStore(programme))


def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put a terminal in the place of standard output, and return it."""
    shown = Terminal()
    monkeypatch.setattr("sys.stdout", shown)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")  # without colours
    return shown
