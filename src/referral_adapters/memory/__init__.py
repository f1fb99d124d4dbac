"""A store in memory: a real store, thread-safe, with the same answers as every other store."""

from __future__ import annotations

from referral_adapters.memory.billing import ContinuousDiscounts
from referral_adapters.memory.flaky_billing import Fault, FlakyBilling, FlakyBulkBilling, FlakyLedger
from referral_adapters.memory.limiter import SlidingLimiter
from referral_adapters.memory.store import MemoryStore

__all__ = [
    "ContinuousDiscounts",
    "Fault",
    "FlakyBilling",
    "FlakyBulkBilling",
    "FlakyLedger",
    "MemoryStore",
    "SlidingLimiter",
]
