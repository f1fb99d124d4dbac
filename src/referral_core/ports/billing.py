"""The port to billing, where discounts are kept and bills use them up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from referral_core.entities.balance import Balance, Movement, Use
from referral_core.entities.grant import Grant
from referral_core.values.errors import Reason
from referral_core.values.money import Money


class Billing(Protocol):
    """The system that keeps every account's "continuous bill discount".

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`. Then it has taken effect, or has not, or
    takes effect later, and only :meth:`has_grant` tells. All methods may be called from many threads at once.

    Every posting has a moment of its own, when it happened, and ``recorded_at``, when it is learned: by default its own
    moment (M4).
    """

    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        """Post a grant, effective from ``grant.effective_from``; a key that was posted before changes nothing (B2)."""
        ...

    def has_grant(self, key: str) -> bool:
        """Tell whether a grant was posted under this key."""
        ...

    def bill(
        self, bill: str, account: str, amount: Money, *, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Let a bill use the account's unused discount, oldest grant first (B6).

        It uses what is effective by ``at`` and was recorded by ``recorded_at`` (B13). Grants that are effective from
        one moment on are used in order of key.

        Returns the amount used: the smaller of the bill and that discount.

        :raises Refusal: ``bill-exists`` when the bill was applied before.
        """
        ...

    def transfer(
        self,
        source: str,
        target: str,
        amount: Money | None,
        *,
        at: datetime,
        key: str,
        recorded_at: datetime | None = None,
    ) -> Money:
        """Move unused discount, oldest first, between accounts in one step; ``None`` moves all (B7).

        Each part keeps its grant and the moment from which it is effective; ``at`` is the moment of the transfer. What
        is left of a grant that is being taken back does not move.

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

        With ``by`` the balance is of the movements recorded up to and at that moment, whenever they happened (R3),
        without parts. What takes discount away counts as recorded no earlier than the discount that it takes.
        """
        ...


@runtime_checkable
class BulkBilling(Protocol):
    """An optional part of :class:`Billing`: many grants in one call. Without it grants are posted one by one.

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`: then every grant in it is in doubt.
    """

    def grant_all(self, grants: Sequence[Grant], *, recorded_at: datetime | None = None) -> Mapping[str, Reason]:
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

        They add up to :meth:`Billing.balance`: by kind to its figures, at the end to the unused discount, and those
        recorded up to any moment to the balance by that moment. What a cancelled bill gives back is not consumed. The
        reference is the key of the grant, the bill, or the key of the transfer on both of its sides. Amounts of zero
        are no movements.
        """
        ...


@runtime_checkable
class Reversing(Protocol):
    """An optional part of :class:`Billing`: what is unspent of a grant is taken back.

    Without it nothing can be taken back: every reversal is stuck until staff settle it in billing.

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`. Then it has taken effect, or has not, or
    takes effect later; it is repeated under its key.
    """

    def take_back(
        self, grant: str, account: str, *, key: str, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Take back what is unspent on an account of the grant posted under ``grant`` (B11).

        Returns the amount taken back: zero if nothing is there. A ``key`` that was used before for the same grant and
        account changes nothing, and the same amount is returned.

        From the first reversal of a grant on, what is left of it on other accounts is not transferred any more.

        :raises KeyReused: the key was used before for another account; nothing is taken back.
        """
        ...

    def holders(self, grant: str) -> tuple[str, ...]:
        """Return the accounts with unspent discount of a grant, in order; it may have been transferred (B7)."""
        ...


@runtime_checkable
class Cancelling(Protocol):
    """An optional part of :class:`Billing`: a bill is cancelled. Without it cancelling a bill is refused at once."""

    def billed_account(self, bill: str) -> str | None:
        """Return the account of a bill, ``None`` for an unknown one."""
        ...

    def cancel_bill(self, bill: str, *, at: datetime, recorded_at: datetime | None = None) -> Money:
        """Give back what a bill took, to the grants that it took it from, as old as it was (B12).

        What comes back to a grant of which something was taken back is taken back at once. The number of the bill stays
        used. A bill that was cancelled before changes nothing.

        Returns the amount that the bill had taken.

        :raises Refusal: ``bill-unknown``.
        :raises BillingUnavailable: billing did not answer.
        """
        ...


@runtime_checkable
class UseTelling(Protocol):
    """An optional part of :class:`Billing`: which bills used a grant. Without it only balances tell of use.

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`.
    """

    def uses(self, key: str, *, by: datetime | None = None) -> tuple[Use, ...]:
        """Return what each bill took of the grant posted under ``key``, on whichever account, by moment and bill.

        Cancelled bills are left out. With ``by`` the uses are those recorded by that moment, and not cancelled by then.
        """
        ...
