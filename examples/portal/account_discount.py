"""The discount on an account: what stands in billing, how it came to be, and what is on the way (B1-B7)."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.account_page import account_page, viewed
from examples.portal.balance_picture import BalancePicture
from examples.portal.staff_page import PAGE
from examples.portal.visit import Staffs, Visit
from referral_core import Refusal
from referral_core.services.accounts import AccountView
from referral_core.services.sign_ups import SignUpView

router = APIRouter(prefix="/{account}/discount")


@router.get("")
def discount(visit: Staffs, account: str, after: str = "") -> Response:
    """Show the balance over time, the bills that took of it, and the referrals that feed it by pages."""
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
    """Yield the account's sign-ups with a code, which fees are noted on; none whose friend this actor may not see."""
    world, actor = visit.world, visit.someone().actor
    for contract in view.contracts:
        try:
            seen = world.ask(actor).sign_ups.find(contract.id)
        except Refusal:
            continue
        if seen.referral is not None:
            yield seen
