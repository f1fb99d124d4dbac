"""What administrators do in the year: amounts, a campaign month, a correction, and a group for distributors."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from examples.year.events import ADMINISTRATOR, Act, act
from examples.year.seasons import YEAR, moment

if TYPE_CHECKING:
    from examples.year.events import Story

GROUP: Final = "referee-distributor"
DISTRIBUTORS_FROM: Final = moment(date(YEAR, 3, 10))


def amount(group: str, euros: str, starts: date, until: date | None = None, reason: str | None = None) -> Act:
    """Return the act of setting an amount; with a reason it is a correction."""
    return act(
        "amount.set",
        ADMINISTRATOR,
        group=group,
        amount=euros,
        from_=starts.isoformat(),
        until=None if until is None else until.isoformat(),
        correction=None if reason is None else True,
        reason=reason,
    )


# Amounts start modestly; the referrer's rises in March, both newcomers' in September. May is the campaign month.
DIARY: Final = (
    (date(YEAR - 1, 12, 9), amount("referrer", "15.00", date(YEAR, 1, 1))),
    (date(YEAR - 1, 12, 9), amount("referee-self-service", "15.00", date(YEAR, 1, 1))),
    (date(YEAR - 1, 12, 9), amount("referee-manual", "10.00", date(YEAR, 1, 1))),
    (date(YEAR, 2, 10), amount("referrer", "20.00", date(YEAR, 3, 1))),
    (date(YEAR, 3, 3), act("group.add", ADMINISTRATOR, group=GROUP, side="referee", name="Distributor sign-ups")),
    (date(YEAR, 3, 4), amount(GROUP, "12.00", date(YEAR, 3, 10))),
    (date(YEAR, 4, 14), amount("referee-self-service", "30.00", date(YEAR, 5, 1), date(YEAR, 5, 31))),
    (date(YEAR, 6, 9), act("group.rename", ADMINISTRATOR, group=GROUP, name="Partner shops")),
    (date(YEAR, 7, 1), act("group.disable", ADMINISTRATOR, group=GROUP)),
    (date(YEAR, 8, 11), amount("referee-self-service", "20.00", date(YEAR, 9, 1))),
    (date(YEAR, 8, 11), amount("referee-manual", "12.00", date(YEAR, 9, 1))),
    (date(YEAR, 8, 18), act("group.enable", ADMINISTRATOR, group=GROUP)),
    (date(YEAR, 9, 22), amount("referee-manual", "14.00", date(YEAR, 9, 1), date(YEAR, 9, 14), "the leaflet said 14")),
)


def tariffs() -> Story:
    """Tell the administrators' year, each entry at some minute after nine."""
    for minute, (day, entry) in enumerate(DIARY):
        yield moment(day, 9, minute * 60), entry
