"""The verification of the trace: every row of every chain, every seal, every head that was sealed (A2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from referral_core.entities.seal import Seal, SealedHead, Verification
from referral_core.entities.trace import SEALS_SUBJECT, TraceEntry, TraceFault
from referral_core.ports.trace import TraceRepository
from referral_core.values.errors import TraceUnreadable

STEP: Final = 1000
"""The number of rows between two calls that report the progress."""

UNREADABLE: Final = "cannot be read"


class TraceVerifier:
    """One verification of a trace of any length, with few rows in memory; the trace may grow and be sealed meanwhile.

    First the seals are read, each with its heads. Then all rows and all sealed heads are read side by side in the same
    order, which reveals a sealed head whose row is missing or different, even when its whole chain is missing.
    """

    def __init__(self, trace: TraceRepository, *, most: int, told: Callable[[int], object] | None = None) -> None:
        self._trace, self._most, self._told = trace, most, told
        self._faults: list[TraceFault] = []
        self._more = self._rows = self._chains = self._erased = self._unsealed = self._count = self._newest = 0

    def run(self, at: datetime, expected: str | None = None) -> Verification:
        """Verify seals and rows at ``at``; ``expected`` is the published hash of some seal."""
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
            # After an unreadable seal the link to it cannot be checked, only the content of this one.
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
            # A sealed head further down the chain covers this row too, since each row carries the hash before it.
            self._unsealed += not heads and not sealed.has_more_of(row.subject)
            if isinstance(row, TraceUnreadable):
                self._find(TraceFault(row.subject, row.number, UNREADABLE))
                follows = False
                continue
            # After an unreadable row the link to it cannot be checked, only the content of this one.
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
        """Tell whether a seal exists by now that was set after the seals were read."""
        try:
            seal = next(self._trace.seals(after=number - 1), None)
        except TraceUnreadable as unreadable:
            return unreadable.number == number
        return seal is not None and seal.number == number

    def _all_seals(self) -> Iterator[Seal | TraceUnreadable]:
        """Yield every seal, with the error in place of an unreadable one."""
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
        """Yield every row, with the error in place of an unreadable one."""
        return map(self._counted, rows_and_errors(self._trace))

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


def rows_and_errors(trace: TraceRepository, subject: str | None = None) -> Iterator[TraceEntry | TraceUnreadable]:
    """Yield the rows of a subject's chain, or of all chains, with the error in place of an unreadable one."""
    after: tuple[str, int] | None = None
    while True:
        try:
            for row in trace.chain(subject, after=after):
                after = row.subject, row.number
                yield row
        except TraceUnreadable as unreadable:
            after = unreadable.subject, unreadable.number
            yield unreadable
        else:
            return


def readable_rows(trace: TraceRepository, subject: str | None = None) -> Iterator[TraceEntry]:
    """Yield the rows that can be read of a subject's chain, or of all chains."""
    return (row for row in rows_and_errors(trace, subject) if isinstance(row, TraceEntry))


_MOST_LATER: Final = 100
"""The most later seals that are looked up: a forger of more seals is revealed by these."""


class SealedHeads:
    """An iteration over all sealed heads, ordered by subject and then by number.

    Heads of seals after ``newest`` were set during the verification, and may be of rows that are not read yet. They are
    passed over, and one of each such seal is kept in ``of_later_seals``.
    """

    def __init__(self, heads: Iterator[SealedHead], newest: int) -> None:
        self._heads = heads
        self._newest = newest
        self._later: dict[int, SealedHead] = {}
        self._next = self._following()

    @property
    def of_later_seals(self) -> tuple[SealedHead, ...]:
        """One head of each seal that is later than the newest, by the number of the seal."""
        return tuple(self._later[seal] for seal in sorted(self._later))

    def before(self, subject: str, number: int) -> Iterator[SealedHead]:
        """Consume the heads before a place."""
        while self._next is not None and (self._next.subject, self._next.number) < (subject, number):
            yield self._taken(self._next)

    def at(self, subject: str, number: int) -> tuple[SealedHead, ...]:
        """Consume the heads at a place, which the iteration has reached."""
        found = []
        while self._next is not None and (self._next.subject, self._next.number) == (subject, number):
            found.append(self._taken(self._next))
        return tuple(found)

    def has_more_of(self, subject: str) -> bool:
        """Tell whether the next head is one of this subject."""
        return self._next is not None and self._next.subject == subject

    def rest(self) -> Iterator[SealedHead]:
        """Consume all remaining heads."""
        while self._next is not None:
            yield self._taken(self._next)

    def _taken(self, head: SealedHead) -> SealedHead:
        self._next = self._following()
        return head

    def _following(self) -> SealedHead | None:
        for head in self._heads:
            if head.seal <= self._newest:
                return head
            if len(self._later) < _MOST_LATER:
                self._later.setdefault(head.seal, head)
        return None
