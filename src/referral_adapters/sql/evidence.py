"""The evidence on a code in a database: all of it in one statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
from sqlalchemy import ScalarSelect, bindparam, literal_column, select, true

from referral_adapters.sql.code_tables import CODE_TEXTS, PROMO_CODES
from referral_adapters.sql.contract_tables import CONTRACTS
from referral_adapters.sql.contracts import OF_CUSTOMER
from referral_adapters.sql.contracts import ROWS as CONTRACTS_AS
from referral_adapters.sql.discount_groups import SqlDiscountGroups
from referral_adapters.sql.group_tables import GROUPS
from referral_adapters.sql.prepared import Row, row_maker
from referral_adapters.sql.promo_codes import ROWS as CODES
from referral_adapters.sql.promo_codes import SqlPromoCodes
from referral_adapters.sql.referral_tables import LIVE_REFERRALS
from referral_adapters.sql.referrals import LIVE_OF
from referral_adapters.sql.work import Work
from referral_core.ports.evidence import Findings

_ONE: Final = select(literal_column("1").label("always")).subquery("one")
_HOLDER: Final = select(CODE_TEXTS.c.account).where(CODE_TEXTS.c.text == bindparam("code")).scalar_subquery()
_HELD: Final = (
    select(PROMO_CODES)
    .where(PROMO_CODES.c.account == _HOLDER, PROMO_CODES.c.text == bindparam("code"))
    .subquery("held")
)
_LIVE: Final = (
    select(LIVE_REFERRALS.c.contract).where(LIVE_REFERRALS.c.customer == bindparam("customer")).subquery("live")
)
_OWN: Final = select(CONTRACTS).where(CONTRACTS.c.customer == bindparam("customer")).subquery("own")


def _stamp(group: str) -> ScalarSelect[str]:
    return select(GROUPS.c.stamp).where(GROUPS.c.id == bindparam(group)).scalar_subquery()


GATHERED: Final = (
    select(
        _LIVE.c.contract.label("live_contract"),
        _stamp("referrer_group").label("referrer_stamp"),
        _stamp("referee_group").label("referee_stamp"),
        *(column.label(f"code_{column.name}") for column in _HELD.c),
        *_OWN.c,
    )
    # Each looked up by itself, joined to nothing: on a cluster they lie in different places.
    .select_from(_ONE)
    .outerjoin(_HELD, true())
    .outerjoin(_LIVE, true())
    .outerjoin(_OWN, true())
    .order_by(_OWN.c.concluded_at, _OWN.c.id)
)
"""A row for each contract of the customer, or one without: the code, the standing and the groups in every one."""
_CODE_COLUMNS: Final = slice(3, 3 + len(PROMO_CODES.c))
_code_row: Final[Callable[[tuple[Any, ...]], Row]] = row_maker(PROMO_CODES.c.keys())


@attrs.frozen
class SqlEvidence:
    """The port ``Evidence`` in a database: one statement, whatever is asked (P4).

    What a group gives is kept from one check to the next, and read again when the group's stamp has changed.
    """

    work: Work
    _promo_codes: SqlPromoCodes
    _groups: SqlDiscountGroups

    def gather(self, code: str, customer: str | None, groups: tuple[str, str]) -> Findings:
        """Look up the code with a canonical text, a customer's standing, and two groups."""
        referrer_group, referee_group = groups
        if self.work.has_unit:  # where most of it was read ahead, and will be asked for again
            return Findings(
                self._promo_codes.find(code),
                () if customer is None else self.work.ask(OF_CUSTOMER, customer),
                customer is not None and self.work.ask(LIVE_OF, customer) is not None,
                (self._groups.find(referrer_group), self._groups.find(referee_group)),
            )
        asked = {
            "code": code, "customer": customer, "referrer_group": referrer_group, "referee_group": referee_group
        }  # fmt: skip
        rows = self.work.rows(GATHERED, asked)
        first = rows[0]
        return Findings(
            None if first.code_text is None else CODES.entity(_code_row(first[_CODE_COLUMNS])),
            () if first.id is None else tuple(map(CONTRACTS_AS.entity, rows)),
            first.live_contract is not None,
            (
                self._groups.stamped(referrer_group, first.referrer_stamp),
                self._groups.stamped(referee_group, first.referee_stamp),
            ),
        )
