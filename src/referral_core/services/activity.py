"""The activity timeline of a consumer profile: the acts on an account, in sentences (P3, A2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.discount_group import Side
from referral_core.entities.trace import TraceEntry
from referral_core.services.trace import AccountTrace
from referral_core.services.visibility import Visibility
from referral_core.values.errors import Reason, Refusal
from referral_core.values.moment import LATEST, moment, written
from referral_core.values.word import Word

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


_MOST_AT_FIRST: Final = 1_000
"""The most rows of the first read, for however long a page."""


class ActivityCategory(Word):
    """The categories of entries in the timeline."""

    CODE = "code"
    REFERRAL = "referral"
    DISCOUNT = "discount"
    CASE = "case"
    FEE = "fee"
    OTHER = "other"


@attrs.frozen(kw_only=True)
class Activity:
    """An entry of the timeline: a row of the trace, with an English sentence about the act.

    ``place`` is the entry's place in the list, after which the next page begins. ``by`` and ``reason`` are ``None`` if
    there is none, or once erased (A5). The sentence names contracts of the account itself and no others.
    """

    place: str
    category: ActivityCategory
    moment: datetime
    act: str
    text: str
    by: str | None
    role: Role
    reason: str | None

    @classmethod
    def of(cls, row: TraceEntry, place: str) -> Activity:
        """Return a row of the trace as an entry at a place."""
        category, sentence = _TOLD.get(row.act, _ANYTHING)
        return cls(
            place=place,
            category=category,
            moment=row.moment,
            act=row.act,
            text=sentence.format_map(_facts(row)),
            by=row.actor,
            role=row.role,
            reason=row.reason,
        )


@attrs.frozen
class AccountActivity:
    """One account's timeline: its rows from all chains, ordered by moment, the newest first.

    Rows of one moment are ordered by chain and then by number, the last first. A place contains a count and no subject,
    since that may name a friend's contract.
    """

    ports: Repositories
    account: str
    visibility: Visibility

    def following(self, after: str | None, limit: int) -> tuple[Activity, ...]:
        """Return up to ``limit`` entries after a place, or from the newest on.

        :raises Refusal: ``moment-invalid`` when it is no place.
        :raises TraceUnreadable: a row cannot be read.
        """
        newest_by, passed = (LATEST, 0) if after is None else place_of(after)
        about = AccountTrace.of(self.ports, self.account)
        size = min(2 * limit, _MOST_AT_FIRST)
        while True:
            rows = self.ports.trace.newest(about.subjects, newest_by, size)
            entries = [
                Activity.of(row, place_text(place))
                for place, row in _placed(row for row in rows if about.has(row) and self.visibility.has(row))
                if place[0] < newest_by or place[1] > passed
            ]
            if len(entries) >= limit or len(rows) < size:
                return tuple(entries[:limit])
            # Rows of the page before, or about the other side, took the room of this page: read further back.
            size *= 4


def _placed(rows: Iterable[TraceEntry]) -> Iterator[tuple[Place, TraceEntry]]:
    """Yield rows with their places; the rows are in order of moment."""
    for at, together in groupby(rows, key=attrgetter("moment")):
        for count, row in enumerate(together, 1):
            yield (at, count), row


_TOLD: Final[Mapping[str, tuple[ActivityCategory, str]]] = MappingProxyType(
    {
        "code.issue": (ActivityCategory.CODE, "The code {code} was issued{activity}."),
        "code.start": (ActivityCategory.CODE, "The code {code} became active."),
        "code.end": (ActivityCategory.CODE, "The code {code} {ends}."),
        "code.correct": (ActivityCategory.CODE, "The period of the code {code} was corrected."),
        "contract.concluded": (ActivityCategory.REFERRAL, "Contract {contract} was concluded{warned}."),
        "contract.activated": (ActivityCategory.REFERRAL, "Contract {contract} activated."),
        "contract.withdrawn": (ActivityCategory.REFERRAL, "Contract {contract} was withdrawn."),
        "contract.terminated": (ActivityCategory.REFERRAL, "Contract {contract} was terminated."),
        "contract.annulled": (ActivityCategory.REFERRAL, "Contract {contract} was annulled."),
        "referral.record": (
            ActivityCategory.REFERRAL,
            "Contract {contract} was concluded with the code {code}, for {referee_amount} once it activates.",
        ),
        "referral.change-group": (
            ActivityCategory.REFERRAL,
            "The discount for contract {contract} was changed from {referee_amount_before} to {referee_amount}.",
        ),
        "referral.cancel": (
            ActivityCategory.REFERRAL,
            "The use of the code {code} for contract {contract} was cancelled.",
        ),
        "referral.hold": (ActivityCategory.REFERRAL, "The referral of contract {contract} was held."),
        "referral.release": (ActivityCategory.REFERRAL, "The referral of contract {contract} was released."),
        "referral.void": (ActivityCategory.REFERRAL, "The referral of contract {contract} was voided{whose}."),
        "grant.due": (ActivityCategory.DISCOUNT, "{amount} became due {why}."),
        "grant.posted": (ActivityCategory.DISCOUNT, "{amount} was granted {why}."),
        "grant.retry": (ActivityCategory.DISCOUNT, "The discount due {why} is to be tried again."),
        "reversal.due": (ActivityCategory.DISCOUNT, "What is unspent of the discount {why} is to be taken back."),
        "reversal.posted": (ActivityCategory.DISCOUNT, "{amount} of the discount {why} was taken back."),
        "bill.issued": (ActivityCategory.DISCOUNT, "{used} was used by bill {bill}."),
        "bill.cancelled": (ActivityCategory.DISCOUNT, "Bill {bill} was cancelled, and {given_back} came back."),
        "discount.transfer": (ActivityCategory.DISCOUNT, "{amount} was moved from account {from} to account {to}."),
        "case.finish": (ActivityCategory.CASE, "Case {case} was finished with contract {contract}."),
        "termination-fee.note": (
            ActivityCategory.FEE,
            "It was noted that {amount} is to be paid back for contract {contract}.",
        ),
        "customer.erase": (ActivityCategory.OTHER, "The customer was erased."),
    }
)
_ANYTHING: Final = (ActivityCategory.OTHER, "{act} took place.")


def _facts(row: TraceEntry) -> Mapping[str, str]:
    """Return the values for a row's sentence; a missing value is a question mark."""
    before, after = row.before or {}, row.after or {}
    facts: dict[str, str] = defaultdict(lambda: "?")
    facts |= {f"{name}_before": value for name, value in before.items() if value is not None}
    facts |= {name: value for name, value in after.items() if value is not None}
    side, _, contract = facts["grant"].partition("/")
    facts["act"] = row.act
    facts["why"] = "for referring a friend" if side == Side.REFERRER else f"for contract {contract or '?'}"
    facts["whose"] = f" for the {facts['void_side']}" if after.get("void_side") else ""
    facts["activity"] = ", active at once" if after.get("starts_at") else ""
    facts["ends"] = _ends(after.get("ends_at"), written(row.moment))
    warnings = ", ".join((after.get("warnings") or "").split())
    facts["warned"] = f", with a code that could not be used ({warnings})" if warnings else ""
    return facts


def _ends(ends_at: str | None, now: str) -> str:
    """Return the part of a sentence that says when a code ends or that it ended."""
    if ends_at is None or datetime.fromisoformat(ends_at) <= datetime.fromisoformat(now):
        return "ended"
    return f"is to end at {ends_at}"


Place = tuple[datetime, int]
"""A place in a list that begins with the newest: a moment, and a count among the entries of that moment, from 1."""


def place_text(place: Place) -> str:
    """Return a place as text, which reveals nothing about the entry."""
    return f"{written(place[0])}/{place[1]}"


def place_of(text: str) -> Place:
    """Return the place in a text.

    :raises Refusal: ``moment-invalid`` when the text is no place.
    """
    when, _, count = text.partition("/")
    try:
        return moment(datetime.fromisoformat(when), "after"), int(count)
    except (ValueError, Refusal) as error:
        raise Refusal(Reason.MOMENT_INVALID, message=f"{text[:60]!r} is no place", field="after") from error
