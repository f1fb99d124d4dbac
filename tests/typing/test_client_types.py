"""What the client promises to a type checker; mypy reads this file, and it runs as a test too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

import httpx

from referral_adapters.http.client import Listing, ReferralClient
from referral_adapters.http.models.cases import CaseAnswer
from referral_adapters.http.models.checks import CheckAnswer
from referral_adapters.http.models.contracts import SignUpAnswer
from referral_adapters.http.models.events import PublishedEvent

SIGN_UP: dict[str, object] = {
    "contract": {
        "contract": "K-1", "account": "A", "customer": "ann", "product": "electricity", "segment": "household",
        "channel": "self-service", "status": "concluded", "concluded_at": None, "starts_on": None,
        "activated_at": None, "ended_at": None, "warned_code": None, "warnings": [],
    }
}  # fmt: skip


def answering(answer: object) -> ReferralClient:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    return ReferralClient("http://service.example", token=lambda: "t", transport=transport)


def test_the_client_says_what_it_returns() -> None:
    assert_type(answering({"usable": True}).sign_ups.check("A123"), CheckAnswer)
    assert_type(answering(SIGN_UP).sign_ups.conclude("K-1", account="A", customer="ann"), SignUpAnswer)


def test_lists_remember_what_they_hold() -> None:
    client = answering({"items": [], "next": None})
    assert_type(client.cases.all(), Listing[CaseAnswer])
    for case in client.cases.all():
        assert_type(case, CaseAnswer)
    assert_type(client.events.follow(stop=lambda: True), Iterator[PublishedEvent])
