"""Tables that spreadsheets open, none of whose cells a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

BEGINS_A_FORMULA: Final = frozenset("=+-@＝＋－＠\t\r\n|%")
"""What makes a spreadsheet reckon, look up or run something; the wide forms are taken for the narrow ones."""
MARK_OF_ORDER: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Tells spreadsheets that the text is UTF-8."""


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a table line by line (RFC 4180), the header first; what is ``None`` is an empty cell."""
    yield MARK_OF_ORDER + _line(header)
    for row in rows:
        yield _line(row)


def _line(row: Sequence[object]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(["" if cell is None else safe(str(cell)) for cell in row])
    return line.getvalue()


def safe(cell: str) -> str:
    """Return the text of a cell; one that would begin a formula has an apostrophe before it.

    >>> safe("=1+1"), safe("24.90")
    ("'=1+1", '24.90')
    """
    begins = cell.lstrip(" \N{NO-BREAK SPACE}")[:1] or cell[:1]
    return f"'{cell}" if begins in BEGINS_A_FORMULA and begins else cell
