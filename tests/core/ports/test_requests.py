"""Answers kept for repeated requests: whether one names somebody (A5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from referral_core.ports.requests import Answer

NOON = datetime(2021, 3, 1, 12, tzinfo=UTC)


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
