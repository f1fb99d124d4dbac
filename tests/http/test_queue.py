"""Acts in the queue are done in their order, and no task waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from time import sleep

import pytest

from referral_adapters.http import queue as module
from referral_adapters.http.queue import WorkQueue

ASKED_BY: ContextVar[str] = ContextVar("asked_by")


def test_all_that_come_at_once_are_done_in_their_order_by_one_thread() -> None:
    done: list[int] = []
    threads: set[int] = set()

    def act(number: int) -> int:
        done.append(number)
        threads.add(threading.get_ident())
        return -number

    async def all_of_them() -> list[int]:
        queue = WorkQueue(patience=60.0)  # a machine that is busy with something else is no reason for another thread
        return await asyncio.gather(*(queue.do(partial(act, number)) for number in range(200)))

    assert asyncio.run(all_of_them()) == [-number for number in range(200)]
    assert done == [*range(200)]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("error", [ValueError("no"), StopIteration("no"), SystemExit(2)])
def test_what_goes_wrong_is_raised_where_it_was_asked_for_and_nowhere_else(error: BaseException) -> None:
    def fail() -> str:
        raise error

    async def three() -> list[str | BaseException]:
        queue = WorkQueue()
        acts: list[Callable[[], str]] = [lambda: "one", fail, lambda: "three"]
        return await asyncio.gather(*(_caught(queue, act) for act in acts))

    one, wrong, three_ = asyncio.run(three())
    assert (one, three_) == ("one", "three")
    assert wrong is error or (isinstance(wrong, RuntimeError) and wrong.__cause__ is error)


async def _caught(queue: WorkQueue, act: Callable[[], str]) -> str | BaseException:
    """Return what an act returned or raised; no task of the loop's may end with what ends a process."""
    try:
        return await queue.do(act)
    except BaseException as error:  # noqa: BLE001 - it is looked at
        return error


def test_an_act_is_done_in_the_context_of_whoever_asked() -> None:
    async def asked(queue: WorkQueue, name: str) -> str:
        ASKED_BY.set(name)
        return await queue.do(ASKED_BY.get)

    async def several() -> list[str]:
        queue = WorkQueue()
        return await asyncio.gather(*(asked(queue, name) for name in "abc"))

    assert asyncio.run(several()) == ["a", "b", "c"]


def test_another_thread_helps_when_the_first_has_waited_for_long_up_to_so_many() -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def slow() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        sleep(0.02)
        with lock:
            at_once -= 1

    async def arriving(threads: int) -> None:
        queue = WorkQueue(patience=0.01, threads=threads)
        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(queue.do(slow))
                await asyncio.sleep(0.004)

    for threads in (1, 3):
        most = 0
        asyncio.run(arriving(threads))
        assert most == threads


def test_those_that_hang_keep_nobody_from_being_served() -> None:
    go_on = threading.Event()

    async def hanging() -> list[str]:
        queue = WorkQueue(patience=0.01)
        stuck = [asyncio.create_task(queue.do(partial(go_on.wait, 10))) for _ in range(3)]
        await asyncio.sleep(0.001)
        quick = asyncio.gather(*(queue.do(lambda: "quick") for _ in range(2)))
        told = await asyncio.wait_for(quick, 5)
        assert not any(each.done() for each in stuck)
        go_on.set()
        assert await asyncio.gather(*stuck) == [True] * 3
        return told

    assert asyncio.run(hanging()) == ["quick"] * 2


def test_who_does_not_wait_any_more_is_not_told_and_the_others_are() -> None:
    go_on = threading.Event()

    async def one_goes_away() -> str:
        queue = WorkQueue()
        first = asyncio.create_task(queue.do(partial(go_on.wait, 10)))
        gone = asyncio.create_task(queue.do(lambda: "gone"))
        last = asyncio.create_task(queue.do(lambda: "last"))
        await asyncio.sleep(0.01)
        gone.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert await first
        return await last

    assert asyncio.run(one_goes_away()) == "last"


def test_where_no_thread_is_to_be_had_everybody_is_told_so_and_the_next_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def none(_: object) -> None:
        raise RuntimeError("can't start new thread")

    async def told() -> str:
        queue = WorkQueue()
        with monkeypatch.context() as without:
            without.setattr(module, "run_in_threadpool", none)
            both = await asyncio.gather(*(queue.do(lambda: "never") for _ in range(2)), return_exceptions=True)
        assert [str(error) for error in both] == ["can't start new thread"] * 2
        return await queue.do(lambda: "served")

    assert asyncio.run(told()) == "served"


def test_a_queue_that_was_empty_is_served_again() -> None:
    async def again_and_again() -> list[int]:
        queue = WorkQueue()
        return [await queue.do(partial(int, number)) for number in range(500)]

    assert asyncio.run(again_and_again()) == [*range(500)]
