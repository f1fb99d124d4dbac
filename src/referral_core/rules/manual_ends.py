"""What manual endings of codes block: the account's own automatic codes, or all of the customer's (C7)."""

from __future__ import annotations

from collections.abc import Iterable

from referral_core.entities.promo_code import Issuing, PromoCode


def is_blocked_with_customer(account: str, codes: Iterable[PromoCode]) -> bool:
    """Tell whether a manual ending keeps automatic codes from an account, where it blocks the whole customer (C7).

    ``codes`` are those of all the customer's accounts. A code that staff issued by hand lifts the block for its
    account, until staff end it, or end another of the customer's after it was over.
    """
    known = tuple(codes)
    ends = [code.ended_by_hand_at for code in known if code.ended_by_hand_at is not None]
    if not ends:
        return False
    last = max(ends)
    lifting = (code for code in known if code.account == account and code.issuing is Issuing.BY_HAND)
    return not any(
        code.ended_by_hand_at is None and (code.ends_at is None or code.ends_at > last or code.issued_at >= last)
        for code in lifting
    )
