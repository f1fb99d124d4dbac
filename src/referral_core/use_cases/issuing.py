"""Issuing, starting and ending promo codes (C2-C10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, Ending, Issuing, PromoCode
from referral_core.entities.trace_entry import TraceNote, account_subject
from referral_core.programme.code_format import CodeFormat
from referral_core.programme.programme import Programme
from referral_core.rules.permissions import permit, required_reason
from referral_core.use_cases.tracing import code_state
from referral_core.values.code_text import fold, parse
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment, optional_moment
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.formats.named_codes import NamedCodes
    from referral_core.formats.offensive_words import OffensiveWords
    from referral_core.formats.random_codes import RandomCodes
    from referral_core.ports.ports import Ports


class Codes:
    """The codes of accounts: issued, started and ended by what happens to contracts, and by hand."""

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports

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
        permit(actor, Act.CODE_ISSUE, [contract.segment for contract in contracts])
        reason = required_reason(actor, Act.CODE_ISSUE, reason)
        if not contracts:
            raise Refusal(Reason.ACCOUNT_UNKNOWN, message=f"no contract stands on account {account}", field="account")
        if not any(contract.is_open for contract in contracts):
            raise Refusal(Reason.NO_CONTRACT, message=f"account {account} has no open contract", field="account")
        present = self.present(account, at)
        if present is not None and not replace:
            raise Refusal(
                Reason.CODE_OVERLAP, message=f"account {account} has the code {present.text}", field="account"
            )
        wanted = self._free(text) if text is not None else self._drawn(contracts, at)
        if present is not None:
            self._end(present, present.ended(at, Ending.REPLACED, reason), at, actor, reason)
        starts_at = at if any(self._keeps(contract) for contract in contracts) else None
        return self._issue(wanted, contracts[-1], at, actor, Issuing.BY_HAND, starts_at, reason)

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
        segments = [c.segment for c in self._ports.contracts.of_account(found.account)] if found else []
        permit(actor, Act.CODE_END, segments)
        reason = required_reason(actor, Act.CODE_END, reason)
        if found is None:
            raise unknown_code(code)
        ended = found.ended_by_hand(ends_at or at, reason, now=at)
        self._end(found, ended, at, actor, reason)
        return ended

    def present(self, account: str, at: datetime) -> PromoCode | None:
        """Return the account's code that is pending or active at a moment; there is at most one (C6)."""
        for code in reversed(self._ports.promo_codes.of_account(account)):
            if code.status_at(at) is not CodeStatus.ENDED:
                return code
        return None

    def on_conclusion(
        self, contract: Contract, others: Sequence[Contract], at: datetime, actor: Actor
    ) -> PromoCode | None:
        """Issue the pending code that a concluded contract brings to its account, if it does (C3, C7, C8)."""
        if not self._programme.issues_for(contract.product, contract.segment) or self.present(contract.account, at):
            return None
        is_ex_customer = bool(others) and not any(other.is_open for other in others)
        if not is_ex_customer and self._was_ended_by_hand(contract.account):
            return None
        return self._issue(self._drawn([*others, contract], at), contract, at, actor, Issuing.AUTOMATIC, None, None)

    def on_activation(self, contract: Contract, at: datetime, actor: Actor) -> tuple[PromoCode | None, bool]:
        """Start the account's pending code, or issue one that is active at once (C3, C4, C7).

        Returns the code and whether it was issued just now; no code when nothing happened.
        """
        present = self.present(contract.account, at)
        if present is not None:
            return self._start(present, contract, at, actor), False
        if not self._programme.issues_for(contract.product, contract.segment):
            return None, False
        if self._was_ended_by_hand(contract.account):
            return None, False
        contracts = self._ports.contracts.of_account(contract.account)
        return self._issue(self._drawn(contracts, at), contract, at, actor, Issuing.AUTOMATIC, at, None), True

    def on_contract_end(self, contract: Contract, at: datetime, actor: Actor) -> PromoCode | None:
        """End the account's code if the contracts that remain no longer keep it (C3, C4)."""
        present = self.present(contract.account, at)
        if present is None:
            return None
        contracts = self._ports.contracts.of_account(contract.account)
        if present.status_at(at) is CodeStatus.PENDING:
            kept = any(other.is_open for other in contracts)
        else:
            kept = any(self._keeps(other) for other in contracts)
        if kept:
            return None
        ended = present.ended(at, Ending.CONTRACTS_ENDED)
        self._end(present, ended, at, actor, None)
        return ended

    def _keeps(self, contract: Contract) -> bool:
        in_force = contract.is_open and contract.activated_at is not None
        return in_force and self._programme.keeps(contract.product)

    def _was_ended_by_hand(self, account: str) -> bool:
        codes = self._ports.promo_codes.of_account(account)
        return bool(codes) and codes[-1].ending is Ending.BY_HAND

    def _start(self, code: PromoCode, contract: Contract, at: datetime, actor: Actor) -> PromoCode | None:
        if code.starts_at is not None or not self._programme.keeps(contract.product):
            return None
        started = code.started(at)
        self._ports.promo_codes.replace(started)
        self._trace(Act.CODE_START, code, started, at, actor, None)
        return started

    def _issue(
        self,
        text: str,
        contract: Contract,
        at: datetime,
        actor: Actor,
        issuing: Issuing,
        starts_at: datetime | None,
        reason: str | None,
    ) -> PromoCode:
        code = PromoCode(
            text=text,
            account=contract.account,
            customer=contract.customer,
            issued_at=at,
            issued_by=actor.id,
            issuing=issuing,
            starts_at=starts_at,
        )
        self._ports.promo_codes.add(code)
        self._trace(Act.CODE_ISSUE, None, code, at, actor, reason)
        return code

    def _end(self, code: PromoCode, ended: PromoCode, at: datetime, actor: Actor, reason: str | None) -> None:
        self._ports.promo_codes.replace(ended)
        self._trace(Act.CODE_END, code, ended, at, actor, reason)

    def _trace(
        self, act: Act, before: PromoCode | None, after: PromoCode, at: datetime, actor: Actor, reason: str | None
    ) -> None:
        state = None if before is None else code_state(before)
        subject = account_subject(after.account)
        self._ports.trace.append(TraceNote(subject, at, act, actor, state, code_state(after), reason))

    def _free(self, text: str) -> str:
        wanted = parse(text)
        if self._ports.promo_codes.find(wanted) is not None:
            raise Refusal(Reason.CODE_TAKEN, message=f"{wanted} is or was an account's code", field="code")
        return wanted

    def _drawn(self, contracts: Sequence[Contract], at: datetime) -> str:
        """Return a text in the programme's format that no account ever held (C1, C10)."""
        texts = self._named(contracts, at) if self._programme.code_format is CodeFormat.NAMED else iter(())
        for text in texts:
            if self._ports.promo_codes.find(text) is None:
                return text
        while True:
            (number,) = self._ports.code_source.numbers(1)
            drawn = self._random_codes.text(number)
            if drawn is not None and self._ports.promo_codes.find(drawn) is None:
                return drawn

    def _named(self, contracts: Sequence[Contract], at: datetime) -> Iterator[str]:
        names = [contract.first_name for contract in contracts if contract.first_name]
        if not names:
            return iter(())
        year = self._programme.calendar.day_of(at).year
        return self._named_codes.candidates(names[-1], year, account=contracts[0].account)

    # The formats are imported where a code is first drawn: most programs only look at codes.

    @cached_property
    def _offensive(self) -> OffensiveWords:
        from referral_core.formats.offensive_words import OffensiveWords  # noqa: PLC0415

        return OffensiveWords(self._programme.offensive_words)

    @cached_property
    def _random_codes(self) -> RandomCodes:
        from referral_core.formats.random_codes import RandomCodes  # noqa: PLC0415

        return RandomCodes(self._ports.code_source.secret(), offensive=self._offensive)

    @cached_property
    def _named_codes(self) -> NamedCodes:
        from referral_core.formats.named_codes import NamedCodes  # noqa: PLC0415

        return NamedCodes(self._ports.code_source.secret(), self._ports.folding.to_ascii, offensive=self._offensive)


def unknown_code(code: str) -> Refusal:
    """Return the refusal of a code that no account ever held."""
    return Refusal(Reason.CODE_UNKNOWN, message=f"no account ever held the code {code[:40]!r}", field="code")
