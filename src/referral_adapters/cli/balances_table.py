"""The closing balances, the liability and the count of lines, for people."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import Any, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.result_table import COLOURS
from referral_adapters.cli.screen import Screen
from referral_adapters.feed import Outcome

Summary = dict[str, Any]
Cells = dict[str, str]

GLIMPSE: Final = 50
"""So many accounts are shown to somebody who did not ask for balances."""

_WORDS: Final = ("account", "customer", "code", "status")
_COLUMNS: Final = (*_WORDS, "granted", "transferred", "consumed", "unused", "pending")
_STYLES: Final = {"active": "green", "pending": "yellow", "ended": "dim", "0.00": "dim"}
_LEAST_ACCOUNT: Final = 8
_GAP: Final = 2
_PAGE: Final = 500
"""Rows are drawn in pages. There may be a million, which would not fit a table that has to be whole to be drawn."""


class BalancesTable:
    """Shows what every account has."""

    def __init__(self, screen: Screen, currency: str, *, most: int | None = None) -> None:
        self._screen, self._currency, self._most = screen, currency, most

    def show(self, summary: Summary) -> None:
        """Show the accounts of a summary, at most as many as were asked for, then liability and lines."""
        accounts = summary["accounts"]
        if accounts:
            self._show_rows([_cells(name, account) for name, account in islice(accounts.items(), self._most)])
            more = 0 if self._most is None else len(accounts) - self._most
            if more > 0:
                self._screen.print(Text(f"… {more:,} more accounts; --balances shows all", style="dim"))
            self._screen.print()
        liability = summary["liability"]
        locked, unused = f"{liability['locked']} {self._currency}", f"{liability['granted_unused']} {self._currency}"
        self._screen.print(f"liability: {locked} locked, {unused} granted and unused")
        self._screen.print(_lines(summary["lines"]))

    def _show_rows(self, rows: list[Cells]) -> None:
        widths = _widths(rows, self._screen.width)
        rule = "-" if self._screen.options.ascii_only else "─"
        self._screen.print(_line({column: column for column in widths}, widths, head=True), soft_wrap=True)
        self._screen.print(rule * _total(widths), soft_wrap=True)
        for start in range(0, len(rows), _PAGE):
            page = [_line(cells, widths) for cells in rows[start : start + _PAGE]]
            self._screen.print(Text("\n").join(page), soft_wrap=True)


def _cells(name: str, account: dict[str, Any]) -> Cells:
    code = account["code"] or {"text": "–", "status": "–"}
    transferred = Decimal(account["transferred_in"]) - Decimal(account["transferred_out"])
    return {
        "account": printable(name),
        "customer": printable(account["customer"]),
        "code": code["text"],
        "status": code["status"],
        "granted": account["granted"],
        "transferred": f"{transferred:+}" if transferred else "0.00",
        "consumed": account["consumed"],
        "unused": account["unused"],
        "pending": account["pending"],
    }


def _widths(rows: list[Cells], available: int) -> dict[str, int]:
    """Return the columns that there is something to say in and room for, with their widths."""
    widths = {column: max(cell_len(column), *(cell_len(cells[column]) for cells in rows)) for column in _COLUMNS}
    if all(cells["transferred"] == "0.00" for cells in rows):
        del widths["transferred"]
    if _total(widths) > available:
        del widths["customer"]
    excess = max(0, _total(widths) - available)
    widths["account"] = max(min(_LEAST_ACCOUNT, widths["account"]), widths["account"] - excess)
    return widths


def _total(widths: dict[str, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)


def _line(cells: Cells, widths: dict[str, int], *, head: bool = False) -> Text:
    line = Text(" " * _GAP).join(
        Text(_fitted(cells[column], width, column), style="bold" if head else _style(column, cells[column]))
        for column, width in widths.items()
    )
    line.rstrip()
    return line


def _fitted(cell: str, width: int, column: str) -> str:
    if cell_len(cell) > width:
        return set_cell_size(cell, width - 1) + "…"
    blanks = " " * (width - cell_len(cell))
    return cell + blanks if column in _WORDS else blanks + cell


def _style(column: str, cell: str) -> str:
    if column in {"account", "customer", "code"}:
        return ""
    return _STYLES.get(cell, "bold" if column == "unused" else "")


def _lines(lines: dict[str, int]) -> Text:
    told = [Text(f"{lines[outcome]:,} {outcome}", style=COLOURS[outcome]) for outcome in Outcome if lines[outcome]]
    return Text("lines: ") + (Text(", ").join(told) if told else Text("none"))
