"""Facts that are told late, through a feed in every store: what follows, what was known, and what is explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from referral_adapters.feed import FeedRunner, FeedStore
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Actor, Programme, ReferralDesk
from referral_core.services.explanation import Explanation
from tests.adapters.conftest import ENGINES, empty_database
from tests.phrases import at

PROGRAMME: Final = Programme()
AUDITOR: Final = Actor.system("auditor")

Line = tuple[str, str, dict[str, Any]]

START: Final[list[Line]] = [
    ("amount.set", "2021-01-01 00:00", {"group": "referrer", "amount": "10"}),
    ("amount.set", "2021-01-01 00:00", {"group": "referee-self-service", "amount": "7"}),
    ("contract.concluded", "2021-01-02 09:00", {"contract": "A-1", "account": "A", "customer": "ann"}),
    ("contract.activated", "2021-01-02 10:00", {"contract": "A-1"}),
    ("code.issue", "2021-01-02 11:00", {"account": "A", "code": "A123", "replace": True}),
]
SIGNED: Final[Line] = ("contract.concluded", "2021-02-10 12:00", {
    "contract": "B-1", "account": "B", "customer": "ben", "code": "A123"
})  # fmt: skip


class Feed:
    """A feed in a store: lines by their type, moment and data."""

    def __init__(self, store: FeedStore) -> None:
        self.store = store
        self.runner = FeedRunner(PROGRAMME, store)
        self.number = 0

    def tell(self, *lines: Line, **more: str) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = []
        for kind, moment, data in lines:
            self.number += 1
            event = {
                "specversion": "1.0", "id": str(self.number), "source": "/cases", "type": kind,
                "time": at(moment).isoformat(), "data": data, **more,
            }  # fmt: skip
            results += self.runner.run([json.dumps(event)])
        return results

    def code(self, account: str = "A") -> dict[str, Any]:
        found = self.runner.summary()["accounts"][account]["code"]
        assert isinstance(found, dict)
        return found

    def explained(self, contract: str) -> Explanation:
        session = ReferralDesk(PROGRAMME, self.store).session(actor=AUDITOR, now=at("2021-12-01"))
        return session.referrals.explain(contract)


@pytest.fixture(params=["memory", *ENGINES])
def feed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Feed]:
    if request.param == "memory":
        yield Feed(MemoryStore(PROGRAMME))
        return
    with empty_database(request, tmp_path) as url, SqlStore(url, PROGRAMME) as store:
        yield Feed(store)


@pytest.mark.rule("C12", "C4")
def test_an_activation_told_after_the_other_contract_ended_leaves_the_code_active(feed: Feed) -> None:
    feed.tell(
        *START,
        ("contract.concluded", "2021-12-01 12:00", {"contract": "A-2", "account": "A", "customer": "ann"}),
        ("contract.terminated", "2022-01-01 00:00", {"contract": "A-1"}),
        ("contract.activated", "2021-12-20 00:00", {"contract": "A-2"}),
    )
    checked, shared = feed.tell(
        ("code.check", "2022-01-05 12:00", {"code": "A123"}),
        ("code.shared", "2022-01-05 12:00", {"code": "A123", "means": "link"}),
    )
    assert (checked["usable"], shared["outcome"]) == (True, "done")
    assert feed.code() == {"text": "A123", "status": "active", "start": "2021-01-02T11:00:00+02:00", "end": None}
    states = feed.store.promo_codes.history("A")[1]
    assert [each.state.ends_at for each in states] == [None, at("2022-01-01"), None]
    assert [each.recorded_at for each in states][1:] == [at("2022-01-01")] * 2


@pytest.mark.rule("C12", "C4")
@pytest.mark.parametrize("ends_first", [True, False])
def test_a_contract_that_begins_as_the_other_ends_keeps_the_code(feed: Feed, ends_first: bool) -> None:
    renewed: list[Line] = [
        ("contract.terminated", "2022-01-01 00:00", {"contract": "A-1"}),
        ("contract.activated", "2022-01-01 00:00", {"contract": "A-2"}),
    ]
    feed.tell(
        *START,
        ("contract.concluded", "2021-12-01 12:00", {"contract": "A-2", "account": "A", "customer": "ann"}),
        *(renewed if ends_first else reversed(renewed)),
    )
    (checked,) = feed.tell(("code.check", "2022-01-05 12:00", {"code": "A123"}))
    assert checked["usable"]
    assert [(code.text, code.ends_at) for code in feed.store.promo_codes.of_account("A")][1:] == [("A123", None)]


@pytest.mark.rule("M4", "R3")
def test_what_is_learned_late_raises_no_doubt_about_what_was_right(feed: Feed) -> None:
    results = feed.tell(
        *START,
        SIGNED,
        ("contract.terminated", "2021-02-05 00:00", {"contract": "A-1"}),
        ("contract.concluded", "2021-02-11 12:00", {
            "contract": "C-1", "account": "C", "customer": "cid", "code": "A123"
        }),
        ("contract.concluded", "2021-02-04 12:00", {
            "contract": "D-1", "account": "D", "customer": "dan", "code": "A123"
        }),
        ("contract.activated", "2021-03-01 00:00", {"contract": "B-1"}),
        ("contract.activated", "2021-03-01 00:00", {"contract": "D-1"}),
    )  # fmt: skip
    assert [result["outcome"] for result in results[6:]] == ["done", "refused", "done", "done", "done"]
    assert results[7]["reasons"] == ["code-ended"]
    explained = feed.explained("B-1")
    assert (explained.is_verified, explained.mismatches) == (True, ())
    assert [(each.recorded_at, each.said) for each in explained.learned_later] == [
        (at("2021-02-10 12:00"), "the code A123 ended at 2021-02-05")
    ]
    late = feed.explained("D-1")
    assert late.is_verified
    assert late.recorded_at == at("2021-02-10 12:00")
    assert feed.runner.summary()["accounts"]["A"]["granted"] == "20.00"


@pytest.mark.rule("M4", "R3", "S1")
def test_facts_about_the_customer_and_the_contract_are_told_as_learned_later(feed: Feed) -> None:
    feed.tell(
        *START,
        SIGNED,
        ("contract.concluded", "2021-03-05 12:00", {"contract": "X-1", "account": "X", "customer": "xen"}),
        ("contract.concluded", "2021-01-05 12:00", {"contract": "B-0", "account": "B", "customer": "ben"}),
        ("contract.activated", "2021-01-06 12:00", {"contract": "B-0"}),
        ("contract.activated", "2021-03-01 00:00", {"contract": "B-1"}),
        ("contract.concluded", "2021-03-07 12:00", {"contract": "B-2", "account": "B", "customer": "ben"}),
    )
    explained = feed.explained("B-1")
    assert explained.is_verified
    assert [(each.recorded_at, each.said) for each in explained.learned_later] == [
        (at("2021-03-05 12:00"), "contract B-1 activated at 2021-03-01"),
        (at("2021-03-05 12:00"), "contract B-0 of the same customer was in force when this was concluded"),
    ]


@pytest.mark.rule("M4", "R3")
def test_what_was_known_never_changes_afterwards(feed: Feed) -> None:
    feed.tell(
        *START,
        SIGNED,
        ("contract.concluded", "2021-04-10 12:00", {"contract": "X-1", "account": "X", "customer": "xen"}),
    )
    then = at("2021-03-31")
    before = feed.runner.summary(known_at=then)
    assert before["liability"] == {"locked": "17.00", "granted_unused": "0.00"}
    feed.tell(
        ("contract.activated", "2021-03-01 00:00", {"contract": "B-1"}),
        ("bill.issued", "2021-03-05 00:00", {"bill": "N-1", "account": "B", "amount": "4.00"}),
        ("contract.terminated", "2021-02-05 00:00", {"contract": "A-1"}),
        ("contract.withdrawn", "2021-04-10 12:00", {"contract": "X-1"}),
    )
    assert {**feed.runner.summary(known_at=then), "lines": 0} == {**before, "lines": 0}
    assert feed.runner.summary()["liability"] == {"locked": "0.00", "granted_unused": "13.00"}


@pytest.mark.rule("M4")
def test_a_feed_begins_at_the_latest_recording_of_the_store(feed: Feed) -> None:
    feed.tell(*START, ("contract.concluded", "2021-04-10 12:00", {
        "contract": "X-1", "account": "X", "customer": "xen", "product": "gas"
    }))  # fmt: skip
    assert feed.store.latest_recording() == at("2021-04-10 12:00")
    again = Feed(feed.store)
    again.number = 100
    again.tell(SIGNED)
    found = feed.store.contracts.find("B-1")
    assert found is not None
    assert (found.concluded_at, found.concluded_recorded_at) == (at("2021-02-10 12:00"), at("2021-04-10 12:00"))
    assert feed.store.referrals.history("B-1")[0].recorded_at == at("2021-04-10 12:00")
    assert again.runner.clock == at("2021-02-10 12:00")


@pytest.mark.rule("M4")
def test_a_line_may_say_when_it_was_recorded(feed: Feed) -> None:
    feed.tell(*START)
    (told,) = feed.tell(SIGNED, recordedtime="2021-03-01T12:00:00+02:00")
    assert told["outcome"] == "done"
    assert feed.store.referrals.history("B-1")[0].recorded_at == at("2021-03-01 12:00")
    activated: Line = ("contract.activated", "2021-02-20 00:00", {"contract": "B-1"})
    (early,) = feed.tell(activated, recordedtime="2021-02-28T12:00:00+02:00")
    assert early["outcome"] == "invalid"
    assert early["message"] == "recordedtime: lies before the latest recording, 2021-03-01 12:00+02:00"
    feed.number -= 1
    (done,) = feed.tell(activated, recordedtime="2021-03-01T12:00:00+02:00")
    assert done["outcome"] == "done"
    feed.tell(("code.shared", "2021-03-09 12:00", {"code": "A123", "means": "link"}))
    feed.number -= 2
    (again,) = feed.tell(activated, recordedtime="2021-03-01T12:00:00+02:00")
    assert again["outcome"] == "repeated"


@pytest.mark.rule("M4")
def test_what_people_do_happens_when_it_is_recorded(feed: Feed) -> None:
    feed.tell(*START, SIGNED)
    (told,) = feed.tell(
        ("contract.concluded", "2021-01-20 12:00", {
            "contract": "C-1", "account": "C", "customer": "cid", "code": "A123"
        }),
        actorrole="agent", actor="mari",
    )  # fmt: skip
    assert told["outcome"] == "done"
    found = feed.store.contracts.find("C-1")
    assert found is not None
    assert (found.concluded_at, found.concluded_recorded_at) == (at("2021-02-10 12:00"), None)
