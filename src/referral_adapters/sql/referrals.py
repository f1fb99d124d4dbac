"""Referrals in a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from referral_adapters.sql.among import Among
from referral_adapters.sql.atomic import joined
from referral_adapters.sql.prepared import Row, locking
from referral_adapters.sql.referral_rows import note_of, note_row
from referral_adapters.sql.referral_tables import (
    FEE_NOTES,
    GIVEN_REFERRALS,
    LIVE_REFERRALS,
    REFERRAL_HISTORY,
    REFERRALS,
)
from referral_adapters.sql.rows import Rows
from referral_adapters.sql.statements import Pages, without
from referral_adapters.sql.states import referral_state
from referral_adapters.sql.trace import END, NO_ROWS
from referral_adapters.sql.unit import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.referral import Referral
from referral_core.entities.trace_entry import referral_subject
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason
from referral_core.values.recorded import Recorded, learned_at

ROWS: Final = Rows(Referral, REFERRALS, apart=("fee_notes",), renamed={"case": "case_id"})


@attrs.frozen
class Kept:
    """A referral as it is stored, without its fee notes; how many those are, and how many states it has had."""

    referral: Referral
    notes: int
    revision: int


def _kept(rows: Sequence[Row]) -> Kept | None:
    return Kept(ROWS.entity(rows[0]), rows[0].notes, rows[0].revision) if rows else None


BY_CONTRACT: Final = Lookup(locking(select(REFERRALS).where(REFERRALS.c.contract == bindparam("of"))), _kept)
RECORDED: Final[Lookup[datetime | None]] = Lookup(
    locking(
        select(func.max(REFERRAL_HISTORY.c.recorded_at).label("recorded_at")).where(
            REFERRAL_HISTORY.c.contract == bindparam("of")
        ),
        is_locked=False,
    ),
    lambda rows: rows[0].recorded_at,
)
"""When the last state of a contract's referral was recorded: to be read after the referral is locked."""
LIVE_OF: Final = Lookup(
    locking(select(LIVE_REFERRALS.c.contract).where(LIVE_REFERRALS.c.customer == bindparam("of")), is_locked=False),
    lambda rows: str(rows[0].contract) if rows else None,
)
"""The contract of a customer's one referral that is open or was paid."""
_FEW: Final = 100
"""How many of the newest are read at a time: most who ask want a screenful."""
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
_NO_LONGER_LIVE: Final = delete(LIVE_REFERRALS).where(LIVE_REFERRALS.c.customer == bindparam("of"))
_NEW_NOTE: Final = insert(FEE_NOTES)
_RECORD: Final = insert(REFERRAL_HISTORY)
_HISTORY: Final[Select[Any]] = (
    select(REFERRAL_HISTORY, REFERRALS.c.referrer_customer, REFERRALS.c.referee_customer)
    .join(REFERRALS, REFERRALS.c.contract == REFERRAL_HISTORY.c.contract)
    .where(REFERRAL_HISTORY.c.contract == bindparam("of"))
    .order_by(REFERRAL_HISTORY.c.revision)
)


