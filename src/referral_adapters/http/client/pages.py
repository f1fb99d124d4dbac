"""Lists and events over the wire, walked through page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, ParamSpec, TypeVar

import attrs

from referral_adapters.http.client.connection import Connection
from referral_adapters.http.models.events import EventResult, EventResults, PublishedEvent, PublishedEvents
from referral_core.entities.case import Case
from referral_core.services.accounts import ReferralView
from referral_core.services.activity import Activity
from referral_core.services.sign_ups import SignUpView

P = ParamSpec("P")
T = TypeVar("T")

SINGLE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
MOST: Final = 200
"""The most items of a page."""
_LARGEST_BATCH: Final = 500
_PLACES: Final[dict[type, Callable[[Any], str]]] = {
    Activity: lambda activity: activity.place,
    Case: lambda case: case.id,
    ReferralView: lambda referral: referral.place,
    SignUpView: lambda sign_up: sign_up.contract.id,
}
"""The place after which the next page begins, by the type of the list's items."""


def pages(read: Callable[P, tuple[T, ...]], *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
    """Yield every item of a list that is read in pages; the next page is read when it is needed.

    ``read`` is ``sign_ups.page``, ``cases.page``, ``accounts.referrals`` or ``accounts.activity``, of a client or of a
    session alike; its arguments follow.
    """
    given: Any = {"limit": MOST, **kwargs}
    while page := read(*args, **given):
        yield from page
        if len(page) < given["limit"]:
            return
        given["after"] = _PLACES[type(page[-1])](page[-1])


def _never() -> bool:
    return False


@attrs.frozen
class Events:
    """Brings events to a service, and follows its published ones."""

    _connection: Connection

    def bring(self, event: Mapping[str, Any]) -> EventResult:
        """Bring an event, a CloudEvent of the feed's format, which takes effect once, however often it is brought.

        :raises Refusal: a rule refuses the act of the event.
        :raises RequestInvalid: the event is not in the feed's format.
        """
        return self._connection.ask(EventResult, "events", body=dict(event), media_type=SINGLE)

    def bring_all(self, events: Iterable[Mapping[str, Any]]) -> tuple[EventResult, ...]:
        """Bring events, which take effect in order, each once and by itself, and return their results.

        The result of an event tells if it was refused or invalid; no error is raised for it. If the service fails in
        between, bring all events again: those that took effect are answered again, not done twice.
        """
        given, results = iter(events), list[EventResult]()
        while batch := [dict(event) for event in islice(given, _LARGEST_BATCH)]:
            results += self._connection.ask(EventResults, "events", body=batch, media_type=BATCH).items
        return tuple(results)

    def page(self, cursor: str | None = None, *, limit: int = MOST) -> PublishedEvents:
        """Return the events published after a cursor, up to 200; ``next`` is the cursor for those that follow."""
        return self._connection.read(PublishedEvents, "events", query={"cursor": cursor, "limit": limit})

    def since(self, cursor: str | None = None) -> Iterator[PublishedEvent]:
        """Yield the events published after a cursor, or from the beginning, up to now.

        Each event has the ``cursor`` for the events after it: keep it together with the event's effects.
        """
        while (page := self.page(cursor)).items:
            yield from page.items
            cursor = page.next

    def follow(
        self, cursor: str | None = None, *, pause: float = 1.0, stop: Callable[[], bool] = _never
    ) -> Iterator[PublishedEvent]:
        """Yield the events published after a cursor, and those to come, until ``stop`` returns true.

        Without new events, the next look is after ``pause`` seconds.
        """
        while not stop():
            for event in self.since(cursor):
                yield event
                cursor = event.cursor
                if stop():
                    return
            self._connection.sleep(pause)
