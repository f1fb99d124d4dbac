"""The same feed and code key give the same results and the same summary in memory, SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from functools import cache
from operator import itemgetter
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.engine import URL

from examples.year import feed
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner, FeedStore
from referral_adapters.folding import AnyAsciiFolding
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Programme
from referral_core.entities.trace import account_subject, chain_faults

A123 = Path(__file__).parents[3] / "examples" / "a123"
PROGRAMME = Programme.default()
KEY = secret_of("demo")
FEEDS = int(os.environ.get("REFERRAL_LATE_FEEDS", "2"))
LATE, TWICE = 0.2, 0.05
"""How many facts come late, and how many lines twice."""


@cache
def lines_of(name: str) -> tuple[str, ...]:
    if name == "year":
        return tuple(feed(60, 7, "demo"))
    return tuple((A123 / name).read_text(encoding="utf-8").splitlines())


def told(store: FeedStore, lines: Iterable[str]) -> str:
    """Return everything that a feed and its summary say, as one text."""
    runner = FeedRunner(PROGRAMME, store)
    results = [json.dumps(result, ensure_ascii=False) for result in runner.run(lines)]
    return "\n".join([*results, json.dumps(runner.summary(), ensure_ascii=False)])


@cache
def told_in_memory(name: str) -> str:
    return told(MemoryStore(PROGRAMME, secret=KEY, folding=AnyAsciiFolding()), lines_of(name))


@pytest.mark.parametrize("name", ["feed.jsonl", "edges.jsonl", "year"])
def test_a_database_answers_as_memory_does(database: URL, name: str) -> None:
    with SqlStore(database, PROGRAMME, secret=KEY, folding=AnyAsciiFolding()) as store:
        assert told(store, lines_of(name)) == told_in_memory(name)


FACTS = frozenset({"contract.activated", "contract.terminated", "contract.withdrawn", "bill.issued"})


def with_late_lines(lines: Iterable[str], seed: int) -> list[str]:
    """Return a feed in which some facts come later than they happened, and some lines twice."""
    chance, placed = Random(seed), []
    for place, text in enumerate(lines):
        is_late = json.loads(text)["type"] in FACTS and chance.random() < LATE
        placed.append((place + chance.randint(1, 80) * is_late, text))
        if chance.random() < TWICE:
            placed.append((place + chance.randint(1, 200), text))
    return [text for _, text in sorted(placed, key=itemgetter(0))]


@pytest.mark.rule("M4", "C12", "B13")
@pytest.mark.parametrize("seed", range(FEEDS))
def test_late_and_repeated_lines_give_the_same_in_every_store(database: URL, seed: int) -> None:
    lines = with_late_lines(feed(30, seed, "demo"), seed)
    in_memory = told(MemoryStore(PROGRAMME, secret=KEY, folding=AnyAsciiFolding()), lines)
    assert '"repeated"' in in_memory
    with SqlStore(database, PROGRAMME, secret=KEY, folding=AnyAsciiFolding()) as store:
        assert told(store, lines) == in_memory


@pytest.mark.rule("A2")
def test_every_chain_that_a_feed_leaves_holds(database: URL) -> None:
    with SqlStore(database, PROGRAMME, secret=KEY, folding=AnyAsciiFolding()) as store:
        told(store, lines_of("feed.jsonl"))
        accounts = [account for account, _ in store.contracts.accounts()]
        faults = [chain_faults(store.trace.chain(account_subject(account))) for account in accounts]
        assert faults == [()] * len(accounts)
        assert len(list(store.trace.heads())) > len(accounts) // 2


@pytest.mark.rule("B2")
def test_a_feed_that_is_run_again_changes_nothing(database: URL) -> None:
    with SqlStore(database, PROGRAMME, secret=KEY) as store:
        told(store, lines_of("feed.jsonl"))
    with SqlStore(database, PROGRAMME, secret=KEY) as store:
        before = FeedRunner(PROGRAMME, store).summary()
        runner = FeedRunner(PROGRAMME, store)
        outcomes = {result["outcome"] for result in runner.run(lines_of("feed.jsonl"))}
        after = FeedRunner(PROGRAMME, store).summary()
    assert outcomes == {"repeated"}
    assert after == before
