"""A line of what waits for a thread: many that come at once are done one after another, in the order they came.

Handing one act to a thread and its answer back costs about as much as a check does, and threads that do a check each
take the interpreter from one another and from the event loop. So one thread does all that stand in the line; only when
the first of them has waited for long, as it does when the database is far away or slow, another one helps.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from time import monotonic
from typing import Any, Final, Generic, TypeVar

import attrs
from starlette.concurrency import run_in_threadpool

PATIENCE: Final = 0.05
"""How many seconds the first in the line waits before another thread helps."""
THREADS: Final = 8
"""The most threads that serve a line."""
_TURNS: Final = 16
_SECONDS: Final = 0.005
"""A thread tells what came of its turns after so many of them, or so many seconds."""

T = TypeVar("T")


@attrs.define(eq=False)
class _Turn(Generic[T]):
    """An act in the line, in the context of whoever waits for it, and what came of it."""

    act: Callable[[], T]
    since: float
    over: asyncio.Future[None]
    context: Context = attrs.field(factory=copy_context)
    came_of_it: T | None = None
    error: BaseException | None = None

    def take(self) -> None:
        """Do the act; in a thread."""
        try:
            self.came_of_it = self.context.run(self.act)
        except BaseException as error:  # noqa: BLE001 - whoever waits for it is told
            self.error = error

    def tell(self) -> None:
        """Tell that it is over, unless nobody waits any more; in the event loop."""
        if not self.over.done():
            self.over.set_result(None)


class Line:
    """The line of one event loop.

    ``patience`` and ``threads`` are as :data:`PATIENCE` and :data:`THREADS` say.
    """

    def __init__(self, *, patience: float = PATIENCE, threads: int = THREADS) -> None:
        self._waiting: deque[_Turn[Any]] = deque()
        self._patience, self._threads = patience, threads
        self._serving = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_watched = False

    async def do(self, act: Callable[[], T]) -> T:
        """Do an act in a thread when its turn comes, and return what came of it, or raise what it raised."""
        turn = _Turn(act, monotonic(), asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        if not self._serving:
            self._help()
        elif not self._is_watched:
            self._watch(self._patience)
        await turn.over
        if turn.error is not None:
            raise turn.error
        return turn.came_of_it  # type: ignore[return-value] # it is there where there is no error

    def _help(self) -> None:
        """Have one more thread serve the line."""
        self._serving += 1
        task = asyncio.create_task(self._serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _watch(self, seconds: float) -> None:
        self._is_watched = True
        asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """See whether the first has waited for long, and look again when the next one will have."""
        self._is_watched = False
        try:
            waited = monotonic() - self._waiting[0].since
        except IndexError:  # none is left
            return
        if waited < self._patience:
            self._watch(self._patience - waited)
        elif self._serving < self._threads:
            self._help()
            self._watch(self._patience)

    async def _serve(self) -> None:
        try:
            while self._waiting:
                for turn in await run_in_threadpool(self._take_turns):
                    turn.tell()
        except Exception as error:  # noqa: BLE001 - no thread is to be had: nobody shall wait for one for ever
            while self._waiting:
                turn = self._waiting.popleft()
                turn.error = error
                turn.tell()
        finally:
            self._serving -= 1

    def _take_turns(self) -> list[_Turn[Any]]:
        """Take some turns, in a thread, and return them."""
        taken: list[_Turn[Any]] = []
        until = monotonic() + _SECONDS
        while len(taken) < _TURNS and (not taken or monotonic() < until):
            try:
                turn = self._waiting.popleft()
            except IndexError:  # all are taken
                break
            turn.take()
            taken.append(turn)
        return taken
