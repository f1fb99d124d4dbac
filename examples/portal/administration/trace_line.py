"""A row of the trace as people read it: who did what when and why, and what was so before and after."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from examples.portal.administration.period_words import PeriodWords
from examples.portal.people import People
from referral_core import EffectivePeriod, Money, TraceEntry

KNOWN: Final = frozenset(
    {
        "account", "accounts", "amount", "attempts", "case", "channel", "code", "contract", "contracts", "customer",
        "ending", "ends_at", "first", "from", "grant", "judged_at", "key", "last", "name", "problem", "referee_amount",
        "referee_group", "referrer_amount", "referrer_group", "side", "starts_at", "status", "to", "traced",
        "warnings",
    }
)  # fmt: skip
"""The names of values that have words."""
AMOUNT: Final = re.compile(r"([0-9]{1,12}\.[0-9]{2}) ([A-Z]{3})")
MOMENTS: Final = frozenset({"starts_at", "ends_at", "judged_at"})


@attrs.frozen
class Change:
    """One value before and after; ``name`` is what people call it, ``differs`` whether the act changed it."""

    name: str
    before: str | None
    after: str | None

    @property
    def differs(self) -> bool:
        """Tell whether it is not as it was."""
        return self.before != self.after


@attrs.frozen
class TraceLine:
    """A row, with its act and moment in words, the name of who acted if the portal knows it, and its changes.

    An act that only a later version of the library knows has no words.
    """

    row: TraceEntry
    act: str
    moment: str
    who: str | None
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, row: TraceEntry, words: PeriodWords, people: People) -> TraceLine:
        """Return what is shown of a row."""
        person = None if row.actor is None else people.find(row.actor)
        key = f"administration.act.{row.act.replace('.', '-')}"
        act = words.texts(key) if key in words.texts.keys else ""
        name = None if person is None else person.name
        return cls(row, act, words.exactly(row.moment), name, tuple(_changes(row, words)))


def _changes(row: TraceEntry, words: PeriodWords) -> Iterator[Change]:
    """Yield what was so before or after the act, in the order in which the row tells it, periods by their start."""
    before, after = row.before or {}, row.after or {}
    for name in sorted({*before, *after}, key=lambda name: (name not in KNOWN, name)):
        was, now = before.get(name), after.get(name)
        if was is not None or now is not None:
            yield Change(_named(name, words), _valued(name, was, words), _valued(name, now, words))


def _named(name: str, words: PeriodWords) -> str:
    if name in KNOWN:
        return words.texts(f"administration.value.{name}")
    period = _period(name)
    return name if period is None else words.whole(period)


def _valued(name: str, value: str | None, words: PeriodWords) -> str | None:
    """Return a value in words where it is a moment or an amount; anything else as it was written down."""
    if value is None:
        return None
    if name in MOMENTS:
        moment = _period(f"{value}/..")
        return value if moment is None else words.at(moment.start)
    amount = AMOUNT.fullmatch(value)
    return value if amount is None else words.texts.money(Money(amount[1], amount[2]))


def _period(text: str) -> EffectivePeriod | None:
    """Return the period that a text is; nothing where it is something else, as a group's amounts stand by periods."""
    try:
        return EffectivePeriod.parse(text)
    except ValueError:
        return None
