"""Persons in memory."""

from __future__ import annotations

import secrets

import attrs

from referral_adapters.memory.answers import MemoryAnswers
from referral_adapters.memory.cases import MemoryCases
from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.journal import Journal
from referral_adapters.memory.promo_codes import MemoryPromoCodes
from referral_adapters.memory.referrals import MemoryReferrals
from referral_adapters.memory.trace import MemoryTrace
from referral_core.entities.case import CaseStatus
from referral_core.entities.personal_data import PSEUDONYM, Person, PersonalData


@attrs.frozen
class MemoryPersons:
    """The port ``Persons`` over the ports of one store in memory: thread-safe, each call all-or-nothing (A5)."""

    journal: Journal
    contracts: MemoryContracts
    promo_codes: MemoryPromoCodes
    referrals: MemoryReferrals
    cases: MemoryCases
    trace: MemoryTrace
    answers: MemoryAnswers

    def find(self, customer: str) -> PersonalData:
        """Return what the store holds about a customer; empty and zero throughout where it is nothing."""
        with self.journal.lock:
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
        with self.journal.lock:
            person = self._person(customer)
            self.journal.write(
                *self.contracts.erasing(customer, pseudonym),
                *self.promo_codes.erasing(person, pseudonym),
                *self.referrals.erasing(person, pseudonym),
                *self.cases.erasing(customer, pseudonym),
                *self.trace.erasing(person.is_in),
                *self.answers.erasing(customer),
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
