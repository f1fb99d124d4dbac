"""What becomes of a granted discount: bills eat it, staff move it or note that it is to be paid back (B6-B8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import GrantStatus
from referral_core.entities.referral import FeeNote, Referral
from referral_core.entities.trace_entry import TraceNote, account_subject
from referral_core.programme.fee_policy import FeePolicy
from referral_core.programme.programme import Programme
from referral_core.rules.permissions import required_reason
from referral_core.rules.usage import usages
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.unknown import unknown_account, unknown_contract, unknown_referral
from referral_core.values.errors import Refusal
from referral_core.values.joined_key import joined_key
from referral_core.values.moment import moment, written
from referral_core.values.money import Money, check_currency
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class Discounts:
    """Acts on the discount that stands on an account in billing."""

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports
        self._admitting = Admitting(ports)

    def bill(self, bill: str, *, account: str, amount: Money, at: datetime, actor: Actor) -> Money:
        """Let a bill take the smaller of itself and the unused discount, oldest grant first, once (B6).

        Returns what it took.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``bill-exists``, ``currency-mismatch``.
        :raises BillingUnavailable: billing did not answer.
        """
        at = moment(at)
        contracts = self._ports.contracts.of_account(account)
        self._admitting.admit(actor, Act.BILL_ISSUED, accounts=(account,))
        self._known(contracts, account, "account")
        check_currency(amount, self._programme.currency)
        return self._ports.billing.bill(bill, account, amount, at=at)

    def transfer(
        self,
        source: str,
        target: str,
        *,
        at: datetime,
        actor: Actor,
        amount: Money | None = None,
        key: str | None = None,
    ) -> Money:
        """Move unused discount to another account of the same customer, all of it unless ``amount`` says a part (B7).

        Returns what was moved. ``key`` names the request, and no other: asked for again under the same key, nothing is
        moved and nothing traced again (A2, B2); without one, accounts, moment and amount name it.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``not-same-customer``, ``contract-active`` while a
            contract of the source is open, ``no-contract`` when none of the target is active,
            ``amount-exceeds-unused``, ``currency-mismatch``.
        :raises BillingUnavailable: billing did not answer.
        """
        at = moment(at)
        given, taking = (self._ports.contracts.of_account(account) for account in (source, target))
        self._admitting.admit(actor, Act.DISCOUNT_TRANSFER, accounts=(source, target))
        self._known(given, source, "from")
        self._known(taking, target, "to")
        self._check_transfer(source, given, target, taking)
        if amount is not None:
            check_currency(amount, self._programme.currency)
        part = ("all",) if amount is None else (str(amount.amount), amount.currency)
        named = key or joined_key(written(at), source, target, *part)
        moved = self._ports.billing.transfer(source, target, amount, at=at, key=named)
        if not self._is_traced(source, named):
            after = {"from": source, "to": target, "amount": str(moved), "key": named}
            for account in (source, target):
                note = TraceNote(account_subject(account), at, Act.DISCOUNT_TRANSFER, actor, None, after)
                self._ports.trace.append(note)
        return moved

    def note_fee(
        self, contract: str, *, amount: Money, at: datetime, actor: Actor, reason: str | None = None
    ) -> Referral:
        """Note on a referral that a discount is to be paid back on early termination; nothing is posted (B8).

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``referral-unknown``,
            ``currency-mismatch``.
        """
        at = moment(at)
        found = self._ports.contracts.find(contract)
        self._admitting.admit_to_referral(actor, Act.TERMINATION_FEE_NOTE, found)
        reason = required_reason(actor, Act.TERMINATION_FEE_NOTE, reason)
        if found is None:
            raise unknown_contract(contract)
        check_currency(amount, self._programme.currency)
        noted = self._referral(contract).with_fee_note(FeeNote(amount, reason, at, actor.id))
        self._ports.referrals.replace(noted, at=at)
        after = {"contract": contract, "amount": str(amount)}
        subject = account_subject(found.account)
        self._ports.trace.append(TraceNote(subject, at, Act.TERMINATION_FEE_NOTE, actor, None, after, reason))
        return noted

    def propose_fee(self, contract: str, *, at: datetime, actor: Actor) -> Money:
        """Propose what the referee should pay back if the contract ended at ``at``, by the programme's policy (B8).

        Nothing; what bills have used of it by now, on whichever account; or the locked amount in the proportion of the
        term's days that are left.

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``referral-unknown``.
        """
        at = moment(at)
        found = self._ports.contracts.find(contract)
        self._admitting.admit_to_referral(actor, Act.TERMINATION_FEE_PROPOSE, found)
        if found is None:
            raise unknown_contract(contract)
        locked = self._referral(contract).referee_offer.amount
        if self._programme.fee_policy is FeePolicy.USED:
            return self._used(found, locked)
        if self._programme.fee_policy is FeePolicy.PRO_RATA:
            return self._pro_rata(locked, found, at)
        return Money.zero(locked.currency)

    def _used(self, contract: Contract, locked: Money) -> Money:
        """Return how much bills have taken of the referee's grant; what may be unused of it counts as unused (B6)."""
        accounts = {each.account for each in self._ports.contracts.of_customer(contract.customer)}
        balances = {account: self._ports.billing.balance(account) for account in sorted(accounts)}
        grants = [
            leg
            for account in balances
            for leg in self._ports.grants.all(account=account)
            if leg.status is GrantStatus.GRANTED
        ]
        key = f"{Side.REFEREE}/{contract.id}"
        used = Money.total((each.used for each in usages(grants, balances) if each.grant.key == key), locked.currency)
        doubtful = Money.total((balance.of_unknown_age for balance in balances.values()), locked.currency)
        return used - min(used, doubtful)

    def _pro_rata(self, locked: Money, contract: Contract, at: datetime) -> Money:
        if contract.activated_at is None:
            return Money.zero(locked.currency)
        calendar = self._programme.calendar
        first = calendar.day_of(contract.activated_at)
        last = first + relativedelta(months=self._programme.fee_term_months)
        left = min(max(last - calendar.day_of(at), timedelta()), last - first)
        term = (last - first).days
        return Money.of_cents((2 * locked.cents * left.days + term) // (2 * term), locked.currency)  # half a cent is up

    def _referral(self, contract: str) -> Referral:
        referral = self._ports.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        return referral

    def _known(self, contracts: tuple[Contract, ...], account: str, field: str) -> None:
        if not contracts:
            raise unknown_account(account, field)

    def _is_traced(self, source: str, key: str) -> bool:
        """Tell whether a transfer was traced; billing cannot tell, which may have made one whose answer was lost."""
        rows = self._ports.trace.chain(account_subject(source))
        return any(row.act is Act.DISCOUNT_TRANSFER and row.after and row.after.get("key") == key for row in rows)

    def _check_transfer(
        self, source: str, given: tuple[Contract, ...], target: str, taking: tuple[Contract, ...]
    ) -> None:
        if given[0].customer != taking[0].customer:
            raise Refusal(Reason.NOT_SAME_CUSTOMER, message=f"account {target} belongs to another customer", field="to")
        if any(contract.is_open for contract in given):
            raise Refusal(Reason.CONTRACT_ACTIVE, message=f"account {source} still has an open contract", field="from")
        if not any(contract.is_open and contract.activated_at for contract in taking):
            raise Refusal(Reason.NO_CONTRACT, message=f"account {target} has no active contract", field="to")
