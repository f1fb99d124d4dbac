"""Importing a file of contracts, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from referral_adapters.feed.errors import LineInvalid
from referral_adapters.launch.contract_rows import ContractRows
from referral_adapters.launch.rejects import Reject
from referral_adapters.launch.source_row import SourceRow
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.entities.contract import Contract
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme
from referral_core.services.launch import Arrival
from referral_core.values.errors import Refusal


class ImportRun:
    """Takes in contracts and counts what became of them; each page is one transaction.

    What a page brought in is its own bookmark: the same file again finds it present.
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
        """Import a page, then hand on its rejects in order.

        :raises Refusal: ``not-allowed``, ``reason-missing``.
        :raises ConcurrentChange: others were in the way all the time.
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
