"""Running a feed: each line whole or not at all, each event once, each with its result."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar

import attrs

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
from referral_core.known_at import Knowledge
from referral_core.ports.requests import RequestRepository
from referral_core.ports.store import Repositories, Store
from referral_core.programme.programme import Programme
from referral_core.rules.decision import CodeRefused
from referral_core.services.payouts import PayRun
from referral_core.session import Session
from referral_core.values.errors import ConcurrentChange, Refusal
from referral_core.values.moment import LATEST
from referral_core.values.name import joined_key

Result = dict[str, Any]
T = TypeVar("T")

FEED: Actor = Actor.system("feed")

ATTEMPTS = 10
"""How often a line is tried when others are at the same things."""


TOGETHER = 50
"""How many lines a replay may put into one transaction."""

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

    Every line is whole or not at all. A line that is refused or invalid changes nothing and leaves no mark, and the
    next one goes on. ``counts`` holds how many lines came to each outcome.
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

    def run(self, lines: Iterable[str | bytes], *, together: int = 1) -> Iterator[Result]:
        """Yield the result of every line that is not blank, then post the grants that are still due.

        A byte-order mark before the first line is skipped. Up to so many lines as ``together`` says may share a
        transaction: their results are told when it has ended, and whoever is killed before has done none of them.
        """
        numbered = ((number, line) for number, line in enumerate(first_without_mark(lines), 1) if line.strip())
        while page := list(islice(numbered, together)):
            yield from self.page(page)
        self.finish()

    def handle(self, line: str | bytes, number: int) -> Result:
        """Return the result of one line; ``number`` is its place in the feed, counted from 1."""
        return self._result(_Line.of(line, number, self._desk), self._alone)

    def page(self, page: Iterable[tuple[int, str | bytes]]) -> Iterator[Result]:
        """Yield the results of some numbered lines, of which as many share a transaction as can."""
        lines = deque(_Line.of(line, number, self._desk) for number, line in page)
        while lines:
            results = self._together(lines) if len(lines) > 1 else []
            for _ in results:
                lines.popleft()
            yield from results
            if lines:
                yield self._result(lines.popleft(), self._alone)

    def _together(self, lines: Iterable[_Line]) -> list[Result]:
        """Return the results of those lines, from the first on, that could share a transaction; none if it failed."""
        clock, counts = self._clock, Counter(self.counts)

        def as_before() -> None:
            self._clock, self.counts = clock, Counter(counts)

        def block() -> list[Result]:
            as_before()
            results = []
            for line in lines:
                before = self._clock
                try:
                    results.append(self._result(line, self._within))
                except _Apart:
                    self._clock = before
                    break
            return results

        asked = [line.asked for line in lines if isinstance(line.asked, _Asked)]
        named = [name for each in asked for name in each.named()]
        try:
            return self._store.run(block, named)
        except ConcurrentChange:
            as_before()
            return []
        except BaseException:
            as_before()
            raise

    def _result(self, line: _Line, do: Callable[[_Asked], object]) -> Result:
        """Return the result of a line, whose act is done by ``do``."""
        try:
            outcome, told = self._handled(line, do)
        except LineInvalid as error:
            outcome, told = Outcome.INVALID, {"reasons": [], "message": str(error)}
        except Refusal as refusal:
            outcome, told = Outcome.REFUSED, _refused(refusal)
        self.counts[outcome] += 1
        return {"line": line.number, "id": line.id, "outcome": outcome.value, **told}

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

    def _handled(self, line: _Line, do: Callable[[_Asked], object]) -> tuple[Outcome, Result]:
        self._clock = line.clock or self._clock
        asked = line.asked
        if isinstance(asked, Exception):
            raise asked
        try:
            answer = do(asked)
        except _Repeated:
            return Outcome.REPEATED, {"reasons": [], "message": "This event took effect before."}
        event = asked.event
        return self._told(event, done(asked.act, answer, Told(asked.given, event.time, self._desk.programme)))

    def _alone(self, asked: _Asked) -> object:
        """Do an act in a transaction of its own, and let billing have what is due before it looks there."""

        def once() -> object:
            self._admit(asked)
            if asked.act.settles:
                asked.session.prepare(asked.act, asked.given)
            return self._store.run(lambda: self._effect(asked), asked.named())

        return _again(once)

    def _within(self, asked: _Asked) -> object:
        """Do an act as a part of a transaction.

        :raises _Apart: it has to have one of its own, because billing is to be asked outside of it.
        """
        self._admit(asked)
        if asked.act.settles and not (self._store.keeps_billing and self._is_settled(asked)):
            raise _Apart
        return self._store.run(lambda: self._effect(asked))

    def _admit(self, asked: _Asked) -> None:
        """Refuse what an event asks for if that is wrong, or if the event took effect before.

        :raises _Repeated: it did.
        """
        event = asked.event
        known = self._store.requests.event(event.source, event.id)
        if known is not None and known != event.digest:
            raise LineInvalid("id", "an event with this id and source but other content took effect before")
        if known is not None:
            raise _Repeated
        if isinstance(asked.wrong, Refusal):
            asked.session.admit(asked.act, asked.given)
        if asked.wrong is not None:
            raise asked.wrong

    def _effect(self, asked: _Asked) -> object:
        event = asked.event
        with asked.session as session:
            if not self._store.requests.add_event(event.source, event.id, event.digest):
                raise ConcurrentChange(f"another consumer handles the event {event.id} at this moment")
            return session.perform(asked.act, asked.given)

    def _is_settled(self, asked: _Asked) -> bool:
        """Tell whether billing has all that is due to the accounts whose balance an act looks at."""
        accounts = [asked.given[name] for name in asked.act.settles]
        return not any(next(self._store.grants.all(account=each, unsettled=True), None) for each in accounts)

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


class _Apart(Exception):
    """A line cannot share a transaction."""


class _Repeated(Exception):
    """An event took effect before."""


@attrs.frozen
class _Asked:
    """What an event asks for: its act, with what that is given, in a session of whoever asks.

    ``wrong`` is what is wrong with that, if anything.
    """

    event: Event
    act: Act[Any]
    session: Session
    given: dict[str, Any]
    wrong: LineInvalid | Refusal | None = None

    def named(self) -> list[tuple[str, Any]]:
        """Return what is named: the event itself, and what the arguments of its act do."""
        named: list[tuple[str, Any]] = [("event", (self.event.source, self.event.id))]
        return named if self.wrong is not None else [*named, *self.session.named(self.act, self.given)]


@attrs.frozen
class _Line:
    """One line, read as far as that can be done without a store: what it asks for, or why it can ask for nothing.

    ``clock`` is the moment that it tells, whatever else is wrong with it.
    """

    number: int
    id: str | None
    clock: datetime | None
    asked: _Asked | LineInvalid | Refusal

    @classmethod
    def of(cls, line: str | bytes, number: int, desk: ReferralDesk) -> _Line:
        """Read a line."""
        try:
            value = read_object(line)
        except LineInvalid as wrong:
            return cls(number, None, None, wrong)
        given = value.get("id")
        id_ = given if isinstance(given, str) else None
        try:
            event = read_event(value)
        except (LineInvalid, Refusal) as wrong:
            return cls(number, id_, time_of(value), wrong)
        return cls(number, id_, event.time, _asked(event, desk))


def _asked(event: Event, desk: ReferralDesk) -> _Asked | LineInvalid:
    """Return what an event asks for."""
    act = ACTS.get(event.type)
    if act is None or not act.feed:
        return LineInvalid("type", f"{event.type!r} is not a type of event")
    session = desk.session(actor=event.actor, now=event.time)
    fields = Fields(event.data, key=joined_key(event.source, event.id))
    try:
        given = arguments_of(act, fields, desk.programme)
    except (LineInvalid, Refusal) as wrong:
        return _Asked(event, act, session, {}, wrong)
    return _Asked(event, act, session, given, fields.refusal)


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
