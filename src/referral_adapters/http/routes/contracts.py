"""Contracts, the sign-ups that concluded them, and their referrals (S1-S11, B1, B8, D7)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from referral_adapters.http.asking import Asked, Asking
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.contracts import ContractAnswer, ContractEventAnswer, SignUpAnswer
from referral_adapters.http.models.discounts import AmountAnswer
from referral_adapters.http.models.explanation import ExplanationAnswer
from referral_adapters.http.models.fields import Id
from referral_adapters.http.models.pages import Cursor, Limit, page_of
from referral_adapters.http.models.referrals import LegAnswer, ReferralAnswer
from referral_adapters.http.models.requests import Attaching, Concluding, Fact, Fee, GroupChange
from referral_core.entities.referral import Referral
from referral_core.services.contracts import ContractEnd
from referral_core.services.showing_sign_ups import SignUpSeen


def conclude_contract(asked: Asked, body: Concluding) -> Response:
    """Conclude a contract, with or without a code (S7); an unusable one blocks it or warns, by channel (S6, S9)."""

    def act() -> SignUpAnswer:
        sign_up = asked.session.sign_ups.conclude(
            body.contract,
            account=body.account,
            customer=body.customer,
            at=body.at,
            product=body.product,
            segment=body.segment,
            channel=body.channel,
            code=body.code,
            group=body.group,
            honour=None if body.honour is None else body.honour.moment,
            reason=body.reason,
            starts_on=body.starts_on,
            first_name=body.first_name,
        )
        return SignUpAnswer.of(sign_up, asked.calendar)

    return asked.done(body, act, status=HTTPStatus.CREATED)


def list_contracts(
    asked: Asked,
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
    open: Annotated[bool, Query(description="Only those that wait for their activation.")] = False,  # noqa: A002
    channel: Annotated[Id | None, Query()] = None,
) -> Response:
    """List sign-ups by the id of the contract, in the caller's segments."""
    found = asked.session.sign_ups.page(after=cursor, limit=limit + 1, open_only=open, channel=channel)
    return asked.answered(
        page_of([_sign_up(asked, each) for each in found], limit, lambda last: last.contract.contract)
    )


def get_contract(asked: Asked, contract: Id) -> Response:
    """Show a sign-up: the contract, its referral and what is due by it."""
    return asked.answered(_seen(asked, contract))


def activate_contract(asked: Asked, contract: Id, body: Fact | None = None) -> Response:
    """Record that a contract came into force: both amounts of its referral are due (B1)."""

    def act() -> ContractEventAnswer:
        done = asked.session.contracts.activate(contract, at=None if body is None else body.at)
        return ContractEventAnswer(
            contract=ContractAnswer.of(done.contract, asked.calendar),
            referral=_referral(asked, done.referral),
            legs=[LegAnswer.of(leg, asked.calendar) for leg in done.legs],
            code_started=None if done.started is None else done.started.text,
            code_issued=None if done.issued is None else done.issued.text,
        )

    return asked.done(body, act)


def terminate_contract(asked: Asked, contract: Id, body: Fact | None = None) -> Response:
    """Record that a contract was terminated; what was granted stays (B4)."""

    def act() -> ContractEventAnswer:
        at = None if body is None else body.at
        return _ended(asked, asked.session.contracts.terminate(contract, at=at))

    return asked.done(body, act)


def withdraw_contract(asked: Asked, contract: Id, body: Fact | None = None) -> Response:
    """Record that a contract was withdrawn before it came into force: its referral is cancelled (B9)."""

    def act() -> ContractEventAnswer:
        at = None if body is None else body.at
        return _ended(asked, asked.session.contracts.withdraw(contract, at=at))

    return asked.done(body, act)


def attach_code(asked: Asked, contract: Id, body: Attaching) -> Response:
    """Add a code to a sign-up that was concluded without one, before it activates (S8, S10)."""

    def act() -> SignUpAnswer:
        sign_up = asked.session.sign_ups.attach(
            contract,
            code=body.code,
            channel=body.channel,
            group=body.group,
            honour=None if body.honour is None else body.honour.moment,
            reason=body.reason,
        )
        return SignUpAnswer.of(sign_up, asked.calendar)

    return asked.done(body, act, edited=lambda: _seen(asked, contract))


