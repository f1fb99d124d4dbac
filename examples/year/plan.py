"""The plan of the year: which stories there are, and how often each is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeAlias

from examples.year import abuse, billing, checks, codes, history, leaving, newcomers, sharing, slips, tariffs
from examples.year import seasons as when
from examples.year.events import Story
from examples.year.seasons import FIRST_DAY, LAST_DAY, YEAR, Season
from examples.year.town import SHARERS, Town

# Of 100 accounts about 72 were there before the year and 25 come in it; second accounts make up the rest.
BEFORE: Final = 0.72
IN_YEAR: Final = 0.25

# How newcomers sign up.
CHANNELS: Final = (("self-service", 0.56), ("sales-portal", 0.32), ("distributor", 0.12))

# How often in the year, for each account.
LEAVE: Final = 0.045
ONE_MORE_PRODUCT: Final = 0.02
CURIOUS: Final = 0.03
FIRMS_WITH_CODE: Final = 0.008
REPLACED: Final = 0.008
ENDED: Final = 0.003
SLIPS: Final = 0.01
BURSTS: Final = 0.0005
RINGS: Final = 0.0010
GHOSTS: Final = 0.0010

Beginning: TypeAlias = Callable[[Town, int], Story]


def plan(town: Town, accounts: int) -> list[Story]:
    """Return the threads of the year for a number of accounts."""
    rng = town.rng
    past = Season(date(YEAR - 3, 1, 1), date(YEAR - 1, 9, 30), when.ALL_WEEK)
    home, office = Season(FIRST_DAY, LAST_DAY, when.ALL_WEEK), Season(FIRST_DAY, LAST_DAY, when.WEEKDAYS)

    def at_home(rate: float, story: Beginning) -> Story:
        return told(town, home.moments(rng, times(accounts, rate), when.AT_HOME), story)

    def at_work(rate: float, story: Beginning) -> Story:
        return told(town, office.moments(rng, times(accounts, rate), when.AT_WORK), story)

    return [
        told(town, past.moments(rng, times(accounts, BEFORE), when.AT_HOME), history.settled),
        tariffs.tariffs(),
        sharing.gathered(town, when.moment(FIRST_DAY)),
        billing.runs(town),
        at_home(BEFORE * SHARERS * sharing.SHARES_EACH, sharing.shared),
        *(
            (at_home if channel == "self-service" else at_work)(IN_YEAR * share, through(channel))
            for channel, share in CHANNELS
        ),
        at_home(CURIOUS, checks.curious),
        at_home(LEAVE, leaving.leaving),
        at_home(ONE_MORE_PRODUCT, leaving.one_more_product),
        at_work(FIRMS_WITH_CODE, codes.issued_to_firm),
        at_work(REPLACED, codes.replaced),
        at_work(ENDED, codes.withdrawn),
        at_work(SLIPS, slips.slip),
        at_home(BURSTS, abuse.burst),
        at_home(RINGS, abuse.ring),
        at_home(GHOSTS, abuse.ghosts),
    ]


def times(accounts: int, rate: float) -> int:
    """Return how often something happens in the year, to the nearest."""
    return round(accounts * rate)


def through(channel: str) -> Beginning:
    """Return how a newcomer's story begins in a channel."""
    return lambda town, at: newcomers.newcomer(town, at, channel)


def told(town: Town, moments: Sequence[int], story: Beginning) -> Story:
    """Start a story at each moment."""
    for at in moments:
        yield at, None
        town.start(story(town, at))
