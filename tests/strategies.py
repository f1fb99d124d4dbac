"""Bounded Hypothesis strategies for values and entities, and nothing that any test needs alone.

Moments crowd where mistakes live: around Tallinn's clock changes, leap days and year ends, a microsecond to either
side. Periods and timelines that must touch and collide come from a coarse grid of days, :func:`ticks`.
"""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from referral_core.entities.actor import Actor, Role
from referral_core.entities.case import CarriedOffer, Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.promo_code import Ending, Issuing, PromoCode
from referral_core.entities.referral import Offer, Referral
from referral_core.entities.trace import State, TraceNote
from referral_core.session import ACTS
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason
from referral_core.values.money import Money
from referral_core.values.timeline import Span, Timeline

T = TypeVar("T")

CODE_LETTERS: Final = string.ascii_uppercase + string.digits
BLANKS: Final = tuple(sign for sign in map(chr, range(0x3001)) if sign.isspace())
"""Every blank that Unicode has, the ideographic space the last of them."""
HYPHENS: Final = tuple("-\u00ad\u2010\u2011\u2012\u2013\u2212\u2043\u2e3a\uff0d\u200b")
"""Some of the dashes that Unicode has, and of what nobody sees."""

# ── moments and days ──────────────────────────────────────────────────────────────────────────────────────────────────

SPRING: Final = datetime(2021, 3, 28, 1, tzinfo=UTC)
"""The clocks of Tallinn go from 03:00 to 04:00."""
AUTUMN: Final = datetime(2021, 10, 31, 1, tzinfo=UTC)
"""The clocks of Tallinn go from 04:00 back to 03:00."""
_EDGES: Final = (
    SPRING,
    AUTUMN,
    datetime(2020, 2, 28, 22, tzinfo=UTC),
    datetime(2020, 12, 31, 22, tzinfo=UTC),
    datetime(2021, 2, 28, 22, tzinfo=UTC),
)
_NEAR: Final = [
    hours + tick
    for hours in (timedelta(hours=h) for h in (-24, -2, -1, 0, 1, 2, 24))
    for tick in (timedelta(microseconds=n) for n in (-1, 0, 1))
]
FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST: Final = datetime(2099, 12, 31, tzinfo=UTC)

ZONES: Final[tuple[tzinfo, ...]] = (
    UTC,
    ZoneInfo("UTC"),
    ZoneInfo("Europe/Tallinn"),
    ZoneInfo("America/Sao_Paulo"),
    ZoneInfo("Asia/Beirut"),
    ZoneInfo("Asia/Kathmandu"),
    ZoneInfo("Australia/Lord_Howe"),
    ZoneInfo("Pacific/Apia"),
    timezone(timedelta(hours=2)),
    timezone(timedelta(hours=3)),
    timezone(timedelta(hours=14)),
    timezone(-timedelta(hours=12)),
    timezone(timedelta(hours=1, minutes=39, seconds=4)),
    timezone(timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999)),
)


def zones() -> st.SearchStrategy[tzinfo]:
    """Zones of many kinds: named ones with and without clock changes, fixed offsets odd and extreme."""
    return st.sampled_from(ZONES)


def moments(earliest: datetime = FIRST, latest: datetime = LAST) -> st.SearchStrategy[datetime]:
    """Moments in UTC, half of them where clocks, months or years change."""
    near = [edge + step for edge in _EDGES for step in _NEAR]
    fitting = [moment for moment in near if earliest <= moment <= latest]
    anywhere = st.datetimes(
        earliest.replace(tzinfo=None), latest.replace(tzinfo=None), timezones=st.just(UTC), allow_imaginary=False
    )
    return st.one_of(st.sampled_from(fitting), anywhere) if fitting else anywhere


@st.composite
def moments_anywhere(draw: st.DrawFn) -> datetime:
    """Moments written with the offset of some zone."""
    return draw(moments()).astimezone(draw(zones()))


def days() -> st.SearchStrategy[date]:
    """Days, many of them beside a clock change, a leap day or a year's end."""
    beside = [edge.date() + timedelta(days=n) for edge in _EDGES for n in (-1, 0, 1, 2)]
    return st.one_of(st.sampled_from(beside), st.dates(FIRST.date(), LAST.date()))


