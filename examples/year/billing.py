"""The monthly billing run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from examples.year.events import BILLING, Act, act, euros
from examples.year.seasons import HOUR, YEAR, moment

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.home import Home
    from examples.year.town import Town

# Bills go out in the night to the 6th, for the month before; a run takes four hours.
RUN_DAY: Final = 6
RUN_HOURS: Final = 4

# What is used in a month against a usual one, January to December: heating and darkness.
CONSUMPTION: Final = (1.55, 1.45, 1.25, 0.95, 0.75, 0.65, 0.60, 0.65, 0.80, 1.00, 1.20, 1.50)
NOISE: Final = 0.15


def runs(town: Town) -> Story:
    """Tell the billing runs of the year, one a month."""
    for month in range(1, 13):
        yield from run(town, month)


def run(town: Town, month: int) -> Story:
    """Bill every account that was supplied since the last run."""
    starts = moment(date(YEAR, month, RUN_DAY), 1)
    yield starts, None
    billed = [home for home in town.homes if home.owing]
    for place, home in enumerate(billed):
        amount = bill_of(town, home, month)
        yield starts + place * RUN_HOURS * HOUR // len(billed), bill(home, month, amount)
        home.unused -= min(home.unused, amount)
        home.owing = bool(home.active)


def bill_of(town: Town, home: Home, month: int) -> int:
    """Return what a home owes for the month before, in cents."""
    season = CONSUMPTION[month - 2]
    return int(home.usual_bill * season * (1 + max(1, len(home.active)) * town.rng.uniform(-NOISE, NOISE)))


def bill(home: Home, month: int, amount: int) -> Act:
    """Return the act of issuing a bill."""
    number = f"BILL-{YEAR}-{month:02}-{home.number:06}"
    return act("bill.issued", BILLING, bill=number, account=home.account, amount=euros(amount))
