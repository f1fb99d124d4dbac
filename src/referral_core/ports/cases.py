"""The repository of cases: the host's case system, or a store in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from referral_core.entities.case import Case


class CaseRepository(Protocol):
    """The repository where cases of type ``LT-SUPCRQ`` are opened and closed (K1-K3)."""

    def find(self, case: str) -> Case | None:
        """Return the case with this id, as last stored."""
        ...

    def open(self, case: Case) -> None:
        """Open a case.

        :raises Refusal: ``case-exists`` when there is a case with this id.
        """
        ...

    def close(self, case: Case) -> None:
        """Store a case that was finished or abandoned.

        :raises Refusal: ``case-closed`` when it is no longer open; of two racing callers one is refused.
        """
        ...

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield the cases in order of the code points of their ids: all, those above ``after``, or only the open ones.

        They are not all held in memory at once.
        """
        ...
