"""An act that is declared needs a row in the table and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import attrs
import pytest
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI

from referral_adapters.http import completed, referral_router
from referral_adapters.http.endpoint import Endpoint
from referral_core.acts import Act
from referral_core.entities.actor import Role
from referral_core.entities.discount_group import Side
from referral_core.services.groups import Groups
from referral_core.session import ACTS
from referral_core.values.arguments import Amount, Count, Day, FactMoment, Flag, GroupId, HonouredMoment, ReasonText
from referral_core.values.money import Money
from tests.http.conftest import Opening
from tests.http.door import Door


@attrs.frozen
class Budget:
    """What comes of the act."""

    group: str
    amount: Money
    since: date | None
    sides: tuple[Side, ...]
    told: dict[str, object]


def budget(
    _: Groups,
    group: GroupId,
    amount: Amount,
    *,
    since: Day | None = None,
    side: Side = Side.REFEREE,
    times: Count = 1,
    is_sure: Flag = False,
    honour: HonouredMoment | None = None,
    at: FactMoment | None = None,
    reason: ReasonText | None = None,
) -> Budget:
    """Give a group a budget from ``since`` on (D2, S1-S11)."""
    return Budget(group, amount, since, (side,), {"times": times, "sure": is_sure, "honour": honour, "why": reason})


def rows() -> tuple[Endpoint, ...]:
    """Return the rows of the acts, one that changes something and one that does not."""
    path, example = "/groups/{group}/budget", {"amount": "100", "since": "2021-04-01"}
    return (
        Endpoint(act="group.budget", method="PUT", path=path, name="give-budget", tag="groups", example=example),
        Endpoint(act="group.look", method="GET", path=path, name="get-budget", tag="groups"),
    )


PATH: Final = "/groups/referrer/budget"


@pytest.fixture
def door(opening: Opening, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> Door:
    """Return a door to acts that were declared a moment ago."""
    budget.__qualname__ = "Groups.budget"
    for name, reads in (("group.budget", False), ("group.look", True)):
        wire = {"is_sure": "sure"}
        declared = Act(name, Role.SUPERVISOR, budget, reads=reads, manual=("is_sure",), wire=wire)
        monkeypatch.setitem(ACTS, name, declared)
    opened = opening()
    app = FastAPI()
    app.include_router(referral_router(opened.service, rows()))
    return Door(portal, opened.service.store, app=app)


def fields_of(operation: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of the body that an operation takes."""
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    properties: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]["properties"]
    return properties


def test_it_is_asked_for_and_answered_plainly(door: Door) -> None:
    body = {"amount": "100", "since": "2021-04-01", "times": 3, "honour": {"moment": "2021-01-01T00:00:00+02:00"}}
    told = door.ask("PUT", PATH, body, by="supervisor")
    assert (told.status, told.json()) == (
        200,
        {
            "group": "referrer",
            "amount": "100.00",
            "since": "2021-04-01",
            "sides": ["referee"],
            "told": {"times": 3, "sure": False, "honour": "2021-01-01T00:00:00+02:00", "why": None},
        },
    )


def test_it_is_asked_for_in_a_query_where_nothing_is_changed(door: Door) -> None:
    told = door.ask("GET", f"{PATH}?amount=7.50&side=referrer&times=2&sure=true&reason=x", by="supervisor").json()
    assert (told["amount"], told["sides"]) == ("7.50", ["referrer"])
    assert told["told"] == {"times": 2, "sure": True, "honour": None, "why": "x"}
    assert door.ask("GET", PATH, by="supervisor").json()["errors"][0]["field"] == "query.amount"


def test_it_is_for_whom_it_is_declared_and_wants_the_reasons_that_it_is_declared_to(door: Door) -> None:
    body = {"amount": "100"}
    assert door.ask("PUT", PATH, body, by="agent").reasons == ["not-allowed"]
    assert door.ask("PUT", PATH, body | {"sure": True}, by="supervisor").reasons == ["reason-missing"]
    assert door.ask("PUT", PATH, body | {"at": "2021-01-01T00:00:00Z"}, by="supervisor").reasons == ["not-allowed"]
    assert door.ask("PUT", PATH, body | {"sure": True, "reason": "x"}, by="supervisor").status == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 7}, "amount"),
        ({"since": "2021-04-01T00:00:00Z"}, "since"),
        ({"side": "nobody"}, "side"),
        ({"times": -1}, "times"),
        ({"times": "3"}, "times"),
        ({"sure": 1}, "sure"),
        ({"is_sure": True}, "is_sure"),
        ({"honour": {}}, "honour.moment"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(door: Door, wrong: dict[str, object], field: str) -> None:
    told = door.ask("PUT", PATH, {"amount": "100"} | wrong, by="supervisor")
    assert (told.status, told.json()["errors"][0]["field"]) == (422, field)


def test_it_is_done_once_for_each_key(door: Door) -> None:
    told = [door.ask("PUT", PATH, {"amount": "1"}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [each.headers.get("idempotency-replayed") for each in told] == [None, "true"]
    assert told[0].headers["etag"] == told[1].headers["etag"]


def test_the_document_says_all_of_it(door: Door) -> None:
    document = completed(door.app.openapi())
    operation = document["paths"]["/groups/{group}/budget"]["put"]
    assert (operation["operationId"], operation["summary"]) == ("give-budget", "Give a group a budget from `since` on.")
    assert operation["x-permission"] == {"act": "group.budget", "least_role": "supervisor"}
    names = ["amount", "since", "side", "times", "sure", "honour", "at", "reason"]
    assert list(fields_of(operation, document)) == names
    asked = document["paths"]["/groups/{group}/budget"]["get"]["parameters"]
    assert [each["name"] for each in asked if each["in"] == "query"] == names
