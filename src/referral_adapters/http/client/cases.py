"""Cases, over the wire."""

from __future__ import annotations

from datetime import date

import attrs

from referral_adapters.http.client.listing import Listing
from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.cases import CaseAnswer, FinishedCaseAnswer


@attrs.frozen
class Cases:
    """Opens, finishes and abandons cases (K1-K3)."""

    _wire: Wire

    def open(
        self,
        case: str,
        *,
        customer: str,
        code: str | None = None,
        product: str | None = None,
        segment: str | None = None,
        key: str | None = None,
    ) -> CaseAnswer:
        """Open a case for a sign-up that failed; it carries the code and the amount of this moment (K1).

        :raises Refusal: ``case-exists``.
        """
        body = {"case": case, "customer": customer, "code": code, "product": product, "segment": segment}
        return self._wire.act(CaseAnswer, "cases", key=key, body=body)

    def finish(  # noqa: PLR0913 - a sign-up has that many facts
        self,
        case: str,
        *,
        contract: str,
        account: str,
        customer: str,
        product: str | None = None,
        segment: str | None = None,
        starts_on: date | None = None,
        channel: str | None = None,
        group: str | None = None,
        key: str | None = None,
    ) -> FinishedCaseAnswer:
        """Conclude the contract of a case with what the case carries, and close it (K2).

        :raises Refusal: ``case-unknown``, ``case-closed``, ``not-same-customer``, ``contract-exists``,
            ``group-unknown``.
        """
        body = {
            "contract": contract,
            "account": account,
            "customer": customer,
            "product": product,
            "segment": segment,
            "starts_on": starts_on,
            "channel": channel,
            "group": group,
        }
        return self._wire.act(FinishedCaseAnswer, "cases", case, "finish", key=key, body=body)

    def abandon(self, case: str, *, key: str | None = None) -> CaseAnswer:
        """Close a case without a contract (K3).

        :raises Refusal: ``case-unknown``, ``case-closed``.
        """
        return self._wire.act(CaseAnswer, "cases", case, "abandon", key=key)

    def find(self, case: str) -> CaseAnswer:
        """Return a case with the characteristics it carries.

        :raises Refusal: ``case-unknown``.
        """
        return self._wire.read(CaseAnswer, "cases", case)

    def all(self, *, open_only: bool = False) -> Listing[CaseAnswer]:
        """Return the cases by id, in the caller's segments."""

        def read(cursor: str | None, limit: int) -> PageAnswer[CaseAnswer]:
            query = {"cursor": cursor, "limit": limit, "open": open_only}
            return self._wire.read(PageAnswer[CaseAnswer], "cases", query=query)

        return Listing(read)
