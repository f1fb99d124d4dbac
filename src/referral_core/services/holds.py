"""Holds: referrals that staff hold, release or void, together with their grants (V1-V3)."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
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
    """Referrals that staff stop, together with their grants (V1-V3).

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

    def void(self, referral: Referral, reason: str | None, side: Side | None = None) -> Referral:
        """Void a referral, or one side of it (V2)."""
        void = referral.voided(self.context.now, side)
        stopped = [grant for grant in self._grants(referral) if side in {None, grant.side}]
        self._change(stopped, lambda grant: grant.after(GrantEvent.VOID))
        return self.context.save(void, referral, act="referral.void", reason=reason)

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

    def _change(self, grants: list[Grant], step: Callable[[Grant], Grant]) -> None:
        for grant in grants:
            after = step(grant)
            if after != grant:
                self.context.save(after, grant)


def _is_unsent(grant: Grant) -> bool:
    return grant.status not in {GrantStatus.GRANTED, GrantStatus.VOID, GrantStatus.VOID_IN_DOUBT}
