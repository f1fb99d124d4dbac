"""What is looked for in the trace: about what, which act, by whom, in which days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final
from urllib.parse import urlencode

import attrs

from examples.portal.administration.amount_entry import Unreadable
from examples.portal.complaint import Complaint
from examples.portal.visit import Visit
from referral_core import Calendar, EffectivePeriod, Reason, Refusal, TraceEntry
from referral_core.entities.trace import PROGRAMME_SUBJECT, group_subject
from referral_core.values.moment import EARLIEST

ABOUT: Final = ("account", "contract", "group", "programme")
"""What rows are about; an account's and a contract's stand on the chains of referrals too."""
ACTS: Final = (
    "contract.concluded",
    "code.issue",
    "code.start",
    "code.end",
    "referral.record",
    "referral.change-group",
    "referral.cancel",
    "grant.due",
    "grant.posted",
    "grant.retry",
    "case.open",
    "case.finish",
    "case.abandon",
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


@attrs.frozen(kw_only=True)
class TraceSearch:
    """What somebody looks for, as they typed it."""

    about: str = "account"
    id: str = ""
    act: str = ""
    by: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> TraceSearch:
        """Return what the address of a page asks for."""
        asked = {field.name: query.get(field.name, "").strip() for field in attrs.fields(cls)}
        if asked["about"] not in ABOUT:
            asked["about"] = ABOUT[0]
        return cls(**asked)

    @property
    def is_complete(self) -> bool:
        """Tell whether it says what the rows are to be about."""
        return bool(self.id) or self.about == "programme"

    @property
    def name(self) -> str:
        """The name of a file that holds what is found."""
        kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in self.id)
        return f"trace-{self.about}{'-' if kept else ''}{kept}"

    def query(self, **more: object) -> str:
        """Return it as it stands in an address."""
        asked = {name: value for name, value in {**attrs.asdict(self), **more}.items() if value}
        return urlencode(asked)

    def rows(self, visit: Visit) -> Iterator[TraceEntry]:
        """Return the rows that are looked for, in order.

        :raises Unreadable: a day is none.
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
        """Return the period from the first to the last day, both in it; nothing where neither is given.

        :raises Unreadable: one is no day.
        :raises Refusal: ``period-empty``, ``moment-invalid``.
        """
        first, last = _day(self.since, "since"), _day(self.until, "until")
        if first is None and last is None:
            return None
        start = EARLIEST if first is None else calendar.start_of(first, "since")
        end = None if last is None else calendar.end_of(last, "until")
        if end is not None and end <= start:
            raise Refusal(Reason.PERIOD_EMPTY, message="the last day is before the first", field="until")
        return EffectivePeriod.between(start, end)


def found_rows(visit: Visit, wanted: TraceSearch) -> tuple[Iterator[TraceEntry], Complaint | None]:
    """Return the rows that are looked for, or else what is wrong with the search."""
    if not wanted.is_complete:
        return iter(()), Complaint.about("id", visit.texts("administration.trace.id-missing"))
    try:
        return wanted.rows(visit), None
    except Unreadable as unreadable:
        return iter(()), Complaint.about(unreadable.field, visit.texts("administration.amounts.no-day"))
    except Refusal as refusal:
        complaint = Complaint.of(refusal, visit.person, visit.texts)
        return iter(()), attrs.evolve(complaint, field="id" if refusal.field == "contract" else refusal.field)


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Unreadable(field) from None
