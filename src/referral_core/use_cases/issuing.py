"""Issuing and ending promo codes by hand (C5, C9)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.promo_code import Ending, Issuing, PromoCode
from referral_core.rules.permissions import required_reason
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.code_book import CodeBook
from referral_core.use_cases.drawing import Drawing
from referral_core.use_cases.unknown import unknown_account, unknown_code
from referral_core.values.code_text import fold, parse
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment, optional_moment
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class Codes:
    """What staff do with the codes of accounts."""

    def __init__(self, ports: Ports, book: CodeBook, drawing: Drawing) -> None:
        self._ports = ports
        self._admitting = Admitting(ports)
        self._book = book
        self._drawing = drawing

    def issue(
        self,
        account: str,
        *,
        at: datetime,
        actor: Actor,
        text: str | None = None,
        replace: bool = False,
        reason: str | None = None,
    ) -> PromoCode:
        """Issue a code to an account by hand (C9): active at once on an active contract, else pending.

        ``text`` is the wanted text, drawn in the programme's format when ``None``. With ``replace`` the account's
        present code ends as the new one is issued.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``account-unknown``, ``no-contract``, ``code-overlap``,
            ``code-malformed``, ``code-taken``.
        """
        at = moment(at)
        contracts = self._ports.contracts.of_account(account)
        self._admitting.admit(actor, Act.CODE_ISSUE, accounts=(account,))
        reason = required_reason(actor, Act.CODE_ISSUE, reason)
        if not contracts:
            raise unknown_account(account)
        if not any(contract.is_open for contract in contracts):
            raise Refusal(Reason.NO_CONTRACT, message=f"account {account} has no open contract", field="account")
        present = self._book.present(account, at)
        if present is not None and not replace:
            raise Refusal(
                Reason.CODE_OVERLAP, message=f"account {account} has the code {present.text}", field="account"
            )
        wanted = self._drawing.text_for(contracts, at) if text is None else self._free(text)
        if present is not None:
            ended = present.ended(at, Ending.REPLACED, reason)
            self._book.change(Act.CODE_END, present, ended, at=at, actor=actor, reason=reason)
        return self._book.issue(
            wanted,
            contracts[-1],
            at=at,
            actor=actor,
            issuing=Issuing.BY_HAND,
            starts_at=at if any(self._book.keeps(contract) for contract in contracts) else None,
            reason=reason,
        )

    def end(
        self,
        code: str,
        *,
        at: datetime,
        actor: Actor,
        ends_at: datetime | None = None,
        reason: str | None = None,
    ) -> PromoCode:
        """End a code by hand, at once or at the later moment ``ends_at``; a planned end can be moved (C5).

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``code-unknown``, ``code-ended``, ``moment-past``.
        """
        at = moment(at)
        ends_at = optional_moment(ends_at, "ends_at")
        found = self._ports.promo_codes.find(fold(code))
        self._admitting.admit(actor, Act.CODE_END, code=code)
        reason = required_reason(actor, Act.CODE_END, reason)
        if found is None:
            raise unknown_code(code)
        ended = found.ended_by_hand(ends_at or at, reason, now=at)
        return self._book.change(Act.CODE_END, found, ended, at=at, actor=actor, reason=reason)

    def present(self, account: str, *, at: datetime, actor: Actor) -> PromoCode | None:
        """Return the account's code that is pending or active at ``at``; there is at most one (C6, C11).

        A customer sees the codes of their own accounts only.

        :raises Refusal: ``not-allowed``.
        """
        at = moment(at)
        self._admitting.admit_to_account(actor, Act.CODE_PRESENT, account)
        return self._book.present(account, at)

    def show(self, text: str, *, at: datetime, actor: Actor) -> PromoCode:
        """Return the code of this text, however it is written, whoever holds or held it; for staff (C1, C11).

        :raises Refusal: ``not-allowed``, ``code-unknown``.
        """
        moment(at)
        self._admitting.admit(actor, Act.CODE_SHOW, code=text)
        found = self._ports.promo_codes.find(fold(text))
        if found is None:
            raise unknown_code(text)
        return found

    def _free(self, text: str) -> str:
        wanted = parse(text)
        if self._ports.promo_codes.find(wanted) is not None:
            raise Refusal(Reason.CODE_TAKEN, message=f"{wanted} is or was an account's code", field="code")
        return wanted
