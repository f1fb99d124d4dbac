"""The runner of a feed: each line whole or not at all, each event once, each with its result."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import attrs

from referral_adapters.feed.detection import checked_line, checked_lines, feed_of
from referral_adapters.feed.event import Event, read_event, read_object, time_of
from referral_adapters.feed.fields import Fields, LineInvalid, arguments_of
from referral_adapters.feed.result import Occasion, Outcome, Report, report_of, verdict
from referral_adapters.feed.store import FeedStore, Recordings
from referral_adapters.feed.summary import summary
from referral_adapters.wire.json_text import without_mark
from referral_core.acts import ACTS, Act
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor, Role
from referral_core.entities.grant import Grant
from referral_core.known_at import Knowledge
from referral_core.ports.store import Repositories
from referral_core.programme.programme import Programme
from referral_core.rules.decision import CodeRefused
from referral_core.services.payouts import PayRun, unsettled
from referral_core.session import Session
from referral_core.values.errors import ArgumentInvalid, ConcurrentChange, KeyReused, Refusal
from referral_core.values.moment import LATEST
from referral_core.values.name import digest_key, joined_key

Result = dict[str, Any]
T = TypeVar("T")

FEED: Actor = Actor.system("feed")

ATTEMPTS = 10
"""How often a line is tried while other writers are in its way."""

TOGETHER = 50
"""How many lines a replay may put into one transaction."""

NEVER_WARN = frozenset({"code.check"})
"""The types of events for which an unusable code is an answer and not a warning (S5)."""


class FeedRunner:
    """Runs the lines of a feed one after another and returns the result of each.

    Every line takes effect whole or not at all. A line that is refused or invalid changes nothing, and the feed goes
    on with the next. ``counts`` holds the number of lines of each outcome.

    A line is recorded at its own moment, or at the latest recording before it if that is later (M4). Several runners
    over one store may share its ``recordings``.
    """

    def __init__(self, programme: Programme, store: FeedStore, *, recordings: Recordings | None = None) -> None:
        self._desk = ReferralDesk(programme, store)
        self._store = store
        self._recordings = Recordings(store) if recordings is None else recordings
        self._recorded: datetime | None = None
        self._clock: datetime | None = None
        self.counts: Counter[Outcome] = Counter()

    @property
    def clock(self) -> datetime | None:
        """The moment of the last line that had a proper one; ``None`` before any had."""
        return self._clock

    def run(self, lines: Iterable[str | bytes], *, together: int = 1) -> Iterator[Result]:
        """Yield the result of every line that is not blank, then post the grants that are still due.

        A byte-order mark before the first line is skipped. Up to ``together`` lines may share a transaction: their
        results come when it has ended, and none of them has taken effect if the process is killed before.

        :raises ArgumentInvalid: ``lines`` is one text, or a path, and no lines; ``together`` is less than 1.
        :raises NotAFeed: with the first result, when the lines are those of a file of another kind.
        """
        if together < 1:
            raise ArgumentInvalid("together", f"must be at least 1, not {together}")
        return self._run(checked_lines(lines), together)

    def _run(self, lines: Iterable[str | bytes], together: int) -> Iterator[Result]:
        numbered = ((number, line) for number, line in enumerate(feed_of(lines), 1) if checked_line(line).strip())
        while page := list(islice(numbered, together)):
            yield from self.page(page)
        self.finish()

    def handle(self, line: str | bytes, number: int) -> Result:
        """Return the result of one line; ``number`` is its place in the feed, counted from 1.

        :raises ArgumentInvalid: ``line`` is neither text nor bytes.
        """
        result = self._result(_Line.of(line, number, self._desk), self._alone)
        self._committed()
        return result

    def page(self, page: Iterable[tuple[int, str | bytes]]) -> Iterator[Result]:
        """Yield the results of some numbered lines; as many as possible share a transaction.

        The grants that a line makes due are sent before the next line is read.
        """
        lines = deque(_Line.of(line, number, self._desk) for number, line in page)
        while lines:
            results = self._together(lines) if len(lines) > 1 else []
            done = [lines.popleft() for _ in results]
            if done:
                self._send(done[-1], results[-1])
            yield from results
            if lines:
                line = lines.popleft()
                result = self._result(line, self._alone)
                self._send(line, result)
                yield result

    def _together(self, lines: Iterable[_Line]) -> list[Result]:
        """Return the results of the first lines that could share a transaction; none if the transaction failed."""
        clock, recorded, counts = self._clock, self._recorded, Counter(self.counts)

        def reset() -> None:
            self._clock, self._recorded, self.counts = clock, recorded, Counter(counts)

        def block() -> list[Result]:
            reset()  # the store may run the block several times
            results = []
            for line in lines:
                before = self._clock
                try:
                    results.append(self._result(line, self._within))
                except _OwnTransaction:
                    self._clock = before  # the line that goes alone tells its moment again
                    break
                if self._owes(line, results[-1]):
                    break  # what it made due is sent before the next line is read, once this one is committed
            return results

        requests = [line.request for line in lines if isinstance(line.request, _Request)]
        named = [name for each in requests for name in each.named()]
        try:
            return self._store.run(block, named)
        except ConcurrentChange:  # the lines go alone then, and each tries again by itself
            reset()
            return []
        except BaseException:  # also a second Ctrl-C: the counts must not tell of lines that were undone
            reset()
            raise

    def _result(self, line: _Line, do: Callable[[_Request], object]) -> Result:
        """Return the result of a line; ``do`` runs its act."""
        try:
            outcome, fields = self._handled(line, do)
        except LineInvalid as error:
            outcome, fields = Outcome.INVALID, {"reasons": [], "message": str(error)}
        except KeyReused as reused:  # by a host's own program, as events of one identity are compared
            outcome, fields = Outcome.INVALID, {"reasons": [], "message": f"id: {reused.message}"}
        except Refusal as refusal:
            outcome, fields = Outcome.REFUSED, _refused(refusal)
        self.counts[outcome] += 1
        if outcome.took_effect and isinstance(line.request, _Request):
            self._recorded = self._recording(line.request.event)
        return {"line": line.number, "id": line.id, "outcome": outcome.value, **fields}

    def finish(self) -> PayRun:
        """Send every grant and reversal that billing has not confirmed, those that an earlier run left included."""
        due = next(unsettled(self._store), None)
        if due is None:
            return PayRun()
        # In a store that holds nothing else, they are sent at the earliest moment at which they may be.
        return self._pay(self._latest() or (due.effective_from if isinstance(due, Grant) else due.recorded_at))

    def summary(self, at: datetime | None = None, *, known_at: datetime | None = None) -> dict[str, Any]:
        """Return balances, referrals, cases and liability, with the status of codes at ``at``, or at the last line.

        With ``known_at`` they are as they were known at that moment, and so is the status of codes unless ``at`` is
        given (R3). Before any line, codes have the status that they will have after every planned end.
        """
        ports: Repositories = self._store if known_at is None else Knowledge(self._store, by=known_at)
        lines = {outcome.value: self.counts[outcome] for outcome in Outcome}
        return {**summary(self._desk.programme, ports, at or known_at or self._clock or LATEST), "lines": lines}

    def _handled(self, line: _Line, do: Callable[[_Request], object]) -> tuple[Outcome, Result]:
        self._clock = line.clock or self._clock
        if isinstance(line.request, Exception):
            raise line.request
        request = self._recorded_now(line.request)
        try:
            answer = do(request)
        except _Repeat:
            return Outcome.REPEATED, {"reasons": [], "message": "This event took effect before."}
        event = request.event
        return self._reported(
            event, report_of(request.act, answer, Occasion(request.given, request.recorded_at, self._desk.programme))
        )

    def _latest(self) -> datetime | None:
        """Return the latest recording: of the lines before, or of the store when the feed began."""
        if self._recorded is None:
            self._recorded = self._recordings.latest()
        return self._recorded

    def _recording(self, event: Event) -> datetime:
        """Return the moment at which an event is recorded: its own, or the latest recording if that is later (M4)."""
        latest, told = self._latest(), event.recorded_at or event.time
        return told if latest is None or latest < told else latest

    def _recorded_now(self, request: _Request) -> _Request:
        """Return a request in a session at its moment of recording; a question, which is not recorded, at its own."""
        recorded_at = request.event.time if request.act.reads else self._recording(request.event)
        if recorded_at == request.recorded_at:  # as in every feed that is in order
            return request
        session = self._desk.session(actor=request.event.actor, now=recorded_at)
        return attrs.evolve(request, recorded_at=recorded_at, session=session)

    def _alone(self, request: _Request) -> object:
        """Run an act in a transaction of its own, after the grants are posted that its balances depend on."""

        def once() -> object:
            self._admit(request)
            if request.act.settles:
                request.session.prepare(request.act, request.given)
            return self._store.run(lambda: self._effect(request), request.named())

        return _again(once)

    def _within(self, request: _Request) -> object:
        """Run an act as a part of a transaction.

        :raises _OwnTransaction: the act needs one of its own, because billing is asked outside of it.
        """
        self._admit(request)
        if request.act.settles and not (self._store.keeps_billing and self._is_settled(request)):
            raise _OwnTransaction
        return self._store.run(lambda: self._effect(request))

    def _admit(self, request: _Request) -> None:
        """Refuse a request that is wrong, or whose event took effect before.

        A refusal of a value comes after the permissions: an actor who may not do the act learns only that.

        :raises _Repeat: the same event took effect before.
        :raises LineInvalid: another event of this identity took effect before, or the request is malformed.
        :raises Refusal: the actor may not do the act, or a rule refuses a value.
        """
        event = request.event
        known = self._store.requests.event(event.source, digest_key(event.id))
        if known is not None and not request.is_known_as(known):
            raise LineInvalid("id", "an event with this id and source but other content took effect before")
        if known is not None:
            raise _Repeat
        latest = self._latest()
        if event.recorded_at is not None and latest is not None and event.recorded_at < latest:
            told = self._desk.programme.calendar.text(latest)
            raise LineInvalid("recordedtime", f"lies before the latest recording, {told}")
        if isinstance(request.wrong, Refusal):
            request.session.admit(request.act, request.given)
        if request.wrong is not None:
            raise request.wrong

    def _effect(self, request: _Request) -> object:
        event = request.event
        with request.session as session:
            # The event was unknown when it was admitted: somebody who was quicker may be at it in another transaction.
            if not self._store.requests.add_event(event.source, digest_key(event.id), request.digest):
                raise ConcurrentChange(f"another consumer handles the event {event.id} at this moment")
            return session.perform(request.act, request.given)

    def _owes(self, line: _Line, result: Result) -> bool:
        """Tell whether a line that took effect has made grants or reversals due."""
        request = line.request
        if not isinstance(request, _Request) or not request.act.owes or not Outcome(result["outcome"]).took_effect:
            return False
        return self._recorded_now(request).session.owes(request.act, request.given)

    def _send(self, line: _Line, result: Result) -> None:
        """Send what a line has made due, once it is committed."""
        self._committed()
        if isinstance(line.request, _Request) and self._owes(line, result):
            request = self._recorded_now(line.request)
            _again(lambda: request.session.send(request.act, request.given))

    def _committed(self) -> None:
        if self._recorded is not None:
            self._recordings.reach(self._recorded)

    def _is_settled(self, request: _Request) -> bool:
        """Tell whether everything has reached billing of the accounts whose balance an act depends on."""
        accounts = [request.given[name] for name in request.act.settles]
        return not any(next(unsettled(self._store, each), None) for each in accounts)

    def _reported(self, event: Event, report: Report) -> tuple[Outcome, Result]:
        outcome = Outcome.WARNED if report.warnings and event.type not in NEVER_WARN else Outcome.DONE
        fields: Result = {"reasons": [reason.value for reason in report.warnings], "message": report.message}
        if report.decision is not None:
            fields.update(verdict(report.decision))
        if report.issued is not None:
            fields["issued"] = report.issued
        return outcome, fields

    def _pay(self, at: datetime) -> PayRun:
        """Send everything that is not settled, that included that a killed run had taken at this very moment."""
        return _again(self._desk.session(actor=FEED, now=at).payouts.pay_all)


class _OwnTransaction(Exception):
    """A line cannot share a transaction with others."""


class _Repeat(Exception):
    """An event took effect before."""


@attrs.frozen
class _Request:
    """The request of an event: its act with the arguments, in a session of its actor at the moment of recording.

    ``wrong`` is what is wrong with the arguments, if anything.
    """

    event: Event
    act: Act[Any]
    recorded_at: datetime
    session: Session
    given: dict[str, Any]
    wrong: LineInvalid | Refusal | None = None

    @property
    def digest(self) -> str:
        """The digest of the event's content as it was read."""
        return self.event.digest(self.act.defaults | self.given)

    def is_known_as(self, digest: str) -> bool:
        """Tell whether an event of this content took effect under a digest, be it in an earlier version."""
        if self.wrong is None and self.digest == digest:
            return True
        try:
            return self.event.written_digest == digest
        except RecursionError:  # nothing that is nested so deep has ever taken effect
            return False

    def named(self) -> list[tuple[str, Any]]:
        """Return the ids that the request names, by kind: the event's own, and those in the arguments of its act."""
        named: list[tuple[str, Any]] = [("event", (self.event.source, digest_key(self.event.id)))]
        return named if self.wrong is not None else [*named, *self.session.named(self.act, self.given)]


