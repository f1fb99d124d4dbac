"""External distributors see the amounts and their own sign-ups only: agents who are limited to channels (P2, A1)."""

from __future__ import annotations

import pytest

from referral_core import Actor, CodeRefused, Role
from tests.office import NOON, WHEN, WHY, Office
from tests.phrases import at, refused

pytestmark = pytest.mark.rule("P2", "A1")


def distributor(*channels: str) -> Actor:
    return Actor("Partner Ltd", Role.AGENT, channels=frozenset(channels))


def market() -> tuple[Office, str]:
    """Return an office where A's code is active and three have signed up: by two distributors and by the portal."""
    office = Office().with_amounts()
    code = office.referrer()
    for contract, channel in (("K-north", "north"), ("K-own", "self-service"), ("K-south", "south")):
        office.concluded(contract, on=contract[2:], channel=channel)
    return office, code


@pytest.mark.parametrize(
    ("channels", "asked", "seen"),
    [
        (["north"], None, ["K-north"]),
        (["north", "south"], None, ["K-north", "K-south"]),
        (["north", "south"], "south", ["K-south"]),
        (["north"], "south", []),
        (["east"], None, []),
        ([], None, []),
    ],
)
def test_a_distributor_lists_their_own_sign_ups(channels: list[str], asked: str | None, seen: list[str]) -> None:
    office, _ = market()
    actor = distributor(*channels)
    for limit in (1, 50):
        found: list[str] = []
        while page := office.session(by=actor).sign_ups.page(
            channel=asked, limit=limit, after=found[-1] if found else None
        ):
            found += [each.contract.id for each in page]
        assert found == seen


def test_a_distributor_is_shown_no_sign_up_of_anybody_else() -> None:
    office, _ = market()
    assert (
        office.desk.session(actor=distributor("north"), now=WHEN).sign_ups.find("K-north").contract.channel == "north"
    )
    for contract in ("K-south", "K-own", "K-none"):
        with refused("not-allowed", field="channel"):
            office.desk.session(actor=distributor("north"), now=WHEN).sign_ups.find(contract)


def test_a_distributor_signs_up_and_checks_in_their_own_channels() -> None:
    office, code = market()
    north, before = distributor("north"), office.state()
    with refused("not-allowed", field="channel"):
        office.session(NOON, north).codes.check(code)
    with refused("not-allowed", field="channel"):
        office.session(NOON, north).sign_ups.conclude("K", account="K", customer="k", channel="south")
    assert office.state() == before
    assert office.session(NOON, north).codes.check(code, channel="north").usable
    signed = office.session(NOON, north).sign_ups.conclude("K", account="K", customer="k", channel="north", code=code)
    assert signed.referral is not None
    assert signed.referral.referee_offer.group == "referee-manual"


def test_a_distributor_adds_a_code_to_their_own_sign_ups() -> None:
    office, code = market()
    north, before = distributor("north"), office.state()
    for contract, channel in (("K-south", "north"), ("K-north", "south"), ("K-own", "north")):
        with refused("not-allowed", field="channel"):
            office.session(by=north).sign_ups.attach(contract, code=code, channel=channel)
    office.activated("K-south")
    with refused("not-allowed", field="channel"):  # not that it has activated
        office.session(by=north).sign_ups.attach("K-south", code=code, channel="north")
    with refused("not-allowed", field="channel"):
        office.session(by=north).sign_ups.attach("K-none", code=code, channel="north")
    assert before != office.state()
    assert office.session(by=north).sign_ups.attach("K-north", code=code, channel="north").referral
    with pytest.raises(CodeRefused):
        office.session(by=north).sign_ups.attach("K-north", code="NOSUCH", channel="north")


def test_a_distributor_chooses_no_group_and_honours_no_moment() -> None:
    """Whom they bring falls into the group that the programme has for their channel."""
    office, code = market()
    north, before = distributor("north"), office.state()
    for chosen in ({"group": "referee-self-service"}, {"honour": at("2021-01-20")}):
        with refused("not-allowed", field="actor", naming="by staff"):
            office.session(NOON, north).sign_ups.conclude(
                "K", account="K", customer="k", channel="north", code=code, reason=WHY, **chosen
            )
        with refused("not-allowed", field="actor", naming="by staff"):
            office.session(by=north).sign_ups.attach("K-north", code=code, channel="north", reason=WHY, **chosen)
    assert office.state() == before
