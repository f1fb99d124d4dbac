"""A launch that is killed, over and over, and run again: nobody has two codes, and all have the ones they are due.

``REFERRAL_KILLS`` says how often each is killed; a handful unless it does. After every few, a launch is run to its end
in peace and looked at, and the next one begins anew.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy.engine import URL

from referral_adapters.cli.store import secret_of
from referral_adapters.launch import CodeRun, ImportRun, open_contracts, pages
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Actor, Programme, ReferralDesk
from referral_core.entities.trace import account_subject, chain_faults
from tests.adapters.sql.killing import PATIENCE, command, forks
from tests.phrases import at

KILLS: Final = int(os.environ.get("REFERRAL_KILLS", "1"))
FEW: Final = 4
ACCOUNTS: Final = 600
MOMENT: Final = "2021-06-01"
PROGRAMME: Final = Programme.default()


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    path = tmp_path / "contracts.csv"
    lines = (f"K{number:05},A{number:05},C{number:05},2021-01-05,2021-02-01" for number in range(ACCOUNTS))
    path.write_text("\n".join(["contract,account,customer,concluded_at,activated_at", *lines]), encoding="utf-8")
    return path


@pytest.mark.rule("C2")
def test_a_launch_that_was_killed_comes_to_the_same_end(
    anew: Callable[[], AbstractContextManager[URL]], contracts: Path
) -> None:
    kills: Counter[str] = Counter()
    while min(kills["import"], kills["issue-codes"]) < KILLS:
        with anew() as database, SqlStore(database, PROGRAMME) as watched:
            url = database.set(drivername=database.get_backend_name()).render_as_string(hide_password=False)
            options = ["--db", url, "--at", MOMENT, "--page", "10"]
            commands: list[tuple[list[str], Callable[[], int]]] = [
                (["import", "contracts", str(contracts), *options], watched.contracts.count_accounts),
                (["issue-codes", "--code-key", "demo", *options], partial(count_heads, watched)),
            ]
            for arguments, count in commands:
                kills[arguments[0]] += killed_often(arguments, count)
                assert run(arguments) == 0
            assert_launched(watched, launched_without_a_break(contracts))


def killed_often(arguments: list[str], count: Callable[[], int]) -> int:
    """Run a command a few times and kill it each time; return how often it was still at work."""
    return sum(killed_after(random.uniform(0, 0.05), arguments, count) for _ in range(min(FEW, KILLS)))


def count_heads(store: SqlStore) -> int:
    return sum(1 for _ in store.trace.heads())


def assert_launched(store: SqlStore, expected: MemoryStore) -> None:
    """Hold every account against what it has after a launch without a break; one row of its trace tells of its code."""
    for number in range(ACCOUNTS):
        account = f"A{number:05}"
        assert store.promo_codes.of_account(account) == expected.promo_codes.of_account(account)
        chain = list(store.trace.chain(account_subject(account)))
        assert (len(chain), chain_faults(chain)) == (1, ())


def killed_after(pause: float, arguments: list[str], count: Callable[[], int]) -> bool:
    """Kill a command a moment after it has done something new, and tell whether it was still at work."""
    before = count()
    process = forks().Process(target=command, args=arguments)
    process.start()
    while count() == before and process.is_alive():
        time.sleep(0.005)
    time.sleep(pause)
    process.kill()
    process.join(PATIENCE)
    return process.exitcode == -signal.SIGKILL


def run(arguments: list[str]) -> int | None:
    """Run a command to its end and return its status."""
    process = forks().Process(target=command, args=arguments)
    process.start()
    process.join(PATIENCE)
    return process.exitcode


def launched_without_a_break(contracts: Path) -> MemoryStore:
    store = MemoryStore(PROGRAMME, secret=secret_of("demo"))
    system = Actor.system("launch")
    file = open_contracts(contracts)
    run = ImportRun(PROGRAMME, store, at=at(MOMENT), actor=system)
    for page in pages(file.rows(), 1_000):
        run.take(page, print)
    file.close()
    CodeRun(PROGRAMME, store, at=at(MOMENT), actor=system).take()
    assert ReferralDesk(PROGRAMME, store).session(actor=system, now=at(MOMENT)).launch.due().accounts == ()
    return store
