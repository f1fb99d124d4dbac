"""Showing accounts: to their customer, and to staff who help them (A1, C11, T2, P3)."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor, Role
from referral_core.entities.discount_group import Side
from referral_core.entities.movement import Movement, MovementKind
from referral_core.entities.trace_entry import TraceEntry, account_subject
from referral_core.ports.billing import TellingBilling
from referral_core.rules.permissions import permit_own
from referral_core.use_cases.account_view import AccountView, ReferralSeen
from referral_core.use_cases.activity import Activity
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.referrals_of_account import ReferralsOfAccount
from referral_core.use_cases.sharing import Sharings
from referral_core.use_cases.unknown import unknown_account
from referral_core.values.moment import moment

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class Accounts:
    """What there is to see of an account. Nothing is changed; told is what is stored by now.

    A customer is shown their own accounts only, and refused any other in the same words, whether it is there or not.
    Outside of a transaction nobody has to wait for it.
    """

    def __init__(self, ports: Ports, sharings: Sharings) -> None:
        self._ports = ports
        self._admitting = Admitting(ports)
        self._sharings = sharings

    def of_customer(self, customer: str, *, at: datetime, actor: Actor) -> tuple[str, ...]:
        """Return a customer's accounts, in the order in which they first had a contract; none for a stranger.

        Somebody limited to some segments is told those that lie within them.

        :raises Refusal: ``not-allowed``, also for a customer who asks about another one.
        """
        moment(at)
        self._admitting.admit(actor, Act.ACCOUNT_SHOW)
        permit_own(actor, customer, Act.ACCOUNT_SHOW)
        accounts = dict.fromkeys(contract.account for contract in self._ports.contracts.of_customer(customer))
        return tuple(account for account in accounts if self._admitting.sees(actor, accounts=(account,)))

    def show(self, account: str, *, at: datetime, actor: Actor) -> AccountView:
        """Return an account with its contracts, codes, figures and balance (C11, T2).

        :raises Refusal: ``not-allowed``, ``account-unknown``.
        :raises BillingUnavailable: billing did not answer.
        """
        at = moment(at)
        self._admit(actor, Act.ACCOUNT_SHOW, account)
        contracts = self._ports.contracts.of_account(account)
        return AccountView(
            account=account,
            customer=contracts[0].customer,
            contracts=contracts,
            codes=self._ports.promo_codes.of_account(account),
            figures=self._sharings.figures(account, at=at, actor=actor),
            balance=self._ports.billing.balance(account),
        )

    def referrals(
        self, account: str, *, at: datetime, actor: Actor, after: str | None = None, limit: int = 50
    ) -> tuple[ReferralSeen, ...]:
        """Return up to ``limit`` referrals in which an account has a side, the newest first (T2).

        They go by the concluding moment, latest first, and then by contract, last first. ``after`` is the ``place`` of
        the last one that was shown: those that follow are returned.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``moment-invalid`` when ``after`` is no place.
        """
        moment(at)
        self._admit(actor, Act.ACCOUNT_SHOW, account)
        return tuple(islice(ReferralsOfAccount(self._ports, account, actor).following(after), limit))

    def movements(self, account: str, *, at: datetime, actor: Actor) -> tuple[Movement, ...]:
        """Return what came to an account's discount and went from it, in order of moment (B3, B6, B7).

        The ``reference`` is the leg's key, the bill, or the other account of a transfer; to a customer it is ``None``
        where it would name the friend's contract. Nothing is told where billing does not offer it.

        :raises Refusal: ``not-allowed``, ``account-unknown``.
        :raises BillingUnavailable: billing did not answer.
        """
        moment(at)
        self._admit(actor, Act.ACCOUNT_SHOW, account)
        billing = self._ports.billing
        if not isinstance(billing, TellingBilling):
            return ()
        moved = billing.movements(account)
        others = self._other_sides(billing, account) if any(each.kind.is_transfer for each in moved) else {}
        return tuple(self._as_seen(each, others, actor) for each in moved)

    def activity(
        self, account: str, *, at: datetime, actor: Actor, after: int = 0, limit: int = 50
    ) -> tuple[Activity, ...]:
        """Return up to ``limit`` entries of an account's timeline, the newest first, to an agent or above (P3).

        They are the rows of the account's trace. ``after`` is the number of the last one that was shown: those that
        follow are returned; 0 begins with the newest.

        :raises Refusal: ``not-allowed``, ``account-unknown``.
        :raises TraceUnreadable: a row cannot be read.
        """
        moment(at)
        self._admit(actor, Act.ACCOUNT_ACTIVITY, account)
        return tuple(Activity.of(row) for row in reversed(self._rows(account, after, limit)))

    def _admit(self, actor: Actor, act: Act, account: str) -> None:
        self._admitting.admit_to_account(actor, act, account)
        if not self._ports.contracts.of_account(account):
            raise unknown_account(account)

    def _rows(self, account: str, after: int, limit: int) -> deque[TraceEntry]:
        """Return the last rows of a chain, or the last ones before a number; rows are numbered without a gap."""
        subject = account_subject(account)
        begin = (subject, max(after - 1 - limit, 0)) if after else None
        rows = self._ports.trace.chain(subject, after=begin)
        return deque(takewhile(lambda row: not after or row.number < after, rows), maxlen=limit)

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

    def _as_seen(self, movement: Movement, others: dict[str, str], actor: Actor) -> Movement:
        reference = movement.reference or ""
        if movement.kind.is_transfer:
            return attrs.evolve(movement, reference=others.get(reference, reference))
        is_friends = movement.kind is MovementKind.GRANTED and reference.startswith(f"{Side.REFERRER}/")
        if is_friends and actor.role is Role.CUSTOMER:
            return attrs.evolve(movement, reference=None)
        return movement
