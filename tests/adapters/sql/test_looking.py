"""What the desk shows is the same over memory, SQLite and PostgreSQL, in a transaction and outside of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, TypeVar

import pytest
from sqlalchemy.engine import URL

from examples.year import feed
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner, FeedStore
from referral_adapters.folding import AnyAsciiFolding
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Actor, Case, Programme, ReferralDesk, Role
from referral_core.services.accounts import ReferralView
from referral_core.services.activity import Activity
from referral_core.services.sign_ups import SignUpView
from referral_core.values.moment import EARLIEST, LATEST

T = TypeVar("T")

PROGRAMME: Final = Programme.default()
KEY: Final = secret_of("demo")
SYSTEM: Final = Actor.system()


@cache
def lines() -> tuple[str, ...]:
    return tuple(feed(30, 7, "demo"))


def furnished(store: FeedStore) -> ReferralDesk:
    """Return a desk over a store on which a year was run, with a few cases."""
    for _ in FeedRunner(PROGRAMME, store).run(lines()):
        pass
    desk = ReferralDesk(PROGRAMME, store)
    for number in range(5):
        desk.session(actor=SYSTEM, now=EARLIEST).cases.open(f"S-{number}", customer=f"new-{number}")
    return desk


def pages(page: Callable[[T | None], tuple[T, ...]]) -> Iterator[T]:
    """Yield what comes page after page, each asked for with the last one of the page before."""
    found = page(None)
    while found:
        yield from found
        found = page(found[-1])


def told(desk: ReferralDesk) -> list[object]:
    """Return all that staff can look at, and what customers see of their own."""
    seen: list[object] = []
    for account, customer in desk.store.contracts.accounts():
        seen.append(desk.session(actor=SYSTEM, now=LATEST).accounts.of_customer(customer))
        seen.append(desk.session(actor=SYSTEM, now=LATEST).accounts.show(account))
        for actor in (SYSTEM, Actor(customer, Role.CUSTOMER)):
            seen.append(desk.session(actor=actor, now=LATEST).accounts.movements(account))
            seen += referrals(desk, account, actor)
        seen += activity(desk, account)
    return [*seen, *sign_ups(desk, open_only=False), *sign_ups(desk, open_only=True), *cases(desk)]


def referrals(desk: ReferralDesk, account: str, actor: Actor) -> list[ReferralView]:
    return list(
        pages(
            lambda last: desk.session(actor=actor, now=LATEST).accounts.referrals(
                account, after=None if last is None else last.place, limit=3
            )
        )
    )


def activity(desk: ReferralDesk, account: str) -> list[Activity]:
    return list(
        pages(
            lambda last: desk.session(actor=SYSTEM, now=LATEST).accounts.activity(
                account, after=None if last is None else last.place, limit=7
            )
        )
    )


def sign_ups(desk: ReferralDesk, *, open_only: bool) -> list[SignUpView]:
    return list(
        pages(
            lambda last: desk.session(
                actor=Actor("Mari", Role.AGENT, frozenset({"household"})), now=LATEST
            ).sign_ups.page(after=None if last is None else last.contract.id, limit=20, open_only=open_only)
        )
    )


def cases(desk: ReferralDesk) -> list[Case]:
    return list(
        pages(
            lambda last: desk.session(actor=SYSTEM, now=LATEST).cases.page(
                after=None if last is None else last.id, limit=2
            )
        )
    )


@cache
def told_in_memory() -> list[object]:
    return told(furnished(MemoryStore(PROGRAMME, secret=KEY, folding=AnyAsciiFolding())))


@pytest.mark.rule("P3", "T2")
def test_a_database_shows_what_memory_does(database: URL) -> None:
    with SqlStore(database, PROGRAMME, secret=KEY, folding=AnyAsciiFolding()) as store:
        desk = furnished(store)
        assert told(desk) == told_in_memory()
        with store.transaction():
            assert told(desk) == told_in_memory()


def test_the_year_has_something_of_everything_to_show() -> None:
    """Else the test above would not tell anything."""
    kinds = {type(each) for each in told_in_memory()}
    assert {kind.__name__ for kind in kinds} >= {"AccountView", "ReferralView", "Activity", "SignUpView", "Case"}
