"""History in memory."""

from __future__ import annotations

from referral_adapters.memory.journal import Journal
from referral_adapters.memory.records import Records
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.values.recorded import Recorded


class MemoryHistory:
    """The port ``History`` in memory: the records that the ports of codes, groups and referrals write (R3)."""

    def __init__(
        self,
        journal: Journal,
        codes: Records[PromoCode],
        groups: Records[DiscountGroup],
        referrals: Records[Referral],
    ) -> None:
        self._lock = journal.lock
        self._codes = codes
        self._groups = groups
        self._referrals = referrals

    def codes(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state of every code of an account: codes in the order they were added, states in theirs."""
        with self._lock:
            records = self._codes.of(account)
        states: dict[str, list[Recorded[PromoCode]]] = {}
        for record in records:
            states.setdefault(record.state.text, []).append(record)
        return tuple(map(tuple, states.values()))

    def group(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state of a group, in order."""
        with self._lock:
            return self._groups.of(group)

    def referral(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral, in order, without its fee notes."""
        with self._lock:
            return self._referrals.of(contract)
