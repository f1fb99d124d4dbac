"""Explanations, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rich.table import Table
from rich.text import Text

from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen
from referral_core.services.explanation import Deviation, Explanation, Figure, JudgedBy, Origin, Override
from referral_core.values.moment import Calendar

_MOMENTS: Final = {
    JudgedBy.CONCLUDING: "when the contract was concluded",
    JudgedBy.HONOURED: "an earlier moment that was honoured",
    JudgedBy.CASE: "when the case was opened",
}
_ORIGINS: Final = {
    Origin.PROGRAMME: "the programme's group for referrers",
    Origin.TABLE: "by the programme's table",
    Origin.CHOSEN: "chosen as the code was used",
    Origin.CASE: "carried by the case",
    Origin.CHANGED: "changed later",
}
_DEVIATIONS: Final = {
    Deviation.ATTACHED: "the code was added after concluding",
    Deviation.HONOURED: "an earlier moment was honoured",
    Deviation.CASE: "a case was finished",
    Deviation.GROUP_CHOSEN: "the group was chosen",
    Deviation.GROUP_CHANGED: "the group was changed",
}

Lines = Iterator[tuple[str, str]]
"""Lines with what stands before each; nothing when it goes on about the same."""


class ExplanationText:
    """Shows why a referral's amounts are what they are; moments are in the programme's zone."""

    def __init__(self, explanation: Explanation, calendar: Calendar) -> None:
        self._told = explanation
        self._calendar = calendar

    def show(self, screen: Screen) -> None:
        """Show it; the first line says whether it is verified."""
        referral, is_verified = self._told.referral, self._told.is_verified
        verdict = "verified" if is_verified else "NOT VERIFIED"
        headline = f"{referral.contract}: {referral.referee} used the code {referral.code} of {referral.referrer}"
        screen.print(
            Text(printable(headline), style="bold"), Text(verdict, style="bold green" if is_verified else "bold red")
        )
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for head, said in self._lines():
            table.add_row(head, Text(printable(said)))
        screen.print(table)

    def _lines(self) -> Lines:
        referral, code = self._told.referral, self._told.code
        yield "judged at", f"{self._at(referral.judged_at)}, {_MOMENTS[self._told.judged_by]}"
        yield "recorded at", self._at(self._told.recorded_at)
        yield "channel", referral.channel
        if code.record is not None:
            late = ", which was entered after the use of the code" if code.is_late else ""
            yield "code", f"{code.status}, as recorded at {self._at(code.record.recorded_at)}{late}"
        for figure in (self._told.referrer, self._told.referee):
            yield from self._figure(figure)
        for override in self._told.overrides:
            yield "by staff", self._override(override)
        for mismatch in self._told.mismatches:
            yield "not verified", f"{mismatch.part}: {mismatch.said}"

    def _figure(self, figure: Figure) -> Lines:
        offer, version, line = figure.offer, figure.version, figure.line
        until = "" if offer.period.end is None else f" until {self._at(offer.period.end)}"
        yield figure.side.value, f"{offer.amount}, what {offer.group} gives from {self._at(offer.period.start)}{until}"
        asked = [] if line is None else [word for word in line.criteria if word is not None]
        yield "", _ORIGINS[figure.origin] + (f": {', '.join(asked) or 'everything else'}" if line else "")
        if version is not None:
            late = ", after the act's own moment: the act arrived late" if figure.is_late else ""
            yield "", f"version {version.revision} of the group, recorded at {self._at(version.recorded_at)}{late}"
        for each in figure.corrections:
            by, why = f" by {each.actor}" if each.actor else "", f": {each.reason}" if each.reason else ""
            yield "", f"corrected at {self._at(each.version.recorded_at)}{by} to {each.amount or 'nothing'}{why}"
        if figure.given_today != offer.amount:
            yield "", f"today the same moment would give {figure.given_today or 'nothing'}"

    def _override(self, override: Override) -> str:
        said = _DEVIATIONS[override.deviation]
        if override.deviation is Deviation.GROUP_CHANGED:
            said += f" from {override.before} to {override.group}"
        elif override.deviation is Deviation.GROUP_CHOSEN:
            said += f": {override.group}"
        who = f"{override.actor} ({override.role})" if override.actor else f"{override.role}, erased"
        return f"{said}, at {self._at(override.moment)} by {who}" + (f": {override.reason}" if override.reason else "")

    def _at(self, moment: datetime) -> str:
        return self._calendar.local(moment).isoformat()
