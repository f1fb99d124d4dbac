"""The facts about a code and a sign-up, and the rules that decide on them.

Each rule is a function from the facts to a reason, or to nothing. The rules stand in one tuple, in the order in which
their reasons are reported (S5); all of them run, so that every reason is reported and not only the first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Final

import attrs
from dateutil.relativedelta import relativedelta

from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import GroupStatus, Terms
from referral_core.entities.promo_code import CodeStatus
from referral_core.values.errors import Reason
from referral_core.values.moment import Calendar

_UTC = Calendar("UTC")


@attrs.frozen(kw_only=True)
class Facts:
    """All facts that the rules about one code and one sign-up use, already loaded.

    ``judged_at`` is the moment for code and amounts, ``concluded_at`` the moment for the customer; they differ when an
    earlier moment is honoured (S10). ``code_status`` is ``None`` when no account ever held the code. ``customer`` is
    ``None`` in a check without a customer: the rules about the customer then give no reason (S5). ``returning_after``
    is counted by the clocks of ``calendar``, the programme's (S2). ``referrer_terms`` is ``None`` when the programme's
    referrer group does not exist; ``referee_terms`` likewise.
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


Rule = Callable[[Facts], Reason | None]


def code_is_known(facts: Facts) -> Reason | None:
    """S5: some account holds or held the code."""
    return Reason.CODE_UNKNOWN if facts.code_status is None else None


def code_has_started(facts: Facts) -> Reason | None:
    """S5: the code is no longer pending at the moment it is judged at."""
    return Reason.CODE_PENDING if facts.code_status is CodeStatus.PENDING else None


def code_has_not_ended(facts: Facts) -> Reason | None:
    """S5: the code has not ended at the moment it is judged at."""
    return Reason.CODE_ENDED if facts.code_status is CodeStatus.ENDED else None


def customer_has_no_active_contract(facts: Facts) -> Reason | None:
    """S1: at the concluding moment the customer has no active contract, on any account."""
    for contract in facts.contracts:
        if _counts(contract, facts) and contract.is_active_at(facts.concluded_at):
            return Reason.EXISTING_CUSTOMER
    return None


def customer_is_not_former(facts: Facts) -> Reason | None:
    """S2: the customer never had an active contract, or has been absent long enough to count as new again."""
    ends = []
    for contract in facts.contracts:
        if not contract.was_active_by(facts.concluded_at) or not _counts(contract, facts):
            continue
        # An active contract makes an existing customer, which is the reason of the rule above and not of this one.
        if contract.ended_at is None or contract.is_active_at(facts.concluded_at):
            return None
        ends.append(contract.ended_at)
    if not ends:
        return None
    if facts.returning_after is None:
        return Reason.FORMER_CUSTOMER
    new_again = facts.calendar.later(max(ends), facts.returning_after)
    return None if new_again is not None and new_again <= facts.concluded_at else Reason.FORMER_CUSTOMER


def code_is_somebody_elses(facts: Facts) -> Reason | None:
    """S3: the code does not belong to an account of the same customer."""
    if facts.customer is not None and facts.customer == facts.referrer_customer:
        return Reason.SELF_REFERRAL
    return None


def neither_contract_nor_customer_is_referred(facts: Facts) -> Reason | None:
    """S4: the contract carries no referral, and the customer has none that counts and is open or was paid."""
    return Reason.ALREADY_REFERRED if facts.referred else None


def contract_is_covered(facts: Facts) -> Reason | None:
    """S11: the contract's product and segment belong to the programme, and its channels are not excluded."""
    return None if facts.covered else Reason.NOT_ELIGIBLE


def both_amounts_are_in_force(facts: Facts) -> Reason | None:
    """D8: each side's group has an amount in force; zero is an amount."""
    for terms in (facts.referrer_terms, facts.referee_terms):
        if terms is None or terms.amount is None or terms.period is None:
            return Reason.NO_AMOUNT
    return None


def both_groups_are_enabled(facts: Facts) -> Reason | None:
    """D8: neither side's group is disabled, at the moment its amount is judged at."""
    for terms in (facts.referrer_terms, facts.referee_terms):
        if terms is not None and terms.status is GroupStatus.DISABLED:
            return Reason.GROUP_DISABLED
    return None


RULES: Final[tuple[Rule, ...]] = (
    code_is_known,
    code_has_started,
    code_has_not_ended,
    customer_has_no_active_contract,
    customer_is_not_former,
    code_is_somebody_elses,
    neither_contract_nor_customer_is_referred,
    contract_is_covered,
    both_amounts_are_in_force,
    both_groups_are_enabled,
)
"""Every rule about using a code, in the order of :class:`~referral_core.values.errors.Reason`."""


def is_referred(referred_by: Collection[str], contracts: Iterable[Contract], products: Collection[str] | None) -> bool:
    """Tell whether a customer counts as referred already, by the contracts of their live referrals (S4, S12).

    ``contracts`` are all of the customer's. With ``products`` only referrals for contracts on these count.
    """
    others = () if products is None else [each.id for each in contracts if each.product not in products]
    return any(contract not in others for contract in referred_by)


def _counts(contract: Contract, facts: Facts) -> bool:
    """Tell whether a contract's product makes its customer an existing one; any does unless the programme says so."""
    products = facts.existing_customer_products
    return products is None or contract.product in products
