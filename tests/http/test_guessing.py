"""Guessing codes is slow on every door over HTTP: whatever takes a code draws on one limit (A4)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

import attrs
import pytest

from referral_adapters.http import SlidingLimiter
from referral_adapters.http.acts import ENDPOINTS as OF_CLIENT
from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.endpoint import Endpoint
from referral_core import Programme
from referral_core.programme.settings import Checking
from referral_core.session import ACTS
from tests.http.conftest import Opening
from tests.http.door import ROLES, Door, HttpAnswer
from tests.http.proper_requests import PROPER
from tests.http.test_acts import PROPER as PROPER_OF_CLIENT

pytestmark = pytest.mark.rule("A4")

MOST: Final = 3
FEW: Final = Checking(
    per_caller=MOST,
    per_address=10**6,
    per_staff=MOST,
    per_staff_address=10**6,
    per_system=MOST,
    within=timedelta(minutes=1),
)
OWN: Final = {"get-sharing-text", "get-qr-code"}
"""The endpoints that ask about an account's own code, which nobody has to guess."""
TAKING: Final = {
    endpoint.name: endpoint
    for endpoint in (*ENDPOINTS, *OF_CLIENT)
    if endpoint.act is not None and any(param.kind.name == "code" for param in ACTS[endpoint.act].params.values())
    and endpoint.name not in OWN
}  # fmt: skip
"""The endpoints whose acts take a code."""


@attrs.define
class Clock:
    """A clock that a test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the limiter."""
    return Clock()


@pytest.fixture
def door(opening: Opening, clock: Clock) -> Door:
    """Return a door at which few codes may be given."""
    return opening(programme=Programme(checking=FEW), limiter=SlidingLimiter(clock=clock), answer_interval=0.0)


def guess(door: Door, endpoint: Endpoint, number: int, by: str) -> HttpAnswer:
    """Give a code of this number where the act of an endpoint takes one."""
    assert endpoint.act is not None
    text = f"GUESS{number}"
    wires = [param.wire for param in ACTS[endpoint.act].params.values() if param.kind.name == "code"]
    if endpoint in OF_CLIENT:
        return door.ask("POST", endpoint.path, {**PROPER_OF_CLIENT[endpoint.name], **dict.fromkeys(wires, text)}, by=by)
    named = {
        wire: text for wire in wires if endpoint.method != "GET" and wire not in (*endpoint.made, *endpoint.places)
    }
    body = {**(endpoint.example or {}), **named} if endpoint.body_model else None
    return door.ask(endpoint.method, PROPER[endpoint.name].path.replace("A123", text), body, by=by)


def least(endpoint: Endpoint) -> str:
    role = ACTS[endpoint.act or ""].least
    return "customer:C-1" if role == "customer" else str(role)


@pytest.mark.parametrize("name", TAKING)
def test_whatever_takes_a_code_is_limited_and_goes_on_when_the_time_has_passed(
    door: Door, clock: Clock, name: str
) -> None:
    endpoint = TAKING[name]
    told = [guess(door, endpoint, number, least(endpoint)) for number in range(MOST + 2)]
    assert [each.status == 429 for each in told] == [False] * MOST + [True, True]
    assert (told[-1].kind, told[-1].headers["retry-after"]) == ("too-many", "20")
    clock.now += 20.001
    assert [guess(door, endpoint, number, least(endpoint)).status == 429 for number in (7, 8)] == [False, True]


@pytest.mark.parametrize("by", ["agent", "system"])
def test_it_is_one_limit_for_all_of_them(door: Door, by: str) -> None:
    for number, name in enumerate([each for each in TAKING if ROLES.index(ACTS[TAKING[each].act or ""].least) <= 1]):
        told = guess(door, TAKING[name], number, by)
        assert (told.status == 429) == (number >= MOST), name


def test_the_document_tells_of_the_limit_exactly_there() -> None:
    told = {endpoint.name for endpoint in (*ENDPOINTS, *OF_CLIENT) if 429 in endpoint.responses()}
    assert told == {*TAKING, "bring-events"}


def test_a_customer_cannot_tell_a_foreign_code_from_none_and_counts_both(door: Door) -> None:
    told = [door.ask("POST", "/acts/sharing.text", {"code": code, "language": "en"}, by="customer:C-9") for code in
            ("A123", "NONE2", "A123", "NONE2")]  # fmt: skip
    assert [each.status for each in told] == [403, 403, 403, 429]
    assert told[0].body == told[1].body