@attrs.frozen
class _Line:
    """One line, read as far as possible without a store: its request, or why it has none.

    ``clock`` is the moment of the line, whatever else is wrong with it.
    """

    number: int
    id: str | None
    clock: datetime | None
    request: _Request | LineInvalid | Refusal

    @classmethod
    def of(cls, line: str | bytes, number: int, desk: ReferralDesk) -> _Line:
        """Read a line."""
        try:
            value = read_object(without_mark(checked_line(line)) if number == 1 else checked_line(line))
        except LineInvalid as wrong:
            return cls(number, None, None, wrong)
        given = value.get("id")
        id_ = given if isinstance(given, str) else None
        try:
            event = read_event(value)
        except (LineInvalid, Refusal) as wrong:
            return cls(number, id_, time_of(value), wrong)
        return cls(number, id_, event.time, _request_of(event, desk))


def _request_of(event: Event, desk: ReferralDesk) -> _Request | LineInvalid:
    """Return the request of an event, or why it has none."""
    act = ACTS.get(event.type)
    if act is None or not act.feed:
        return LineInvalid("type", f"{event.type!r} is not a type of event")
    session = desk.session(actor=event.actor, now=event.time)
    fields = Fields(event.data, key=joined_key(event.source, event.id))
    try:
        given = arguments_of(act, fields, desk.programme)
    except (LineInvalid, Refusal) as wrong:
        return _Request(event, act, event.time, session, {}, wrong)
    if event.actor.role is Role.SYSTEM:  # what people do happens when it is recorded
        given |= dict.fromkeys(act.facts, event.time)
    return _Request(event, act, event.time, session, given, fields.refusal)


def _again(act: Callable[[], T]) -> T:
    """Run something, and again while other writers are in its way, at most :data:`ATTEMPTS` times."""
    for _ in range(ATTEMPTS - 1):
        with suppress(ConcurrentChange):
            return act()
    return act()


def _refused(refusal: Refusal) -> Result:
    fields: Result = {"reasons": [reason.value for reason in refusal.reasons], "message": _sentence(refusal)}
    if isinstance(refusal, CodeRefused):
        fields.update(verdict(refusal.decision))
    return fields


def _sentence(refusal: Refusal) -> str:
    """Return a sentence for a person; a fault in a field of the line names the field."""
    if refusal.field is not None and (refusal.field in {"time", "actor"} or refusal.field.startswith("data.")):
        return f"{refusal.field}: {refusal.message}"
    said = refusal.message[:1].upper() + refusal.message[1:]
    return said if said.endswith(".") else f"{said}."
