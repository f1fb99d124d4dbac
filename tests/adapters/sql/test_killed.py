"""A replay, and a run of paying, that are killed at random moments and run again leave what an unbroken run leaves.

``REFERRAL_KILLS`` says how often each is killed; a few times, unless somebody asks for more. After every few, what was
killed is run to its end in peace and looked at, and the next one begins anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy.engine import URL

from examples.year import feed
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Actor, Grant, Programme, ReferralDesk
from referral_core.entities.trace import chain_faults
from tests.adapters.sql.killing import command, killed

KILLS: Final = int(os.environ.get("REFERRAL_KILLS", "1"))
FEW: Final = 4
PROGRAMME: Final = Programme.default()
SECRET: Final = secret_of("demo")
LINES: Final = tuple(feed(60, 3, "demo"))


Anew = Callable[[], AbstractContextManager[URL]]


def written(url: URL) -> str:
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


def killed_often(chance: Random, longest: float, left: int, *arguments: str) -> int:
    """Run a command a few times and kill it each time; return how often it was still at work."""
    return sum(killed(chance, longest, command, *arguments) for _ in range(min(FEW, left)))


@pytest.fixture(scope="module")
def unbroken() -> dict[str, Any]:
    runner = FeedRunner(PROGRAMME, MemoryStore(PROGRAMME, secret=SECRET))
    for _ in runner.run(LINES):
        pass
    return told(runner)


def told(runner: FeedRunner) -> dict[str, Any]:
    """Return the summary without the count of lines, which is that of the last run."""
    return {name: part for name, part in runner.summary().items() if name != "lines"}


def left_behind(store: SqlStore) -> dict[str, Any]:
    """Run the feed once more, which changes nothing, and return the summary; every chain must hold."""
    runner = FeedRunner(PROGRAMME, store)
    assert {result["outcome"] for result in runner.run(LINES)} <= {"repeated", "refused", "invalid"}
    for subject, _, _ in store.trace.heads():
        assert chain_faults(store.trace.chain(subject)) == ()
    return told(runner)


@pytest.mark.rule("B2")
def test_a_replay_that_was_killed_comes_to_the_same_end(anew: Anew, tmp_path: Path, unbroken: dict[str, Any]) -> None:
    path, chance = tmp_path / "feed.jsonl", Random(7)
    path.write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    kills = 0
    while kills < KILLS:
        with anew() as url:
            arguments = ("replay", str(path), "--db", written(url), "--code-key", "demo")
            kills += killed_often(chance, 0.6, KILLS - kills, *arguments)
            with SqlStore(url, PROGRAMME, secret=SECRET) as store:
                for _ in FeedRunner(PROGRAMME, store).run(LINES):
                    pass
                assert left_behind(store) == unbroken


@contextmanager
def due(url: URL) -> Iterator[SqlStore]:
    """Yield a store after a year of which nothing was paid yet."""
    with SqlStore(url, PROGRAMME, secret=SECRET) as store:
        runner = FeedRunner(PROGRAMME, store)
        for number, line in enumerate(LINES, 1):
            if json.loads(line)["type"] not in {"bill.issued", "discount.transfer"}:  # which take what was paid before
                runner.handle(line, number)
        yield store


@pytest.mark.rule("B2")
def test_a_payer_that_was_killed_over_and_over_pays_everything_once(anew: Anew) -> None:
    chance, kills = Random(11), 0
    while kills < KILLS:
        with anew() as url, due(url) as store:
            grants = {grant.key: grant for grant in store.grants.all()}
            arguments = ("pay", "--db", written(url), "--at", "2030-01-01", "--all", "--limit", "3")
            kills += killed_often(chance, 0.4, KILLS - kills, *arguments)
            assert_paid_once(store, grants)


def assert_paid_once(store: SqlStore, grants: dict[str, Grant]) -> None:
    """Pay what is left and hold what accounts were given against the grants."""
    desk, system = ReferralDesk(PROGRAMME, store), Actor.system()
    last = max(grant.effective_from for grant in grants.values())
    desk.session(actor=system, now=last).payouts.pay_all()
    paid = {grant.key: grant for grant in store.grants.all()}
    assert {grant.status for grant in paid.values()} == {"granted"}
    assert paid.keys() == grants.keys()
    for account, _ in store.contracts.accounts():
        owed = sum(grant.amount.amount for grant in grants.values() if grant.account == account)
        assert store.billing.balance(account).granted.amount == owed
