"""A billing that fails on demand, for tests of what becomes of a grant when billing fails (B2)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from threading import Lock
from typing import Protocol, TypeVar, runtime_checkable

from referral_core.entities.balance import Balance, Use
from referral_core.entities.grant import Grant
from referral_core.ports.billing import Billing, BulkBilling, Cancelling, Reversing, UseTelling
from referral_core.values.errors import BillingUnavailable, Reason, Refusal
from referral_core.values.money import Money

T = TypeVar("T")


class Fault(enum.StrEnum):
    """How a call to billing fails; each time the caller gets :class:`BillingUnavailable`."""

    BEFORE = "before"
    """The call fails before it has any effect."""
    MIDDLE = "middle"
    """The call is cut off half-way, and billing undoes the half."""
    AFTER = "after"
    """The call takes effect, and the answer is lost."""
    LATE = "late"
    """The call takes effect some calls later, if it has a key, as a grant, a transfer or a reversal; else it fails as
    before."""


Plan = Iterable[Fault | None] | Callable[[str], Fault | None]
"""One fault or ``None`` for each call, no fault after the end; or a function of the name of the method."""


@runtime_checkable
class UndoableBilling(Billing, Protocol):
    """A billing with transactions, which :attr:`Fault.MIDDLE` needs."""

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that takes effect as a whole or, when an exception leaves it, not at all."""
        ...


class BillingWithBulk(Billing, BulkBilling, Protocol):
    """A billing that takes grants one by one and many in one call."""


class Ledger(Billing, Reversing, Cancelling, UseTelling, Protocol):
    """A billing that takes back what is unspent, cancels bills, and tells which bills used a grant."""


class FlakyBilling:
    """A billing around another billing, with faults by plan; safe to call from many threads at once.

    A late call takes effect just before the ``late_by``-th call after it, or at :meth:`recover`.

    The inner billing must have a journal of its own. A billing that takes part in the transactions of a store would
    lose with a failed transaction what had already happened here.
    """

    def __init__(self, billing: Billing, plan: Plan = (), *, late_by: int = 3) -> None:
        self._billing = billing
        self._faults: Callable[[str], Fault | None] = plan if callable(plan) else _scripted(plan)
        self._late_by = late_by
        self._lock = Lock()
        self._calls = 0
        self._late: list[tuple[int, Callable[[], object]]] = []

    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        """Post a grant, or fail by plan; late grants arrive later."""
        self._call("grant", lambda: self._billing.grant(grant, recorded_at=recorded_at), has_key=True)

    def has_grant(self, key: str) -> bool:
        """Tell whether a grant has arrived under this key by now, or fail by plan."""
        return self._call("has_grant", lambda: self._billing.has_grant(key))

    def bill(
        self, bill: str, account: str, amount: Money, *, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Take a bill's amount from the discount, or fail by plan."""
        return self._call("bill", lambda: self._billing.bill(bill, account, amount, at=at, recorded_at=recorded_at))

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
        """Move unused discount, or fail by plan; late transfers arrive later."""
        move = self._billing.transfer
        return self._call(
            "transfer", lambda: move(source, target, amount, at=at, key=key, recorded_at=recorded_at), has_key=True
        )

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the balance of the inner billing, or fail by plan."""
        return self._call("balance", lambda: self._billing.balance(account, by=by))

    def recover(self) -> None:
        """End all faults, and let every late call take effect."""
        with self._lock:
            self._faults = _scripted(())
            late, self._late = self._late, []
        self._deliver(late)

    def _call(self, method: str, act: Callable[[], T], *, has_key: bool = False) -> T:
        with self._lock:
            self._calls += 1
            fault = self._faults(method)
            arriving = [(due, late) for due, late in self._late if due <= self._calls]
            self._late = [(due, late) for due, late in self._late if due > self._calls]
            if fault is Fault.LATE and has_key:
                self._late.append((self._calls + self._late_by, act))
        # The inner billing is called without the lock: it may have a lock of its own, held by a thread that waits here.
        self._deliver(arriving)
        if fault is None:
            return act()
        if fault is Fault.AFTER:
            with suppress(Refusal):  # a refusal is an answer too, and the answer is lost
                act()
        elif fault is Fault.MIDDLE:
            self._cut_off(act)
        raise BillingUnavailable(f"{method}: no answer ({fault})")

    def _deliver(self, arriving: list[tuple[int, Callable[[], object]]]) -> None:
        for _, act in arriving:
            with suppress(Refusal):  # the caller is gone, so nobody gets the answer
                act()

    def _cut_off(self, act: Callable[[], object]) -> None:
        if not isinstance(self._billing, UndoableBilling):
            raise TypeError(f"{type(self._billing).__name__} cannot be cut off in the middle: it has no transaction()")
        with suppress(Refusal, _CutOff), self._billing.transaction():
            act()
            raise _CutOff


class FlakyBulkBilling(FlakyBilling):
    """A billing around another billing that takes many grants in one call, with faults by plan.

    A call fails with all of its grants or with none.
    """

    def __init__(self, billing: BillingWithBulk, plan: Plan = (), *, late_by: int = 3) -> None:
        super().__init__(billing, plan, late_by=late_by)
        self._bulk = billing

    def grant_all(self, grants: Sequence[Grant], *, recorded_at: datetime | None = None) -> Mapping[str, Reason]:
        """Post many grants in one call, or fail by plan; a late call arrives later as a whole."""
        return self._call("grant_all", lambda: self._bulk.grant_all(grants, recorded_at=recorded_at), has_key=True)

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the keys under which a grant has arrived by now, or fail by plan."""
        return self._call("granted_among", lambda: self._bulk.granted_among(keys))


class FlakyLedger(FlakyBilling):
    """A billing around another billing that takes back, cancels bills and tells of uses, with faults by plan."""

    def __init__(self, billing: Ledger, plan: Plan = (), *, late_by: int = 3) -> None:
        super().__init__(billing, plan, late_by=late_by)
        self._ledger = billing

    def take_back(
        self, grant: str, account: str, *, key: str, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Take back what is unspent, or fail by plan; late reversals arrive later."""
        take = self._ledger.take_back
        return self._call(
            "take_back", lambda: take(grant, account, key=key, at=at, recorded_at=recorded_at), has_key=True
        )

    def holders(self, grant: str) -> tuple[str, ...]:
        """Return the accounts with unspent discount of a grant by now, or fail by plan."""
        return self._call("holders", lambda: self._ledger.holders(grant))

    def billed_account(self, bill: str) -> str | None:
        """Tell the account of a bill, if there is an answer."""
        return self._call("billed_account", lambda: self._ledger.billed_account(bill))

    def cancel_bill(self, bill: str, *, at: datetime, recorded_at: datetime | None = None) -> Money:
        """Cancel a bill, or fail by plan."""
        return self._call("cancel_bill", lambda: self._ledger.cancel_bill(bill, at=at, recorded_at=recorded_at))

    def uses(self, key: str, *, by: datetime | None = None) -> tuple[Use, ...]:
        """Return what bills took of a grant by now, or fail by plan."""
        return self._call("uses", lambda: self._ledger.uses(key, by=by))


class _CutOff(Exception):
    """The end of a transaction of the inner billing, half-way."""


def _scripted(script: Iterable[Fault | None]) -> Callable[[str], Fault | None]:
    lines = iter(script)
    return lambda _: next(lines, None)
