"""The trace in a database, with its seals, its outbox and the subscriptions to it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import (
    ColumnElement,
    Executable,
    FromClause,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from referral_adapters.sql.atomic import atomic, joined
from referral_adapters.sql.prepared import Lockable, Row
from referral_adapters.sql.rows import Rows
from referral_adapters.sql.statements import (
    PAGE,
    UNREADABLE,
    BulkInsertion,
    CarefulPages,
    Insertion,
    Pages,
    RowSet,
    without,
)
from referral_adapters.sql.tables import OUTBOX, PUBLISHED, SEALED_HEADS, SEALS, SUBSCRIPTIONS, TRACE_ENTRIES
from referral_adapters.sql.types import COUNT
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.trace import GENESIS, SEALS_SUBJECT, Published, Subscription, TraceEntry, TraceNote
from referral_core.values.errors import ConcurrentChange, TraceUnreadable
from referral_core.values.moment import moment

ENTRIES: Final = Rows(TraceEntry, TRACE_ENTRIES)
_SEAL_ROWS: Final = Rows(Seal, SEALS)
_HEAD_ROWS: Final = Rows(SealedHead, SEALED_HEADS)
_SUBSCRIPTION_ROWS: Final = Rows(Subscription, SUBSCRIPTIONS)
_T: Final = TRACE_ENTRIES.c
_ALL: Final = CarefulPages(select(TRACE_ENTRIES), _T.subject, _T.number)
_CHAIN: Final = CarefulPages(select(TRACE_ENTRIES).where(_T.subject == bindparam("of")), _T.number)
NO_ROWS: Final = 0, GENESIS
"""The end of a chain without entries."""
END: Final[Lookup[tuple[int, str]]] = Lookup(
    Lockable(
        select(_T.number, _T.hash).where(_T.subject == bindparam("of")).order_by(_T.number.desc()).limit(1),
        is_locked=False,
    ),
    lambda rows: (rows[0].number, rows[0].hash) if rows else NO_ROWS,
)
"""The end of a subject's chain, read backwards along the primary key: the number of entries, and the last hash."""
_FOLLOWING: Final = TRACE_ENTRIES.alias("following")
_ALL_HEADS: Final = select(_T.subject, _T.number, _T.hash).where(
    ~exists().where(_FOLLOWING.c.subject == _T.subject, _FOLLOWING.c.number == _T.number + 1)
)
_HEADS: Final = Pages(_ALL_HEADS, _T.subject)
_BETWEEN: Final = _ALL_HEADS.where(_T.subject >= bindparam("first"), _T.subject <= bindparam("last"))
_SUBJECTS: Final = RowSet(TRACE_ENTRIES.c.subject)
_NEW: Final = insert(TRACE_ENTRIES)
_NEW_ONES: Final = BulkInsertion(TRACE_ENTRIES)
_TRIES: Final = 100


def _last_ones(subjects: FromClause) -> Executable:
    """Return the query of the last entries of many chains."""
    others = TRACE_ENTRIES.alias("others")
    last = select(func.max(others.c.number)).where(others.c.subject == subjects.c.subject).scalar_subquery()
    return select(_T.subject, _T.number, _T.hash).join(
        subjects, (_T.subject == subjects.c.subject) & (_T.number == last)
    )


def _newest_of(chain: FromClause, subject: ColumnElement[Any]) -> Select[Any]:
    """Return the query of the newest entries of one chain, which reads up to ``most`` rows of the index of moments."""
    return (
        select(chain)
        .where(chain.c.subject == subject, chain.c.moment <= bindparam("by"))
        .order_by(chain.c.moment.desc(), chain.c.number.desc())
        .limit(bindparam("most"))
    )


