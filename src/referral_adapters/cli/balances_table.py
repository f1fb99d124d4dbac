"""The closing balances, the liability and the count of lines, for people."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import Any, Final

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from referral_adapters.cli.plain_table import GAP, plain_table
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
_PAGE: Final = 500
"""Rows are drawn in pages, as a table has to be whole before it is drawn."""


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
        for start in range(0, len(rows), _PAGE):
            table = _table(widths, show_head=start == 0)
            for cells in rows[start : start + _PAGE]:
                table.add_row(*(Text(cells[column], style=_style(column, cells[column])) for column in widths))
            self._screen.print(table)


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
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _table(widths: dict[str, int], *, show_head: bool) -> Table:
    table = plain_table(show_head=show_head)
    for column, width in widths.items():
        if column in _WORDS:
            table.add_column(column, width=width, overflow="fold")
        else:
            table.add_column(column, width=width, justify="right", no_wrap=True)
    return table


def _style(column: str, cell: str) -> str:
    if column in {"account", "customer", "code"}:
        return ""
    return _STYLES.get(cell, "bold" if column == "unused" else "")


def _lines(lines: dict[str, int]) -> Text:
    told = [Text(f"{lines[outcome]:,} {outcome}", style=COLOURS[outcome]) for outcome in Outcome if lines[outcome]]
    return Text("lines: ") + (Text(", ").join(told) if told else Text("none"))
