"""Verifying a referral: its figures built again from history by the rules, and held against all that is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.entities.discount_group import Side
from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.referral import Offer, Referral, ReferralStatus
from referral_core.entities.trace_entry import account_subject, chain_faults, referral_subject
from referral_core.knowledge import Knowledge
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision, decide, sentences
from referral_core.rules.facts import Facts
from referral_core.services.explanation import Explanation, Figure, Mismatch, Part
from referral_core.services.overruling import rows_about
from referral_core.services.records import referral_state
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories

_ABOUT_CODES: Final = frozenset({Reason.CODE_UNKNOWN, Reason.CODE_PENDING, Reason.CODE_ENDED})
_APART: Final = frozenset({"referrer_customer", "referee_customer", "fee_notes"})
"""What of a referral history does not keep: who the customers are, and what has moments of its own."""
_TRACED: Final = ("code", "judged_at", "referrer_group", "referrer_amount", "referee_group", "referee_amount")
"""What the trace says of a referral that no later act but a change of group may change."""


@attrs.frozen
class Verifying:
    """Verifies explanations; ``ports`` is what is stored now, ``known`` what the explanation was made from."""

    programme: Programme
    ports: Repositories
    known: Knowledge

    def mismatches(self, explanation: Explanation) -> Iterator[Mismatch]:
        """Yield every part that is not what history says, and how."""
        yield from self._stored(explanation.referral.contract)
        yield from _rebuilt(explanation)
        yield from self._case(explanation.referral)
        yield from self._legs(explanation)
        yield from self._trace(explanation.referral)

    def _stored(self, contract: str) -> Iterator[Mismatch]:
        """Compare the referral as it is stored now with its last state in history, which names no customer (A5)."""
        stored, last = self.ports.referrals.find(contract), self.ports.referrals.history(contract)[-1].state
        for field in attrs.fields(Referral):
            here, there = getattr(stored, field.name), getattr(last, field.name)
            if here != there and field.name not in _APART:
                yield Mismatch(Part.STORED, f"{field.name} is stored as {_shown(here)}, and was {_shown(there)}")

    def _case(self, referral: Referral) -> Iterator[Mismatch]:
        if referral.case is None:
            return
        case = self.known.cases.find(referral.case)
        if case is None or case.carried is None or case.carried.code != referral.code:
            yield Mismatch(Part.CASE, f"case {referral.case} does not carry the code {referral.code}")
        elif case.opened_at != referral.honoured_moment or case.carried.referrer != referral.referrer_offer:
            yield Mismatch(Part.CASE, f"case {referral.case} carries another moment or another offer to the referrer")

    def _legs(self, explanation: Explanation) -> Iterator[Mismatch]:
        """Compare what is due or granted with what was locked (B1, B5)."""
        referral = explanation.referral
        owed = referral.status is ReferralStatus.GRANTED
        for figure, account in ((explanation.referrer, referral.referrer), (explanation.referee, referral.referee)):
            leg = self.known.grants.find(f"{figure.side}/{referral.contract}")
            if leg is None:
                always = figure.side is Side.REFEREE or self.programme.pay_ended_referrer
                if owed and always and figure.offer.amount:
                    yield Mismatch(Part.LEGS, f"there is no leg for the {figure.side}")
            elif (leg.account, leg.amount) != (account, figure.offer.amount) or not owed:
                yield Mismatch(Part.LEGS, f"a leg of the {figure.side} gives {leg.amount} to {leg.account}")

    def _trace(self, referral: Referral) -> Iterator[Mismatch]:
        for subject in account_subject(referral.referee), referral_subject(referral.contract):
            for fault in chain_faults(self.known.trace.chain(subject)):
                yield Mismatch(Part.TRACE, fault)
        rows = list(rows_about(self.known.trace, referral))
        if not rows:
            yield Mismatch(Part.TRACE, "no row tells how the referral came to be")
            return
        told, expected = rows[-1].after or {}, referral_state(referral)
        for name in _TRACED:
            if told.get(name) != expected[name]:
                yield Mismatch(Part.TRACE, f"{name} was traced as {told.get(name)}, and is {expected[name]}")


def _rebuilt(explanation: Explanation) -> Iterator[Mismatch]:
    """Decide once more, by what was known, and compare what follows with what is locked."""
    figures = explanation.referrer, explanation.referee
    for reason, sentence in sentences(_decided(explanation, explanation.code.status, figures[0]).reasons).items():
        if reason in _ABOUT_CODES:
            yield Mismatch(Part.CODE, f"{reason}: {sentence}")
    for figure in figures:
        decision = _decided(explanation, CodeStatus.ACTIVE, figure)
        if decision.referee != figure.offer:
            given = " ".join(sentences(decision.reasons).values()) or f"history gives {_shown(decision.referee)}"
            yield Mismatch(Part(figure.side), f"{_shown(figure.offer)} is locked: {given}")


def _decided(explanation: Explanation, status: CodeStatus | None, figure: Figure) -> Decision:
    """Return what the rules about code and amounts say of one side; those about the customer are left out."""
    referral = explanation.referral
    terms = None if figure.version is None else figure.version.state.terms_at(referral.judged_at)
    return decide(
        Facts(
            code=referral.code,
            judged_at=referral.judged_at,
            concluded_at=referral.concluded_at,
            code_status=status,
            referrer_customer=None,
            referrer_terms=terms,
            referee_terms=terms,
        )
    )


def _shown(value: object) -> str:
    if isinstance(value, Offer):
        return f"{value.amount} of {value.group} in {value.period}"
    return str(value)
