"""Discounts: bills, transfers, and what is on its way to billing (B1, B2, B6, B7)."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Final

from fastapi import Path
from starlette.responses import Response

from referral_adapters.http.asking import Asked
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.discounts import BillAnswer, PayRunAnswer, StuckAnswer, TransferAnswer
from referral_adapters.http.models.fields import Id
from referral_adapters.http.models.referrals import LegAnswer
from referral_adapters.http.models.requests import Bill, Reason, Transfer
from referral_adapters.http.persistently import persistently
from referral_core.entities.discount_group import Side
from referral_core.session import ACTS
from referral_core.values.joined_key import joined_key

_MOST_SHOWN: Final = 500


def take_bill(asked: Asked, body: Bill) -> Response:
    """Let a bill take what it can of the account's discount, once, oldest grant first (B6)."""
    amount = asked.money(body.amount)
    given = {"bill": body.bill, "account": body.account, "amount": amount, "at": body.at}
    asked.session.prepare(ACTS["bill.issued"], given)

    def act() -> BillAnswer:
        taken = asked.session.perform(ACTS["bill.issued"], given)
        return BillAnswer(bill=body.bill, account=body.account, amount=str(amount.amount), taken=str(taken.amount))

    return asked.done(body, act)


def transfer_discount(asked: Asked, body: Transfer) -> Response:
    """Move unused discount to another account of the same customer, when the first one's contracts have ended (B7)."""
    key = asked.request.headers.get("idempotency-key")
    given = {
        "source": body.from_,
        "target": body.to,
        "amount": None if body.amount is None else asked.money(body.amount),
        "key": None if key is None else joined_key("http", asked.actor.id, key),
    }
    asked.session.prepare(ACTS["discount.transfer"], given)

    def act() -> TransferAnswer:
        moved = asked.session.perform(ACTS["discount.transfer"], given)
        return TransferAnswer(moved=str(moved.amount))

    return asked.done(body, act)


def pay_due(asked: Asked) -> Response:
    """Send what is due to billing, each leg once (B2). May be asked for as often as one likes, also at once."""
    run = persistently(asked.session.payouts.pay_due)
    return asked.answered(PayRunAnswer(granted=run.granted, waiting=run.waiting, stuck=run.stuck))


def list_stuck(asked: Asked) -> Response:
    """List the legs that billing would not take, and that wait for staff; the first few hundred."""
    stuck = islice(asked.session.payouts.stuck(), _MOST_SHOWN)
    return asked.answered(StuckAnswer(items=[LegAnswer.of(leg, asked.calendar) for leg in stuck]))


def retry_grant(asked: Asked, side: Annotated[Side, Path()], contract: Id, body: Reason) -> Response:
    """Have a leg that is stuck, or waits, tried again from now on."""

    def act() -> LegAnswer:
        key = f"{side.value}/{contract}"
        leg = asked.session.payouts.retry(key, reason=body.reason)
        return LegAnswer.of(leg, asked.calendar)

    return asked.done(body, act)


_TAG: Final = "discounts"
ENDPOINTS: Final = (
    Endpoint(method="POST", path="/bills", does=take_bill, act="bill.issued", answer=BillAnswer, tag=_TAG),
    Endpoint(
        method="POST",
        path="/transfers",
        does=transfer_discount,
        act="discount.transfer",
        answer=TransferAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="POST", path="/payouts", does=pay_due, act="grant.pay", answer=PayRunAnswer, keyless=True, tag=_TAG
    ),
    Endpoint(method="GET", path="/grants/stuck", does=list_stuck, act="grant.stuck", answer=StuckAnswer, tag=_TAG),
    Endpoint(
        method="POST",
        path="/grants/{side}/{contract}/retry",
        does=retry_grant,
        act="grant.retry",
        answer=LegAnswer,
        tag=_TAG,
    ),
)
