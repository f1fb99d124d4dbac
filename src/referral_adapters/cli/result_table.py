"""Results as a table on a terminal, row after row, none kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.progress import FeedProgress
from referral_adapters.cli.result_lines import Result
from referral_adapters.cli.screen import Screen
from referral_adapters.feed import Outcome

ALL_ROWS: Final = 50
"""So many results are shown whatever they are; after them only those that want to be looked at."""
MOST_ROWS: Final = 200
"""So many are shown at most."""
COLOURS: Final = {
    Outcome.DONE: "green",
    Outcome.WARNED: "yellow",
    Outcome.REPEATED: "dim",
    Outcome.REFUSED: "red",
    Outcome.INVALID: "bold red",
}
UNEVENTFUL: Final = frozenset({Outcome.DONE, Outcome.REPEATED})

_TITLES: Final = ("line", "id", "outcome", "reasons", "message")
_LINE, _ID, _LONGEST_ID, _OUTCOME, _REASONS = 6, 16, 36, 8, 21
_SPACIOUS: Final = 110
"""From this width on reasons have a column of their own; below it they stand before the message."""
_LEAST: Final = 60


class ResultTable:
    """Shows the first results, then only those that are warned, refused or invalid, then how many were left out."""

    def __init__(self, screen: Screen, progress: FeedProgress) -> None:
        self._screen, self._progress = screen, progress
        self._rows = self._left_out = self._uneventful_left_out = 0
        self._width = max(screen.width, _LEAST)
        self._spacious = self._width >= _SPACIOUS
        self._id = min(_LONGEST_ID, max(_ID, self._width - _SPACIOUS))

    def take(self, result: Result) -> None:
        """Show one result, or count it."""
        outcome = Outcome(result["outcome"])
        if self._rows >= MOST_ROWS:
            self._left_out += 1
        elif self._rows >= ALL_ROWS and outcome in UNEVENTFUL:
            self._uneventful_left_out += 1
        else:
            self._show(result, outcome)

    def close(self) -> None:
        """Say how many are not shown."""
        if self._left_out or self._uneventful_left_out:
            left_out = self._left_out + self._uneventful_left_out
            self._say(f"… {left_out:,} more; --results FILE keeps them all")
        if self._rows:
            self._screen.print()

    def _show(self, result: Result, outcome: Outcome) -> None:
        with self._progress.hidden():
            if self._rows == 0:
                self._screen.print(self._table(_TITLES if self._spacious else (*_TITLES[:3], "message"), heading=True))
            self._screen.print(self._table(self._cells(result, outcome)))
        self._rows += 1
        if self._rows == ALL_ROWS:
            self._say("… from here on only what is warned, refused or invalid")

    def _say(self, sentence: str) -> None:
        with self._progress.hidden():
            self._screen.print(Text(sentence, style="dim"))

    def _cells(self, result: Result, outcome: Outcome) -> list[str | Text]:
        reasons, message = "\n".join(result["reasons"]), printable(result["message"])
        colour = COLOURS[outcome]
        line, name = str(result["line"]), printable(result["id"] or "–")
        cells: list[str | Text] = [line, name, Text(outcome.value, style=colour)]
        if self._spacious:
            return [*cells, reasons, message]
        codes = ", ".join(result["reasons"])
        return [*cells, Text.assemble((codes, colour), "\n" if codes else "", message)]

    def _table(self, cells: Sequence[str | Text], *, heading: bool = False) -> Table:
        """Return a table of one row; widths depend on the screen only, so that rows stand below each other."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.width = self._width
        table.add_column(width=max(_LINE, len(str(cells[0]))), justify="right", style="dim", no_wrap=True)
        table.add_column(width=self._id, overflow="ellipsis", no_wrap=True)
        table.add_column(width=_OUTCOME, no_wrap=True)
        if self._spacious:
            table.add_column(width=_REASONS)
        table.add_column(ratio=1)
        table.add_row(*cells, style="bold" if heading else None)
        return table
