"""Referrals: explained from what was known when each figure was locked, and moved to another group (S7, S10, D5-D7)."""

from __future__ import annotations

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Referral
from referral_core.knowledge import Knowledge
from referral_core.services.context import BoundService
from referral_core.services.explanation import CodeThen, Explanation, JudgedBy
from referral_core.services.figuring import Figuring, States
from referral_core.services.overruling import overrides
from referral_core.services.permissions import a_referral
from referral_core.services.referring import Referring
from referral_core.services.sign_ups import not_activated
from referral_core.services.unknown import unknown_contract, unknown_referral
from referral_core.services.verifying import Verifying
from referral_core.values.arguments import ContractId, GroupId, ReasonText
from referral_core.values.recorded import Recorded, grounds


class Referrals(BoundService):
    """What can be asked about referrals, and changed until their contracts activate."""

    @act("referral.change-group", least=Role.AGENT, feed=True, manual=True, touches=(a_referral,))
    def change_group(self, contract: ContractId, *, group: GroupId, reason: ReasonText | None = None) -> Referral:
        """Change the referee group of a sign-up until its contract activates (D7).

        The referee's amount becomes the group's at the moment the referral was judged at.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``contract-active``,
            ``contract-ended``, ``referral-unknown``, ``group-unknown``, ``no-amount``, ``group-disabled``.
        """
        not_activated(contract, self._ports.contracts.find(contract))
        return Referring(self._context).change_group(contract, group, reason)

    @act("referral.explain", least=Role.AGENT, reads=True, touches=(a_referral,))
    def explain(self, contract: ContractId) -> Explanation:
        """Say why both amounts of a contract's referral are what they are, as known now, and verify them.

        A session with ``known_at`` says it as known then. Changes nothing.

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``referral-unknown``.
        """
        context = self._context
        known = Knowledge(context.store, by=context.known_at or context.now)
        found = known.contracts.find(contract)
        if found is None:
            raise unknown_contract(contract)
        referral = known.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        explanation = self._explanation(known, found, referral)
        mismatches = Verifying(self._programme, context.store, known).mismatches(explanation)
        return attrs.evolve(explanation, mismatches=tuple(mismatches))

    def _explanation(self, known: Knowledge, contract: Contract, referral: Referral) -> Explanation:
        states = known.referrals.history(contract.id)
        case = None if referral.case is None else known.cases.find(referral.case)
        figuring = Figuring(self._programme, known, contract, states, case)
        return Explanation(
            known_at=known.by,
            contract=contract,
            referral=referral,
            recorded_at=states[0].recorded_at,
            judged_by=_judged_by(referral),
            code=_code_then(known, states, case),
            referrer=figuring.referrer(),
            referee=figuring.referee(),
            overrides=tuple(overrides(known.trace, contract, referral, was_chosen=figuring.was_chosen)),
            mismatches=(),
        )


def _judged_by(referral: Referral) -> JudgedBy:
    if referral.honoured_moment is None:
        return JudgedBy.CONCLUDING
    return JudgedBy.HONOURED if referral.case is None else JudgedBy.CASE


def _code_then(known: Knowledge, states: States, case: Case | None) -> CodeThen:
    """Return the code as known when its use was recorded: with the referral, or with the case that carried it (K2)."""
    first = states[0]
    recorded_at = first.recorded_at if case is None else case.opened_at
    versions: tuple[Recorded[PromoCode], ...] = next(
        (each for each in known.promo_codes.history(first.state.referrer) if each[0].state.text == first.state.code), ()
    )
    judged_at = first.state.judged_at
    record, is_late = grounds(versions, recorded_at, lambda code: code.status_at(judged_at) is CodeStatus.ACTIVE)
    return CodeThen(record, None if record is None else record.state.status_at(judged_at), is_late)
