"""Answers get lost, services are away: an act is still done once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.http.client import (
    CallFailed,
    Pauses,
    Persistence,
    RequestInvalid,
    TooMany,
    Unavailable,
    Unexpected,
    Unreachable,
    connect,
)
from referral_adapters.http.client.connection import Connection
from referral_adapters.http.models.events import PublishedEvents
from referral_core import BillingUnavailable, ConcurrentChange, Money
from tests.http.client.world import QUICK, URL, World

Answering = Callable[[httpx.Request], httpx.Response]


class Losing(httpx.BaseTransport):
    """Hands requests on, and loses some on the way there or, once they were answered, on the way back."""

    def __init__(self, app: httpx.BaseTransport, *, there: int = 0, back: int = 0) -> None:
        self._app = app
        self._there, self._back = there, back
        self.keys: list[str | None] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers.get("idempotency-key"))
        if self._there:
            self._there -= 1
            raise httpx.ConnectError("nobody there")
        answer = self._app.handle_request(request)
        if self._back:
            self._back -= 1
            raise httpx.ReadTimeout("too late")
        return answer


class Waiting:
    """Keeps how long somebody was told to wait, and waits for nothing."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)


def wire(answer: Answering, *, persistence: Persistence = QUICK, waiting: Waiting | None = None) -> Connection:
    return Connection(
        URL,
        token=None,
        language=None,
        persistence=persistence,
        timeout=1.0,
        transport=httpx.MockTransport(answer),
        sleep=waiting or Waiting(),
    )


def in_turn(*answers: httpx.Response) -> Answering:
    left = iter(answers)
    return lambda _: next(left)


def problem(status: int, kind: str, **headers: str) -> httpx.Response:
    told = {"type": f"urn:referral:problem:{kind}", "title": "So it is.", "status": status}
    return httpx.Response(status, json=told, headers=headers)


def fine() -> httpx.Response:
    return httpx.Response(200, json={"answer": {"amount": "7.00", "currency": "EUR"}})


@pytest.mark.rule("B2")
@pytest.mark.parametrize(("there", "back"), [(2, 0), (0, 2), (1, 2)])
def test_an_act_whose_answer_is_lost_is_done_once(there: int, back: int) -> None:
    world, losing = World(), list[Losing]()

    def through(app: httpx.BaseTransport) -> httpx.BaseTransport:
        losing.append(Losing(app, there=there, back=back))
        return losing[0]

    client = world.client(through=through)
    assert client.sign_ups.conclude("K-1", account="A", customer="ann").contract.id == "K-1"
    assert client.contracts.activate("K-1").contract.status == "active"
    first, second = ({*keys} for keys in (losing[0].keys[:-1], losing[0].keys[-1:]))
    assert len(losing[0].keys) == there + back + 2
    assert len(first) == len(second) == 1
    assert first != second


def test_an_act_that_was_given_up_can_be_asked_for_again_under_its_key() -> None:
    world = World()
    failing = world.client(through=lambda app: Losing(app, back=6))
    with pytest.raises(Unreachable) as caught:
        failing.sign_ups.conclude("K-1", account="A", customer="ann")
    assert caught.value.key
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)
    again = world.system.under(key=caught.value.key).sign_ups.conclude("K-1", account="A", customer="ann")
    assert again.contract.id == "K-1"
    with pytest.raises(RequestInvalid, match="another request"):
        world.system.under(key=caught.value.key).sign_ups.conclude("K-2", account="A", customer="ann")


@pytest.mark.parametrize(
    "trouble",
    [
        problem(503, "store-unavailable"),
        problem(503, "billing-unavailable"),
        problem(429, "too-many"),
        problem(409, "concurrent-change"),
        httpx.Response(502, text="<h1>Bad gateway</h1>"),
        httpx.Response(504),
    ],
)
def test_what_may_pass_is_waited_for(trouble: httpx.Response) -> None:
    waiting = Waiting()
    asked = wire(in_turn(trouble, trouble, fine()), waiting=waiting)
    assert asked.act("termination-fee.propose", {}).json() == fine().json()
    assert len(waiting.pauses) == 2


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [
        (problem(503, "store-unavailable"), Unavailable),
        (problem(503, "billing-unavailable"), BillingUnavailable),
        (problem(409, "concurrent-change"), ConcurrentChange),
        (problem(429, "too-many"), TooMany),
    ],
)
def test_what_does_not_pass_is_told(trouble: httpx.Response, raised: type[Exception]) -> None:
    waiting = Waiting()
    with pytest.raises(raised):
        wire(lambda _: trouble, waiting=waiting).act("termination-fee.propose", {})
    assert len(waiting.pauses) == QUICK.tries - 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 422, 500, 501, 301])
