"""What a check of a database found, as a table for people or as JSON Lines."""

from __future__ import annotations

from typing import Final, Protocol

from rich.text import Text

from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.standard_output import standard_output

_LAW: Final = 14
"""The width of the first column: the longest name of a law, and a gap."""


class Finding(Protocol):
    """One thing that is not as it must be."""

    @property
    def law(self) -> str:
        """The law that it breaks."""
        ...

    @property
    def subject(self) -> str:
        """What breaks it."""
        ...

    @property
    def message(self) -> str:
        """How, in a sentence."""
        ...


class Findings:
    """Takes findings one after another, however many there are, and counts them."""

    def __init__(self, *, as_table: bool) -> None:
        self._screen = Screen.output() if as_table else None
        self._output = standard_output()
        self.count = 0

    def take(self, finding: Finding) -> None:
        """Show one."""
        self.count += 1
        if self._screen is None:
            shown = {"law": finding.law, "subject": finding.subject, "message": finding.message}
            self._output.write(json_line(shown))
            return
        law = Text(finding.law.ljust(_LAW), style="yellow", end="")
        self._screen.print(law, end="")
        self._screen.print(Text(printable(finding.message)), soft_wrap=True)

    def close(self) -> None:
        """Hand on what is left; at a terminal, tell how many there were."""
        if self._screen is None:
            self._output.flush()
        else:
            counted = f"{self.count:,} finding{'' if self.count == 1 else 's'}"
            self._screen.print(counted if self.count else "fine: nothing is wrong")
