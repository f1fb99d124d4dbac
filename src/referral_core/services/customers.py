"""The erasure of customers: personal references go; money, codes and the trace stay (A5)."""

from __future__ import annotations

from functools import partial

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.personal_data import PersonalData, mentions
from referral_core.entities.trace import PROGRAMME_SUBJECT, account_subject
from referral_core.services.context import BoundService
from referral_core.services.permissions import a_person
from referral_core.services.refusals import unknown_customer
from referral_core.values.arguments import CustomerId, ReasonText
from referral_core.values.errors import Reason, Refusal


@attrs.frozen
class Erasure:
    """An erasure: the pseudonym in the customer's place, and a summary of the data that was held."""

    pseudonym: str
    data: PersonalData


class Customers(BoundService):
    """The acts on customers as persons."""

    @act("customer.erasable", least=Role.ADMINISTRATOR, reads=True, touches=(a_person,))
    def erasable(self, customer: CustomerId) -> PersonalData:
        """Return the data that an erasure would remove, and change nothing.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``contract-active``, ``contract-pending``, as
            :meth:`erase` does.
        """
        data = self._ports.personal_data(customer)
        # One by one and not by customer: this locks each account, so that no contract is concluded meanwhile.
        contracts = [each for account in data.accounts for each in self._ports.contracts.of_account(account)]
        if not data.is_of_somebody:
            raise unknown_customer()
        _check_over(contracts, data.open_cases)
        return data

    @act("customer.erase", least=Role.ADMINISTRATOR, manual=True, touches=(a_person,))
    def erase(self, customer: CustomerId, *, reason: ReasonText | None = None) -> Erasure:
        """Put a pseudonym in a customer's place everywhere, for good (A5).

        Every contract must have ended, and every case must be closed. Accounts, codes, amounts and balances stay;
        chains and seals still verify. The erasure is traced on the programme and on each of the customer's accounts,
        under the pseudonym.

        :raises Refusal: ``not-allowed``, ``reason-missing``, also of a reason that names the customer;
            ``account-unknown`` when there is no such customer, or no longer; ``contract-active``, or
            ``contract-pending`` for a contract or a case that is open.
        """
        actor, data = self._actor, self.erasable(customer)
        if any(mentions(reason, name) for name in (customer, *data.first_names)):
            raise Refusal(Reason.REASON_MISSING, message="the reason names the customer who is erased", field="reason")
        pseudonym = self._context.store.erase(customer)
        # An administrator who is the erased customer must not come back with the row of the erasure.
        by = attrs.evolve(actor, id=pseudonym) if actor.id == customer else actor
        counts = {"accounts": str(len(data.accounts)), "contracts": str(data.contracts), "traced": str(data.traced)}
        note = partial(self._context.note, act="customer.erase", reason=reason, actor=by)
        note(PROGRAMME_SUBJECT, after={"customer": pseudonym, **counts})
        for account in data.accounts:
            note(account_subject(account), after={"customer": pseudonym})
        return Erasure(pseudonym, data)


def _check_over(contracts: list[Contract], open_cases: tuple[str, ...]) -> None:
    """Refuse while a contract or a case is open; an active contract is reported first."""
    waiting = ((Reason.CONTRACT_ACTIVE, ContractStatus.ACTIVE), (Reason.CONTRACT_PENDING, ContractStatus.CONCLUDED))
    for reason, status in waiting:
        for contract in contracts:
            if contract.status is status:
                raise Refusal(reason, message=f"contract {contract.id} is {status}", field="customer")
    for case in open_cases:
        raise Refusal(Reason.CONTRACT_PENDING, message=f"case {case} is open", field="customer")
