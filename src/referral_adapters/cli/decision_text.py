"""Decisions, for people and for programs."""

from __future__ import annotations

from typing import Any

from rich.padding import Padding
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen
from referral_adapters.feed.result import verdict
from referral_core.rules.decision import Decision
from referral_core.values.moment import Calendar


def show_decision(decision: Decision, language: str, screen: Screen) -> None:
    """Show a decision; the first line says it all."""
    headline, *causes = map(printable, decision.lines(language))
    screen.print(Text(headline, style="bold green" if decision.usable else "bold red"))
    for cause in causes:
        screen.print(Padding(Text(cause.strip()), (0, 0, 0, 2)))


def decision_json(decision: Decision, calendar: Calendar) -> dict[str, Any]:
    """Return a decision in the words of a feed's results."""
    return {
        "code": decision.code,
        "judged_at": calendar.local(decision.judged_at).isoformat(),
        "reasons": [reason.value for reason in decision.reasons],
        **verdict(decision),
    }
