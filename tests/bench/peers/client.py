"""What every contender has in common: it acts for a while when it is told to, and says how often it could.

A client is a process of its own in the contender's own environment, so this module needs nothing but Python.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Final, Protocol

FAMOUS: Final = 7
"""The number of the code that everybody comes with when all come with the same one."""


@dataclass(frozen=True)
class Population:
    """How many codes there are, each with an owner, and how many people of its own each client can sign up."""

    codes: int
    newcomers: int
    clients: int

    @property
    def people(self) -> int:
        """How many people there are: the owners of the codes, and after them the newcomers."""
        return self.codes + self.clients * self.newcomers


class Contender(Protocol):
    """One way of running a referral programme; codes, and newcomers, are told by their numbers from 0 up."""

    def check(self, code: int) -> None:
        """Find out whether a code can be used and what it gives."""
        ...

    def record(self, code: int, newcomer: int) -> None:
        """Record that somebody new came with a code."""
        ...

    def activate(self, newcomer: int) -> None:
        """Take the second step for somebody who came with a code: what the referral earns is due."""
        ...


@dataclass(frozen=True)
class Turn:
    """What a client is told to do, from a moment of the machine's own clock on, for some seconds."""

    what: str
    at: float
    seconds: float
    is_famous: bool


@dataclass(frozen=True)
class Done:
    """How often a client did it, and the seconds that this took, each time timed by itself."""

    times: int
    seconds: float


def text_of(code: int) -> str:
    """Return the text of a code."""
    return f"C{code:07d}"


def main(prepare: Callable[[str, Population], None], opened: Callable[[str, Population], Contender]) -> None:
    """Fill a database, or be one client of it, as the command line says."""
    given = argparse.ArgumentParser()
    given.add_argument("act", choices=["prepare", "serve"])
    given.add_argument("url")
    given.add_argument("--codes", type=int, required=True)
    given.add_argument("--newcomers", type=int, required=True)
    given.add_argument("--clients", type=int, required=True)
    given.add_argument("--client", type=int, default=0)
    asked = given.parse_args()
    population = Population(asked.codes, asked.newcomers, asked.clients)
    if asked.act == "prepare":
        prepare(asked.url, population)
    else:
        _serve(opened(asked.url, population), population, asked.client)


def _serve(contender: Contender, population: Population, client: int) -> None:
    """Take turns, a line of JSON each way, until there are no more."""
    chance = random.Random(client)
    newcomers = count(client * population.newcomers)
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        turn = Turn(**json.loads(line))
        done = _taken(contender, turn, lambda: chance.randrange(population.codes), newcomers)
        print(json.dumps(vars(done)), flush=True)


def _taken(contender: Contender, turn: Turn, any_code: Callable[[], int], newcomers: count[int]) -> Done:
    act = _acts(contender)[turn.what]
    time.sleep(max(0.0, turn.at - time.monotonic()))
    times, spent = 0, 0.0
    while time.monotonic() < turn.at + turn.seconds:
        code, newcomer = FAMOUS if turn.is_famous else any_code(), next(newcomers)
        start = time.perf_counter()
        act(code, newcomer)
        spent += time.perf_counter() - start
        times += 1
    return Done(times, spent)


def _acts(contender: Contender) -> dict[str, Callable[[int, int], None]]:
    def both(code: int, newcomer: int) -> None:
        contender.record(code, newcomer)
        contender.activate(newcomer)

    return {"check": lambda code, _: contender.check(code), "record": contender.record, "record and activate": both}
