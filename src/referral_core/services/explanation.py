"""Explanations: what made the amounts of a referral what they are, and whether history still says so."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Offer, Referral
from referral_core.programme.referee_group_line import RefereeGroupLine
from referral_core.values.money import Money
from referral_core.values.recorded import Recorded
from referral_core.values.word import Word


class JudgedBy(Word):
    """Whose moment code and amounts were judged at."""

    CONCLUDING = "concluding"
    HONOURED = "honoured"
    CASE = "case"


class Origin(Word):
    """How a side's group came to be the one it is."""

    PROGRAMME = "programme"
    """The programme has one group for referrers."""
    TABLE = "table"
    """The first line of the programme's table that matched (D6)."""
    CHOSEN = "chosen"
    """Somebody chose it as the code was used, or the programme's table was another then (D7)."""
    CASE = "case"
    """The case carried it (K2)."""
    CHANGED = "changed"
    """Somebody changed it later (D7)."""


class Deviation(Word):
    """In what staff had it otherwise than the rules by themselves would."""

    ATTACHED = "attached"
    """The code was added after concluding (S8)."""
    HONOURED = "honoured"
    """An earlier moment was honoured (S10)."""
    CASE = "case"
    """A case supplied moment and offers (K2)."""
    GROUP_CHOSEN = "group-chosen"
    """The referee group was chosen (D7)."""
    GROUP_CHANGED = "group-changed"
    """The referee group was changed (D7)."""


class Part(Word):
    """What of a referral can fail to be what history says."""

    STORED = "stored"
    CODE = "code"
    REFERRER = "referrer"
    REFEREE = "referee"
    CASE = "case"
    LEGS = "legs"
    TRACE = "trace"


@attrs.frozen
class Override:
    """One deviation, as its row in the trace has it; ``actor`` and ``reason`` are ``None`` once erased (A5)."""

    deviation: Deviation
    moment: datetime
    role: Role
    actor: str | None
    reason: str | None
    group: str | None = None
    before: str | None = None


@attrs.frozen
class CodeThen:
    """The code at the moment it was judged at, as known when the referral, or its case, was recorded.

    ``is_late`` tells that what made it usable was recorded after that: the act arrived late.
    """

    record: Recorded[PromoCode] | None
    status: CodeStatus | None
    is_late: bool = False


@attrs.frozen
class Correction:
    """A later version of a group that gives another amount for the moment in question (D5); ``None`` is none at all."""

    version: Recorded[DiscountGroup]
    amount: Money | None
    actor: str | None = None
    reason: str | None = None


@attrs.frozen(kw_only=True)
class Figure:
    """One side's locked offer, and where it came from.

    ``version`` is the state of the group that gave it, as known at ``locked_at``; ``is_late`` tells that it was
    recorded after that, because the act arrived late. ``line`` is the line of the programme's table, if one decided.
    ``corrections`` are the versions since then by which the same moment gives another amount.
    """

    side: Side
    offer: Offer
    origin: Origin
    locked_at: datetime
    version: Recorded[DiscountGroup] | None
    is_late: bool = False
    line: RefereeGroupLine | None = None
    corrections: tuple[Correction, ...] = ()

    @property
    def given_today(self) -> Money | None:
        """What the group gives for the same moment by all that is known; ``None``: nothing."""
        return self.corrections[-1].amount if self.corrections else self.offer.amount


@attrs.frozen
class Mismatch:
    """A part of a referral that is not what history says, and how, in a sentence for staff."""

    part: Part
    said: str


@attrs.frozen(kw_only=True)
class Explanation:
    """Why a referral's two amounts are what they are, as known at ``known_at``.

    ``mismatches`` is what the verification found: the figures are built again, by the rules, from what history says
    was known when they were locked, and held against what is stored, what was traced and what was granted.
    """

    known_at: datetime
    contract: Contract
    referral: Referral
    recorded_at: datetime
    judged_by: JudgedBy
    code: CodeThen
    referrer: Figure
    referee: Figure
    overrides: tuple[Override, ...]
    mismatches: tuple[Mismatch, ...]

    @property
    def is_verified(self) -> bool:
        """Tell whether everything is what history says."""
        return not self.mismatches
