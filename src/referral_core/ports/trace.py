"""The repository of the trace: its rows, the seals over them, and their publication to subscribers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.trace import Published, Subscription, TraceEntry, TraceNote


class TraceRepository(Protocol):
    """The repository of rows, which are added and never changed, chained per subject; and of seals over them (A2).

    ``append`` is atomic per subject: of two racing writers on one subject the second follows the first. Writers on
    different subjects do not wait for each other. Reading takes no lock, and holds few rows in memory where the store
    allows it.

    Publishing gives a row a position in one order over all chains, after the row's transaction has ended. So a reader
    who has read up to a position never misses a row that was committed late, and writers never wait for publishing.
    """

    def append(self, *notes: TraceNote) -> None:
        """Add notes, all or none, each as the next row of its subject's chain with a fresh random salt."""
        ...

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield a subject's rows in order, or those of all subjects, chain after chain.

        Subjects are ordered by their code points. ``after`` is a subject and a number: the rows after that place are
        yielded.

        :raises TraceUnreadable: the next row cannot be decoded; reading can go on ``after`` its place.
        """
        ...

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` rows of some chains with moments up to ``by``, the newest first.

        Rows of one moment are ordered by the code points of the subject and then by number, the last first.

        :raises TraceUnreadable: one of them cannot be decoded.
        """
        ...

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain, in order of subject."""
        ...

    def seal(self, at: datetime) -> Seal | None:
        """Set the next seal, over every head that moved since the seal before; ``None`` when none did.

        All or nothing. Writers may add rows meanwhile: each listed head is one that its chain had, and later rows are
        left to the next seal. Of two concurrent seals the second lists what moved since the first, which is mostly
        nothing. The heads are not all held in memory where the store allows it.

        :raises ConcurrentChange: another seal was set first; the transaction has to be repeated.
        """
        ...

    def seals(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal with a number above ``after``, in order.

        :raises TraceUnreadable: the next seal cannot be decoded; reading can go on ``after`` its number.
        """
        ...

    def sealed_heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads of a seal in order of subject, or those of all seals by subject and then by number."""
        ...

    def publish(self, limit: int) -> int:
        """Give the next positions to up to ``limit`` rows that have none, and return the number of these rows.

        All or nothing. Rows of one subject get positions in the order of their numbers. Positions never change and have
        no gaps: those of a failed transaction are given again.
        """
        ...

    def published(self, after: int, limit: int) -> tuple[Published, ...]:
        """Return the next published rows with a position above ``after``, in order: ``limit``, or all there are.

        :raises TraceUnreadable: one of them cannot be decoded.
        """
        ...

    def subscription(self, name: str) -> Subscription | None:
        """Return the subscription of this name, ``None`` if there is none."""
        ...

    def subscribe(self, name: str, position: int) -> bool:
        """Store a new subscription that begins above ``position``; return ``False`` if the name is taken."""
        ...

    def lease(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Lease a subscription to the caller alone until a moment, and return it as it is now stored.

        Returns ``None`` when another caller holds it at ``at``, when its retry is due later, or when there is none. The
        lease is over at the moment ``until``. Of two concurrent callers one gets it.
        """
        ...

    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Store the next state of a subscription if its present state is still ``before``.

        Returns ``False``, and changes nothing, when another caller has changed it meanwhile.

        :raises ValueError: the two states have different names.
        """
        ...

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return every subscription, in order of the code points of the name."""
        ...
