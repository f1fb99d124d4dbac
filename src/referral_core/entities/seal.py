"""Seals: a regular hash over the heads of all chains of the trace; and the result of a verification (A2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Final

import attrs

from referral_core.entities.trace import GENESIS, SEALS_SUBJECT, TraceFault
from referral_core.values.moment import written

Head = tuple[str, int, str]
"""The head of a chain: its subject, its number of rows, and the hash of the last row."""

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


@attrs.frozen
class SealedHead:
    """A head listed by a seal: row ``number`` of ``subject`` had this ``hash`` when the seal was set."""

    subject: str
    number: int
    hash: str
    seal: int

    @property
    def head(self) -> Head:
        """The head without its seal."""
        return self.subject, self.number, self.hash


@attrs.frozen
class Seal:
    """A hash over the chains' heads at a moment; each seal carries the hash of the seal before it.

    A seal lists only the heads that moved since the seal before, so its size is that of the activity in between, and
    the last seal covers every chain. The listed heads are stored beside it and counted by ``heads``. ``hash`` covers
    them in order of subject, and the number, the moment and the hash of the seal before.
    """

    number: int
    moment: datetime
    heads: int
    previous: str
    hash: str

    @classmethod
    def over(cls, moved: Iterable[Head], before: Seal | None, moment: datetime) -> Seal:
        """Return the seal after ``before`` over the heads that ``moved``; they are read once and not held in memory.

        :raises ValueError: the heads are not in order of subject, each subject once.
        """
        number, previous = (before.number + 1, before.hash) if before else (1, GENESIS)
        count, digest = _digest(number, moment, previous, _in_order(moved))
        return cls(number, moment, count, previous, digest)

    def faults(self, before: Seal | None, heads: Iterable[Head]) -> tuple[TraceFault, ...]:
        """Return the faults of this seal as the successor of ``before``; ``heads`` are those stored beside it."""
        found = []
        if self.number != (before.number + 1 if before else 1):
            found.append(self._fault("a seal before it is missing"))
        if self.previous != (before.hash if before else GENESIS):
            found.append(self._fault("does not carry the hash of the seal before it"))
        return (*found, *self.own_faults(heads))

    def own_faults(self, heads: Iterable[Head]) -> tuple[TraceFault, ...]:
        """Return the faults of this seal by itself."""
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
    """Return the number of heads and the hash of a seal: the hash of ``[number, moment, previous, heads]`` as JSON.

    The JSON is hashed head by head, so that a seal over millions of heads needs no more memory than one over none.
    Integers, moments and hashes have one spelling, and JSON delimits the heads, so that no two seals hash alike.
    """
    # The opening of the array only: the list of heads follows as its last element.
    digest = sha256(_encode([number, written(moment), previous]).removesuffix("]").encode())
    digest.update(b",[")
    count = 0
    for head in heads:
        digest.update((b"," if count else b"") + _encode(head).encode())
        count += 1
    digest.update(b"]]")
    return count, digest.hexdigest()


@attrs.frozen(kw_only=True)
class Verification:
    """The result of a verification of the trace at a moment.

    ``rows`` in ``chains`` and ``seals`` were read. ``erased`` rows have no personal part any more. ``unsealed`` rows
    came after the last seal over their chain, so that their removal would not be noticed. ``last`` is the last seal.
    ``faults`` are the first faults found, seals first and then rows by subject; ``more`` counts the others.
    """

    at: datetime
    rows: int
    chains: int
    erased: int
    unsealed: int
    seals: int
    last: Seal | None
    faults: tuple[TraceFault, ...]
    more: int

    @property
    def holds(self) -> bool:
        """Tell whether there is no fault."""
        return not self.faults and not self.more
