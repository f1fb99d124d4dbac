"""Promo codes: checks, views, issuing and ending, by hand or as contracts change (C3-C5, C7-C9, C11, S5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, Ending, Issuing, PromoCode
from referral_core.ports.codes import CodelessAccount
from referral_core.programme.settings import ManualEndBlocks
from referral_core.rules.code_periods import code_periods
from referral_core.rules.decision import Decision
from referral_core.rules.manual_ends import is_blocked_with_customer
from referral_core.services.context import BoundService, Context
from referral_core.services.eligibility import Eligibility, Question
from referral_core.services.holds import Holds, OpenReferrals
from referral_core.services.permissions import (
    a_channel,
    a_code,
    a_code_holder,
    a_segment,
    an_account,
    own_account,
    stopped_referrals,
)
from referral_core.services.refusals import unknown_account, unknown_code
from referral_core.values.arguments import (
    AccountId,
    Channel,
    CodeInput,
    CustomerId,
    EndedCode,
    Flag,
    Moment,
    Product,
    ReasonText,
    Segment,
)
from referral_core.values.code_text import fold, parse
from referral_core.values.errors import ConcurrentChange, Reason, Refusal
from referral_core.values.moment import moment_text

CORRECTION: Final = "code.correct"
"""The act of the trace that changes what was recorded of a code: a fact was learned late (C12)."""


class Codes(BoundService):
    """The acts on promo codes: checks by everybody, and issuing and ending by staff."""

    @act(
        "code.check",
        least=Role.CUSTOMER,
        reads=True,
        feed=True,
        channels=True,
        touches=(a_segment, a_channel),
    )
    def check(
        self,
        code: CodeInput,
        *,
        channel: Channel = "self-service",
        customer: CustomerId | None = None,
        product: Product | None = None,
        segment: Segment | None = None,
    ) -> Decision:
        """Decide whether a code could be used now, with every reason against it or both offers (S5).

        Nothing is changed. Without a ``customer`` the rules about the customer are left out; so they are for a customer
        with accounts outside an actor's segments, and for whoever is limited to channels.

        :raises Refusal: ``not-allowed``.
        """
        question = Question(
            code=code,
            concluded_at=self._now,
            judged_at=self._now,
            channel=channel,
            customer=customer if customer is not None and self._permissions.sees_customer(customer) else None,
            product=product,
            segment=segment,
        )
        return Eligibility(self._programme, self._ports, self._permissions).decide(question)

    @act("code.issue", least=Role.AGENT, feed=True, manual=True, touches=(an_account,))
    def issue(
        self,
        account: AccountId,
        *,
        code: CodeInput | None = None,
        replace: Flag = False,
        reason: ReasonText | None = None,
    ) -> PromoCode:
        """Issue a code to an account by hand (C9): active at once on an active contract, else pending.

        ``code`` is the wanted text, by default a free text in the programme's format. With ``replace`` the account's
        present code ends when the new one is issued.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``account-unknown``, ``no-contract``, ``code-overlap``,
            ``code-malformed``, ``code-taken``.
        """
        now, book = self._now, AccountCodes(self._context)
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
        wanted = self._context.code_texts.text_for(contracts, now) if code is None else self._free(code)
        if present is not None:
            book.end(present, present.ended(now, Ending.REPLACED, reason), reason=reason)
        issued = book.new(wanted, contracts[-1], issued_at=now, issuing=Issuing.BY_HAND)
        (placed,) = code_periods([issued], contracts, self._programme.keeps)
        return book.add(placed, at=now, reason=reason)

    @act(
        "code.end",
        least=Role.SUPERVISOR,
        feed=True,
        manual=True,
        touches=(a_code, a_code_holder, stopped_referrals),
        wire={"ends_at": "at"},
    )
    def end(
        self,
        code: EndedCode,
        *,
        ends_at: Moment | None = None,
        reason: ReasonText | None = None,
        referrals: OpenReferrals = OpenReferrals.KEEP,
    ) -> PromoCode:
        """End a code by hand, at once or at the later moment ``ends_at``, which replaces a planned end (C5, C7, V3).

        Where the programme has a manual ending block the customer, all codes of the customer end with it.
        ``referrals`` holds or voids, at once, every referral of the code whose contract has not activated; by default
        they are kept.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``code-unknown``, ``code-ended``, ``moment-past``.
        """
        now, book, found = self._now, AccountCodes(self._context), self._found(code)
        ended = book.end(found, found.ended_by_hand(ends_at or now, reason, now=now), reason=reason)
        if self._programme.manual_end_blocks is ManualEndBlocks.CUSTOMER:
            for other in book.of_customer(found.customer):
                if other.text != found.text and other.status_at(now) is not CodeStatus.ENDED:
                    book.end(other, other.ended_by_hand(ends_at or now, reason, now=now), reason=reason)
        Holds(self._context).of_ended_code(ended, referrals, reason)
        return ended

    @act("code.present", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def present(self, account: AccountId) -> PromoCode | None:
        """Return the account's code that is pending or active now; there is at most one (C6, C11).

        Customers see the codes of their own accounts only.

        :raises Refusal: ``not-allowed``.
        """
        return AccountCodes(self._context).present(account, self._now)

    @act("code.show", least=Role.AGENT, reads=True, touches=(a_code,))
    def show(self, code: CodeInput) -> PromoCode:
        """Return the code with this text in any spelling, whichever account holds or held it; for staff (C1, C11).

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


