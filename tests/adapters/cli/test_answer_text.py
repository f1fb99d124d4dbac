"""The answers of acts at a terminal that are more than their fields."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Final

import attrs
import pytest

from referral_adapters.cli.answer_text import AnswerText
from referral_adapters.cli.output import Screen
from referral_core import GrantStatus, Money, ReferralStatus, Side
from referral_core.entities.balance import Use
from referral_core.entities.wait import Wait
from referral_core.services.accounts import ReferralView
from referral_core.values.moment import Calendar

AT: Final = datetime(2025, 12, 31, 22, tzinfo=UTC)
FIRST: Final = Use(bill="R-1", amount=Money("3"), moment=AT, recorded_at=AT)
GRANTED: Final = ReferralView(
    place="2025-12-31T22:00:00Z/1", side=Side.REFERRER, status=ReferralStatus.GRANTED, waits_for=Wait.NOTHING,
    concluded_at=AT, expected_on=None, granted_at=AT, cancelled_at=None, amount=Money("7"), grant=GrantStatus.GRANTED,
    taken_back=None, bills=(FIRST, attrs.evolve(FIRST, bill="R-2")), contract=None, other=None,
)  # fmt: skip


@pytest.mark.rule("T4")
@pytest.mark.parametrize(
    ("view", "told", "never"),
    [
        (GRANTED, ("R-1 3.00 EUR 2026-01-01", "R-2 3.00 EUR 2026-01-01"), ("none", "unknown")),
        (attrs.evolve(GRANTED, bills=()), ("none",), ("unknown",)),
        (attrs.evolve(GRANTED, bills=None), ("unknown",), ("none",)),
        (attrs.evolve(GRANTED, bills=(), granted_at=None), (), ("none", "unknown")),
    ],
    ids=["used", "unused", "unknown", "waiting"],
)
def test_a_person_reads_which_bills_used_a_discount_and_unknown_is_not_none(
    view: ReferralView, told: tuple[str, ...], never: tuple[str, ...]
) -> None:
    answers, shown = AnswerText(Calendar("Europe/Tallinn"), AT), io.StringIO()
    answers.show((view,), Screen(shown))
    assert [text for text in told if text not in shown.getvalue()] == []
    assert [text for text in never if text in shown.getvalue()] == []
    assert answers.line(view)["bills"] == (None if view.bills is None else [answers.line(each) for each in view.bills])
