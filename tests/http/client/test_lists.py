"""Lists are read page by page, events for as long as one likes."""

from __future__ import annotations

import pytest

from referral_adapters.http.client import listing
from referral_core import Refusal
from referral_core.values.reason import Reason
from tests.http.client.world import World


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    for number in range(7):
        world.system.cases.open(f"LT-{number}", customer=f"c-{number}")
    return world


def test_a_list_is_followed_to_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST", 3)
    assert [case.case for case in world.system.cases.all()] == [f"LT-{number}" for number in range(7)]


def test_a_list_can_be_turned_page_by_page(world: World) -> None:
    cases = world.system.cases.all()
    first = cases.page(limit=4)
    second = cases.page(first.next, limit=4)
    assert [len(page.items) for page in (first, second)] == [4, 3]
    assert second.next is None


def test_a_list_that_nobody_may_see_is_refused_when_it_is_read(world: World) -> None:
    with pytest.raises(Refusal) as caught:
        list(world.client("customer:ann").accounts.referrals("Z"))
    assert caught.value.reasons in {(Reason.NOT_ALLOWED,), (Reason.ACCOUNT_UNKNOWN,)}


def test_events_are_followed_from_a_cursor_on(world: World) -> None:
    events = world.system.events
    everything = list(events.since())
    assert [int(event.sequence) for event in everything] == list(range(1, len(everything) + 1))
    assert list(events.since(everything[2].cursor)) == everything[3:]
    assert events.page(limit=2).items == everything[:2]
    assert events.page(events.page(limit=2).next).items == everything[2:]


def test_following_waits_for_what_comes_next(world: World) -> None:
    client, got, asked = world.client(), list[str](), 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:
            world.system.cases.open("LT-8", customer="c-8")
        return len(got) == 1

    last = list(client.events.since())[-1]
    for event in client.events.follow(last.cursor, pause=0.001, stop=stop):
        got.append(event.type)
    assert got == ["referral.case.open"]
    assert asked > 2
