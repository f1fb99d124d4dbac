"""What tells whether an answer names somebody, and whether a receiver is free."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from referral_core.entities.answer import Answer
from referral_core.entities.subscription import Subscription

NOON = datetime(2021, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(microseconds=1)


@pytest.mark.rule("A5")
@pytest.mark.parametrize("customer", ["cus-1", "Õie", 'a"b', "a\\b", "a\nb", "🔌"])
def test_an_answer_names_whoever_is_one_of_its_texts(customer: str) -> None:
    said = {"customer": customer, "accounts": ["A1"]}
    assert Answer("digest", json.dumps(said), NOON).names(customer)
    assert Answer("digest", json.dumps(said, ensure_ascii=False), NOON).names(customer)


@pytest.mark.rule("A5")
@pytest.mark.parametrize("text", [None, "", '{"customer":"cus-12"}', '{"customer":"CUS-1"}', "cus-1", '"a cus-1"'])
def test_an_answer_names_nobody_else(text: str | None) -> None:
    assert not Answer("digest", text, NOON).names("cus-1")


@pytest.mark.parametrize(
    ("next_at", "leased_until", "is_free"),
    [
        (None, None, True),
        (NOON, None, True),
        (None, NOON, True),
        (NOON, NOON, True),
        (LATER, None, False),
        (None, LATER, False),
        (LATER, NOON, False),
        (NOON, LATER, False),
    ],
)
def test_a_receiver_is_free_when_nobody_sends_and_nothing_is_waited_for(
    next_at: datetime | None, leased_until: datetime | None, is_free: bool
) -> None:
    assert Subscription("crm", 1, 0, next_at, leased_until).is_free(NOON) is is_free
