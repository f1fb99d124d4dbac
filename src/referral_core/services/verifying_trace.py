"""Verifying the trace: every row of every chain, every seal, every head that was sealed (A2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from referral_core.entities.seal import Seal, SealedHead
from referral_core.entities.trace_entry import TraceEntry
from referral_core.entities.trace_fault import SEALS_SUBJECT, TraceFault
from referral_core.entities.verification import Verification
from referral_core.ports.trace import TraceRepository
from referral_core.services.sealed_heads import SealedHeads
from referral_core.values.errors import TraceUnreadable

STEP: Final = 1000
"""After so many rows whoever waits is told how far it is."""

UNREADABLE: Final = "cannot be read"


class Verifying:
    """One verification of a trace, which may grow and be sealed meanwhile; whatever its length, few rows are held.

    First the seals are read, each with its heads. Then all rows and all sealed heads are read side by side in the same
    order, so that a sealed head whose row is missing or another one shows, also when its whole chain has gone.
    """

    def __init__(self, trace: TraceRepository, *, most: int, told: Callable[[int], object] | None = None) -> None:
        self._trace, self._most, self._told = trace, most, told
        self._faults: list[TraceFault] = []
        self._more = self._rows = self._chains = self._erased = self._unsealed = self._count = self._newest = 0

    def run(self, at: datetime, expected: str | None = None) -> Verification:
        """Verify everything, at ``at``; ``expected`` is the hash of some seal, as it was kept elsewhere."""
        last = self._verify_seals(expected)
        sealed = SealedHeads(self._trace.sealed_heads(), self._newest)
        self._verify_rows(sealed)
        for head in sealed.of_later_seals:
            if not self._is_there(head.seal):
                self._find(TraceFault(head.subject, head.number, f"is listed by seal {head.seal}, which is missing"))
        return Verification(
            at=at,
            rows=self._rows,
            chains=self._chains,
            erased=self._erased,
            unsealed=self._unsealed,
            seals=self._count,
            last=last,
            faults=tuple(self._faults),
            more=self._more,
        )

    def _verify_seals(self, expected: str | None) -> Seal | None:
        last: Seal | None = None
        follows, is_expected = True, expected is None
        for seal in self._all_seals():
            self._newest = seal.number
            if isinstance(seal, TraceUnreadable):
                self._find(TraceFault(seal.subject, seal.number, UNREADABLE))
                follows = False
                continue
            heads = (each.head for each in self._trace.sealed_heads(seal.number))
            self._find(*(seal.faults(last, heads) if follows else seal.own_faults(heads)))
            last, follows = seal, True
            is_expected = is_expected or seal.hash == expected
            self._count += 1
        if not is_expected:
            number = last.number if last else 0
            self._find(TraceFault(SEALS_SUBJECT, number, "neither it nor one before it has the hash that was expected"))
        return last

    def _verify_rows(self, sealed: SealedHeads) -> None:
        last: TraceEntry | None = None
        subject: str | None = None
        follows = True
        for row in self._all_rows():
            if row.subject != subject:
                subject, last, follows = row.subject, None, True
                self._chains += 1
            for gone in sealed.before(row.subject, row.number):
                self._miss(gone)
            heads = sealed.at(row.subject, row.number)
            self._unsealed += not heads and not sealed.has_more_of(row.subject)
            if isinstance(row, TraceUnreadable):
                self._find(TraceFault(row.subject, row.number, UNREADABLE))
                follows = False
                continue
            self._find(*(row.faults(last) if follows else row.own_faults()))
            for head in heads:
                if head.hash != row.hash:
                    self._find(
                        TraceFault(row.subject, row.number, f"is not the row that seal {head.seal} was set over")
                    )
            self._erased += row.is_erased
            last, follows = row, True
        for gone in sealed.rest():
            self._miss(gone)

    def _is_there(self, number: int) -> bool:
        """Tell whether a seal has been set since the seals were read."""
        try:
            seal = next(self._trace.seals(after=number - 1), None)
        except TraceUnreadable as unreadable:
            return unreadable.number == number
        return seal is not None and seal.number == number

    def _all_seals(self) -> Iterator[Seal | TraceUnreadable]:
        """Yield every seal, and the error in the place of one that cannot be read."""
        after = 0
        while True:
            try:
                for seal in self._trace.seals(after=after):
                    after = seal.number
                    yield seal
            except TraceUnreadable as unreadable:
                after = unreadable.number
                yield unreadable
            else:
                return

    def _all_rows(self) -> Iterator[TraceEntry | TraceUnreadable]:
        """Yield every row, and the error in the place of one that cannot be read."""
        after: tuple[str, int] | None = None
        while True:
            try:
                for row in self._trace.chain(after=after):
                    after = row.subject, row.number
                    yield self._counted(row)
            except TraceUnreadable as unreadable:
                after = unreadable.subject, unreadable.number
                yield self._counted(unreadable)
            else:
                return

    def _counted(self, row: TraceEntry | TraceUnreadable) -> TraceEntry | TraceUnreadable:
        self._rows += 1
        if self._told is not None and self._rows % STEP == 0:
            self._told(self._rows)
        return row

    def _miss(self, head: SealedHead) -> None:
        self._find(TraceFault(head.subject, head.number, f"is missing, and seal {head.seal} was set over it"))

    def _find(self, *faults: TraceFault) -> None:
        room = max(0, self._most - len(self._faults))
        self._faults += faults[:room]
        self._more += len(faults[room:])
