"""Bills, transfers and fees, over the wire."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.discounts import AmountAnswer, BillAnswer, TransferAnswer
from referral_adapters.http.models.referrals import ReferralAnswer


@attrs.frozen
class Discounts:
    """Lets bills take discounts, moves what is unused, and notes fees (B6-B8).

    Amounts are text in the programme's currency.
    """

    _wire: Wire

    def bill(
        self, bill: str, *, account: str, amount: str, at: datetime | None = None, key: str | None = None
    ) -> BillAnswer:
        """Let a bill take what it can of the account's discount, once, oldest grant first (B6).

        :raises Refusal: ``account-unknown``, ``bill-exists``, ``amount-invalid``.
        """
        body = {"bill": bill, "account": account, "amount": amount, "at": at}
        return self._wire.act(BillAnswer, "bills", key=key, body=body)

    def transfer(
        self, source: str, target: str, *, amount: str | None = None, key: str | None = None
    ) -> TransferAnswer:
        """Move unused discount, all of it or an amount, to another account of the same customer (B7).

        :raises Refusal: ``account-unknown``, ``contract-active``, ``no-contract``, ``not-same-customer``,
            ``amount-exceeds-unused``, ``amount-invalid``.
        """
        body = {"from": source, "to": target, "amount": amount}
        return self._wire.act(TransferAnswer, "transfers", key=key, body=body)

    def note_fee(self, contract: str, *, amount: str, reason: str, key: str | None = None) -> ReferralAnswer:
        """Note that a discount is to be paid back on early termination; it posts nothing (B8).

        :raises Refusal: ``contract-unknown``, ``referral-unknown``, ``amount-invalid``, ``reason-missing``.
        """
        body = {"amount": amount, "reason": reason}
        return self._wire.act(ReferralAnswer, "contracts", contract, "fee-notes", key=key, body=body)

    def propose_fee(self, contract: str) -> str:
        """Return the amount to be paid back on early termination, by the programme's policy (B8).

        :raises Refusal: ``contract-unknown``, ``referral-unknown``.
        """
        return self._wire.read(AmountAnswer, "contracts", contract, "fee-proposal").amount
