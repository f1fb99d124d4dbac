"""The course of the year: all stories run beside each other, and their acts come out in order of time."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from heapq import heappop, heappush
from random import Random
from typing import Final, TypeAlias

from examples.year.events import Act, Event, Result, Story, took_effect
from examples.year.plan import plan
from examples.year.seasons import DAY, MINUTE, YEAR, moment
from examples.year.town import Town

# One line in 400 is delivered again, up to three days later, as it was.
REPEATED: Final = 400
REPEATED_DAYS: Final = 3

END: Final = moment(date(YEAR + 1, 1, 1))

Turn: TypeAlias = tuple[int, int, Story | None, Act | Event | None]
"""When, a number that keeps turns of one moment in order, whose turn it is, and with what."""


def year(accounts: int, seed: int) -> Generator[Event, Result, None]:
    """Yield the events of a year, one CloudEvent at a time in order of time, and receive the result of each.

    A result is the object that the batch adapter gives for a line; of it the year learns which codes were issued and
    what was refused. The same arguments and results give the same events. A line that comes again keeps its time.
    """
    course = Course(Town(Random(seed)))
    for story in plan(course.town, accounts):
        course.town.start(story)
    yield from course.told()


class Course:
    """All stories in progress, of which the one with the earliest next step has the next turn."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._turns: list[Turn] = []
        self._now = 0
        self._count = 0
        self._events = 0

    def told(self) -> Generator[Event, Result, None]:
        """Tell the stories to the end of the year."""
        self._begin()
        while self._turns and self._turns[0][0] < END:
            self._now, _, story, step = heappop(self._turns)
            result: Result = {}
            if isinstance(step, Act):
                self._events += 1
                event = step.event(self._events, self._now)
                result = yield event
                self._repeat(event, result)
            elif step is not None:
                yield step
            if story is not None:
                self._proceed(story, result)
            self._begin()

    def _begin(self) -> None:
        """Let the stories that were started take their first step."""
        while self.town.begun:
            story = self.town.begun.pop()
            self._push(story, next(story, None))

    def _proceed(self, story: Story, result: Result) -> None:
        """Hand a result to its story and let it take the next step, if there is one."""
        try:
            step = story.send(result)
        except StopIteration:
            return
        self._push(story, step)

    def _repeat(self, event: Event, result: Result) -> None:
        """Have an event delivered again, if it took effect and it is its turn."""
        if took_effect(result) and self.town.turn("repeated", REPEATED):
            self._push(None, (self._now + self.town.rng.randint(MINUTE, REPEATED_DAYS * DAY), event))

    def _push(self, story: Story | None, step: tuple[int, Act | Event | None] | None) -> None:
        if step is None:
            return
        if step[0] < self._now:
            raise AssertionError(f"a story goes back in time: {step[1]}")
        self._count += 1
        heappush(self._turns, (step[0], self._count, story, step[1]))
