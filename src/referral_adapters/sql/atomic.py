"""Decorators for repository methods: each runs inside the open transaction, or in a transaction of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from referral_adapters.sql.work import Work

P = ParamSpec("P")
T = TypeVar("T")


class Working(Protocol):
    """A repository that sends its statements through a :class:`~referral_adapters.sql.work.Work`."""

    @property
    def work(self) -> Work:
        """The statements and transactions of the store."""
        ...


W = TypeVar("W", bound=Working)


def joined(act: Callable[Concatenate[W, P], T]) -> Callable[Concatenate[W, P], T]:
    """Run a method inside the open transaction without a savepoint, or in a transaction of its own.

    It is for methods that refuse before they write: nothing could undo a part of their work inside a transaction.

    :raises ConcurrentChange: every attempt lost a race, or the outer transaction has to be repeated.
    """

    @functools.wraps(act)
    def part(port: W, /, *given: P.args, **named: P.kwargs) -> T:
        if port.work.has_unit:
            return act(port, *given, **named)
        return port.work.run(lambda: act(port, *given, **named))

    return part


def atomic(act: Callable[Concatenate[W, P], T]) -> Callable[Concatenate[W, P], T]:
    """Run a method in a transaction of its own, or inside the open one under a savepoint.

    After a refusal the work of the method is undone, and the outer transaction can go on.

    :raises ConcurrentChange: every attempt lost a race, or the outer transaction has to be repeated.
    """

    @functools.wraps(act)
    def whole(port: W, /, *given: P.args, **named: P.kwargs) -> T:
        return port.work.run(lambda: act(port, *given, **named))

    return whole
