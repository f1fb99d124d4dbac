"""What one chain of the trace says about what is stored, and the comparison of the two (A2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from referral_core.entities.balance import Movement, MovementKind
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.entities.reversal import reversal_key
from referral_core.entities.trace import TraceEntry, account_subject
from referral_core.services.records import RECORDS, stored_name
from referral_core.values.errors import Refusal

if TYPE_CHECKING:
    from referral_core.values.history import Recorded


@attrs.frozen
class StateFault:
    """A stored thing that is not what the trace says.

    ``subject`` is the chain, ``what`` the stored thing as ``contract K-1``, and ``how`` the difference, which begins
    with the field if it is in one. As text it is one line.
    """

    subject: str
    what: str
    how: str

    def __str__(self) -> str:
        """Write the place first and the difference after it."""
        return f"{self.subject}: {self.what}: {self.how}"


@attrs.frozen
class TracedChain:
    """What the rows of one chain say about what is stored.

    ``first`` and ``last`` are the first and the last row about each entity, by its name.
    """

    subject: str
    length: int = 0
    first: dict[str, TraceEntry] = attrs.field(factory=dict)
    last: dict[str, TraceEntry] = attrs.field(factory=dict)
    history: dict[str, list[TraceEntry]] = attrs.field(factory=dict)
    due: dict[str, str] = attrs.field(factory=dict)
    posted: dict[str, str] = attrs.field(factory=dict)
    bills: dict[str, str] = attrs.field(factory=dict)
    cancelled: dict[str, str] = attrs.field(factory=dict)
    taken_back: dict[str, str | None] = attrs.field(factory=dict)
    transfers: dict[tuple[MovementKind, str], str] = attrs.field(factory=dict)
    erased_as: list[str] = attrs.field(factory=list)

    @classmethod
    def of(cls, subject: str, rows: Iterable[TraceEntry]) -> TracedChain:
        """Return what the rows say, with few of them in memory."""
        chain = cls(subject)
        length = 0
        for row in rows:
            length += 1
            chain.read(row)
        return attrs.evolve(chain, length=length)

    def read(self, row: TraceEntry) -> None:
        """Take in one row."""
        after = dict(row.after or {})
        if row.act != "contract.import":  # which keeps thousands, and is read by itself
            for name in row.stored or named_in_words(row.act, row.subject, after):
                self.first.setdefault(name, row)
                self.last[name] = row
                self.history.setdefault(name, []).append(row)
        self._note(row.act, after)

    def _note(self, act: str, after: dict[str, str | None]) -> None:
        """Take in the fact that a row tells: about discount, or an erasure."""
        if act in {"grant.due", "grant.posted"}:
            facts = self.due if act == "grant.due" else self.posted
            facts[str(after.get("grant"))] = str(after.get("amount"))
        elif act == "bill.issued":
            self.bills[str(after.get("bill"))] = str(after.get("used"))
        elif act == "bill.cancelled":
            self.cancelled[str(after.get("bill"))] = str(after.get("given_back"))
        elif act == "reversal.posted":
            self.taken_back[reversal_key(str(after.get("grant")), str(after.get("account")))] = after.get("amount")
        elif act == "customer.erase":
            self.erased_as.append(str(after.get("customer")))
        elif act == "discount.transfer" and after.get("key") is not None:
            for kind, end in ((MovementKind.TRANSFERRED_OUT, "from"), (MovementKind.TRANSFERRED_IN, "to")):
                if self.subject == account_subject(str(after[end])) and after["amount"] != _nothing(after["amount"]):
                    self.transfers[kind, str(after["key"])] = str(after["amount"])


def _nothing(amount: str | None) -> str:
    return f"0.00 {str(amount).rpartition(' ')[2]}"


def named_in_words(act: str, subject: str, after: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the name of the entity whose state an earlier version's row says in words, if it does."""
    kind = act.partition(".")[0]
    if kind in {"group", "amount"}:
        return (subject,)
    key = {"code": "code", "case": "case", "referral": "contract"}.get(kind)
    return () if key is None or after.get(key) is None else (stored_name(kind, str(after[key])),)


