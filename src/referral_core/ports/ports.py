"""All the ports in one bundle, as an adapter hands them over."""

from __future__ import annotations

from typing import Protocol

from referral_core.ports.billing import Billing
from referral_core.ports.cases import Cases
from referral_core.ports.contract_pages import ContractPages
from referral_core.ports.contracts import Contracts
from referral_core.ports.discount_groups import DiscountGroups
from referral_core.ports.evidence import Evidence
from referral_core.ports.folding import Folding
from referral_core.ports.grants import Grants
from referral_core.ports.history import History
from referral_core.ports.launch_codes import LaunchCodes
from referral_core.ports.launch_contracts import LaunchContracts
from referral_core.ports.persons import Persons
from referral_core.ports.promo_codes import PromoCodes
from referral_core.ports.referrals import Referrals
from referral_core.ports.seals import Seals
from referral_core.ports.sharings import Sharings
from referral_core.ports.trace import Trace


class Ports(Protocol):
    """Everything the rules need from outside. A host may take each port from wherever it likes."""

    @property
    def contracts(self) -> Contracts:
        """Contracts, and the accounts they stand on."""
        ...

    @property
    def contract_pages(self) -> ContractPages:
        """Contracts by pages."""
        ...

    @property
    def promo_codes(self) -> PromoCodes:
        """Promo codes."""
        ...

    @property
    def groups(self) -> DiscountGroups:
        """Discount groups."""
        ...

    @property
    def evidence(self) -> Evidence:
        """All that is looked up before a code is judged."""
        ...

    @property
    def referrals(self) -> Referrals:
        """Referrals."""
        ...

    @property
    def grants(self) -> Grants:
        """Legs on their way to billing."""
        ...

    @property
    def cases(self) -> Cases:
        """Cases."""
        ...

    @property
    def sharings(self) -> Sharings:
        """Sharings."""
        ...

    @property
    def trace(self) -> Trace:
        """The trace."""
        ...

    @property
    def history(self) -> History:
        """What codes, groups and referrals were before."""
        ...

    @property
    def seals(self) -> Seals:
        """The seals over the trace."""
        ...

    @property
    def persons(self) -> Persons:
        """What is known about persons."""
        ...

    @property
    def billing(self) -> Billing:
        """Billing."""
        ...

    @property
    def code_key(self) -> bytes:
        """The secret that the texts of codes are hashed with: at least 16 bytes, the same for the store's life (C10).

        Each store has one of its own; whoever knows it can foretell the codes of accounts.
        """
        ...

    @property
    def folding(self) -> Folding:
        """The folding of names."""
        ...

    @property
    def launch_contracts(self) -> LaunchContracts:
        """Contracts by pages, for the day of the launch."""
        ...

    @property
    def launch_codes(self) -> LaunchCodes:
        """Accounts without a code and first codes by pages, for the day of the launch."""
        ...
