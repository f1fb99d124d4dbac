"""Who gets in: every endpoint by every role, by the public, and by tokens that are limited (A1)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.endpoint import Endpoint
from tests.http.conftest import Opening
from tests.http.document import Document
from tests.http.door import ROLES, Door, HttpAnswer
from tests.http.proper_requests import PROPER

NAMES: Final = [endpoint.name for endpoint in ENDPOINTS]
OF_AN_ACCOUNT: Final = [endpoint for endpoint in ENDPOINTS if "{account}" in endpoint.path]
OTHERS: Final = [endpoint for endpoint in ENDPOINTS if not endpoint.is_about_accounts]

pytestmark = pytest.mark.rule("A1")


def asked(door: Door, endpoint: Endpoint, by: str | None, path: str | None = None, **claims: Any) -> HttpAnswer:  # noqa: ANN401
    """Ask an endpoint what is proper to ask, in somebody's name."""
    body = Document(door.document()).body_example(endpoint)
    return door.ask(endpoint.method, path or PROPER[endpoint.name].path, body, by=by, **claims)


def written(door: Door) -> object:
    """Return what changes whenever anything is written."""
    return list(door.service.store.trace.heads()), door.service.store.promo_codes.times_shared("A")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_the_least_role_and_those_above_it_get_in_and_nobody_else(opening: Opening, endpoint: Endpoint) -> None:
    least = ROLES.index(endpoint.least_role.value) if endpoint.least_role else 0
    outside = opening()
    before = written(outside)
    for role in ROLES[:least]:
        told = asked(outside, endpoint, role)
        assert (told.status, told.kind, told.reasons) == (403, "not-allowed", ["not-allowed"]), role
    assert written(outside) == before
    for role in ROLES[least:]:
        by = PROPER[endpoint.name].by if role == "customer" else role
        assert asked(opening(), endpoint, by).status == endpoint.status, role


def test_nobody_is_told_about_the_form_of_what_is_not_for_them(in_memory: Door) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET" and not endpoint.public and endpoint.least_role != "customer":
            told = in_memory.ask(endpoint.method, PROPER[endpoint.name].path, b"{", by="customer:C-1")
            assert told.status == 403, endpoint.name


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_without_a_token_only_what_is_public_is_answered(in_memory: Door, endpoint: Endpoint) -> None:
    told = asked(in_memory, endpoint, None)
    if endpoint.public:
        assert told.status == endpoint.status
    else:
        assert (told.status, told.kind, told.headers["www-authenticate"]) == (401, "not-authenticated", "Bearer")


def test_the_public_is_let_to_check_codes_and_to_see_that_all_is_well() -> None:
    assert {endpoint.name for endpoint in ENDPOINTS if endpoint.public} == {"check-code", "get-health", "get-readiness"}


@pytest.mark.parametrize("endpoint", OF_AN_ACCOUNT, ids=[endpoint.name for endpoint in OF_AN_ACCOUNT])
def test_a_customer_cannot_tell_an_account_of_somebody_else_from_none(door: Door, endpoint: Endpoint) -> None:
    before = written(door)
    path = PROPER[endpoint.name].path
    theirs, nobodys = (
        asked(door, endpoint, "customer:C-1", path.replace("/accounts/A", f"/accounts/{account}"))
        for account in ("E", "Q")
    )
    assert theirs.status == nobodys.status == 403
    assert theirs.body == nobodys.body
    assert written(door) == before


def test_a_customer_lists_their_own_accounts_alone(door: Door) -> None:
    assert door.ask("GET", "/accounts", by="customer:C-6").json() == {"items": ["G", "G2"]}
    assert door.ask("GET", "/accounts", by="customer:nobody").json() == {"items": []}
    others, nobodys = (door.ask("GET", f"/accounts?customer={of}", by="customer:C-6") for of in ("C-1", "nobody"))
    assert others.status == nobodys.status == 403
    assert others.body == nobodys.body


@pytest.mark.parametrize("by", ["agent", "supervisor", "administrator", "system"])
def test_all_but_customers_say_whose_accounts_they_list(door: Door, by: str) -> None:
    told = door.ask("GET", "/accounts", by=by)
    assert (told.status, told.json()["errors"][0]["field"]) == (422, "query.customer")
    assert door.ask("GET", "/accounts?customer=C-6", by=by).json() == {"items": ["G", "G2"]}
    assert door.ask("GET", "/accounts?customer=nobody", by=by).json() == {"items": []}
    limited = door.ask("GET", "/accounts", by=by, accounts=["G2"])
    assert (limited.status, limited.json()["errors"][0]["field"]) == (422, "query.customer")


