"""Builders that read like the rulebook: moments by the clocks of Tallinn, periods, amounts, and the programme's nouns.

>>> period("2021-01-01 .. 2021-04-01")
EffectivePeriod.parse('2020-12-31T22:00:00Z/2021-03-31T21:00:00Z')
>>> group("referee-self-service").giving("7").from_("2021-01-01").done.terms_at(at("2021-02-01")).amount
Money('7.00', 'EUR')
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import attrs
import pytest

from referral_core.entities.actor import Actor, Role
from referral_core.entities.case import CarriedOffer, Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import Ending, Issuing, PromoCode
from referral_core.entities.referral import Offer, Referral
from referral_core.entities.trace import TraceEntry, TraceNote
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.money import Money
from referral_core.values.timeline import Span, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

TALLINN: Final = ZoneInfo("Europe/Tallinn")
TICK: Final = timedelta(microseconds=1)
"""The smallest step between two moments."""


# ── moments, days, periods ────────────────────────────────────────────────────────────────────────────────────────────


def at(text: str, *, again: bool = False) -> datetime:
    """Return the moment at which the clocks of Tallinn show ``text``; a day alone means its midnight.

    ``again`` means the second pass of the hour that autumn repeats. A text that carries an offset is taken by it.

    >>> at("2021-03-01").isoformat(), at("2021-10-31 03:30", again=True).isoformat()
    ('2021-02-28T22:00:00+00:00', '2021-10-31T01:30:00+00:00')

    :raises ValueError: the clocks skip ``text`` in spring, or do not show it again.
    """
    shown = datetime.fromisoformat(text)
    if shown.tzinfo is not None:
        return shown.astimezone(UTC)
    moment = shown.replace(tzinfo=TALLINN, fold=int(again)).astimezone(UTC)
    local = moment.astimezone(TALLINN)
    if local.replace(tzinfo=None, fold=0) != shown:
        raise ValueError(f"the clocks of Tallinn never show {text}")
    if local.fold != again:
        raise ValueError(f"the clocks of Tallinn show {text} only once")
    return moment


def day(text: str) -> date:
    """Return the day written ``text``."""
    return date.fromisoformat(text)


def period(text: str) -> EffectivePeriod:
    """Return the half-open period written ``start .. end``, or ``start ..`` when it is open, each as :func:`at` reads.

    >>> period("2021-03-01 ..").is_open
    True
    """
    start, dots, end = text.partition("..")
    if not dots:
        raise ValueError(f"{text!r} is no period: write start .. end, or start ..")
    return EffectivePeriod(at(start.strip()), at(end.strip()) if end.strip() else None)


# ── money over time ───────────────────────────────────────────────────────────────────────────────────────────────────


def euros(amount: str) -> Money:
    """Return an amount in euros."""
    return Money(amount, "EUR")


def amounts(*lines: str) -> Timeline[Money]:
    """Return amounts over time, each written ``amount in period``.

    >>> len(amounts("10 in 2021-01-01 .. 2021-03-01", "15 in 2021-03-01 .."))
    2
    """
    written = (line.partition(" in ") for line in lines)
    return Timeline(Span(period(when), euros(amount.strip())) for amount, _, when in written)


@attrs.frozen
class GroupPhrase:
    """A discount group being described; ``done`` is the group."""

    done: DiscountGroup

    def giving(self, amount: str) -> AmountPhrase:
        """Begin to say an amount, which :meth:`AmountPhrase.from_` or :meth:`AmountPhrase.in_` places in time."""
        return AmountPhrase(self.done, euros(amount))

    def disabled(self, moment: str) -> GroupPhrase:
        """Switch the group off from a moment on."""
        return GroupPhrase(self.done.switched(GroupEvent.DISABLE, at(moment)))

    def enabled(self, moment: str) -> GroupPhrase:
        """Switch the group on from a moment on."""
        return GroupPhrase(self.done.switched(GroupEvent.ENABLE, at(moment)))


@attrs.frozen
class AmountPhrase:
    """An amount that waits for its period; amounts are entered one after the other, as staff enter them (D4)."""

    group: DiscountGroup
    amount: Money

    def from_(self, start: str) -> GroupPhrase:
        """Place the amount from a moment on, open-ended."""
        return self.in_(f"{start} ..")

    def in_(self, when: str) -> GroupPhrase:
        """Place the amount in a period."""
        entered = self.group.amounts.entering(period(when), self.amount)
        return GroupPhrase(attrs.evolve(self.group, amounts=entered))


def group(named: str, side: Side | None = None) -> GroupPhrase:
    """Begin to describe a group; its side is what its name begins with, unless said otherwise."""
    return GroupPhrase(DiscountGroup(id=named, side=side or Side(named.partition("-")[0]), name=named))


# ── the programme's nouns ─────────────────────────────────────────────────────────────────────────────────────────────


def contract(
    named: str = "contract-B",
    *,
    on: str = "account-B",
    of: str = "B",
    concluded: str = "2021-01-15 12:00",
    activated: str | None = None,
    withdrawn: str | None = None,
    terminated: str | None = None,
    product: str = "electricity",
    segment: str = "household",
    channel: str = "self-service",
) -> Contract:
    """Return a contract that has come as far as the moments given say."""
    told = Contract(
        id=named,
        account=on,
        customer=of,
        product=product,
        segment=segment,
        channel=channel,
        concluded_at=at(concluded),
    )
    if activated:
        told = told.activated(at(activated))
    if withdrawn:
        told = told.withdrawn(at(withdrawn))
    if terminated:
        told = told.terminated(at(terminated))
    return told


def code(
    text: str = "A123",
    *,
    on: str = "account-A",
    of: str = "A",
    issued: str = "2021-01-01",
    started: str | None = None,
    ended: str | None = None,
    ending: Ending = Ending.BY_HAND,
) -> PromoCode:
    """Return a code issued automatically; pending without ``started``, open-ended without ``ended``."""
    return PromoCode(
        text=text,
        account=on,
        customer=of,
        issued_at=at(issued),
        issued_by="system",
        issuing=Issuing.AUTOMATIC,
        starts_at=at(started) if started else None,
        ends_at=at(ended) if ended else None,
        ending=ending if ended else None,
    )


def offer(of: str, amount: str, when: str = "2021-01-01 ..") -> Offer:
    """Return what one side is offered: the group, its amount, and the period of that amount."""
    return Offer(of, euros(amount), period(when))


def referral(
    of: str = "contract-B",
    *,
    by: str = "A123",
    concluded: str = "2021-01-15 12:00",
    honoured: str | None = None,
    referrer: Offer | None = None,
    referee: Offer | None = None,
) -> Referral:
    """Return the record that customer A's code was used for customer B's contract."""
    return Referral(
        contract=of,
        code=by,
        referrer="account-A",
        referrer_customer="A",
        referee="account-B",
        referee_customer="B",
        concluded_at=at(concluded),
        channel="self-service",
        referrer_offer=referrer or offer("referrer", "10"),
        referee_offer=referee or offer("referee-self-service", "7"),
        honoured_moment=at(honoured) if honoured else None,
    )


def grant(side: Side = Side.REFEREE, amount: str = "7", *, of: str = "contract-B", on: str = "account-B") -> Grant:
    """Return one grant of a referral's payout, due since 1 February 2021."""
    return Grant(referral=of, side=side, account=on, amount=euros(amount), effective_from=at("2021-02-01"))


