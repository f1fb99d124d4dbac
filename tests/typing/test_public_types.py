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
    assemble,
)
from referral_core.ports.ports import Ports
from referral_core.use_cases.signing_up import SignUp

NOW = datetime(2021, 1, 1, tzinfo=UTC)
SYSTEM = Actor.system()


def test_a_store_fits_where_ports_are_asked_for() -> None:
    store = MemoryStore()
    ports: Ports = store
    feed_store: FeedStore = store
    assert_type(assemble(Programme.default(), ports), ReferralDesk)
    assert_type(FeedRunner(Programme.default(), feed_store), FeedRunner)


def test_the_desk_says_what_it_returns() -> None:
    programme = Programme.default()
    desk = assemble(programme, MemoryStore(programme))
    assert_type(desk.sign_ups.check("A123", at=NOW, actor=SYSTEM), Decision)
    signed = desk.sign_ups.conclude("K-1", account="A-1", customer="ann", at=NOW, actor=SYSTEM)
    assert_type(signed, SignUp)
    assert_type(signed.issued, PromoCode | None)
    assert_type(desk.contracts.activate("K-1", at=NOW, actor=SYSTEM).started, PromoCode | None)


def test_a_timeline_remembers_what_it_holds() -> None:
    amounts: Timeline[Money] = Timeline()
    entered = amounts.entering(EffectivePeriod.starting(NOW), Money("7"))
    assert_type(entered, Timeline[Money])
    assert_type(entered.at(NOW), Span[Money] | None)
