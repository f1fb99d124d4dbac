"""Accounts as seen by their customer and by staff (A1, C11, T2, P3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from heapq import merge
from itertools import dropwhile, groupby, islice
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.balance import Balance, Movement, MovementKind, Use
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.entities.wait import Wait, wait_of
from referral_core.ports.billing import TellingBilling, UseTelling
from referral_core.services.activity import AccountActivity, Activity, Place, place_of, place_text
from referral_core.services.context import BoundService
from referral_core.services.permissions import Permissions, own_account, own_customer
from referral_core.services.refusals import unknown_account
from referral_core.services.sharing import SharingFigures, Sharings
from referral_core.services.visibility import Visibility
from referral_core.values.arguments import AccountId, Count, CustomerId, Text
from referral_core.values.errors import BillingUnavailable
from referral_core.values.moment import LATEST
from referral_core.values.money import Money

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


@attrs.frozen(kw_only=True)
class AccountView:
    """An account with its contracts by concluding moment, and its present and past codes in order of issuing."""

    account: str
    customer: str
    contracts: tuple[Contract, ...]
    codes: tuple[PromoCode, ...]
    figures: SharingFigures
    balance: Balance


@attrs.frozen(kw_only=True)
class ReferralView:
    """A referral as one of its two accounts sees it, without the friend's personal data (T2, T4).

    ``side`` is the account's side, ``status`` the referral's status as that side has it: void if that side alone is
    void. ``amount`` is the amount locked for it, and ``grant`` the status of its grant, ``None`` until the contract
    activates. ``waits_for`` tells what that discount waits for. ``expected_on`` is the planned first day of the
    contract, as long as its start is waited for and a day is known. ``granted_at`` is the moment from which the
    discount is effective in billing, ``None`` until billing has it. ``taken_back`` is the part of it that was taken
    back, ``None`` when nothing was. ``bills`` are the bills that used it, on whichever account it is by now; ``None``
    means unknown: the billing system does not tell, or not now. ``contract`` is the new customer's contract, ``other``
    the account on the other side.
    ``other`` is ``None`` for every customer, ``contract`` for the referrer; both are ``None`` for staff who may not see
    the friend's segment.

    ``place`` is the referral's place in the account's list, after which the next page begins. It contains no more than
    a moment and a count.
    """

    place: str
    side: Side
    status: ReferralStatus
    waits_for: Wait
    concluded_at: datetime
    expected_on: date | None
    granted_at: datetime | None
    cancelled_at: datetime | None
    amount: Money
    grant: GrantStatus | None
    taken_back: Money | None
    bills: tuple[Use, ...] | None
    contract: str | None
    other: str | None


class Accounts(BoundService):
    """Views of accounts, as stored at present; nothing is changed.

    Customers see their own accounts only. Every other account is refused in the same words, whether it exists or not.
    Outside of a transaction these acts make no writer wait.
    """

    @act("account.list", least=Role.CUSTOMER, reads=True, touches=(own_customer,))
    def of_customer(self, customer: CustomerId) -> tuple[str, ...]:
        """Return a customer's accounts in order of their first contracts; none for an unknown customer.

        An actor limited to some segments sees the accounts within them.

        :raises Refusal: ``not-allowed``, also for a customer who asks about another one.
        """
        accounts = dict.fromkeys(contract.account for contract in self._ports.contracts.of_customer(customer))
        return tuple(account for account in accounts if self._permissions.sees(accounts=(account,)))

    @act("account.show", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def show(self, account: AccountId) -> AccountView:
        """Return an account with its contracts, codes, figures and balance (C11, T2).

        Where the discount of each referral is, :meth:`referrals` tells.

        :raises Refusal: ``not-allowed``, ``account-unknown``.
        :raises BillingUnavailable: billing did not answer.
        """
        contracts = self._contracts(account)
        return AccountView(
            account=account,
            customer=contracts[0].customer,
            contracts=contracts,
            codes=self._ports.promo_codes.of_account(account),
            figures=Sharings(self._runner).figures(account),
            balance=self._ports.billing.balance(account),
        )

    @act("account.referrals", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def referrals(
        self, account: AccountId, *, after: Text | None = None, limit: Count = 50
    ) -> tuple[ReferralView, ...]:
        """Return up to ``limit`` referrals in which an account has a side, the newest first (T2, T4).

        Each tells where the account's discount of it is: what it waits for, when it was granted, and which bills used
        it. They are ordered by concluding moment, latest first, and then by contract, last first. ``after`` is the
        ``place`` of the last referral of the page before.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``moment-invalid`` when ``after`` is no place.
        """
        self._contracts(account)
        return AccountReferrals(self._ports, account, self._permissions).page(after, limit)

    @act("account.movements", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def movements(self, account: AccountId) -> tuple[Movement, ...]:
        """Return the movements of an account's discount, in order of recording (B3, B6, B7, B11, B12).

        The ``reference`` is the key of the grant, the bill, or the other account of a transfer. It is ``None`` where it
        would name a friend's contract to a customer, or something outside the actor's segments. A billing system
        without movements yields none.

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

        The entries are the account's rows of the trace, on its own chain and on those of its referrals. ``after`` is
        the ``place`` of the last entry of the page before.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``moment-invalid`` when ``after`` is no place.
        :raises TraceUnreadable: a row cannot be read.
        """
        self._contracts(account)
        return AccountActivity(self._ports, account, Visibility(self._permissions)).following(after, limit)

    def _contracts(self, account: str) -> tuple[Contract, ...]:
        contracts = self._ports.contracts.of_account(account)
        if not contracts:
            raise unknown_account(account)
        return contracts

    def _other_sides(self, billing: TellingBilling, account: str) -> dict[str, str]:
        """Return the other account of each transfer by its key; both accounts are the same customer's (B7)."""
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
            other = others.get(reference)
            is_seen = other is None or self._permissions.sees(accounts=(other,))
            return attrs.evolve(movement, reference=(other or reference) if is_seen else None)
        # The key of a referrer's grant contains the contract of the friend.
        is_of_grant = movement.kind in {MovementKind.GRANTED, MovementKind.TAKEN_BACK}
        is_friends = is_of_grant and reference.startswith(f"{Side.REFERRER}/")
        if is_friends and not (
            self._actor.role is not Role.CUSTOMER and self._permissions.sees_contract(reference.partition("/")[2])
        ):
            return attrs.evolve(movement, reference=None)
        return movement


