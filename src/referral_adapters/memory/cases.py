"""Cases in memory: a store of our own that stands in for the host's case system."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from referral_adapters.memory.journal import Change, Journal, setting
from referral_core.entities.case import Case, CaseStatus
from referral_core.values.errors import Reason, Refusal


class MemoryCases:
    """Cases in memory: thread-safe, each call all-or-nothing, guarding K3."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._cases: dict[str, Case] = {}

    def find(self, case: str) -> Case | None:
        """Return the case of this id, as last stored."""
        with self._lock:
            return self._cases.get(case)

    def open(self, case: Case) -> None:
        """Open a case (K1).

        :raises Refusal: ``case-exists`` when there is one of this id.
        """
        with self._lock:
            if case.id in self._cases:
                raise Refusal(Reason.CASE_EXISTS, message=f"there is a case {case.id} already", field="case")
            self._journal.write(setting(self._cases, case.id, case))

    def close(self, case: Case) -> None:
        """Store a case that was finished or abandoned (K2, K3).

        :raises Refusal: ``case-closed`` when it is no longer open, ``case-unknown`` when there is none of this id.
        """
        with self._lock:
            known = self._cases.get(case.id)
            if known is None:
                raise Refusal(Reason.CASE_UNKNOWN, message=f"there is no case {case.id}", field="case")
            if known.status is not CaseStatus.OPEN:
                raise Refusal(Reason.CASE_CLOSED, message=f"case {case.id} is {known.status}", field="case")
            self._journal.write(setting(self._cases, case.id, case))

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield every case in order of id, or those above ``after``, or that are open, as they are at the call."""
        with self._lock:
            ids = sorted(case for case in self._cases if after is None or case > after)
            cases = [self._cases[case] for case in ids]
        return (case for case in cases if case.status is CaseStatus.OPEN or not open_only)

    def erasing(self, customer: str, pseudonym: str) -> Iterator[Change]:
        """Yield the changes that put a pseudonym in a customer's place (A5); the caller holds the lock."""
        for case in self._cases.values():
            if case.customer == customer:
                yield setting(self._cases, case.id, attrs.evolve(case, customer=pseudonym))
