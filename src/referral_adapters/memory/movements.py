"""Movements: what was granted, transferred and consumed on each account, and when."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from referral_adapters.memory.journal import Change, adding, setting
from referral_core.values.recorded import learned_at

_NONE: Final = Decimal("0.00")


class Movement(NamedTuple):
    """An amount that came to an account's discount or went from it, by the name it has in a balance.

    ``reference`` is what moved it: a leg's key, a bill, a transfer's key.
    """

    kind: str
    amount: Decimal
    moved_at: datetime
    reference: str


class Movements:
    """The movements of all accounts, kept for ever; a balance is their sum, never a counter (B6, B7)."""

    def __init__(self) -> None:
        self._of_account: dict[str, list[Movement]] = {}

    def moving(self, account: str, kind: str, reference: str, amount: Decimal, moved_at: datetime) -> Change:
        """Return the change that adds a movement."""
        movement = Movement(kind, amount, moved_at, reference)
        movements = self._of_account.get(account)
        return setting(self._of_account, account, [movement]) if movements is None else adding(movements, movement)

    def following(self, at: datetime, *accounts: str) -> datetime:
        """Return when something that happened at ``at`` moves on accounts: never before what has moved there."""
        moments = [each.moved_at for account in accounts for each in self._of_account.get(account, ())]
        return learned_at(at, max(moments, default=None))

    def sums(self, account: str, by: datetime | None) -> defaultdict[str, Decimal]:
        """Return what an account's movements come to by their kinds, up to and at ``by`` where that is given."""
        sums: defaultdict[str, Decimal] = defaultdict(lambda: _NONE)
        for each in self._of_account.get(account, ()):
            if by is None or each.moved_at <= by:
                sums[each.kind] += each.amount
        return sums

    def of(self, account: str) -> tuple[Movement, ...]:
        """Return an account's movements, as they came."""
        return tuple(self._of_account.get(account, ()))
