"""Events, over the wire: those that hosts bring, and those that are published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import attrs

from referral_adapters.http.client.pages import MOST
from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.events import EventResult, EventResults, PublishedEvent, PublishedEvents

ONE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
_AT_ONCE: Final = 500


def _never() -> bool:
    return False


@attrs.frozen
class Events:
    """Brings events, and follows what is published."""

    _wire: Wire

    def bring(self, event: Mapping[str, Any]) -> EventResult:
        """Let an event, a CloudEvent of the feed's format, take effect once, however often it is brought.

        :raises Refusal: a rule says no to what it asks for.
        :raises RequestInvalid: it is no such event.
        """
        return self._wire.ask(EventResult, "events", body=dict(event), media_type=ONE)

    def bring_all(self, events: Iterable[Mapping[str, Any]]) -> tuple[EventResult, ...]:
        """Let events take effect in order, each once and by itself, and return what came of each.

        Nothing is raised for one that is refused or no event: its result says so. If the service fails in between,
        bring them all again: what took effect is repeated, not done twice.
        """
        given, results = iter(events), list[EventResult]()
        while batch := [dict(event) for event in islice(given, _AT_ONCE)]:
            results += self._wire.ask(EventResults, "events", body=batch, media_type=BATCH).items
        return tuple(results)

    def page(self, cursor: str | None = None, *, limit: int = MOST) -> PublishedEvents:
        """Return what was published after a cursor, up to 200 events; its ``next`` is the cursor to go on with."""
        return self._wire.read(PublishedEvents, "events", query={"cursor": cursor, "limit": limit})

    def since(self, cursor: str | None = None) -> Iterator[PublishedEvent]:
        """Yield what was published after a cursor, or from the beginning, up to now.

        Each event's ``cursor`` is the one to go on with after it: keep it beside what the event led to.
        """
        while (page := self.page(cursor)).items:
            yield from page.items
            cursor = page.next

    def follow(
        self, cursor: str | None = None, *, pause: float = 1.0, stop: Callable[[], bool] = _never
    ) -> Iterator[PublishedEvent]:
        """Yield what was published after a cursor, and go on with what will be, until ``stop`` says so.

        When there is nothing new, it is asked again after ``pause`` seconds.
        """
        while not stop():
            for event in self.since(cursor):
                yield event
                cursor = event.cursor
                if stop():
                    return
            self._wire.sleep(pause)
