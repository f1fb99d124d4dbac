"""How a run of the launch ended, and what is said of it."""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

import attrs

from referral_adapters.cli.edge import say
from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.standard_output import standard_output


class Stopwatch:
    """Measures how long a run takes."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def rate(self, count: int) -> int:
        """Return how many a second so many are by now."""
        return round(count / max(time.monotonic() - self._begun, 0.001))


@attrs.frozen
class LaunchEnding:
    """What ended a run: a signal, a failure, or that there was nothing more to do."""

    caught: signal.Signals | None = None
    failure: CommandFailed | None = None

    def status(self, otherwise: int) -> int:
        """Return the exit status, which is ``otherwise`` when nothing ended the run early."""
        if self.caught is not None:
            return 128 + self.caught
        return otherwise if self.failure is None else self.failure.status

    def tell(self, interrupted: str) -> None:
        """Say on standard error what ended the run early, if anything did."""
        if self.failure is not None:
            say(str(self.failure))
        if self.caught is not None:
            how = "Interrupted" if self.caught is signal.SIGINT else "Terminated"
            say(f"{how} {interrupted}; run it again to go on.")


def close_with(sentence: str, told: dict[str, Any], *, as_json: bool) -> None:
    """Say the closing line: a sentence to a person at a terminal, one JSON object to a pipe or who wants it."""
    output = standard_output()
    output.write(json_line(told) if as_json or not sys.stdout.isatty() else f"{sentence}\n".encode())
    output.flush()
