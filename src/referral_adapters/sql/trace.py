"""The trace in a database."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Executable, FromClause, Select, bindparam, exists, func, select

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.careful_pages import UNREADABLE, CarefulPages
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.row_set import BulkInsertion, RowSet
from referral_adapters.sql.statements import Insertion, Pages
from referral_adapters.sql.trace_tables import TRACE_ENTRIES
from referral_adapters.sql.work import End, Work
from referral_core.entities.actor import Role
from referral_core.entities.seal import Head
from referral_core.entities.trace_entry import GENESIS, TraceEntry, TraceNote
from referral_core.values.errors import ConcurrentChange
from referral_core.values.moment import moment

_T: Final = TRACE_ENTRIES.c
_ALL: Final = CarefulPages(select(TRACE_ENTRIES), _T.subject, _T.number)
_CHAIN: Final = CarefulPages(select(TRACE_ENTRIES).where(_T.subject == bindparam("of")), _T.number)
LAST: Final = select(_T.number, _T.hash).where(_T.subject == bindparam("of")).order_by(_T.number.desc()).limit(1)
_FOLLOWING: Final = TRACE_ENTRIES.alias("following")
_ALL_HEADS: Final = select(_T.subject, _T.number, _T.hash).where(
    ~exists().where(_FOLLOWING.c.subject == _T.subject, _FOLLOWING.c.number == _T.number + 1)
)
_HEADS: Final = Pages(_ALL_HEADS, _T.subject)
_BETWEEN: Final = _ALL_HEADS.where(_T.subject >= bindparam("first"), _T.subject <= bindparam("last"))
_SUBJECTS: Final = RowSet(TRACE_ENTRIES.c.subject)
_NEW: Final = Insertion(TRACE_ENTRIES)
_NEW_ONES: Final = BulkInsertion(TRACE_ENTRIES)
_TRIES: Final = 100
NO_ROWS: Final = 0, GENESIS
"""The end of a chain that has no row yet."""


def _last_ones(subjects: FromClause) -> Executable:
    others = TRACE_ENTRIES.alias("others")
    last = select(func.max(others.c.number)).where(others.c.subject == subjects.c.subject).scalar_subquery()
    return select(_T.subject, _T.number, _T.hash).join(
        subjects, (_T.subject == subjects.c.subject) & (_T.number == last)
    )


def _newest(subjects: FromClause) -> Select[Any]:
    newest = select(TRACE_ENTRIES).join(subjects, _T.subject == subjects.c.subject).where(_T.moment <= bindparam("by"))
    return newest.order_by(_T.moment.desc(), _T.subject.desc(), _T.number.desc()).limit(bindparam("most"))


_LAST_ONES: Final = _SUBJECTS.statements(_last_ones)
_NEWEST: Final = _SUBJECTS.statements(_newest)
_NEWEST_PLACES: Final = _SUBJECTS.statements(
    lambda subjects: _newest(subjects).with_only_columns(_T.subject, _T.number)
)


@attrs.frozen
class SqlTrace:
    """The port ``Trace`` in a database, whose triggers refuse every change but the erasing of persons (A2, A5).

    The next row of a chain is the one that gets its number; who was second is chained after it. Where a transaction has
    added a row, it knows the end of the chain: nobody can follow what is not there for others yet.
    """

    work: Work

    @joined
    def append(self, *notes: TraceNote) -> None:
        """Add notes, all or none, each as the next row of its subject's chain, salted with fresh randomness."""
        if len(notes) == 1:
            self._append_one(notes[0])
        elif notes:
            self._append_many(notes)

    def _append_one(self, note: TraceNote) -> None:
        salt, ends = secrets.token_hex(16), self.work.ends
        end = ends.get(note.subject)
        for _ in range(_TRIES):
            number, previous = end or self._end(note.subject)
            entry = TraceEntry.numbered(note, number + 1, previous, salt)
            if _NEW.into(self.work, entry_row(entry)):
                ends[note.subject] = entry.number, entry.hash
                return
            end = None
        raise ConcurrentChange(f"Too many write about {note.subject} at the same time.")

    def _end(self, subject: str) -> End:
        """Return how many rows a chain has, and the hash of the last one."""
        last = self.work.row(LAST, {"of": subject})
        return NO_ROWS if last is None else (last.number, last.hash)

    def _append_many(self, notes: Sequence[TraceNote]) -> None:
        """Add notes by two statements; who was second in one chain begins all of them again."""
        for _ in range(_TRIES):
            rows = [entry_row(entry) for entry in self._following(notes)]
            with suppress(_Second), self.work.transaction():
                if len(_NEW_ONES.into(self.work, rows)) < len(rows):
                    raise _Second
                self.work.ends.update((row["subject"], (row["number"], row["hash"])) for row in rows)
                return
        raise ConcurrentChange("Too many write about the same subjects at the same time.")

    def _following(self, notes: Sequence[TraceNote]) -> Iterator[TraceEntry]:
        """Yield the entries of notes, each after the last one of its subject."""
        subjects = [{"subject": subject} for subject in dict.fromkeys(note.subject for note in notes)]
        read = self.work.rows(_LAST_ONES[self.work.dialect], _SUBJECTS.given(self.work, subjects))
        ends = {row.subject: (row.number, row.hash) for row in read}
        for note in notes:
            number, previous = ends.get(note.subject, NO_ROWS)
            entry = TraceEntry.numbered(note, number + 1, previous, secrets.token_hex(16))
            ends[note.subject] = entry.number, entry.hash
            yield entry

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield a subject's rows in order, or those of every subject when none is named, without holding them all.

        :raises TraceUnreadable: the next row cannot be read.
        """
        if subject is None:
            return _ALL.read(self.work, entry_of, lambda key: (key.subject, key.number), after=after)
        number = None if after is None else after[1:]
        return _CHAIN.read(self.work, entry_of, lambda key: (subject, key.number), after=number, of=subject)

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` rows of some chains, of moments up to ``by``, the newest first.

        :raises TraceUnreadable: one of them cannot be read.
        """
        dialect, wanted = self.work.dialect, [{"subject": subject} for subject in set(subjects)]
        given = {**_SUBJECTS.given(self.work, wanted), "by": by, "most": limit}
        try:
            return tuple([entry_of(row) for row in self.work.rows(_NEWEST[dialect], given)])
        except UNREADABLE:
            # One by one, so that it is told which of them cannot be read.
            places = [(row.subject, row.number) for row in self.work.rows(_NEWEST_PLACES[dialect], given)]
            return tuple([next(self.chain(subject, after=(subject, number - 1))) for subject, number in places])

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain, in order of subject."""
        return _HEADS.read(self.work, lambda row: (row.subject, row.number, row.hash))


def heads_between(work: Work, subjects: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return how many rows each chain from the first to the last of some subjects has, and the hash of its last one.

    Subjects without a chain are left out, and some that nobody asked for may be in: it is one look at the index.
    """
    if not subjects:
        return {}
    rows = work.rows(_BETWEEN, {"first": min(subjects), "last": max(subjects)})
    return {row.subject: (row.number, row.hash) for row in rows}


class _Second(Exception):
    """Another transaction added to one of the chains first."""


def entry_row(entry: TraceEntry) -> dict[str, Any]:
    """Return the row of an entry."""
    return {
        "subject": entry.subject,
        "number": entry.number,
        "moment": entry.moment,
        "act": entry.act,
        "role": entry.role.value,
        "before": entry.before,
        "after": entry.after,
        "actor": entry.actor,
        "reason": entry.reason,
        "salt": entry.salt,
        "personal_digest": entry.personal_digest,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def entry_of(row: Row) -> TraceEntry:
    """Return the entry of a row."""
    return TraceEntry(
        row.subject,
        row.number,
        moment(row.moment),
        row.act,
        Role(row.role),
        row.before,
        row.after,
        row.actor,
        row.reason,
        row.salt,
        row.personal_digest,
        row.previous,
        row.hash,
    )
