"""Contracts by pages, as they were known."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import attrs

from referral_core.entities.contract import Contract, ContractStatus
from referral_core.ports.contract_pages import ContractPages


@attrs.frozen
class KnownContractPages:
    """The port ``ContractPages`` as it stood: contracts concluded by a moment, as far as each had come by then."""

    contract_pages: ContractPages
    by: datetime

    def page(
        self,
        after: str | None,
        limit: int,
        *,
        status: ContractStatus | None = None,
        channel: str | None = None,
        segments: Collection[str] | None = None,
    ) -> tuple[Contract, ...]:
        """Return the next ``limit`` contracts that were known and whose id is above ``after``; else as the port."""
        known: list[Contract] = []
        while True:
            found = self.contract_pages.page(after, limit, channel=channel, segments=segments)
            then = [contract.known_at(self.by) for contract in found]
            known += [each for each in then if each is not None and status in (None, each.status)]
            if len(known) >= limit or len(found) < limit:
                return tuple(known[:limit])
            after = found[-1].id
