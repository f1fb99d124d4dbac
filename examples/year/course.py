"""The course of the year: which stories there are and how often, and their acts in order of time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import date
from heapq import heappop, heappush
from random import Random
from typing import Final, TypeAlias

from examples.year import codes, customers, office
from examples.year import seasons as when
from examples.year.events import Act, Event, Result, Story, took_effect
from examples.year.seasons import DAY, FIRST_DAY, LAST_DAY, MINUTE, YEAR, Season, moment
from examples.year.town import SHARERS, Town

# One line in 400 is delivered again, up to three days later, as it was.
REPEATED: Final = 400
REPEATED_DAYS: Final = 3

END: Final = moment(date(YEAR + 1, 1, 1))

Turn: TypeAlias = tuple[int, int, Story | None, Act | Event | None]
"""The moment of a turn, a number that orders turns of one moment, the story whose turn it is, and its step."""

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


def year(accounts: int, seed: int) -> Generator[Event, Result, None]:
    """Yield the events of a year, one CloudEvent at a time in order of time, and receive the result of each.

    A result is the object that the batch adapter gives for a line; of it the year learns which codes were issued and
    what was refused. The same arguments and results give the same events. A line that comes again keeps its time.
    """
    course = Course(Town(Random(seed)))
    for story in plan(course.town, accounts):
        course.town.start(story)
    yield from course.events()


class Course:
    """All stories in progress: the story with the earliest next step has the next turn."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._turns: list[Turn] = []
        self._now = 0
        self._count = 0
        self._numbered = 0

    def events(self) -> Generator[Event, Result, None]:
        """Yield the events of all stories up to the end of the year, and receive the result of each."""
        self._begin()
        while self._turns and self._turns[0][0] < END:
            self._now, _, story, step = heappop(self._turns)
            result: Result = {}
            if isinstance(step, Act):
                self._numbered += 1
                event = step.event(self._numbered, self._now)
                result = yield event
                self._repeat(event, result)
            elif step is not None:
                yield step
            if story is not None:
                self._proceed(story, result)
            self._begin()

    def _begin(self) -> None:
        """Let new stories take their first step."""
        while self.town.begun:
            story = self.town.begun.pop()
            self._push(story, next(story, None))

    def _proceed(self, story: Story, result: Result) -> None:
        """Hand a result to its story, and let the story take its next step, if there is one."""
        try:
            step = story.send(result)
        except StopIteration:
            return
        self._push(story, step)

    def _repeat(self, event: Event, result: Result) -> None:
        """Have one in so many events that took effect delivered again."""
        if took_effect(result) and self.town.turn("repeated", REPEATED):
            self._push(None, (self._now + self.town.rng.randint(MINUTE, REPEATED_DAYS * DAY), event))

    def _push(self, story: Story | None, step: tuple[int, Act | Event | None] | None) -> None:
        if step is None:
            return
        if step[0] < self._now:
            raise AssertionError(f"a story goes back in time: {step[1]}")
        self._count += 1
        heappush(self._turns, (step[0], self._count, story, step[1]))


def plan(town: Town, accounts: int) -> list[Story]:
    """Return the threads of the year for a number of accounts."""
    rng = town.rng
    past = Season(date(YEAR - 3, 1, 1), date(YEAR - 1, 9, 30), when.ALL_WEEK)
    evenings, workdays = Season(FIRST_DAY, LAST_DAY, when.ALL_WEEK), Season(FIRST_DAY, LAST_DAY, when.WEEKDAYS)

    def at_home(rate: float, story: Beginning) -> Story:
        return at_each(town, evenings.moments(rng, times(accounts, rate), when.AT_HOME), story)

    def at_work(rate: float, story: Beginning) -> Story:
        return at_each(town, workdays.moments(rng, times(accounts, rate), when.AT_WORK), story)

    return [
        at_each(town, past.moments(rng, times(accounts, BEFORE), when.AT_HOME), customers.settled),
        office.tariffs(),
        codes.gathered(town, when.moment(FIRST_DAY)),
        office.billing_runs(town),
        at_home(BEFORE * SHARERS * codes.SHARES_EACH, codes.shared),
        *(
            (at_home if channel == "self-service" else at_work)(IN_YEAR * share, through(channel))
            for channel, share in CHANNELS
        ),
        at_home(CURIOUS, customers.curious),
        at_home(LEAVE, customers.leaving),
        at_home(ONE_MORE_PRODUCT, customers.one_more_product),
        at_work(FIRMS_WITH_CODE, codes.issued_to_firm),
        at_work(REPLACED, codes.replaced),
        at_work(ENDED, codes.withdrawn),
        at_work(SLIPS, office.slip),
        at_home(BURSTS, codes.burst),
        at_home(RINGS, codes.ring),
        at_home(GHOSTS, codes.ghosts),
    ]


def times(accounts: int, rate: float) -> int:
    """Return how often something happens in the year, rounded."""
    return round(accounts * rate)


def through(channel: str) -> Beginning:
    """Return the story of newcomers in a channel."""
    return lambda town, at: customers.newcomer(town, at, channel)


def at_each(town: Town, moments: Sequence[int], story: Beginning) -> Story:
    """Start a story at each moment."""
    for at in moments:
        yield at, None
        town.start(story(town, at))
