"""The repository of the trace: its rows, the seals over them, and what of them is published to whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from referral_core.entities.published import Published
from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.subscription import Subscription
from referral_core.entities.trace_entry import TraceEntry, TraceNote


class TraceRepository(Protocol):
    """Where rows are added and never changed, chained per subject, and seals over them likewise (A2).

    ``append`` is atomic per subject: of two racing writers on one subject the second follows the first. Writers on
    different subjects do not wait for each other. Reading holds a few rows at a time where the store can, and no lock.

    A row is published by giving it a place in one order. It can be once its transaction has ended, however it was
    written, and waits until somebody does it. Its position is given afterwards, so that nobody who has read up to one
    position ever misses a row that came late. Writers wait for nobody here.
    """

    def append(self, *notes: TraceNote) -> None:
        """Add notes, all or none, each as the next row of its subject's chain, salted with fresh randomness."""
        ...

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield a subject's rows in order; those of every subject, chain after chain, when none is named.

        Subjects come by their code points. With ``after``, a subject and a number, begin with what follows that place.

        :raises TraceUnreadable: the next row cannot be read; ``after`` its place the rest can.
        """
        ...

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` rows of some chains, of moments up to ``by``, the newest first.

        Those of one moment come by the code points of the subject and then by number, the last first.

        :raises TraceUnreadable: one of them cannot be read.
        """
        ...

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain, in order of subject."""
        ...

    def seal(self, at: datetime) -> Seal | None:
        """Set the next seal, over every head that moved since the seal before; ``None`` when none did.

        All or nothing. Writers may go on adding rows meanwhile: each head is one that its chain had, and what comes
        after it is for the next seal. Of two who seal at once the second lists what has moved since the first, so
        mostly nothing. Never holds all heads, where the store can do without.

        :raises ConcurrentChange: another seal came first, and the transaction must be tried again.
        """
        ...

    def seals(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal with a number above ``after``, in order.

        :raises TraceUnreadable: the next seal cannot be read; ``after`` its number the rest can.
        """
        ...

    def sealed_heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads that a seal lists, in order of subject; those of all seals, by subject and then by number."""
        ...

    def publish(self, limit: int) -> int:
        """Give up to ``limit`` rows that have no position the next ones, and return how many got one.

        All or nothing. Rows of one subject get theirs in the order of their numbers. A position once given stays, and
        none is left out: one that was given in a transaction that fails is given again.
        """
        ...

    def published(self, after: int, limit: int) -> tuple[Published, ...]:
        """Return the next published rows with a position above ``after``, in order: ``limit``, or all there are.

        :raises TraceUnreadable: one of them cannot be read.
        """
        ...

    def subscription(self, name: str) -> Subscription | None:
        """Return the subscription of this name: how far its receiver has got, and who is sending to it."""
        ...

    def subscribe(self, name: str, position: int) -> bool:
        """Store a new subscription that begins above ``position``; ``False`` if there is one, which stays as it is."""
        ...

    def lease(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Lease a subscription to the caller alone until a moment, and return it as it is now stored.

        ``None`` when somebody else holds it at ``at``, when it has to wait until later, or when there is none. A lease
        is over at the moment until which it was taken. Of two at once one gets it.
        """
        ...

    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Store the next state of a subscription, which has the same name, if it is still as ``before`` says.

        ``False`` when somebody else has changed it meanwhile, and nothing changes.

        :raises ValueError: it has another name.
        """
        ...

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return every subscription, by the code points of the name."""
        ...