def change_group(asked: Asked, contract: Id, body: GroupChange) -> Response:
    """Put the new customer into another group, until the contract activates (D7)."""

    def act() -> ReferralAnswer:
        changed = asked.session.referrals.change_group(contract, group=body.group, reason=body.reason)
        return ReferralAnswer.of(changed, asked.calendar)

    return asked.done(body, act, edited=lambda: _seen(asked, contract))


def explain_referral(asked: Asked, contract: Id) -> Response:
    """Explain why a referral's amounts are what they are, and verify that history still says so."""
    explanation = asked.session.referrals.explain(contract)
    return asked.answered(ExplanationAnswer.of(explanation, asked.calendar))


def note_fee(asked: Asked, contract: Id, body: Fee) -> Response:
    """Note that a discount is to be paid back on early termination; it posts nothing (B8)."""

    def act() -> ReferralAnswer:
        noted = asked.session.discounts.note_fee(contract, amount=asked.money(body.amount), reason=body.reason)
        return ReferralAnswer.of(noted, asked.calendar)

    return asked.done(body, act, status=HTTPStatus.CREATED)


def propose_fee(asked: Asked, contract: Id) -> Response:
    """Propose what is to be paid back on early termination, by the programme's policy (B8)."""
    amount = asked.session.discounts.propose_fee(contract)
    return asked.answered(AmountAnswer(amount=str(amount.amount)))


def _seen(asked: Asking, contract: str) -> SignUpAnswer:
    return _sign_up(asked, asked.session.sign_ups.find(contract))


def _sign_up(asked: Asking, seen: SignUpSeen) -> SignUpAnswer:
    return SignUpAnswer(
        contract=ContractAnswer.of(seen.contract, asked.calendar),
        referral=_referral(asked, seen.referral),
        legs=[LegAnswer.of(leg, asked.calendar) for leg in seen.legs],
        reasons=[reason.value for reason in seen.contract.warnings],
    )


def _referral(asked: Asking, referral: Referral | None) -> ReferralAnswer | None:
    return None if referral is None else ReferralAnswer.of(referral, asked.calendar)


def _ended(asked: Asking, done: ContractEnd) -> ContractEventAnswer:
    return ContractEventAnswer(
        contract=ContractAnswer.of(done.contract, asked.calendar),
        referral=_referral(asked, done.cancelled),
        code_ended=None if done.ended is None else done.ended.text,
    )


_TAG: Final = "contracts"
ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/contracts",
        does=conclude_contract,
        act="contract.concluded",
        answer=SignUpAnswer,
        status=HTTPStatus.CREATED,
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/contracts",
        does=list_contracts,
        act="sign-up.list",
        answer=PageAnswer[SignUpAnswer],
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/contracts/{contract}",
        does=get_contract,
        act="sign-up.show",
        answer=SignUpAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/contracts/{contract}/activate",
        does=activate_contract,
        act="contract.activated",
        answer=ContractEventAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/contracts/{contract}/terminate",
        does=terminate_contract,
        act="contract.terminated",
        answer=ContractEventAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/contracts/{contract}/withdraw",
        does=withdraw_contract,
        act="contract.withdrawn",
        answer=ContractEventAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/contracts/{contract}/code",
        does=attach_code,
        act="code.attach",
        answer=SignUpAnswer,
        edits=True,
        tag=_TAG,
    ),
    Endpoint(
        method="PUT",
        path="/contracts/{contract}/referee-group",
        does=change_group,
        act="referral.change-group",
        answer=ReferralAnswer,
        edits=True,
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/contracts/{contract}/explanation",
        does=explain_referral,
        act="referral.explain",
        answer=ExplanationAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/contracts/{contract}/fee-notes",
        does=note_fee,
        act="termination-fee.note",
        answer=ReferralAnswer,
        status=HTTPStatus.CREATED,
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/contracts/{contract}/fee-proposal",
        does=propose_fee,
        act="termination-fee.propose",
        answer=AmountAnswer,
        tag=_TAG,
    ),
)
