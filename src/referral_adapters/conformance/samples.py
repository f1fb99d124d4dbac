"""Sample entities for tests, consistent with each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from referral_core.entities.actor import Actor, Role
from referral_core.entities.balance import Balance
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import Ending, Issuing, PromoCode, Sharing
from referral_core.entities.referral import Offer, Referral
from referral_core.entities.trace import State, TraceNote, account_subject
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money

TICK: Final = timedelta(microseconds=1)
"""The smallest step between two moments."""

KATHMANDU: Final = timezone(timedelta(hours=5, minutes=45))
"""An offset that hardly any store uses."""

TO_THE_LETTER: Final = (
    # case and outer blanks
    "a",
    "A",
    "a ",
    " a",
    # one letter in two forms of Unicode, and letters outside Latin-1 and outside the first plane
    "ä",
    "a\u0308",
    "Щ",
    "🔌",
    # quotes, an escape, and the wildcards of LIKE
    "'",
    '"',
    "\\",
    "%",
    "_",
    "a\nb",
    # what a loose column or a JSON reader takes for another value
    "0",
    "00",
    "null",
)
"""Ids that are easily confused but all different: no store may fold, trim or interpret an id."""


NOTHING: Final = Money.zero()
PLENTY: Final = Money("1000")
"""More than the discount of any account."""


def day(number: int) -> datetime:
    """Return a moment on the day of this number, down to the microsecond."""
    return datetime(2021, 3, 1, 12, 30, 15, 123456, tzinfo=UTC) + timedelta(days=number)


def elsewhere(moment: datetime) -> datetime:
    """Return the same moment in the offset of Kathmandu."""
    return moment.astimezone(KATHMANDU)


def contract(named: str = "K1", *, on: str = "A1", of: str = "C1", concluded: datetime | None = None) -> Contract:
    """Return a concluded contract."""
    return Contract(
        id=named,
        account=on,
        customer=of,
        product="electricity",
        segment="household",
        channel="self-service",
        concluded_at=concluded or day(0),
    )


def code(
    text: str = "A123", *, on: str = "A1", of: str = "C1", issued: datetime | None = None, ended: datetime | None = None
) -> PromoCode:
    """Return a code of an account from ``issued`` on, up to ``ended`` where that is given."""
    return PromoCode(
        text=text,
        account=on,
        customer=of,
        issued_at=issued or day(0),
        issued_by="system",
        issuing=Issuing.AUTOMATIC,
        ends_at=ended,
        ending=Ending.BY_HAND if ended else None,
    )


def group(named: str = "referrer", *, called: str | None = None, side: Side = Side.REFERRER) -> DiscountGroup:
    """Return a group without amounts; its name is its id where none is given."""
    return DiscountGroup(id=named, side=side, name=named if called is None else called)


def offer(amount: str, of: str = "referrer") -> Offer:
    """Return the offer to one side."""
    return Offer(of, Money(amount), EffectivePeriod.starting(day(-90)))


def referral(
    on: str = "K1", *, by: str = "A1", referee: str = "A2", of: str = "C2", concluded: datetime | None = None
) -> Referral:
    """Return a recorded referral: a code of account ``by`` was used for a contract of customer ``of``."""
    return Referral(
        contract=on,
        code="A123",
        referrer=by,
        referrer_customer="C1",
        referee=referee,
        referee_customer=of,
        concluded_at=concluded or day(0),
        channel="self-service",
        referrer_offer=offer("10"),
        referee_offer=offer("7", "referee-self-service"),
    )


def grant(
    of: str = "K1",
    amount: str = "10",
    *,
    on: str = "A1",
    side: Side = Side.REFERRER,
    effective: datetime | None = None,
) -> Grant:
    """Return a due grant."""
    return Grant(referral=of, side=side, account=on, amount=Money(amount), effective_from=effective or day(0))


def case(named: str = "S1", *, of: str = "C2", opened: datetime | None = None) -> Case:
    """Return an open case without an offer."""
    return Case(id=named, customer=of, opened_at=opened or day(0), product="electricity", segment="household")


def sharing(on: str = "A1", means: str = "link") -> Sharing:
    """Return one sharing of the account's code."""
    return Sharing(code="A123", account=on, means=means, at=day(0))


def note(on: str = "A1", *, after: State | None = None, reason: str | None = "the customer called") -> TraceNote:
    """Return a note of an act on an account, for the trace."""
    return TraceNote(account_subject(on), day(0), "code.end", Actor("Mari", Role.SUPERVISOR), None, after, reason)


def balance(
    granted: str = "0",
    *,
    consumed: str = "0",
    transferred_in: str = "0",
    transferred_out: str = "0",
    taken_back: str = "0",
) -> Balance:
    """Return a balance in euros, zero in every figure without a value."""
    return Balance(
        granted=Money(granted),
        transferred_in=Money(transferred_in),
        transferred_out=Money(transferred_out),
        consumed=Money(consumed),
        taken_back=Money(taken_back),
    )
