"""Referrals: judged, recorded with both amounts locked, and moved to another group (S7, D7)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.contract import Contract
from referral_core.entities.referral import Referral
from referral_core.entities.trace_entry import TraceNote, account_subject
from referral_core.use_cases.choosing import Choice
from referral_core.use_cases.judging import Judgement, Judging, Question
from referral_core.use_cases.tracing import referral_state
from referral_core.use_cases.unknown import unknown_referral

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class Referring:
    """Judges the code of a sign-up and records the referral that follows."""

    def __init__(self, ports: Ports, judging: Judging) -> None:
        self._ports = ports
        self._judging = judging

    def judge(self, code: str, contract: Contract, chosen: Choice, channel: str) -> Judgement:
        """Judge a code for a contract (S8, S10).

        Code and amounts are judged at the honoured moment if there is one, the customer always at the concluding one.
        """
        return self._judging.judge(
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
        at: datetime,
        actor: Actor,
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
        self._ports.referrals.add(referral, at=at)
        self._trace(Act.REFERRAL_RECORD, None, referral, at, actor, chosen.reason)
        return referral

    def change_group(self, contract: str, group: str, *, at: datetime, actor: Actor, reason: str | None) -> Referral:
        """Give the referee the amount of another group, as it was at the moment the referral was judged at (D7).

        :raises Refusal: ``referral-unknown``, ``group-unknown``, ``no-amount``, ``group-disabled``.
        """
        referral = self._ports.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        offer = self._judging.offer_of(self._judging.referee_group(group), referral.judged_at)
        changed = referral.with_referee_offer(offer)
        self._ports.referrals.replace(changed, at=at)
        self._trace(Act.REFERRAL_CHANGE_GROUP, referral, changed, at, actor, reason)
        return changed

    def _trace(
        self, act: Act, before: Referral | None, after: Referral, at: datetime, actor: Actor, reason: str | None
    ) -> None:
        state = None if before is None else referral_state(before)
        subject = account_subject(after.referee)
        self._ports.trace.append(TraceNote(subject, at, act, actor, state, referral_state(after), reason))
