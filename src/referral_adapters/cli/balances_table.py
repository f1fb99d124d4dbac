"""The closing balances, the liability and the count of lines, for people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.result_table import COLOURS
from referral_adapters.cli.screen import Screen
from referral_adapters.feed import Outcome

Summary = dict[str, Any]
GLIMPSE: Final = 50
"""So many accounts are shown to somebody who did not ask for balances."""

_AMOUNTS: Final = ("granted", "consumed", "unused", "pending")
_WITH_TRANSFERS: Final = ("granted", "transferred_in", "consumed", "transferred_out", "unused", "pending")
_STATUSES: Final = {"active": "green", "pending": "yellow", "ended": "dim"}
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
            self._show_accounts(accounts)
        if self._most is not None and len(accounts) > self._most:
            more = len(accounts) - self._most
            self._screen.print(Text(f"… {more:,} more accounts; --balances shows all", style="dim"))
        if accounts:
            self._screen.print()
        self._screen.print(_liability(summary["liability"], self._currency))
        self._screen.print(_lines(summary["lines"]))

    def _show_accounts(self, accounts: dict[str, dict[str, Any]]) -> None:
        moved = any(_is_moved(account) for account in accounts.values())
        amounts = _WITH_TRANSFERS if moved else _AMOUNTS
        rows = (_row(name, account, amounts) for name, account in islice(accounts.items(), self._most))
        while page := list(islice(rows, _PAGE)):
            table = self._table(amounts)
            for row in page:
                table.add_row(*row)
            self._screen.print(table)

    def _table(self, amounts: tuple[str, ...]) -> Table:
        table = Table(box=SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        for title in ("account", "customer"):
            table.add_column(title, overflow="fold")
        for title in ("code", "status"):
            table.add_column(title, no_wrap=True)
        for title in amounts:
            table.add_column(title.replace("_", "\n"), justify="right", no_wrap=True, vertical="bottom")
        return table


def _is_moved(account: dict[str, Any]) -> bool:
    return account["transferred_in"] != "0.00" or account["transferred_out"] != "0.00"


def _row(name: str, account: dict[str, Any], amounts: tuple[str, ...]) -> Iterator[str | Text]:
    code = account["code"] or {"text": "–", "status": "–"}
    yield printable(name)
    yield printable(account["customer"])
    yield code["text"]
    yield Text(code["status"], style=_STATUSES.get(code["status"], ""))
    for amount in amounts:
        yield Text(account[amount], style="bold" if amount == "unused" else "dim" if account[amount] == "0.00" else "")


def _liability(liability: dict[str, str], currency: str) -> Text:
    locked, unused = liability["locked"], liability["granted_unused"]
    return Text(f"liability: {locked} {currency} locked, {unused} {currency} granted and unused")


def _lines(lines: dict[str, int]) -> Text:
    told = [Text(f"{lines[outcome]:,} {outcome}", style=COLOURS[outcome]) for outcome in Outcome if lines[outcome]]
    return Text("lines: ") + (Text(", ").join(told) if told else Text("none"))
