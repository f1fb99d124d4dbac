"""B10 to B13: annulled contracts, discount taken back, and cancelled bills, through a feed."""

from __future__ import annotations

import attrs
import pytest

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_core import Programme
from referral_core.programme.settings import Annulment
from tests.feed.story import SECRET, Story, line, written

SIGNED, ACTIVE, BILLED, LATER, LAST = (
    "2021-02-10 12:00",
    "2021-03-01 00:00",
    "2021-03-03 12:00",
    "2021-03-05 12:00",
    "2021-03-09 12:00",
)


def told(programme: Programme | None = None) -> Story:
    """Return a story in which B came by A's code, and bills took 4 of A's 10 and 3 of B's 7."""
    story = (Story() if programme is None else Story(programme)).with_amounts()
    story.concluded("K1", account="B", code=story.referrer("A", text="A123"), at=SIGNED)
    story.activated("K1", at=ACTIVE)
    story.bill("RA", "A", "4", at=BILLED)
    story.bill("RB", "B", "3", at=BILLED)
    return story


@pytest.mark.rule("B10", "B11")
def test_an_annulled_contract_takes_back_what_is_unspent() -> None:
    story = told()
    result = story.annulled("K1", at=LATER)
    assert result["message"].startswith("Contract K1 is annulled; its referral is cancelled; the code ")
    story.referred("K1", status="cancelled")
    story.holds("A", granted="10", consumed="4", taken_back="6")
    story.holds("B", granted="7", consumed="3", taken_back="4")
    assert story.summary()["liability"] == {"locked": "0.00", "granted_unused": "0.00"}
    story.code_is("B", "ended", end=LATER)
    story.annulled("K1", at=LAST, then="refused contract-ended")
    story.concluded("K2", account="B", code="A123", at=LAST)
    story.referred("K2", status="recorded")


@pytest.mark.rule("B10")
def test_it_may_be_kept_and_a_pending_contract_is_none() -> None:
    story = told(attrs.evolve(Programme.default(), annulment=Annulment.KEEP))
    story.annulled("K1", at=LATER)
    story.holds("A", granted="10", consumed="4")
    story.concluded("K2", account="C", at=LATER)
    story.annulled("K2", at=LAST, then="refused contract-pending")
    story.annulled("K9", at=LAST, then="refused contract-unknown")


@pytest.mark.rule("V2", "B11")
def test_staff_take_back_with_a_void_or_later() -> None:
    story = told()
    story.void("K1", at=LATER, role="supervisor")
    story.holds("A", granted="10", consumed="4")
    story.void("K1", at=LATER, then="refused referral-void")
    story.void("K1", at=LATER, role="supervisor", take_back=True)
    story.referred("K1", status="void")
    story.holds("A", granted="10", consumed="4", taken_back="6")
    story.void("K1", at=LAST, take_back=True, then="refused referral-void")


@pytest.mark.rule("B12", "B6")
def test_a_cancelled_bill_comes_back_and_its_number_is_used() -> None:
    story = told()
    story.bill_cancelled("RA", at=LATER)
    story.bill_cancelled("RA", at=LAST)
    story.holds("A", granted="10")
    story.bill("RA", "A", "4", at=LAST, then="refused bill-exists")
    story.bill_cancelled("R9", at=LAST, then="refused bill-unknown")
    story.annulled("K1", at=LAST)
    story.bill_cancelled("RB", at=LAST)
    story.holds("B", granted="7", taken_back="7")


@pytest.mark.rule("B11", "B13")
@pytest.mark.parametrize("together", [1, 50])
def test_what_a_line_takes_back_is_gone_before_the_next_line(together: int) -> None:
    """The bill behind an annulment finds nothing, also when lines share a transaction and have one moment."""
    programme = Programme.default()
    runner = FeedRunner(programme, MemoryStore(programme, secret=SECRET))
    b = {"contract": "K1", "account": "B", "customer": "b", "code": "A123"}
    told_at_once = [
        ("amount.set", {"group": "referrer", "amount": "10"}),
        ("amount.set", {"group": "referee-self-service", "amount": "7"}),
        ("contract.concluded", {"contract": "K-A", "account": "A", "customer": "a"}),
        ("contract.activated", {"contract": "K-A"}),
        ("code.issue", {"account": "A", "code": "A123", "replace": True}),
        ("contract.concluded", b),
        ("contract.activated", {"contract": "K1"}),
        ("contract.annulled", {"contract": "K1"}),
        ("bill.issued", {"bill": "R", "account": "A", "amount": "3"}),
    ]
    lines = [
        line(kind, data, time=written(SIGNED), event=str(number)) for number, (kind, data) in enumerate(told_at_once)
    ]
    results = [*runner.run(lines, together=together)]
    assert {result["outcome"] for result in results} == {"done"}
    assert runner.summary()["accounts"]["A"]["taken_back"] == "10.00"
    assert runner.summary()["accounts"]["A"]["consumed"] == "0.00"
