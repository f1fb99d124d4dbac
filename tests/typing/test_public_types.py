"""What the public names promise to a type checker; mypy reads this file, and it runs as a test too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_type

from referral_adapters.feed import FeedRunner, FeedStore
from referral_adapters.memory import MemoryStore
from referral_core import (
    Actor,
    Decision,
    EffectivePeriod,
    Money,
    Programme,
    PromoCode,
    ReferralDesk,
    Span,
    Timeline,
)
from referral_core.ports.store import Repositories, Store
from referral_core.services.sign_ups import SignUp

NOW = datetime(2021, 1, 1, tzinfo=UTC)
SYSTEM = Actor.system()


def test_a_store_fits_where_repositories_are_asked_for() -> None:
    memory = MemoryStore()
    repositories: Repositories = memory
    store: Store = memory
    feed_store: FeedStore = memory
    assert repositories is store
    assert_type(ReferralDesk(Programme.default(), store), ReferralDesk)
    assert_type(FeedRunner(Programme.default(), feed_store), FeedRunner)


def test_the_desk_says_what_it_returns() -> None:
    programme = Programme.default()
    desk = ReferralDesk(programme, MemoryStore(programme))
    assert_type(desk.session(actor=SYSTEM, now=NOW).codes.check("A123"), Decision)
    signed = desk.session(actor=SYSTEM, now=NOW).sign_ups.conclude("K-1", account="A-1", customer="ann")
    assert_type(signed, SignUp)
    assert_type(signed.issued, PromoCode | None)
    assert_type(desk.session(actor=SYSTEM, now=NOW).contracts.activate("K-1").started, PromoCode | None)


def test_a_timeline_remembers_what_it_holds() -> None:
    amounts: Timeline[Money] = Timeline()
    entered = amounts.entering(EffectivePeriod.starting(NOW), Money("7"))
    assert_type(entered, Timeline[Money])
    assert_type(entered.at(NOW), Span[Money] | None)