# ── periods and timelines ─────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def periods(draw: st.DrawFn) -> EffectivePeriod:
    """Periods of any length, from a microsecond to open-ended."""
    start = draw(moments(latest=LAST - timedelta(days=1)))
    return EffectivePeriod(start, draw(st.none() | moments(earliest=start + timedelta(microseconds=1))))


GRID: Final = 12
"""How many days the grid has."""


def tick(number: int) -> datetime:
    """Return the midnight that begins the grid's day of this number; the clocks change in the middle of the grid."""
    return (datetime(2021, 3, 22, tzinfo=ZoneInfo("Europe/Tallinn")) + timedelta(days=number)).astimezone(UTC)


def ticks(first: int = 0, last: int = GRID) -> st.SearchStrategy[datetime]:
    """Midnights of the grid, so few that periods made of them touch and collide."""
    return st.integers(first, last).map(tick)


@st.composite
def grid_periods(draw: st.DrawFn) -> EffectivePeriod:
    """Periods from midnight to midnight of the grid, one in three of them open-ended."""
    start = draw(st.integers(0, GRID - 1))
    end = None if draw(st.integers(0, 2)) == 0 else draw(st.integers(start + 1, GRID))
    return EffectivePeriod(tick(start), None if end is None else tick(end))


@st.composite
def timelines(draw: st.DrawFn, values: st.SearchStrategy[T]) -> Timeline[T]:
    """Timelines on the grid: up to four spans, touching or with gaps, the last of them open-ended or not."""
    cuts = sorted(draw(st.sets(st.integers(0, GRID), max_size=6)))
    bounds = [(a, b) for a, b in pairwise(cuts) if draw(st.booleans())]
    spans = [Span(EffectivePeriod(tick(a), tick(b)), draw(values)) for a, b in bounds]
    last_is_open = draw(st.booleans())
    if cuts and last_is_open:
        spans.append(Span(EffectivePeriod(tick(cuts[-1]), None), draw(values)))
    return Timeline(draw(st.permutations(spans)))


# ── money and codes ───────────────────────────────────────────────────────────────────────────────────────────────────


def cents(most: int = 10**12) -> st.SearchStrategy[int]:
    """Whole cents, from none to many."""
    return st.one_of(st.integers(0, min(300, most)), st.integers(0, most))


def money(currency: str = "EUR", most: int = 10**12) -> st.SearchStrategy[Money]:
    """Amounts of up to ``most`` cents."""
    return cents(most).map(lambda count: Money(Decimal(count).scaleb(-2), currency))


def code_texts() -> st.SearchStrategy[str]:
    """Texts of codes in canonical form."""
    return st.text(CODE_LETTERS, min_size=4, max_size=20)


@st.composite
def typed(draw: st.DrawFn, text: str) -> str:
    """Write the same code as people type it: any case, with blanks and hyphens anywhere."""
    noise = st.lists(st.sampled_from((*BLANKS, *HYPHENS)), max_size=2).map("".join)
    signs = [draw(st.sampled_from((sign, sign.lower()))) + draw(noise) for sign in text]
    return draw(noise) + "".join(signs)


# ── entities ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def names() -> st.SearchStrategy[str]:
    """Ids and words as hosts write them, in several alphabets, with what trips up careless writers."""
    return st.text(st.sampled_from("aBcXyz019 -_/:|,;'\"\\õÄßжщЯ漢😀\u200b"), min_size=1, max_size=8)


def reasons() -> st.SearchStrategy[Reason]:
    """Reason codes."""
    return st.sampled_from(Reason)


def ids() -> st.SearchStrategy[str]:
    """Ids as every door takes them: printable, with something to see in them and no blanks around."""
    return names().map(lambda text: text.replace("\u200b", "").strip()).filter(bool)


