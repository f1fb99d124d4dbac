"""Rows that were not imported, and why: a CSV file for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

import attrs

from referral_adapters.launch.source_row import SourceRow
from referral_core.values.errors import Refusal

INVALID: Final = "invalid"
"""What stands in the place of a reason when a row is not a proper one."""
HEAD: Final = ("line", "field", "reason", "message")
"""The columns before those of the row itself."""

_FORMULAS: Final = frozenset("=+-@\t\r＝＋－＠")
"""With one of these a cell begins that a spreadsheet would take for a formula."""


@attrs.frozen
class Reject:
    """One row that was not imported; ``field`` is empty where no single one is at fault."""

    line: int
    field: str
    reason: str
    message: str
    cells: Sequence[str]

    @classmethod
    def invalid(cls, row: SourceRow, why: str, field: str = "") -> Reject:
        """Return the reject of a row that is not a proper one."""
        return cls(row.line, field, INVALID, _sentence(why), row.cells)

    @classmethod
    def refused(cls, row: SourceRow, refusal: Refusal) -> Reject:
        """Return the reject of a row that a rule refused."""
        return cls(row.line, refusal.field or "", refusal.reasons[0].value, _sentence(refusal.message), row.cells)


class RejectLines:
    """Writes rejects as lines of CSV, in which no cell begins like a formula."""

    def __init__(self, columns: Sequence[str], delimiter: str) -> None:
        self._columns = columns
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")

    def header(self) -> bytes:
        """Return the first line."""
        return self._line([*HEAD, *self._columns])

    def line(self, reject: Reject) -> bytes:
        """Return the line of a reject: where, which field, the reason, a sentence; then the row's own cells."""
        return self._line([str(reject.line), reject.field, reject.reason, reject.message, *reject.cells])

    def _line(self, cells: Sequence[str]) -> bytes:
        self._writer.writerow(map(_harmless, cells))
        line = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return line.encode(errors="backslashreplace")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in _FORMULAS and cell else cell


def _sentence(said: str) -> str:
    begun = said[:1].upper() + said[1:]
    return begun if begun.endswith(".") else f"{begun}."