def test_what_would_not_help_is_not_asked_again(status: int) -> None:
    waiting = Waiting()
    with pytest.raises(CallFailed):
        wire(in_turn(problem(status, "whatever")), waiting=waiting).act("termination-fee.propose", {})
    assert waiting.pauses == []


def test_the_service_says_how_long_to_wait() -> None:
    waiting = Waiting()
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    answers = (
        problem(429, "too-many", **{"Retry-After": "7"}),
        problem(503, "store-unavailable", **{"Retry-After": soon}),
        fine(),
    )
    wire(in_turn(*answers), waiting=waiting).act("termination-fee.propose", {})
    assert waiting.pauses[0] == 7.0
    assert 20 < waiting.pauses[1] <= 30


def test_nobody_waits_longer_than_the_patience_goes() -> None:
    waiting = Waiting()
    late = problem(429, "too-many", **{"Retry-After": "40"})
    with pytest.raises(TooMany) as caught:
        wire(lambda _: late, waiting=waiting).act("termination-fee.propose", {})
    assert waiting.pauses == [40.0]
    assert caught.value.retry_after == 40.0


@given(st.integers(1, 200), st.floats(0, 1), st.floats(0.001, 10), st.floats(1, 100))
def test_pauses_grow_within_their_bounds(failures: int, chance: float, first: float, more: float) -> None:
    pauses = Pauses(first, first * more)
    pause = pauses.after(failures, chance)
    assert first / 2 <= pause <= first * more
    assert pause <= pauses.after(failures + 1, chance)
    assert pause >= pauses.after(failures, 0.0)


@pytest.mark.parametrize("settings", [{"tries": 0}, {"patience": -1.0}])
def test_some_persistence_is_needed(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least once"):
        Persistence(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "longest"), [(0, 1), (2, 1)])
def test_pauses_begin_above_zero(first: float, longest: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Pauses(first, longest)


def test_every_try_has_a_fresh_token() -> None:
    seen = list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return fine() if len(seen) > 2 else problem(503, "store-unavailable")

    count = itertools.count(1)
    client = connect(URL, token=lambda: f"t{next(count)}", transport=httpx.MockTransport(answer), persistence=QUICK)
    client.discounts.propose_fee("K-1")
    assert seen == ["Bearer t1", "Bearer t2", "Bearer t3"]


@pytest.mark.parametrize("url", ["service.example", "ftp://service.example", "http://", "https://u:p@service.example"])
def test_a_service_has_a_proper_url(url: str) -> None:
    with pytest.raises(ValueError, match="begins with"):
        connect(url)


@pytest.mark.parametrize("token", ["a\r\nb", "ä"])
def test_a_token_cannot_bring_in_headers(token: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        connect(URL, token=token, transport=httpx.MockTransport(lambda _: fine())).groups.all()


@pytest.mark.parametrize("key", ["", "k" * 201, "a\nb", "ä"])
def test_a_key_is_a_proper_one(key: str) -> None:
    with pytest.raises(RequestInvalid, match="idempotency key"):
        connect(URL, transport=httpx.MockTransport(in_turn())).under(key=key).trace.seal()


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_no_part_of_a_path_leads_elsewhere(part: str) -> None:
    with pytest.raises(RequestInvalid, match="no place"):
        connect(URL, transport=httpx.MockTransport(in_turn())).qr_code(part)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (httpx.Response(200, text="<h1>Log in</h1>"), "none to termination-fee.propose"),
        (httpx.Response(200, json={"amount": "7.00"}), "'answer'"),
        (httpx.Response(200, json={"answer": "7.00"}), "an object"),
        (httpx.Response(200, json={"answer": {"amount": "7.001", "currency": "EUR"}}), "an amount"),
        (httpx.Response(302, headers={"location": "http://elsewhere"}), "status 302"),
    ],
)
def test_an_answer_of_something_else_is_unexpected(answer: httpx.Response, wrong: str) -> None:
    client = connect(URL, transport=httpx.MockTransport(in_turn(answer)), persistence=QUICK)
    with pytest.raises(Unexpected, match=wrong) as caught:
        client.discounts.propose_fee("K-1")
    assert caught.value.status == answer.status_code


def test_a_page_of_something_else_is_unexpected() -> None:
    client = connect(URL, transport=httpx.MockTransport(in_turn(httpx.Response(200, text="<h1>Log in</h1>"))))
    with pytest.raises(Unexpected, match=PublishedEvents.__name__):
        client.events.page()


def test_what_a_newer_service_says_besides_is_passed_over() -> None:
    content = {"answer": {"amount": "7.00", "currency": "EUR", "mood": "good"}, "weather": "fine"}
    client = connect(URL, transport=httpx.MockTransport(in_turn(httpx.Response(200, json=content))))
    assert client.discounts.propose_fee("K-1") == Money("7")
