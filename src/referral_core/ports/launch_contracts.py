"""The port through which the contracts of a retailer going live come in, many at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from referral_core.entities.contract import Contract


@attrs.frozen
class Standing:
    """What a store has already of a page: contracts by id, and the customer of each account by its id."""

    contracts: Mapping[str, Contract]
    customers: Mapping[str, str]


class LaunchContracts(Protocol):
    """The contracts of a store, read and added by pages (C2).

    What it adds is found through :class:`~referral_core.ports.contracts.Contracts` like any other.
    """

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Return the contracts of these ids as last stored, and who owns these accounts; what is not there is left out.

        In a transaction nobody else brings in pages between this and the end of the transaction.
        """
        ...

    def add(self, contracts: Sequence[Contract]) -> None:
        """Store contracts in whatever state they are, all of them or none; their ids and what they say are new.

        :raises ConcurrentChange: an id or an account came to be somebody else's since it was asked for; nothing was
            stored. Ask again what stands.
        """
        ...
