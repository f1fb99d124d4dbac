"""The trace: rows that are only ever added, each carrying the hash of the one before it on the same subject (A2).

The personal part of a row (the actor, and the words of the reason) stands beside the hashed content, in which only a
salted digest represents it. Erasing the words and the salt leaves the digest, so the chain still verifies (A5). The
owner of an account is kept as a digest alone, with a salt of its own.

A published row has a position in one order over all chains, and a subscription is a receiver's place in that order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

import attrs

from referral_core.entities.actor import Actor, Role
from referral_core.values.moment import written

GENESIS: Final = "0" * 64
"""The hash before the first row of a chain."""

State = Mapping[str, str | None]
"""A state before or after an act: names and values as text, without any reference to persons."""

Stored = Mapping[str, Mapping[str, str]]
"""The entities that an act stored, by name, each with its fields as text, without any reference to persons."""

_Content = tuple[str, int, datetime, str, Role, State | None, State | None]
"""The hashed content of a row, except for what was stored, the digest of its personal part and the hash before it."""

_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def account_subject(account: str) -> str:
    """Return the subject under which an account's rows are chained."""
    return f"account:{account}"


def referral_subject(contract: str) -> str:
    """Return the subject under which the rows of a contract's referral, with its grants, are chained."""
    return f"referral:{contract}"


def group_subject(group: str) -> str:
    """Return the subject under which a discount group's rows are chained."""
    return f"group:{group}"


PROGRAMME_SUBJECT: Final = "programme"
"""The subject of rows about the programme as a whole."""


@attrs.frozen
class TraceNote:
    """A row of the trace before it has its place in a chain.

    ``owner`` is the customer to whom the account of the chain belongs. The row keeps a salted digest of the name.
    """

    subject: str
    moment: datetime
    act: str
    actor: Actor
    before: State | None = None
    after: State | None = None
    reason: str | None = None
    stored: Stored | None = None
    owner: str | None = None


@attrs.frozen
class TraceEntry:
    """One row of a subject's chain; ``number`` counts from 1 within it.

    ``actor`` and ``reason`` are the personal part, ``None`` once erased; ``personal_digest`` stands for them.
    ``stored`` are the entities that the act left in the store, against which the store can be held later. It is
    ``None`` in the rows of earlier versions, which did not keep it. ``owner_salt`` is the salt of the owner's digest in
    it, ``None`` once the owner is erased.
    """

    subject: str
    number: int
    moment: datetime
    act: str
    role: Role
    before: State | None
    after: State | None
    actor: str | None
    reason: str | None
    salt: str | None
    personal_digest: str
    previous: str
    hash: str
    stored: Stored | None = None
    owner_salt: str | None = None

    @classmethod
    def chained(cls, note: TraceNote, after: TraceEntry | None, salt: str) -> TraceEntry:
        """Return ``note`` as the row that follows ``after`` on its subject.

        ``salt`` is at least 16 bytes of fresh randomness as text, so that short personal references cannot be
        guessed from their digest.
        """
        number, previous = (after.number + 1, after.hash) if after else (1, GENESIS)
        return cls.numbered(note, number, previous, salt)

    @classmethod
    def numbered(cls, note: TraceNote, number: int, previous: str, salt: str) -> TraceEntry:
        """Return ``note`` as the row of this number, where ``previous`` is the hash of the row before it."""
        # Copies: a mapping that the caller changes later must not change what was hashed.
        before = None if note.before is None else dict(note.before)
        after = None if note.after is None else dict(note.after)
        stored = None if note.stored is None else {name: dict(fields) for name, fields in note.stored.items()}
        owner_salt = None
        if stored is not None and note.owner is not None:
            # Neither of the two reveals the other: each is erased by itself.
            salt, owner_salt = (sha256(f"{part} {salt}".encode()).hexdigest() for part in ("row", "owner"))
            stored[note.subject] = {"customer": owner_digest(note.owner, owner_salt)}
        digest = _personal_digest(note.actor.id, note.reason, salt)
        content = (note.subject, number, note.moment, note.act, note.actor.role, before, after)
        content_hash = _content_hash(content, stored, digest, previous)
        return cls(*content, note.actor.id, note.reason, salt, digest, previous, content_hash, stored, owner_salt)

    def content_hash(self) -> str:
        """Return the expected hash of the row: over all of it, with the digest in place of the personal part."""
        content = (self.subject, self.number, self.moment, self.act, self.role, self.before, self.after)
        return _content_hash(content, self.stored, self.personal_digest, self.previous)

    def erased(self) -> TraceEntry:
        """Return the row without its personal part; its hash stays what it was (A5)."""
        return attrs.evolve(self, actor=None, reason=None, salt=None)

    def without_owner(self) -> TraceEntry:
        """Return the row without the salt of the owner's digest, which reveals nothing any more (A5)."""
        return attrs.evolve(self, owner_salt=None)

    @property
    def is_erased(self) -> bool:
        """Tell whether the personal part was erased (A5)."""
        return self.salt is None

    def faults(self, after: TraceEntry | None) -> tuple[TraceFault, ...]:
        """Return the faults of this row as the successor of ``after``."""
        found = []
        if self.number != (after.number + 1 if after else 1):
            found.append(self._fault("a row before it is missing"))
        if self.previous != (after.hash if after else GENESIS):
            found.append(self._fault("does not carry the hash of the row before it"))
        return (*found, *self.own_faults())

    def own_faults(self) -> tuple[TraceFault, ...]:
        """Return the faults of this row by itself."""
        found = []
        if not self._personal_part_holds():
            found.append(self._fault("its actor or reason was changed"))
        if self.hash != self.content_hash():
            found.append(self._fault("its content was changed"))
        return tuple(found)

    def _fault(self, what: str) -> TraceFault:
        return TraceFault(self.subject, self.number, what)

    def _personal_part_holds(self) -> bool:
        if self.salt is None:
            return self.actor is None and self.reason is None
        return self.personal_digest == _personal_digest(self.actor, self.reason, self.salt)


