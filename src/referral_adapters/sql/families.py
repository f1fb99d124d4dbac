"""Which statements belong together: what an act that asks about an account, a contract … is likely to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from referral_adapters.sql import contracts, discount_groups, promo_codes, referrals, trace
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.unit_of_work import Asked, Families, Family
from referral_core.entities.trace_entry import account_subject, referral_subject


def _around_contract(rows: Sequence[Row | None]) -> Iterator[tuple[str, str]]:
    """Yield the account and the customer of a contract that is there, and the account of who referred it."""
    contract, referral, *_ = rows
    if contract is not None:
        yield "account", contract.account
        yield "customer", contract.customer
    if referral is not None:
        yield "account", referral.referrer


FAMILIES: Final = Families(
    Family(
        "account",
        (
            Asked(contracts.OF_ACCOUNT, "of"),
            Asked(contracts.OWNER, "of"),
            Asked(promo_codes.OF_ACCOUNT, "of"),
            Asked(promo_codes.PLACES, "of"),
            Asked(promo_codes.LAST_RECORD, "of"),
            Asked(trace.LAST, "of", account_subject, lasting=True),
        ),
        lock="account {}",
    ),
    Family(
        "contract",
        (
            Asked(contracts.BY_ID.locked, "contract"),
            Asked(referrals.BY_CONTRACT.locked, "of"),
            Asked(referrals.LAST_RECORD, "of"),
            Asked(trace.LAST, "of", referral_subject, lasting=True),
        ),
        leads_to=_around_contract,
    ),
    Family("customer", (Asked(contracts.OF_CUSTOMER, "of"), Asked(referrals.LIVE_OF, "of")), lock="customer {}"),
    Family("code", (Asked(promo_codes.BY_TEXT.locked, "of"), Asked(discount_groups.ALL, None))),
    Family("group", (Asked(discount_groups.ALL, None),)),
)
