"""The trace in a database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, exists, func, select

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.statements import Insertion, Pages
from referral_adapters.sql.trace_tables import SEALS, TRACE_ENTRIES
from referral_adapters.sql.work import Work
from referral_core.entities.act import Act
from referral_core.entities.actor import Role
from referral_core.entities.seal import Head, Seal
from referral_core.entities.trace_entry import TraceEntry, TraceNote
from referral_core.values.errors import ConcurrentChange

_T: Final = TRACE_ENTRIES.c
_CHAIN: Final = Pages(select(TRACE_ENTRIES).where(_T.subject == bindparam("of")), _T.number)
_LAST: Final = select(TRACE_ENTRIES).where(_T.subject == bindparam("of")).order_by(_T.number.desc()).limit(1)
_FOLLOWING: Final = TRACE_ENTRIES.alias("following")
_HEADS: Final = Pages(
    select(_T.subject, _T.number, _T.hash).where(
        ~exists().where(_FOLLOWING.c.subject == _T.subject, _FOLLOWING.c.number == _T.number + 1)
    ),
    _T.subject,
)
_SEALS: Final = select(SEALS).order_by(SEALS.c.number)
_COUNT: Final = select(func.coalesce(func.max(SEALS.c.number), 0).label("last"))
_NEW: Final = Insertion(TRACE_ENTRIES)
_NEW_SEAL: Final = Insertion(SEALS)
_TRIES: Final = 100


@attrs.frozen
class SqlTrace:
    """The port ``Trace`` in a database, whose triggers refuse every change but the erasing of persons (A2, A5).

    The next row of a chain is the one that gets its number; who was second is chained after it.
    """

    work: Work

    @joined
    def append(self, note: TraceNote) -> None:
        """Add a note as the next row of its subject's chain, salted with fresh randomness."""
        salt = secrets.token_hex(16)
        for _ in range(_TRIES):
            last = self.work.row(_LAST, {"of": note.subject})
            entry = TraceEntry.chained(note, None if last is None else entry_of(last), salt)
            if _NEW.into(self.work, entry_row(entry)):
                return
        raise ConcurrentChange(f"Too many write about {note.subject} at the same time.")

    def chain(self, subject: str) -> Iterator[TraceEntry]:
        """Yield a subject's rows in order, without holding them all."""
        return _CHAIN.read(self.work, entry_of, of=subject)

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain, in order of subject."""
        return _HEADS.read(self.work, lambda row: (row.subject, row.number, row.hash))

    @joined
    def add_seal(self, seal: Seal) -> None:
        """Add a seal after the ones before it.

        :raises ValueError: its number is not the next, because another seal came first.
        """
        row = self.work.row(_COUNT)
        count = 0 if row is None else row.last
        if seal.number != count + 1 or not _NEW_SEAL.into(self.work, _seal_row(seal)):
            raise ValueError(f"seal {seal.number} does not follow {count} seals")

    def seals(self) -> tuple[Seal, ...]:
        """Return all seals in order."""
        return tuple(
            Seal(
                row.number, row.moment, tuple((each[0], each[1], each[2]) for each in row.heads), row.previous, row.hash
            )
            for row in self.work.rows(_SEALS)
        )


def entry_row(entry: TraceEntry) -> dict[str, Any]:
    """Return the row of an entry."""
    return {
        "subject": entry.subject,
        "number": entry.number,
        "moment": entry.moment,
        "act": entry.act.value,
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
        row.moment,
        Act(row.act),
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


def _seal_row(seal: Seal) -> dict[str, Any]:
    return {
        "number": seal.number,
        "moment": seal.moment,
        "heads": seal.heads,
        "previous": seal.previous,
        "hash": seal.hash,
    }