@attrs.define
class Comparison:
    """What comparing one chain found."""

    compared: int = 0
    in_words: int = 0
    contracts: int = 0
    listed: int = 0
    bills: list[StateFault] = attrs.field(factory=list)
    found: list[StateFault] = attrs.field(factory=list)

    def find(self, subject: str, what: str, how: str) -> None:
        """Add a fault."""
        self.found.append(StateFault(subject, what, how))

    def differ(self, subject: str, what: str, field: str, stored: str | None, told: str | None) -> None:
        """Add a fault if a stored value is not what the trace says."""
        if stored != told:
            self.find(subject, what, f"{field} is {stored or 'empty'}, and the trace says {told or 'empty'}")

    def moved(self, subject: str, movement: Movement | None, what: str, amount: str) -> None:
        """Compare a movement in billing with its amount."""
        if movement is None:
            self.find(subject, what, "is gone from billing, and the trace tells of it")
        else:
            self.differ(subject, what, "amount", str(movement.amount), amount)

    def hold(self, chain: TracedChain, name: str, entity: Any, *, optional: bool = False) -> None:  # noqa: ANN401 - any entity
        """Compare an entity with the last row about it; ``optional`` ones may have none."""
        kind, _, id = name.partition(":")  # noqa: A001 - the entity's own word
        what, row = f"{kind} {id}", chain.last.get(name)
        if entity is None:
            self.find(chain.subject, what, "is gone, and the trace tells of it")
        elif row is None:
            self.contracts += optional
            if not optional:
                self.find(chain.subject, what, "is stored, and no row tells of it")
        elif row.stored is None:
            self.in_words += 1
            for field, stored, told in _differences_in_words(row, entity):
                self.differ(chain.subject, what, field, stored, told)
        else:
            # A contract that was concluded here begins with that status, which is the default and is left out.
            self.contracts += optional and "status" in (chain.first[name].stored or {}).get(name, {})
            self.compared += 1
            for field, stored, told in _differences(RECORDS[type(entity)].fields(entity), row.stored[name]):
                self.differ(chain.subject, what, field, stored, told)

    def remember(self, chain: TracedChain, states: tuple[Recorded[Any], ...], *, apart: str | None = None) -> None:
        """Compare the history of an entity with the rows about it: each row keeps one of its states, in order."""
        if not states:
            return
        record = RECORDS[type(states[0].state)]
        name = record.name(states[0].state)
        rows = chain.history.get(name, [])
        if not rows or any(row.stored is None for row in rows):
            return
        kept = [_without(dict((row.stored or {})[name]), apart) for row in rows]
        past = [_without(record.fields(each.state), apart) for each in states][-len(kept) :]
        for place, (stored, told) in enumerate(zip(past, kept, strict=False), len(states) - len(past) + 1):
            if stored != told:
                what = f"{name.replace(':', ' ', 1)}, state {place}"
                for field, was, now in _differences(stored, told):
                    self.differ(chain.subject, what, field, was, now)
        if len(past) < len(kept):
            self.find(chain.subject, name.replace(":", " ", 1), "has lost a state of its history")


def _without(fields: dict[str, str], apart: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if apart is None or not name.startswith(apart)}


def _differences(
    stored: Mapping[str, str | None], told: Mapping[str, str | None]
) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield the fields that differ, each with the stored value and that in the trace."""
    for field in sorted(stored.keys() | told.keys()):
        if stored.get(field) != told.get(field):
            yield field, stored.get(field), told.get(field)


def _differences_in_words(row: TraceEntry, entity: Any) -> Iterator[tuple[str, str | None, str | None]]:  # noqa: ANN401 - any entity
    """Yield the differences from the words of an earlier version's row."""
    stored, told = dict(RECORDS[type(entity)].state(entity, row.moment)), dict(row.after or {})
    told.pop("at", None)
    if isinstance(entity, Referral) and entity.granted_at is not None and told.get("status") == ReferralStatus.RECORDED:
        told["status"] = ReferralStatus.GRANTED  # by the activation of its contract, which left no row
    yield from _differences(stored, told)


def compared(chain: TracedChain, check: Callable[[TracedChain, Comparison], None]) -> Comparison:
    """Return the comparison of a chain by a check; what cannot even be read is a fault of its chain."""
    tally = Comparison()
    try:
        check(chain, tally)
    except (Refusal, ValueError, LookupError, TypeError) as error:
        # What was put into a table by hand may break a law of its entity.
        tally.find(chain.subject, "something stored", f"cannot be read: {error}")
    return tally


_WAITING: Final = frozenset({GrantStatus.DUE, GrantStatus.SENDING, GrantStatus.UNCERTAIN})
_HELD: Final = frozenset({GrantStatus.HELD, GrantStatus.HELD_IN_DOUBT})
_VOID: Final = frozenset({GrantStatus.VOID, GrantStatus.VOID_IN_DOUBT})


def wrong_status(grant: Grant, referral: Referral | None, *, is_posted: bool) -> str | None:
    """Return what the trace says about the status of a grant if that is another one."""
    if is_posted or grant.status is GrantStatus.GRANTED:
        if is_posted and grant.status in _WAITING | _HELD | _VOID:
            return "the trace says that billing confirmed it"
        return None if is_posted else "the trace does not say that billing confirmed it"
    if referral is None or not referral.is_live:
        return None
    status = referral.status_of(grant.side)
    right = {ReferralStatus.HELD: _HELD, ReferralStatus.VOID: _VOID}.get(status, _WAITING)
    return f"its referral is {status}" if grant.status in (_WAITING | _HELD | _VOID) - right else None
