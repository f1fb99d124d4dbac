"""History in a database."""

from __future__ import annotations

from typing import Any, Final

import attrs
from sqlalchemy import Select, bindparam, select

from referral_adapters.sql.code_tables import PROMO_CODE_HISTORY, PROMO_CODES
from referral_adapters.sql.group_tables import GROUP_HISTORY
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.promo_codes import ROWS as CODES
from referral_adapters.sql.referral_tables import REFERRAL_HISTORY, REFERRALS
from referral_adapters.sql.referrals import ROWS as REFERRALS_AS
from referral_adapters.sql.states import group_in
from referral_adapters.sql.work import Work
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.values.recorded import Recorded

_C, _H, _R = PROMO_CODES.c, PROMO_CODE_HISTORY.c, REFERRAL_HISTORY.c
_CODES: Final[Select[Any]] = (
    select(PROMO_CODES, _H.recorded_at, _H.state, _H.personal, _H.revision.label("number"))
    .join(PROMO_CODE_HISTORY, (_H.account == _C.account) & (_H.text == _C.text))
    .where(_C.account == bindparam("of"))
    .order_by(_C.place, _H.revision)
)
_GROUP: Final = select(GROUP_HISTORY).where(GROUP_HISTORY.c.id == bindparam("of")).order_by(GROUP_HISTORY.c.revision)
_REFERRAL: Final[Select[Any]] = (
    select(REFERRAL_HISTORY, REFERRALS.c.referrer_customer, REFERRALS.c.referee_customer)
    .join(REFERRALS, REFERRALS.c.contract == _R.contract)
    .where(_R.contract == bindparam("of"))
    .order_by(_R.revision)
)
_PRESENT: Final = ("text", "account", "customer", "issued_at", "issued_by", "issuing")


@attrs.frozen
class SqlHistory:
    """The port ``History`` in a database, whose triggers refuse every change but the erasing of words (A5).

    Who persons are is read from the rows of codes and referrals themselves, where it can be erased.
    """

    work: Work

    def codes(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state of every code of an account: codes in the order they were added, states in theirs."""
        states: dict[str, list[Recorded[PromoCode]]] = {}
        for row in self.work.rows(_CODES, {"of": account}):
            states.setdefault(row.text, []).append(_code(row))
        return tuple(map(tuple, states.values()))

    def group(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state of a group, in order."""
        rows = self.work.rows(_GROUP, {"of": group})
        return tuple(Recorded(group_in(row.state), row.recorded_at, row.revision) for row in rows)

    def referral(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral, in order, without its fee notes."""
        return tuple(map(_referral, self.work.rows(_REFERRAL, {"of": contract})))


def _code(row: Row) -> Recorded[PromoCode]:
    """Return a state of a code: what changed is kept with it, and who persons are stands in the code's own row."""
    present = {name: getattr(row, name) for name in _PRESENT}
    state = CODES.of_state({**row.state, **(row.personal or {"ending_reason": None})}, **present)
    return Recorded(state, row.recorded_at, row.number)


def _referral(row: Row) -> Recorded[Referral]:
    state = REFERRALS_AS.of_state(
        row.state, referrer_customer=row.referrer_customer, referee_customer=row.referee_customer
    )
    return Recorded(state, row.recorded_at, row.revision)
