"""Why the amounts of a referral are what they are, in plain words (S7, S10, D5-D7)."""

from __future__ import annotations

from collections.abc import Iterator

from examples.portal.staff_page import group_names, moments, who
from examples.portal.visit import Visit
from referral_core import EffectivePeriod
from referral_core.services.explanation import Correction, Explanation, Figure, JudgedBy, Origin, Override


class PlainExplanation:
    """An explanation in the language of a visit, by parts that each are a few sentences."""

    def __init__(self, visit: Visit, explanation: Explanation) -> None:
        self.explanation = explanation
        self._texts = visit.texts
        self._moment = moments(visit)
        self._who = who(visit)
        self._group = group_names(visit)

    def beginning(self) -> Iterator[str]:
        """Say whose code was used, by which moment everything was judged, and what the code was then."""
        told, referral = self.explanation, self.explanation.referral
        yield self._texts(
            "explain.used", code=referral.code, referrer=referral.referrer, moment=self._moment(told.recorded_at)
        )
        judged = {"moment": self._moment(referral.judged_at), "case": referral.case or ""}
        yield self._texts(f"explain.judged-{told.judged_by}", **judged)
        if told.code.status is not None:
            yield self._texts(f"explain.code-{told.code.status}")
        if told.code.is_late:
            yield self._texts("explain.late")
        if told.judged_by is not JudgedBy.CONCLUDING:
            yield self._texts("explain.customer-judged", moment=self._moment(referral.concluded_at))

    def amount(self, figure: Figure) -> Iterator[str]:
        """Say which group and period a side's amount comes from, why that group, and what was corrected since."""
        yield self._texts("explain.from-group", group=self._group(figure.offer.group))
        yield self._period(figure.offer.period)
        yield self._origin(figure)
        if figure.is_late:
            yield self._texts("explain.late")
        yield from map(self._correction, figure.corrections)

    def override(self, override: Override) -> str:
        """Say in what staff had it otherwise than the rules, and from which group to which."""
        said = self._texts(f"explain.{override.deviation}")
        if override.before is None or override.group is None:
            return said
        change = self._texts("explain.groups", before=self._group(override.before), after=self._group(override.group))
        return f"{said} {change}"

    def whose(self, override: Override) -> str:
        """Say when and by whom it was done."""
        return self._texts("staff.by", moment=self._moment(override.moment), who=self._who(override.actor))

    def _period(self, period: EffectivePeriod) -> str:
        start = self._moment(period.start)
        if period.end is None:
            return self._texts("explain.since", start=start)
        return self._texts("explain.between", start=start, end=self._moment(period.end))

    def _origin(self, figure: Figure) -> str:
        if figure.origin is Origin.TABLE and figure.line is not None and figure.line.channel is not None:
            return self._texts("explain.origin-channel", channel=self._texts(f"channel.{figure.line.channel}"))
        return self._texts(f"explain.origin-{figure.origin}")

    def _correction(self, correction: Correction) -> str:
        by = self._who(correction.actor)
        if correction.amount is None:
            return self._texts("explain.corrected-away", who=by, reason=correction.reason or "")
        amount = self._texts.money(correction.amount)
        return self._texts("explain.corrected", amount=amount, who=by, reason=correction.reason or "")