def _newest(subjects: FromClause, dialect: str) -> Select[Any]:
    """Return the query of the newest entries of several chains, each of them limited by itself."""
    chain = TRACE_ENTRIES.alias("chain")
    of_one = _newest_of(chain, subjects.c.subject)
    if dialect == "postgresql":
        rows = of_one.correlate(subjects).lateral("newest")
        found = select(*rows.c).select_from(subjects.join(rows, true()))
        entry = rows.c
    else:  # SQLite has no LATERAL: a correlated subquery gives the numbers of each subject
        numbers = of_one.with_only_columns(chain.c.number).correlate(subjects)
        found = select(TRACE_ENTRIES).join(subjects, (_T.subject == subjects.c.subject) & _T.number.in_(numbers))
        entry = _T
    return found.order_by(entry.moment.desc(), entry.subject.desc(), entry.number.desc()).limit(bindparam("most"))


_LAST_ONES: Final = _SUBJECTS.statements(_last_ones)
_H: Final = SEALED_HEADS.c
_FOLLOWING_ROW: Final = TRACE_ENTRIES.alias("following").c
_MOVED: Final = (
    select(_T.subject, _T.number, bindparam("seal", type_=COUNT).label("seal"), _T.hash)
    .where(~exists().where(_FOLLOWING_ROW.subject == _T.subject, _FOLLOWING_ROW.number == _T.number + 1))
    .where(~exists().where(_H.subject == _T.subject, _H.number == _T.number))
    .order_by(_T.subject)
    .limit(PAGE)
)
"""The next page of heads that no seal lists: entries without a following one, and without a sealed head."""
_COLUMNS: Final = ("subject", "number", "seal", "hash")
_LIST_FIRST: Final = insert(SEALED_HEADS).from_select(_COLUMNS, _MOVED).returning(_H.subject, _H.number, _H.hash)
_LIST_NEXT: Final = (
    insert(SEALED_HEADS)
    .from_select(_COLUMNS, _MOVED.where(_T.subject > bindparam("after")))
    .returning(_H.subject, _H.number, _H.hash)
)
_SEALS: Final = CarefulPages(select(SEALS), SEALS.c.number)
_LAST_SEAL: Final = select(func.max(SEALS.c.number).label("last"))
_BY_SEAL: Final = Pages(select(SEALED_HEADS).where(_H.seal == bindparam("of")), _H.subject, _H.number)
_BY_SUBJECT: Final = Pages(select(SEALED_HEADS), _H.subject, _H.number, _H.seal)
_NEW_SEAL: Final = insert(SEALS)
_O: Final = OUTBOX.c
_P: Final = PUBLISHED.c
_MOST: Final = bindparam("most", type_=COUNT)
_WAITING: Final = select(_O.subject, _O.number).where(_O.position.is_(None)).order_by(_O.sequence).limit(_MOST)
_LAST_PUBLISHED: Final = select(func.max(_P.position).label("last"))
_PUBLISHED: Final = select(PUBLISHED).where(_P.position > bindparam("after")).order_by(_P.position).limit(_MOST)
_GIVEN: Final = RowSet(*PUBLISHED.columns)
_NEW_PLACES: Final = BulkInsertion(PUBLISHED, _GIVEN)


def _placing(given: FromClause) -> Executable:
    same = and_(_O.subject == given.c.subject, _O.number == given.c.number)
    return update(OUTBOX).where(same).values(position=given.c.position)


def _entries(given: FromClause) -> Executable:
    same = and_(_T.subject == given.c.subject, _T.number == given.c.number)
    return select(TRACE_ENTRIES).join(given, same)


