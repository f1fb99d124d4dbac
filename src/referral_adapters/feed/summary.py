"""The summary of everything a store holds: balances, referrals, cases, liability."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any, Final

from referral_core.entities.balance import Balance
from referral_core.entities.case import Case
from referral_core.entities.grant import GrantStatus
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.ports.store import Repositories
from referral_core.programme.programme import Programme
from referral_core.values.moment import Calendar
from referral_core.values.money import Money

_ON_THE_WAY: Final = frozenset({GrantStatus.DUE, GrantStatus.SENDING, GrantStatus.UNCERTAIN})
"""The grants that are pending for their accounts."""
_LOCKED: Final = frozenset({GrantStatus.HELD, GrantStatus.HELD_IN_DOUBT, GrantStatus.VOID_IN_DOUBT})
"""The grants that are pending for nobody, and that billing may have yet: held, or void while that is in doubt."""


def summary(programme: Programme, ports: Repositories, at: datetime) -> dict[str, Any]:
    """Return the summary: codes with their status at ``at``, amounts as text, moments in the programme's zone."""
    calendar, zero = programme.calendar, Money.zero(programme.currency)
    pending: defaultdict[str, Money] = defaultdict(lambda: zero)
    stopped = zero
    used: Counter[str] = Counter()
    referrals = []
    for referral in ports.referrals.all():
        used[referral.referrer] += referral.is_live
        if referral.is_pending:
            for side, account, offer in referral.sides:
                if referral.status_of(side) is ReferralStatus.RECORDED:
                    pending[account] += offer.amount
                elif referral.status_of(side) is ReferralStatus.HELD:
                    stopped += offer.amount
        referrals.append(_referral(referral, calendar))
    for grant in ports.grants.all():
        if grant.status in _ON_THE_WAY:
            pending[grant.account] += grant.amount
        elif grant.status in _LOCKED:
            stopped += grant.amount
    unused, accounts = zero, {}
    for account, customer in ports.contracts.accounts():
        balance = ports.billing.balance(account)
        unused += balance.unused
        accounts[account] = {
            "customer": customer,
            "code": _code(ports.promo_codes.of_account(account), at, calendar),
            "sent": ports.promo_codes.times_shared(account),
            "used": used[account],
            **_balance(balance),
            "pending": _plain(pending[account]),
        }
    locked = Money.total([*pending.values(), stopped], programme.currency)
    liability = {"locked": _plain(locked), "granted_unused": _plain(unused)}
    cases = [_case(case) for case in ports.cases.all()]
    return {"accounts": accounts, "referrals": referrals, "cases": cases, "liability": liability}


def _balance(balance: Balance) -> dict[str, str]:
    return {
        "granted": _plain(balance.granted),
        "taken_back": _plain(balance.taken_back),
        "transferred_in": _plain(balance.transferred_in),
        "transferred_out": _plain(balance.transferred_out),
        "consumed": _plain(balance.consumed),
        "unused": _plain(balance.unused),
    }


def _plain(money: Money) -> str:
    return str(money.amount)


def _written(at: datetime | None, calendar: Calendar) -> str | None:
    return None if at is None else calendar.local(at).isoformat()


def _code(codes: tuple[PromoCode, ...], at: datetime, calendar: Calendar) -> dict[str, Any] | None:
    if not codes:
        return None
    code = codes[-1]
    return {
        "text": code.text,
        "status": code.status_at(at).value,
        "start": _written(code.starts_at, calendar),
        "end": _written(code.ends_at, calendar),
    }


def _referral(referral: Referral, calendar: Calendar) -> dict[str, Any]:
    return {
        "contract": referral.contract,
        "code": referral.code,
        "referrer": referral.referrer,
        "referee": referral.referee,
        "status": referral.status.value,
        "concluded_at": _written(referral.concluded_at, calendar),
        "honoured_moment": _written(referral.honoured_moment, calendar),
        "channel": referral.channel,
        "referrer_group": referral.referrer_offer.group,
        "referee_group": referral.referee_offer.group,
        "referrer_amount": _plain(referral.referrer_offer.amount),
        "referee_amount": _plain(referral.referee_offer.amount),
    }


def _case(case: Case) -> dict[str, Any]:
    amount = case.discount_amount
    return {
        "case": case.id,
        "status": case.status.value,
        "promo_code": case.promo_code,
        "discount_amount": None if amount is None else _plain(amount),
    }
