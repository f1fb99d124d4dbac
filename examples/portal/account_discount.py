"""The discount on an account: its balance and referrals, moving it, noting a fee on it (B1-B8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Self

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.accounts import account_page, viewed
from examples.portal.forms import typed_amount
from examples.portal.staff import PAGE, complaint_of
from examples.portal.visit import Complaint, Staffs, Visit
from referral_core import Money, Refusal
from referral_core.entities.balance import Movement
from referral_core.services.accounts import AccountView
from referral_core.services.sign_ups import SignUpView

router = APIRouter(prefix="/accounts/{account}")
WIDTH: Final = 480
HEIGHT: Final = 220
LEFT: Final = 78
RIGHT: Final = WIDTH - 14
TOP: Final = 16
FOOT: Final = HEIGHT - 30


@router.get("/discount")
def discount(visit: Staffs, account: str, after: str = "") -> Response:
    """Show the balance over time, its movements, and by pages the referrals that feed it."""
    world, actor = visit.world, visit.someone().actor
    accounts = world.ask(actor).accounts
    movements = accounts.movements(account)
    referrals = accounts.referrals(account, after=after or None, limit=PAGE + 1)
    return account_page(
        visit,
        account,
        "account-discount.html",
        tab="discount",
        movements=tuple(reversed(movements)),
        picture=BalancePicture.of(movements, world.clock.now) if movements else None,
        referrals=referrals[:PAGE],
        following=referrals[PAGE - 1].place if len(referrals) > PAGE else None,
        after=after,
        own=tuple(_own_sign_ups(visit, viewed(visit, account))),
    )


def _own_sign_ups(visit: Visit, view: AccountView) -> Iterator[SignUpView]:
    """Yield the account's sign-ups with a code, for fee notes; without those whose referrer this actor may not see."""
    world, actor = visit.world, visit.someone().actor
    for contract in view.contracts:
        try:
            seen = world.ask(actor).sign_ups.find(contract.id)
        except Refusal:
            continue
        if seen.referral is not None:
            yield seen


@router.get("/transfer")
def transfer_form(visit: Staffs, account: str) -> Response:
    """Show the form, with the unused discount."""
    return _transfer_page(visit, account)


@router.post("/transfer")
def transfer(visit: Staffs, account: str) -> Response:
    """Move the whole unused discount, or a part."""
    world, fields, actor = visit.world, visit.fields, visit.someone().actor
    try:
        wanted = fields.get("amount", "")
        amount = typed_amount(wanted, world.programme.currency) if wanted else None
        moved = world.act(actor).discounts.transfer(account, fields.get("to", ""), amount=amount)
    except Refusal as refusal:
        return _transfer_page(visit, account, complaint_of(visit, refusal, "amount", "to"))
    visit.note("accounts.transferred", amount=visit.texts.money(moved), account=fields.get("to", ""))
    return visit.go(f"/accounts/{account}/discount")


def _transfer_page(visit: Visit, account: str, complaint: Complaint | None = None) -> Response:
    return account_page(visit, account, "account-transfer.html", tab="discount", complaint=complaint)


@router.get("/fee/{contract}")
def fee_form(visit: Staffs, account: str, contract: str) -> Response:
    """Show the form, with the fee that the programme proposes."""
    return _fee_page(visit, account, contract)


@router.post("/fee/{contract}")
def note(visit: Staffs, account: str, contract: str) -> Response:
    """Note the amount on the referral; nothing is posted."""
    world, fields, actor = visit.world, visit.fields, visit.someone().actor
    try:
        amount = typed_amount(fields.get("amount", ""), world.programme.currency)
        world.act(actor).discounts.note_fee(contract, amount=amount, reason=fields.get("reason"))
    except Refusal as refusal:
        return _fee_page(visit, account, contract, complaint_of(visit, refusal, "amount", "reason"))
    visit.note("accounts.fee-noted", amount=visit.texts.money(amount))
    return visit.go(f"/accounts/{account}/discount")


def _fee_page(visit: Visit, account: str, contract: str, complaint: Complaint | None = None) -> Response:
    world, actor = visit.world, visit.someone().actor
    proposed = world.ask(actor).discounts.propose_fee(contract)
    seen = world.ask(actor).sign_ups.find(contract)
    return account_page(
        visit,
        account,
        "account-fee.html",
        tab="discount",
        complaint=complaint,
        contract=contract,
        proposed=proposed,
        seen=seen,
    )


@attrs.frozen
class Step:
    """A movement, and the place in the picture of the unused discount after it."""

    movement: Movement
    x: float
    y: float


@attrs.frozen(kw_only=True)
class BalancePicture:
    """The unused discount of an account as a line, from the first movement up to a moment.

    Coordinates are those of a picture of ``WIDTH`` by ``HEIGHT``.
    """

    steps: tuple[Step, ...]
    first: datetime
    last: datetime
    most: Money
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    foot: int = FOOT

    @classmethod
    def of(cls, movements: tuple[Movement, ...], until: datetime) -> Self:
        """Return the picture of movements in order, of which there is at least one."""
        first, last = movements[0].recorded_at, max(until, movements[-1].recorded_at)
        most = max(each.balance_after for each in movements)
        length, highest = (last - first).total_seconds() or 1, most.cents or 1
        steps = tuple(
            Step(
                each,
                round(LEFT + (RIGHT - LEFT) * (each.recorded_at - first).total_seconds() / length, 1),
                round(FOOT - (FOOT - TOP) * each.balance_after.cents / highest, 1),
            )
            for each in movements
        )
        return cls(steps=steps, first=first, last=last, most=most)

    @property
    def line(self) -> str:
        """The path of the line: level between two movements, straight up or down at each."""
        moves = "".join(f"H{step.x}V{step.y}" for step in self.steps)
        return f"M{LEFT} {FOOT}{moves}H{RIGHT}"

    @property
    def area(self) -> str:
        """The path around the area below the line."""
        return f"{self.line}V{FOOT}H{LEFT}Z"
