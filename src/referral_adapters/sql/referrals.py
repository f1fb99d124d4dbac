"""Referrals in a database, with their fee notes and their history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, delete, insert, select, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.prepared import Lockable, Row
from referral_adapters.sql.rows import Rows, referral_state
from referral_adapters.sql.statements import Among, Pages, without
from referral_adapters.sql.tables import (
    FEE_NOTES,
    GIVEN_REFERRALS,
    LIVE_REFERRALS,
    REFERRAL_HISTORY,
    REFERRALS,
)
from referral_adapters.sql.trace import END, NO_ROWS
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.referral import FeeNote, Referral
from referral_core.entities.trace import referral_subject
from referral_core.values.errors import Reason, Refusal
from referral_core.values.history import Recorded, learned_at
from referral_core.values.money import Money


def note_row(contract: str, number: int, note: FeeNote) -> dict[str, Any]:
    """Return the row of a fee note."""
    return {
        "contract": contract,
        "number": number,
        "amount": note.amount.amount,
        "currency": note.amount.currency,
        "reason": note.reason,
        "noted_at": note.noted_at,
        "noted_by": note.noted_by,
    }


def note_of(row: Row) -> FeeNote:
    """Return the fee note of a row."""
    return FeeNote(Money(row.amount, row.currency), row.reason, row.noted_at, row.noted_by)


ROWS: Final = Rows(Referral, REFERRALS, apart=("fee_notes",), renamed={"case": "case_id"})


@attrs.frozen
class StoredReferral:
    """A referral as stored, without its fee notes.

    ``notes`` is the number of its fee notes, ``revision`` the number of states it has had, and ``recorded_at`` the
    moment at which this one was recorded.
    """

    referral: Referral
    notes: int
    revision: int
    recorded_at: datetime


def _stored(row: Row) -> StoredReferral:
    return StoredReferral(ROWS.entity(row), row.notes, row.revision, row.recorded_at)


BY_CONTRACT: Final = Lookup(
    Lockable(select(REFERRALS).where(REFERRALS.c.contract == bindparam("of"))),
    lambda rows: _stored(rows[0]) if rows else None,
)
LIVE_OF: Final = Lookup(
    Lockable(select(LIVE_REFERRALS.c.contract).where(LIVE_REFERRALS.c.customer == bindparam("of")), is_locked=False),
    lambda rows: tuple(sorted([str(row.contract) for row in rows])),
)
"""The contracts of a customer's referrals that are open or were paid, in order."""
_FEW: Final = 100
"""The size of a page of newest referrals: most readers want a screenful."""
_ORDER: Final = (REFERRALS.c.concluded_at, REFERRALS.c.contract)
_ALL: Final = Pages(select(REFERRALS), *_ORDER)
_GIVEN: Final = GIVEN_REFERRALS.c
_GIVEN_ORDER: Final = (_GIVEN.concluded_at, _GIVEN.contract)
_OF_REFERRER: Final = Pages(select(GIVEN_REFERRALS).where(_GIVEN.referrer == bindparam("of")), *_GIVEN_ORDER)
_UNTIL: Final = REFERRALS.c.concluded_at <= bindparam("until")
_NEWEST: Final = Pages(select(REFERRALS).where(_UNTIL), *_ORDER, size=_FEW, backwards=True)
_NEWEST_OF_REFERRER: Final = Pages(
    select(GIVEN_REFERRALS).where(_GIVEN.referrer == bindparam("of"), _GIVEN.concluded_at <= bindparam("until")),
    *_GIVEN_ORDER,
    size=_FEW,
    backwards=True,
)
_AMONG: Final = Among(select(REFERRALS), REFERRALS.c.contract)
_NOTES: Final = select(FEE_NOTES).where(FEE_NOTES.c.contract == bindparam("of")).order_by(FEE_NOTES.c.number)
_NEW: Final = insert(REFERRALS)
_NEW_GIVEN: Final = insert(GIVEN_REFERRALS)
_GIVEN_COLUMNS: Final = tuple(GIVEN_REFERRALS.columns.keys())
_CHANGE: Final = update(REFERRALS).where(REFERRALS.c.contract == bindparam("of"))
_NEW_LIVE: Final = insert(LIVE_REFERRALS)
_NO_LONGER_LIVE: Final = delete(LIVE_REFERRALS).where(
    LIVE_REFERRALS.c.customer == bindparam("of"), LIVE_REFERRALS.c.contract == bindparam("on")
)
_NEW_NOTE: Final = insert(FEE_NOTES)
_RECORD: Final = insert(REFERRAL_HISTORY)
_HISTORY: Final = (
    select(REFERRAL_HISTORY).where(REFERRAL_HISTORY.c.contract == bindparam("of")).order_by(REFERRAL_HISTORY.c.revision)
)


