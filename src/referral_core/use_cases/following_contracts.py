"""Codes that follow what happens to contracts: issued, started and ended by themselves (C3, C4, C7, C8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, Ending, Issuing, PromoCode
from referral_core.programme.programme import Programme
from referral_core.use_cases.code_book import CodeBook
from referral_core.use_cases.drawing import Drawing

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class FollowingContracts:
    """What a change of a contract does to its account's code."""

    def __init__(self, programme: Programme, ports: Ports, book: CodeBook, drawing: Drawing) -> None:
        self._programme = programme
        self._ports = ports
        self._book = book
        self._drawing = drawing

    def on_conclusion(
        self, contract: Contract, others: Sequence[Contract], at: datetime, actor: Actor
    ) -> PromoCode | None:
        """Issue the pending code that a concluded contract brings to its account, if it does (C3, C7, C8)."""
        if not self._programme.issues_for(contract.product, contract.segment):
            return None
        if self._book.present(contract.account, at) is not None:
            return None
        is_customer_still = any(other.is_open for other in others)
        if is_customer_still and self._book.was_ended_by_hand(contract.account):
            return None
        text = self._drawing.text_for([*others, contract], at)
        return self._book.issue(text, contract, at=at, actor=actor, issuing=Issuing.AUTOMATIC)

    def on_activation(self, contract: Contract, at: datetime, actor: Actor) -> tuple[PromoCode | None, bool]:
        """Start the account's pending code, or issue one that is active at once (C3, C4, C7).

        Returns the code and whether it was issued just now; no code when nothing happened.
        """
        present = self._book.present(contract.account, at)
        if present is not None:
            return self._start(present, contract, at, actor), False
        if not self._programme.issues_for(contract.product, contract.segment):
            return None, False
        if self._book.was_ended_by_hand(contract.account):
            return None, False
        text = self._drawing.text_for(self._ports.contracts.of_account(contract.account), at)
        return self._book.issue(text, contract, at=at, actor=actor, issuing=Issuing.AUTOMATIC, starts_at=at), True

    def on_end(self, contract: Contract, at: datetime, actor: Actor) -> PromoCode | None:
        """End the account's code if the contracts that remain no longer keep it (C3, C4)."""
        present = self._book.present(contract.account, at)
        if present is None:
            return None
        contracts = self._ports.contracts.of_account(contract.account)
        if present.status_at(at) is CodeStatus.PENDING:
            kept = any(other.is_open for other in contracts)
        else:
            kept = any(self._book.keeps(other) for other in contracts)
        if kept:
            return None
        ended = present.ended(at, Ending.CONTRACTS_ENDED)
        return self._book.change(Act.CODE_END, present, ended, at=at, actor=actor)

    def _start(self, code: PromoCode, contract: Contract, at: datetime, actor: Actor) -> PromoCode | None:
        if code.starts_at is not None or not self._programme.keeps(contract.product):
            return None
        return self._book.change(Act.CODE_START, code, code.started(at), at=at, actor=actor)
