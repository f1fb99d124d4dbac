"""An act is whole (P6): interrupted or killed at any statement, it leaves nothing and can be done again.

A host asks for each act bare, without a transaction of its own. ``REFERRAL_KILLS`` says how often a process that sells
is killed at random, and has acts killed at every statement, where it is every fifth otherwise: how an act is broken off
at every statement is seen without killing anybody, too.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy.engine import URL

from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Contract, ReferralDesk
from tests.adapters.sql.killing import PATIENCE, forks
from tests.adapters.test_erasing import database_dump
from tests.adapters.whole_acts import (
    ACTS,
    CODE,
    LATER,
    PROGRAMME,
    SECRET,
    SYSTEM,
    PowerCut,
    aftermath,
    assert_paid,
    bare,
    bare_until,
    breaking,
    cut,
    furnish,
    sell,
)

LONG: Final = "REFERRAL_KILLS" in os.environ
KILLS: Final = int(os.environ.get("REFERRAL_KILLS", "3"))
FEW: Final = 20
"""How many kills each database has to survive."""

Anew = Callable[[], AbstractContextManager[URL]]

pytestmark = pytest.mark.rule("P6")


def written(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@cache
def unbroken(name: str) -> dict[str, Any]:
    """Return the outcome of an act without an interruption."""
    store = MemoryStore(PROGRAMME, secret=SECRET)
    furnish(store)
    bare(store, name)
    return aftermath(store)


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_is_broken_off_at_any_statement_leaves_nothing(name: str, database: URL) -> None:
    with SqlStore(database, PROGRAMME, secret=SECRET) as store:
        furnish(store)
        before, n, is_broken_off = database_dump(database), 0, True
        while is_broken_off:
            n += 1
            try:
                with breaking(store, n, cut):
                    bare(store, name)
                is_broken_off = False
            except PowerCut:
                assert database_dump(database) == before, f"broken off at statement {n}"
        assert n > 4, "an act begins, looks, writes and ends"
        assert aftermath(store) == unbroken(name)


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_is_killed_at_any_statement_leaves_nothing(name: str, database: URL) -> None:
    with SqlStore(database, PROGRAMME, secret=SECRET) as store:
        furnish(store)
    before, n, died = database_dump(database), 1, True
    step = 1 if LONG else 5
    while died:
        process = forks().Process(target=bare_until, args=(written(database), name, str(n)))
        process.start()
        process.join(PATIENCE)
        assert process.exitcode in {0, -signal.SIGKILL}
        died = process.exitcode != 0
        if died:
            assert database_dump(database) == before, f"killed at statement {n}"
            n += step
    assert n > 4
    with SqlStore(database, PROGRAMME, secret=SECRET) as store:
        assert aftermath(store) == unbroken(name)


def test_whoever_sells_by_bare_acts_may_be_killed_at_any_moment(anew: Anew) -> None:
    chance, left = Random(5), KILLS
    while left > 0:
        with anew() as url, SqlStore(url, PROGRAMME, secret=SECRET) as store:
            furnish(store)
            for _ in range(min(FEW, left)):
                assert_killed_selling(url, chance.uniform(0, 0.3))
                assert_nothing_is_half_done(store)
            session = ReferralDesk(PROGRAMME, store).session(actor=SYSTEM, now=LATER)
            session.payouts.pay_all()
            assert_paid(store)
            assert session.trace.verify().holds
        left -= FEW


def assert_killed_selling(url: URL, seconds: float) -> None:
    """Kill a selling process after its first sale and some time."""
    several = forks()
    begun = several.Event()
    process = several.Process(target=sell, args=(written(url), begun))
    process.start()
    assert begun.wait(PATIENCE)
    time.sleep(seconds)
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL


def assert_nothing_is_half_done(store: SqlStore) -> None:
    """Check that every contract with the code has its referral, and every activated one its grants."""
    sold = [contract for contract in contracts(store) if contract.account.startswith("N-")]
    assert sold
    for contract in sold:
        referral = store.referrals.find(contract.id)
        assert referral is not None, contract
        assert referral.code == CODE
        grants = [store.grants.find(f"{side}/{contract.id}") for side in ("referee", "referrer")]
        is_active = contract.activated_at is not None
        assert [grant is not None for grant in grants] == [is_active, is_active], contract


def contracts(store: SqlStore) -> list[Contract]:
    """Return all contracts."""
    return [contract for account, _ in store.contracts.accounts() for contract in store.contracts.of_account(account)]
