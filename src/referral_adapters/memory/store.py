"""The store in memory: every port, one lock, one journal."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Final, Protocol, TypeVar

from referral_adapters.folding.ascii_folding import AsciiFolding
from referral_adapters.memory.answers import MemoryAnswers
from referral_adapters.memory.billing import ContinuousDiscounts
from referral_adapters.memory.cases import MemoryCases
from referral_adapters.memory.contract_pages import MemoryContractPages
from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.discount_groups import MemoryDiscountGroups
from referral_adapters.memory.events import MemoryEvents
from referral_adapters.memory.grants import MemoryGrants
from referral_adapters.memory.history import MemoryHistory
from referral_adapters.memory.journal import Journal
from referral_adapters.memory.launch_codes import MemoryLaunchCodes
from referral_adapters.memory.launch_contracts import MemoryLaunchContracts
from referral_adapters.memory.outbox import MemoryOutbox
from referral_adapters.memory.persons import MemoryPersons
from referral_adapters.memory.promo_codes import MemoryPromoCodes
from referral_adapters.memory.referrals import MemoryReferrals
from referral_adapters.memory.seals import MemorySeals
from referral_adapters.memory.sharings import MemorySharings
from referral_adapters.memory.subscriptions import MemorySubscriptions
from referral_adapters.memory.trace import MemoryTrace
from referral_core.entities.discount_group import DiscountGroup
from referral_core.formats import code_key
from referral_core.ports.billing import Billing
from referral_core.ports.evidence import Evidence
from referral_core.ports.folding import Folding
from referral_core.ports.gathered_evidence import GatheredEvidence
from referral_core.values.errors import ConcurrentChange
from referral_core.values.moment import EARLIEST

T = TypeVar("T")

ATTEMPTS: Final = 6
"""How often an act is tried before its caller is told of the conflict, as in a database."""


class StartingPoint(Protocol):
    """What a new store takes from a programme."""

    @property
    def currency(self) -> str:
        """The currency of all amounts (M3)."""
        ...

    def initial_groups(self) -> tuple[DiscountGroup, ...]:
        """Return the groups that a new store starts with (D2)."""
        ...


class MemoryStore:
    """A real store that lives as long as its process, with the same guards and transactions as a database.

    Every port is an attribute, so the store itself is the bundle that the core asks for. Until it has a programme, its
    own or that of the first desk over it, it has no groups and counts in euros; ``secret`` fixes the texts of random
    codes; ``folding`` and ``billing`` take the place of its own. Its own billing takes part in its transactions; one
    that is given does not.

    Safe to use from many threads: a transaction has the store to itself, and what it did is seen by others when it has
    ended, or never.

    >>> store = MemoryStore()
    >>> with store.transaction():
    ...     len(store.code_key)
    32
    """

    def __init__(
        self,
        programme: StartingPoint | None = None,
        *,
        secret: bytes | None = None,
        folding: Folding | None = None,
        billing: Billing | None = None,
    ) -> None:
        journal = Journal()
        self._journal = journal
        self.contracts = MemoryContracts(journal)
        self.contract_pages = MemoryContractPages(journal, self.contracts)
        self.promo_codes = MemoryPromoCodes(journal)
        self.groups = MemoryDiscountGroups(journal)
        self.referrals = MemoryReferrals(journal)
        self.evidence: Evidence = GatheredEvidence(self)
        self.grants = MemoryGrants(journal)
        self.cases = MemoryCases(journal)
        self.sharings = MemorySharings(journal)
        self.trace = MemoryTrace(journal)
        self.seals = MemorySeals(journal, self.trace)
        self.answers = MemoryAnswers(journal)
        self.outbox = MemoryOutbox(journal, self.trace)
        self.subscriptions = MemorySubscriptions(journal)
        self.persons = MemoryPersons(
            journal, self.contracts, self.promo_codes, self.referrals, self.cases, self.trace, self.answers
        )
        self.events = MemoryEvents(journal)
        self.history = MemoryHistory(journal, self.promo_codes.records, self.groups.records, self.referrals.records)
        self.launch_contracts = MemoryLaunchContracts(journal, self.contracts)
        self.launch_codes = MemoryLaunchCodes(journal, self.contracts, self.promo_codes, self.trace)
        self.code_key = code_key(secret) if secret is not None else secrets.token_bytes(32)
        self.folding: Folding = AsciiFolding() if folding is None else folding
        self._owns_billing = billing is None
        self.billing: Billing = ContinuousDiscounts(journal) if billing is None else billing
        self._has_begun = False
        if programme is not None:
            self.begin(programme)

    def begin(self, programme: StartingPoint) -> None:
        """Put a programme's groups into a store that never had any programme's; its own billing is in its currency."""
        if self._has_begun:
            return
        self._has_begun = True
        if self._owns_billing:
            self.billing = ContinuousDiscounts(self._journal, currency=programme.currency)
        for group in programme.initial_groups():
            self.groups.put(group, at=EARLIEST)

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that takes effect as a whole, or not at all when an exception of any kind leaves it.

        Inside another one it is a part of it: if an exception leaves the inner block and goes no further, only the
        inner block's work is undone.
        """
        return self._journal

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, str]] | None = None) -> T:
        """Do an act in a transaction, a few times over if it loses a race, and return what it returns.

        It has this store to itself, so it can only lose where a port of the host's takes the place of one of these.
        Inside another transaction it is done once.

        :raises ConcurrentChange: others were quicker every time.
        """
        for _ in range(0 if self._journal.is_open else ATTEMPTS - 1):
            with suppress(ConcurrentChange), self._journal:
                return act()
        with self._journal:
            return act()
