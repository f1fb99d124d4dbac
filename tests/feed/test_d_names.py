"""Ids and names in a feed: printable text with something to see in it, in one normal form, for the actor too (D2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Actor, Contract, Programme, ReferralDesk
from referral_core.entities.actor import Role
from tests.feed.story import SECRET, Story, line
from tests.phrases import at, refused

pytestmark = pytest.mark.rule("D2")

NOON: Final = "2021-02-01T12:00:00+02:00"
UNSEEN: Final = [
    "\u200b",
    "\u202e",
    "a\u200bb",
    "a\u2066b",
    "\u3164",
    "\u0301",
    "a\u0007b",
    " ",
    "\u00a0",
    " ann",
    "\u2028",
    "",
    "a\0b",
    "\ud800",
    "x" * 201,
]
TYPED: Final = ("Ma\u0308nd", "M\u00e4nd")
"""One name typed in two ways."""


def told(kind: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - the parts of a line
    runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
    return runner.handle(line(kind, data, time=NOON, event="x", **more), 2)


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("contract.concluded", {"contract": "K", "account": "A", "customer": "ann"}, "contract"),
        ("contract.concluded", {"contract": "K", "account": "A", "customer": "ann"}, "customer"),
        ("contract.concluded", {"contract": "K", "account": "A", "customer": "ann", "channel": "x"}, "channel"),
        ("group.add", {"group": "fair", "side": "referee"}, "group"),
        ("group.add", {"group": "fair", "side": "referee", "name": "Fair"}, "name"),
        ("group.rename", {"group": "referrer", "name": "Friends"}, "name"),
        ("bill.issued", {"bill": "B", "account": "A", "amount": "1"}, "bill"),
        ("case.open", {"case": "S", "customer": "ann"}, "case"),
    ],
)
def test_what_nobody_can_read_is_refused(kind: str, data: dict[str, Any], field: str, unseen: str) -> None:
    result = told(kind, data | {field: unseen})
    assert (result["outcome"], result["reasons"]) == ("refused", ["name-invalid"])
    assert result["message"].startswith(f"data.{field}: ")
    assert result["message"].isprintable()


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_an_actor_has_a_name_too(unseen: str) -> None:
    result = told("group.disable", {"group": "referrer"}, actor=unseen)
    assert (result["outcome"], result["reasons"]) == ("refused", ["name-invalid"])
    assert result["message"].startswith("actor: ")
    with refused("name-invalid", field="actor"):
        Actor(unseen)
    with refused("name-invalid", field="channels"):
        Actor("shop", Role.AGENT, channels=frozenset({unseen}))


def test_who_may_not_do_it_is_told_only_that() -> None:
    result = told("group.add", {"group": "\u200b", "side": "referee"}, actor="ann", role="agent")
    assert result["reasons"] == ["not-allowed"]


def test_what_no_name_is_made_of_is_told_after_what_makes_no_proper_line() -> None:
    for wrong in ({"group": 1}, {"group": None}, {"group": "", "side": 1}, {"group": "", "colour": "red"}):
        assert told("group.add", {"side": "referee", **wrong})["outcome"] == "invalid"
    assert told("group.disable", {"group": "referrer"}, source="\u200b")["outcome"] == "invalid"


@pytest.mark.parametrize(("first", "second"), [TYPED, TYPED[::-1]], ids=ascii)
def test_one_id_typed_in_two_ways_is_one_in_a_feed(first: str, second: str) -> None:
    story = Story()
    story.concluded(first, account=first, customer=first, at="2021-01-05 12:00")
    story.activated(second, at="2021-01-06 12:00")
    story.handle(line("bill.issued", {"bill": first, "account": second, "amount": "1"}, time=NOON, event="b1"))
    again = line("bill.issued", {"bill": second, "account": first, "amount": "1"}, time=NOON, event="b2")
    story.handle(again, then="refused bill-exists")
    story.again(0)
    story.handle(story.told[0].replace(first, second), then="repeated")
    assert story.account(TYPED[1])["customer"] == TYPED[1]


@pytest.mark.rule("S1", "S2", "S3", "S4")
@pytest.mark.parametrize(("first", "second"), [TYPED, TYPED[::-1]], ids=ascii)
def test_rules_about_a_customer_see_one_however_the_id_is_typed(first: str, second: str, tmp_path: Path) -> None:
    story = Story().with_amounts()
    code = story.referrer("A")
    own = story.supplied("K-1", account="B", customer=first, since="2021-01-05 12:00").issued
    story.check(own, "existing-customer self-referral", customer=second, at="2021-02-01 12:00")
    story.concluded("K-2", account="B", customer=second)
    story.concluded("K-3", account="D", customer=second, code=code, then="refused existing-customer")
    story.concluded("K-4", account="E", customer=f"{first} 2", code=code)
    story.check(code, "already-referred", customer=f"{second} 2")
    story.supplied("K-5", account="F", customer=f"{first} 3", since="2021-02-01 13:00")
    story.terminated("K-5", at="2021-02-01 14:00")
    story.check(code, "former-customer", customer=f"{second} 3")
    with SqlStore(f"sqlite:///{tmp_path / 'own.db'}", story.programme, secret=SECRET) as store:
        same = list(FeedRunner(story.programme, store).run(story.told))
    assert same == [result.fields for result in story.results]


def test_a_customer_is_known_however_their_id_is_typed() -> None:
    first, second = TYPED
    store = MemoryStore(Programme.default())
    desk = ReferralDesk(Programme.default(), store)
    parts: dict[str, Any] = {"product": "electricity", "segment": "household", "channel": "self-service"}
    contract = Contract.imported(id=first, account=first, customer=first, concluded_at=at("2021-01-05"), **parts)
    assert (contract.id, contract.account, contract.customer) == (second, second, second)
    desk.session(actor=Actor.system(), now=at("2021-02-01")).launch.import_contracts([contract])
    shown = desk.session(actor=Actor(first, Role.CUSTOMER), now=at("2021-02-01")).accounts.show(first)
    assert shown.account == second
    for field in ("id", "account", "customer", "product", "segment", "channel"):
        given: dict[str, Any] = {"id": "K", "account": "A", "customer": "ann", **parts, field: "\u200b"}
        with refused("name-invalid", field="contract" if field == "id" else field):
            Contract.imported(concluded_at=at("2021-01-05"), **given)
