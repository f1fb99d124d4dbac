"""The activity timeline of a consumer profile: what was done about an account, in words (P3, A2)."""

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
from referral_core.entities.trace_entry import TraceEntry
from referral_core.services.account_trace import AccountTrace
from referral_core.services.place import Place, place_of, place_text
from referral_core.values.moment import LATEST, written
from referral_core.values.word import Word

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories

_MOST_AT_FIRST: Final = 1_000
"""No more rows than that are read at first, however many are asked for."""


class ActivityCategory(Word):
    """What an entry of the timeline is about."""

    CODE = "code"
    REFERRAL = "referral"
    DISCOUNT = "discount"
    CASE = "case"
    FEE = "fee"
    OTHER = "other"


@attrs.frozen(kw_only=True)
class Activity:
    """An entry of the timeline: a row of the trace, with an English sentence that says what was done.

    ``place`` is where it stands: the next page begins after it. ``by`` and ``reason`` are ``None`` where there is none,
    or once erased (A5). The sentence names contracts of the account itself and of nobody else.
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
        """Return what a row tells of an account, and where it stands."""
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
class ActivityOfAccount:
    """One account's timeline: the rows of all chains that tell of it, by their moments, the newest first.

    Rows of one moment come by the chain and then by number, the last first. A place has no subject in it, which would
    name a friend's contract; so those of one moment are counted.
    """

    ports: Repositories
    account: str

    def following(self, after: str | None, limit: int) -> tuple[Activity, ...]:
        """Return up to ``limit`` entries that follow a place; from the newest on after none.

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
                for place, row in _placed(filter(about.has, rows))
                if place[0] < newest_by or place[1] > passed
            ]
            if len(entries) >= limit or len(rows) < size:
                return tuple(entries[:limit])
            # What was passed at the first moment, or is about the other side, took the room: look further back.
            size *= 4


def _placed(rows: Iterable[TraceEntry]) -> Iterator[tuple[Place, TraceEntry]]:
    """Yield rows, which are in order, with their places."""
    for moment, together in groupby(rows, key=attrgetter("moment")):
        for count, row in enumerate(together, 1):
            yield (moment, count), row


_TOLD: Final[Mapping[str, tuple[ActivityCategory, str]]] = MappingProxyType(
    {
        "code.issue": (ActivityCategory.CODE, "The code {code} was issued{activity}."),
        "code.start": (ActivityCategory.CODE, "The code {code} became active."),
        "code.end": (ActivityCategory.CODE, "The code {code} {ends}."),
        "contract.concluded": (ActivityCategory.REFERRAL, "Contract {contract} was concluded{warned}."),
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
            "Contract {contract} was withdrawn, and the use of the code {code} with it.",
        ),
        "grant.due": (ActivityCategory.DISCOUNT, "{amount} became due {why}."),
        "grant.posted": (ActivityCategory.DISCOUNT, "{amount} was granted {why}."),
        "grant.retry": (ActivityCategory.DISCOUNT, "The discount due {why} is to be tried again."),
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
    """Return what a sentence can tell of a row; what a row should say and does not is a question mark."""
    before, after = row.before or {}, row.after or {}
    facts: dict[str, str] = defaultdict(lambda: "?")
    facts |= {f"{name}_before": value for name, value in before.items() if value is not None}
    facts |= {name: value for name, value in after.items() if value is not None}
    side, _, contract = facts["grant"].partition("/")
    facts["act"] = row.act
    facts["why"] = "for referring a friend" if side == Side.REFERRER else f"for contract {contract or '?'}"
    facts["activity"] = ", active at once" if after.get("starts_at") else ""
    facts["ends"] = _ends(after.get("ends_at"), written(row.moment))
    warnings = ", ".join((after.get("warnings") or "").split())
    facts["warned"] = f", with a code that could not be used ({warnings})" if warnings else ""
    return facts


def _ends(ends_at: str | None, now: str) -> str:
    """Say that a code ended, or will."""
    if ends_at is None or datetime.fromisoformat(ends_at) <= datetime.fromisoformat(now):
        return "ended"
    return f"is to end at {ends_at}"