def actors() -> st.SearchStrategy[Actor]:
    """Actors of every role, limited to segments or not."""
    limits = st.none() | st.frozensets(st.sampled_from(("household", "micro-business")), min_size=1)
    return st.builds(Actor, ids(), st.sampled_from(Role), limits)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Contracts that have come anywhere in their lifecycle, at moments that may coincide."""
    concluded, second, third = sorted(draw(st.tuples(ticks(), ticks(), ticks())))
    contract = Contract(
        id=draw(names()),
        account=draw(names()),
        customer=draw(names()),
        product=draw(st.sampled_from(("electricity", "gas", "solar"))),
        segment=draw(st.sampled_from(("household", "micro-business"))),
        channel=draw(st.sampled_from(("self-service", "sales-portal", "distributor"))),
        concluded_at=concluded,
        starts_on=draw(st.none() | days()),
        warnings=draw(st.lists(reasons(), max_size=2, unique=True).map(tuple)),
    )
    match draw(st.sampled_from(("concluded", "withdrawn", "active", "terminated"))):
        case "withdrawn":
            return contract.withdrawn(second)
        case "active":
            return contract.activated(second)
        case "terminated":
            return contract.activated(second).terminated(third)
        case _:
            return contract


@st.composite
def promo_codes(draw: st.DrawFn) -> PromoCode:
    """Codes that have come anywhere: pending, active, ended or to end, with moments on the grid that may coincide."""
    issued, second, third = sorted(draw(st.tuples(ticks(), ticks(), ticks())))
    starts = draw(st.none() | st.just(second))
    ends = draw(st.none() | st.just(third))
    return PromoCode(
        text=draw(code_texts()),
        account=draw(names()),
        customer=draw(names()),
        issued_at=issued,
        issued_by=draw(names()),
        issuing=draw(st.sampled_from(Issuing)),
        starts_at=starts,
        ends_at=ends,
        ending=draw(st.sampled_from(Ending)) if ends else None,
        ending_reason=draw(st.none() | names()) if ends else None,
    )


@st.composite
def discount_groups(draw: st.DrawFn) -> DiscountGroup:
    """Draw groups of either side, with amounts and switches on the grid."""
    switched = sorted(draw(st.sets(ticks(), max_size=3)))
    return DiscountGroup(
        id=draw(names()),
        side=draw(st.sampled_from(Side)),
        name=draw(names()),
        amounts=draw(timelines(money(most=5_000))),
        switches=tuple((moment, draw(st.sampled_from(GroupStatus))) for moment in switched),
    )


def offers() -> st.SearchStrategy[Offer]:
    """Offers of either side."""
    return st.builds(Offer, names(), money(most=5_000), grid_periods())


@st.composite
def referrals(draw: st.DrawFn) -> Referral:
    """Referrals as they are recorded, honoured or not."""
    concluded = draw(ticks(1))
    return Referral(
        contract=draw(names()),
        code=draw(code_texts()),
        referrer=draw(names()),
        referrer_customer=draw(names()),
        referee=draw(names()),
        referee_customer=draw(names()),
        concluded_at=concluded,
        channel=draw(st.sampled_from(("self-service", "sales-portal"))),
        referrer_offer=draw(offers()),
        referee_offer=draw(offers()),
        honoured_moment=draw(st.none() | ticks().filter(lambda moment: moment < concluded)),
        case=draw(st.none() | names()),
    )


def grants() -> st.SearchStrategy[Grant]:
    """Grants in any state."""
    return st.builds(
        Grant,
        referral=names(),
        side=st.sampled_from(Side),
        account=names(),
        amount=money(most=5_000),
        effective_from=ticks(),
        status=st.sampled_from(GrantStatus),
        attempts=st.integers(0, 3),
    )


def cases() -> st.SearchStrategy[Case]:
    """Open cases, with a usable code or with the reasons why there is none."""
    common = {
        "id": names(),
        "customer": names(),
        "opened_at": ticks(),
        "product": st.just("electricity"),
        "segment": st.just("household"),
    }
    carried = st.builds(CarriedOffer, code_texts(), offers(), offers())
    warned = st.lists(reasons(), min_size=1, max_size=3, unique=True).map(tuple)
    return st.builds(Case, carried=carried, **common) | st.builds(Case, warnings=warned, **common)


def states() -> st.SearchStrategy[State | None]:
    """Give what was so before or after an act."""
    return st.none() | st.dictionaries(names(), st.none() | names(), max_size=3)


def trace_notes(subject: str = "account:account-A") -> st.SearchStrategy[TraceNote]:
    """Give notes on one subject, to be chained."""
    return st.builds(
        TraceNote,
        st.just(subject),
        moments(),
        st.sampled_from(sorted(ACTS)),
        actors(),
        states(),
        states(),
        st.none() | names(),
    )
