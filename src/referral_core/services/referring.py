"""Referrals: judged, recorded with both amounts locked, and moved to another group (S7, D7)."""

from __future__ import annotations

import attrs

from referral_core.entities.contract import Contract
from referral_core.entities.referral import Referral
from referral_core.services.choosing import Choice
from referral_core.services.context import Context
from referral_core.services.judging import Judgement, Judging, Question
from referral_core.services.unknown import unknown_referral


@attrs.frozen
class Referring:
    """Judges the code of a sign-up and records the referral that follows."""

    context: Context

    @property
    def judging(self) -> Judging:
        """What decides on codes."""
        return Judging(self.context.programme, self.context.ports)

    def judge(self, code: str, contract: Contract, chosen: Choice, channel: str) -> Judgement:
        """Judge a code for a contract (S8, S10).

        Code and amounts are judged at the honoured moment if there is one, the customer always at the concluding one.
        """
        return self.judging.judge(
            Question(
                code=code,
                concluded_at=contract.concluded_at,
                judged_at=chosen.honoured or contract.concluded_at,
                channel=channel,
                customer=contract.customer,
                product=contract.product,
                segment=contract.segment,
                group=chosen.group,
                carried=chosen.case.carried if chosen.case else None,
            )
        )

    def record(
        self,
        judged: Judgement | None,
        contract: Contract,
        chosen: Choice,
        channel: str,
        *,
        is_attached: bool = False,
    ) -> Referral | None:
        """Record the referral of a usable code, both amounts locked; nothing without one (S7).

        :raises Refusal: ``already-referred`` when another sign-up of the customer was quicker (S4).
        """
        if judged is None or judged.code is None or not judged.offers:
            return None
        code = judged.code
        referrer_offer, referee_offer = judged.offers
        referral = Referral(
            contract=contract.id,
            code=code.text,
            referrer=code.account,
            referrer_customer=code.customer,
            referee=contract.account,
            referee_customer=contract.customer,
            concluded_at=contract.concluded_at,
            channel=channel,
            referrer_offer=referrer_offer,
            referee_offer=referee_offer,
            honoured_moment=chosen.honoured,
            case=chosen.case.id if chosen.case else None,
        )
        at = None if is_attached else contract.concluded_at
        return self.context.save(referral, act="referral.record", reason=chosen.reason, at=at)

    def change_group(self, contract: str, group: str, reason: str | None) -> Referral:
        """Give the referee the amount of another group, as it was at the moment the referral was judged at (D7).

        :raises Refusal: ``referral-unknown``, ``group-unknown``, ``no-amount``, ``group-disabled``.
        """
        context, judging = self.context, self.judging
        referral = context.store.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        changed = referral.with_referee_offer(judging.offer_of(judging.referee_group(group), referral.judged_at))
        return context.save(changed, referral, act="referral.change-group", reason=reason)
