"""Acts shown before they are done: the choices of staff, a dry run of the act, the offers to both sides (D7, S10)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, Generic, Self, TypeVar

import attrs

from examples.portal.forms import typed_moment
from examples.portal.visit import Visit
from referral_core import Case, Decision, Offer, Reason, Referral, Session
from referral_core.services.sign_ups import SignUp

T = TypeVar("T")

DOING: Final = "do"
"""The value of the button that does the act."""
HONOURED = "honour.moment"
"""The name of the field, the same as in refusals."""


class _Undone(Exception):
    """The end of a dry run, which undoes its transaction."""


def outcome_of(visit: Visit, act: Callable[[Session], T]) -> T:
    """Do an act, undo it, and return what it returned.

    :raises Refusal: the act would be refused.
    """
    brought = list[T]()

    def played(session: Session) -> None:
        brought[:] = [act(session)]
        raise _Undone

    with contextlib.suppress(_Undone):
        visit.world.run(played, actor=visit.someone().actor, dry=True)
    return brought[0]


@attrs.frozen
class DryRun(Generic[T]):
    """An act by a form: shown first, and done when the form comes again with the prospect that was shown."""

    visit: Visit
    act: Callable[[Session], T]
    prospect_of: Callable[[T], Prospect]

    def show(self) -> Prospect:
        """Return the prospect of the act.

        :raises Refusal: the act would be refused.
        """
        return self.prospect_of(outcome_of(self.visit, self.act))

    def was_seen(self, prospect: Prospect) -> bool:
        """Tell whether the form wants the act done and carries this very prospect."""
        fields = self.visit.fields
        return fields.get("step") == DOING and fields.get("seen") == prospect.digest

    def do(self) -> T | None:
        """Do the act and return its result; ``None``, and nothing done, if its prospect is not the one that was shown.

        So nobody gets other amounts than were shown, whatever others changed meanwhile or whatever was typed since.

        :raises Refusal: the act was refused.
        """
        fields = self.visit.fields
        if fields.get("step") != DOING:
            return None
        try:
            watched = partial(self._watched, fields.get("seen", ""))
            return self.visit.world.run(watched, actor=self.visit.someone().actor)
        except _Undone:
            return None

    def _watched(self, seen: str, session: Session) -> T:
        brought = self.act(session)
        if self.prospect_of(brought).digest != seen:
            raise _Undone
        return brought


@attrs.frozen(kw_only=True)
class Prospect:
    """The offers to both sides with the moment of judging, or the reasons against the code.

    Without a code there are neither.
    """

    code: str | None = None
    judged_at: datetime | None = None
    referrer: Offer | None = None
    referee: Offer | None = None
    reasons: tuple[Reason, ...] = ()

    @classmethod
    def of_sign_up(cls, signed: SignUp) -> Self:
        """Return the prospect of a sign-up."""
        if signed.referral is not None:
            return cls.of_referral(signed.referral)
        return cls() if signed.decision is None else cls.of_decision(signed.decision)

    @classmethod
    def of_decision(cls, decision: Decision) -> Self:
        """Return the prospect of a decision on a code."""
        return cls(
            code=decision.code,
            judged_at=decision.judged_at,
            referrer=decision.referrer,
            referee=decision.referee,
            reasons=decision.reasons,
        )

    @classmethod
    def of_referral(cls, referral: Referral) -> Self:
        """Return the locked offers of a referral."""
        return cls(
            code=referral.code,
            judged_at=referral.judged_at,
            referrer=referral.referrer_offer,
            referee=referral.referee_offer,
        )

    @classmethod
    def of_case(cls, case: Case) -> Self:
        """Return the offers that a case carries."""
        if case.carried is None:
            return cls(reasons=case.warnings)
        return cls(
            code=case.carried.code,
            judged_at=case.opened_at,
            referrer=case.carried.referrer,
            referee=case.carried.referee,
        )

    @property
    def usable(self) -> bool:
        """Tell whether there is no reason against the code."""
        return not self.reasons

    @property
    def digest(self) -> str:
        """A line that is the same for the same amounts of the same groups, or for the same reasons."""
        offers = (f"{offer.group} {offer.amount}" for offer in (self.referrer, self.referee) if offer is not None)
        return " / ".join((self.code or "-", *offers, *self.reasons))


@attrs.frozen(kw_only=True)
class StaffChoice:
    """The choices of staff in a form: group, honoured moment and reason; ``None`` leaves a matter to the rules."""

    group: str | None = None
    honoured: datetime | None = None
    reason: str | None = None

    @classmethod
    def typed(cls, visit: Visit) -> Self:
        """Return the choices in the form.

        :raises Refusal: ``moment-invalid``.
        """
        fields = visit.fields
        return cls(
            group=fields.get("group") or None,
            honoured=typed_moment(fields.get(HONOURED, ""), visit.world.programme.calendar, HONOURED),
            reason=fields.get("reason") or None,
        )

    @property
    def deviates(self) -> bool:
        """Tell whether any choice deviates from the rules."""
        return self.group is not None or self.honoured is not None
