"""The explainer of referrals: finds the origin of their figures in history and the trace, and verifies them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import chain, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.entities.case import CarriedOffer, Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.referral import Offer, Referral
from referral_core.entities.trace import TraceEntry, account_subject, chain_faults, group_subject, referral_subject
from referral_core.known_at import Knowledge
from referral_core.ports.trace import TraceRepository
from referral_core.programme.programme import Programme
from referral_core.programme.settings import GroupLine
from referral_core.rules.decision import Decision, decide, sentences
from referral_core.rules.eligibility import Facts
from referral_core.services.explanation import (
    Correction,
    Deviation,
    Explanation,
    Figure,
    JudgedBy,
    JudgedCode,
    LearnedLater,
    Mismatch,
    Origin,
    Override,
    Part,
)
from referral_core.services.records import group_state, referral_state
from referral_core.values.errors import Reason
from referral_core.values.history import Recorded, grounds
from referral_core.values.moment import moment_text

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


States = tuple[Recorded[Referral], ...]


@attrs.frozen
class Explainer:
    """Explains referrals; ``ports`` are the repositories now, ``known`` those at the moment of the explanation."""

    programme: Programme
    ports: Repositories
    known: Knowledge

    def explain(self, contract: Contract, referral: Referral) -> Explanation:
        """Return the explanation of a contract's referral, verified."""
        known, states = self.known, self.known.referrals.history(contract.id)
        case = None if referral.case is None else known.cases.find(referral.case)
        figures = FigureSources(self.programme, known, contract, states, case)
        code = _judged_code(known, states, case)
        explanation = Explanation(
            known_at=known.by,
            contract=contract,
            referral=referral,
            recorded_at=states[0].recorded_at,
            judged_by=_judged_by(referral),
            code=code,
            referrer=figures.referrer(),
            referee=figures.referee(),
            overrides=tuple(overrides(known.trace, contract, referral, was_chosen=figures.was_chosen)),
            mismatches=(),
            learned_later=_learned_later(known, contract, states[0], code),
        )
        mismatches = ExplanationVerifier(self.programme, self.ports, known).mismatches(explanation)
        return attrs.evolve(explanation, mismatches=tuple(mismatches))


def _judged_by(referral: Referral) -> JudgedBy:
    if referral.honoured_moment is None:
        return JudgedBy.CONCLUDING
    return JudgedBy.HONOURED if referral.case is None else JudgedBy.CASE


def _judged_code(known: Knowledge, states: States, case: Case | None) -> JudgedCode:
    """Return the code as known when its use was recorded: with the referral, or with the case that carried it (K2)."""
    first = states[0]
    recorded_at = first.recorded_at if case is None else case.opened_at
    versions = _versions(known, first.state)
    judged_at = first.state.judged_at
    record, is_late = grounds(versions, recorded_at, lambda code: code.status_at(judged_at) is CodeStatus.ACTIVE)
    return JudgedCode(record, None if record is None else record.state.status_at(judged_at), is_late)


def _learned_later(
    known: Knowledge, contract: Contract, first: Recorded[Referral], code: JudgedCode
) -> tuple[LearnedLater, ...]:
    """Return the facts that were recorded after the referral, about its code, its contract and its customer (M4)."""
    return tuple(sorted(_learned(known, contract, first, code), key=attrgetter("recorded_at")))


def _learned(
    known: Knowledge, contract: Contract, first: Recorded[Referral], code: JudgedCode
) -> Iterator[LearnedLater]:
    referral, record = first.state, code.record
    versions = () if record is None else _versions(known, referral)
    for later in versions:
        if record is not None and later.revision > record.revision:
            status = later.state.status_at(referral.judged_at)
            if status is not code.status:
                yield LearnedLater(later.recorded_at, _code_then(later.state, status, referral.judged_at))
                break
    if contract.activated_at is not None and contract.activated_recorded_at is not None:
        said = f"contract {contract.id} activated at {moment_text(contract.activated_at)}"
        yield LearnedLater(contract.activated_recorded_at, said)
    for other in known.contracts.of_customer(contract.customer):
        learned = other.activated_recorded_at or other.concluded_recorded_at
        if other.id == contract.id or learned is None or learned <= first.recorded_at:
            continue
        if other.is_active_at(referral.concluded_at):
            said = f"contract {other.id} of the same customer was in force when this was concluded"
            yield LearnedLater(learned, said)


def _code_then(code: PromoCode, status: CodeStatus, at: datetime) -> str:
    """Return the sentence about the status of a code at the moment of judgement, by a later record."""
    if status is CodeStatus.ENDED and code.ends_at is not None:
        return f"the code {code.text} ended at {moment_text(code.ends_at)}"
    return f"the code {code.text} was {status} at {moment_text(at)}"


def _versions(known: Knowledge, referral: Referral) -> tuple[Recorded[PromoCode], ...]:
    """Return the states of the code of a referral."""
    histories = known.promo_codes.history(referral.referrer)
    return next((each for each in histories if each[0].state.text == referral.code), ())


