"""Lists are read page by page, events for as long as one likes."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from referral_adapters.http import acts
from referral_adapters.http.client import RequestInvalid, pages
from referral_core import Actor, Money, Refusal
from referral_core.values.errors import Reason
from tests.http.client.world import NOON, World


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    for number in range(7):
        world.system.cases.open(f"LT-{number}", customer=f"c-{number}")
    return world


def test_a_list_is_followed_to_its_end(world: World) -> None:
    cases = world.system.cases
    assert [case.id for case in pages(cases.page, limit=3)] == [f"LT-{number}" for number in range(7)]
    assert [case.id for case in pages(cases.page, open_only=True)] == [f"LT-{number}" for number in range(7)]
    assert [case.id for case in pages(cases.page, after="LT-4", limit=1)] == ["LT-5", "LT-6"]


def test_every_list_can_be_followed_here_and_there(world: World) -> None:
    world.system.sign_ups.conclude("K-R", account="R", customer="rita")
    code = world.system.contracts.activate("K-R").started
    assert code is not None
    for number in range(3):
        world.system.sign_ups.conclude(f"K-{number}", account=f"{number}", customer=f"f-{number}", code=code.text)
    here = world.service.desk.session(actor=Actor.system("crm"), now=NOON)
    for session in (world.system, here):
        assert [seen.contract.id for seen in pages(session.sign_ups.page, limit=2)] == ["K-0", "K-1", "K-2", "K-R"]
        assert [seen.contract for seen in pages(session.accounts.referrals, "R", limit=2)] == ["K-2", "K-1", "K-0"]
        timeline = [each.act for each in pages(session.accounts.activity, "R", limit=2)]
        assert timeline == ["code.start", "code.issue"]
        assert [case.id for case in pages(session.cases.page, limit=2)][-1] == "LT-6"


def test_a_list_can_be_turned_page_by_page(world: World) -> None:
    first = world.system.cases.page(limit=4)
    second = world.system.cases.page(after=first[-1].id, limit=4)
    assert [len(page) for page in (first, second)] == [4, 3]


def test_a_page_has_a_most(world: World) -> None:
    with pytest.raises(RequestInvalid, match="limit"):
        world.system.cases.page(limit=201)


def test_what_comes_one_by_one_is_asked_for_in_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        world.system.groups.set_amount("referee-manual", Money("5"), starts=NOON + timedelta(days=number))
    everything = list(world.system.trace.rows("group:referee-manual"))
    assert len(everything) == 5
    monkeypatch.setattr(acts, "LARGEST_PAGE", 2)
    acts.act_body.cache_clear()
    sent = list[str]()
    rows = world.client(through=lambda app: Noting(app, sent)).trace.rows("group:referee-manual")
    assert len(sent) == 1
    assert list(rows) == everything
    assert len(sent) == 3
    acts.act_body.cache_clear()


class Noting(httpx.BaseTransport):
    """Notes where requests go."""

    def __init__(self, app: httpx.BaseTransport, sent: list[str]) -> None:
        self._app, self._sent = app, sent

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._sent.append(request.url.path)
        return self._app.handle_request(request)


def test_a_list_that_nobody_may_see_is_refused(world: World) -> None:
    with pytest.raises(Refusal) as caught:
        list(pages(world.client("customer:ann").accounts.referrals, "Z"))
    assert caught.value.reasons == (Reason.NOT_ALLOWED,)


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
