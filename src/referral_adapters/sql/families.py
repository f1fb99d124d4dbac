"""Which lookups belong together: what an act that asks about an account, a contract … is likely to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from referral_adapters.sql import cases, contracts, discount_groups, promo_codes, referrals, trace
from referral_adapters.sql.unit import Families, Family, Member
from referral_core.entities.trace_entry import account_subject


def _around_contract(answers: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Yield the account and the customer of a contract that is there."""
    contract, *_ = answers
    if contract is not None:
        yield "account", contract.account
        yield "customer", contract.customer


def _nothing(_: str) -> str:
    return ""


FAMILIES: Final = Families(
    Family(
        "account",
        (Member(contracts.OF_ACCOUNT), Member(promo_codes.OF_ACCOUNT), Member(trace.END, account_subject)),
        lock="account {}",
    ),
    Family(
        "contract",
        (Member(contracts.BY_ID), Member(referrals.BY_CONTRACT), Member(referrals.RECORDED)),
        leads_to=_around_contract,
    ),
    Family("customer", (Member(contracts.OF_CUSTOMER), Member(referrals.LIVE_OF)), lock="customer {}"),
    Family("code", (Member(promo_codes.BY_TEXT), Member(discount_groups.ALL, _nothing))),
    Family("group", (Member(discount_groups.ALL, _nothing),)),
    Family("case", (Member(cases.BY_ID),)),
    # The chain of an account is read with the account, whose lock stands for it.
    Family("chain", (Member(trace.END),), lock="chain {}"),
)
