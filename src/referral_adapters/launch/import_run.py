"""The import of a file of contracts, page by page, and the rows that it rejects."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar

import attrs

from referral_adapters.feed.fields import LineInvalid
from referral_adapters.launch.rows import REJECT_COLUMNS, ContractRows, SourceRow, guarded
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.entities.contract import Contract
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme
from referral_core.services.launch import Arrival
from referral_core.values.errors import Refusal

T = TypeVar("T")


class ImportRun:
    """Imports contracts and counts the outcomes; each page is one transaction.

    A run needs no bookmark: rows that an earlier run imported are found present, and counted so.
    """

    def __init__(
        self, programme: Programme, store: Store, *, at: datetime, actor: Actor, reason: str | None = None
    ) -> None:
        self._rows = ContractRows(programme.calendar)
        self._launch = ReferralDesk(programme, store).session(actor=actor, now=at).launch
        self._reason = reason
        self.rows = self.imported = self.present = self.rejected = 0
        self.last_line = 0

    def take(self, page: Sequence[SourceRow], rejected: Callable[[Reject], object]) -> None:
        """Import a page, then pass its rejects on, in order.

        :raises Refusal: ``not-allowed``, ``reason-missing``.
        :raises ConcurrentChange: other writers were in the way at every attempt.
        """
        read = [self._read(row) for row in page]
        contracts = [each for each in read if isinstance(each, Contract)]
        outcomes = iter(self._launch.import_contracts(contracts, reason=self._reason))
        for row, each in zip(page, read, strict=True):
            outcome = each if isinstance(each, Reject) else next(outcomes)
            verdict = Reject.refused(row, outcome) if isinstance(outcome, Refusal) else outcome
            self._count(verdict)
            if isinstance(verdict, Reject):
                rejected(verdict)
        self.last_line = page[-1].line

    def _read(self, row: SourceRow) -> Contract | Reject:
        if row.fault is not None:
            return Reject.invalid(row, row.fault)
        try:
            return self._rows.contract(row.values)
        except LineInvalid as wrong:
            return Reject.invalid(row, wrong.why, wrong.field)
        except Refusal as refusal:
            return Reject.refused(row, refusal)

    def _count(self, verdict: Arrival | Reject) -> None:
        self.rows += 1
        self.imported += verdict is Arrival.IMPORTED
        self.present += verdict is Arrival.PRESENT
        self.rejected += isinstance(verdict, Reject)


def pages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield items in pages of ``size``; the last page may be smaller."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page


INVALID: Final = "invalid"
"""The reason of a row that is malformed: no rule has looked at it."""


@attrs.frozen
class Reject:
    """One row that was not imported; ``field`` is empty where no single field is at fault."""

    line: int
    field: str
    reason: str
    message: str
    cells: Sequence[str]

    @classmethod
    def invalid(cls, row: SourceRow, why: str, field: str = "") -> Reject:
        """Return the reject of a malformed row."""
        return cls(row.line, field, INVALID, _sentence(why), row.cells)

    @classmethod
    def refused(cls, row: SourceRow, refusal: Refusal) -> Reject:
        """Return the reject of a row that a rule refused."""
        return cls(row.line, refusal.field or "", refusal.reasons[0].value, _sentence(refusal.message), row.cells)


class RejectLines:
    """Writes rejects as lines of CSV in which no spreadsheet finds a formula.

    The row itself comes first and what is wrong with it stands behind it. An import of the lines reads every cell as it
    was in the row, and passes over what stands behind.
    """

    def __init__(self, columns: Sequence[str], delimiter: str) -> None:
        self._columns = columns
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")

    def header(self) -> bytes:
        """Return the first line."""
        return self._line([*self._columns, *REJECT_COLUMNS])

    def line(self, reject: Reject) -> bytes:
        """Return the line of a reject: the row's own cells, then its line, field, reason and message."""
        missing = [""] * (len(self._columns) - len(reject.cells))  # of a line that could not be split: it is one cell
        return self._line([*reject.cells, *missing, str(reject.line), reject.field, reject.reason, reject.message])

    def _line(self, cells: Sequence[str]) -> bytes:
        self._writer.writerow(map(guarded, cells))
        line = self._text.getvalue()
        self._text.seek(0)  # one buffer for all lines: a writer for each would cost more than the line
        self._text.truncate()
        return line.encode(errors="backslashreplace")


def _sentence(said: str) -> str:
    begun = said[:1].upper() + said[1:]
    return begun if begun.endswith(".") else f"{begun}."
