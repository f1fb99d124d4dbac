"""The table of all accounts: the present code, how often it was sent and used, and what came of it (C11, T2, T3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from examples.portal.visit import Visit
from referral_core import Calendar, PromoCode
from referral_core.services.accounts import AccountView

HEADER: Final = (
    "account",
    "codes",
    "code",
    "status",
    "starts_at",
    "ends_at",
    "ending",
    "sent",
    "used",
    "earned",
    "on_the_way",
    "granted",
    "consumed",
    "unused",
    "currency",
)
"""The names of the columns. Customers have none: who wants to know them asks for the account."""


def account_rows(visit: Visit) -> Iterator[tuple[object, ...]]:
    """Yield a row for every account, in order of account, each read when it is its turn."""
    world, accounts = visit.world, visit.world.ask(visit.someone().actor).accounts
    at, calendar = world.clock.now, world.programme.calendar
    for account, _ in world.store.contracts.accounts():
        yield _row(accounts.show(account), at, calendar)


def _row(seen: AccountView, at: datetime, calendar: Calendar) -> tuple[object, ...]:
    figures, balance = seen.figures, seen.balance
    amounts = (figures.earned, figures.on_the_way, balance.granted, balance.consumed, balance.unused)
    return (
        seen.account,
        len(seen.codes),
        *_code(seen.codes, at, calendar),
        figures.sent,
        figures.used,
        *(str(amount.amount) for amount in amounts),
        balance.unused.currency,
    )


def _code(codes: tuple[PromoCode, ...], at: datetime, calendar: Calendar) -> tuple[object, ...]:
    """Return what stands of the latest code: its text, status, start, end, and why it ended."""
    if not codes:
        return (None,) * 5
    code = codes[-1]
    starts_at, ends_at = _written(code.starts_at, calendar), _written(code.ends_at, calendar)
    return code.text, code.status_at(at), starts_at, ends_at, code.ending


def _written(at: datetime | None, calendar: Calendar) -> str | None:
    return None if at is None else calendar.local(at).isoformat()
