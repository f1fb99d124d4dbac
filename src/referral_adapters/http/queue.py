"""A queue of acts for few threads: acts that arrive together are done one after another, in their order.

Handing one act to a thread and its answer back costs about as much as a check does, and threads that do a check each
take the interpreter from one another and from the event loop. So one thread does all acts of the queue; another thread
helps only when the first act has waited for long, as it does when the database is far away or slow.
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
"""The seconds that the first act of the queue waits before another thread helps."""
THREADS: Final = 8
"""The most threads that serve a queue."""
_BATCH: Final = 16
_BATCH_SECONDS: Final = 0.005
"""A thread reports the results of its jobs after so many of them, or so many seconds."""

T = TypeVar("T")


@attrs.define(eq=False)
class _Job(Generic[T]):
    """An act in the queue, the context of the task that waits for it, and its result or error."""

    act: Callable[[], T]
    since: float
    finished: asyncio.Future[None]
    context: Context = attrs.field(factory=copy_context)
    result: T | None = None
    error: BaseException | None = None

    def run(self) -> None:
        """Do the act, in a thread."""
        try:
            self.result = self.context.run(self.act)
        except BaseException as error:  # noqa: BLE001 - it is raised where the act was handed in
            self.error = error

    def finish(self) -> None:
        """Wake the task that waits, unless it was cancelled; in the event loop."""
        if not self.finished.done():
            self.finished.set_result(None)


class WorkQueue:
    """The queue of one event loop.

    ``patience`` and ``threads`` are as :data:`PATIENCE` and :data:`THREADS` say.
    """

    def __init__(self, *, patience: float = PATIENCE, threads: int = THREADS) -> None:
        self._waiting: deque[_Job[Any]] = deque()
        self._patience, self._threads = patience, threads
        self._serving = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_watched = False

    async def do(self, act: Callable[[], T]) -> T:
        """Do an act in a thread, after those before it, and return its result or raise its error."""
        job = _Job(act, monotonic(), asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if not self._serving:
            self._help()
        elif not self._is_watched:
            self._watch(self._patience)
        await job.finished
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[return-value] # it is there where there is no error

    def _help(self) -> None:
        """Have one more thread serve the queue."""
        self._serving += 1
        task = asyncio.create_task(self._serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _watch(self, seconds: float) -> None:
        self._is_watched = True
        asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """Have another thread help if the first job has waited for long, and look again when the next one will have."""
        self._is_watched = False
        try:
            waited = monotonic() - self._waiting[0].since
        except IndexError:  # a thread took the last one meanwhile
            return
        if waited < self._patience:
            self._watch(self._patience - waited)
        elif self._serving < self._threads:
            self._help()
            self._watch(self._patience)

    async def _serve(self) -> None:
        try:
            while self._waiting:
                for job in await run_in_threadpool(self._run_batch):
                    job.finish()
        except Exception as error:  # noqa: BLE001 - no thread can be started: no task shall wait for ever
            while self._waiting:
                job = self._waiting.popleft()
                job.error = error
                job.finish()
        finally:
            self._serving -= 1

    def _run_batch(self) -> list[_Job[Any]]:
        """Run some jobs, in a thread, and return them."""
        jobs: list[_Job[Any]] = []
        until = monotonic() + _BATCH_SECONDS
        while len(jobs) < _BATCH and (not jobs or monotonic() < until):
            try:
                job = self._waiting.popleft()
            except IndexError:  # another thread took the last one
                break
            job.run()
            jobs.append(job)
        return jobs