_PLACE: Final = _GIVEN.statements(_placing)
_ENTRIES: Final = _GIVEN.statements(_entries)
_S: Final = SUBSCRIPTIONS.c
_STATE: Final = ("position", "failures", "next_at", "leased_until")
_SUBSCRIPTION: Final = select(SUBSCRIPTIONS).where(_S.name == bindparam("of"))
_SUBSCRIPTIONS: Final = select(SUBSCRIPTIONS).order_by(_S.name)
_NEW_SUBSCRIPTION: Final = Insertion(SUBSCRIPTIONS)
_FREE: Final = [or_(column.is_(None), column <= bindparam("at")) for column in (_S.next_at, _S.leased_until)]
_LEASE: Final = (
    update(SUBSCRIPTIONS)
    .where(_S.name == bindparam("of"), *_FREE)
    .values(leased_until=bindparam("until"))
    .returning(SUBSCRIPTIONS)
)
_AS_BEFORE: Final = and_(
    *[_S[name].is_not_distinct_from(bindparam(f"was_{name}", type_=_S[name].type)) for name in _STATE]
)
_SETTLE: Final = (
    update(SUBSCRIPTIONS)
    .where(_S.name == bindparam("of"), _AS_BEFORE)
    .values({name: bindparam(name, type_=_S[name].type) for name in _STATE})
)
_NEWEST_OF_ONE: Final = _newest_of(TRACE_ENTRIES, bindparam("of"))
_NEWEST: Final = {dialect: _newest(_SUBJECTS.source(dialect), dialect) for dialect in ("postgresql", "sqlite")}


