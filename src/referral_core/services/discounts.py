"""Granted discounts: used by bills, transferred by staff, or noted as a fee on early termination (B6-B8, B12)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import GrantStatus
from referral_core.entities.referral import FeeNote, Referral
from referral_core.entities.trace import account_subject
from referral_core.ports.billing import Cancelling, UseTelling
from referral_core.programme.settings import FeePolicy
from referral_core.rules.usage import usages
from referral_core.services.context import BoundService
from referral_core.services.permissions import a_referral, an_account, both_accounts, everything
from referral_core.services.refusals import unknown_account, unknown_contract, unknown_referral
from referral_core.values.arguments import AccountId, Amount, BillId, ContractId, FactMoment, ReasonText, RequestKey
from referral_core.values.errors import BillingUnavailable, Reason, Refusal
from referral_core.values.moment import written
from referral_core.values.money import Money, check_currency
from referral_core.values.name import digest_key, joined_key


class Discounts(BoundService):
    """The acts on the discount of an account in billing."""

    def _check_bill(self, *, account: str, amount: Money, **_: object) -> None:
        self._known(account, "account")
        check_currency(amount, self._programme.currency)

    @act("bill.issued", least=Role.SYSTEM, feed=True, touches=(an_account,), settles=("account",), checks=_check_bill)
    def bill(self, bill: BillId, *, account: AccountId, amount: Amount, at: FactMoment | None = None) -> Money:
        """Let a bill use the account's unused discount up to its amount, oldest grant first, once (B6).

        It uses what is effective at its own moment ``at``, and was recorded before it (B13).

        Returns the amount used.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``bill-exists``, ``currency-mismatch``.
        :raises BillingUnavailable: billing did not answer.
        """
        self._check_bill(account=account, amount=amount)
        used = self._ports.billing.bill(bill, account, amount, at=at or self._now, recorded_at=self._now)
        if used:
            self._context.note(account_subject(account), "bill.issued", {"bill": bill, "used": str(used)})
        return used

    @act("bill.cancelled", least=Role.SYSTEM, feed=True, touches=(everything,))
    def cancel_bill(self, bill: BillId, *, at: FactMoment | None = None) -> Money:
        """Cancel a bill, such as by a credit note: what it took comes back, as old as it was (B12).

        What comes back to a grant that was taken back is taken back at once. The number of the bill cannot be used
        again. Cancelling a bill that is cancelled has no effect.

        Returns the amount that the bill had taken.

        :raises Refusal: ``not-allowed``, ``bill-unknown``.
        :raises BillingUnavailable: billing did not answer, or cannot cancel bills.
        """
        billing = self._ports.billing
        if not isinstance(billing, Cancelling):
            raise BillingUnavailable(f"billing cannot cancel bills: {bill} has to be cancelled there by hand")
        account = billing.billed_account(bill)
        given_back = billing.cancel_bill(bill, at=at or self._now, recorded_at=self._now)
        # Billing may know the cancelling from an attempt whose answer was lost: it is traced now.
        if given_back and account is not None and not self._is_traced(account, "bill.cancelled", "bill", {bill}):
            after = {"bill": bill, "given_back": str(given_back)}
            self._context.note(account_subject(account), "bill.cancelled", after)
        return given_back

    def _check_transfer(self, *, source: str, target: str, amount: Money | None, **_: object) -> None:
        given, taking = self._known(source, "from"), self._known(target, "to")
        if given[0].customer != taking[0].customer:
            raise Refusal(Reason.NOT_SAME_CUSTOMER, message=f"account {target} belongs to another customer", field="to")
        if any(contract.is_open for contract in given):
            raise Refusal(Reason.CONTRACT_ACTIVE, message=f"account {source} still has an open contract", field="from")
        if not any(contract.is_open and contract.activated_at for contract in taking):
            raise Refusal(Reason.NO_CONTRACT, message=f"account {target} has no active contract", field="to")
        if amount is not None:
            check_currency(amount, self._programme.currency)

    @act(
        "discount.transfer",
        least=Role.SUPERVISOR,
        feed=True,
        touches=(both_accounts,),
        settles=("source", "target"),
        checks=_check_transfer,
        wire={"source": "from", "target": "to"},
    )
    def transfer(
        self,
        source: AccountId,
        target: AccountId,
        *,
        amount: Amount | None = None,
        key: RequestKey | None = None,
    ) -> Money:
        """Move unused discount to another account of the same customer: all of it, or ``amount`` (B7).

        Returns the amount moved. ``key`` identifies the request: a repetition under the same key moves and traces
        nothing, and another transfer is refused (A2, B2). Without a key the accounts, the moment and the amount
        identify it.

        :raises Refusal: ``not-allowed``, ``account-unknown``, ``not-same-customer``, ``contract-active`` while a
            contract of the source is open, ``no-contract`` when none of the target is active,
            ``amount-exceeds-unused``, ``currency-mismatch``.
        :raises KeyReused: the key was used before for another transfer.
        :raises BillingUnavailable: billing did not answer.
        """
        now = self._now
        self._check_transfer(source=source, target=target, amount=amount)
        part = ("all",) if amount is None else (str(amount.amount), amount.currency)
        # A key is its sender's own text, and may name a person: what is stored for good is a digest of it (A5).
        named = digest_key(key) if key else joined_key(written(now), source, target, *part)
        moved = self._ports.billing.transfer(source, target, amount, at=now, key=named)
        # Billing may know the key from an attempt whose answer was lost: such a transfer is traced now.
        # Old rows have the key itself.
        if not self._is_traced(source, "discount.transfer", "key", {named, key}):
            after = {"from": source, "to": target, "amount": str(moved), "key": named}
            for account in (source, target):
                self._context.note(account_subject(account), "discount.transfer", after)
        return moved

    @act("termination-fee.note", least=Role.SUPERVISOR, feed=True, manual=True, touches=(a_referral,))
    def note_fee(self, contract: ContractId, *, amount: Amount, reason: ReasonText | None = None) -> Referral:
        """Note on a referral a fee for early termination, to be paid back; nothing is posted (B8).

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``referral-unknown``,
            ``currency-mismatch``.
        """
        if self._ports.contracts.find(contract) is None:
            raise unknown_contract(contract)
        check_currency(amount, self._programme.currency)
        found = self._referral(contract)
        noted = found.with_fee_note(FeeNote(amount, reason, self._now, self._actor.id))
        return self._context.save(noted, found, act="termination-fee.note", reason=reason)

    @act("termination-fee.propose", least=Role.SUPERVISOR, reads=True, touches=(a_referral,))
    def propose_fee(self, contract: ContractId) -> Money:
        """Propose the fee of the referee if the contract ended now, by the programme's policy (B8).

        The policies are: no fee; the part of the discount that bills have used, on any account; or the locked amount in
        proportion to the remaining days of the term.

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``referral-unknown``.
        """
        found = self._ports.contracts.find(contract)
        if found is None:
            raise unknown_contract(contract)
        locked = self._referral(contract).referee_offer.amount
        if self._programme.fee_policy is FeePolicy.USED:
            return self._used(found, locked)
        if self._programme.fee_policy is FeePolicy.PRO_RATA:
            return self._pro_rata(locked, found, self._now)
        return Money.zero(locked.currency)

    def _used(self, contract: Contract, locked: Money) -> Money:
        """Return the used part of the referee's grant; a part of unknown age counts as unused (B6)."""
        key, billing = f"{Side.REFEREE}/{contract.id}", self._ports.billing
        if isinstance(self._context.store.billing, UseTelling) and isinstance(billing, UseTelling):
            return Money.total((use.amount for use in billing.uses(key)), locked.currency)
        accounts = {each.account for each in self._ports.contracts.of_customer(contract.customer)}
        balances = {account: self._ports.billing.balance(account) for account in sorted(accounts)}
        grants = [
            grant
            for account in balances
            for grant in self._ports.grants.all(account=account)
            if grant.status is GrantStatus.GRANTED
        ]
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
        return Money.of_cents(
            (2 * locked.cents * left.days + term) // (2 * term), locked.currency
        )  # half a cent rounds up

    def _referral(self, contract: str) -> Referral:
        referral = self._ports.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        return referral

    def _known(self, account: str, field: str) -> tuple[Contract, ...]:
        contracts = self._ports.contracts.of_account(account)
        if not contracts:
            raise unknown_account(account, field)
        return contracts

    def _is_traced(self, account: str, act: str, name: str, values: Collection[str | None]) -> bool:
        """Tell whether an act on an account is in the trace, by one of the things in its row.

        Billing cannot tell: it may know an act whose answer was lost, and which is not traced yet.
        """
        rows = self._ports.trace.chain(account_subject(account))
        return any(row.act == act and row.after and row.after.get(name) in values for row in rows)
