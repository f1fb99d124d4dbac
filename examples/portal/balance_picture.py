"""A picture of what was unused of an account's discount, day by day: where its lines and words stand."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Self

import attrs

from referral_core import Money
from referral_core.entities.balance import Movement

WIDTH: Final = 480
HEIGHT: Final = 220
LEFT: Final = 78
RIGHT: Final = WIDTH - 14
TOP: Final = 16
FOOT: Final = HEIGHT - 30


@attrs.frozen
class Step:
    """A movement, and where what was unused after it stands in the picture."""

    movement: Movement
    x: float
    y: float


@attrs.frozen(kw_only=True)
class BalancePicture:
    """A line that rises with what comes and falls with what goes, from the first movement up to a moment.

    Coordinates are those of a picture of ``WIDTH`` by ``HEIGHT``.
    """

    steps: tuple[Step, ...]
    first: datetime
    last: datetime
    most: Money
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    foot: int = FOOT

    @classmethod
    def of(cls, movements: tuple[Movement, ...], until: datetime) -> Self:
        """Return the picture of movements in order; there must be one at least."""
        first, last = movements[0].moment, max(until, movements[-1].moment)
        most = max(each.balance_after for each in movements)
        length, highest = (last - first).total_seconds() or 1, most.cents or 1
        steps = tuple(
            Step(
                each,
                round(LEFT + (RIGHT - LEFT) * (each.moment - first).total_seconds() / length, 1),
                round(FOOT - (FOOT - TOP) * each.balance_after.cents / highest, 1),
            )
            for each in movements
        )
        return cls(steps=steps, first=first, last=last, most=most)

    @property
    def line(self) -> str:
        """The path of the line: level until something moves, then straight up or down."""
        moves = "".join(f"H{step.x}V{step.y}" for step in self.steps)
        return f"M{LEFT} {FOOT}{moves}H{RIGHT}"

    @property
    def area(self) -> str:
        """The path around what lies below the line."""
        return f"{self.line}V{FOOT}H{LEFT}Z"
