"""Sealed heads, read side by side with the rows of the trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from referral_core.entities.seal import SealedHead

_MOST_LATER: Final = 100
"""So many later seals are looked at; whoever puts in more of them is found out by these."""


class SealedHeads:
    """A walk along all sealed heads, which come by subject and then by number.

    Heads of seals after ``newest`` were set while others were being read, and stand for rows that may not have been
    read: they are passed over, and one of each such seal is kept in ``of_later_seals``.
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
        """Take the heads up to, and without, a place."""
        while self._next is not None and (self._next.subject, self._next.number) < (subject, number):
            yield self._taken(self._next)

    def at(self, subject: str, number: int) -> tuple[SealedHead, ...]:
        """Take the heads at a place, to which the walk has come."""
        found = []
        while self._next is not None and (self._next.subject, self._next.number) == (subject, number):
            found.append(self._taken(self._next))
        return tuple(found)

    def has_more_of(self, subject: str) -> bool:
        """Tell whether the next head is one of this subject."""
        return self._next is not None and self._next.subject == subject

    def rest(self) -> Iterator[SealedHead]:
        """Take all heads that are left."""
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
