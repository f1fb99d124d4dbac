"""Explaining referrals: every figure from what was known when it was locked (S7, S10, D5-D7)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Referral
from referral_core.knowledge.knowledge import Knowledge
from referral_core.programme.programme import Programme
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.explanation import CodeThen, Explanation, JudgedBy
from referral_core.use_cases.figuring import Figuring, States
from referral_core.use_cases.overruling import overrides
from referral_core.use_cases.unknown import unknown_contract, unknown_referral
from referral_core.use_cases.verifying import Verifying
from referral_core.values.moment import moment
from referral_core.values.recorded import Recorded, grounds

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class Referrals:
    """What can be asked about referrals."""

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports
        self._admitting = Admitting(ports)

    def explain(self, contract: str, *, at: datetime, actor: Actor) -> Explanation:
        """Say why both amounts of a contract's referral are what they are, as known at ``at``, and verify them.

        Changes nothing.

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``referral-unknown``.
        """
        at = moment(at)
        known = Knowledge(self._ports, by=at)
        found = known.contracts.find(contract)
        self._admitting.admit_to_referral(actor, Act.REFERRAL_EXPLAIN, found)
        if found is None:
            raise unknown_contract(contract)
        referral = known.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        explanation = self._explanation(known, found, referral)
        mismatches = Verifying(self._programme, self._ports, known).mismatches(explanation)
        return attrs.evolve(explanation, mismatches=tuple(mismatches))

    def _explanation(self, known: Knowledge, contract: Contract, referral: Referral) -> Explanation:
        states = known.history.referral(contract.id)
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
        (each for each in known.history.codes(first.state.referrer) if each[0].state.text == first.state.code), ()
    )
    judged_at = first.state.judged_at
    record, is_late = grounds(versions, recorded_at, lambda code: code.status_at(judged_at) is CodeStatus.ACTIVE)
    return CodeThen(record, None if record is None else record.state.status_at(judged_at), is_late)