_STOPPED: Final = frozenset({ReferralStatus.VOID, ReferralStatus.CANCELLED})


@attrs.frozen
class AccountReferrals:
    """One account's referrals, the newest first, each with its place.

    A place contains a count and no contract, since that may be a friend's.
    """

    ports: Repositories
    account: str
    permissions: Permissions

    def page(self, after: str | None, limit: int) -> tuple[ReferralView, ...]:
        """Return up to ``limit`` referrals after a place, or the first ones.

        :raises Refusal: ``moment-invalid`` when it is no place.
        """
        last = None if after is None else place_of(after)
        placed = self._placed(LATEST if last is None else last[0])
        if last is not None:
            placed = dropwhile(lambda each: each[0][0] == last[0] and each[0][1] <= last[1], placed)
        shown = tuple(islice(placed, limit))
        # Read after the referrals: an activation in between may bring grants too early, and never leaves them out.
        grants = {grant.key: grant for grant in self.ports.grants.all(account=self.account)}
        of_shown = [grants.get(f"{self._side(referral)}/{referral.contract}") for _, referral in shown]
        uses = self._uses(each for each in of_shown if each is not None and each.status is GrantStatus.GRANTED)
        return tuple([self._seen(*each, grant, uses) for each, grant in zip(shown, of_shown, strict=True)])

    def _side(self, referral: Referral) -> Side:
        return Side.REFERRER if referral.referrer == self.account else Side.REFEREE

    def _seen(
        self, place: Place, referral: Referral, grant: Grant | None, uses: Mapping[str, tuple[Use, ...]]
    ) -> ReferralView:
        side = self._side(referral)
        taken_back = self._taken_back(referral, side)
        waits_for = wait_of(referral, side, grant, taken_back)
        granted = grant if grant is not None and grant.status is GrantStatus.GRANTED else None
        other = referral.referee if side is Side.REFERRER else referral.referrer
        sees_other = self._sees(other)
        return ReferralView(
            place=place_text(place),
            side=side,
            status=referral.status_of(side),
            waits_for=waits_for,
            concluded_at=referral.concluded_at,
            expected_on=self._starts_on(referral.contract) if waits_for is Wait.START else None,
            granted_at=None if granted is None else granted.effective_from,
            cancelled_at=referral.cancelled_at,
            amount=referral.offer_of(side).amount,
            grant=None if grant is None else grant.status,
            taken_back=taken_back,
            bills=() if granted is None else uses.get(granted.key),
            contract=referral.contract if side is Side.REFEREE or sees_other else None,
            other=other if sees_other else None,
        )

    def _taken_back(self, referral: Referral, side: Side) -> Money | None:
        """Return what was taken back of a side's grant; only of what is stopped anything can be (V2, B10)."""
        if referral.granted_at is None or referral.status_of(side) not in _STOPPED:
            return None
        reversals = self.ports.reversals.of_referral(referral.contract)
        amounts = [each.amount for each in reversals if each.side is side and each.amount]
        return Money.total(amounts, amounts[0].currency) if amounts else None

    def _uses(self, grants: Iterable[Grant]) -> dict[str, tuple[Use, ...]]:
        """Return the bills that used each grant, as far as billing tells and answers."""
        billing, uses = self.ports.billing, dict[str, tuple[Use, ...]]()
        if isinstance(billing, UseTelling):
            with suppress(BillingUnavailable):  # whoever asks where a discount is, is told so without billing too
                for grant in grants:
                    uses[grant.key] = billing.uses(grant.key)
        return uses

    def _starts_on(self, contract: str) -> date | None:
        found = self.ports.contracts.find(contract)
        return None if found is None else found.starts_on

    def _placed(self, newest_by: datetime) -> Iterator[tuple[Place, Referral]]:
        """Yield the referrals concluded by a moment with their places, the newest first."""
        shared = self.ports.referrals.all(referrer=self.account, newest_by=newest_by)
        own = sorted((each for each in self._own() if each.concluded_at <= newest_by), key=_order, reverse=True)
        for concluded_at, together in groupby(merge(shared, own, key=_order, reverse=True), key=_concluded_at):
            for count, referral in enumerate(together, 1):
                yield (concluded_at, count), referral

    def _own(self) -> Iterator[Referral]:
        """Yield the referrals of the account's own contracts, in which it is the referee."""
        for contract in self.ports.contracts.of_account(self.account):
            referral = self.ports.referrals.find(contract.id)
            if referral is not None:
                yield referral

    def _sees(self, other: str) -> bool:
        return self.permissions.actor.role is not Role.CUSTOMER and self.permissions.sees(accounts=(other,))


def _concluded_at(referral: Referral) -> datetime:
    return referral.concluded_at


def _order(referral: Referral) -> tuple[datetime, str]:
    return referral.concluded_at, referral.contract
