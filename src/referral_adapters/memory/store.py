"""The store in memory: every repository, one lock, one journal."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, Final, Protocol, TypeVar

from referral_adapters.folding import to_ascii
from referral_adapters.memory.billing import ContinuousDiscounts
from referral_adapters.memory.cases import MemoryCases
from referral_adapters.memory.codes import MemoryCodes
from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.grants import MemoryGrants
from referral_adapters.memory.groups import MemoryGroups
from referral_adapters.memory.journal import Journal
from referral_adapters.memory.referrals import MemoryReferrals
from referral_adapters.memory.requests import MemoryRequests
from referral_adapters.memory.trace import MemoryTrace
from referral_core.entities.case import CaseStatus
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.personal_data import PSEUDONYM, Person, PersonalData
from referral_core.formats import code_key
from referral_core.ports.billing import Billing
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

    Until it has a programme, its own or that of the first desk over it, it has no groups and counts in euros;
    ``secret`` fixes the texts of random codes; ``folding``, which writes names in ASCII, and ``billing`` take the
    place of its own. Its own billing takes part in its transactions; one that is given does not.

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
        folding: Callable[[str], str] | None = None,
        billing: Billing | None = None,
    ) -> None:
        journal = Journal()
        self._journal = journal
        self.contracts = MemoryContracts(journal)
        self.promo_codes = MemoryCodes(journal, self.contracts, self)
        self.groups = MemoryGroups(journal)
        self.referrals = MemoryReferrals(journal)
        self.grants = MemoryGrants(journal)
        self.cases = MemoryCases(journal)
        self.trace = MemoryTrace(journal)
        self.requests = MemoryRequests(journal)
        self.code_key = code_key(secret) if secret is not None else secrets.token_bytes(32)
        self.to_ascii: Callable[[str], str] = to_ascii if folding is None else folding
        self.keeps_billing = billing is None
        self.billing: Billing = ContinuousDiscounts(journal) if billing is None else billing
        self._has_begun = False
        if programme is not None:
            self.begin(programme)

    def begin(self, programme: StartingPoint) -> None:
        """Put a programme's groups into a store that never had any programme's; its own billing is in its currency."""
        if self._has_begun:
            return
        self._has_begun = True
        if self.keeps_billing:
            self.billing = ContinuousDiscounts(self._journal, currency=programme.currency)
        for group in programme.initial_groups():
            self.groups.put(group, at=EARLIEST)

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that takes effect as a whole, or not at all when an exception of any kind leaves it.

        Inside another one it is a part of it: if an exception leaves the inner block and goes no further, only the
        inner block's work is undone.
        """
        return self._journal

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, Any]] = ()) -> T:
        """Do an act in a transaction, a few times over if it loses a race, and return what it returns.

        It has this store to itself, so it can only lose where a repository of the host's takes the place of one of
        these. Inside another transaction it is done once.

        :raises ConcurrentChange: others were quicker every time.
        """
        for _ in range(0 if self._journal.is_open else ATTEMPTS - 1):
            with suppress(ConcurrentChange), self._journal:
                return act()
        with self._journal:
            return act()

    def personal_data(self, customer: str) -> PersonalData:
        """Return what the store holds about a customer; empty and zero throughout where it is nothing."""
        with self._journal.lock:
            contracts = self.contracts.of_customer(customer)
            person = self._person(customer)
            cases = [case for case in self.cases.all() if case.customer == customer]
            parties = [(each.referrer_customer, each.referee_customer) for each in self.referrals.all()]
            return PersonalData(
                accounts=tuple(sorted(person.accounts)),
                first_names=tuple(sorted({each.first_name for each in contracts if each.first_name})),
                open_cases=tuple(case.id for case in cases if case.status is CaseStatus.OPEN),
                contracts=len(contracts),
                codes=sum(len(self.promo_codes.of_account(account)) for account in person.accounts),
                referrals=sum(customer in each for each in parties),
                cases=len(cases),
                traced=sum(person.is_in(row) for row in self.trace.entries()),
            )

    def erase(self, customer: str) -> str:
        """Put a fresh pseudonym in a customer's place wherever the store names them, and return it."""
        pseudonym = f"{PSEUDONYM}{secrets.token_hex(16)}"
        with self._journal.lock:
            person = self._person(customer)
            self._journal.write(
                *self.contracts.erasing(customer, pseudonym),
                *self.promo_codes.erasing(person, pseudonym),
                *self.referrals.erasing(person, pseudonym),
                *self.cases.erasing(customer, pseudonym),
                *self.trace.erasing(person.is_in),
                *self.requests.erasing(customer),
            )
        return pseudonym

    def _person(self, customer: str) -> Person:
        contracts = self.contracts.of_customer(customer)
        return Person(
            customer,
            frozenset(each.account for each in contracts),
            frozenset(each.id for each in contracts),
            frozenset(each.contract for each in self.referrals.all() if each.referrer_customer == customer),
        )
