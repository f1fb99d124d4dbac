"""Discounts: bills, transfers, and what is on its way to billing (B1, B2, B6, B7)."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Annotated, Final

from fastapi import Path
from starlette.responses import Response

from referral_adapters.http.asking import Asked, Asking
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.discounts import BillAnswer, PayRunAnswer, StuckAnswer, TransferAnswer
from referral_adapters.http.models.fields import Id
from referral_adapters.http.models.referrals import LegAnswer
from referral_adapters.http.models.requests import Bill, Reason, Transfer
from referral_adapters.http.persistently import persistently
from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.discount_group import Side
from referral_core.values.joined_key import joined_key

PAYER: Final = Actor.system("http")
"""Who sends what is due before a bill or a transfer looks at what billing holds."""
_MOST_SHOWN: Final = 500


def take_bill(asked: Asked, body: Bill) -> Response:
    """Let a bill take what it can of the account's discount, once, oldest grant first (B6)."""
    at = asked.moment_of(body.at)
    _pay(asked, body.account, at)

    def act() -> BillAnswer:
        amount = asked.money(body.amount)
        taken = asked.desk.discounts.bill(body.bill, account=body.account, amount=amount, at=at, actor=asked.actor)
        return BillAnswer(bill=body.bill, account=body.account, amount=str(amount.amount), taken=str(taken.amount))

    return asked.done(body, act)


def transfer_discount(asked: Asked, body: Transfer) -> Response:
    """Move unused discount to another account of the same customer, when the first one's contracts have ended (B7)."""
    _pay(asked, body.from_, asked.at)
    key = asked.request.headers.get("idempotency-key")

    def act() -> TransferAnswer:
        moved = asked.desk.discounts.transfer(
            body.from_,
            body.to,
            at=asked.at,
            actor=asked.actor,
            amount=None if body.amount is None else asked.money(body.amount),
            key=None if key is None else joined_key("http", asked.actor.id, key),
        )
        return TransferAnswer(moved=str(moved.amount))

    return asked.done(body, act)


def pay_due(asked: Asked) -> Response:
    """Send what is due to billing, each leg once (B2). May be asked for as often as one likes, also at once."""
    run = persistently(
        lambda: asked.desk.payouts.pay_due(at=asked.at, actor=asked.actor, within=asked.service.store.transaction)
    )
    return asked.answered(PayRunAnswer(granted=run.granted, waiting=run.waiting, stuck=run.stuck))


def list_stuck(asked: Asked) -> Response:
    """List the legs that billing would not take, and that wait for staff; the first few hundred."""
    stuck = islice(asked.desk.payouts.stuck(at=asked.at, actor=asked.actor), _MOST_SHOWN)
    return asked.answered(StuckAnswer(items=[LegAnswer.of(leg, asked.calendar) for leg in stuck]))


def retry_grant(asked: Asked, side: Annotated[Side, Path()], contract: Id, body: Reason) -> Response:
    """Have a leg that is stuck, or waits, tried again from now on."""

    def act() -> LegAnswer:
        key = f"{side.value}/{contract}"
        leg = asked.desk.payouts.retry(key, at=asked.at, actor=asked.actor, reason=body.reason)
        return LegAnswer.of(leg, asked.calendar)

    return asked.done(body, act)


def _pay(asked: Asking, account: str, at: datetime) -> None:
    """Send what is due to an account, so that billing holds all that a bill or a transfer may take."""
    legs = asked.service.store.grants.all(account=account, unsettled=True)
    persistently(lambda: asked.desk.payouts.pay(legs, at=at, actor=PAYER, within=asked.service.store.transaction))


_TAG: Final = "discounts"
ENDPOINTS: Final = (
    Endpoint(method="POST", path="/bills", does=take_bill, act=Act.BILL_ISSUED, answer=BillAnswer, tag=_TAG),
    Endpoint(
        method="POST",
        path="/transfers",
        does=transfer_discount,
        act=Act.DISCOUNT_TRANSFER,
        answer=TransferAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="POST", path="/payouts", does=pay_due, act=Act.GRANT_PAY, answer=PayRunAnswer, keyless=True, tag=_TAG
    ),
    Endpoint(method="GET", path="/grants/stuck", does=list_stuck, act=Act.GRANT_RETRY, answer=StuckAnswer, tag=_TAG),
    Endpoint(
        method="POST",
        path="/grants/{side}/{contract}/retry",
        does=retry_grant,
        act=Act.GRANT_RETRY,
        answer=LegAnswer,
        tag=_TAG,
    ),
)
