"""Methods of repositories that take effect as a whole or not at all."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from referral_adapters.sql.work import Work

P = ParamSpec("P")
T = TypeVar("T")


class Working(Protocol):
    """A port over some work."""

    @property
    def work(self) -> Work:
        """The store's statements."""
        ...


W = TypeVar("W", bound=Working)


def joined(act: Callable[Concatenate[W, P], T]) -> Callable[Concatenate[W, P], T]:
    """Make a method that says no only where it has changed nothing a part of any transaction, or one by itself.

    :raises ConcurrentChange: others were quicker all the time, or the transaction it is a part of must be tried again.
    """
    alone = atomic(act)

    @functools.wraps(act)
    def part(port: W, /, *given: P.args, **named: P.kwargs) -> T:
        return (act if port.work.depth else alone)(port, *given, **named)

    return part


def atomic(act: Callable[Concatenate[W, P], T]) -> Callable[Concatenate[W, P], T]:
    """Make a method all-or-nothing; outside of a transaction it is one by itself, tried again when there is a conflict.

    :raises ConcurrentChange: others were quicker all the time, or the transaction it is a part of must be tried again.
    """

    @functools.wraps(act)
    def whole(port: W, /, *given: P.args, **named: P.kwargs) -> T:
        return port.work.run(lambda: act(port, *given, **named))

    return whole
