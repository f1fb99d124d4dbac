"""Races: one act done by many threads at once, and the outcome of each."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Final, Generic, TypeVar

from referral_core.values.errors import Reason, Refusal

T = TypeVar("T")

CONTENDERS: Final = 8
"""How many threads race."""
PATIENCE: Final = 30.0
"""How many seconds a race may take before it counts as stuck."""


class Race(Generic[T]):
    """``act(0)`` to ``act(7)`` at the same time, each in a thread of its own.

    ``won`` has the results, ``lost`` the first reason of each refusal, both in order of contenders. Any other exception
    is raised here.
    """

    def __init__(self, act: Callable[[int], T]) -> None:
        self.won: list[T] = []
        self.lost: list[Reason] = []
        outcomes = _outcomes(act)
        assert len(outcomes) == CONTENDERS, "some contenders are stuck"
        for _, outcome in sorted(outcomes.items(), key=lambda item: item[0]):
            self._count(outcome)

    def _count(self, outcome: T | BaseException) -> None:
        if isinstance(outcome, Refusal):
            self.lost.append(outcome.reasons[0])
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            self.won.append(outcome)


def _outcomes(act: Callable[[int], T]) -> dict[int, T | BaseException]:
    """Run an act in all threads at once, and return the result or the error of each that has ended in time."""
    outcomes: dict[int, T | BaseException] = {}
    start = Barrier(CONTENDERS)  # without it the first contenders would be done before the last one begins

    def run(number: int) -> None:
        start.wait(PATIENCE)
        usual = sys.getprofile()  # that of a coverage or a profiler, which has to go on afterwards
        sys.setprofile(_give_way)
        try:
            outcomes[number] = act(number)
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that asked
            outcomes[number] = error
        finally:
            sys.setprofile(usual)

    # Daemons, so that a contender that is stuck fails the test and does not keep pytest from ending.
    threads = [Thread(target=run, args=(number,), daemon=True) for number in range(CONTENDERS)]
    with _hasty_switching():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    return outcomes


def over_and_over(act: Callable[[], object]) -> None:
    """Do an act once for every contender of a race."""
    for _ in range(CONTENDERS):
        act()


def _give_way(*_: object) -> None:
    """Let other threads go first at every call and return, so that every interleaving has a chance."""
    time.sleep(0)


@contextmanager
def _hasty_switching() -> Iterator[None]:
    """Have Python switch between threads as often as it can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
