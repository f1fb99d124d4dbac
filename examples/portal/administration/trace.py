"""The trace: searching it, its rows as people read them, verifying it, and setting a seal (A2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final
from urllib.parse import urlencode

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.administration.periods import PeriodWords
from examples.portal.forms import UnreadableDay, read_day
from examples.portal.people import People
from examples.portal.visit import Administrators, Complaint, Visit
from referral_core import Calendar, EffectivePeriod, Money, Reason, Refusal, TraceEntry, TraceUnreadable
from referral_core.entities.seal import Verification
from referral_core.entities.trace import PROGRAMME_SUBJECT, group_subject
from referral_core.values.moment import EARLIEST

router = APIRouter(prefix="/administration/trace")

PAGE: Final = 20
"""How many rows stand on a page."""
KNOWN: Final = frozenset(
    {
        "account", "accounts", "amount", "attempts", "case", "channel", "code", "contract", "contracts", "customer",
        "ending", "ends_at", "first", "from", "grant", "judged_at", "key", "last", "name", "problem", "referee_amount",
        "referee_group", "referrer_amount", "referrer_group", "side", "starts_at", "status", "to", "traced",
        "warnings",
    }
)  # fmt: skip
"""The names of values that have words."""
AMOUNT: Final = re.compile(r"([0-9]{1,12}\.[0-9]{2}) ([A-Z]{3})")
MOMENTS: Final = frozenset({"starts_at", "ends_at", "judged_at"})
ABOUT: Final = ("account", "contract", "group", "programme")
"""The subjects of a search; rows about an account or a contract stand on the chains of referrals too."""
ACTS: Final = (
    "contract.concluded",
    "contract.activated",
    "contract.withdrawn",
    "contract.terminated",
    "contract.annulled",
    "code.issue",
    "code.start",
    "code.end",
    "code.correct",
    "referral.record",
    "referral.change-group",
    "referral.hold",
    "referral.release",
    "referral.void",
    "referral.cancel",
    "grant.due",
    "grant.posted",
    "reversal.due",
    "reversal.posted",
    "grant.retry",
    "case.open",
    "case.finish",
    "case.abandon",
    "bill.issued",
    "bill.cancelled",
    "discount.transfer",
    "termination-fee.note",
    "group.add",
    "group.rename",
    "group.disable",
    "group.enable",
    "amount.set",
    "customer.erase",
    "contract.import",
)
"""The acts that leave a row."""


@attrs.frozen
class ResultPage:
    """A page of search results; ``broken`` is a row that could not be read, at which the page ends."""

    lines: tuple[TraceLine, ...] = ()
    more: bool = False
    broken: TraceUnreadable | None = None


@router.get("")
def search(visit: Administrators) -> Response:
    """Show the results of a search, page by page."""
    query = visit.request.query_params
    wanted, number = TraceSearch.of(query), _page_number(query.get("page", ""))
    complaint, found = None, None
    if "about" in query:
        rows, complaint = found_rows(visit, wanted)
        found = None if complaint else _page(visit, rows, number)
    actor = visit.someone().actor
    return visit.page(
        "administration/trace.html",
        status=200 if complaint is None else 422,
        complaint=complaint,
        wanted=wanted,
        found=found,
        page_number=number,
        about=ABOUT,
        acts=ACTS,
        groups=visit.world.ask(actor).groups.all(),
        verification=last_verification(visit),
        words=PeriodWords.of(visit),
    )


@router.post("/verification")
def verify(visit: Administrators) -> Response:
    """Verify every row and every seal, and show the result."""
    actor = visit.someone().actor
    expected = visit.fields.get("expected") or None
    keep_verification(visit, visit.world.ask(actor).trace.verify(expected=expected))
    return visit.go("/administration/trace#verification")


@router.post("/seal")
def seal(visit: Administrators) -> Response:
    """Set a seal over the rows since the last seal."""
    actor = visit.someone().actor
    done = visit.world.act(actor).trace.seal()
    if done is None:
        visit.note("administration.trace.nothing-to-seal")
    else:
        visit.note("administration.trace.sealed", number=done.number, heads=done.heads, hash=done.hash)
    return visit.go("/administration/trace")


def _page(visit: Visit, rows: Iterator[TraceEntry], number: int) -> ResultPage:
    """Return a page of rows, read one by one, so that a long chain is never held whole."""
    words, people = PeriodWords.of(visit), visit.world.people
    lines: list[TraceLine] = []
    first = (number - 1) * PAGE
    try:
        for row in islice(rows, first, first + PAGE + 1):
            if len(lines) == PAGE:
                return ResultPage(tuple(lines), more=True)
            lines.append(TraceLine.of(row, words, people))
    except TraceUnreadable as broken:
        return ResultPage(tuple(lines), broken=broken)
    return ResultPage(tuple(lines))


def _page_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 6 and int(text) else 1


@attrs.frozen
class ValueChange:
    """One value before and after an act, with its name for people."""

    name: str
    before: str | None
    after: str | None

    @property
    def differs(self) -> bool:
        """Tell whether the act changed the value."""
        return self.before != self.after


@attrs.frozen
class TraceLine:
    """A row for people: its act and moment in words, the name of the actor if the portal knows it, and its changes.

    An act that only a later version of the library knows has no words.
    """

    row: TraceEntry
    act: str
    moment: str
    who: str | None
    changes: tuple[ValueChange, ...]

    @classmethod
    def of(cls, row: TraceEntry, words: PeriodWords, people: People) -> TraceLine:
        """Return a row as it is shown."""
        person = None if row.actor is None else people.find(row.actor)
        key = f"administration.act.{row.act.replace('.', '-')}"
        act = words.texts(key) if key in words.texts.keys else ""
        name = None if person is None else person.name
        return cls(row, act, words.exactly(row.moment), name, tuple(_changes(row, words)))


def _changes(row: TraceEntry, words: PeriodWords) -> Iterator[ValueChange]:
    """Yield the values before and after the act, the known names first, periods by their start."""
    before, after = row.before or {}, row.after or {}
    for name in sorted({*before, *after}, key=lambda name: (name not in KNOWN, name)):
        was, now = before.get(name), after.get(name)
        if was is not None or now is not None:
            yield ValueChange(_named(name, words), _valued(name, was, words), _valued(name, now, words))


def _named(name: str, words: PeriodWords) -> str:
    if name in KNOWN:
        return words.texts(f"administration.value.{name}")
    period = _period(name)
    return name if period is None else words.whole(period)


def _valued(name: str, value: str | None, words: PeriodWords) -> str | None:
    """Return a moment or an amount in words, and any other value as it stands in the trace."""
    if value is None:
        return None
    if name in MOMENTS:
        moment = _period(f"{value}/..")
        return value if moment is None else words.at(moment.start)
    amount = AMOUNT.fullmatch(value)
    return value if amount is None else words.texts.money(Money(amount[1], amount[2]))


def _period(text: str) -> EffectivePeriod | None:
    """Return the period of a text, under which an amount of a group stands in the trace; ``None`` for other texts."""
    try:
        return EffectivePeriod.parse(text)
    except ValueError:
        return None


@attrs.frozen(kw_only=True)
class TraceSearch:
    """A search of the trace, as it was typed."""

    about: str = "account"
    id: str = ""
    act: str = ""
    by: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> TraceSearch:
        """Return the search in the address of a page."""
        asked = {field.name: query.get(field.name, "").strip() for field in attrs.fields(cls)}
        if asked["about"] not in ABOUT:
            asked["about"] = ABOUT[0]
        return cls(**asked)

    @property
    def is_complete(self) -> bool:
        """Tell whether the search names a subject."""
        return bool(self.id) or self.about == "programme"

    @property
    def name(self) -> str:
        """The name of a file with the results, without its suffix."""
        kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in self.id)
        return f"trace-{self.about}{'-' if kept else ''}{kept}"

    def query(self, **more: object) -> str:
        """Return the search for the address of a page."""
        asked = {name: value for name, value in {**attrs.asdict(self), **more}.items() if value}
        return urlencode(asked)

    def rows(self, visit: Visit) -> Iterator[TraceEntry]:
        """Return the rows that the search finds, in order.

        :raises UnreadableDay: a day is none.
        :raises Refusal: ``contract-unknown``, ``period-empty``, ``not-allowed``.
        """
        trace = visit.world.ask(visit.someone().actor).trace
        period = self.period(visit.world.programme.calendar)
        act = self.act if self.act in ACTS else None
        if self.about == "contract":
            rows = trace.rows_of_contract(self.id, period=period, act=act)
        elif self.about == "account":
            rows = trace.rows_of_account(self.id, period=period, act=act)
        else:
            subject = PROGRAMME_SUBJECT if self.about == "programme" else group_subject(self.id)
            rows = trace.rows(subject, period=period, act=act)
        return (row for row in rows if not self.by or row.actor == self.by)

    def period(self, calendar: Calendar) -> EffectivePeriod | None:
        """Return the period from the first to the last day, both inclusive; ``None`` without either.

        :raises UnreadableDay: one is no day.
        :raises Refusal: ``period-empty``, ``moment-invalid``.
        """
        first, last = read_day(self.since, "since"), read_day(self.until, "until")
        if first is None and last is None:
            return None
        start = EARLIEST if first is None else calendar.start_of(first, "since")
        end = None if last is None else calendar.end_of(last, "until")
        if end is not None and end <= start:
            raise Refusal(Reason.PERIOD_EMPTY, message="the last day is before the first", field="until")
        return EffectivePeriod.between(start, end)


def found_rows(visit: Visit, wanted: TraceSearch) -> tuple[Iterator[TraceEntry], Complaint | None]:
    """Return the rows that a search finds, or else a complaint about the search."""
    if not wanted.is_complete:
        return iter(()), Complaint.about("id", visit.texts("administration.trace.id-missing"))
    try:
        return wanted.rows(visit), None
    except UnreadableDay as unreadable:
        return iter(()), Complaint.about(unreadable.field, visit.texts("administration.amounts.no-day"))
    except Refusal as refusal:
        complaint = Complaint.of(refusal, visit.person, visit.texts)
        return iter(()), attrs.evolve(complaint, field="id" if refusal.field == "contract" else refusal.field)


def last_verification(visit: Visit) -> Verification | None:
    """Return the last verification since the start of the portal, if there was one."""
    found: Verification | None = getattr(visit.request.app.state, "verification", None)
    return found


def keep_verification(visit: Visit, verification: Verification) -> None:
    """Keep a verification until the next one, or until the portal stops."""
    visit.request.app.state.verification = verification
