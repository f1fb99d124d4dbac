"""The sales portal: sign-ups, a code added to one, another group, and the explanation of its amounts (D7, S7-S10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.dry_run import HONOURED, DryRun, Prospect, StaffChoice, outcome_of
from examples.portal.staff import (
    PAGE,
    StaffSearch,
    complaint_of,
    group_names,
    moments,
    referee_groups,
    staff_page,
    typed,
    who,
)
from examples.portal.visit import Complaint, Staffs, Visit
from examples.portal.world import PORTAL
from referral_core import CodeRefused, EffectivePeriod, Reason, Referral, Refusal, Session, TraceEntry
from referral_core.services.explanation import Correction, Explanation, Figure, JudgedBy, LearnedLater, Origin, Override
from referral_core.services.sign_ups import SignUp, SignUpView

router = APIRouter(prefix="/sales")


@router.get("")
def sign_ups(visit: Staffs, q: str = "", show: str = "open", after: str = "") -> Response:
    """Show open sign-ups, or all, by pages; or the results of a search."""
    world, actor = visit.world, visit.someone().actor
    if q.strip():
        found = StaffSearch(visit, q).sign_ups()
        return staff_page(visit, "sales.html", found=found, q=q, show="", following=None, after="")
    page = world.ask(actor).sign_ups.page(after=after or None, limit=PAGE + 1, open_only=show != "all")
    return staff_page(
        visit,
        "sales.html",
        found=page[:PAGE],
        q="",
        show="all" if show == "all" else "open",
        following=page[PAGE - 1].contract.id if len(page) > PAGE else None,
        after=after,
    )


@router.get("/sign-ups/{contract}")
def show(visit: Staffs, contract: str) -> Response:
    """Show a sign-up with its referral, its grants, and every change of group with both amounts."""
    return staff_page(visit, "sales-sign-up.html", seen=_seen(visit, contract), changes=_changes(visit, contract))


@router.get("/sign-ups/{contract}/code")
def code_form(visit: Staffs, contract: str) -> Response:
    """Show the form for a code that is added later."""
    return _attaching(visit, _seen(visit, contract))


@router.post("/sign-ups/{contract}/code")
def attach(visit: Staffs, contract: str) -> Response:
    """Show the prospect of a code that is added later; add the code once the prospect was shown (S8, S10)."""
    seen = _seen(visit, contract)
    try:
        choice = StaffChoice.typed(visit)
        dry_run = DryRun(visit, _attach(visit, contract, choice), Prospect.of_sign_up)
        if dry_run.do() is not None:
            visit.note("sales.done-attached", contract=contract)
            return visit.go(f"/sales/sign-ups/{contract}")
        return _attaching(visit, seen, by_rules=_by_rules(visit, contract, choice), chosen=dry_run.show())
    except CodeRefused as refused:
        complaint = complaint_of(visit, refused, "code")
        return _attaching(visit, seen, complaint, chosen=Prospect.of_decision(refused.decision))
    except Refusal as refusal:
        return _attaching(visit, seen, complaint_of(visit, refusal, "code", HONOURED, "group", "reason"))


@router.get("/sign-ups/{contract}/group")
def group_form(visit: Staffs, contract: str) -> Response:
    """Show the form for another group."""
    return _regrouping(visit, _seen(visit, contract))


@router.post("/sign-ups/{contract}/group")
def change_group(visit: Staffs, contract: str) -> Response:
    """Show the amounts before and after a change of group; change the group once they were shown (D7)."""
    seen = _seen(visit, contract)
    dry_run = DryRun(visit, _regroup(visit, contract), Prospect.of_referral)
    try:
        changed = dry_run.do()
        if changed is not None:
            visit.note("sales.done-regrouped", amount=visit.texts.money(changed.referee_offer.amount))
            return visit.go(f"/sales/sign-ups/{contract}")
        return _regrouping(visit, seen, chosen=dry_run.show())
    except Refusal as refusal:
        return _regrouping(visit, seen, complaint_of(visit, refusal, "group", "reason"))


@router.get("/sign-ups/{contract}/explanation")
def explain(visit: Staffs, contract: str) -> Response:
    """Explain both amounts in plain words (S7)."""
    world, actor = visit.world, visit.someone().actor
    explanation = world.ask(actor).referrals.explain(contract)
    return staff_page(visit, "sales-explanation.html", told=PlainExplanation(visit, explanation))


def _seen(visit: Visit, contract: str) -> SignUpView:
    world, actor = visit.world, visit.someone().actor
    return world.ask(actor).sign_ups.find(contract)


def _changes(visit: Visit, contract: str) -> tuple[TraceEntry, ...]:
    """Return the rows of the trace on changes of group, for a sign-up that this actor may see.

    The trace itself is for administrators; an agent is told this much of it by the account's timeline too.
    """
    act = "referral.change-group"
    return tuple(visit.world.ask(PORTAL).trace.rows_of_contract(contract, act=act))


def _attach(visit: Visit, contract: str, choice: StaffChoice) -> Callable[[Session], SignUp]:
    return lambda session: session.sign_ups.attach(
        contract, code=visit.fields.get("code", ""), group=choice.group, honour=choice.honoured, reason=choice.reason
    )


def _by_rules(visit: Visit, contract: str, choice: StaffChoice) -> Prospect | None:
    """Return the prospect without the choices of staff; ``None`` if there are none."""
    if not choice.deviates:
        return None
    try:
        return Prospect.of_sign_up(outcome_of(visit, _attach(visit, contract, StaffChoice())))
    except CodeRefused as refused:
        return Prospect.of_decision(refused.decision)


def _regroup(visit: Visit, contract: str) -> Callable[[Session], Referral]:
    fields = visit.fields
    return lambda session: session.referrals.change_group(
        contract, group=fields.get("group", ""), reason=fields.get("reason")
    )


def _attaching(
    visit: Visit,
    seen: SignUpView,
    complaint: Complaint | None = None,
    *,
    by_rules: Prospect | None = None,
    chosen: Prospect | None = None,
) -> Response:
    return staff_page(
        visit,
        "sales-code.html",
        complaint=complaint,
        seen=seen,
        fields=typed(visit),
        groups=referee_groups(visit),
        by_rules=by_rules,
        chosen=chosen,
    )


def _regrouping(
    visit: Visit, seen: SignUpView, complaint: Complaint | None = None, *, chosen: Prospect | None = None
) -> Response:
    if seen.referral is None:
        raise Refusal(Reason.REFERRAL_UNKNOWN, message=f"contract {seen.contract.id} has no referral")
    return staff_page(
        visit,
        "sales-group.html",
        complaint=complaint,
        seen=seen,
        fields=typed(visit),
        groups=referee_groups(visit),
        present=Prospect.of_referral(seen.referral),
        chosen=chosen,
    )


class PlainExplanation:
    """An explanation in the language of a visit, by parts that each are a few sentences."""

    def __init__(self, visit: Visit, explanation: Explanation) -> None:
        self.explanation = explanation
        self._texts = visit.texts
        self._moment = moments(visit)
        self._who = who(visit)
        self._group = group_names(visit)

    def beginning(self) -> Iterator[str]:
        """Say whose code was used, which moment counted, and the status of the code then."""
        told, referral = self.explanation, self.explanation.referral
        yield self._texts(
            "explain.used", code=referral.code, referrer=referral.referrer, moment=self._moment(told.recorded_at)
        )
        judged = {"moment": self._moment(referral.judged_at), "case": referral.case or ""}
        yield self._texts(f"explain.judged-{told.judged_by}", **judged)
        if told.code.status is not None:
            yield self._texts(f"explain.code-{told.code.status}")
        if told.code.is_late:
            yield self._texts("explain.late")
        if told.judged_by is not JudgedBy.CONCLUDING:
            yield self._texts("explain.customer-judged", moment=self._moment(referral.concluded_at))

    def amount(self, figure: Figure) -> Iterator[str]:
        """Say which group and period the amount of a side comes from, why that group, and later corrections."""
        yield self._texts("explain.from-group", group=self._group(figure.offer.group))
        yield self._period(figure.offer.period)
        yield self._origin(figure)
        if figure.is_late:
            yield self._texts("explain.late")
        yield from map(self._correction, figure.corrections)

    def override(self, override: Override) -> str:
        """Say in what staff deviated from the rules, and from which group to which."""
        said = self._texts(f"explain.{override.deviation}")
        if override.before is None or override.group is None:
            return said
        change = self._texts("explain.groups", before=self._group(override.before), after=self._group(override.group))
        return f"{said} {change}"

    def recorded(self, learned: LearnedLater) -> str:
        """Say when a fact was learned."""
        return self._texts("explain.recorded", moment=self._moment(learned.recorded_at))

    def whose(self, override: Override) -> str:
        """Say when the deviation was made, and by whom."""
        return self._texts("staff.by", moment=self._moment(override.moment), who=self._who(override.actor))

    def _period(self, period: EffectivePeriod) -> str:
        start = self._moment(period.start)
        if period.end is None:
            return self._texts("explain.since", start=start)
        return self._texts("explain.between", start=start, end=self._moment(period.end))

    def _origin(self, figure: Figure) -> str:
        if figure.origin is Origin.TABLE and figure.line is not None and figure.line.channel is not None:
            return self._texts("explain.origin-channel", channel=self._texts(f"channel.{figure.line.channel}"))
        return self._texts(f"explain.origin-{figure.origin}")

    def _correction(self, correction: Correction) -> str:
        by = self._who(correction.actor)
        if correction.amount is None:
            return self._texts("explain.corrected-away", who=by, reason=correction.reason or "")
        amount = self._texts.money(correction.amount)
        return self._texts("explain.corrected", amount=amount, who=by, reason=correction.reason or "")
