"""Decisions on codes: usable with both offers, or not with every reason (S5, S7)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_core.entities.discount_group import Terms
from referral_core.entities.referral import Offer
from referral_core.rules.eligibility import RULES, Facts
from referral_core.values.errors import Reason, Refusal
from referral_core.values.moment import Calendar, moment_text, showing_moments_in, shown_calendar

_SHOWN: Final = 40
"""The most characters that are shown of a text given as a code."""


@attrs.frozen
class Decision:
    """The decision on a code, with the facts that it rests on (S5, S7).

    ``reasons`` are all reasons against the code, in reporting order. Without any the code can be used, and both offers
    hold the amount in force at ``judged_at`` with its group and period. ``missing_groups`` are the groups by which it
    would have been decided and which the store does not have: the programme has to be applied to it (P5).
    """

    code: str
    judged_at: datetime
    concluded_at: datetime
    reasons: tuple[Reason, ...]
    referrer: Offer | None
    referee: Offer | None
    missing_groups: tuple[str, ...] = ()
    # No part of what was decided, so it is not compared, not sent over the wire, and given afterwards.
    _calendar: Calendar | None = attrs.field(init=False, default=None, eq=False, repr=False)

    def shown_by(self, calendar: Calendar) -> Decision:
        """Return the same decision, the texts of which are by a calendar's clocks: those of its programme's zone."""
        decision = attrs.evolve(self)
        object.__setattr__(decision, "_calendar", calendar)
        return decision

    @property
    def usable(self) -> bool:
        """Tell whether the code can be used."""
        return not self.reasons

    def lines(self, language: str = "en") -> tuple[str, ...]:
        """Return the decision as a few lines for staff, the reasons in a language, moments in the programme's zone.

        :raises LookupError: there are no messages in the language.
        """
        with showing_moments_in(self._calendar or shown_calendar()):
            return (self._headline(), *self._causes(language))

    def sentences(self, language: str = "en") -> dict[Reason, str]:
        """Return the sentence for staff on each reason; that on ``no-amount`` names the groups that are missing.

        :raises LookupError: there are no messages in the language.
        """
        found = sentences(self.reasons, language)
        if self.missing_groups and Reason.NO_AMOUNT in found:
            from referral_core.programme.messages import Messages  # noqa: PLC0415 - as in `sentences`

            hint = Messages.for_language(language).not_applied(self.missing_groups)
            found[Reason.NO_AMOUNT] = f"{found[Reason.NO_AMOUNT]} {hint}"
        return found

    def _headline(self) -> str:
        verdict = "can be used" if self.usable else "cannot be used"
        honoured = "" if self.judged_at == self.concluded_at else f", honoured for {moment_text(self.concluded_at)}"
        code = self.code if len(self.code) <= _SHOWN and self.code.isprintable() else repr(self.code[:_SHOWN])
        return f"{code} {verdict}, judged at {moment_text(self.judged_at)}{honoured}"

    def _causes(self, language: str) -> list[str]:
        against = self.sentences(language)
        if self.referrer is None or self.referee is None:
            return [f"  {reason}: {sentence}" for reason, sentence in against.items()]
        return [
            f"  {side}: {offer.amount}, the amount of {offer.group} {offer.period.shown}"
            for side, offer in (("referrer", self.referrer), ("referee", self.referee))
        ]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        """Show the decision as a small table in a notebook."""
        from referral_core.rules.notebook import decision_picture  # noqa: PLC0415 - only in notebooks

        return decision_picture(self, self.sentences(), self._calendar)


class CodeRefused(Refusal):
    """An unusable code was refused; ``decision`` has all reasons (S6, S8)."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(*decision.reasons, message=" ".join(decision.sentences().values()), field="code")
        self.decision = decision

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the decision when the error is pickled."""
        return CodeRefused, (self.decision,)


def sentences(reasons: tuple[Reason, ...], language: str = "en") -> dict[Reason, str]:
    """Return the sentence for staff on each of the reasons, in a language (S6)."""
    from referral_core.programme.messages import Messages  # noqa: PLC0415 - read only when somebody reads them

    messages = Messages.for_language(language)
    return {reason: messages.staff(reason) for reason in reasons}


def decide(facts: Facts) -> Decision:
    """Return the decision of all rules on the facts. Pure: the same facts always give the same decision."""
    reasons = tuple([reason for rule in RULES if (reason := rule(facts)) is not None])
    return Decision(
        facts.code,
        facts.judged_at,
        facts.concluded_at,
        reasons,
        None if reasons else _offer(facts.referrer_terms),
        None if reasons else _offer(facts.referee_terms),
    )


def _offer(terms: Terms | None) -> Offer | None:
    if terms is None or terms.amount is None or terms.period is None:
        return None  # pragma: no cover - a rule has refused it by now, with no-amount
    return Offer(terms.group, terms.amount, terms.period)
