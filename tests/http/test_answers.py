"""What answers say: of a sign-up whose code came later, of a code that has ended, in which language."""

from __future__ import annotations

from typing import Final

import pytest
from anyio.from_thread import BlockingPortal

from referral_adapters.memory import ContinuousDiscounts, FlakyBilling, MemoryStore
from referral_core import Messages, Programme
from referral_core.entities.wait import Wait
from tests.http.door import Door
from tests.http.world import SECRET, build

SIGN_UP: Final = {"contract": "K-2", "account": "B", "customer": "C-2", "channel": "sales-portal"}


# ── what was warned of once ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_sign_up_that_has_its_referral_after_all_has_no_reasons_why_not(door: Door) -> None:
    warned = door.ask("POST", "/contracts", SIGN_UP | {"code": "NONE2"}).json()
    assert (warned["referral"], warned["reasons"]) == (None, ["code-unknown"])
    attached = door.ask("POST", "/contracts/K-2/code", {"code": "A123"}).json()
    assert (attached["referral"]["code"], attached["reasons"]) == ("A123", [])
    assert attached["contract"]["warnings"] == ["code-unknown"], "it was warned of all the same"
    found = door.ask("GET", "/contracts/K-2").json()
    listed = next(
        each for each in door.ask("GET", "/contracts").json()["items"] if each["contract"] == found["contract"]
    )
    assert found["reasons"] == listed["reasons"] == []


def test_a_sign_up_without_a_referral_keeps_its_reasons(door: Door) -> None:
    assert door.ask("POST", "/contracts", SIGN_UP | {"code": "NONE2"}).status == 201
    refused = door.ask("POST", "/contracts/K-2/code", {"code": "NONE3"})
    assert (refused.status, refused.reasons) == (409, ["code-unknown"])
    assert door.ask("GET", "/contracts/K-2").json()["reasons"] == ["code-unknown"]


# ── the code of an account ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C11")
def test_the_code_of_an_account_is_its_last_one_once_it_has_ended(door: Door) -> None:
    assert door.ask("POST", "/codes/A123/end", {"reason": "on a coupon site"}).status == 200
    staff, own = (door.ask("GET", "/accounts/A/code", by=by).json() for by in ("agent", "customer:C-1"))
    assert (staff["code"], staff["status"], staff["ending_reason"]) == ("A123", "ended", "on a coupon site")
    assert (own["code"], own["status"], own["ending_reason"]) == ("A123", "ended", None)


@pytest.mark.rule("C11")
def test_a_code_in_its_place_is_shown_and_not_the_one_before(door: Door) -> None:
    assert door.ask("POST", "/accounts/A/codes", {"code": "ANN2021", "replace": True}).status == 201
    assert door.ask("GET", "/accounts/A/code", by="agent").json()["code"] == "ANN2021"
    assert door.ask("POST", "/codes/ANN2021/end", {"at": "2021-03-16T00:00:00Z"}).status == 200
    door.clock.now = door.clock.now.replace(day=20)
    assert door.ask("GET", "/accounts/A/code", by="agent").json()["code"] == "ANN2021"


def test_where_there_never_was_a_code_there_is_none(door: Door) -> None:
    told = door.ask("GET", "/accounts/Q/code", by="agent")
    assert (told.status, told.reasons) == (404, ["code-unknown"])
    assert door.ask("GET", "/accounts/E/code", by="customer:C-1").reasons == ["not-allowed"]


def test_a_code_that_has_ended_is_passed_on_no_more(door: Door) -> None:
    assert door.ask("POST", "/codes/A123/end", {"reason": "x"}).status == 200
    for method, path, body in (("GET", "sharing-text", None), ("POST", "sharings", {"means": "link"})):
        assert door.ask(method, f"/accounts/A/{path}", body, by="customer:C-1").reasons == ["code-unknown"]


