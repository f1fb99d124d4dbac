"""The port to billing, where discounts are kept and bills eat them up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from referral_core.entities.balance import Balance
from referral_core.entities.grant import Grant
from referral_core.entities.movement import Movement
from referral_core.values.money import Money
from referral_core.values.reason import Reason


class Billing(Protocol):
    """The world that keeps every account's "continuous bill discount".

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`: then it may or may not have had its
    effect, or may have it later, and only :meth:`has_grant` tells. Safe to call from many threads at once.
    """

    def grant(self, grant: Grant) -> None:
        """Post a leg, effective from ``grant.effective_from``; a key that was posted before changes nothing (B2)."""
        ...

    def has_grant(self, key: str) -> bool:
        """Tell whether a leg was posted under this key."""
        ...

    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Let a bill take what it can of the account's unused discount effective by ``at``, oldest grant first (B6).

        Returns what it took: the smaller of the bill and the unused discount.

        :raises Refusal: ``bill-exists`` when the bill was taken into account before.
        """
        ...

    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Move unused discount, oldest first, between accounts in one step; ``None`` moves all (B7).

        Each part keeps the moment it is effective from; ``at`` is when it is moved.

        Returns what was moved. Under a ``key`` that was used before nothing is moved again, and what was moved then is
        returned, so that a transfer whose answer was lost can be asked for once more.

        :raises Refusal: ``amount-exceeds-unused`` when there is less on ``source``.
        """
        ...

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's movements; all zero, in billing's currency, if it never had a discount.

        Its parts add up to what is unused, oldest first, each with the moment it is effective from.

        With ``by`` the movements are those up to and at that moment (R3), and no parts are told. A leg moves at its
        ``effective_from``, a bill and a transfer at their ``at``, though never before what moved earlier on the
        accounts they touch: one that arrives late moves at the last of those moments. So no balance, at any moment, is
        short of what it says was used.
        """
        ...


@runtime_checkable
class BulkBilling(Protocol):
    """What a :class:`Billing` may offer besides: many legs in one call. Without it they are sent one by one.

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`: then every leg of it is in doubt.
    """

    def grant_all(self, grants: Sequence[Grant]) -> Mapping[str, Reason]:
        """Post legs as :meth:`Billing.grant` does, and return why some were not, by their keys.

        All that are not refused are posted in one step, or none when the call fails.
        """
        ...

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the keys under which a leg was posted."""
        ...


@runtime_checkable
class TellingBilling(Protocol):
    """What a :class:`Billing` may offer besides: every movement of an account. Without it only balances are known.

    A call may raise :class:`~referral_core.values.errors.BillingUnavailable`.
    """

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return all that ever moved on an account, as :func:`~referral_core.entities.movement.statement` orders it.

        They add up to :meth:`Billing.balance`: by kind to its figures, at the end to what is unused, and up to any
        moment to the balance by that moment. The reference is the leg's key, the bill, or for both sides of a transfer
        its key. What was of nothing moved nothing.
        """
        ...