def test_a_request_under_a_key_counts_once_however_often_its_act_is_tried(door: Door) -> None:
    once = {"Idempotency-Key": "k", "If-Match": "*"}
    told = door.ask("POST", "/contracts/K-5/code", {"code": "A123", "reason": "x"}, by="agent", headers=once)
    assert told.status == 200
    assert [guess(door, TAKING["get-code-by-text"], number, "agent").status for number in range(3)] == [404, 404, 429]


def test_ones_own_code_is_no_guess_and_to_share_it_counts(door: Door) -> None:
    for _ in range(MOST):
        for path in ("sharing-text", "qr-code", "code"):
            assert door.ask("GET", f"/accounts/A/{path}", by="customer:C-1").status == 200
    told = [door.ask("POST", "/accounts/A/sharings", {"means": "link"}, by="customer:C-1").status for _ in range(4)]
    assert told == [200, 200, 200, 429]


# ── events ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def event(number: int, **data: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    given = {"specversion": "1.0", "id": f"e{number}", "source": "/crm", "time": "2021-03-14T09:00:00+02:00"}
    return {**given, "type": "code.check", "data": data}


def test_events_count_each_that_gives_a_code_for_the_system_that_brings_them(door: Door, clock: Clock) -> None:
    two = [event(1, code="NONE2"), event(2, code="NONE3"), {**event(3), "type": "no such"}, 7]
    assert door.ask("POST", "/events", two).status == 200
    refused = door.ask("POST", "/events", [event(4, code="NONE4"), event(5, code="NONE5")])
    assert (refused.status, refused.kind) == (429, "too-many")
    assert door.ask("POST", "/events", event(6, code="NONE4")).status == 200, "what was refused is not counted"
    assert door.ask("POST", "/events", event(7, code="NONE4")).status == 429
    clock.now += float(60)
    many = [event(number, code=f"NONE{number}") for number in range(10, 20)]
    assert door.ask("POST", "/events", many).status == 200, "a batch of more than the limit waits for all of it"
    assert door.ask("POST", "/events", event(8, code="NONE4")).status == 429


# ── who is limited how ────────────────────────────────────────────────────────────────────────────────────────────────


def told_to(door: Door, by: str | None, address: str, **claims: Any) -> int:  # noqa: ANN401 - any JSON
    request = door.request("POST", "/code-checks", {"code": "A123"}, by=by, **claims)
    return door.send(attrs.evolve(request, address=address)).status


LIMITS: Final = Checking(per_caller=2, per_address=3, per_staff=4, per_staff_address=6, per_system=8)


@pytest.mark.parametrize(
    ("by", "claims", "alone", "together"),
    [
        (None, {}, 3, 3),
        ("customer", {}, 2, 3),
        ("agent", {}, 4, 6),
        ("agent", {"channels": ["distributor"]}, 2, 3),
        ("supervisor", {}, 4, 6),
        ("administrator", {}, 4, 6),
        ("system", {}, 8, 16),
    ],
)
def test_each_kind_of_caller_has_limits_of_its_own(
    opening: Opening, by: str | None, claims: dict[str, Any], alone: int, together: int
) -> None:
    def open_anew() -> Door:
        programme = Programme(checking=LIMITS)
        return opening(programme=programme, limiter=SlidingLimiter(clock=Clock()), answer_interval=0.0)

    door = open_anew()
    who = None if by is None else f"{by}:one"
    addresses = ["192.0.2.1"] * 20 if by is None else [f"192.0.2.{number}" for number in range(20)]
    assert sum(told_to(door, who, each, **claims) != 429 for each in addresses) == alone
    door = open_anew()
    several = [None] * 20 if by is None else [f"{by}:{'one' if number % 2 else 'two'}" for number in range(20)]
    assert sum(told_to(door, each, "192.0.2.1", **claims) != 429 for each in several) == together


def test_a_header_that_names_another_address_is_not_believed(door: Door, opening: Opening) -> None:
    door = opening(
        programme=Programme(checking=attrs.evolve(FEW, per_address=2)), limiter=SlidingLimiter(clock=Clock())
    )
    told = []
    for number in range(4):
        request = door.request(
            "POST",
            "/code-checks",
            {"code": "A123"},
            by=None,
            headers={
                "X-Forwarded-For": f"198.51.100.{number}",
                "Forwarded": f"for=198.51.100.{number}",
                "X-Real-IP": f"198.51.100.{number}",
            },
        )
        told.append(door.send(request).status)
    assert told == [200, 200, 429, 429]


def test_the_sentence_is_short_and_tells_no_code(door: Door) -> None:
    told = [guess(door, TAKING["get-code-by-text"], number, "agent") for number in range(MOST + 1)][-1]
    assert json.loads(told.body) == {
        "type": "urn:referral:problem:too-many",
        "title": "Too many codes were given in too short a time.",
        "status": 429,
    }
