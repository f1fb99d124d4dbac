"""The port to supply contracts by pages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from referral_core.entities.contract import Contract, ContractStatus


class ContractPages(Protocol):
    """All contracts of a store, read in order of id; they are stored through ``Contracts``.

    Safe to call from many threads at once; nothing is locked.
    """

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

        ``None`` means from the first one. ``status``, ``channel`` and ``segments`` leave out all others; those that are
        left out do not count. So a page that is not full is the last one. ``limit`` is at least 1.
        """
        ...
