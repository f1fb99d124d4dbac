"""Showing accounts: to their customer, and to staff who help them (A1, C11, T2, P3)."""

from __future__ import annotations

from itertools import islice

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.movement import Movement, MovementKind
from referral_core.ports.billing import TellingBilling
from referral_core.services.account_view import AccountView, ReferralSeen
from referral_core.services.activity import Activity, ActivityOfAccount
from referral_core.services.context import BoundService
from referral_core.services.permissions import own_account, own_customer
from referral_core.services.referrals_of_account import ReferralsOfAccount
from referral_core.services.sharing import Sharing
from referral_core.services.unknown import unknown_account
from referral_core.values.arguments import AccountId, Count, CustomerId, Text


class Accounts(BoundService):
    """What there is to see of an account. Nothing is changed; told is what is stored by now.

    A customer is shown their own accounts only, and refused any other in the same words, whether it is there or not.
    Outside of a transaction nobody has to wait for it.
    """

    @act("account.list", least=Role.CUSTOMER, reads=True, touches=(own_customer,))
    def of_customer(self, customer: CustomerId) -> tuple[str, ...]:
        """Return a customer's accounts, in the order in which they first had a contract; none for a stranger.

        Somebody limited to some segments is told those that lie within them.

        :raises Refusal: ``not-allowed``, also for a customer who asks about another one.
        """
        accounts = dict.fromkeys(contract.account for contract in self._ports.contracts.of_customer(customer))
        return tuple(account for account in accounts if self._permissions.sees(accounts=(account,)))

    @act("account.show", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def show(self, account: AccountId) -> AccountView:
        """Return an account with its contracts, codes, figures and balance (C11, T2).

        :raises Refusal: ``not-allowed``, ``account-unknown``.
        :raises BillingUnavailable: billing did not answer.
        """
        contracts = self._contracts(account)
        return AccountView(
            account=account,
            customer=contracts[0].customer,
            contracts=contracts,
            codes=self._ports.promo_codes.of_account(account),
            figures=Sharing(self._runner).figures(account),
            balance=self._ports.billing.balance(account),
        )

    @act("account.referrals", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def referrals(
        self, account: AccountId, *, after: Text | None = None, limit: Count = 50
    ) -> tuple[ReferralSeen, ...]:
        """Return up to ``limit`` referrals in which an account has a side, the newest first (T2).

        They go by the concluding moment, latest first, and then by contract, last first. ``after`` is the ``place`` of
        the last one that was shown: those that follow are returned.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``moment-invalid`` when ``after`` is no place.
        """
        self._contracts(account)
        return tuple(islice(ReferralsOfAccount(self._ports, account, self._permissions).following(after), limit))

    @act("account.movements", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def movements(self, account: AccountId) -> tuple[Movement, ...]:
        """Return what came to an account's discount and went from it, in order of moment (B3, B6, B7).

        The ``reference`` is the leg's key, the bill, or the other account of a transfer; to a customer it is ``None``
        where it would name the friend's contract. Nothing is told where billing does not offer it.

        :raises Refusal: ``not-allowed``, ``account-unknown``.
        :raises BillingUnavailable: billing did not answer.
        """
        self._contracts(account)
        billing = self._ports.billing
        if not isinstance(billing, TellingBilling):
            return ()
        moved = billing.movements(account)
        others = self._other_sides(billing, account) if any(each.kind.is_transfer for each in moved) else {}
        return tuple(self._as_seen(each, others) for each in moved)

    @act("account.activity", least=Role.AGENT, reads=True, touches=(own_account,))
    def activity(self, account: AccountId, *, after: Text | None = None, limit: Count = 50) -> tuple[Activity, ...]:
        """Return up to ``limit`` entries of an account's timeline, the newest first, to an agent or above (P3).

        They are what the trace tells of the account, on its own chain and on those of the referrals it has a side in.
        ``after`` is the ``place`` of the last one that was shown: those that follow are returned.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``moment-invalid`` when ``after`` is no place.
        :raises TraceUnreadable: a row cannot be read.
        """
        self._contracts(account)
        return ActivityOfAccount(self._ports, account).following(after, limit)

    def _contracts(self, account: str) -> tuple[Contract, ...]:
        contracts = self._ports.contracts.of_account(account)
        if not contracts:
            raise unknown_account(account)
        return contracts

    def _other_sides(self, billing: TellingBilling, account: str) -> dict[str, str]:
        """Return, by the key of each transfer, the other account; both are the same customer's (B7)."""
        customer = self._ports.contracts.of_account(account)[0].customer
        siblings = {contract.account for contract in self._ports.contracts.of_customer(customer)} - {account}
        return {
            each.reference: sibling
            for sibling in sorted(siblings)
            for each in billing.movements(sibling)
            if each.kind.is_transfer and each.reference is not None
        }

    def _as_seen(self, movement: Movement, others: dict[str, str]) -> Movement:
        reference = movement.reference or ""
        if movement.kind.is_transfer:
            return attrs.evolve(movement, reference=others.get(reference, reference))
        is_friends = movement.kind is MovementKind.GRANTED and reference.startswith(f"{Side.REFERRER}/")
        if is_friends and self._actor.role is Role.CUSTOMER:
            return attrs.evolve(movement, reference=None)
        return movement
