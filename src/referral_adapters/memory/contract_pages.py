"""Contracts by pages in memory."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.journal import Journal
from referral_core.entities.contract import Contract, ContractStatus


class MemoryContractPages:
    """The port ``ContractPages`` in memory, over the contracts of the same store: thread-safe."""

    def __init__(self, journal: Journal, contracts: MemoryContracts) -> None:
        self._lock = journal.lock
        self._contracts = contracts

    def page(
        self,
        after: str | None,
        limit: int,
        *,
        status: ContractStatus | None = None,
        channel: str | None = None,
        segments: Collection[str] | None = None,
    ) -> tuple[Contract, ...]:
        """Return the next ``limit`` contracts whose id is above ``after``, by the code points of the id.

        ``status``, ``channel`` and ``segments`` leave out all others; those that are left out do not count.
        """
        with self._lock:
            wanted = (
                contract
                for contract in self._contracts.contracts_above(after)
                if status in (None, contract.status)
                and channel in (None, contract.channel)
                and (segments is None or contract.segment in segments)
            )
            return tuple(islice(wanted, limit))
