"""A billing that fails on demand, to try out what becomes of a grant when it does (B2)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from threading import Lock
from typing import Protocol, TypeVar, runtime_checkable

from referral_core.entities.balance import Balance
from referral_core.entities.grant import Grant
from referral_core.ports.billing import Billing, BulkBilling
from referral_core.values.errors import BillingUnavailable, Reason, Refusal
from referral_core.values.money import Money

T = TypeVar("T")


class Fault(enum.StrEnum):
    """How a call to billing can fail; the caller is told :class:`BillingUnavailable` each time."""

    BEFORE = "before"
    """Nothing happened."""
    MIDDLE = "middle"
    """It was cut off half-way, and billing undid the half."""
    AFTER = "after"
    """It happened, and the answer was lost."""
    LATE = "late"
    """It takes effect some calls later: a grant or a transfer, which has a key; any other call fails as before."""


Plan = Iterable[Fault | None] | Callable[[str], Fault | None]
"""A script with a line for each call, no fault after its end; or what decides, from the name of the method."""


@runtime_checkable
class UndoableBilling(Billing, Protocol):
    """A billing whose work can be undone, as :attr:`Fault.MIDDLE` needs."""

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that takes effect as a whole or, when an exception leaves it, not at all."""
        ...


class WholeBilling(Billing, BulkBilling, Protocol):
    """A billing that takes legs one by one and many in one call."""


class FlakyBilling:
    """A billing around another, failing as planned; safe to call from many threads at once.

    What is late arrives just before the ``late_by``-th call after the one that asked for it, or at :meth:`recover`.

    Give it a billing with a journal of its own, as the outside world has: one that takes part in a store's
    transactions would take back with them what had happened here.
    """

    def __init__(self, billing: Billing, plan: Plan = (), *, late_by: int = 3) -> None:
        self._billing = billing
        self._faults: Callable[[str], Fault | None] = plan if callable(plan) else _scripted(plan)
        self._late_by = late_by
        self._lock = Lock()
        self._calls = 0
        self._late: list[tuple[int, Callable[[], object]]] = []

    def grant(self, grant: Grant) -> None:
        """Post a leg, or fail as planned."""
        self._call("grant", lambda: self._billing.grant(grant), has_key=True)

    def has_grant(self, key: str) -> bool:
        """Tell whether a leg was posted under this key, or fail as planned."""
        return self._call("has_grant", lambda: self._billing.has_grant(key))

    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Let a bill take what it can, or fail as planned."""
        return self._call("bill", lambda: self._billing.bill(bill, account, amount, at=at))

    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Move unused discount, or fail as planned."""
        return self._call(
            "transfer", lambda: self._billing.transfer(source, target, amount, at=at, key=key), has_key=True
        )

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's movements, or fail as planned."""
        return self._call("balance", lambda: self._billing.balance(account, by=by))

    def recover(self) -> None:
        """End all faults, and let what is late arrive."""
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
        # The other billing is called without the lock: it may have one of its own, held by who waits for this one.
        self._deliver(arriving)
        if fault is None:
            return act()
        if fault is Fault.AFTER:
            with suppress(Refusal):  # a refusal is an answer too, and it is lost
                act()
        elif fault is Fault.MIDDLE:
            self._cut_off(act)
        raise BillingUnavailable(f"{method}: no answer ({fault})")

    def _deliver(self, arriving: list[tuple[int, Callable[[], object]]]) -> None:
        for _, act in arriving:
            with suppress(Refusal):  # nobody is there any more to be told
                act()

    def _cut_off(self, act: Callable[[], object]) -> None:
        if not isinstance(self._billing, UndoableBilling):
            raise TypeError(f"{type(self._billing).__name__} cannot be cut off in the middle: it has no transaction()")
        with suppress(Refusal, _CutOff), self._billing.transaction():
            act()
            raise _CutOff


class FlakyBulkBilling(FlakyBilling):
    """A billing around another that takes many legs in one call, failing as planned.

    A call that fails, fails with all of its legs.
    """

    def __init__(self, billing: WholeBilling, plan: Plan = (), *, late_by: int = 3) -> None:
        super().__init__(billing, plan, late_by=late_by)
        self._bulk = billing

    def grant_all(self, grants: Sequence[Grant]) -> Mapping[str, Reason]:
        """Post legs in one step, or fail as planned."""
        return self._call("grant_all", lambda: self._bulk.grant_all(grants), has_key=True)

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the keys under which a leg was posted, or fail as planned."""
        return self._call("granted_among", lambda: self._bulk.granted_among(keys))


class _CutOff(Exception):
    """Ends a transaction of the billing around which this one is."""


def _scripted(script: Iterable[Fault | None]) -> Callable[[str], Fault | None]:
    lines = iter(script)
    return lambda _: next(lines, None)
