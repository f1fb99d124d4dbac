"""Methods of repositories that are a part of any transaction, or one by themselves."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from referral_adapters.sql.work import Work

P = ParamSpec("P")
T = TypeVar("T")


class Working(Protocol):
    """A repository over some work."""

    @property
    def work(self) -> Work:
        """The store's statements."""
        ...


W = TypeVar("W", bound=Working)


def joined(act: Callable[Concatenate[W, P], T]) -> Callable[Concatenate[W, P], T]:
    """Make a method that says no only where it has changed nothing a part of any transaction, or one by itself.

    :raises ConcurrentChange: others were quicker all the time, or the transaction it is a part of must be tried again.
    """

    @functools.wraps(act)
    def part(port: W, /, *given: P.args, **named: P.kwargs) -> T:
        if port.work.has_unit:
            return act(port, *given, **named)
        return port.work.run(lambda: act(port, *given, **named))

    return part


def atomic(act: Callable[Concatenate[W, P], T]) -> Callable[Concatenate[W, P], T]:
    """Make a method all-or-nothing, also as a part of a transaction, which then can go on.

    :raises ConcurrentChange: others were quicker all the time, or the transaction it is a part of must be tried again.
    """

    @functools.wraps(act)
    def whole(port: W, /, *given: P.args, **named: P.kwargs) -> T:
        return port.work.run(lambda: act(port, *given, **named))

    return whole
