"""Where a locked figure came from: the version of its group, and what was corrected since (D5-D7, K2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import attrs

from referral_core.entities.case import CarriedOffer, Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side
from referral_core.entities.referral import Offer, Referral
from referral_core.entities.trace_entry import group_subject
from referral_core.knowledge import Knowledge
from referral_core.programme.programme import Programme
from referral_core.programme.referee_group_line import RefereeGroupLine
from referral_core.services.explanation import Correction, Figure, Origin
from referral_core.services.records import group_state
from referral_core.values.recorded import Recorded, grounds

States = tuple[Recorded[Referral], ...]


@attrs.frozen
class Figuring:
    """Finds out where the figures of one referral came from; ``case`` is the one it was finished by, if any."""

    programme: Programme
    known: Knowledge
    contract: Contract
    states: States
    case: Case | None

    def referrer(self) -> Figure:
        """Return the referrer's figure, locked as the code was used."""
        first = self.states[0]
        offer, carried = self._present.referrer_offer, self._carried
        if self.case is not None and carried is not None and offer == carried.referrer:
            return self._figure(Side.REFERRER, offer, Origin.CASE, self.case.opened_at)
        return self._figure(Side.REFERRER, offer, Origin.PROGRAMME, first.recorded_at)

    def referee(self) -> Figure:
        """Return the referee's figure, locked as the code was used or as the group was changed last."""
        offer, locked, origin = self._present.referee_offer, self._locked(), self._first_origin()
        if locked.revision > 1:
            return self._figure(Side.REFEREE, offer, Origin.CHANGED, locked.recorded_at)
        if self.case is not None and origin is Origin.CASE:
            return self._figure(Side.REFEREE, offer, origin, self.case.opened_at)
        line = self._line() if origin is Origin.TABLE else None
        return self._figure(Side.REFEREE, offer, origin, locked.recorded_at, line)

    @property
    def was_chosen(self) -> bool:
        """Tell whether the referee's group was chosen as the code was used, whatever became of it later."""
        return self._first_origin() is Origin.CHOSEN

    @property
    def _present(self) -> Referral:
        return self.states[-1].state

    @property
    def _carried(self) -> CarriedOffer | None:
        return None if self.case is None else self.case.carried

    def _first_origin(self) -> Origin:
        offer, carried = self.states[0].state.referee_offer, self._carried
        if carried is not None and offer == carried.referee:
            return Origin.CASE
        return Origin.TABLE if self._line().group == offer.group else Origin.CHOSEN

    def _locked(self) -> Recorded[Referral]:
        """Return the state since which the referee's offer is what it is."""
        locked = self.states[0]
        for before, after in pairwise(self.states):
            if after.state.referee_offer != before.state.referee_offer:
                locked = after
        return locked

    def _line(self) -> RefereeGroupLine:
        """Return the line of the programme's table that matches; the last one matches everything (D6)."""
        asked = self._present.channel, self.contract.segment, self.contract.product
        return next(line for line in self.programme.referee_groups if line.matches(*asked))

    def _figure(
        self, side: Side, offer: Offer, origin: Origin, locked_at: datetime, line: RefereeGroupLine | None = None
    ) -> Figure:
        judged_at = self._present.judged_at
        versions = self.known.groups.history(offer.group)
        version, is_late = grounds(versions, locked_at, lambda group: _offer_of(group, judged_at) == offer)
        return Figure(
            side=side,
            offer=offer,
            origin=origin,
            locked_at=locked_at,
            version=version,
            is_late=is_late,
            line=line,
            corrections=()
            if version is None
            else tuple(self._corrections(versions[version.revision - 1 :], judged_at)),
        )

    def _corrections(self, versions: tuple[Recorded[DiscountGroup], ...], at: datetime) -> Iterator[Correction]:
        """Yield the versions after the first by which a moment gives another amount than by the one before."""
        for before, version in pairwise(versions):
            amount = version.state.terms_at(at).amount
            if amount != before.state.terms_at(at).amount:
                yield self._traced(Correction(version, amount))

    def _traced(self, correction: Correction) -> Correction:
        """Return a correction with who made it and why, if the trace still says so."""
        group = correction.version.state
        for row in self.known.trace.chain(group_subject(group.id)):
            if row.moment <= correction.version.recorded_at and row.after == group_state(group, row.moment):
                return attrs.evolve(correction, actor=row.actor, reason=row.reason)
        return correction


def _offer_of(group: DiscountGroup, at: datetime) -> Offer | None:
    """Return what a group gives at a moment; nothing when it is disabled or has no amount (D8)."""
    terms = group.terms_at(at)
    if terms.amount is None or terms.period is None or terms.status is GroupStatus.DISABLED:
        return None
    return Offer(group.id, terms.amount, terms.period)