# ── languages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("headers", [{}, {"Accept-Language": ""}, {"Accept-Language": "*"}], ids=str)
def test_a_stranger_who_says_nothing_of_languages_is_answered_in_english(
    in_memory: Door, headers: dict[str, str]
) -> None:
    told = in_memory.ask("POST", "/code-checks", {"code": "NONE2"}, by=None, headers=headers).json()
    assert told["message"] == "This code cannot be used."
    assert in_memory.ask("GET", "/accounts/A/sharing-text", headers=headers).json()["language"] == "et", "for friends"
    staff = in_memory.ask("POST", "/code-checks", {"code": "NONE2"}, by="agent", headers=headers).json()
    assert staff["message"] == told["message"]


def test_a_language_that_is_named_is_answered_in(in_memory: Door) -> None:
    for language, sentence in (("et", "Seda koodi ei saa kasutada."), ("fi", "Seda koodi ei saa kasutada.")):
        told = in_memory.ask("POST", "/code-checks", {"code": "NONE2"}, by=None, headers={"Accept-Language": language})
        assert told.json()["message"] == sentence


# ── where a discount is ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("T4")
@pytest.mark.parametrize("language", ["et", "en", "ru", "lv"])
def test_customers_are_told_where_each_discount_is_in_their_language(door: Door, language: str) -> None:
    told = door.ask("GET", "/accounts/A/referrals", by="customer:C-1", headers={"accept-language": language}).json()
    messages = Messages.for_language(language)
    assert [(each["waits_for"], each["expected_on"], each["granted_at"]) for each in told["items"][:3]] == [
        ("billing", None, None),
        ("start", "2021-04-01", None),
        ("check", None, None),
    ]
    assert [each["message"] for each in told["items"][:3]] == [
        messages.waits_for(Wait.BILLING),
        messages.waits_for(Wait.START, "2021-04-01"),
        messages.waits_for(Wait.CHECK),
    ]
    assert {(each["waits_for"], each["granted_at"] is None) for each in told["items"][3:]} == {("nothing", False)}
    assert {str(each["bills"]) for each in told["items"]} == {"[]"}


@pytest.mark.rule("T4", "B6")
@pytest.mark.parametrize("tells", [True, False])
def test_customers_are_told_which_bills_used_a_discount_or_that_it_is_unknown(
    portal: BlockingPortal, tells: bool
) -> None:
    billing = None if tells else FlakyBilling(ContinuousDiscounts())
    store = MemoryStore(Programme.default(), secret=SECRET, billing=billing)
    build(store)
    door = Door(portal, store)
    billed = {"bill": "R-1", "account": "A", "amount": "12", "at": "2021-03-14T09:00:00+02:00"}
    assert door.ask("POST", "/bills", billed).status == 200
    told = door.ask("GET", "/accounts/A/referrals", by="customer:C-1").json()["items"]
    assert [each["bills"] for each in told if each["waits_for"] != "nothing"] == [[], []]
    bills = [each["bills"] for each in told if each["waits_for"] == "nothing"]
    taken = [[{"bill": "R-1", "amount": amount, "moment": billed["at"]}] for amount in ("2.00", "10.00")]
    assert bills == ([[], [], *taken] if tells else [None] * 4)


@pytest.mark.rule("T4", "A6")
@pytest.mark.parametrize(
    ("account", "customer", "others"),
    [
        ("A", "C-1", ("D", "C-3", "K-3", "L", "C-12", "K-12")),
        ("D", "C-3", ("A", "C-1", "K-1")),
        ("L", "C-12", ("A", "C-1", "K-1")),
    ],
)
def test_neither_side_is_told_who_the_other_is_nor_what_staff_wrote(
    door: Door, account: str, customer: str, others: tuple[str, ...]
) -> None:
    told = door.ask("GET", f"/accounts/{account}/referrals", by=f"customer:{customer}")
    assert told.json()["items"][0]["waits_for"] in {"start", "check", "billing"}
    assert [each for each in others if f'"{each}"' in told.body.decode()] == []
    assert "The address is known." not in told.body.decode()
