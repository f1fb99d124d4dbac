"""The port to billing, where discounts are kept and bills use them up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from referral_core.entities.balance import Balance, Movement
from referral_core.entities.grant import Grant
from referral_core.values.errors import Reason
from referral_core.values.money import Money


class Billing(Protocol):
    """The system that keeps every account's "continuous bill discount".

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`. Then it has taken effect, or has not, or
    takes effect later, and only :meth:`has_grant` tells. All methods may be called from many threads at once.
    """

    def grant(self, grant: Grant) -> None:
        """Post a grant, effective from ``grant.effective_from``; a key that was posted before changes nothing (B2)."""
        ...

    def has_grant(self, key: str) -> bool:
        """Tell whether a grant was posted under this key."""
        ...

    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Let a bill use the account's unused discount that is effective by ``at``, oldest grant first (B6).

        Returns the amount used: the smaller of the bill and the unused discount.

        :raises Refusal: ``bill-exists`` when the bill was applied before.
        """
        ...

    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Move unused discount, oldest first, between accounts in one step; ``None`` moves all (B7).

        Each part keeps the moment from which it is effective; ``at`` is the moment of the transfer.

        Returns the amount moved. A ``key`` that was used before for the same transfer moves nothing and returns the
        amount moved then, so that a transfer whose answer was lost can be repeated. The same transfer is between the
        same accounts and of the same amount; all, or the amount that all was, are the same.

        :raises Refusal: ``amount-exceeds-unused`` when there is less on ``source``.
        :raises KeyReused: the key was used before for another transfer; nothing is moved.
        """
        ...

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's balance; all zero, in billing's currency, if it never had a discount.

        Its parts add up to the unused discount, oldest first, each with the moment from which it is effective.

        With ``by`` the balance is of the movements up to and at that moment (R3), without parts. A grant moves at its
        ``effective_from``, a bill and a transfer at their ``at``, but never before an earlier movement of the accounts
        they touch: a late arrival moves at the last of those moments. So no balance, at any moment, is less than what
        was used by then.
        """
        ...


@runtime_checkable
class BulkBilling(Protocol):
    """An optional part of :class:`Billing`: many grants in one call. Without it grants are posted one by one.

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`: then every grant in it is in doubt.
    """

    def grant_all(self, grants: Sequence[Grant]) -> Mapping[str, Reason]:
        """Post grants as :meth:`Billing.grant` does, and return the reasons of those refused, by their keys.

        All other grants are posted in one step, or none when the call fails.
        """
        ...

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return the keys under which a grant was posted."""
        ...


@runtime_checkable
class TellingBilling(Protocol):
    """An optional part of :class:`Billing`: every movement of an account. Without it only balances are known.

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`.
    """

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return all movements of an account, ordered by :func:`~referral_core.entities.balance.statement`.

        They add up to :meth:`Billing.balance`: by kind to its figures, at the end to the unused discount, and up to any
        moment to the balance by that moment. The reference is the key of the grant, the bill, or the key of the
        transfer on both of its sides. Amounts of zero are no movements.
        """
        ...
