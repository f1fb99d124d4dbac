"""The repository of cases: the host's case system, or a store of our own that stands in for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from referral_core.entities.case import Case


class CaseRepository(Protocol):
    """Where cases of type ``LT-SUPCRQ`` are opened and closed (K1-K3)."""

    def find(self, case: str) -> Case | None:
        """Return the case of this id, as last stored."""
        ...

    def open(self, case: Case) -> None:
        """Open a case.

        :raises Refusal: ``case-exists`` when there is one of this id.
        """
        ...

    def close(self, case: Case) -> None:
        """Store a case that was finished or abandoned.

        :raises Refusal: ``case-closed`` when it is no longer open: of two racing callers one is told so.
        """
        ...

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield every case by the code points of its id, or those above ``after``, or those that are open.

        They are not all held at once.
        """
        ...
