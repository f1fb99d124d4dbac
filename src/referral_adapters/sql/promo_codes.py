"""Promo codes in a database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, delete, func, insert, select, update

from referral_adapters.sql.atomic import atomic, joined
from referral_adapters.sql.code_tables import CODE_TEXTS, PROMO_CODE_HISTORY, PROMO_CODES
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.statements import Insertion, locking, without
from referral_adapters.sql.states import code_state
from referral_adapters.sql.work import Work
from referral_core.entities.promo_code import Ending, Issuing, PromoCode
from referral_core.values.errors import ConcurrentChange, Refusal
from referral_core.values.reason import Reason
from referral_core.values.recorded import learned_at

_KIND: Final = "code"
BY_TEXT: Final = locking(
    select(PROMO_CODES).where(
        PROMO_CODES.c.text == bindparam("of"),
        PROMO_CODES.c.account
        == select(CODE_TEXTS.c.account).where(CODE_TEXTS.c.text == bindparam("of")).scalar_subquery(),
    ),
    shared=PROMO_CODES,
)
OF_ACCOUNT: Final = select(PROMO_CODES).where(PROMO_CODES.c.account == bindparam("of")).order_by(PROMO_CODES.c.place)
LAST_RECORD: Final = select(func.max(PROMO_CODE_HISTORY.c.recorded_at).label("recorded_at")).where(
    PROMO_CODE_HISTORY.c.account == bindparam("of")
)
PLACES: Final = select(
    func.coalesce(func.max(PROMO_CODES.c.place), 0).label("last"),
    LAST_RECORD.scalar_subquery().label("recorded_at"),
).where(PROMO_CODES.c.account == bindparam("of"))
_NEW_TEXT: Final = Insertion(CODE_TEXTS)
_NO_TEXT: Final = delete(CODE_TEXTS).where(CODE_TEXTS.c.text == bindparam("of"))
_NEW: Final = Insertion(PROMO_CODES)
_CHANGE: Final = (
    update(PROMO_CODES)
    .where(PROMO_CODES.c.account == bindparam("of"), PROMO_CODES.c.text == bindparam("called"))
    .where(PROMO_CODES.c.revision == bindparam("last"))
)
_RECORD: Final = insert(PROMO_CODE_HISTORY)


@attrs.frozen
class SqlPromoCodes:
    """The port ``PromoCodes`` in a database, which itself guards C1 by a key and C6 by an exclusion or triggers.

    In a PostgreSQL transaction ``add`` and ``replace`` lock the account, as ``Contracts`` does, and ``find`` the code:
    many may look at one at once, and nobody changes it meanwhile.
    """

    work: Work

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text, whoever holds or held it."""
        row = self.work.row(BY_TEXT(self.work), {"of": text})
        return None if row is None else self.read(row)

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes, past ones included, in the order they were issued."""
        return tuple(map(self.read, self.work.rows(OF_ACCOUNT, {"of": account})))

    @joined
    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Store a newly issued code, as recorded at ``at``.

        :raises Refusal: ``code-taken`` when any account ever held the text (C1), ``code-overlap`` when the account
            holds another code at some moment of its period (C6).
        """
        self.work.lock(f"account {code.account}")
        if not _NEW_TEXT.into(self.work, {"text": code.text, "account": code.account}):
            raise Refusal(Reason.CODE_TAKEN, message=f"the text {code.text} was issued before", field="code")
        row = code_row(code, 1)
        before = self.work.row(PLACES, {"of": code.account})
        if not self._fits({**row, "place": 1 if before is None else before.last + 1}):
            self.work.change(_NO_TEXT, {"of": code.text})
            raise Refusal(Reason.CODE_OVERLAP, message=f"account {code.account} holds another code then", field="code")
        self._record(row, learned_at(at, None if before is None else before.recorded_at))

    @atomic
    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Store the next state of a code that is known by its text, as recorded at ``at``.

        :raises Refusal: ``code-overlap`` as :meth:`add` does, ``code-unknown`` when the account never held it.
        :raises ConcurrentChange: somebody else stored a state since this transaction read the code.
        """
        self.work.lock(f"account {code.account}")
        key = _KIND, code.text
        last = self.work.seen.get(key)
        if last is None:
            known = self.work.row(BY_TEXT(self.work), {"of": code.text})
            if known is None or known.account != code.account:
                raise Refusal(
                    Reason.CODE_UNKNOWN, message=f"account {code.account} never held {code.text}", field="code"
                )
            last = known.revision
        row = code_row(code, last + 1)
        if not self.work.change(
            _CHANGE, {**without(row, "account"), "of": code.account, "called": code.text, "last": last}
        ):
            raise ConcurrentChange(f"The code {code.text} was changed by somebody else at the same time.")
        self.work.seen[key] = last + 1
        before = self.work.row(LAST_RECORD, {"of": code.account})
        self._record(row, learned_at(at, None if before is None else before.recorded_at))

    def read(self, row: Row) -> PromoCode:
        """Return the code of a row, which this transaction has now read."""
        self.work.seen.setdefault((_KIND, row.text), row.revision)  # what was read first is what was judged
        return code_of(row)

    def _fits(self, row: dict[str, Any]) -> bool:
        """Add a row and tell whether it fits beside the others; SQLite says by an error that it does not."""
        try:
            return _NEW.into(self.work, row)
        except Refusal:
            return False

    def _record(self, row: dict[str, Any], recorded_at: datetime) -> None:
        """Keep a state for ever, with the moment it was recorded, which follows those of the account's other codes."""
        self.work.change(_RECORD, history_row(row, recorded_at))


def code_row(code: PromoCode, revision: int) -> dict[str, Any]:
    """Return the row of a code."""
    return {
        "account": code.account,
        "text": code.text,
        "customer": code.customer,
        "issued_at": code.issued_at,
        "issued_by": code.issued_by,
        "issuing": code.issuing.value,
        "starts_at": code.starts_at,
        "ends_at": code.ends_at,
        "ending": None if code.ending is None else code.ending.value,
        "ending_reason": code.ending_reason,
        "revision": revision,
    }


def history_row(row: dict[str, Any], recorded_at: datetime) -> dict[str, Any]:
    """Return the row that keeps for ever what the row of a code says, and when it was recorded."""
    state, personal = code_state(row)
    place = {"account": row["account"], "text": row["text"], "revision": row["revision"]}
    return {**place, "recorded_at": recorded_at, "state": state, "personal": personal}


def code_of(row: Row) -> PromoCode:
    """Return the code of a row."""
    return PromoCode(
        text=row.text,
        account=row.account,
        customer=row.customer,
        issued_at=row.issued_at,
        issued_by=row.issued_by,
        issuing=Issuing(row.issuing),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ending=None if row.ending is None else Ending(row.ending),
        ending_reason=row.ending_reason,
    )
