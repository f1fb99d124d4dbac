"""The codes of a launch in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import islice

from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.journal import Journal
from referral_adapters.memory.promo_codes import MemoryPromoCodes
from referral_adapters.memory.trace import MemoryTrace
from referral_core.entities.codeless_account import CodelessAccount, CodelessPage
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.trace_entry import TraceNote
from referral_core.values.errors import ConcurrentChange, Refusal


class MemoryLaunchCodes:
    """The port ``LaunchCodes`` in memory, over the ports of the same store: thread-safe, all-or-nothing."""

    def __init__(
        self, journal: Journal, contracts: MemoryContracts, promo_codes: MemoryPromoCodes, trace: MemoryTrace
    ) -> None:
        self._journal = journal
        self._contracts = contracts
        self._promo_codes = promo_codes
        self._trace = trace

    def count(self) -> int:
        """Return how many accounts there are."""
        return self._contracts.count_accounts()

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Look at the next ``limit`` accounts whose id is above ``after``, by the code points of the id.

        Returned are those that never held a code and on which a contract is in force: open, and activated at or
        before ``at``. In a transaction their contracts stay as they are until it ends, and a second run waits for it.
        """
        with self._journal.lock:
            accounts = list(islice(self._contracts.accounts_above(after), limit))
            found = [self._codeless(account, at) for account in accounts]
        return CodelessPage(
            tuple([each for each in found if each is not None]),
            len(accounts),
            accounts[-1] if accounts and len(accounts) == limit else None,
        )

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return which of these canonical texts some account holds or held (C1)."""
        with self._journal.lock:
            return frozenset([text for text in texts if self._promo_codes.find(text) is not None])

    def add(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Store the first codes of accounts, recorded at ``at``, and add the notes to the trace: all of it or nothing.

        :raises ConcurrentChange: a text was taken, or an account came to hold another code; nothing was stored. Ask
            again for what is codeless.
        """
        try:
            with self._journal:
                for code in codes:
                    if self._promo_codes.of_account(code.account):
                        raise ConcurrentChange(f"account {code.account} has come to hold a code")
                    self._promo_codes.add(code, at=at)
                for note in notes:
                    self._trace.append(note)
        except Refusal as quicker:
            raise ConcurrentChange(str(quicker)) from quicker

    def _codeless(self, account: str, at: datetime) -> CodelessAccount | None:
        if self._promo_codes.of_account(account):
            return None
        contracts = self._contracts.of_account(account)
        in_force = [contract for contract in contracts if contract.is_open and contract.was_active_by(at)]
        if not in_force:
            return None
        names = [contract.first_name for contract in contracts if contract.first_name]
        supplies = tuple([(contract.product, contract.segment) for contract in in_force])
        return CodelessAccount(account, contracts[0].customer, supplies, names[-1] if names else None)
