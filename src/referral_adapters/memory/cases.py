"""Cases in memory, in place of a case system of the host."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from referral_adapters.memory.journal import Change, Journal, setting
from referral_core.entities.case import Case, CaseStatus
from referral_core.values.errors import Reason, Refusal


class MemoryCases:
    """Cases in memory: thread-safe, each call all or nothing; a case is closed once (K3)."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._cases: dict[str, Case] = {}

    def find(self, case: str) -> Case | None:
        """Return the case of this id in its last state."""
        with self._lock:
            return self._cases.get(case)

    def open(self, case: Case) -> None:
        """Store a new case (K1).

        :raises Refusal: ``case-exists`` when a case of this id was ever opened.
        """
        with self._lock:
            if case.id in self._cases:
                raise Refusal(Reason.CASE_EXISTS, message=f"there is a case {case.id} already", field="case")
            self._journal.write(setting(self._cases, case.id, case))

    def close(self, case: Case) -> None:
        """Replace an open case by its finished or abandoned state (K2, K3).

        :raises Refusal: ``case-closed`` when the stored case is not open, ``case-unknown`` when there is none.
        """
        with self._lock:
            known = self._cases.get(case.id)
            if known is None:
                raise Refusal(Reason.CASE_UNKNOWN, message=f"there is no case {case.id}", field="case")
            if known.status is not CaseStatus.OPEN:
                raise Refusal(Reason.CASE_CLOSED, message=f"case {case.id} is {known.status}", field="case")
            self._journal.write(setting(self._cases, case.id, case))

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield the cases as they are at the call, in order of id; above ``after`` only, or open ones only."""
        with self._lock:
            ids = sorted(case for case in self._cases if after is None or case > after)
            cases = [self._cases[case] for case in ids]
        return (case for case in cases if case.status is CaseStatus.OPEN or not open_only)

    def erasing(self, customer: str, pseudonym: str) -> Iterator[Change]:
        """Yield the changes that replace a customer by a pseudonym (A5); the caller holds the lock."""
        for case in self._cases.values():
            if case.customer == customer:
                yield setting(self._cases, case.id, attrs.evolve(case, customer=pseudonym))
