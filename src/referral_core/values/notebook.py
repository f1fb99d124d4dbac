"""How timelines look in a notebook: small, self-contained pictures, readable on light and on dark pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final, Protocol

import attrs

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import Calendar, shown_calendar

MOST_ROWS: Final = 60
"""The most spans in a picture: of a longer timeline only the latest are drawn, and the picture says so."""

_LEFT: Final = 256
_RIGHT: Final = 760
_OPEN_TAIL: Final = 110
_ROW: Final = 24
_BAR: Final = 16
_LABEL: Final = 78
_LONGEST_TEXT: Final = 44
_FADING: Final = (0.32, 0.25, 0.18, 0.11, 0.05)
_FADING_STEP: Final = 12
_BLUE: Final = "#3b82f6"
_STYLE: Final = "display:block;max-width:100%;height:auto;color:inherit;font:12px system-ui,sans-serif"
_UNSHOWABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Bar(Protocol):
    """What is drawn as one bar: a value in its period, as a span of a timeline is."""

    @property
    def period(self) -> EffectivePeriod:
        """The period."""
        ...

    @property
    def value(self) -> object:
        """The value, written on the bar."""
        ...


def timeline_picture(timeline: Iterable[Bar], calendar: Calendar | None = None) -> str:
    """Return an SVG element with a bar for each span of a timeline, its dates to the left of it and its value on it.

    A bar that fades into an arrow is open-ended. Dates are the calendar's days, by default those of the programme's
    zone; a moment inside a day is written with its time. Words are in the page's own colour, and values are escaped.
    """
    calendar = calendar or shown_calendar()
    everything = tuple(timeline)
    spans = everything[-MOST_ROWS:]
    foot = _ROW * max(len(spans), 1)
    drawn = _drawn(spans, calendar, foot) if spans else _words(_LEFT, foot - 8, "no periods", "start")
    description = "; ".join(f"{shown_period(span.period, calendar)}: {span.value}" for span in spans)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_RIGHT + 20} {foot + _ROW}" '
        f'width="{_RIGHT + 20}" fill="currentColor" style="{_STYLE}">'
        f"<title>{_number(len(everything))}</title><desc>{shown(description)}</desc>"
        f"{drawn}{_words(0, foot + 16, _note(len(everything), calendar), 'start', 0.7)}</svg>"
    )


@attrs.frozen
class _Axis:
    """Where moments lie from left to right; ``open_from`` is where open-ended bars begin to be longer than known."""

    first: datetime
    last: datetime
    open_from: float

    @classmethod
    def of(cls, spans: tuple[Bar, ...]) -> _Axis:
        end = spans[-1].period.end
        return cls(spans[0].period.start, end or spans[-1].period.start, _RIGHT - (0 if end else _OPEN_TAIL))

    def x(self, at: datetime) -> float:
        known = self.last - self.first
        return round(_LEFT + (self.open_from - _LEFT) * ((at - self.first) / known if known else 0), 1)


def _drawn(spans: tuple[Bar, ...], calendar: Calendar, foot: int) -> str:
    axis = _Axis.of(spans)
    rows = "".join(_row(span, _ROW * number, axis, calendar) for number, span in enumerate(spans))
    return f"{_ticks(spans, axis, calendar, foot)}{rows}"


def _row(span: Bar, top: int, axis: _Axis, calendar: Calendar) -> str:
    dates, value = shown_period(span.period, calendar), str(span.value)
    short = value if len(value) <= _LONGEST_TEXT else value[: _LONGEST_TEXT - 1] + "…"
    left, end = axis.x(span.period.start), span.period.end
    beside = left > (_LEFT + _RIGHT) / 2
    return (
        f"<g><title>{shown(f'{dates}: {value}')}</title>{_words(_LEFT - 10, top + 16, dates, 'end')}"
        f"{_bar(left, axis.x(end) if end else None, top + 4)}"
        f"{_words(left - 6 if beside else left + 6, top + 16, short, 'end' if beside else 'start')}</g>"
    )


def _bar(left: float, right: float | None, top: int) -> str:
    if right is not None:
        return _box(left, top, max(right - left, 2), 0.4)
    fading = _RIGHT - _FADING_STEP * len(_FADING)
    boxes = (_box(fading + _FADING_STEP * step, top, _FADING_STEP, shade) for step, shade in enumerate(_FADING))
    arrow = f'<path d="M{_RIGHT - 2} {top + 2}l7 6-7 6" fill="none" stroke="currentColor" stroke-opacity=".7"/>'
    return f"{_box(left, top, fading - left, 0.4)}{''.join(boxes)}{arrow}"


def _box(left: float, top: int, width: float, shade: float) -> str:
    place = f'x="{left}" y="{top}" width="{width:.1f}" height="{_BAR}"'
    return f'<rect {place} fill="{_BLUE}" fill-opacity="{shade}"/>'


def _ticks(spans: tuple[Bar, ...], axis: _Axis, calendar: Calendar, foot: int) -> str:
    """Draw the axis, with the days of as many starts and ends as there is room for."""
    moments = sorted({at for span in spans for at in (span.period.start, span.period.end) if at})
    drawn = [f'<path d="M{_LEFT} {foot}H{_RIGHT}" stroke="currentColor" stroke-opacity=".4"/>']
    free_from = 0.0
    for at in moments:
        x, label = axis.x(at), shown_moment(at, calendar)
        width = _LABEL * len(label) / len("2021-03-01")
        anchor, begins = ("end", x - width) if x > _RIGHT - width else ("start", x)
        if begins >= free_from:
            drawn.append(f'<path d="M{x} 0V{foot + 4}" stroke="currentColor" stroke-opacity=".18"/>')
            drawn.append(_words(x, foot + 16, label, anchor, 0.7))
            free_from = begins + width
    return "".join(drawn)


def _words(x: float, y: float, text: str, anchor: str, shade: float = 1) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill-opacity="{shade}">{shown(text)}</text>'


def shown_period(period: EffectivePeriod, calendar: Calendar) -> str:
    """Write a period for people: ``2021-01-01 – 2021-03-01``, or ``2021-03-01 →`` when it is open."""
    start = shown_moment(period.start, calendar)
    return f"{start} →" if period.end is None else f"{start} – {shown_moment(period.end, calendar)}"


def shown_moment(at: datetime, calendar: Calendar) -> str:
    """Write a moment for people, by the calendar's clocks; one that begins a day as that day."""
    text = calendar.local(at).replace(tzinfo=None).isoformat(" ")
    return text.removesuffix(":00").removesuffix(" 00:00")


def _number(count: int) -> str:
    return f"Timeline of {count} period{'' if count == 1 else 's'}"


def _note(count: int, calendar: Calendar) -> str:
    left_out = count - MOST_ROWS
    return calendar.zone_name if left_out <= 0 else f"{left_out} earlier not shown · {calendar.zone_name}"


def shown(text: str) -> str:
    """Write text into markup: escaped, and with a sign in place of what no page can show."""
    return escape(_UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text))
