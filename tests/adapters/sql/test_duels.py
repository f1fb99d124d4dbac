"""Races, by 16 threads and by 4 processes: one wins, the other gets a reason, and the books stay straight.

``REFERRAL_RACES`` says how many instances of each race are run; few, unless somebody asks for thousands.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from threading import Barrier
from typing import Final

import pytest
from sqlalchemy.engine import URL

from referral_core import Actor
from referral_core.entities.trace import chain_faults
from tests.adapters.sql.duels import DUELS, LATER, PATIENCE, Duel, Field, HoldAgainstPay, TwoPayers, fight

INSTANCES: Final = int(os.environ.get("REFERRAL_RACES", "4"))
THREADS, PROCESSES = 16, 4


@pytest.fixture(params=DUELS)
def duel(request: pytest.FixtureRequest) -> Duel:
    return DUELS[request.param]


@pytest.fixture
def address(database: URL) -> str:
    return database.set(drivername=database.get_backend_name()).render_as_string(hide_password=False)


@pytest.fixture
def field(address: str) -> Iterator[Field]:
    made = Field.at(address)
    made.prepare()
    yield made
    made.store.close()


@pytest.mark.rule("B2", "C6", "S4")
def test_by_threads(field: Field, duel: Duel) -> None:
    prepare(field, duel)
    lanes = list(spread(THREADS // 2))
    barriers = [Barrier(2) for _ in lanes]
    with ThreadPoolExecutor(THREADS) as threads:
        running = [
            [threads.submit(fight, field, duel, lane, side, barrier) for side in (0, 1)]
            for lane, barrier in zip(lanes, barriers, strict=True)
        ]
        told = [[side.result() for side in lane] for lane in running]
    judge(field, duel, lanes, told)


@pytest.mark.rule("B2", "C6", "S4")
def test_by_processes(field: Field, duel: Duel, address: str) -> None:
    prepare(field, duel)
    lanes = list(spread(PROCESSES // 2))
    several = multiprocessing.get_context("forkserver")
    several.set_forkserver_preload(["tests.adapters.sql.duels"])  # so that a process is there at once
    told = several.Queue()
    barriers = [several.Barrier(2) for _ in lanes]
    fighters = [
        several.Process(target=_fight, args=(address, duel.name, lane, side, barriers[place], told, place))
        for place, lane in enumerate(lanes)
        for side in (0, 1)
    ]
    for fighter in fighters:
        fighter.start()
    answers = dict(told.get(timeout=PATIENCE + INSTANCES) for _ in fighters)
    for fighter in fighters:
        fighter.join(PATIENCE)
    judge(field, duel, lanes, [[answers[place, side] for side in (0, 1)] for place in range(len(lanes))])


def _fight(address: str, name: str, lane: range, side: int, barrier: Barrier, told: Queue[object], place: int) -> None:
    field = Field.at(address)
    told.put(((place, side), fight(field, DUELS[name], lane, side, barrier)))
    field.store.close()


def spread(lanes: int) -> Iterator[range]:
    """Yield the numbers of the instances that each lane fights."""
    return (range(place, INSTANCES, lanes) for place in range(lanes))


def prepare(field: Field, duel: Duel) -> None:
    for first in range(0, INSTANCES, 100):
        with field.store.transaction():
            for number in range(first, min(first + 100, INSTANCES)):
                duel.prepare(field, number)
    if not isinstance(duel, TwoPayers | HoldAgainstPay):
        field.desk.session(actor=Actor.system(), now=LATER).payouts.pay_due()


def judge(field: Field, duel: Duel, lanes: list[range], told: list[list[list[str]]]) -> None:
    """Hold every instance against what may come of it, and all accounts and chains against the laws."""
    for lane, (left, right) in zip(lanes, told, strict=True):
        for number, outcome in zip(lane, zip(left, right, strict=True), strict=True):
            assert outcome in duel.outcomes, number
            duel.judge(field, number, outcome)
    for account, _ in field.store.contracts.accounts():
        balance = field.store.billing.balance(account)
        lots = field.store.billing.lots(account)  # type: ignore[attr-defined]
        assert balance.unused.amount == sum(unused.amount for _, unused in lots)
    for subject, _, _ in field.store.trace.heads():
        assert chain_faults(field.store.trace.chain(subject)) == ()
