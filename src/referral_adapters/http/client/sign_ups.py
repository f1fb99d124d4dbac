"""Sign-ups, over the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import attrs

from referral_adapters.http.client.listing import Listing
from referral_adapters.http.client.wire import Wire, written_out
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.checks import CheckAnswer
from referral_adapters.http.models.contracts import SignUpAnswer
from referral_adapters.http.models.referrals import ReferralAnswer


@attrs.frozen
class SignUps:
    """Checks codes, and concludes contracts with or without one (S1-S11)."""

    _wire: Wire

    def check(
        self,
        code: str,
        *,
        channel: str | None = None,
        customer: str | None = None,
        product: str | None = None,
        segment: str | None = None,
    ) -> CheckAnswer:
        """Tell whether a code can be used now, and what it would bring; nothing is changed (S5).

        :raises TooMany: too many checks in too short a time, for longer than the client's patience (A4).
        """
        asked = {"code": code, "channel": channel, "customer": customer, "product": product, "segment": segment}
        return self._wire.ask(CheckAnswer, "code-checks", body=written_out(asked))

    def conclude(  # noqa: PLR0913 - a sign-up has that many facts
        self,
        contract: str,
        *,
        account: str,
        customer: str,
        product: str | None = None,
        segment: str | None = None,
        channel: str | None = None,
        code: str | None = None,
        group: str | None = None,
        honoured_moment: datetime | None = None,
        reason: str | None = None,
        starts_on: date | None = None,
        first_name: str | None = None,
        at: datetime | None = None,
        key: str | None = None,
    ) -> SignUpAnswer:
        """Conclude a contract, with or without a code (S7), now or, as systems may say, at a moment before.

        :raises Refusal: the code cannot be used where that blocks (S6), with every reason; ``contract-exists``,
            ``not-same-customer``, ``group-unknown``, ``moment-invalid``, ``reason-missing``.
        """
        body = {
            "contract": contract,
            "account": account,
            "customer": customer,
            "product": product,
            "segment": segment,
            "channel": channel,
            "code": code,
            "group": group,
            "honour": _honour(honoured_moment),
            "reason": reason,
            "starts_on": starts_on,
            "first_name": first_name,
            "at": at,
        }
        return self._wire.act(SignUpAnswer, "contracts", key=key, body=body)

    def attach(
        self,
        contract: str,
        *,
        code: str,
        channel: str | None = None,
        group: str | None = None,
        honoured_moment: datetime | None = None,
        reason: str | None = None,
        seen: SignUpAnswer | None = None,
        key: str | None = None,
    ) -> SignUpAnswer:
        """Add a code to a sign-up that was concluded without one, before it activates (S8, S10).

        :raises Refusal: the code cannot be used, with every reason; ``contract-unknown``, ``contract-active``,
            ``already-referred``, ``group-unknown``, ``moment-invalid``, ``reason-missing``.
        :raises Changed: the sign-up is not what was seen.
        """
        honour = _honour(honoured_moment)
        body = {"code": code, "channel": channel, "group": group, "honour": honour, "reason": reason}
        return self._wire.act(SignUpAnswer, "contracts", contract, "code", key=key, body=body, seen=seen)

    def change_group(
        self, contract: str, *, group: str, reason: str, seen: SignUpAnswer | None = None, key: str | None = None
    ) -> ReferralAnswer:
        """Put the new customer into another group, until the contract activates (D7).

        :raises Refusal: ``contract-unknown``, ``referral-unknown``, ``contract-active``, ``group-unknown``,
            ``no-amount``, ``reason-missing``.
        :raises Changed: the sign-up is not what was seen.
        """
        path, body = ("contracts", contract, "referee-group"), {"group": group, "reason": reason}
        return self._wire.act(ReferralAnswer, *path, key=key, body=body, seen=seen, method="PUT")

    def find(self, contract: str) -> SignUpAnswer:
        """Return a sign-up: the contract, its referral and what is due by it.

        :raises Refusal: ``contract-unknown``.
        """
        return self._wire.read(SignUpAnswer, "contracts", contract)

    def all(self, *, open_only: bool = False, channel: str | None = None) -> Listing[SignUpAnswer]:
        """Return the sign-ups by the id of the contract, in the caller's segments."""

        def read(cursor: str | None, limit: int) -> PageAnswer[SignUpAnswer]:
            query = {"cursor": cursor, "limit": limit, "open": open_only, "channel": channel}
            return self._wire.read(PageAnswer[SignUpAnswer], "contracts", query=query)

        return Listing(read)


def _honour(moment: datetime | None) -> dict[str, Any] | None:
    return None if moment is None else {"moment": moment}
