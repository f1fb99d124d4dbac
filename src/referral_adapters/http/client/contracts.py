"""The facts about contracts, over the wire."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.contracts import ContractEventAnswer


@attrs.frozen
class Contracts:
    """Says what came of contracts (B1, B4, B9): now or, as systems may say, at a moment before."""

    _wire: Wire

    def activate(self, contract: str, *, at: datetime | None = None, key: str | None = None) -> ContractEventAnswer:
        """Record that a contract came into force: both amounts of its referral are due (B1).

        :raises Refusal: ``contract-unknown``, ``contract-active``, ``contract-ended``, ``moment-invalid``.
        """
        return self._event(contract, "activate", at, key)

    def terminate(self, contract: str, *, at: datetime | None = None, key: str | None = None) -> ContractEventAnswer:
        """Record that a contract was terminated; what was granted stays (B4).

        :raises Refusal: ``contract-unknown``, ``contract-pending``, ``contract-ended``, ``moment-invalid``.
        """
        return self._event(contract, "terminate", at, key)

    def withdraw(self, contract: str, *, at: datetime | None = None, key: str | None = None) -> ContractEventAnswer:
        """Record that a contract was withdrawn before it came into force: its referral is cancelled (B9).

        :raises Refusal: ``contract-unknown``, ``contract-active``, ``contract-ended``, ``moment-invalid``.
        """
        return self._event(contract, "withdraw", at, key)

    def _event(self, contract: str, event: str, at: datetime | None, key: str | None) -> ContractEventAnswer:
        return self._wire.act(ContractEventAnswer, "contracts", contract, event, key=key, body={"at": at})
