"""Cases as they were known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import attrs

from referral_core.entities.case import Case, CaseStatus
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.cases import Cases


@attrs.frozen
class KnownCases:
    """The port ``Cases`` as it stood: cases opened by a moment, and open still if they were closed after it."""

    cases: Cases
    by: datetime

    def find(self, case: str) -> Case | None:
        """Return the case of this id as it was known."""
        found = self.cases.find(case)
        return None if found is None else found.known_at(self.by)

    def open(self, case: Case) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"case {case.id}")

    def close(self, case: Case) -> None:
        """Raise :class:`TypeError`."""
        self.open(case)

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield every case that was known, or those above ``after``, or that were open, in order of id."""
        for case in self.cases.all(after=after):
            known = case.known_at(self.by)
            if known is not None and (known.status is CaseStatus.OPEN or not open_only):
                yield known
