"""Promo codes in a database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, func, insert, select, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.code_tables import CODE_TEXTS, PROMO_CODE_HISTORY, PROMO_CODES
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.rows import Rows
from referral_adapters.sql.statements import locking, without
from referral_adapters.sql.states import code_state
from referral_adapters.sql.unit import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.promo_code import PromoCode, codes_over_time
from referral_core.values.errors import ConcurrentChange, Refusal
from referral_core.values.reason import Reason
from referral_core.values.recorded import learned_at

ROWS: Final = Rows(PromoCode, PROMO_CODES)
_LAST_RECORD: Final = (
    select(func.max(PROMO_CODE_HISTORY.c.recorded_at))
    .where(PROMO_CODE_HISTORY.c.account == bindparam("of"))
    .scalar_subquery()
    .label("last_recorded_at")
)


@attrs.frozen
class Held:
    """A code as it is stored, and how many states it has had."""

    code: PromoCode
    revision: int


@attrs.frozen
class Codes:
    """The codes that an account holds or held, in the order they were issued, and when the last was recorded."""

    held: tuple[Held, ...]
    recorded_at: datetime | None


def _held(row: Row) -> Held:
    return Held(ROWS.entity(row), row.revision)


BY_TEXT: Final = Lookup(
    locking(
        select(PROMO_CODES).where(
            PROMO_CODES.c.text == bindparam("of"),
            PROMO_CODES.c.account
            == select(CODE_TEXTS.c.account).where(CODE_TEXTS.c.text == bindparam("of")).scalar_subquery(),
        ),
        shared=PROMO_CODES,
    ),
    lambda rows: _held(rows[0]) if rows else None,
)
"""The code of a text, which many may use at once, and nobody change meanwhile."""
OF_ACCOUNT: Final = Lookup(
    locking(
        select(PROMO_CODES, _LAST_RECORD).where(PROMO_CODES.c.account == bindparam("of")).order_by(PROMO_CODES.c.place),
        is_locked=False,
    ),
    lambda rows: Codes(tuple(map(_held, rows)), rows[0].last_recorded_at if rows else None),
)
_NEW_TEXT: Final = insert(CODE_TEXTS)
_NEW: Final = insert(PROMO_CODES)
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
        held = self.work.ask(BY_TEXT, text)
        return None if held is None else held.code

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes, past ones included, in the order they were issued."""
        return tuple([each.code for each in self.work.ask(OF_ACCOUNT, account).held])

    @joined
    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Store a newly issued code, as recorded at ``at``.

        :raises Refusal: ``code-taken`` when any account ever held the text (C1), ``code-overlap`` when the account
            holds another code at some moment of its period (C6).
        """
        codes = self.work.ask(OF_ACCOUNT, code.account)
        if self.work.ask(BY_TEXT, code.text) is not None:
            raise Refusal(Reason.CODE_TAKEN, message=f"the text {code.text} was issued before", field="code")
        _check_periods(code, codes)
        row = ROWS.row(code, revision=1, place=len(codes.held) + 1)
        self.work.write(_NEW_TEXT, {"text": code.text, "account": code.account})
        self.work.write(_NEW, row)
        self._record(code, row, codes, at)

    @joined
    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Store the next state of a code that is known by its text, as recorded at ``at``.

        :raises Refusal: ``code-overlap`` as :meth:`add` does, ``code-unknown`` when the account never held it.
        :raises ConcurrentChange: somebody else stored a state since this transaction read the code.
        """
        found = self.work.known(BY_TEXT, code.text)
        codes = self.work.ask(OF_ACCOUNT, code.account)
        last = next((each for each in codes.held if each.code.text == code.text), None)
        if last is None:
            raise Refusal(Reason.CODE_UNKNOWN, message=f"account {code.account} never held {code.text}", field="code")
        if found is not None and found.revision != last.revision:  # what was judged, before the account was locked
            raise ConcurrentChange(f"The code {code.text} was changed by somebody else at the same time.")
        _check_periods(code, codes)
        row = ROWS.row(code, revision=last.revision + 1)
        self.work.write(
            _CHANGE, {**without(row, "account"), "of": code.account, "called": code.text, "last": last.revision}
        )
        self._record(code, row, codes, at)

    def _record(self, code: PromoCode, row: dict[str, Any], codes: Codes, at: datetime) -> None:
        """Keep a state for ever, with the moment it was recorded, which follows those of the account's other codes."""
        recorded_at = learned_at(at, codes.recorded_at)
        # One revision is there once: whoever changes a code that somebody else has changed meanwhile fails here.
        self.work.write(_RECORD, history_row(row, recorded_at))
        held = Held(code, row["revision"])
        rest = [held if each.code.text == code.text else each for each in codes.held]
        self.work.keep(BY_TEXT, code.text, held)
        is_new = held not in rest
        self.work.keep(OF_ACCOUNT, code.account, Codes((*rest, *([held] if is_new else [])), recorded_at))


def _check_periods(code: PromoCode, codes: Codes) -> None:
    others = [each.code for each in codes.held if each.code.text != code.text]
    if not others:
        return
    try:
        codes_over_time([*others, code])
    except Refusal as overlap:
        raise Refusal(
            Reason.CODE_OVERLAP, message=f"account {code.account} holds another code then", field="code"
        ) from overlap


def history_row(row: dict[str, Any], recorded_at: datetime) -> dict[str, Any]:
    """Return the row that keeps for ever what the row of a code says, and when it was recorded."""
    state, personal = code_state(row)
    place = {"account": row["account"], "text": row["text"], "revision": row["revision"]}
    return {**place, "recorded_at": recorded_at, "state": state, "personal": personal}