@attrs.frozen
class SqlTrace:
    """The trace in a database, whose triggers refuse every change except the erasing of persons (A2, A5).

    The key of subject and number decides between two transactions that continue one chain: the second one is repeated
    and chained after the first. A transaction that has added an entry knows the end of the chain, since no other
    transaction can continue an entry that is not committed. On PostgreSQL sealing runs take turns by a lock of their
    own; writers do not wait for them, and they do not wait for writers.

    A trigger puts every entry into the outbox. Publishing runs take turns, and give positions to committed entries
    only. A sequence would not do: a reader that has seen 8 would never see 7 if 7 is committed later. A subscription is
    leased by one conditional update.
    """

    work: Work

    @joined
    def append(self, *notes: TraceNote) -> None:
        """Insert notes, all or none, each as the next entry of its subject's chain with a fresh random salt.

        One note costs a lookup and a held-back insertion; many notes cost two statements together.
        """
        if len(notes) > 1 and not self.work.is_distributed:
            self._append_many(notes)
            return
        for note in notes:
            self._append_one(note)

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield the entries of one subject, or of all subjects, page by page along the primary key.

        :raises TraceUnreadable: the next entry cannot be read.
        """
        if subject is None:
            return _ALL.read(self.work, _entry, lambda key: (key.subject, key.number), after=after)
        number = None if after is None else after[1:]
        return _CHAIN.read(self.work, _entry, lambda key: (subject, key.number), after=number, of=subject)

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` entries of these chains with moments up to ``by``, newest first.

        On one server that is one statement, on a cluster one for each chain.

        :raises TraceUnreadable: an entry cannot be read.
        """
        try:
            return tuple([_entry(row) for row in self._newest_rows(set(subjects), by, limit)])
        except UNREADABLE:
            for subject in sorted(set(subjects)):
                for _ in self.chain(subject):  # raises the error that names the unreadable entry
                    pass
            raise

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain in order of subject, page by page: the entries that no entry follows."""
        return _HEADS.read(self.work, lambda row: (row.subject, row.number, row.hash))

    @atomic
    def seal(self, at: datetime) -> Seal | None:
        """Insert the next seal over every head that has moved since the last one, or return ``None`` if none has.

        :raises ConcurrentChange: another seal took the number.
        :raises TraceUnreadable: the last seal cannot be read.
        """
        self.work.lock("seals of the trace")
        last = self.work.row(_LAST_SEAL)
        before = None if last is None or last.last is None else next(self.seals(after=last.last - 1))
        seal = Seal.over(self._listed(before.number + 1 if before else 1), before, at)
        if not seal.heads:
            return None
        self.work.change(_NEW_SEAL, _SEAL_ROWS.row(seal))
        return seal

    def seals(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield the seals with numbers above ``after`` in order, page by page along the primary key.

        :raises TraceUnreadable: the next seal cannot be read.
        """
        return _SEALS.read(self.work, _seal, lambda key: (SEALS_SUBJECT, key.number), after=(after,))

    def sealed_heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads of one seal along its index, or those of all seals by subject and number, page by page."""
        if seal is None:
            return _BY_SUBJECT.read(self.work, _HEAD_ROWS.entity)
        return _BY_SEAL.read(self.work, _HEAD_ROWS.entity, of=seal)

    @atomic
    def publish(self, limit: int) -> int:
        """Give the next positions to up to ``limit`` entries of the outbox without one, and return their number.

        :raises ConcurrentChange: another transaction took one of the positions.
        """
        # One run at a time: two at once would choose the same positions for different entries.
        self.work.lock("outbox")
        waiting = self.work.rows(_WAITING, {"most": limit})
        if not waiting:
            return 0
        last = self.work.row(_LAST_PUBLISHED)
        first = 1 if last is None or last.last is None else last.last + 1
        rows = [
            {"position": position, "subject": row.subject, "number": row.number}
            for position, row in enumerate(waiting, first)
        ]
        if len(_NEW_PLACES.into(self.work, rows)) < len(rows):
            raise ConcurrentChange("Somebody else published at the same time.")
        return self.work.change(_PLACE[self.work.dialect], _GIVEN.given(self.work, rows))

    def published(self, after: int, limit: int) -> tuple[Published, ...]:
        """Return up to ``limit`` published entries above the position ``after`` in order, by two statements.

        :raises TraceUnreadable: an entry is missing or cannot be read.
        """
        places = self.work.rows(_PUBLISHED, {"after": after, "most": limit})
        entries = self._published_entries(places)
        for place in places:
            if (place.subject, place.number) not in entries:
                raise TraceUnreadable(place.subject, place.number)
        return tuple(Published(place.position, entries[place.subject, place.number]) for place in places)

    def subscription(self, name: str) -> Subscription | None:
        """Return the subscription with this name, without a lock."""
        row = self.work.row(_SUBSCRIPTION, {"of": name})
        return None if row is None else _SUBSCRIPTION_ROWS.entity(row)

    @joined
    def subscribe(self, name: str, position: int) -> bool:
        """Insert a subscription that begins above ``position``, unless there is one, and tell whether it is new."""
        return _NEW_SUBSCRIPTION.into(self.work, _SUBSCRIPTION_ROWS.row(Subscription(name, position)))

    @joined
    def lease(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Lease a subscription that is due and free until a moment, by one conditional update, and return it.

        Of several callers one gets the row; the others get ``None``.
        """
        row = self.work.row(_LEASE, {"of": name, "at": at, "until": until})
        return None if row is None else _SUBSCRIPTION_ROWS.entity(row)

    @joined
    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Store the next state by one conditional update, and return ``False`` if the stored state is not ``before``.

        :raises ValueError: the next state has another name.
        """
        if after.name != before.name:
            raise ValueError(f"{after.name} is no state of {before.name}")
        was = {f"was_{name}": value for name, value in without(_SUBSCRIPTION_ROWS.row(before), "name").items()}
        return (
            self.work.change(_SETTLE, {"of": before.name, **was, **without(_SUBSCRIPTION_ROWS.row(after), "name")}) == 1
        )

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return every subscription in order of the code points of its name, by one statement."""
        return tuple(map(_SUBSCRIPTION_ROWS.entity, self.work.rows(_SUBSCRIPTIONS)))

    def _newest_rows(self, subjects: Collection[str], by: datetime, limit: int) -> Sequence[Row]:
        given = {"by": by, "most": limit}
        if self.work.is_distributed:  # chains lie on different nodes: each gives its newest, and the merge is cut
            rows = [row for each in subjects for row in self.work.rows(_NEWEST_OF_ONE, {"of": each, **given})]
            return sorted(rows, key=lambda row: (row.moment, row.subject, row.number), reverse=True)[:limit]
        wanted = _SUBJECTS.given(self.work, [{"subject": subject} for subject in subjects])
        return self.work.rows(_NEWEST[self.work.dialect], {**wanted, **given})

    def _append_one(self, note: TraceNote) -> None:
        number, previous = self.work.ask(END, note.subject)
        entry = TraceEntry.numbered(note, number + 1, previous, secrets.token_hex(16))
        # The key admits each number once: of two transactions that continue a chain the second one repeats its act.
        self.work.write(_NEW, ENTRIES.row(entry))
        self.work.keep(END, note.subject, (entry.number, entry.hash))

    def _append_many(self, notes: Sequence[TraceNote]) -> None:
        """Insert notes by two statements, in a savepoint: after a lost race in one chain all of them are repeated."""
        for _ in range(_TRIES):
            rows = [ENTRIES.row(entry) for entry in self._following(notes)]
            with suppress(_Second), self.work.transaction():
                if len(_NEW_ONES.into(self.work, rows)) < len(rows):
                    raise _Second
                return
        raise ConcurrentChange("Too many write about the same subjects at the same time.")

    def _following(self, notes: Sequence[TraceNote]) -> Iterator[TraceEntry]:
        """Yield the entries of notes, each chained to the last entry of its subject."""
        subjects = [{"subject": subject} for subject in dict.fromkeys(note.subject for note in notes)]
        read = self.work.rows(_LAST_ONES[self.work.dialect], _SUBJECTS.given(self.work, subjects))
        ends = {row.subject: (row.number, row.hash) for row in read}
        for note in notes:
            number, previous = ends.get(note.subject, NO_ROWS)
            entry = TraceEntry.numbered(note, number + 1, previous, secrets.token_hex(16))
            ends[note.subject] = entry.number, entry.hash
            yield entry

    def _listed(self, number: int) -> Iterator[Head]:
        """Insert every head that has moved under the number of the next seal, and yield these heads.

        One statement finds, inserts and returns each page, so that the seal lists exactly the heads that are stored,
        whatever is written meanwhile.
        """
        page = self.work.rows(_LIST_FIRST, {"seal": number})
        while page:
            heads = sorted((row.subject, row.number, row.hash) for row in page)  # RETURNING promises no order
            yield from heads
            if len(page) < PAGE:
                return
            page = self.work.rows(_LIST_NEXT, {"seal": number, "after": heads[-1][0]})

    def _published_entries(self, places: Sequence[Row]) -> dict[tuple[str, int], TraceEntry]:
        """Return the entries of published places by subject and number, without those that are missing."""
        if not places:
            return {}
        rows = [{"position": place.position, "subject": place.subject, "number": place.number} for place in places]
        try:
            read = self.work.rows(_ENTRIES[self.work.dialect], _GIVEN.given(self.work, rows))
            return {(row.subject, row.number): _entry(row) for row in read}
        except UNREADABLE:
            for place in places:  # raises the error that names the unreadable entry
                next(self.chain(place.subject, after=(place.subject, place.number - 1)), None)
            raise


def heads_between(work: Work, subjects: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return the ends of all chains from the first to the last of these subjects: number and hash of the last entry.

    Subjects without a chain are left out. Chains of other subjects in between are included: one range of the index
    costs less than many single keys.
    """
    if not subjects:
        return {}
    rows = work.rows(_BETWEEN, {"first": min(subjects), "last": max(subjects)})
    return {row.subject: (row.number, row.hash) for row in rows}


class _Second(Exception):
    """Another transaction added to one of the chains first."""


def _entry(row: Row) -> TraceEntry:
    """Return the entry of a row that may have been manipulated: a moment out of range counts as unreadable."""
    moment(row.moment)
    return ENTRIES.entity(row)


def _seal(row: Row) -> Seal:
    """Return the seal of a row that may have been manipulated: a moment out of range counts as unreadable."""
    moment(row.moment)
    return _SEAL_ROWS.entity(row)
