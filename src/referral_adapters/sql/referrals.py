"""Referrals in a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from referral_adapters.sql.atomic import atomic, joined
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.referral_rows import note_of, note_row, referral_of, referral_row
from referral_adapters.sql.referral_tables import FEE_NOTES, LIVE_REFERRALS, REFERRAL_HISTORY, REFERRALS
from referral_adapters.sql.statements import Insertion, Pages, locking, without
from referral_adapters.sql.states import referral_in, referral_state
from referral_adapters.sql.work import Work
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason
from referral_core.values.recorded import Recorded, learned_at

BY_CONTRACT: Final = locking(select(REFERRALS).where(REFERRALS.c.contract == bindparam("of")))
LIVE_OF: Final = select(REFERRALS).where(
    REFERRALS.c.contract
    == select(LIVE_REFERRALS.c.contract).where(LIVE_REFERRALS.c.customer == bindparam("of")).scalar_subquery()
)
_FEW: Final = 100
"""How many of the newest are read at a time: most who ask want a screenful."""
_ORDER: Final = (REFERRALS.c.concluded_at, REFERRALS.c.contract)
_ALL: Final = Pages(select(REFERRALS), *_ORDER)
_OF_REFERRER: Final = Pages(select(REFERRALS).where(REFERRALS.c.referrer == bindparam("of")), *_ORDER)
_UNTIL: Final = REFERRALS.c.concluded_at <= bindparam("until")
_NEWEST: Final = Pages(select(REFERRALS).where(_UNTIL), *_ORDER, size=_FEW, backwards=True)
_NEWEST_OF_REFERRER: Final = Pages(
    select(REFERRALS).where(REFERRALS.c.referrer == bindparam("of"), _UNTIL), *_ORDER, size=_FEW, backwards=True
)
_NOTES: Final = select(FEE_NOTES).where(FEE_NOTES.c.contract == bindparam("of")).order_by(FEE_NOTES.c.number)
_NEW: Final = Insertion(REFERRALS)
_NEW_LIVE: Final = Insertion(LIVE_REFERRALS)
_NOT_LIVE: Final = delete(LIVE_REFERRALS).where(LIVE_REFERRALS.c.customer == bindparam("of"))
_NO_LONGER_LIVE: Final = delete(LIVE_REFERRALS).where(LIVE_REFERRALS.c.contract == bindparam("of"))
_LIVE: Final = select(LIVE_REFERRALS.c.contract).where(LIVE_REFERRALS.c.customer == bindparam("of"))
_CHANGE: Final = update(REFERRALS).where(REFERRALS.c.contract == bindparam("of"))
_FORGET_NOTES: Final = delete(FEE_NOTES).where(FEE_NOTES.c.contract == bindparam("of"))
_NEW_NOTE: Final = insert(FEE_NOTES)
_RECORD: Final = insert(REFERRAL_HISTORY)
LAST_RECORD: Final = select(func.max(REFERRAL_HISTORY.c.recorded_at).label("recorded_at")).where(
    REFERRAL_HISTORY.c.contract == bindparam("of")
)
_HISTORY: Final[Select[Any]] = (
    select(REFERRAL_HISTORY, REFERRALS.c.referrer_customer, REFERRALS.c.referee_customer)
    .join(REFERRALS, REFERRALS.c.contract == REFERRAL_HISTORY.c.contract)
    .where(REFERRAL_HISTORY.c.contract == bindparam("of"))
    .order_by(REFERRAL_HISTORY.c.revision)
)


@attrs.frozen
class SqlReferrals:
    """Referrals in a database, which itself guards S4 by two keys.

    In a PostgreSQL transaction ``find`` locks the referral.
    """

    work: Work

    def find(self, contract: str) -> Referral | None:
        """Return the referral of this contract, live or cancelled."""
        return self._of(self.work.row(BY_CONTRACT(self.work), {"of": contract}))

    def live_of(self, customer: str) -> Referral | None:
        """Return the referral of this customer as referee that is open or was paid; there is at most one."""
        return self._of(self.work.row(LIVE_OF, {"of": customer}))

    @joined
    def add(self, referral: Referral, *, at: datetime) -> None:
        """Store a new referral.

        :raises Refusal: ``already-referred`` when its contract carries one or its referee customer has a live one (S4).
        """
        row = referral_row(referral, 1)
        is_newly_live = self._keep_live(referral)
        if not _NEW.into(self.work, row):
            if is_newly_live:
                self.work.change(_NOT_LIVE, {"of": referral.referee_customer})
            raise Refusal(
                Reason.ALREADY_REFERRED, message=f"contract {referral.contract} carries a referral", field="contract"
            )
        self._keep_rest(referral, row, at)

    @atomic
    def replace(self, referral: Referral, *, at: datetime) -> None:
        """Store the next state of a referral that is known by its contract.

        :raises Refusal: ``referral-unknown`` when the contract carries none, ``already-referred`` when it would be
            the second live one of its referee customer (S4).
        """
        known = self.work.row(BY_CONTRACT(self.work), {"of": referral.contract})
        if known is None or known.referrer != referral.referrer:
            raise Refusal(
                Reason.REFERRAL_UNKNOWN,
                message=f"contract {referral.contract} carries no referral of account {referral.referrer}",
                field="contract",
            )
        row = referral_row(referral, known.revision + 1)
        self.work.change(_CHANGE, {**without(row, "contract"), "of": referral.contract})
        was_live = ReferralStatus(known.status) is not ReferralStatus.CANCELLED
        if not (was_live and referral.is_live and known.referee_customer == referral.referee_customer):
            self.work.change(_NO_LONGER_LIVE, {"of": referral.contract})
            self._keep_live(referral)
        if known.notes:
            self.work.change(_FORGET_NOTES, {"of": referral.contract})
        before = self.work.row(LAST_RECORD, {"of": referral.contract})
        self._keep_rest(referral, row, learned_at(at, None if before is None else before.recorded_at))

    def all(self, *, referrer: str | None = None, newest_by: datetime | None = None) -> Iterator[Referral]:
        """Yield every referral, or those of one referring account, by concluding moment and then by contract.

        With ``newest_by`` those concluded by then, the newest first: indexes that are read backwards.
        """
        if newest_by is not None and referrer is not None:
            return _NEWEST_OF_REFERRER.read(self.work, self._whole, of=referrer, until=newest_by)
        if newest_by is not None:
            return _NEWEST.read(self.work, self._whole, until=newest_by)
        if referrer is None:
            return _ALL.read(self.work, self._whole)
        return _OF_REFERRER.read(self.work, self._whole, of=referrer)

    def history(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral, in order, without its fee notes."""
        return tuple(map(_recorded, self.work.rows(_HISTORY, {"of": contract})))

    def _keep_live(self, referral: Referral) -> bool:
        """Keep a live referral as its customer's, and tell whether it was not yet."""
        if not referral.is_live:
            return False
        live = {"customer": referral.referee_customer, "contract": referral.contract}
        if _NEW_LIVE.into(self.work, live):
            return True
        other = self.work.row(_LIVE, {"of": referral.referee_customer})
        if other is None or other.contract != referral.contract:
            raise Refusal(
                Reason.ALREADY_REFERRED,
                message=f"customer {referral.referee_customer} has a referral that is open or was paid",
                field="customer",
            )
        return False

    def _keep_rest(self, referral: Referral, row: dict[str, Any], recorded_at: datetime) -> None:
        notes = [note_row(referral.contract, number, note) for number, note in enumerate(referral.fee_notes, 1)]
        if notes:
            self.work.change(_NEW_NOTE, notes)
        place = {"contract": referral.contract, "revision": row["revision"]}
        self.work.change(_RECORD, {**place, "recorded_at": recorded_at, "state": referral_state(row)})

    def _of(self, row: Row | None) -> Referral | None:
        return None if row is None else self._whole(row)

    def _whole(self, row: Row) -> Referral:
        notes = self.work.rows(_NOTES, {"of": row.contract}) if row.notes else ()
        return referral_of(row, tuple(map(note_of, notes)))


def _recorded(row: Row) -> Recorded[Referral]:
    state = referral_in(row.referrer_customer, row.referee_customer, row.state)
    return Recorded(state, row.recorded_at, row.revision)
