"""Whether the time of an answer tells strangers which codes exist (A4): codes that cannot be used against unknown ones.

Strangers check codes in a random order, some of which nobody holds and others that are pending or have ended. If time
told them nothing, an answer about one kind would be the slower of two as often as not: the share is 50 %. It is told
with the p-value of the Mann-Whitney test that it is 50 % indeed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from datetime import timedelta
from itertools import groupby
from statistics import NormalDist, median
from time import perf_counter
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy.engine import URL

from databases import databases
from population import SINCE, populate
from referral_adapters.http import Service, create_app
from referral_adapters.sql import SqlStore
from referral_core import Actor, Programme, ReferralDesk
from referral_core.programme.settings import Checking

KINDS: Final = ("unknown", "pending", "ended")
EACH: Final = 300
"""How many codes there are of each kind."""
TARGET: Final = "45 to 55 %"
_PLENTY: Final = Checking(per_caller=10**6, per_address=10**6, within=timedelta(seconds=1))


def main() -> None:
    """Measure and print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--checks", type=int, default=3_000, help="how many of each kind")
    checks = given.parse_args().checks
    with databases("sqlite", "postgresql") as urls:
        for engine, (url,) in urls.items():
            took = asyncio.run(_measured(url, checks))
            for kind in KINDS[1:]:
                _report(f"{kind} codes on {engine}", took[kind], took["unknown"])


def _report(what: str, some: list[float], unknown: list[float]) -> None:
    share, chance = _slower(some, unknown)
    print(
        f"{what}: {median(some) * 1e6:,.0f} µs, unknown ones {median(unknown) * 1e6:,.0f} µs; the slower in"
        f" {share:.1%} of pairs (p = {chance:.2f}); target {TARGET}"
    )


async def _measured(url: URL, checks: int) -> dict[str, list[float]]:
    codes = _prepared(url)
    programme = Programme(checking=_PLENTY)
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    chance = random.Random(7)
    with SqlStore(url, programme) as store:
        app = create_app(Service(programme=programme, store=store, authenticate=lambda _: None))
        order = list(KINDS) * checks
        chance.shuffle(order)
        for number, kind in enumerate(order):
            seconds = await _check(app, chance.choice(codes[kind]))
            if number > EACH:  # else the plans are not warm
                took[kind].append(seconds)
    return took


def _prepared(url: URL) -> dict[str, list[str]]:
    """Make a population, codes by hand that have ended and codes that are pending; return texts by kind."""
    populate(url, 10_000)
    programme, system = Programme.default(), Actor.system("bench")
    with SqlStore(url, programme) as store:
        desk = ReferralDesk(programme, store)
        at = SINCE + timedelta(days=1)
        pending = []
        for number in range(EACH):
            with desk.session(actor=system, now=at) as session:
                sign_up = session.sign_ups.conclude(f"P-{number}", account=f"p-{number}", customer=f"p-{number}")
                session.codes.end(f"C{number:07d}", reason="measured")
            pending.append(sign_up.issued.text if sign_up.issued else "")
    ended = [f"C{number:07d}" for number in range(EACH)]
    return {"unknown": [f"D{number:07d}" for number in range(EACH)], "pending": pending, "ended": ended}


async def _check(app: FastAPI, code: str) -> float:
    """Return how many seconds the app takes to say that a code cannot be used."""
    body = json.dumps({"code": code}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/code-checks", "raw_path": b"/code-checks", "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's
        sent.append(message)

    started = perf_counter()
    await app(scope, receive, send)
    took = perf_counter() - started
    if sent[0]["status"] != 200 or b'"usable":false' not in sent[1]["body"]:
        raise AssertionError(f"{code} was not answered as a code that cannot be used")
    return took


def _slower(some: list[float], others: list[float]) -> tuple[float, float]:
    """Return how often one of ``some`` is above one of ``others``, and the p-value that it is so by chance."""
    ranked = sorted([(value, True) for value in some] + [(value, False) for value in others])
    ranks, place = 0.0, 0
    for _, tied in groupby(ranked, key=lambda each: each[0]):
        group = list(tied)
        ranks += sum(of_some for _, of_some in group) * (place + (len(group) + 1) / 2)
        place += len(group)
    n, m = len(some), len(others)
    u = ranks - n * (n + 1) / 2
    deviation = (n * m * (n + m + 1) / 12) ** 0.5
    return u / (n * m), 2 * (1 - NormalDist().cdf(abs(u - n * m / 2) / deviation))


if __name__ == "__main__":
    main()
