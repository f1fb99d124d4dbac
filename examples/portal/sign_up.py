"""The sign-up: the public page behind a shared link (S5-S7, K1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from examples.portal.catalogue import LANGUAGES
from examples.portal.newcomer import Newcomer, next_start
from examples.portal.people import Person, is_name
from examples.portal.visit import Complaint, Visit, WrongRole, visit
from examples.portal.world import PORTAL
from referral_core import Decision, Refusal
from referral_core.programme.messages import Messages
from referral_core.values.errors import Reason

router = APIRouter()

PRODUCTS: Final = ("electricity", "gas", "solar")
"""The products on sale; the last is outside the programme, so that no code is eligible for it (S11)."""
LONGEST_CODE: Final = 40
SHORTEST_CODE: Final = 4
TWICE: Final = frozenset({Reason.CONTRACT_EXISTS, Reason.CASE_EXISTS})
"""The refusals of a form that is sent twice, for example by two clicks on its button."""


def _applicant(visit: Annotated[Visit, Depends(visit)]) -> Visit:
    """Let in everybody except the staff, who have pages of their own for sign-ups."""
    if visit.person is not None and not visit.person.is_customer:
        raise WrongRole
    return visit


Applicants = Annotated[Visit, Depends(_applicant)]


@router.get("/{language}/sign-up")
def arrive(visit: Applicants, language: str, code: str = "") -> Response:
    """Follow a shared link: go on in its language, with its code filled in."""
    if language in LANGUAGES:
        visit.speak(language)
    return visit.go(f"/sign-up?{urlencode({'code': code[:LONGEST_CODE]})}" if code else "/sign-up")


@router.get("/sign-up")
def form(visit: Applicants, code: str = "") -> Response:
    """Show the form, and the answer to a code that is filled in already."""
    return _form(visit, {"code": code[:LONGEST_CODE]})


@router.get("/sign-up/check")
def check(visit: Applicants, code: str = "", product: str = "electricity") -> Response:
    """Say in a sentence whether a code can be used and what it gives, while it is being typed (S5)."""
    decision = _decide(visit, code, _product(product))
    return JSONResponse({"usable": decision and decision.usable, "sentence": _sentence(visit, decision)})


@router.post("/sign-up")
def conclude(visit: Applicants) -> Response:
    """Conclude a contract, with a code or without; or open a case if the sign-up is to fail."""
    fields = visit.fields
    code = fields.get("code", "") if "without" not in fields else ""
    complaint = _wrong_name(visit) or _wrong_code(visit, code)
    if complaint is not None:
        return _form(visit, fields, complaint)
    newcomer, fails = _newcomer(visit), "fail" in fields
    try:
        newcomer.fail(visit.world, code or None) if fails else newcomer.conclude(visit.world, code or None)
    except Refusal as refusal:
        if not TWICE.issuperset(refusal.reasons):
            return _form(visit, fields, Complaint.of(refusal, visit.person, visit.texts))
    return _tell(visit, newcomer.person, *(("case", newcomer.case) if fails else ("contract", newcomer.contract)))


@router.get("/sign-up/next")
def what_next(visit: Applicants) -> Response:
    """Show the next steps after a sign-up."""
    session = visit.session
    if "contract" in session:
        seen = visit.world.ask(PORTAL).sign_ups.find(session["contract"])
        account = seen.contract.account
        code = visit.world.ask(PORTAL).codes.present(account)
        return visit.page("signed-up.html", contract=seen.contract, referral=seen.referral, code=code)
    if "case" in session:
        case = visit.world.ask(PORTAL).cases.find(session["case"])
        return visit.page("case-opened.html", case=case)
    return visit.go("/sign-up")


def _tell(visit: Visit, person: Person, what: str, id_: str) -> Response:
    """Go on as the new customer, and show the next steps."""
    visit.become(person)
    visit.session[what] = id_
    return visit.go("/sign-up/next")


def _form(visit: Visit, fields: Mapping[str, str], complaint: Complaint | None = None) -> Response:
    code, product = fields.get("code", ""), _product(fields.get("product", ""))
    decision = _decide(visit, code, product) if complaint is None or complaint.field != "code" else None
    return visit.page(
        "sign-up.html",
        status=200 if complaint is None else 422,
        complaint=complaint,
        here="/sign-up",
        fields=fields,
        product=product,
        products=PRODUCTS,
        decision=decision,
        sentence=_sentence(visit, decision),
        starts_on=next_start(visit.world),
    )


def _decide(visit: Visit, code: str, product: str) -> Decision | None:
    """Return the decision on a code; ``None`` for a text that is too short or too long."""
    if not SHORTEST_CODE <= len(code.strip()) <= LONGEST_CODE:
        return None
    world, person = visit.world, visit.person
    return world.ask(PORTAL).codes.check(
        code, customer=None if person is None else person.id, product=product, segment="household"
    )


def _sentence(visit: Visit, decision: Decision | None) -> str:
    if decision is None:
        return ""
    if decision.referee is None:
        return Messages.for_language(visit.language).customer(decision.reasons)
    return visit.texts("sign-up.usable", amount=visit.texts.money(decision.referee.amount))


def _newcomer(visit: Visit) -> Newcomer:
    # A sign-up that succeeds begins a new session, so of one token there is one.
    product, form = _product(visit.fields.get("product", "")), visit.session["token"]
    if visit.person is not None:
        return Newcomer.again(visit.world, visit.person, product=product, form=form)
    return Newcomer.of(visit.world, visit.fields["name"], product=product, form=form)


def _product(wanted: str) -> str:
    return wanted if wanted in PRODUCTS else PRODUCTS[0]


def _wrong_name(visit: Visit) -> Complaint | None:
    name = visit.fields.get("name", "")
    if visit.person is not None or is_name(name):
        return None
    return Complaint.about("name", visit.texts("sign-up.name-missing"))


def _wrong_code(visit: Visit, code: str) -> Complaint | None:
    if len(code) <= LONGEST_CODE:
        return None
    return Complaint.about("code", Messages.for_language(visit.language).neutral)
