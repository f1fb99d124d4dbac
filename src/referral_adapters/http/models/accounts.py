"""Answers about accounts, the balance and movements of their discount, their activity, and their customers."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local, plain
from referral_adapters.http.models.codes import CodeAnswer, FiguresAnswer
from referral_adapters.http.models.contracts import ContractAnswer
from referral_core.entities.balance import Balance, Movement, Use
from referral_core.entities.wait import Wait
from referral_core.programme.messages import Messages
from referral_core.services.accounts import AccountView, ReferralView
from referral_core.services.activity import Activity
from referral_core.values.moment import Calendar


class AccountsAnswer(Answer):
    """The accounts of a customer."""

    items: list[str]


class BalanceAnswer(Answer):
    """The balance of an account's discount.

    granted - taken back + transferred in = consumed + transferred out + unused
    """

    granted: str
    taken_back: str
    transferred_in: str
    transferred_out: str
    consumed: str
    unused: str

    @classmethod
    def of(cls, balance: Balance) -> BalanceAnswer:
        """Return the answer about a balance."""
        return cls(
            granted=str(balance.granted.amount),
            taken_back=str(balance.taken_back.amount),
            transferred_in=str(balance.transferred_in.amount),
            transferred_out=str(balance.transferred_out.amount),
            consumed=str(balance.consumed.amount),
            unused=str(balance.unused.amount),
        )


class AccountAnswer(Answer):
    """An account: its customer, contracts and codes, the figures of its sharing, and the balance of its discount."""

    account: str
    customer: str
    contracts: list[ContractAnswer]
    codes: list[CodeAnswer]
    figures: FiguresAnswer
    balance: BalanceAnswer

    @classmethod
    def of(cls, view: AccountView, at: datetime, calendar: Calendar) -> AccountAnswer:
        """Return the answer about an account at a moment."""
        return cls(
            account=view.account,
            customer=view.customer,
            contracts=[ContractAnswer.of(contract, calendar) for contract in view.contracts],
            codes=[CodeAnswer.of(code, at, calendar) for code in view.codes],
            figures=FiguresAnswer.of(view.figures),
            balance=BalanceAnswer.of(view.balance),
        )


class UseAnswer(Answer):
    """What a bill took of a discount."""

    bill: str
    amount: str
    moment: str | None

    @classmethod
    def of(cls, use: Use, calendar: Calendar) -> UseAnswer:
        """Return the answer about a use."""
        return cls(bill=use.bill, amount=str(use.amount.amount), moment=local(use.moment, calendar))


class ReferralViewAnswer(Answer):
    """A referral as one of its two accounts sees it; customers do not see the other account and its contract."""

    side: str = Field(examples=["referrer"])
    status: str = Field(examples=["recorded"])
    waits_for: str = Field(description=f"What the discount waits for: {', '.join(Wait)}.", examples=["start"])
    message: str = Field(description="Where the discount is: one sentence, in the caller's language.")
    amount: str
    concluded_at: str | None
    expected_on: str | None = Field(
        description="The planned first day of the contract, as long as its start is waited for and a day is known.",
        examples=["2021-05-01"],
    )
    granted_at: str | None = Field(
        description="The moment from which the discount is effective in billing; null until billing has it."
    )
    cancelled_at: str | None
    grant: str | None = Field(description="The status of this side's grant on its way to billing.")
    taken_back: str | None = Field(description="The part of the discount that was taken back; null when nothing was.")
    bills: list[UseAnswer] | None = Field(
        description="The bills that used the discount; null means unknown: the billing system does not tell."
    )
    contract: str | None
    other: str | None

    @classmethod
    def of(cls, seen: ReferralView, calendar: Calendar, language: str) -> ReferralViewAnswer:
        """Return the answer about a referral, with a message in a language."""
        day = None if seen.expected_on is None else seen.expected_on.isoformat()
        return cls(
            side=seen.side.value,
            status=seen.status.value,
            waits_for=seen.waits_for.value,
            message=Messages.for_language(language).waits_for(seen.waits_for, day),
            amount=str(seen.amount.amount),
            concluded_at=local(seen.concluded_at, calendar),
            expected_on=day,
            granted_at=local(seen.granted_at, calendar),
            cancelled_at=local(seen.cancelled_at, calendar),
            grant=None if seen.grant is None else seen.grant.value,
            taken_back=plain(seen.taken_back),
            bills=None if seen.bills is None else [UseAnswer.of(each, calendar) for each in seen.bills],
            contract=seen.contract,
            other=seen.other,
        )


class MovementAnswer(Answer):
    """A movement of an account's discount in billing, and the balance after it."""

    moment: str | None
    kind: str = Field(examples=["granted"])
    amount: str
    reference: str | None
    balance_after: str | None

    @classmethod
    def of(cls, movement: Movement, calendar: Calendar) -> MovementAnswer:
        """Return the answer about a movement."""
        return cls(
            moment=local(movement.moment, calendar),
            kind=movement.kind.value,
            amount=str(movement.amount.amount),
            reference=movement.reference,
            balance_after=plain(movement.balance_after),
        )


class MovementsAnswer(Answer):
    """All movements of an account's discount, in order."""

    items: list[MovementAnswer]


class ActivityAnswer(Answer):
    """An entry for the activity timeline of a consumer profile."""

    category: str = Field(examples=["code"])
    moment: str | None
    act: str
    text: str
    by: str | None
    role: str
    reason: str | None

    @classmethod
    def of(cls, activity: Activity, calendar: Calendar) -> ActivityAnswer:
        """Return the answer about an activity."""
        return cls(
            category=activity.category.value,
            moment=local(activity.moment, calendar),
            act=activity.act,
            text=activity.text,
            by=activity.by,
            role=activity.role.value,
            reason=activity.reason,
        )


class ErasureAnswer(Answer):
    """The erasure of a customer: the pseudonym in their place, and how many accounts, contracts and rows it changed."""

    pseudonym: str
    accounts: int
    contracts: int
    traced: int