@attrs.frozen
class AccountCodes:
    """The codes of accounts: looked up, and stored together with the row of the trace (C11, A2).

    ``at`` is the moment of the fact that a change follows from; the change is recorded at the context's now.
    """

    context: Context

    def present(self, account: str, at: datetime) -> PromoCode | None:
        """Return the account's code that is pending or active at a moment; there is at most one (C6)."""
        for code in reversed(self.context.ports.promo_codes.of_account(account)):
            if code.status_at(at) is not CodeStatus.ENDED:
                return code
        return None

    def of_customer(self, customer: str) -> tuple[PromoCode, ...]:
        """Return the codes of all accounts of a customer, past ones included, by account."""
        ports = self.context.ports
        accounts = sorted({contract.account for contract in ports.contracts.of_customer(customer)})
        return tuple([code for account in accounts for code in ports.promo_codes.of_account(account)])

    def is_blocked(self, contract: Contract, *, is_customer_still: bool) -> bool:
        """Tell whether a manual ending keeps automatic codes from the account of a contract (C7, C8).

        ``is_customer_still`` tells whether another contract of the account is open: if none is, only a block of the
        whole customer holds.
        """
        if self.context.programme.manual_end_blocks is ManualEndBlocks.CUSTOMER:
            return is_blocked_with_customer(contract.account, self.of_customer(contract.customer))
        codes = self.context.ports.promo_codes.of_account(contract.account)
        return is_customer_still and bool(codes) and codes[-1].was_ended_by_hand(self.context.now)

    def new(self, text: str, contract: Contract, *, issued_at: datetime, issuing: Issuing) -> PromoCode:
        """Return a new code of a contract's account, which contracts give its period: see :func:`code_periods`."""
        return PromoCode(
            text=text,
            account=contract.account,
            customer=contract.customer,
            issued_at=issued_at,
            issued_by=self.context.actor.id,
            issuing=issuing,
        )

    def add(self, code: PromoCode, *, at: datetime, reason: str | None = None) -> PromoCode:
        """Store a new code.

        :raises ConcurrentChange: the text was taken, or the account got a code, since they were read.
        """
        try:
            return self.context.save(code, act="code.issue", reason=reason, at=at)
        except Refusal as quicker:
            # The text was free, and the account without a code, when this act read them: another transaction won the
            # race. The repetition of the act finds the reason of a rule, or another free text.
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

    def end(self, before: PromoCode, after: PromoCode, *, reason: str | None = None) -> PromoCode:
        """Store a code that staff ended, or will (C5, C9)."""
        return self.context.save(after, before, act="code.end", reason=reason)


@attrs.frozen
class CodeChanges:
    """What a fact about a contract did to the codes of its account: at most one code started, ended and issued."""

    started: PromoCode | None = None
    ended: PromoCode | None = None
    issued: PromoCode | None = None


