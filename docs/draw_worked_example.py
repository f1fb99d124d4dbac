"""Draw the worked example from what the library makes of its feed: amounts over time, and what each sign-up locks.

The second picture is what a notebook shows of the referrer's amounts. Run ``python docs/draw_worked_example.py`` after
a change to the example or to this; a test fails while a picture is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from html import escape
from pathlib import Path

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_core import Calendar, Money, Programme, Referral, Timeline
from referral_core.values.notebook import timeline_picture

DOCS = Path(__file__).parent
FEED = DOCS.parent / "examples" / "a123" / "feed.jsonl"
MONTHS = [date(2021, month, 1) for month in range(1, 7)]
LANES = {"referrer": "referrer gets", "referee-self-service": "new customer gets"}

WIDTH, LEFT, RIGHT, MARGIN = 800, 184, 776, 24
LANE_TOP, LANE, BAR = 58, 38, 28
ROW_TOP, ROW = 148, 36
STYLE = """
text { font: 14px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2933 }
.head { font-weight: 600 } .soft { fill: #5b6874 } .end { text-anchor: end } .middle { text-anchor: middle }
.card { fill: #fff; stroke: #d8dee4 } .grid { stroke: #e4e8ec } .lock { stroke: #66727e; stroke-dasharray: 2 4 }
.halo { paint-order: stroke; stroke: #fff; stroke-width: 5px; stroke-linejoin: round }
.wait { stroke: #66727e; stroke-width: 2 } .ring { fill: #fff; stroke: #1d5f8a; stroke-width: 2.5 }
.paid { fill: #1d5f8a } .first { fill: #cfe4f3 } .second { fill: #8fc3e6 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .soft { fill: #9aa7b4 } .card { fill: #161b22; stroke: #30363d } .grid { stroke: #272d34 }
  .halo { stroke: #161b22 } .lock, .wait { stroke: #8b96a2 } .ring { fill: #161b22; stroke: #7cc0ec }
  .paid { fill: #7cc0ec } .first { fill: #1d3b52 } .second { fill: #2d678f }
}
""".strip()


class Drawing:
    """The picture of a store in which the feed was run."""

    def __init__(self, store: MemoryStore, calendar: Calendar) -> None:
        self.store, self.calendar = store, calendar
        self.first, self.last = (calendar.start_of(month) for month in (MONTHS[0], MONTHS[-1]))
        self.referrals = list(store.referrals.all())
        self.bottom = ROW_TOP + ROW * len(self.referrals)

    def svg(self) -> str:
        """Return the whole picture."""
        height = self.bottom + 86
        parts = [
            frame(height),
            "<title>The worked example</title>",
            f"<desc>{escape(self.told())}</desc>",
            f"<style>{STYLE}</style>",
            card(height),
            *self.months(),
            *self.lanes(),
            *self.locks(),
            *self.rows(),
            *self.earnings(self.bottom + 22),
            *legend(height - 22),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def told(self) -> str:
        """Return in words what the picture shows."""
        return " ".join(
            f"{each.referee} concludes on {self.calendar.day_of(each.concluded_at)}: {each.referrer} gets "
            f"{each.referrer_offer.amount}, {each.referee} gets {each.referee_offer.amount}."
            for each in self.referrals
        )

    def x(self, at: datetime) -> float:
        """Return where a moment lies."""
        return round(LEFT + (RIGHT - LEFT) * ((at - self.first) / (self.last - self.first)), 1)

    def months(self) -> Iterator[str]:
        """Yield a line for the start of each month, and its name."""
        for month in MONTHS[:-1]:
            x = self.x(self.calendar.start_of(month))
            yield f'<path class="grid" d="M{x} {LANE_TOP - 6}V{self.bottom + 34}"/>'
            yield words(x + 2, LANE_TOP - 16, f"{month:%b}" if month.month > 1 else f"{month:%b %Y}", "soft")

    def lanes(self) -> Iterator[str]:
        """Yield the amounts of both sides."""
        for number, (group, name) in enumerate(LANES.items()):
            top = LANE_TOP + LANE * number
            yield words(LEFT - 14, top + 19, name, "end")
            yield from self.bars(amounts_of(self.store, group), top)

    def bars(self, amounts: Timeline[Money], top: int) -> Iterator[str]:
        """Yield a bar for each amount."""
        for shade, span in zip(("first", "second"), amounts, strict=True):
            left, right = self.x(span.period.start), self.x(min(span.period.end or self.last, self.last))
            yield f'<rect class="{shade}" x="{left}" y="{top}" width="{right - left - 2:.1f}" height="{BAR}" rx="3"/>'
            yield words(right - 14, top + 19, f"{span.value.amount:f}", "head end")

    def locks(self) -> Iterator[str]:
        """Yield what each concluding locks: a line from the amounts in force down to the sign-up."""
        for number, referral in enumerate(self.referrals):
            x = self.x(referral.concluded_at)
            yield f'<path class="lock" d="M{x} {LANE_TOP + BAR / 2:g}V{self.y(number)}"/>'
            for lane in range(len(LANES)):
                yield f'<circle class="paid" cx="{x}" cy="{LANE_TOP + LANE * lane + BAR / 2:g}" r="3"/>'

    def y(self, number: int) -> int:
        """Return how far down a sign-up's row is."""
        return ROW_TOP + ROW * number + 16

    def rows(self) -> Iterator[str]:
        """Yield a row for each sign-up: from concluding, which locks both amounts, to activation, which pays them."""
        for number, referral in enumerate(self.referrals):
            yield words(LEFT - 14, self.y(number) + 5, f"{referral.referee} signs up", "end")
            yield from self.row(referral, self.y(number))

    def row(self, referral: Referral, y: int) -> Iterator[str]:
        """Yield the life of one sign-up."""
        assert referral.granted_at is not None
        locked, paid = self.x(referral.concluded_at), self.x(referral.granted_at)
        yield f'<path class="wait" d="M{locked} {y}H{paid}"/>'
        yield f'<circle class="ring" cx="{locked}" cy="{y}" r="6"/><circle class="paid" cx="{paid}" cy="{y}" r="7"/>'
        gets = f"{referral.referrer} +{whole(referral.referrer_offer.amount)}"
        yield words(paid + 15, y + 5, f"{gets}  {referral.referee} +{whole(referral.referee_offer.amount)}", "halo")

    def earnings(self, y: int) -> Iterator[str]:
        """Yield what the referrer has earned after each activation."""
        earned = Money.zero()
        yield words(LEFT - 14, y, f"{self.referrals[0].referrer} has earned", "head end")
        for referral in sorted(self.referrals, key=lambda each: each.granted_at or self.last):
            earned += referral.referrer_offer.amount
            yield words(self.x(referral.granted_at or self.last), y, whole(earned), "head middle halo")


def legend(y: int) -> Iterator[str]:
    """Yield what the two marks mean."""
    yield f'<circle class="ring" cx="{LEFT + 6}" cy="{y - 5}" r="6"/>'
    yield words(LEFT + 20, y, "concluded: both amounts are locked", "soft")
    yield f'<circle class="paid" cx="{LEFT + 297}" cy="{y - 5}" r="7"/>'
    yield words(LEFT + 311, y, "activated: both sides are paid", "soft")


def whole(amount: Money) -> str:
    """Return an amount in whole euros, as all of the example are."""
    return f"{amount.amount:.0f}"


def words(x: float, y: float, text: str, look: str = "") -> str:
    """Return a text."""
    style = f' class="{look}"' if look else ""
    return f'<text x="{x:g}" y="{y:g}"{style} xml:space="preserve">{escape(text)}</text>'


def amounts_of(store: MemoryStore, group: str) -> Timeline[Money]:
    """Return what a group gave over time."""
    found = store.groups.find(group)
    assert found is not None
    return found.amounts


def frame(height: int) -> str:
    """Return how a picture begins."""
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'


def card(height: int) -> str:
    """Return what all else is drawn on."""
    return f'<rect class="card" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="10"/>'


def on_a_card(picture: str, height: int) -> str:
    """Return a picture that takes its colour from around it on a card of its own, light or dark."""
    light = "svg { color: #1f2933 } .card { fill: #fff; stroke: #d8dee4 }"
    dark = "svg { color: #e6edf3 } .card { fill: #161b22; stroke: #30363d }"
    style = f"<style>{light} @media (prefers-color-scheme: dark) {{ {dark} }}</style>"
    return "\n".join([frame(height), style, card(height), f'<svg x="10">{picture}</svg>', "</svg>"]) + "\n"


def files() -> dict[Path, str]:
    """Return the pictures' files with their content."""
    programme = Programme.default()
    store = MemoryStore(programme)
    for result in FeedRunner(programme, store).run(FEED.read_bytes().splitlines()):
        assert result["outcome"] == "done", result
    pictures = DOCS / "_static" / "pictures"
    timeline = timeline_picture(amounts_of(store, "referrer"), programme.calendar)
    return {
        pictures / "worked-example.svg": Drawing(store, programme.calendar).svg(),
        pictures / "timeline.svg": on_a_card(timeline, 100),
    }


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
