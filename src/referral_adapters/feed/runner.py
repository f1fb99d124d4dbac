"""Running a feed: each line one transaction, each event once, each with its result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol, TypeVar

from referral_adapters.feed.errors import LineInvalid
from referral_adapters.feed.event import Event, read_event, read_object, time_of
from referral_adapters.feed.fields import Fields
from referral_adapters.feed.lines import first_without_mark
from referral_adapters.feed.reading import arguments_of
from referral_adapters.feed.result import Done, Outcome, verdict
from referral_adapters.feed.sentences import Told, done
from referral_adapters.feed.summary import summary
from referral_core.acts import ACTS, Act
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.knowledge import Knowledge
from referral_core.ports.requests import RequestRepository
from referral_core.ports.store import Repositories, Store
from referral_core.programme.programme import Programme
from referral_core.rules.decision import CodeRefused
from referral_core.services.pay_run import PayRun
from referral_core.values.errors import ConcurrentChange, Refusal
from referral_core.values.joined_key import joined_key
from referral_core.values.moment import LATEST

Result = dict[str, Any]
T = TypeVar("T")

FEED: Actor = Actor.system("feed")

ATTEMPTS = 10
"""How often a line is tried when others are at the same things."""


NEVER_WARN = frozenset({"code.check"})
"""The types for which an unusable code is an answer and not a warning (S5)."""


class FeedStore(Store, Protocol):
    """A store that a feed can run on: all repositories, transactions, and the events that took effect."""

    @property
    def requests(self) -> RequestRepository:
        """The events that took effect."""
        ...


class FeedRunner:
    """Hands a feed's lines to the rules, one after another, and says what came of each.

    Every line is one transaction. A line that is refused or invalid changes nothing and leaves no mark, and the next
    one goes on. ``counts`` holds how many lines came to each outcome.
    """

    def __init__(self, programme: Programme, store: FeedStore) -> None:
        self._desk = ReferralDesk(programme, store)
        self._store = store
        self._clock: datetime | None = None
        self.counts: Counter[Outcome] = Counter()

    @property
    def clock(self) -> datetime | None:
        """The moment of the last line that had a proper one; ``None`` before there was any."""
        return self._clock

    def run(self, lines: Iterable[str | bytes]) -> Iterator[Result]:
        """Yield the result of every line that is not blank, then post the grants that are still due.

        A byte-order mark before the first line is skipped.
        """
        for number, line in enumerate(first_without_mark(lines), 1):
            if line.strip():
                yield self.handle(line, number)
        self.finish()

    def handle(self, line: str | bytes, number: int) -> Result:
        """Return the result of one line; ``number`` is its place in the feed, counted from 1."""
        id_: str | None = None
        try:
            value = read_object(line)
            given = value.get("id")
            id_ = given if isinstance(given, str) else None
            outcome, told = self._handled(value)
        except LineInvalid as error:
            outcome, told = Outcome.INVALID, {"reasons": [], "message": str(error)}
        except Refusal as refusal:
            outcome, told = Outcome.REFUSED, _refused(refusal)
        self.counts[outcome] += 1
        return {"line": number, "id": id_, "outcome": outcome.value, **told}

    def finish(self) -> PayRun:
        """Post every grant that is due and not yet confirmed by billing, also those that an earlier run left."""
        due = next(self._store.grants.all(unsettled=True), None)
        return PayRun() if due is None else self._pay(self._clock or due.effective_from)

    def summary(self, at: datetime | None = None, *, known_at: datetime | None = None) -> dict[str, Any]:
        """Return balances, referrals, cases and liability, codes as at the time of the last line, or at ``at``.

        With ``known_at`` they are as they were known at that moment, codes as at it too unless ``at`` is given (R3).
        Before any line, codes are shown as they will be when every planned end has been reached.
        """
        ports: Repositories = self._store if known_at is None else Knowledge(self._store, by=known_at)
        lines = {outcome.value: self.counts[outcome] for outcome in Outcome}
        return {**summary(self._desk.programme, ports, at or known_at or self._clock or LATEST), "lines": lines}

    def _handled(self, value: dict[str, Any]) -> tuple[Outcome, Result]:
        try:
            event = read_event(value)
        except (LineInvalid, Refusal):
            self._clock = time_of(value) or self._clock
            raise
        self._clock = event.time
        act = ACTS.get(event.type)
        if act is None or not act.feed:
            raise LineInvalid("type", f"{event.type!r} is not a type of event")
        return _again(lambda: self._done(event, act))

    def _done(self, event: Event, act: Act[Any]) -> tuple[Outcome, Result]:
        """Let an event take effect in one transaction, unless another consumer was quicker."""
        if self._is_repeated(event):
            return Outcome.REPEATED, {"reasons": [], "message": "This event took effect before."}
        programme, session = self._desk.programme, self._desk.session(actor=event.actor, now=event.time)
        fields = Fields(event.data, key=joined_key(event.source, event.id))
        given = arguments_of(act, fields, programme)
        if fields.refusal is not None:
            session.admit(act, given)
            raise fields.refusal
        if act.settles:
            session.prepare(act, given)

        def whole() -> object:
            with session:
                if not self._store.requests.add_event(event.source, event.id, event.digest):
                    raise ConcurrentChange(f"another consumer handles the event {event.id} at this moment")
                return session.perform(act, given)

        answer = self._store.run(whole, session.named(act, given))
        return self._told(event, done(act, answer, Told(given, event.time, programme)))

    def _is_repeated(self, event: Event) -> bool:
        known = self._store.requests.event(event.source, event.id)
        if known is not None and known != event.digest:
            raise LineInvalid("id", "an event with this id and source but other content took effect before")
        return known is not None

    def _told(self, event: Event, said: Done) -> tuple[Outcome, Result]:
        outcome = Outcome.WARNED if said.warnings and event.type not in NEVER_WARN else Outcome.DONE
        told: Result = {"reasons": [reason.value for reason in said.warnings], "message": said.message}
        if said.decision is not None:
            told.update(verdict(said.decision))
        if said.issued is not None:
            told["issued"] = said.issued
        return outcome, told

    def _pay(self, at: datetime) -> PayRun:
        """Pay all that is not settled, also what an earlier run that was killed had taken at this very moment."""
        return _again(self._desk.session(actor=FEED, now=at).payouts.pay_all)


def _again(act: Callable[[], T]) -> T:
    """Do something, and do it again as long as others are in its way, within reason."""
    for _ in range(ATTEMPTS - 1):
        with suppress(ConcurrentChange):
            return act()
    return act()


def _refused(refusal: Refusal) -> Result:
    told: Result = {"reasons": [reason.value for reason in refusal.reasons], "message": _sentence(refusal)}
    if isinstance(refusal, CodeRefused):
        told.update(verdict(refusal.decision))
    return told


def _sentence(refusal: Refusal) -> str:
    """Return a sentence for a person; what is wrong with a value of the line itself names its field."""
    if refusal.field is not None and (refusal.field == "time" or refusal.field.startswith("data.")):
        return f"{refusal.field}: {refusal.message}"
    said = refusal.message[:1].upper() + refusal.message[1:]
    return said if said.endswith(".") else f"{said}."
