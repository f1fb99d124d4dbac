"""The facts that a code is judged by."""

from __future__ import annotations

from datetime import datetime

import attrs
from dateutil.relativedelta import relativedelta

from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Terms
from referral_core.entities.promo_code import CodeStatus
from referral_core.values.calendar import Calendar

_UTC = Calendar("UTC")


@attrs.frozen(kw_only=True)
class Facts:
    """Everything that the rules about one code and one sign-up look at, already loaded.

    ``judged_at`` is the moment that code and amounts are judged at, ``concluded_at`` the one for the customer; they
    differ when an earlier moment is honoured (S10). ``code_status`` is ``None`` when nobody ever held the code.
    ``customer`` is ``None`` in a check that names no customer: the rules about the customer then say nothing (S5).
    ``calendar`` is the programme's, by whose clocks ``returning_after`` is counted (S2).
    ``referrer_terms`` is ``None`` when the programme's referrer group does not exist, likewise for the referee's.
    """

    code: str
    judged_at: datetime
    concluded_at: datetime
    code_status: CodeStatus | None
    referrer_customer: str | None
    referrer_terms: Terms | None
    referee_terms: Terms | None
    covered: bool = True
    customer: str | None = None
    contracts: tuple[Contract, ...] = ()
    referred: bool = False
    existing_customer_products: tuple[str, ...] | None = None
    returning_after: relativedelta | None = None
    calendar: Calendar = _UTC
