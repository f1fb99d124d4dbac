"""Accounts, over the wire."""

from __future__ import annotations

import attrs

from referral_adapters.http.client.listing import Listing
from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.accounts import (
    AccountAnswer,
    AccountsAnswer,
    ActivityAnswer,
    MovementAnswer,
    MovementsAnswer,
    ReferralSeenAnswer,
)
from referral_adapters.http.models.answer import PageAnswer


@attrs.frozen
class Accounts:
    """Shows accounts: to staff, and to customers their own (T2, A1).

    An account that the caller may not see is refused like one that there is not.
    """

    _wire: Wire

    def of_customer(self, customer: str | None = None) -> list[str]:
        """Return the accounts of a customer; of the caller, who is a customer, without saying whose."""
        return self._wire.read(AccountsAnswer, "accounts", query={"customer": customer}).items

    def show(self, account: str) -> AccountAnswer:
        """Return an account: its contracts, codes, figures and balance.

        :raises Refusal: ``account-unknown``.
        """
        return self._wire.read(AccountAnswer, "accounts", account)

    def referrals(self, account: str) -> Listing[ReferralSeenAnswer]:
        """Return the account's referrals, on either side (T2).

        :raises Refusal: ``account-unknown``, when it is read.
        """

        def read(cursor: str | None, limit: int) -> PageAnswer[ReferralSeenAnswer]:
            query = {"cursor": cursor, "limit": limit}
            return self._wire.read(PageAnswer[ReferralSeenAnswer], "accounts", account, "referrals", query=query)

        return Listing(read)

    def movements(self, account: str) -> list[MovementAnswer]:
        """Return what moved on the account's discount, in order.

        :raises Refusal: ``account-unknown``.
        """
        return self._wire.read(MovementsAnswer, "accounts", account, "movements").items

    def activity(self, account: str) -> Listing[ActivityAnswer]:
        """Return what was done about the account, newest first.

        :raises Refusal: ``account-unknown``, when it is read.
        """

        def read(cursor: str | None, limit: int) -> PageAnswer[ActivityAnswer]:
            query = {"cursor": cursor, "limit": limit}
            return self._wire.read(PageAnswer[ActivityAnswer], "accounts", account, "activity", query=query)

        return Listing(read)