def case(
    named: str = "case-1", *, of: str = "B", carrying: CarriedOffer | None = None, warned: tuple[Reason, ...] = ()
) -> Case:
    """Return a case opened on 10 January 2021."""
    return Case(
        id=named,
        customer=of,
        opened_at=at("2021-01-10"),
        product="electricity",
        segment="household",
        carried=carrying,
        warnings=warned,
    )


def actor(role: str = "agent", named: str = "Mari") -> Actor:
    """Return somebody in a role."""
    return Actor(named, Role(role))


def chain(*notes: TraceNote, salt: str = "0123456789abcdef") -> tuple[TraceEntry, ...]:
    """Return notes on one subject as the rows of its chain."""
    rows: list[TraceEntry] = []
    for number, note in enumerate(notes, 1):
        rows.append(TraceEntry.chained(note, rows[-1] if rows else None, f"{salt}{number}"))
    return tuple(rows)


def note(act: str, when: str, *, on: str = "account:account-A", by: Actor | None = None) -> TraceNote:
    """Return what is to be traced of an act of an agent, with the reason she gave."""
    return TraceNote(on, at(when), act, by or actor(), {"status": "before"}, {"status": "after"}, "the customer called")


# ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def refused(*reasons: str, field: str | None = None, naming: object = None) -> Iterator[None]:
    """Expect a refusal with exactly these reasons, and the field and a mention in its message where they are given.

    >>> with refused("amount-invalid", field="amount"):
    ...     euros("-1")
    """
    with pytest.raises(Refusal) as caught:
        yield
    refusal = caught.value
    assert refusal.reasons == tuple(Reason(reason) for reason in reasons)
    assert field is None or refusal.field == field, refusal.field
    assert naming is None or getattr(naming, "shown", str(naming)) in refusal.message, refusal.message