@attrs.frozen(slots=False)
class AutomaticCodes:
    """The codes that follow contracts: issued, started, ended and corrected automatically (C3, C4, C7, C8, C12)."""

    context: Context

    @property
    def _book(self) -> AccountCodes:
        return AccountCodes(self.context)

    def on_conclusion(self, contract: Contract, others: Sequence[Contract]) -> CodeChanges:
        """Issue a code to the account of a concluded contract, unless it has one or a rule withholds it (C3, C7, C8).

        Whether the account has one is judged now, when the conclusion is recorded. The new code is pending, unless a
        contract is in force already.
        """
        codes = self.context.ports.promo_codes.of_account(contract.account)
        has_one = any(code.status_at(self.context.now) is not CodeStatus.ENDED for code in codes)
        # The end by hand of an account's code blocks only while a contract is open: an ex-customer gets a new one (C8).
        is_customer_still = any(other.is_open for other in others)
        wants = not has_one and self._issues_for(contract)
        new = wants and not self._book.is_blocked(contract, is_customer_still=is_customer_still)
        at = contract.concluded_at
        return self._follow(contract, [*others, contract], codes, at, issued_at=at, issues=new)

    def on_activation(self, contract: Contract, at: datetime) -> CodeChanges:
        """Start the account's pending code, or issue one (C3, C4, C7)."""
        return self._after(contract, at, issued_at=at)

    def on_end(self, contract: Contract, at: datetime) -> CodeChanges:
        """End the account's code if the contracts that remain no longer keep it (C3, C4)."""
        return self._after(contract, at, issued_at=self.context.now)

    def _after(self, contract: Contract, at: datetime, *, issued_at: datetime) -> CodeChanges:
        ports = self.context.ports
        contracts = ports.contracts.of_account(contract.account)
        codes = ports.promo_codes.of_account(contract.account)
        return self._follow(contract, contracts, codes, at, issued_at=issued_at)

    def _follow(
        self,
        contract: Contract,
        contracts: Sequence[Contract],
        codes: Sequence[PromoCode],
        at: datetime,
        *,
        issued_at: datetime,
        issues: bool = False,
    ) -> CodeChanges:
        """Bring the codes of an account in line with its contracts after a fact of the moment ``at`` (C12).

        ``issues`` tells that the fact calls for a new code; else one is issued if a contract that issues codes is in
        force now and no code is active. ``issued_at`` is the moment of such a code.
        """
        keeps = self.context.programme.keeps
        placed = code_periods(codes, contracts, keeps)
        if not issues and self._lacks_one(contracts, placed):
            issues = not self._book.is_blocked(contract, is_customer_still=True)
        if not issues:
            return self._corrected(contract, codes, placed, at)
        new = self._new(contracts, codes, issued_at)
        *placed_before, new = code_periods([*codes, new], contracts, keeps)
        changes = self._corrected(contract, codes, placed_before, at)
        return attrs.evolve(changes, issued=self._book.add(new, at=at))

    def _new(self, contracts: Sequence[Contract], codes: Sequence[PromoCode], issued_at: datetime) -> PromoCode:
        # A fact of a moment before the account's last issuing comes late: its code is issued now.
        if codes and issued_at < codes[-1].issued_at:
            issued_at = max(self.context.now, codes[-1].issued_at)
        text = self.context.code_texts.text_for(contracts, issued_at)
        return self._book.new(text, contracts[-1], issued_at=issued_at, issuing=Issuing.AUTOMATIC)

    def _issues_for(self, contract: Contract) -> bool:
        return self.context.programme.issues_for(contract.product, contract.segment)

    def _lacks_one(self, contracts: Iterable[Contract], codes: Iterable[PromoCode]) -> bool:
        """Tell whether a contract that issues codes is in force now, and no code is active (C12)."""
        now, keeps = self.context.now, self.context.programme.keeps
        if any(code.status_at(now) is CodeStatus.ACTIVE for code in codes):
            return False
        return any(each.is_active_at(now) and keeps(each.product) and self._issues_for(each) for each in contracts)

    def _corrected(
        self, contract: Contract, codes: Sequence[PromoCode], placed: Iterable[PromoCode], at: datetime
    ) -> CodeChanges:
        """Store the codes that changed, and return what changed."""
        changes = CodeChanges()
        for before, after in zip(codes, placed, strict=True):
            if after == before:
                continue
            act = self._act(before, after)
            # What was recorded as having happened is set right: the trace says what was learned late.
            why = f"contract {contract.id} is {contract.status} since {moment_text(at)}" if act == CORRECTION else None
            self.context.save(after, before, act=act, reason=why, at=at)
            if after.ends_at is not None and after.ends_at != before.ends_at:
                changes = attrs.evolve(changes, ended=after)
            elif after.starts_at is not None and before.starts_at is None:
                changes = attrs.evolve(changes, started=after)
        return changes

    def _act(self, before: PromoCode, after: PromoCode) -> str:
        """Return the act of a change: a start or an end, unless it changes what was so before now."""
        is_moved = before.starts_at is not None and before.starts_at != after.starts_at
        is_revived = before.status_at(self.context.now) is CodeStatus.ENDED
        if is_moved or is_revived:
            return CORRECTION
        return "code.end" if before.ends_at != after.ends_at else "code.start"
