"""The codes of accounts, written down and traced (C11, A2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.codeless_account import CodelessAccount
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, Ending, Issuing, PromoCode
from referral_core.entities.trace_entry import TraceNote, account_subject
from referral_core.programme.programme import Programme
from referral_core.use_cases.tracing import code_state

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class CodeBook:
    """Looks up the codes of an account, and stores each change of one together with its row in the trace."""

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports

    def present(self, account: str, at: datetime) -> PromoCode | None:
        """Return the account's code that is pending or active at a moment; there is at most one (C6)."""
        for code in reversed(self._ports.promo_codes.of_account(account)):
            if code.status_at(at) is not CodeStatus.ENDED:
                return code
        return None

    def was_ended_by_hand(self, account: str) -> bool:
        """Tell whether staff ended the account's last code (C7)."""
        codes = self._ports.promo_codes.of_account(account)
        return bool(codes) and codes[-1].ending is Ending.BY_HAND

    def keeps(self, contract: Contract) -> bool:
        """Tell whether a contract is in force on a product that keeps its account's code active (C4)."""
        in_force = contract.is_open and contract.activated_at is not None
        return in_force and self._programme.keeps(contract.product)

    def issue(
        self,
        text: str,
        contract: Contract,
        *,
        at: datetime,
        actor: Actor,
        issuing: Issuing,
        starts_at: datetime | None = None,
        reason: str | None = None,
    ) -> PromoCode:
        """Store a new code of a contract's account, pending unless it ``starts_at`` some moment (C3, C9)."""
        code = PromoCode(
            text=text,
            account=contract.account,
            customer=contract.customer,
            issued_at=at,
            issued_by=actor.id,
            issuing=issuing,
            starts_at=starts_at,
        )
        self._ports.promo_codes.add(code, at=at)
        self._trace(Act.CODE_ISSUE, None, code, at, actor, reason)
        return code

    def launch(
        self,
        accounts: Sequence[CodelessAccount],
        texts: Sequence[str],
        *,
        at: datetime,
        actor: Actor,
        reason: str | None = None,
    ) -> tuple[PromoCode, ...]:
        """Store a first code, active at once, for each of many accounts (C2)."""
        codes = [
            PromoCode(
                text=text,
                account=account.account,
                customer=account.customer,
                issued_at=at,
                issued_by=actor.id,
                issuing=Issuing.LAUNCH,
                starts_at=at,
            )
            for account, text in zip(accounts, texts, strict=True)
        ]
        notes = [_note(Act.CODE_ISSUE, None, code, at, actor, reason) for code in codes]
        self._ports.launch_codes.add(codes, notes, at=at)
        return tuple(codes)

    def change(
        self, act: Act, before: PromoCode, after: PromoCode, *, at: datetime, actor: Actor, reason: str | None = None
    ) -> PromoCode:
        """Store the next state of a code."""
        self._ports.promo_codes.replace(after, at=at)
        self._trace(act, before, after, at, actor, reason)
        return after

    def _trace(
        self, act: Act, before: PromoCode | None, after: PromoCode, at: datetime, actor: Actor, reason: str | None
    ) -> None:
        self._ports.trace.append(_note(act, before, after, at, actor, reason))


def _note(
    act: Act, before: PromoCode | None, after: PromoCode, at: datetime, actor: Actor, reason: str | None
) -> TraceNote:
    state = None if before is None else code_state(before)
    return TraceNote(account_subject(after.account), at, act, actor, state, code_state(after), reason)
