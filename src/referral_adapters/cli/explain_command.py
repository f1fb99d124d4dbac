"""``referral explain``, and explanations for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from referral_adapters.cli.arguments import COMMAND, parse_moment
from referral_adapters.cli.exit_status import WRONG
from referral_adapters.cli.feed_replay import run_feed
from referral_adapters.cli.files import open_programme
from referral_adapters.cli.output import Screen, wants_json, write_json
from referral_adapters.cli.store import Use, open_store
from referral_adapters.cli.text import printable, say
from referral_adapters.feed import FeedRunner, FeedStore
from referral_core.desk import ReferralDesk
from referral_core.programme.programme import Programme
from referral_core.services.explanation import Correction, Deviation, Explanation, Figure, JudgedBy, Origin, Override
from referral_core.values.errors import Refusal
from referral_core.values.moment import LATEST, Calendar
from referral_core.values.money import Money


def explain(
    contract: str,
    *,
    feed: str | None,
    db: str | None,
    programme: Path | None,
    code_key: str | None,
    known_at: str | None,
    as_json: bool,
) -> int:
    """Explain a contract's referral after a feed, or in a database, and return the exit status.

    :raises CommandFailed: something cannot be opened.
    """
    chosen = open_programme(programme)
    moment = parse_moment(known_at, chosen.calendar, "--known-at") or LATEST
    with open_store(db, chosen, code_key, Use.READ) as store:
        if feed is not None:
            run_feed(feed, FeedRunner(chosen, store))
        explanation = _explained(contract, chosen, store, moment)
    if explanation is None:
        return WRONG
    if wants_json(as_json):
        write_json([explanation_json(explanation, chosen.calendar)])
    else:
        ExplanationText(explanation, chosen.calendar).show(Screen.output())
    return 0 if explanation.is_verified else WRONG


def _explained(contract: str, programme: Programme, store: FeedStore, at: datetime) -> Explanation | None:
    """Return the explanation, or say why there is none."""
    try:
        return ReferralDesk(programme, store).session(actor=COMMAND, now=at).referrals.explain(contract)
    except Refusal as refusal:
        say(f"{refusal.message[:1].upper()}{refusal.message[1:]}.")
        return None


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
    Deviation.HELD: "the referral was held",
    Deviation.RELEASED: "the referral was released",
    Deviation.VOID: "the referral was voided",
}

Lines = Iterator[tuple[str, str]]
"""Lines with their heads; a line that goes on about the same has an empty head."""


class ExplanationText:
    """An explanation in words; moments are in the programme's zone."""

    def __init__(self, explanation: Explanation, calendar: Calendar) -> None:
        self._explanation = explanation
        self._calendar = calendar

    def show(self, screen: Screen) -> None:
        """Show the explanation; the first line says whether it is verified."""
        referral, is_verified = self._explanation.referral, self._explanation.is_verified
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
        referral, code = self._explanation.referral, self._explanation.code
        yield "judged at", f"{self._at(referral.judged_at)}, {_MOMENTS[self._explanation.judged_by]}"
        yield "recorded at", self._at(self._explanation.recorded_at)
        yield "channel", referral.channel
        if code.record is not None:
            late = ", which was entered after the use of the code" if code.is_late else ""
            yield "code", f"{code.status}, as recorded at {self._at(code.record.recorded_at)}{late}"
        for figure in (self._explanation.referrer, self._explanation.referee):
            yield from self._figure(figure)
        for override in self._explanation.overrides:
            yield "by staff", self._override(override)
        for learned in self._explanation.learned_later:
            yield "learned later", f"{learned.said}, recorded at {self._at(learned.recorded_at)}"
        for mismatch in self._explanation.mismatches:
            yield "not verified", f"{mismatch.part}: {mismatch.said}"

    def _figure(self, figure: Figure) -> Lines:
        offer, version, line = figure.offer, figure.version, figure.line
        until = "" if offer.period.end is None else f" until {self._at(offer.period.end)}"
        yield figure.side.value, f"{offer.amount}, what {offer.group} gives from {self._at(offer.period.start)}{until}"
        criteria = [] if line is None else [word for word in line.criteria if word is not None]
        yield "", _ORIGINS[figure.origin] + (f": {', '.join(criteria) or 'everything else'}" if line else "")
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
        return self._calendar.text(moment)


def explanation_json(explanation: Explanation, calendar: Calendar) -> dict[str, Any]:
    """Return an explanation in the words of a feed's summary: amounts as text, moments in the programme's zone."""
    referral, code = explanation.referral, explanation.code
    return {
        "contract": referral.contract,
        "code": referral.code,
        "referrer": referral.referrer,
        "referee": referral.referee,
        "status": referral.status.value,
        "channel": referral.channel,
        "concluded_at": _written(referral.concluded_at, calendar),
        "recorded_at": _written(explanation.recorded_at, calendar),
        "judged_at": _written(referral.judged_at, calendar),
        "judged_by": explanation.judged_by.value,
        "case": referral.case,
        "code_status": None if code.status is None else code.status.value,
        "code_recorded_at": None if code.record is None else _written(code.record.recorded_at, calendar),
        "figures": [_figure(figure, calendar) for figure in (explanation.referrer, explanation.referee)],
        "overrides": [_override(override, calendar) for override in explanation.overrides],
        "verified": explanation.is_verified,
        "mismatches": [{"part": each.part.value, "said": each.said} for each in explanation.mismatches],
        "learned_later": [
            {"recorded_at": _written(each.recorded_at, calendar), "said": each.said}
            for each in explanation.learned_later
        ],
    }


def _figure(figure: Figure, calendar: Calendar) -> dict[str, Any]:
    offer, version, line = figure.offer, figure.version, figure.line
    return {
        "side": figure.side.value,
        "amount": str(offer.amount.amount),
        "group": offer.group,
        "origin": figure.origin.value,
        "line": None if line is None else dict(zip(("channel", "segment", "product"), line.criteria, strict=True)),
        "from": _written(offer.period.start, calendar),
        "until": _written(offer.period.end, calendar),
        "locked_at": _written(figure.locked_at, calendar),
        "version": None if version is None else version.revision,
        "version_recorded_at": None if version is None else _written(version.recorded_at, calendar),
        "arrived_late": figure.is_late,
        "given_today": _plain(figure.given_today),
        "corrections": [_correction(correction, calendar) for correction in figure.corrections],
    }


def _correction(correction: Correction, calendar: Calendar) -> dict[str, Any]:
    return {
        "version": correction.version.revision,
        "recorded_at": _written(correction.version.recorded_at, calendar),
        "amount": _plain(correction.amount),
        "actor": correction.actor,
        "reason": correction.reason,
    }


def _override(override: Override, calendar: Calendar) -> dict[str, Any]:
    return {
        "deviation": override.deviation.value,
        "moment": _written(override.moment, calendar),
        "role": override.role.value,
        "actor": override.actor,
        "reason": override.reason,
        "group": override.group,
        "before": override.before,
    }


def _plain(money: Money | None) -> str | None:
    return None if money is None else str(money.amount)


def _written(at: datetime | None, calendar: Calendar) -> str | None:
    return None if at is None else calendar.local(at).isoformat()
