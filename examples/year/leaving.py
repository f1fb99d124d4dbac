"""Customers who leave, some of whom come back, and customers who take gas too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.moves import left
from examples.year.newcomers import in_self_service
from examples.year.seasons import AT_HOME, DAY, local_day, midnight, some_time

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.town import Town

# Every fifth who leaves comes back after one to four months; every second of them tries a friend's code, which is for
# new customers only.
BACK: Final = 5
BACK_DAYS: Final = (30, 120)
BACK_WITH_CODE: Final = 2

# Every tenth who takes a second product tries a friend's code with it, which is for new customers and electricity only.
MORE_WITH_CODE: Final = 10


def leaving(town: Town, at: int) -> Story:
    """Let the contracts of some home end at a coming midnight."""
    ends = midnight(at, 1)
    yield ends, None
    home = town.pick(lambda home: bool(home.active))
    if home is None:
        return
    yield from left(home, ends)
    if home.is_household and town.turn("back", BACK):
        back = some_time(town.rng, local_day(ends + town.rng.randint(*BACK_DAYS) * DAY), AT_HOME)
        yield back, None
        if not home.active:
            code = town.heard() if town.turn("back with code", BACK_WITH_CODE) else None
            yield from in_self_service(town, home, back, code)


def one_more_product(town: Town, at: int) -> Story:
    """Let some household take gas too."""
    home = town.pick(lambda home: home.is_household and len(home.active) == 1)
    if home is not None:
        code = town.heard() if town.turn("more with code", MORE_WITH_CODE) else None
        yield from in_self_service(town, home, at, code, "gas")
