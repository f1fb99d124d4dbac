"""Seals: a regular hash over the heads of all chains of the trace (A2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256

import attrs

from referral_core.entities.trace_entry import GENESIS
from referral_core.values.moment import written

Head = tuple[str, int, str]
"""The end of a chain: its subject, how many rows it has, and the hash of the last."""


@attrs.frozen
class Seal:
    """What the chains' heads were when it was set; each seal carries the hash of the one before it.

    Only heads that moved since the seal before are listed, so a seal is as large as what happened in between, and all
    seals together fix every chain.
    """

    number: int
    moment: datetime
    heads: tuple[Head, ...]
    previous: str
    hash: str

    @classmethod
    def over(cls, heads: Iterable[Head], earlier: tuple[Seal, ...], moment: datetime) -> Seal:
        """Return the seal that follows ``earlier`` over the present ``heads`` of all chains."""
        sealed = {subject: count for seal in earlier for subject, count, _ in seal.heads}
        moved = tuple(sorted(head for head in heads if sealed.get(head[0]) != head[1]))
        number, previous = (earlier[-1].number + 1, earlier[-1].hash) if earlier else (1, GENESIS)
        return cls(number, moment, moved, previous, _seal_hash(number, moment, moved, previous))

    def faults(self, before: Seal | None, hash_of: Callable[[str, int], str | None]) -> tuple[str, ...]:
        """Return what is wrong with this seal; ``hash_of`` gives the hash of a subject's row by its number."""
        found = []
        if self.previous != (before.hash if before else GENESIS):
            found.append(f"seal {self.number}: does not carry the hash of the seal before it")
        if self.hash != _seal_hash(self.number, self.moment, self.heads, self.previous):
            found.append(f"seal {self.number}: its content was changed")
        found += [
            f"seal {self.number}: {subject} row {count} is missing or not what was sealed"
            for subject, count, head in self.heads
            if hash_of(subject, count) != head
        ]
        return tuple(found)


def _seal_hash(number: int, moment: datetime, heads: tuple[Head, ...], previous: str) -> str:
    content = [number, written(moment), previous, heads]
    return sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
