"""Answers kept for repeated requests: whether one names somebody (A5)."""

from __future__ import annotations

import json

import pytest

from referral_core.ports.requests import CustomerNames


@pytest.mark.rule("A5")
@pytest.mark.parametrize("customer", ["cus-1", "Õie", 'a"b', "a\\b", "a\nb", "🔌"])
def test_an_answer_names_whoever_is_one_of_its_texts(customer: str) -> None:
    said = {"customer": customer, "accounts": ["A1"]}
    for written in (json.dumps(said), json.dumps(said, ensure_ascii=False)):
        assert CustomerNames(customer, frozenset()).are_in(f"200 {written}")
        assert CustomerNames("another", frozenset({customer})).are_in(written)
    for words in (f"as {customer} said", f"{customer}, as it seems".upper()):
        assert CustomerNames(customer, frozenset()).are_in(json.dumps({"reason": words}))
        assert not CustomerNames("another", frozenset({customer})).are_in(json.dumps({"reason": words}))


@pytest.mark.rule("A5")
@pytest.mark.parametrize("text", [None, "", '{"customer":"cus-12"}', '{"customer":"CUS-1"}', "cus-1", '"a cus-12"'])
def test_an_answer_names_nobody_else(text: str | None) -> None:
    assert not CustomerNames("cus-1", frozenset({"K-1"})).are_in(text)
