"""Holds: referrals that are held, released, void or annulled, together with their grants (V1-V3, B10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.entities.reversal import Reversal
from referral_core.programme.settings import Annulment
from referral_core.services.context import Context
from referral_core.values.errors import Reason, Refusal
from referral_core.values.word import Word


class OpenReferrals(Word):
    """The treatment of a code's referrals whose contracts have not activated, when the code is ended."""

    KEEP = "keep"
    HOLD = "hold"
    VOID = "void"


@attrs.frozen
class Holds:
    """Referrals that are stopped, together with their grants (V1-V3, B10).

    Every change of a grant is refused by the store if a payer has changed it since it was read. So an attempt to send
    it either comes first and is known here as under way, or finds it stopped.
    """

    context: Context

    def hold(self, referral: Referral, reason: str | None) -> Referral:
        """Hold a referral (V1)."""
        held = referral.held(self.context.now)
        grants = self._grants(referral)
        if referral.granted_at is not None and not any(map(_is_unsent, grants)):
            raise Refusal(
                Reason.CONTRACT_ACTIVE,
                message=f"contract {referral.contract} has activated, and nothing is left to send",
                field="contract",
            )
        self._change(grants, lambda grant: grant.after(GrantEvent.HOLD))
        return self.context.save(held, referral, act="referral.hold", reason=reason)

    def release(self, referral: Referral, reason: str | None) -> Referral:
        """Release a held referral (V1)."""
        released = referral.released()
        self._change(self._grants(referral), lambda grant: grant.released(self.context.now))
        return self.context.save(released, referral, act="referral.release", reason=reason)

    def void(
        self, referral: Referral, reason: str | None, side: Side | None = None, *, take_back: bool = False
    ) -> Referral:
        """Void a referral, or one side of it, and with ``take_back`` reverse what was granted (V2).

        A referral that is void already is voided again only to take back what was not.
        """
        grants = [grant for grant in self._grants(referral) if side in {None, grant.side}]
        reversible = self._not_reversed(grants) if take_back else []
        is_void = referral.is_live and (referral.status is ReferralStatus.VOID or side in referral.void_sides)
        is_again = is_void and any(map(_may_be_granted, reversible))
        void = referral if is_again else referral.voided(self.context.now, side)
        self._stop(grants, reversible)
        return self.context.save(void, referral, act="referral.void", reason=reason)

    def annul(self, referral: Referral, at: datetime) -> Referral:
        """Cancel the referral of a contract that never was; a void one stays so (B10)."""
        cancelled, grants = referral.cancelled(at), self._grants(referral)
        is_kept = self.context.programme.annulment is Annulment.KEEP
        self._stop(grants, [] if is_kept else self._not_reversed(grants))
        if cancelled is not referral:
            self.context.save(cancelled, referral, act="referral.cancel", at=at)
        return cancelled

    def of_ended_code(self, code: PromoCode, what: OpenReferrals, reason: str | None) -> None:
        """Hold or void every referral of a code whose contract has not activated, unless it is so already (V3)."""
        if what is OpenReferrals.KEEP:
            return
        given = self.context.ports.referrals.all(referrer=code.account)
        for contract in sorted([each.contract for each in given if each.code == code.text and each.is_pending]):
            # Found by itself, which locks it: its contract may have activated since the list was read.
            referral = self.context.ports.referrals.find(contract)
            if referral is None or not referral.is_pending:
                continue
            if what is OpenReferrals.VOID:
                self.void(referral, reason)
            elif referral.held_at is None:
                self.hold(referral, reason)

    def _grants(self, referral: Referral) -> list[Grant]:
        """Return the grants of a referral; before the activation there is none to look for."""
        if referral.granted_at is None:
            return []
        found = [self.context.ports.grants.find(f"{side}/{referral.contract}") for side, *_ in referral.sides]
        return [grant for grant in found if grant is not None]

    def _stop(self, grants: list[Grant], reversible: list[Grant]) -> None:
        """Void grants, and reverse those that billing has, or may have (B11)."""
        self._change(grants, lambda grant: grant.after(GrantEvent.VOID))
        for grant in reversible:
            stopped = grant.after(GrantEvent.VOID)
            if _may_be_granted(stopped):
                self.context.save(Reversal.of(stopped, self.context.now), act="reversal.due")

    def _not_reversed(self, grants: list[Grant]) -> list[Grant]:
        """Return the grants without a reversal."""
        reversals = self.context.ports.reversals
        known = {each.grant for grant in grants[:1] for each in reversals.of_referral(grant.referral)}
        return [grant for grant in grants if grant.key not in known]

    def _change(self, grants: list[Grant], step: Callable[[Grant], Grant]) -> None:
        for grant in grants:
            after = step(grant)
            if after != grant:
                self.context.save(after, grant)


def _may_be_granted(grant: Grant) -> bool:
    return grant.status in {GrantStatus.GRANTED, GrantStatus.VOID_IN_DOUBT}


def _is_unsent(grant: Grant) -> bool:
    return grant.status not in {GrantStatus.GRANTED, GrantStatus.VOID, GrantStatus.VOID_IN_DOUBT}
