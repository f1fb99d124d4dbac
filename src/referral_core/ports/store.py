"""What a session works on: every port, and transactions over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from referral_core.ports.ports import Ports
from referral_core.programme.programme import Programme

T = TypeVar("T")


class Store(Ports, Protocol):
    """A store: all ports, and the transactions that make an act whole (P6)."""

    def begin(self, programme: Programme) -> None:
        """Take from a programme what a new store starts with: its groups, if it never had any programme's (D2, P5)."""
        ...

    def transaction(self) -> AbstractContextManager[object]:
        """Return a block that takes effect as a whole, or not at all when an exception of any kind leaves it.

        Inside another one, the host's too, it is a part of it: if an exception leaves the inner block and goes no
        further, only the inner block's work is undone.
        """
        ...

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, str]] | None = None) -> T:
        """Do an act in a transaction, again when it lost a race, and return what it returns.

        ``named`` is a hint, for stores to which it is worth it: what the act's arguments name, each with its kind, such
        as ``("account", "A")``; ``None`` tells of nothing.

        Inside another transaction it is done once: whoever began that one repeats it.

        :raises ConcurrentChange: others were quicker every time, or the outer transaction must be tried again.
        """
        ...
