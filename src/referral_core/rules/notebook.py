"""How decisions look in a notebook: small, self-contained tables, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from referral_core.values.moment import shown_calendar
from referral_core.values.notebook import shown, shown_moment, shown_period

if TYPE_CHECKING:
    from datetime import datetime

    from referral_core.entities.referral import Offer
    from referral_core.values.errors import Reason
    from referral_core.values.moment import Calendar


Cells = Iterable[tuple[str, str]]
"""The cells of a row: each text with its style."""

_GREEN: Final = "#22a06b"
_RED: Final = "#e5484d"
_PLAIN: Final = "text-align:left;vertical-align:top;padding:2px 18px 2px 0;border:0"
_SOFT: Final = f"{_PLAIN};opacity:.65"
_AMOUNT: Final = f"{_PLAIN};text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"
_CODE: Final = f"{_PLAIN};white-space:nowrap;font-family:ui-monospace,monospace"


class Judged(Protocol):
    """What is drawn of a decision."""

    @property
    def code(self) -> str:
        """The code."""
        ...

    @property
    def usable(self) -> bool:
        """Whether the code can be used."""
        ...

    @property
    def judged_at(self) -> datetime:
        """The moment at which code and amounts were judged."""
        ...

    @property
    def concluded_at(self) -> datetime:
        """The concluding moment."""
        ...

    @property
    def referrer(self) -> Offer | None:
        """The offer to the referrer."""
        ...

    @property
    def referee(self) -> Offer | None:
        """The offer to the new customer."""
        ...


def decision_picture(decision: Judged, sentences: dict[Reason, str], calendar: Calendar | None = None) -> str:
    """Return an HTML element with the verdict and, below it, both offers, or every reason with its sentence.

    Moments are by the calendar's clocks, by default those of the programme's zone. Words are in the page's own colour,
    and texts are escaped.
    """
    calendar = calendar or shown_calendar()
    colour, mark, verdict = (_GREEN, "✓", "can be used") if decision.usable else (_RED, "✗", "cannot be used")
    rows = _offers(decision, calendar) if decision.usable else _reasons(sentences)
    return (
        f'<div style="border-left:3px solid {colour};padding:2px 0 2px 12px;line-height:1.5">'
        f'<div><b style="color:{colour}">{mark}</b> <b>{shown(decision.code)}</b> {verdict} '
        f'<span style="opacity:.65">· {shown(_judged(decision, calendar))}</span></div>'
        f'<table style="border:0;border-collapse:collapse;margin:4px 0 0">{"".join(map(_row, rows))}</table></div>'
    )


def _offers(decision: Judged, calendar: Calendar) -> Iterator[Cells]:
    yield [(head, _SOFT) for head in ("", "amount", "group", "in force")]
    sides = (("referrer", decision.referrer), ("referee", decision.referee))
    for side, offer in [(side, offer) for side, offer in sides if offer is not None]:
        period = shown_period(offer.period, calendar)
        yield (side, _PLAIN), (str(offer.amount), _AMOUNT), (offer.group, _PLAIN), (period, _PLAIN)


def _reasons(sentences: dict[Reason, str]) -> Iterator[Cells]:
    for reason, sentence in sentences.items():
        yield (str(reason), _CODE), (sentence, _PLAIN)


def _row(cells: Cells) -> str:
    written = "".join(f'<td style="{style}">{shown(text)}</td>' for text, style in cells)
    return f'<tr style="background:none">{written}</tr>'


def _judged(decision: Judged, calendar: Calendar) -> str:
    judged = f"judged at {shown_moment(decision.judged_at, calendar)} {calendar.zone_name}"
    if decision.judged_at == decision.concluded_at:
        return judged
    return f"{judged}, honoured for {shown_moment(decision.concluded_at, calendar)}"
