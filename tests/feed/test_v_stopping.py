"""V1 to V3: referrals that are held, released or void, and codes that end with their referrals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import pytest

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling, MemoryStore
from referral_core import Programme
from tests.feed.story import SECRET, Story, line, written

SIGNED, THEN, ACTIVE, LATER = "2021-02-10 12:00", "2021-02-12 12:00", "2021-03-01 00:00", "2021-03-05 12:00"
LOCKED: Final = "17.00"


def told() -> Story:
    """Return a story in which B has signed up with A's code."""
    story = Story().with_amounts()
    code = story.referrer("A", text="A123")
    story.concluded("K1", account="B", code=code, at=SIGNED)
    return story


def liability(story: Story) -> tuple[str, str]:
    owed = story.summary()["liability"]
    return owed["locked"], owed["granted_unused"]


@pytest.mark.rule("V1")
def test_what_is_held_is_locked_and_pending_for_nobody() -> None:
    story = told()
    story.hold("K1", at=THEN)
    story.referred("K1", status="held")
    for account in ("A", "B"):
        story.holds(account)
    assert liability(story) == (LOCKED, "0.00")
    story.activated("K1", at=ACTIVE)
    story.referred("K1", status="held")
    assert liability(story) == (LOCKED, "0.00")
    story.release("K1", at=LATER)
    story.referred("K1", status="granted")
    story.holds("A", granted="10")
    story.holds("B", granted="7")
    assert liability(story) == ("0.00", LOCKED)


@pytest.mark.rule("V2")
@pytest.mark.parametrize("active_first", [True, False])
def test_what_is_void_and_not_sent_leaves_the_liability(active_first: bool) -> None:
    story = told()
    story.hold("K1", at=THEN)
    if active_first:
        story.activated("K1", at=ACTIVE)
        story.void("K1", at=LATER)
    else:
        story.void("K1", at=THEN)
        story.activated("K1", at=ACTIVE)
    story.referred("K1", status="void")
    assert liability(story) == ("0.00", "0.00")
    assert story.account("A")["used"] == 1
    story.concluded("K2", account="B2", customer="b", code="A123", then="refused existing-customer already-referred")


@pytest.mark.rule("V2")
def test_what_was_granted_stays_granted_when_it_is_void() -> None:
    story = told()
    story.activated("K1", at=ACTIVE)
    story.summary()
    story.void("K1", at=LATER)
    story.referred("K1", status="void")
    assert liability(story) == ("0.00", LOCKED)


@pytest.mark.rule("V3")
@pytest.mark.parametrize(
    ("referrals", "status"), [(None, "recorded"), ("keep", "recorded"), ("hold", "held"), ("void", "void")]
)
def test_a_code_ends_with_its_referrals(referrals: str | None, status: str) -> None:
    story = told()
    story.end("A123", at=THEN, referrals=referrals)
    story.referred("K1", status=status)
    story.again()


@pytest.mark.rule("V3")
def test_a_code_ends_with_no_other_word() -> None:
    told().end("A123", at=THEN, referrals="burn", then="invalid data.referrals")


@pytest.mark.rule("V1", "V2", "A1")
@pytest.mark.parametrize("act", ["hold", "release", "void"])
def test_permission_then_reason_then_everything_else(act: str) -> None:
    story = told()
    for role, reason, then in (
        ("agent", None, "refused not-allowed"),
        ("supervisor", " ", "refused reason-missing"),
        ("supervisor", None, "refused reason-missing"),
        ("supervisor", "odd", "refused contract-unknown"),
        ("system", None, "refused contract-unknown"),
    ):
        story.stop(act, "NONE", role=role, reason=reason, then=then)
    story.stop(act, "K-A", then="refused referral-unknown")


@pytest.mark.rule("V2")
@pytest.mark.parametrize("field", ["side", "take_back"])
def test_a_feed_voids_a_referral_as_a_whole(field: str) -> None:
    story = told()
    story.send("referral.void", {"contract": "K1", field: "referee"}, at=THEN, then=f"invalid data.{field}")


def feed(*events: tuple[str, Mapping[str, object]]) -> list[str]:
    """Return a feed in which B signs up with A's code, and what follows, a line a minute."""
    first = [
        *(
            ("amount.set", {"group": group, "amount": amount})
            for group, amount in (("referrer", "10"), ("referee-self-service", "7"))
        ),
        ("contract.concluded", {"contract": "K-A", "account": "A", "customer": "a"}),
        ("contract.activated", {"contract": "K-A"}),
        ("code.issue", {"account": "A", "code": "A123", "replace": True}),
        ("contract.concluded", {"contract": "K1", "account": "B", "customer": "b", "code": "A123"}),
    ]
    return [
        line(kind, data, time=written(f"2021-02-01 12:{number:02}"), event=f"e{number}")
        for number, (kind, data) in enumerate([*first, *events])
    ]


ONE: Final[dict[str, object]] = {"contract": "K1"}


@pytest.mark.rule("B1", "V1")
@pytest.mark.parametrize("together", [1, 50])
@pytest.mark.parametrize("own_billing", [True, False])
def test_what_a_line_makes_due_is_sent_before_the_next_is_read(together: int, own_billing: bool) -> None:
    def replayed(*events: tuple[str, Mapping[str, object]]) -> list[list[str]]:
        programme = Programme.default()
        billing = None if own_billing else FlakyBilling(ContinuousDiscounts())
        runner = FeedRunner(programme, MemoryStore(programme, secret=SECRET, billing=billing))
        return [result["reasons"] for result in runner.run(feed(*events), together=together)][6:]

    activate, hold, release = ("contract.activated", ONE), ("referral.hold", ONE), ("referral.release", ONE)
    assert replayed(activate, hold) == [[], ["contract-active"]]
    assert replayed(hold, activate, release, hold) == [[], [], [], ["contract-active"]]


@pytest.mark.rule("B2", "V1")
def test_what_billing_does_not_take_can_still_be_held() -> None:
    programme = Programme.default()
    billing = FlakyBilling(ContinuousDiscounts(), lambda asked: Fault.BEFORE if asked == "grant" else None)
    runner = FeedRunner(programme, MemoryStore(programme, secret=SECRET, billing=billing))
    results = [*runner.run(feed(("contract.activated", ONE), ("referral.hold", ONE)), together=50)]
    assert [result["outcome"] for result in results[6:]] == ["done", "done"]
    assert json.loads(json.dumps(runner.summary()))["liability"] == {"locked": LOCKED, "granted_unused": "0.00"}


@pytest.mark.rule("A6", "V1")
def test_who_may_not_release_has_sent_nothing() -> None:
    programme = Programme.default()
    store = MemoryStore(programme, secret=SECRET)
    runner = FeedRunner(programme, store)
    lines = feed(("contract.activated", ONE))
    for number, text in enumerate(lines, 1):
        runner.handle(text, number)  # by itself, a line leaves what is due to the payer
    refused = line("referral.release", ONE, time=written(LATER), event="x", role="agent", actor="mari")
    assert [result["reasons"] for result in runner.page([(9, refused)])] == [["not-allowed"]]
    assert {grant.status.value for grant in store.grants.all()} == {"due"}
