"""Erasing a customer: personal references go; money, rules and the trace stay as they were (A5)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.personal_data import PersonalData, mentions
from referral_core.entities.trace_entry import PROGRAMME_SUBJECT, State, TraceNote, account_subject
from referral_core.rules.permissions import required_reason
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.unknown import unknown_customer
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


@attrs.frozen
class Erasure:
    """A customer that was erased: the pseudonym in their place, and what was held about them."""

    pseudonym: str
    data: PersonalData


class Customers:
    """What is done about customers as such."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._admitting = Admitting(ports)

    def erasable(self, customer: str, *, at: datetime, actor: Actor) -> PersonalData:
        """Return what erasing a customer would take, and change nothing.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``contract-active``, ``contract-pending``, as
            :meth:`erase` does.
        """
        moment(at)
        self._admitting.admit(actor, Act.CUSTOMER_ERASE)
        data = self._ports.persons.find(customer)
        # The accounts are asked for one by one because a store may lock each for the rest of the transaction.
        contracts = [each for account in data.accounts for each in self._ports.contracts.of_account(account)]
        self._admitting.admit(actor, Act.CUSTOMER_ERASE, accounts=data.accounts)
        if not data.is_of_somebody:
            raise unknown_customer()
        _check_over(contracts, data.open_cases)
        return data

    def erase(self, customer: str, *, at: datetime, actor: Actor, reason: str | None = None) -> Erasure:
        """Put a pseudonym in a customer's place everywhere, for good (A5).

        Every contract must have ended and every case be closed. Accounts, codes, amounts and balances stay; chains and
        seals still verify. It is traced on the programme and on each of the customer's accounts, under the pseudonym.

        :raises Refusal: ``not-allowed``, ``reason-missing``, also of a reason that names the customer;
            ``account-unknown`` when there is no such customer, or no longer; ``contract-active``, or
            ``contract-pending`` for a contract or a case that is open.
        """
        at = moment(at)
        data = self.erasable(customer, at=at, actor=actor)
        reason = required_reason(actor, Act.CUSTOMER_ERASE, reason)
        if any(mentions(reason, name) for name in (customer, *data.first_names)):
            raise Refusal(Reason.REASON_MISSING, message="the reason names the customer who is erased", field="reason")
        pseudonym = self._ports.persons.erase(customer)
        by = attrs.evolve(actor, id=pseudonym) if actor.id == customer else actor
        counts = {"accounts": str(len(data.accounts)), "contracts": str(data.contracts), "traced": str(data.traced)}
        self._trace(PROGRAMME_SUBJECT, at, by, {"customer": pseudonym, **counts}, reason)
        for account in data.accounts:
            self._trace(account_subject(account), at, by, {"customer": pseudonym}, reason)
        return Erasure(pseudonym, data)

    def _trace(self, subject: str, at: datetime, actor: Actor, after: State, reason: str | None) -> None:
        self._ports.trace.append(TraceNote(subject, at, Act.CUSTOMER_ERASE, actor, None, after, reason))


def _check_over(contracts: list[Contract], open_cases: tuple[str, ...]) -> None:
    """Refuse while something goes on that the customer is needed for; what is active is said first."""
    waiting = ((Reason.CONTRACT_ACTIVE, ContractStatus.ACTIVE), (Reason.CONTRACT_PENDING, ContractStatus.CONCLUDED))
    for reason, status in waiting:
        for contract in contracts:
            if contract.status is status:
                raise Refusal(reason, message=f"contract {contract.id} is {status}", field="customer")
    for case in open_cases:
        raise Refusal(Reason.CONTRACT_PENDING, message=f"case {case} is open", field="customer")
