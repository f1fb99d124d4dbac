"""Checking codes from outside: strangers learn nothing from it, and not much of it at a time (S5, S6, A4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from referral_adapters.http import Limiter, Rate, SlidingLimiter
from referral_core import Programme
from referral_core.programme.settings import Checking
from tests.http.conftest import Opening
from tests.http.door import Door, HttpAnswer, RawRequest

UNUSABLE: Final = {
    "unknown": "NONE2",
    "unknown, and no code at all": "'; DROP TABLE promo_codes; --",
    "one sign": "x",
    "as long as a code may be sent": "A" * 200,
    "of other letters": "КОД123",
    "ended": "ENDED1",
    "pending": "PENDING1",
}


def with_codes(door: Door) -> Door:
    """Give the world a code that has ended and one that is pending."""
    assert door.ask("POST", "/accounts/E/codes", {"code": "ENDED1", "replace": True, "reason": "x"}).status == 201
    assert door.ask("POST", "/codes/ENDED1/end", {"reason": "x"}).status == 200
    assert door.ask("POST", "/accounts/D/codes", {"code": "PENDING1", "replace": True, "reason": "x"}).status == 201
    return door


@pytest.mark.rule("S6", "A4")
@pytest.mark.parametrize("by", [None, "customer:C-2"])
def test_all_codes_that_cannot_be_used_look_the_same(door: Door, by: str | None) -> None:
    with_codes(door)
    told = {name: door.ask("POST", "/code-checks", {"code": code}, by=by) for name, code in UNUSABLE.items()}
    told["not for gas, say"] = door.ask("POST", "/code-checks", {"code": "A123", "product": "water"}, by=by)
    told["their own"] = door.ask("POST", "/code-checks", {"code": "A123"}, by="customer:C-1")
    told["a customer already"] = door.ask("POST", "/code-checks", {"code": "A123"}, by="customer:C-4")
    assert {(each.status, each.body, each.headers["etag"]) for each in told.values()} == {
        (200, told["unknown"].body, told["unknown"].headers["etag"])
    }
    assert told["unknown"].json() == NOTHING | {"usable": False, "message": "This code cannot be used."}


NOTHING: Final[dict[str, Any]] = {
    "message": None, "referee_amount": None, "currency": None, "reasons": None, "messages": None,
    "referrer_amount": None, "referee_group": None, "referrer_group": None,
}  # fmt: skip


@pytest.mark.rule("S5")
def test_staff_are_told_why(door: Door) -> None:
    with_codes(door)
    told = {
        code: door.ask("POST", "/code-checks", {"code": code, **more}, by="agent").json()["reasons"]
        for code, more in (
            ("NONE2", {}), ("ENDED1", {}), ("PENDING1", {}), ("A123", {"customer": "C-1"}), ("a 1-23", {}),
        )
    }  # fmt: skip
    assert told == {
        "NONE2": ["code-unknown"], "ENDED1": ["code-ended"], "PENDING1": ["code-pending"],
        "A123": ["existing-customer", "self-referral"], "a 1-23": [],
    }  # fmt: skip


@pytest.mark.rule("S5")
@pytest.mark.parametrize("by", [None, "customer:C-2"])
def test_of_a_code_that_can_be_used_they_are_told_what_it_brings_them(door: Door, by: str | None) -> None:
    told = door.ask("POST", "/code-checks", {"code": "a-123"}, by=by)
    assert told.json() == NOTHING | {"usable": True, "referee_amount": "7.00", "currency": "EUR"}


@pytest.mark.rule("A1")
def test_a_customer_asks_for_nobody_else(door: Door) -> None:
    for by, customer in (("customer:C-2", "C-4"), ("customer:C-2", "nobody"), (None, "C-4"), (None, "public")):
        told = door.ask("POST", "/code-checks", {"code": "A123", "customer": customer}, by=by)
        assert (told.status, told.reasons) == (403, ["not-allowed"])
    assert door.ask("POST", "/code-checks", {"code": "A123", "customer": "C-2"}, by="customer:C-2").status == 200
    public = door.ask("POST", "/code-checks", {"code": "A123"}, by="customer:public")
    assert public.json()["usable"] is True


def test_the_sentence_is_in_the_language_that_is_liked_best(in_memory: Door) -> None:
    said = {
        language: in_memory.ask("POST", "/code-checks", {"code": "X"}, by=None, headers={"Accept-Language": language})
        for language in ("en", "et", "lv", "ru", "fi, lv;q=0.1", "fi")
    }
    sentences = {language: told.json()["message"] for language, told in said.items()}
    assert len(set(sentences.values())) == 4
    assert sentences["fi, lv;q=0.1"] == sentences["lv"]
    assert sentences["fi"] == sentences["et"]


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


_NEVER: Final = 10**6


def limited(opening: Opening, *, per_caller: int = _NEVER, per_address: int = _NEVER) -> Door:
    """Open a door that stands still in time, with these limits a minute and no others."""
    programme = Programme(checking=Checking(per_caller=per_caller, per_address=per_address))
    return opening(programme=programme, limiter=SlidingLimiter(clock=lambda: 0.0), answer_interval=0.0)


def check(door: Door, by: str | None = None, address: str = "192.0.2.1") -> HttpAnswer:
    request = door.request("POST", "/code-checks", {"code": "A123"}, by=by)
    return door.send(RawRequest(request.method, request.path, request.headers, request.body, address))


@pytest.mark.rule("A4")
def test_an_address_is_limited_whoever_asks_from_it(opening: Opening) -> None:
    door = limited(opening, per_address=3)
    assert [check(door, by).status for by in (None, "customer:C-1", "customer:C-2", None)] == [200, 200, 200, 429]
    assert check(door, "agent").status == 200, "staff have limits of their own"
    assert check(door, address="192.0.2.2").status == 200


@pytest.mark.rule("A4")
def test_a_caller_is_limited_from_wherever_they_ask(opening: Opening) -> None:
    door = limited(opening, per_caller=2)
    told = [check(door, "customer:C-1", f"192.0.2.{number}") for number in range(4)]
    assert [each.status for each in told] == [200, 200, 429, 429]
    assert told[2].headers["retry-after"] == "30"
    assert check(door, "customer:C-2").status == 200
    assert check(door, "agent:C-1").status == 200, "another, of the same name"


@pytest.mark.rule("A4")
def test_of_ipv6_the_network_is_the_address(opening: Opening) -> None:
    """Whoever has one address of it has 2^64 of them."""
    door = limited(opening, per_address=1)
    assert check(door, address="2001:db8:0:1::1").status == 200
    assert check(door, address="2001:db8:0:1:ffff::2").status == 429
    assert check(door, address="2001:db8:0:2::1").status == 200
    for strange in ("", "testclient", "/run/socket"):
        assert check(door, address=strange).status == 200


@pytest.mark.rule("A4")
def test_nothing_is_limited_but_what_takes_a_code(opening: Opening) -> None:
    door = limited(opening, per_address=1, per_caller=1)
    assert {door.ask("GET", "/accounts/A", by="customer:C-1").status for _ in range(5)} == {200}


@pytest.mark.rule("A4")
def test_what_a_rule_refuses_counts_too_and_what_is_no_text_does_not(opening: Opening) -> None:
    door = limited(opening, per_address=2)
    assert {door.ask("POST", "/code-checks", {"code": 7}, by=None).status for _ in range(3)} == {422}
    told = [door.ask("POST", "/code-checks", {"code": "A123", "customer": "C-4"}, by=None).status for _ in range(3)]
    assert told == [403, 403, 429]


class Closed:
    """A limiter of a host's own."""

    def take(self, key: str, rate: Rate) -> float:
        """Let nobody in for a while."""
        assert key
        return rate.seconds / rate.count / 10


def test_a_host_may_bring_a_limiter_of_its_own(opening: Opening) -> None:
    closed: Limiter = Closed()
    told = check(opening(limiter=closed))
    assert (told.status, told.headers["retry-after"]) == (429, "1")


# ── sharing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A4", "T2")
@pytest.mark.parametrize("path", ["/accounts/A/sharings", "/acts/code.shared"])
def test_a_customer_shares_as_often_as_people_do(opening: Opening, path: str) -> None:
    few = Checking(per_caller=3, per_address=100, within=timedelta(minutes=1))
    door = opening(programme=Programme(checking=few))
    sent = {"means": "link"} | ({} if path.startswith("/accounts") else {"code": "A123"})
    told = [door.ask("POST", path, sent, by="customer:C-1") for _ in range(5)]
    assert [each.status for each in told] == [200, 200, 200, 429, 429]
    assert told[-1].kind == "too-many"
    assert int(told[-1].headers["retry-after"]) > 0
    assert door.ask("GET", "/accounts/A/figures", by="customer:C-1").json()["sent"] == 4
    assert [door.ask("POST", path, sent, by="system").status for _ in range(5)] == [200] * 5