@attrs.frozen
class SqlReferrals:
    """The port ``Referrals`` in a database, which itself guards by a key that a contract carries one referral (S4).

    In a PostgreSQL transaction ``find`` locks the referral, and ``live_of`` the customer.
    """

    work: Work

    def find(self, contract: str) -> Referral | None:
        """Return the referral of this contract, live or cancelled; its fee notes are read only if there are any."""
        kept = self.work.ask(BY_CONTRACT, contract)
        return None if kept is None else self._with_notes(kept.referral, kept.notes)

    def live_of(self, customer: str) -> tuple[Referral, ...]:
        """Return the referrals of this customer as referee that are open or were paid, in order of contract."""
        found = [self.find(contract) for contract in self.work.ask(LIVE_OF, customer)]
        return tuple([each for each in found if each is not None])

    @joined
    def add(self, referral: Referral, *, at: datetime) -> None:
        """Insert a referral, its place in the referrer's list, and its place among the live referrals.

        :raises Refusal: ``already-referred`` when its contract carries one (S4).
        """
        if self.work.ask(BY_CONTRACT, referral.contract) is not None:
            raise Refusal(
                Reason.ALREADY_REFERRED, message=f"contract {referral.contract} carries a referral", field="contract"
            )
        # A new referral has no chain in the trace yet, so that its first entry needs no lookup.
        self.work.keep(END, referral_subject(referral.contract), NO_ROWS)
        self._move_live(None, referral)
        new = StoredReferral(referral, len(referral.fee_notes), 1, at)
        row = _row(new)
        self.work.write(_NEW, row)
        self.work.write(_NEW_GIVEN, {name: row[name] for name in _GIVEN_COLUMNS})
        self._keep(new, 0)

    @joined
    def replace(self, referral: Referral, *, at: datetime) -> None:
        """Update a referral under the lock of its row, and move its last state to the history.

        :raises Refusal: ``referral-unknown`` when the contract carries none.
        """
        known = self.work.ask(BY_CONTRACT, referral.contract)
        if known is None or known.referral.referrer != referral.referrer:
            raise Refusal(
                Reason.REFERRAL_UNKNOWN,
                message=f"contract {referral.contract} carries no referral of account {referral.referrer}",
                field="contract",
            )
        self._move_live(known.referral, referral)
        new = StoredReferral(referral, len(referral.fee_notes), known.revision + 1, learned_at(at, known.recorded_at))
        # The key admits each revision once: of two transactions that replace the same state the second one fails here.
        self.work.write(_RECORD, _history_row(known))
        self.work.write(_CHANGE, {**without(_row(new), "contract"), "of": referral.contract})
        self._keep(new, known.notes)

    def all(self, *, referrer: str | None = None, newest_by: datetime | None = None) -> Iterator[Referral]:
        """Yield referrals page by page, by concluding moment and then by contract: all, or those of one referrer.

        With ``newest_by`` the same index is read backwards from that moment. The referrals of one referrer are found
        through the directory of given referrals.
        """
        if newest_by is not None and referrer is not None:
            return self._listed(_NEWEST_OF_REFERRER.pages(self.work, of=referrer, until=newest_by))
        if newest_by is not None:
            return _NEWEST.read(self.work, self._whole, until=newest_by)
        if referrer is None:
            return _ALL.read(self.work, self._whole)
        return self._listed(_OF_REFERRER.pages(self.work, of=referrer))

    def history(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral in order, without its fee notes, by two statements at most."""
        kept = self.work.ask(BY_CONTRACT, contract)
        if kept is None:
            return ()
        before = [_recorded(row, kept.referral) for row in self.work.rows(_HISTORY, {"of": contract})]
        return (*before, Recorded(kept.referral, kept.recorded_at, kept.revision))

    def _listed(self, pages: Iterator[Sequence[Row]]) -> Iterator[Referral]:
        """Yield the referrals of the contracts on pages of the directory, in its order, by one read for each page."""
        for page in pages:  # the database gives the referrals of a page in any order
            contracts = [row.contract for row in page]
            if self.work.is_distributed:  # referrals lie on different nodes: one lookup each, in one round trip
                for kept in self.work.answers(*[(BY_CONTRACT, contract) for contract in contracts]):
                    yield self._with_notes(kept.referral, kept.notes)
                continue
            rows = {row.contract: row for row in _AMONG.rows(self.work, contracts)}
            yield from [self._whole(rows[contract]) for contract in contracts]

    def _move_live(self, before: Referral | None, referral: Referral) -> None:
        """Insert or delete the row that makes a referral its referee customer's live one (S4)."""
        was = before.referee_customer if before is not None and before.is_live else None
        becomes = referral.referee_customer if referral.is_live else None
        if was == becomes:
            return
        contract = referral.contract
        if was is not None:
            live = self.work.ask(LIVE_OF, was)
            self.work.write(_NO_LONGER_LIVE, {"of": was, "on": contract})
            self.work.keep(LIVE_OF, was, tuple([each for each in live if each != contract]))
        if becomes is not None:
            live = self.work.ask(LIVE_OF, becomes)
            self.work.write(_NEW_LIVE, {"customer": becomes, "contract": contract})
            self.work.keep(LIVE_OF, becomes, tuple(sorted([*live, contract])))

    def _keep(self, new: StoredReferral, notes: int) -> None:
        """Insert the fee notes beyond the first ``notes``, which are stored, and keep the new state as the answer."""
        referral = new.referral
        for number, note in enumerate(referral.fee_notes[notes:], notes + 1):
            self.work.write(_NEW_NOTE, note_row(referral.contract, number, note))
        plain = attrs.evolve(new, referral=attrs.evolve(referral, fee_notes=())) if referral.fee_notes else new
        self.work.keep(BY_CONTRACT, referral.contract, plain)

    def _whole(self, row: Row) -> Referral:
        return self._with_notes(ROWS.entity(row), row.notes)

    def _with_notes(self, referral: Referral, count: int) -> Referral:
        if not count:
            return referral
        notes = self.work.rows(_NOTES, {"of": referral.contract})
        return attrs.evolve(referral, fee_notes=tuple(map(note_of, notes)))


def _row(kept: StoredReferral) -> dict[str, Any]:
    return ROWS.row(kept.referral, revision=kept.revision, notes=kept.notes, recorded_at=kept.recorded_at)


def _history_row(kept: StoredReferral) -> dict[str, Any]:
    """Return the row of the history that keeps a state of a referral and the moment at which it was recorded."""
    place = {"contract": kept.referral.contract, "revision": kept.revision, "recorded_at": kept.recorded_at}
    return {**place, "state": referral_state(ROWS.row(kept.referral))}


def _recorded(row: Row, referral: Referral) -> Recorded[Referral]:
    """Return a past state of a referral with its present customers, since history holds no persons (A5)."""
    customers = {"referrer_customer": referral.referrer_customer, "referee_customer": referral.referee_customer}
    return Recorded(ROWS.of_state(row.state, **customers), row.recorded_at, row.revision)
