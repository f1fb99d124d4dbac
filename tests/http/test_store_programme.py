"""A service belongs to the programme of its store, and tells what the store lacks of it."""

from __future__ import annotations

import logging
from typing import Final

import attrs
import pytest

from referral_adapters.memory import MemoryStore
from referral_core import Programme, Side
from referral_core.programme.settings import Checking, GroupLine, GroupSetting
from tests.http.conftest import Opening
from tests.http.door import NOW, PLENTY, Door
from tests.phrases import refused

OURS: Final = Programme(checking=PLENTY)
GROWN: Final = attrs.evolve(
    OURS,
    groups=(*OURS.groups, GroupSetting("fair", Side.REFEREE, "At the fair")),
    referee_groups=(GroupLine("fair", channel="sales-portal"), *OURS.referee_groups),
)
MISSING: Final = "Groups of the programme that its store does not have, so that the programme has to be applied: fair."
CHECK: Final = {"code": "A123", "customer": "C-2", "channel": "sales-portal"}


@pytest.mark.rule("P5")
@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (attrs.evolve(OURS, currency="SEK"), "currency-mismatch"),
        (attrs.evolve(OURS, zone="Europe/Riga"), "zone-mismatch"),
    ],
)
def test_a_service_is_not_made_over_the_store_of_another_programme(
    opening: Opening, other: Programme, reason: str
) -> None:
    with refused(reason):
        opening(programme=other)
    opening(programme=attrs.evolve(OURS, checking=Checking(), name="Another name"))


@pytest.mark.rule("P5")
def test_what_the_store_lacks_is_logged_when_the_service_is_made(
    opening: Opening, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "referral_adapters.http"):
        opening(programme=OURS)
        assert caplog.messages == []
        opening(programme=GROWN)
    assert caplog.messages == ["the programme has groups that the store does not have: fair"]


@pytest.mark.rule("P5", "S5", "S6")
def test_staff_are_told_what_a_check_lacked_and_customers_are_not(opening: Opening) -> None:
    door = opening(programme=GROWN)
    told = door.ask("POST", "/code-checks", CHECK, by="agent").json()
    assert (told["reasons"], told["messages"][0].endswith(MISSING)) == (["no-amount"], True)
    for path, body in (("/code-checks", CHECK), ("/acts/code.check", CHECK)):
        told = door.ask("POST", path, body | {"customer": "C-1"}, by="customer:C-1")
        assert b"fair" not in told.body
        assert b"missing_groups" not in told.body or told.json()["answer"]["missing_groups"] == []
    told = door.ask("POST", "/acts/code.check", CHECK, by="agent")
    assert told.json()["answer"]["missing_groups"] == ["fair"]


@pytest.mark.rule("P5", "A1")
def test_an_administrator_applies_the_programme(opening: Opening) -> None:
    door = opening(programme=GROWN)
    assert door.ask("POST", "/acts/programme.apply", {}, by="supervisor").reasons == ["not-allowed"]
    told = door.ask("POST", "/acts/programme.apply", {}, by="administrator")
    assert [group["id"] for group in told.json()["answer"]["missing"]] == ["fair"]
    assert door.ask("POST", "/acts/programme.diff", {}, by="administrator").json()["answer"]["missing"] == []
    assert door.ask("POST", "/code-checks", CHECK, by="agent").json()["messages"][0].endswith("for one of the sides.")


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

KEY: Final = {"Idempotency-Key": "T-1"}
WHOLE: Final = {"from": "G", "to": "G2"}


def unused(door: Door) -> list[str]:
    return [door.ask("GET", f"/accounts/{account}").json()["balance"]["unused"] for account in ("G", "G2")]


def moved(door: Door) -> list[tuple[str | None, str | None]]:
    """Return who moved how much away from G, by the trace."""
    rows = door.service.store.trace.chain("account:G")
    return [(row.actor, (row.after or {})["amount"]) for row in rows if row.act == "discount.transfer"]


@pytest.mark.rule("A2", "B2", "B7")
def test_a_key_that_the_service_has_forgotten_is_still_that_of_its_transfer(door: Door) -> None:
    part = WHOLE | {"amount": "2.00"}
    assert door.ask("POST", "/transfers", part, by="supervisor:Mari", headers=KEY).json()["moved"] == "2.00"
    before, rows = unused(door), moved(door)
    assert door.service.store.requests.forget(NOW.replace(year=2099)) > 0
    told = door.ask("POST", "/transfers", WHOLE, by="supervisor:Mari", headers=KEY)
    assert (told.status, told.kind) == (422, "idempotency-key-reused")
    assert (unused(door), moved(door)) == (before, rows)
    again = door.ask("POST", "/transfers", part, by="supervisor:Mari", headers=KEY)
    assert (again.status, again.json()["moved"]) == (200, "2.00")
    assert (unused(door), moved(door)) == (before, rows)


@pytest.mark.rule("A2", "B2", "B7")
def test_a_key_of_one_role_is_another_key_in_another(door: Door) -> None:
    """What is answered was moved, and what is traced was moved, whoever chose the same key."""
    parts = [("supervisor:Mari", "1.00"), ("administrator:Mari", "2.00"), ("system:Mari", "0.50")]
    giving, taking = (float(each) for each in unused(door))
    for number, (who, amount) in enumerate(parts):
        told = door.ask("POST", "/transfers", WHOLE | {"amount": amount}, by=who, headers=KEY)
        assert (told.status, told.json()["moved"]) == (200, amount)
        done = sum(float(each) for _, each in parts[: number + 1])
        assert [float(each) for each in unused(door)] == [giving - done, taking + done]
    assert moved(door)[-3:] == [("Mari", f"{amount} EUR") for _, amount in parts]


def test_a_store_in_memory_is_of_one_programme_too() -> None:
    with refused("zone-mismatch", "currency-mismatch"):
        Door(None, MemoryStore(attrs.evolve(OURS, currency="SEK", zone="Europe/Stockholm")))  # type: ignore[arg-type]
