"""Promo codes: checked, shown, issued and ended (C5, C9, C11, S5)."""

from __future__ import annotations

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.promo_code import Ending, Issuing, PromoCode
from referral_core.rules.decision import Decision
from referral_core.services.code_book import CodeBook
from referral_core.services.context import BoundService
from referral_core.services.judging import Judging, Question
from referral_core.services.permissions import (
    a_channel,
    a_code,
    a_customer_judged,
    a_segment,
    an_account,
    own_account,
)
from referral_core.services.unknown import unknown_account, unknown_code
from referral_core.values.arguments import (
    AccountId,
    Channel,
    CodeText,
    CustomerId,
    EndedCode,
    Flag,
    Moment,
    Product,
    ReasonText,
    Segment,
)
from referral_core.values.code_text import fold, parse
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


class Codes(BoundService):
    """Promo codes: whether one can be used, and what staff do with the codes of accounts."""

    @act(
        "code.check",
        least=Role.CUSTOMER,
        reads=True,
        feed=True,
        channels=True,
        touches=(a_code, a_customer_judged, a_segment, a_channel),
    )
    def check(
        self,
        code: CodeText,
        *,
        channel: Channel = "self-service",
        customer: CustomerId | None = None,
        product: Product | None = None,
        segment: Segment | None = None,
    ) -> Decision:
        """Say whether a code could be used now, every reason why not, and what it would give (S5).

        Changes nothing. Without a ``customer`` the reasons about the customer are left out.

        :raises Refusal: ``not-allowed``.
        """
        question = Question(
            code=code,
            concluded_at=self._now,
            judged_at=self._now,
            channel=channel,
            customer=customer,
            product=product,
            segment=segment,
        )
        return Judging(self._programme, self._ports).decide(question)

    @act("code.issue", least=Role.AGENT, feed=True, manual=True, touches=(an_account,))
    def issue(
        self,
        account: AccountId,
        *,
        code: CodeText | None = None,
        replace: Flag = False,
        reason: ReasonText | None = None,
    ) -> PromoCode:
        """Issue a code to an account by hand (C9): active at once on an active contract, else pending.

        ``code`` is the wanted text, drawn in the programme's format when ``None``. With ``replace`` the account's
        present code ends as the new one is issued.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``account-unknown``, ``no-contract``, ``code-overlap``,
            ``code-malformed``, ``code-taken``.
        """
        now, book = self._now, CodeBook(self._context)
        contracts = self._ports.contracts.of_account(account)
        if not contracts:
            raise unknown_account(account)
        if not any(contract.is_open for contract in contracts):
            raise Refusal(Reason.NO_CONTRACT, message=f"account {account} has no open contract", field="account")
        present = book.present(account, now)
        if present is not None and not replace:
            raise Refusal(
                Reason.CODE_OVERLAP, message=f"account {account} has the code {present.text}", field="account"
            )
        wanted = self._context.drawing.text_for(contracts, now) if code is None else self._free(code)
        if present is not None:
            book.end(present, present.ended(now, Ending.REPLACED, reason), at=now, reason=reason)
        return book.issue(
            wanted,
            contracts[-1],
            at=now,
            issuing=Issuing.BY_HAND,
            starts_at=now if any(book.keeps(contract) for contract in contracts) else None,
            reason=reason,
        )

    @act("code.end", least=Role.SUPERVISOR, feed=True, manual=True, touches=(a_code,), wire={"ends_at": "at"})
    def end(self, code: EndedCode, *, ends_at: Moment | None = None, reason: ReasonText | None = None) -> PromoCode:
        """End a code by hand, at once or at the later moment ``ends_at``; a planned end can be moved (C5).

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``code-unknown``, ``code-ended``, ``moment-past``.
        """
        now, found = self._now, self._found(code)
        ended = found.ended_by_hand(ends_at or now, reason, now=now)
        return CodeBook(self._context).end(found, ended, at=now, reason=reason)

    @act("code.present", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def present(self, account: AccountId) -> PromoCode | None:
        """Return the account's code that is pending or active now; there is at most one (C6, C11).

        A customer sees the codes of their own accounts only.

        :raises Refusal: ``not-allowed``.
        """
        return CodeBook(self._context).present(account, self._now)

    @act("code.show", least=Role.AGENT, reads=True, touches=(a_code,))
    def show(self, code: CodeText) -> PromoCode:
        """Return the code of this text, however it is written, whoever holds or held it; for staff (C1, C11).

        :raises Refusal: ``not-allowed``, ``code-unknown``.
        """
        return self._found(code)

    def _found(self, code: str) -> PromoCode:
        found = self._ports.promo_codes.find(fold(code))
        if found is None:
            raise unknown_code(code)
        return found

    def _free(self, text: str) -> str:
        wanted = parse(text)
        if self._ports.promo_codes.find(wanted) is not None:
            raise Refusal(Reason.CODE_TAKEN, message=f"{wanted} is or was an account's code", field="code")
        return wanted
