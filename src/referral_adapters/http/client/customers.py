"""Customers, over the wire."""

from __future__ import annotations

import attrs

from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.customers import ErasedAnswer


@attrs.frozen
class Customers:
    """Erases customers (A5)."""

    _wire: Wire

    def erase(self, customer: str, *, reason: str, key: str | None = None) -> ErasedAnswer:
        """Erase a customer: personal references go; money and the trace stay consistent (A5).

        :raises Refusal: ``contract-active``, ``account-unknown``, ``reason-missing``.
        """
        return self._wire.act(ErasedAnswer, "customers", customer, "erase", key=key, body={"reason": reason})
