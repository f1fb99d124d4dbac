"""Codes that follow what happens to contracts: issued, started and ended by themselves (C3, C4, C7, C8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, Ending, Issuing, PromoCode
from referral_core.services.code_book import CodeBook
from referral_core.services.context import Context


@attrs.frozen(slots=False)
class FollowingContracts:
    """What a change of a contract does to its account's code; ``at`` is the moment of the change."""

    context: Context

    @property
    def _book(self) -> CodeBook:
        return CodeBook(self.context)

    def on_conclusion(self, contract: Contract, others: Sequence[Contract], at: datetime) -> PromoCode | None:
        """Issue the pending code that a concluded contract brings to its account, if it does (C3, C7, C8)."""
        if not self.context.programme.issues_for(contract.product, contract.segment):
            return None
        if self._book.present(contract.account, at) is not None:
            return None
        is_customer_still = any(other.is_open for other in others)
        if is_customer_still and self._book.was_ended_by_hand(contract.account):
            return None
        text = self.context.drawing.text_for([*others, contract], at)
        return self._book.issue(text, contract, at=at, issuing=Issuing.AUTOMATIC)

    def on_activation(self, contract: Contract, at: datetime) -> tuple[PromoCode | None, bool]:
        """Start the account's pending code, or issue one that is active at once (C3, C4, C7).

        Returns the code and whether it was issued just now; no code when nothing happened.
        """
        present = self._book.present(contract.account, at)
        if present is not None:
            return self._start(present, contract, at), False
        if not self.context.programme.issues_for(contract.product, contract.segment):
            return None, False
        if self._book.was_ended_by_hand(contract.account):
            return None, False
        text = self.context.drawing.text_for(self.context.ports.contracts.of_account(contract.account), at)
        return self._book.issue(text, contract, at=at, issuing=Issuing.AUTOMATIC, starts_at=at), True

    def on_end(self, contract: Contract, at: datetime) -> PromoCode | None:
        """End the account's code if the contracts that remain no longer keep it (C3, C4)."""
        present = self._book.present(contract.account, at)
        if present is None:
            return None
        contracts = self.context.ports.contracts.of_account(contract.account)
        if present.status_at(at) is CodeStatus.PENDING:
            kept = any(other.is_open for other in contracts)
        else:
            kept = any(self._book.keeps(other) for other in contracts)
        if kept:
            return None
        ended = present.ended(at, Ending.CONTRACTS_ENDED)
        return self._book.end(present, ended, at=at)

    def _start(self, code: PromoCode, contract: Contract, at: datetime) -> PromoCode | None:
        if code.starts_at is not None or not self.context.programme.keeps(contract.product):
            return None
        return self._book.start(code, code.started(at), at=at)
