"""The store in memory: every repository, one lock, one journal."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from sys import maxsize
from typing import Any, Final, TypeVar

from referral_adapters.folding import to_ascii
from referral_adapters.memory.billing import ContinuousDiscounts
from referral_adapters.memory.cases import MemoryCases
from referral_adapters.memory.codes import MemoryCodes
from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.grants import MemoryGrants, MemoryReversals
from referral_adapters.memory.groups import MemoryGroups
from referral_adapters.memory.journal import Journal
from referral_adapters.memory.referrals import MemoryReferrals
from referral_adapters.memory.requests import MemoryRequests
from referral_adapters.memory.trace import MemoryTrace
from referral_core.entities.case import CaseStatus
from referral_core.entities.personal_data import PSEUDONYM, Person, PersonalData
from referral_core.formats import code_key
from referral_core.ports.billing import Billing
from referral_core.ports.requests import CustomerNames
from referral_core.programme.owner import Owner, StartingPoint
from referral_core.values.errors import ConcurrentChange
from referral_core.values.moment import EARLIEST

T = TypeVar("T")

ATTEMPTS: Final = 6
"""How often an act is tried before its caller gets the conflict, as in a database."""


class MemoryStore:
    """A real store that lives as long as its process, with the guards and transactions of a database.

    A store without a ``programme`` takes the programme of the first desk over it, and belongs to it from then on; until
    then it has no groups, and its currency is the euro. ``secret`` fixes the texts of random codes. ``folding``
    replaces the store's own way of writing names in ASCII, and ``billing`` the store's own billing. Only its own
    billing takes part in its transactions.

    A store is safe to use from many threads: a transaction has it to itself, and other threads see the work of a
    transaction after the end of it, or never.

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
        self.reversals = MemoryReversals(journal)
        self.cases = MemoryCases(journal)
        self.trace = MemoryTrace(journal)
        self.requests = MemoryRequests(journal)
        self.code_key = code_key(secret) if secret is not None else secrets.token_bytes(32)
        self.to_ascii: Callable[[str], str] = to_ascii if folding is None else folding
        self.keeps_billing = billing is None
        self.billing: Billing = ContinuousDiscounts(journal) if billing is None else billing
        self._owner = Owner()
        if programme is not None:
            self.begin(programme)

    def begin(self, programme: StartingPoint) -> None:
        """Take over the groups, the currency and the zone of a programme, unless the store belongs to one already (P5).

        :raises Refusal: ``currency-mismatch``, ``zone-mismatch``: the store belongs to another programme.
        """
        had, self._owner = self._owner, self._owner.taking(programme)
        if had.is_known:
            return
        if self.keeps_billing:
            self.billing = ContinuousDiscounts(self._journal, currency=programme.currency)
        for group in programme.initial_groups():
            self.groups.put(group, at=EARLIEST)

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that has the store to itself, and takes effect as a whole or, after an exception, not at all.

        Inside another block it is a part of that block: an exception that leaves the inner block and goes no further
        undoes the work of the inner block only.
        """
        return self._journal

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, Any]] = ()) -> T:
        """Do an act in a transaction, up to six times if it loses races, and return its result.

        The act has this store to itself, so it can lose a race only in a repository of the host that takes the place of
        one of these. Inside another transaction the act is done once.

        :raises ConcurrentChange: the act lost every race.
        """
        for _ in range(0 if self._journal.is_open else ATTEMPTS - 1):
            with suppress(ConcurrentChange), self._journal:
                return act()
        with self._journal:
            return act()

    def latest_recording(self) -> datetime | None:
        """Return the latest moment at which anything was recorded, looked for in everything; ``None`` when empty."""
        with self._journal.lock:
            moments = [row.moment for row in self.trace.entries()]
            moments += [contract.last_recorded_at for contract in self.contracts.page(None, maxsize)]
            booked = self.billing.latest_recording() if isinstance(self.billing, ContinuousDiscounts) else None
            return max([*moments, *([] if booked is None else [booked])], default=None)

    def check_ready(self, within: float) -> None:
        """Return at once: memory can always be read, and can keep what there is room for."""

    def personal_data(self, customer: str) -> PersonalData:
        """Return what all repositories hold about a customer; for a stranger, nothing and zero."""
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
        """Replace a customer by a fresh pseudonym in every repository at once, and return the pseudonym (A5)."""
        pseudonym = f"{PSEUDONYM}{secrets.token_hex(16)}"
        with self._journal.lock:
            person = self._person(customer)
            self._journal.write(
                *self.contracts.erasing(customer, pseudonym),
                *self.promo_codes.erasing(person, pseudonym),
                *self.referrals.erasing(person, pseudonym),
                *self.cases.erasing(customer, pseudonym),
                *self.trace.erasing(person.is_in, person.has),
                *self.requests.erasing(CustomerNames(customer, self._things_of(person))),
            )
        return pseudonym

    def _things_of(self, person: Person) -> frozenset[str]:
        codes = {code.text for account in person.accounts for code in self.promo_codes.of_account(account)}
        cases = {case.id for case in self.cases.all() if case.customer == person.customer}
        return person.accounts | person.contracts | codes | cases

    def _person(self, customer: str) -> Person:
        contracts = self.contracts.of_customer(customer)
        return Person(
            customer,
            frozenset(each.account for each in contracts),
            frozenset(each.id for each in contracts),
            frozenset(each.contract for each in self.referrals.all() if each.referrer_customer == customer),
        )
