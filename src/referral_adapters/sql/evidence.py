"""The evidence on a code in a database: all of it in one statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, literal_column, select

from referral_adapters.sql.code_tables import CODE_TEXTS, PROMO_CODES
from referral_adapters.sql.contract_tables import CONTRACTS
from referral_adapters.sql.contracts import contract_of
from referral_adapters.sql.discount_groups import SqlDiscountGroups
from referral_adapters.sql.group_tables import GROUPS
from referral_adapters.sql.prepared import Row, row_maker
from referral_adapters.sql.promo_codes import SqlPromoCodes
from referral_adapters.sql.referral_tables import LIVE_REFERRALS
from referral_adapters.sql.work import Work
from referral_core.ports.evidence import Findings

_REFERRER_GROUP: Final = GROUPS.alias("referrer_group")
_REFEREE_GROUP: Final = GROUPS.alias("referee_group")


_ONE: Final = select(literal_column("1").label("always")).subquery("one")
GATHERED: Final = (
    select(
        LIVE_REFERRALS.c.contract.label("live"),
        _REFERRER_GROUP.c.stamp.label("referrer_stamp"),
        _REFEREE_GROUP.c.stamp.label("referee_stamp"),
        *(column.label(f"code_{column.name}") for column in PROMO_CODES.c),
        *CONTRACTS.c,
    )
    .select_from(_ONE)
    .outerjoin(CODE_TEXTS, CODE_TEXTS.c.text == bindparam("code"))
    .outerjoin(PROMO_CODES, (PROMO_CODES.c.account == CODE_TEXTS.c.account) & (PROMO_CODES.c.text == bindparam("code")))
    .outerjoin(LIVE_REFERRALS, LIVE_REFERRALS.c.customer == bindparam("customer"))
    .outerjoin(_REFERRER_GROUP, _REFERRER_GROUP.c.id == bindparam("referrer_group"))
    .outerjoin(_REFEREE_GROUP, _REFEREE_GROUP.c.id == bindparam("referee_group"))
    .outerjoin(CONTRACTS, CONTRACTS.c.customer == bindparam("customer"))
    .order_by(CONTRACTS.c.concluded_at, CONTRACTS.c.id)
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
        asked = {
            "code": code, "customer": customer, "referrer_group": referrer_group, "referee_group": referee_group
        }  # fmt: skip
        rows = self.work.rows(GATHERED, asked)
        first = rows[0]
        return Findings(
            None if first.code_text is None else self._promo_codes.read(_code_row(first[_CODE_COLUMNS])),
            () if first.id is None else tuple(map(contract_of, rows)),
            first.live is not None,
            (
                self._groups.stamped(referrer_group, first.referrer_stamp),
                self._groups.stamped(referee_group, first.referee_stamp),
            ),
        )
