"""The codes of accounts, written down and traced (C11, A2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from referral_core.entities.codeless_account import CodelessAccount
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, Ending, Issuing, PromoCode
from referral_core.services.context import Context
from referral_core.values.errors import ConcurrentChange, Refusal


@attrs.frozen
class CodeBook:
    """Looks up the codes of an account, and stores each change of one together with its row in the trace.

    ``at`` is the moment of the fact that a change follows from; it is recorded at the context's now.
    """

    context: Context

    def present(self, account: str, at: datetime) -> PromoCode | None:
        """Return the account's code that is pending or active at a moment; there is at most one (C6)."""
        for code in reversed(self.context.ports.promo_codes.of_account(account)):
            if code.status_at(at) is not CodeStatus.ENDED:
                return code
        return None

    def was_ended_by_hand(self, account: str) -> bool:
        """Tell whether staff ended the account's last code (C7)."""
        codes = self.context.ports.promo_codes.of_account(account)
        return bool(codes) and codes[-1].ending is Ending.BY_HAND

    def keeps(self, contract: Contract) -> bool:
        """Tell whether a contract is in force on a product that keeps its account's code active (C4)."""
        in_force = contract.is_open and contract.activated_at is not None
        return in_force and self.context.programme.keeps(contract.product)

    def issue(
        self,
        text: str,
        contract: Contract,
        *,
        at: datetime,
        issuing: Issuing,
        starts_at: datetime | None = None,
        reason: str | None = None,
    ) -> PromoCode:
        """Store a new code of a contract's account, pending unless it ``starts_at`` some moment (C3, C9).

        :raises ConcurrentChange: since that was looked at, its text was taken, or the account came to have a code.
        """
        code = PromoCode(
            text=text,
            account=contract.account,
            customer=contract.customer,
            issued_at=at,
            issued_by=self.context.actor.id,
            issuing=issuing,
            starts_at=starts_at,
        )
        try:
            return self.context.save(code, act="code.issue", reason=reason, at=at)
        except Refusal as quicker:
            # The text was free, and the account without a code, when this act looked: it has to look again. A rule
            # then names the reason, if there still is one, and else another text is found.
            raise ConcurrentChange(f"somebody else issued a code at the same time: {quicker.message}") from quicker

    def launch(
        self, accounts: Sequence[CodelessAccount], texts: Sequence[str], reason: str | None = None
    ) -> tuple[PromoCode, ...]:
        """Store a first code, active at once, for each of many accounts (C2)."""
        context = self.context
        codes = [
            PromoCode(
                text=text,
                account=account.account,
                customer=account.customer,
                issued_at=context.now,
                issued_by=context.actor.id,
                issuing=Issuing.LAUNCH,
                starts_at=context.now,
            )
            for account, text in zip(accounts, texts, strict=True)
        ]
        context.save_launched(codes, reason)
        return tuple(codes)

    def start(self, before: PromoCode, after: PromoCode, *, at: datetime) -> PromoCode:
        """Store a code that became active (C3)."""
        return self.context.save(after, before, act="code.start", at=at)

    def end(self, before: PromoCode, after: PromoCode, *, at: datetime, reason: str | None = None) -> PromoCode:
        """Store a code that ended, or will (C4, C5)."""
        return self.context.save(after, before, act="code.end", at=at, reason=reason)