@attrs.frozen
class FigureSources:
    """The origins of one referral's figures (D5-D7, K2); ``case`` is the case that it finished, if any."""

    programme: Programme
    known: Knowledge
    contract: Contract
    states: States
    case: Case | None

    def referrer(self) -> Figure:
        """Return the referrer's figure, locked when the code was used."""
        first = self.states[0]
        offer, carried = self._present.referrer_offer, self._carried
        if self.case is not None and carried is not None and offer == carried.referrer:
            return self._figure(Side.REFERRER, offer, Origin.CASE, self.case.opened_at)
        line = self._line(Side.REFERRER)
        if self.programme.referrer_groups is None or line.group != offer.group:
            return self._figure(Side.REFERRER, offer, Origin.PROGRAMME, first.recorded_at)
        return self._figure(Side.REFERRER, offer, Origin.TABLE, first.recorded_at, line)

    def referee(self) -> Figure:
        """Return the referee's figure, locked when the code was used or when the group was last changed."""
        offer, locked, origin = self._present.referee_offer, self._locked(), self._first_origin()
        if locked.revision > 1:
            return self._figure(Side.REFEREE, offer, Origin.CHANGED, locked.recorded_at)
        if self.case is not None and origin is Origin.CASE:
            return self._figure(Side.REFEREE, offer, origin, self.case.opened_at)
        line = self._line(Side.REFEREE) if origin is Origin.TABLE else None
        return self._figure(Side.REFEREE, offer, origin, locked.recorded_at, line)

    @property
    def was_chosen(self) -> bool:
        """Tell whether the referee's group was chosen when the code was used, even if it was changed later."""
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
        return Origin.TABLE if self._line(Side.REFEREE).group == offer.group else Origin.CHOSEN

    def _locked(self) -> Recorded[Referral]:
        """Return the state with which the referee's present offer began."""
        locked = self.states[0]
        for before, after in pairwise(self.states):
            if after.state.referee_offer != before.state.referee_offer:
                locked = after
        return locked

    def _line(self, side: Side) -> GroupLine:
        """Return the matching line of the programme's table for a side (D6)."""
        return self.programme.line_for(side, self._present.channel, self.contract.segment, self.contract.product)

    def _figure(
        self, side: Side, offer: Offer, origin: Origin, locked_at: datetime, line: GroupLine | None = None
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
        """Yield the versions whose amount at a moment differs from that of the version before."""
        for before, version in pairwise(versions):
            amount = version.state.terms_at(at).amount
            if amount != before.state.terms_at(at).amount:
                yield self._traced(Correction(version, amount))

    def _traced(self, correction: Correction) -> Correction:
        """Return a correction with its actor and reason, if the trace still has them."""
        group = correction.version.state
        for row in self.known.trace.chain(group_subject(group.id)):
            # Rows carry no revision: the row of a version is found by its content.
            if row.moment <= correction.version.recorded_at and row.after == group_state(group, row.moment):
                return attrs.evolve(correction, actor=row.actor, reason=row.reason)
        return correction


def _offer_of(group: DiscountGroup, at: datetime) -> Offer | None:
    """Return the offer of a group at a moment, ``None`` when it is disabled or has no amount (D8)."""
    terms = group.terms_at(at)
    if terms.amount is None or terms.period is None or terms.status is GroupStatus.DISABLED:
        return None
    return Offer(group.id, terms.amount, terms.period)


_ABOUT_OFFERS: Final = frozenset({"referral.record", "referral.change-group"})


_STOPS: Final = {
    "referral.hold": Deviation.HELD,
    "referral.release": Deviation.RELEASED,
    "referral.void": Deviation.VOID,
}


def rows_about(
    trace: TraceRepository, referral: Referral, acts: Collection[str] = _ABOUT_OFFERS
) -> Iterator[TraceEntry]:
    """Yield the rows of some acts on a referral, by default those about its offers, in order.

    In old traces, before referrals had chains of their own, these rows are on the chain of the referee's account.
    """
    subjects = account_subject(referral.referee), referral_subject(referral.contract)
    for row in chain.from_iterable(map(trace.chain, subjects)):
        if row.act in acts and row.after is not None and row.after.get("contract") == referral.contract:
            yield row


def overrides(
    trace: TraceRepository, contract: Contract, referral: Referral, *, was_chosen: bool
) -> Iterator[Override]:
    """Yield every deviation in the order of the trace; ``was_chosen`` is about the group when the code was used."""
    for row in rows_about(trace, referral, {*_ABOUT_OFFERS, *_STOPS}):
        if row.act in _STOPS:
            yield _override(_STOPS[row.act], row)
            continue
        if row.act == "referral.change-group":
            yield _override(Deviation.GROUP_CHANGED, row)
            continue
        # A conclusion that was reported late has its own moment in ``at``: its code was not attached later.
        if row.moment != contract.concluded_at and (row.after or {}).get("at") is None:
            yield _override(Deviation.ATTACHED, row)
        if referral.honoured_moment is not None:
            yield _override(Deviation.HONOURED if referral.case is None else Deviation.CASE, row)
        if was_chosen:
            yield _override(Deviation.GROUP_CHOSEN, row)


def _override(deviation: Deviation, row: TraceEntry) -> Override:
    override = Override(deviation, row.moment, row.role, row.actor, row.reason)
    if deviation in _STOPS.values():
        return override
    before, after = row.before or {}, row.after or {}
    return attrs.evolve(override, group=after.get("referee_group"), before=before.get("referee_group"))


_ABOUT_CODES: Final = frozenset({Reason.CODE_UNKNOWN, Reason.CODE_PENDING, Reason.CODE_ENDED})
_APART: Final = frozenset({"referrer_customer", "referee_customer", "fee_notes"})
"""The fields that history does not keep: the customers, who may be erased, and fee notes, which have own moments."""
_TRACED: Final = ("code", "judged_at", "referrer_group", "referrer_amount", "referee_group", "referee_amount")
"""The traced fields of a referral that only a change of group may change later."""


@attrs.frozen
class ExplanationVerifier:
    """Verifies explanations; ``ports`` are the repositories now, ``known`` those of the explanation."""

    programme: Programme
    ports: Repositories
    known: Knowledge

    def mismatches(self, explanation: Explanation) -> Iterator[Mismatch]:
        """Yield every difference between an explanation and history."""
        yield from self._stored(explanation.referral)
        yield from _rebuilt(explanation)
        yield from self._case(explanation.referral)
        yield from self._grants(explanation)
        yield from self._trace(explanation.referral)

    def _stored(self, referral: Referral) -> Iterator[Mismatch]:
        """Compare the stored referral with its last state in history, and every state with the trace.

        History names no customer (A5).
        """
        stored, history = self.ports.referrals.find(referral.contract), self.ports.referrals.history(referral.contract)
        for field in attrs.fields(Referral):
            here, there = getattr(stored, field.name), getattr(history[-1].state, field.name)
            if here != there and field.name not in _APART:
                yield Mismatch(Part.STORED, f"{field.name} is stored as {_shown(here)}, and was {_shown(there)}")
        traced = [[(row.after or {}).get(name) for name in _TRACED] for row in rows_about(self.ports.trace, referral)]
        for each in history[:-1]:
            state = referral_state(each.state)
            if traced and [state[name] for name in _TRACED] not in traced:
                yield Mismatch(Part.STORED, f"state {each.revision} of the referral was never traced as it is stored")

    def _case(self, referral: Referral) -> Iterator[Mismatch]:
        if referral.case is None:
            return
        case = self.known.cases.find(referral.case)
        if case is None or case.carried is None or case.carried.code != referral.code:
            yield Mismatch(Part.CASE, f"case {referral.case} does not carry the code {referral.code}")
        elif case.opened_at != referral.honoured_moment or case.carried.referrer != referral.referrer_offer:
            yield Mismatch(Part.CASE, f"case {referral.case} carries another moment or another offer to the referrer")

    def _grants(self, explanation: Explanation) -> Iterator[Mismatch]:
        """Compare the grants with the locked amounts (B1, B5)."""
        referral = explanation.referral
        owed = referral.granted_at is not None
        for figure, account in ((explanation.referrer, referral.referrer), (explanation.referee, referral.referee)):
            grant = self.known.grants.find(f"{figure.side}/{referral.contract}")
            if grant is None:
                always = figure.side is Side.REFEREE or self.programme.pay_ended_referrer
                if owed and always and figure.offer.amount and figure.side not in referral.void_sides:
                    yield Mismatch(Part.GRANTS, f"there is no grant for the {figure.side}")
            elif (grant.account, grant.amount) != (account, figure.offer.amount) or not owed:
                yield Mismatch(Part.GRANTS, f"a grant of the {figure.side} gives {grant.amount} to {grant.account}")

    def _trace(self, referral: Referral) -> Iterator[Mismatch]:
        for subject in account_subject(referral.referee), referral_subject(referral.contract):
            for fault in chain_faults(self.known.trace.chain(subject)):
                yield Mismatch(Part.TRACE, fault)
        rows = list(rows_about(self.known.trace, referral))
        if not rows:
            yield Mismatch(Part.TRACE, "no row tells how the referral came to be")
            return
        traced, expected = rows[-1].after or {}, referral_state(referral)
        for name in _TRACED:
            if traced.get(name) != expected[name]:
                yield Mismatch(Part.TRACE, f"{name} was traced as {traced.get(name)}, and is {expected[name]}")


def _rebuilt(explanation: Explanation) -> Iterator[Mismatch]:
    """Decide again by the history known then, and compare the result with the locked offers."""
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
    """Return the decision of the rules about code and amounts for one side, without those about the customer."""
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
        return f"{value.amount} of {value.group} {value.period.shown}"
    return str(value)
