"""Draw the lifecycle page and its diagrams from the tables that the library runs on.

Run ``python docs/draw_lifecycles.py`` after a change to a lifecycle; a test fails while the page is out of date.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from referral_core.entities.case import CASE_LIFECYCLE
from referral_core.entities.contract import CONTRACT_LIFECYCLE
from referral_core.entities.discount_group import GROUP_LIFECYCLE
from referral_core.entities.grant import GRANT_LIFECYCLE
from referral_core.entities.promo_code import CODE_LIFECYCLE
from referral_core.entities.referral import REFERRAL_LIFECYCLE
from referral_core.entities.reversal import REVERSAL_LIFECYCLE
from referral_core.values.errors import Reason
from referral_core.values.lifecycle import Lifecycle

DOCS = Path(__file__).parent
LIFECYCLES: list[tuple[Lifecycle[Any, Any], str]] = [
    (CODE_LIFECYCLE, "Derived from the code's period and the moment asked about; it is not stored."),
    (CONTRACT_LIFECYCLE, "The facts that billing reports."),
    (REFERRAL_LIFECYCLE, "Recorded when a usable code is given; granted when the contract activates."),
    (GRANT_LIFECYCLE, "One side's discount of a referral, on its way to billing; see [why two grants](two-grants.md)."),
    (REVERSAL_LIFECYCLE, "What is unspent of a grant on one account, on its way to being taken back in billing."),
    (CASE_LIFECYCLE, "A failed self-service sign-up, waiting for somebody to finish it."),
    (GROUP_LIFECYCLE, "Whether a group gives its amounts to new sign-ups."),
]
INTRODUCTION = """# Lifecycles

<!-- Drawn by docs/draw_lifecycles.py from the tables in the code. -->

Each lifecycle is a table: for every state and every event it has the next state, or the reason that refuses the event.
No combination is left out. The pictures show the changes of state; the tables are complete.
"""
BOX_WIDTH, BOX_HEIGHT, GAP, MARGIN = 120, 40, 150, 20
ARC = 46
"""How far apart the arcs of a diagram are, in pixels."""


def name_of(lifecycle: Lifecycle[Any, Any]) -> str:
    """Return the name of a lifecycle's files."""
    return lifecycle.name.replace(" ", "-")


def changes(lifecycle: Lifecycle[Any, Any]) -> dict[tuple[int, int], list[str]]:
    """Return the events that lead from one state to another, by the states' places."""
    places = {state: place for place, state in enumerate(lifecycle.states)}
    found: dict[tuple[int, int], list[str]] = {}
    for (state, event), following in lifecycle.table.items():
        if not isinstance(following, Reason) and following is not state:
            found.setdefault((places[state], places[following]), []).append(str(event))
    return found


def svg(lifecycle: Lifecycle[Any, Any]) -> str:
    """Return the diagram: states in a row, arrows forward above them and back below."""
    arrows = changes(lifecycle)
    above = max((last - first for first, last in arrows if last > first), default=0)
    below = max((first - last for first, last in arrows if last < first), default=0)
    top = MARGIN + 10 + above * ARC
    width = 2 * MARGIN + len(lifecycle.states) * (BOX_WIDTH + GAP) - GAP
    height = top + BOX_HEIGHT + (20 + below * ARC if below else 0) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        'role="img" font-family="system-ui, sans-serif" font-size="13">',
        f"<title>The lifecycle of a {escape(lifecycle.name)}</title>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">',
        '<path d="M0 0 8 4 0 8z" fill="#4a6785"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#fff"/>',
        *boxes(lifecycle.states, top),
        *(arrow(first, last, events, top) for (first, last), events in sorted(arrows.items())),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def boxes(states: type[enum.StrEnum], top: int) -> Iterator[str]:
    """Yield a box for every state."""
    for place, state in enumerate(states):
        left = MARGIN + place * (BOX_WIDTH + GAP)
        size = f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="10"'
        yield f'<rect x="{left}" y="{top}" {size} fill="#e8f0f8" stroke="#4a6785"/>'
        yield (
            f'<text x="{left + BOX_WIDTH / 2:g}" y="{top + BOX_HEIGHT / 2 + 5:g}" text-anchor="middle" '
            f'fill="#14283c" font-weight="600">{escape(state)}</text>'
        )


def arrow(first: int, last: int, events: list[str], top: int) -> str:
    """Return an arrow from one state to another: straight to the next one, an arc to any other."""
    label = escape(" / ".join(events))
    if last == first + 1:
        start, end = MARGIN + first * (BOX_WIDTH + GAP) + BOX_WIDTH, MARGIN + last * (BOX_WIDTH + GAP)
        middle = top + BOX_HEIGHT / 2
        path, x, y = f"M{start} {middle:g} H{end}", (start + end) / 2, middle - 8
    else:
        forward = last > first
        edge, sign, shift = (top, -1, 15) if forward else (top + BOX_HEIGHT, 1, -15)
        start = MARGIN + first * (BOX_WIDTH + GAP) + BOX_WIDTH // 2 + shift
        end = MARGIN + last * (BOX_WIDTH + GAP) + BOX_WIDTH // 2 - shift
        bend = edge + sign * abs(last - first) * ARC
        path, x = f"M{start} {edge} C{start} {bend} {end} {bend} {end} {edge}", (start + end) / 2
        y = edge + sign * abs(last - first) * ARC * 0.75 + (-5 if forward else 14)
    return (
        f'<path d="{path}" fill="none" stroke="#4a6785" marker-end="url(#tip)"/>'
        f'<text x="{x:g}" y="{y:g}" text-anchor="middle" fill="#14283c" font-size="12">{label}</text>'
    )


def table(lifecycle: Lifecycle[Any, Any]) -> Iterator[str]:
    """Yield the lines of the whole table: what follows from each state and event, or the reason that refuses it."""
    yield "| state | " + " | ".join(lifecycle.events) + " |"
    yield "| --- |" + " --- |" * len(lifecycle.events)
    for state in lifecycle.states:
        cells = (lifecycle.table[state, event] for event in lifecycle.events)
        yield f"| **{state}** | " + " | ".join(cell_of(cell, state) for cell in cells) + " |"


def cell_of(following: enum.StrEnum, state: enum.StrEnum) -> str:
    """Return what a table says: the next state, that it stays, or the reason code."""
    if isinstance(following, Reason):
        return f"`{following}`"
    return "stays" if following is state else str(following)


def page() -> str:
    """Return the page with all lifecycles."""
    parts = [INTRODUCTION]
    for lifecycle, about in LIFECYCLES:
        title = lifecycle.name.capitalize()
        picture = f"![The lifecycle of a {lifecycle.name}](../_static/lifecycles/{name_of(lifecycle)}.svg)"
        parts.append(f"## {title}\n\n{about}\n\n{picture}\n\n" + "\n".join(table(lifecycle)) + "\n")
    return "\n".join(parts)


def files() -> dict[Path, str]:
    """Return every file of the page with its content."""
    pictures = DOCS / "_static" / "lifecycles"
    drawn = {pictures / f"{name_of(lifecycle)}.svg": svg(lifecycle) for lifecycle, _ in LIFECYCLES}
    return {DOCS / "explanation" / "lifecycles.md": page(), **drawn}


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