def chain_faults(entries: Iterable[TraceEntry]) -> tuple[str, ...]:
    """Return the faults of one subject's rows, which are given in order, each fault as a line of text."""
    found: list[str] = []
    last: TraceEntry | None = None
    for entry in entries:
        found.extend(map(str, entry.faults(last)))
        last = entry
    return tuple(found)


SEALS_SUBJECT: Final = "seal"
"""The subject of a fault in a seal."""


@attrs.frozen
class TraceFault:
    """A fault in one row of the trace, or in one seal.

    ``subject`` and ``number`` name the row, or the seal when the subject is ``SEALS_SUBJECT``; ``what`` describes the
    fault in a few words. As text it is one line.
    """

    subject: str
    number: int
    what: str

    def __str__(self) -> str:
        """Write the place first and the fault after it."""
        place = "seal" if self.subject == SEALS_SUBJECT else f"{self.subject} row"
        return f"{place} {self.number}: {self.what}"


@attrs.frozen
class Published:
    """A published row of the trace; ``position`` counts all published rows from 1, without gaps."""

    position: int
    entry: TraceEntry


@attrs.frozen
class Subscription:
    """The progress of one receiver of published rows.

    ``position`` is the last one that the receiver confirmed, 0 before the first. ``failures`` counts the failures in a
    row of the next one, which is tried again at ``next_at``, ``None`` for at once. Until ``leased_until`` a sender
    holds the subscription.
    """

    name: str
    position: int = 0
    failures: int = 0
    next_at: datetime | None = None
    leased_until: datetime | None = None

    def is_free(self, at: datetime) -> bool:
        """Tell whether at this moment no sender holds the subscription, and no retry is waited for."""
        return all(moment is None or moment <= at for moment in (self.next_at, self.leased_until))


def owner_digest(customer: str, salt: str) -> str:
    """Return the digest by which a row keeps to whom an account belongs."""
    return sha256(_encode([salt, customer]).encode()).hexdigest()


def _personal_digest(actor: str | None, reason: str | None, salt: str) -> str:
    return sha256(_encode([salt, actor, reason]).encode()).hexdigest()


def _content_hash(content: _Content, stored: Stored | None, personal_digest: str, previous: str) -> str:
    subject, number, moment, *rest = content
    # Left out where nothing was kept, so that rows of earlier versions hash as they did.
    kept = () if stored is None else (stored,)
    hashed = [subject, number, written(moment), *rest, *kept, personal_digest, previous]
    return sha256(_encode(hashed).encode()).hexdigest()
