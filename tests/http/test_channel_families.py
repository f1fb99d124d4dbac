"""Channels with a slash over HTTP: in bodies, in filters of lists, and in the limits of tokens (D6, P2)."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.http.door import Door

pytestmark = pytest.mark.rule("D6", "P2")

SHOPS = {"K-s7": "distributor/shop7", "K-s8": "distributor/shop8", "K-all": "distributor", "K-fair": "fair"}
FAMILY = ["K-all", "K-s7", "K-s8"]


@pytest.fixture
def door(in_memory: Door) -> Door:
    """Return a door behind which shops of a distributor have signed up customers."""
    for number, (contract, channel) in enumerate(SHOPS.items()):
        told = in_memory.ask("POST", "/contracts", body(contract, channel, number), by="agent", channels=[channel])
        assert told.status == 201, told.body
        assert told.json()["contract"]["channel"] == channel
    return in_memory


def body(contract: str, channel: str, number: int) -> dict[str, str]:
    return {"contract": contract, "account": f"N{number}", "customer": f"C-N{number}", "channel": channel}


@pytest.mark.parametrize(
    ("limits", "asked", "seen"),
    [
        (["distributor"], None, FAMILY),
        (["distributor/shop7"], None, ["K-s7"]),
        (["distributor/shop7", "fair"], None, ["K-fair", "K-s7"]),
        (["distributor/shop7"], "distributor", ["K-s7"]),
        (["distributor"], "distributor/shop8", ["K-s8"]),
        (None, "distributor", FAMILY),
        (None, "distributor/shop8", ["K-s8"]),
    ],
)
@pytest.mark.parametrize("written", [quote, lambda channel: quote(channel, safe="")], ids=["plain", "escaped"])
def test_lists_show_a_family_or_one_of_it(
    door: Door,
    limits: list[str] | None,
    asked: str | None,
    seen: list[str],
    written: object,
) -> None:
    assert callable(written)
    path = "/contracts" if asked is None else f"/contracts?channel={written(asked)}"
    told = door.ask("GET", path, by="agent", channels=limits)
    assert told.status == 200, told.body
    assert [each["contract"]["contract"] for each in told.json()["items"]] == seen


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("distributor", 200), ("distributor/shop7", 200), ("distributor/shop8", 403), ("distributor/shop", 403)],
)
def test_a_shop_acts_in_its_channel_and_its_distributor_in_every_shops(door: Door, limit: str, expected: int) -> None:
    who = {"by": "agent", "channels": [limit]}
    check = {"code": "A123", "channel": "distributor/shop7"}
    assert door.ask("POST", "/code-checks", check, **who).status == expected  # type: ignore[arg-type]
    assert door.ask("GET", "/contracts/K-s7", **who).status == expected  # type: ignore[arg-type]
    attach = {"code": "A123", "channel": "distributor/shop7"}
    assert door.ask("POST", "/contracts/K-s7/code", attach, **who).status == expected  # type: ignore[arg-type]