def test_a_customer_is_not_told_who_their_friends_are_nor_what_staff_wrote(door: Door) -> None:
    for endpoint in OF_AN_ACCOUNT:
        if endpoint.method == "GET" and endpoint.least_role == "customer":
            told = asked(door, endpoint, "customer:C-1").body.decode()
            for hidden in ("C-4", "C-66", '"K-4"', '"E"', "Anu", "short one"):
                assert hidden not in told, (endpoint.name, hidden)


# ── tokens that are limited ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_for_some_accounts_opens_those(door: Door) -> None:
    assert door.ask("GET", "/accounts/G2", by="customer:C-6", accounts=["G2"]).status == 200
    assert door.ask("GET", "/accounts", by="customer:C-6", accounts=["G2"]).json() == {"items": ["G2"]}
    assert door.ask("POST", "/code-checks", {"code": "A123"}, by="customer:C-6", accounts=["G2"]).status == 200


@pytest.mark.parametrize("endpoint", OF_AN_ACCOUNT, ids=[endpoint.name for endpoint in OF_AN_ACCOUNT])
@pytest.mark.parametrize("accounts", [["E"], []], ids=["another", "none"])
def test_a_token_for_other_accounts_opens_none_of_it(in_memory: Door, endpoint: Endpoint, accounts: list[str]) -> None:
    for role in ("customer:C-1", "agent", "system"):
        assert asked(in_memory, endpoint, role, accounts=accounts).reasons == ["not-allowed"]


@pytest.mark.parametrize("endpoint", OTHERS, ids=[endpoint.name for endpoint in OTHERS])
def test_a_token_for_some_accounts_opens_nothing_but_accounts(in_memory: Door, endpoint: Endpoint) -> None:
    before = written(in_memory)
    told = asked(in_memory, endpoint, "system", accounts=["A", "B", "E", "G", "G2"])
    assert (told.status, told.reasons) == (403, ["not-allowed"])
    assert written(in_memory) == before


@pytest.mark.parametrize("segments", [["business"], []], ids=["another", "none"])
def test_a_token_for_other_segments_opens_nothing_that_is_in_a_segment(opening: Opening, segments: list[str]) -> None:
    let_in = set()
    for endpoint in ENDPOINTS:
        role = "system" if endpoint.least_role == "system" else "administrator"
        told = asked(opening(), endpoint, role, segments=segments)
        if told.status == 403:
            assert told.reasons == ["not-allowed"]
        else:
            let_in.add(endpoint.name)
            assert not any(hidden in told.body.decode() for hidden in ('"C-', '"K-', '"A', ":A", '"LT-')), endpoint.name
    groups = {endpoint.name for endpoint in ENDPOINTS if endpoint.tag == "groups"}
    lists = {"list-accounts", "list-contracts", "list-cases", "list-stuck"}
    assert let_in == {"get-health", "get-readiness", *groups, *lists}


@pytest.mark.rule("P2")
@pytest.mark.parametrize("channels", [["self-service", "sales-portal"], ["north"]], ids=["of all", "another"])
def test_a_token_for_channels_opens_the_amounts_and_the_sign_ups_in_them(opening: Opening, channels: list[str]) -> None:
    groups = {"list-groups", "get-group", "get-health", "get-readiness"}
    theirs = {"check-code", "conclude-contract", "attach-code", "get-contract"}
    let_in, hidden = set(), ('"C-', '"K-', '"A', ":A", '"LT-')
    for endpoint in ENDPOINTS:
        told = asked(opening(), endpoint, "system", channels=channels)
        if told.status == 403:
            assert told.reasons == ["not-allowed"]
        else:
            let_in.add(endpoint.name)
            assert "north" not in channels or not any(each in told.body.decode() for each in hidden), endpoint.name
    assert let_in == groups | {"list-contracts"} | (set() if "north" in channels else theirs)


def test_a_token_for_the_segment_of_all_opens_all(opening: Opening) -> None:
    for endpoint in ENDPOINTS:
        told = asked(opening(), endpoint, PROPER[endpoint.name].by, segments=["household"])
        assert told.status == endpoint.status, (endpoint.name, told.body)
