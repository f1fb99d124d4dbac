"""Seals: a regular hash over the heads of all chains of the trace (A2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Final

import attrs

from referral_core.entities.trace_entry import GENESIS
from referral_core.entities.trace_fault import SEALS_SUBJECT, TraceFault
from referral_core.values.moment import written

Head = tuple[str, int, str]
"""The end of a chain: its subject, how many rows it has, and the hash of the last."""

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


@attrs.frozen
class SealedHead:
    """A head as a seal found it: row ``number`` of ``subject`` had this ``hash`` when seal ``seal`` was set."""

    subject: str
    number: int
    hash: str
    seal: int

    @property
    def head(self) -> Head:
        """The head, without the seal that it is under."""
        return self.subject, self.number, self.hash


@attrs.frozen
class Seal:
    """What the chains' heads were when it was set; each seal carries the hash of the one before it.

    It lists only the heads that moved since the seal before, so it is as large as what happened in between, and the
    last seal vouches for every chain. The listed heads are kept beside it, ``heads`` counts them; ``hash`` is over all
    of them in order of subject, over the number, the moment and the seal before.
    """

    number: int
    moment: datetime
    heads: int
    previous: str
    hash: str

    @classmethod
    def over(cls, moved: Iterable[Head], before: Seal | None, moment: datetime) -> Seal:
        """Return the seal that follows ``before`` over the heads that ``moved``, which are read once and not held.

        :raises ValueError: the heads are not in order of subject, each subject once.
        """
        number, previous = (before.number + 1, before.hash) if before else (1, GENESIS)
        count, digest = _digest(number, moment, previous, _in_order(moved))
        return cls(number, moment, count, previous, digest)

    def faults(self, before: Seal | None, heads: Iterable[Head]) -> tuple[TraceFault, ...]:
        """Return what is wrong with this seal as the successor of ``before``; ``heads`` are those kept beside it."""
        found = []
        if self.number != (before.number + 1 if before else 1):
            found.append(self._fault("a seal before it is missing"))
        if self.previous != (before.hash if before else GENESIS):
            found.append(self._fault("does not carry the hash of the seal before it"))
        return (*found, *self.own_faults(heads))

    def own_faults(self, heads: Iterable[Head]) -> tuple[TraceFault, ...]:
        """Return what is wrong with this seal whatever comes before it."""
        holds = (self.heads, self.hash) == _digest(self.number, self.moment, self.previous, heads)
        return () if holds else (self._fault("it, or a head that it lists, was changed"),)

    def _fault(self, what: str) -> TraceFault:
        return TraceFault(SEALS_SUBJECT, self.number, what)


def _in_order(heads: Iterable[Head]) -> Iterator[Head]:
    last: str | None = None
    for head in heads:
        if last is not None and head[0] <= last:
            raise ValueError(f"the head of {head[0]} comes after the head of {last}")
        last = head[0]
        yield head


def _digest(number: int, moment: datetime, previous: str, heads: Iterable[Head]) -> tuple[int, str]:
    """Return the count of heads and the hash of a seal, which is that of ``[number, moment, previous, heads]``.

    The JSON is hashed as it is made, head by head, so that a seal over millions of heads takes no more memory than one
    over none. An integer, a moment and a hash are written the same everywhere, and JSON says where each head ends.
    """
    digest = sha256(_encode([number, written(moment), previous]).removesuffix("]").encode())
    digest.update(b",[")
    count = 0
    for head in heads:
        digest.update((b"," if count else b"") + _encode(head).encode())
        count += 1
    digest.update(b"]]")
    return count, digest.hexdigest()
