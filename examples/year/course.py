"""The course of the year: all stories run beside each other, and their acts come out in order of time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import date
from heapq import heappop, heappush
from random import Random
from typing import Final, TypeAlias

from examples.year import abuse, billing, checks, codes, history, leaving, newcomers, sharing, slips, tariffs
from examples.year.events import Act, Event, Result, Story, took_effect
from examples.year.seasons import (
    ALL_WEEK, AT_HOME, AT_WORK, DAY, FIRST_DAY, LAST_DAY, MINUTE, WEEKDAYS, YEAR, Season, moment,
)  # fmt: skip
from examples.year.town import Town

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

# One line in 400 is delivered again, up to three days later, as it was.
REPEATED: Final = 400
REPEATED_DAYS: Final = 3

END: Final = moment(date(YEAR + 1, 1, 1))
NOTHING: Final[Result] = {}

Beginning: TypeAlias = Callable[[Town, int], Story]
Waiting: TypeAlias = tuple[int, int, Story | None, Act | Event | None]


def year(accounts: int, seed: int) -> Generator[Event, Result, None]:
    """Yield the events of a year, one CloudEvent at a time in order of time, and receive the result of each.

    A result is the object that the feed format describes; of it the year learns the codes that were issued and what
    was refused. The same arguments and results give the same events. A line that is delivered again keeps its time.
    """
    town = Town(Random(seed))
    for story in plan(town, accounts):
        town.start(story)
    waiting: list[Waiting] = []
    count = begin(town, waiting, 0)
    number = 0
    while waiting and waiting[0][0] < END:
        at, _, story, act = heappop(waiting)
        result = NOTHING
        if isinstance(act, Act):
            number += 1
            event = act.event(number, at)
            result = yield event
            if took_effect(result) and town.turn("repeated", REPEATED):
                again = at + town.rng.randint(MINUTE, REPEATED_DAYS * DAY)
                heappush(waiting, (again, count := count + 1, None, event))
        elif act is not None:
            yield act
        if story is not None:
            count = proceed(story, result, waiting, count, at)
        count = begin(town, waiting, count)


def begin(town: Town, waiting: list[Waiting], count: int) -> int:
    """Let the stories that were started take their first step; return how many steps there were so far."""
    while town.begun:
        story = town.begun.pop()
        step = next(story, None)
        if step is not None:
            heappush(waiting, (step[0], count := count + 1, story, step[1]))
    return count


def proceed(story: Story, result: Result, waiting: list[Waiting], count: int, now: int) -> int:
    """Hand a result to its story and let it take the next step, if there is one."""
    try:
        at, act = story.send(result)
    except StopIteration:
        return count
    if at < now:
        raise AssertionError(f"a story goes back in time: {act}")
    heappush(waiting, (at, count + 1, story, act))
    return count + 1


def plan(town: Town, accounts: int) -> list[Story]:
    """Return the threads of the year for a number of accounts."""
    rng = town.rng
    past = Season(date(YEAR - 3, 1, 1), date(YEAR - 1, 9, 30), ALL_WEEK)
    home, office = Season(FIRST_DAY, LAST_DAY, ALL_WEEK), Season(FIRST_DAY, LAST_DAY, WEEKDAYS)

    def at_home(rate: float, story: Beginning) -> Story:
        return threads(town, home.moments(rng, times(accounts, rate), AT_HOME), story)

    def at_work(rate: float, story: Beginning) -> Story:
        return threads(town, office.moments(rng, times(accounts, rate), AT_WORK), story)

    return [
        threads(town, past.moments(rng, times(accounts, BEFORE), AT_HOME), history.settled),
        tariffs.tariffs(),
        sharing.gathered(town, moment(FIRST_DAY)),
        billing.runs(town),
        at_home(BEFORE * sharing.SHARERS * sharing.SHARES_EACH, sharing.shared),
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


def threads(town: Town, moments: Sequence[int], story: Beginning) -> Story:
    """Start a story at each moment."""
    for at in moments:
        yield at, None
        town.start(story(town, at))
