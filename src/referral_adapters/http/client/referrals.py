"""Explanations, over the wire."""

from __future__ import annotations

import attrs

from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.explanation import ExplanationAnswer


@attrs.frozen
class Referrals:
    """Explains where amounts came from."""

    _wire: Wire

    def explain(self, contract: str) -> ExplanationAnswer:
        """Return why the two amounts of a contract's referral are what they are, verified against history.

        :raises Refusal: ``contract-unknown``, ``referral-unknown``.
        """
        return self._wire.read(ExplanationAnswer, "contracts", contract, "explanation")
