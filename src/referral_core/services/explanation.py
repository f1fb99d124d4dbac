"""Explanations of the amounts of a referral, with the result of their verification against history."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Offer, Referral
from referral_core.programme.settings import GroupLine
from referral_core.values.history import Recorded
from referral_core.values.money import Money
from referral_core.values.word import Word


class JudgedBy(Word):
    """The moment at which code and amounts were judged."""

    CONCLUDING = "concluding"
    HONOURED = "honoured"
    CASE = "case"


class Origin(Word):
    """The origin of a side's group."""

    PROGRAMME = "programme"
    """The programme's group for referrers."""
    TABLE = "table"
    """The first line of the programme's table that matched (D6)."""
    CHOSEN = "chosen"
    """The choice of staff when the code was used, or an earlier table of the programme (D7)."""
    CASE = "case"
    """The offer that a case carried (K2)."""
    CHANGED = "changed"
    """A later change by staff (D7)."""


class Deviation(Word):
    """The ways in which staff deviated from the rules."""

    ATTACHED = "attached"
    """The code was attached after the conclusion (S8)."""
    HONOURED = "honoured"
    """An earlier moment was honoured (S10)."""
    CASE = "case"
    """A case supplied moment and offers (K2)."""
    GROUP_CHOSEN = "group-chosen"
    """The referee group was chosen (D7)."""
    GROUP_CHANGED = "group-changed"
    """The referee group was changed (D7)."""
    HELD = "held"
    """The referral was held (V1)."""
    RELEASED = "released"
    """The referral was released (V1)."""
    VOID = "void"
    """The referral, or one side of it, was voided (V2)."""


class Part(Word):
    """The parts of a referral that are verified."""

    STORED = "stored"
    CODE = "code"
    REFERRER = "referrer"
    REFEREE = "referee"
    CASE = "case"
    GRANTS = "grants"
    TRACE = "trace"


@attrs.frozen
class Override:
    """A deviation with its row in the trace; ``actor`` and ``reason`` are ``None`` once erased (A5)."""

    deviation: Deviation
    moment: datetime
    role: Role
    actor: str | None
    reason: str | None
    group: str | None = None
    before: str | None = None


@attrs.frozen
class JudgedCode:
    """The code at the moment of judgement, as known when the referral, or its case, was recorded.

    ``is_late`` tells that the usable state was recorded after that, because the act arrived late.
    """

    record: Recorded[PromoCode] | None
    status: CodeStatus | None
    is_late: bool = False


@attrs.frozen
class Correction:
    """A later version of a group with another amount for the moment in question (D5); ``None`` means no amount."""

    version: Recorded[DiscountGroup]
    amount: Money | None
    actor: str | None = None
    reason: str | None = None


@attrs.frozen(kw_only=True)
class Figure:
    """One side's locked offer and its origin.

    ``version`` is the state of the group that gave the offer, as known at ``locked_at``; ``is_late`` tells that it was
    recorded after that, because the act arrived late. ``line`` is the line of the programme's table, if one decided.
    ``corrections`` are the later versions with another amount for the same moment.
    """

    side: Side
    offer: Offer
    origin: Origin
    locked_at: datetime
    version: Recorded[DiscountGroup] | None
    is_late: bool = False
    line: GroupLine | None = None
    corrections: tuple[Correction, ...] = ()

    @property
    def given_today(self) -> Money | None:
        """The group's amount for the same moment by its latest version, ``None`` for no amount."""
        return self.corrections[-1].amount if self.corrections else self.offer.amount


@attrs.frozen
class Mismatch:
    """A part of a referral that differs from history, with a sentence for staff."""

    part: Part
    said: str


@attrs.frozen
class LearnedLater:
    """A fact of an earlier moment that was recorded only after the referral, with a sentence for staff (M4).

    Whatever it would have changed, the referral stays as it was recorded (C12).
    """

    recorded_at: datetime
    said: str


@attrs.frozen(kw_only=True)
class Explanation:
    """The explanation of a referral's two amounts, as known at ``known_at``.

    ``mismatches`` are the findings of the verification: the figures are built again by the rules, from the history
    known when they were locked, and compared with the store, the trace and the grants. ``learned_later`` are the facts
    that were not known then.
    """

    known_at: datetime
    contract: Contract
    referral: Referral
    recorded_at: datetime
    judged_by: JudgedBy
    code: JudgedCode
    referrer: Figure
    referee: Figure
    overrides: tuple[Override, ...]
    mismatches: tuple[Mismatch, ...]
    learned_later: tuple[LearnedLater, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Tell whether everything agrees with history."""
        return not self.mismatches
