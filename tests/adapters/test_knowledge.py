"""A full store as known at a moment answers like a store that had come to that moment only."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy.engine import URL

from examples.year import feed
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner, FeedStore
from referral_adapters.folding import AnyAsciiFolding
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Actor, Money, Programme, ReferralDesk, Refusal, Role
from referral_core.ports.store import Store
from referral_core.rules.decision import Decision

A123: Final = Path(__file__).parents[2] / "examples" / "a123"
PROGRAMME: Final = Programme.default()
KEY: Final = secret_of("demo")
CUTS: Final = 12
"""The number of cuts of a feed."""
NAMES: Final = ("feed.jsonl", "edges.jsonl", "year")
PORTAL: Final = Actor.system("portal")

pytestmark = pytest.mark.rule("R3")


def time_of(line: str) -> datetime:
    return datetime.fromisoformat(json.loads(line)["time"])


@cache
def lines_of(name: str) -> tuple[str, ...]:
    """Return the proper lines of a feed in order of their moments."""
    if name == "year":
        lines: Sequence[str] = tuple(feed(60, 7, "demo"))
    else:
        lines = (A123 / name).read_text(encoding="utf-8").splitlines()
    return tuple(sorted((line for line in lines if is_proper(line)), key=time_of))


def is_proper(line: str) -> bool:
    try:
        return time_of(line).tzinfo is not None
    except (ValueError, KeyError, TypeError):
        return False


def cuts_of(name: str) -> list[int]:
    """Return some cuts of a feed, each between two moments, the same ones every time."""
    lines = lines_of(name)
    places = [place for place, (one, other) in enumerate(pairwise(lines), 1) if time_of(one) < time_of(other)]
    return sorted(random.Random(name).sample(places, min(CUTS, len(places))))


def run(store: FeedStore, lines: Sequence[str]) -> None:
    for _ in FeedRunner(PROGRAMME, store).run(lines):
        pass


@cache
def in_memory(name: str, cut: int | None = None) -> MemoryStore:
    """Return a store in memory after a feed up to a cut."""
    store = MemoryStore(PROGRAMME, secret=KEY, folding=AnyAsciiFolding())
    run(store, lines_of(name)[:cut])
    return store


def told(store: FeedStore, moment: datetime, known_at: datetime | None = None) -> str:
    """Return the summary of a store as text."""
    summary = FeedRunner(PROGRAMME, store).summary(moment, known_at=known_at)
    return json.dumps(summary, ensure_ascii=False)


def checked(store: Store, moment: datetime, known_at: datetime | None = None) -> list[Decision]:
    """Return the decisions on every code of the whole feed, for another customer and for a new one."""
    session = ReferralDesk(PROGRAMME, store).session(actor=PORTAL, now=moment, known_at=known_at)
    whole = in_memory("year")
    accounts = list(whole.contracts.accounts())
    customers = [customer for _, customer in accounts]
    texts = [code.text for account, _ in accounts for code in whole.promo_codes.of_account(account)]
    return [
        session.codes.check(text, customer=customer)
        for number, text in enumerate(texts)
        for customer in ("nobody-yet", customers[(number + 3) % len(customers)])
    ]


def told_wrong(full: FeedStore, name: str) -> list[str]:
    """Return the moments at which the full store answers otherwise than a store up to that moment."""
    wrong = []
    for cut in cuts_of(name):
        moment = time_of(lines_of(name)[cut - 1])
        if told(full, moment, known_at=moment) != told(in_memory(name, cut), moment):
            wrong.append(moment.isoformat())
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_memory_tells_what_was_known(name: str) -> None:
    assert told_wrong(in_memory(name), name) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_database_tells_what_was_known(database: URL, name: str) -> None:
    with SqlStore(database, PROGRAMME, secret=KEY, folding=AnyAsciiFolding()) as store:
        run(store, lines_of(name))
        assert told_wrong(store, name) == []


@pytest.mark.parametrize("place", range(0, CUTS, 3))
def test_a_code_is_checked_as_it_would_have_been(place: int) -> None:
    cut = cuts_of("year")[place]
    moment = time_of(lines_of("year")[cut - 1])
    then, now = in_memory("year", cut), in_memory("year")
    assert checked(now, moment, known_at=moment) == checked(then, moment)


def test_the_story_changes_from_cut_to_cut() -> None:
    """Without this the tests above would prove nothing."""
    moments = [time_of(lines_of("year")[cut - 1]) for cut in cuts_of("year")]
    full = in_memory("year")
    assert len({told(full, moments[-1], known_at=moment) for moment in moments}) > CUTS // 2
    assert checked(full, moments[0]) != checked(full, moments[0], known_at=moments[0])


@pytest.mark.rule("M4")
def test_a_fact_that_is_told_late_has_a_moment_of_its_own_and_one_of_recording(store: SqlStore) -> None:
    """Amounts go by the moment of the fact, knowledge by the moment of recording; the trace has both."""
    store.begin(PROGRAMME)
    desk = ReferralDesk(PROGRAMME, store)
    begun, told = datetime(2021, 3, 1, tzinfo=UTC), datetime(2021, 3, 5, tzinfo=UTC)
    with desk.session(actor=PORTAL, now=datetime(2021, 1, 5, tzinfo=UTC)) as session:
        for named in ("referrer", "referee-self-service"):
            session.groups.set_amount(named, Money("10"))
        session.sign_ups.conclude("K-A", account="A", customer="ann")
        session.contracts.activate("K-A")
        session.codes.issue("A", code="A123", replace=True)
    with desk.session(actor=PORTAL, now=datetime(2021, 2, 1, tzinfo=UTC)) as session:
        session.sign_ups.conclude("K-B", account="B", customer="ben", code="A123")
    activation = desk.session(actor=PORTAL, now=told).contracts.activate("K-B", at=begun)
    assert activation.contract.activated_at == begun
    assert {each.effective_from for each in activation.grants} == {begun}
    due = [row for row in store.trace.chain("referral:K-B") if row.act == "grant.due"]
    assert {(row.moment, row.after and row.after["at"]) for row in due} == {(told, "2021-03-01T00:00:00Z")}
    between = desk.session(actor=PORTAL, now=told, known_at=datetime(2021, 3, 3, tzinfo=UTC))
    known = between.sign_ups.find("K-B").referral
    assert known is not None
    assert known.status == "recorded"
    agent = Actor("mari", Role.SUPERVISOR)
    with pytest.raises(Refusal, match="only systems"):
        desk.session(actor=agent, now=told).sign_ups.conclude("K-C", account="C", customer="cem", at=begun)