@attrs.frozen
class SqlReferrals:
    """The port ``Referrals`` in a database, which itself guards S4 by two keys.

    In a PostgreSQL transaction ``find`` locks the referral.
    """

    work: Work

    def find(self, contract: str) -> Referral | None:
        """Return the referral of this contract, live or cancelled."""
        kept = self.work.ask(BY_CONTRACT, contract)
        return None if kept is None else self._with_notes(kept.referral, kept.notes)

    def live_of(self, customer: str) -> Referral | None:
        """Return the referral of this customer as referee that is open or was paid; there is at most one."""
        contract = self.work.ask(LIVE_OF, customer)
        return None if contract is None else self.find(contract)

    @joined
    def add(self, referral: Referral, *, at: datetime) -> None:
        """Store a new referral.

        :raises Refusal: ``already-referred`` when its contract carries one or its referee customer has a live one (S4).
        """
        if self.work.ask(BY_CONTRACT, referral.contract) is not None:
            raise Refusal(
                Reason.ALREADY_REFERRED, message=f"contract {referral.contract} carries a referral", field="contract"
            )
        self.work.keep(END, referral_subject(referral.contract), NO_ROWS)
        self._move_live(None, referral)
        row = ROWS.row(referral, revision=1, notes=len(referral.fee_notes))
        self.work.write(_NEW, row)
        self.work.write(_NEW_GIVEN, {name: row[name] for name in _GIVEN_COLUMNS})
        self._keep(referral, row, at, 0)

    @joined
    def replace(self, referral: Referral, *, at: datetime) -> None:
        """Store the next state of a referral that is known by its contract.

        :raises Refusal: ``referral-unknown`` when the contract carries none, ``already-referred`` when it would be
            the second live one of its referee customer (S4).
        """
        known = self.work.ask(BY_CONTRACT, referral.contract)
        if known is None or known.referral.referrer != referral.referrer:
            raise Refusal(
                Reason.REFERRAL_UNKNOWN,
                message=f"contract {referral.contract} carries no referral of account {referral.referrer}",
                field="contract",
            )
        self._move_live(known.referral, referral)
        row = ROWS.row(referral, revision=known.revision + 1, notes=len(referral.fee_notes))
        self.work.write(_CHANGE, {**without(row, "contract"), "of": referral.contract})
        self._keep(referral, row, learned_at(at, self.work.ask(RECORDED, referral.contract)), known.notes)

    def all(self, *, referrer: str | None = None, newest_by: datetime | None = None) -> Iterator[Referral]:
        """Yield every referral, or those of one referring account, by concluding moment and then by contract.

        With ``newest_by`` those concluded by then, the newest first: indexes that are read backwards.
        """
        if newest_by is not None and referrer is not None:
            return self._listed(_NEWEST_OF_REFERRER.pages(self.work, of=referrer, until=newest_by))
        if newest_by is not None:
            return _NEWEST.read(self.work, self._whole, until=newest_by)
        if referrer is None:
            return _ALL.read(self.work, self._whole)
        return self._listed(_OF_REFERRER.pages(self.work, of=referrer))

    def history(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral, in order, without its fee notes."""
        return tuple(map(_recorded, self.work.rows(_HISTORY, {"of": contract})))

    def _listed(self, pages: Iterator[Sequence[Row]]) -> Iterator[Referral]:
        """Yield the referrals of contracts that a directory lists, in its order."""
        for page in pages:
            contracts = [row.contract for row in page]
            if self.work.is_spread:  # each contract by itself, as each may lie elsewhere
                for kept in self.work.answers(*[(BY_CONTRACT, contract) for contract in contracts]):
                    yield self._with_notes(kept.referral, kept.notes)
                continue
            rows = {row.contract: row for row in _AMONG.rows(self.work, contracts)}
            yield from [self._whole(rows[contract]) for contract in contracts]

    def _move_live(self, before: Referral | None, referral: Referral) -> None:
        """Keep a live referral as its customer's, and one that is no longer live, or another's, not (S4)."""
        was = before.referee_customer if before is not None and before.is_live else None
        becomes = referral.referee_customer if referral.is_live else None
        if was == becomes:
            return
        if becomes is not None and self.work.ask(LIVE_OF, becomes) is not None:
            raise Refusal(
                Reason.ALREADY_REFERRED,
                message=f"customer {becomes} has a referral that is open or was paid",
                field="customer",
            )
        if was is not None:
            self.work.write(_NO_LONGER_LIVE, {"of": was})
            self.work.keep(LIVE_OF, was, None)
        if becomes is not None:
            self.work.write(_NEW_LIVE, {"customer": becomes, "contract": referral.contract})
            self.work.keep(LIVE_OF, becomes, referral.contract)

    def _keep(self, referral: Referral, row: dict[str, Any], recorded_at: datetime, notes: int) -> None:
        """Keep a state for ever, and the fee notes that are new with it: what was noted stays."""
        for number, note in enumerate(referral.fee_notes[notes:], notes + 1):
            self.work.write(_NEW_NOTE, note_row(referral.contract, number, note))
        place = {"contract": referral.contract, "revision": row["revision"]}
        self.work.write(_RECORD, {**place, "recorded_at": recorded_at, "state": referral_state(row)})
        plain = attrs.evolve(referral, fee_notes=()) if referral.fee_notes else referral
        self.work.keep(BY_CONTRACT, referral.contract, Kept(plain, row["notes"], row["revision"]))
        self.work.keep(RECORDED, referral.contract, recorded_at)

    def _whole(self, row: Row) -> Referral:
        return self._with_notes(ROWS.entity(row), row.notes)

    def _with_notes(self, referral: Referral, count: int) -> Referral:
        if not count:
            return referral
        notes = self.work.rows(_NOTES, {"of": referral.contract})
        return attrs.evolve(referral, fee_notes=tuple(map(note_of, notes)))


def _recorded(row: Row) -> Recorded[Referral]:
    state = ROWS.of_state(row.state, referrer_customer=row.referrer_customer, referee_customer=row.referee_customer)
    return Recorded(state, row.recorded_at, row.revision)
