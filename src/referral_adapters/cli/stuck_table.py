"""What is stuck, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen
from referral_core.entities.grant import Grant
from referral_core.values.moment import Calendar

MOST_ROWS: Final = 200
"""So many are shown at a terminal; a pipe gets all."""

_RIGHT: Final = frozenset({"amount", "attempts"})


def stuck_line(leg: Grant, calendar: Calendar) -> dict[str, Any]:
    """Return what there is to be said of a stuck leg: amounts as text, moments in the programme's zone."""
    return {
        "key": leg.key,
        "account": leg.account,
        "amount": str(leg.amount.amount),
        "attempts": leg.attempts,
        "problem": leg.problem,
        "since": None if leg.failed_at is None else calendar.local(leg.failed_at).isoformat(),
    }


def show_stuck(lines: Iterable[dict[str, Any]], screen: Screen) -> int:
    """Show the first of them as a table and count the others; return how many there are."""
    rest = iter(lines)
    shown = [*islice(rest, MOST_ROWS)]
    more = _count(rest)
    if not shown:
        screen.print("Nothing is stuck.")
        return 0
    table = Table(box=SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in shown[0]:
        table.add_column(name, justify="right" if name in _RIGHT else "left", overflow="fold")
    for line in shown:
        table.add_row(*("–" if value is None else printable(str(value)) for value in line.values()))
    screen.print(table)
    if more:
        screen.print(Text(f"… {more:,} more; a pipe gets them all", style="dim"))
    return len(shown) + more


def _count(lines: Iterator[object]) -> int:
    return sum(1 for _ in lines)
