"""Checking a code (S5, S6, A4)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from referral_adapters.http.asking import Asked, Asking
from referral_adapters.http.caller import PUBLIC
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.checks import CheckAnswer, verdict
from referral_adapters.http.models.requests import CodeCheck
from referral_core.programme.messages import Messages
from referral_core.rules.decision import Decision
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


def check_code(asked: Asked, body: CodeCheck) -> Response:
    """Tell whether a code can be used now, and what it would bring; nothing is changed (S5)."""
    decision = asked.session.codes.check(
        body.code,
        channel=body.channel or "self-service",
        customer=_customer(asked, body.customer),
        product=body.product,
        segment=body.segment,
    )
    return asked.answered(_for_customer(decision, asked) if asked.caller.is_customer else _for_staff(decision, asked))


def _customer(asked: Asking, given: str | None) -> str | None:
    """Return whom the code is judged for: a customer is judged as themselves, and learns nothing of others (A1)."""
    if not asked.caller.is_customer:
        return given
    own = None if asked.actor is PUBLIC else asked.actor.id
    if given is not None and given != own:
        raise Refusal(Reason.NOT_ALLOWED, message="a code is checked for oneself", field="customer")
    return own


def _for_customer(decision: Decision, asked: Asking) -> CheckAnswer:
    """Say the same of every code that cannot be used: it might as well not exist (S6, A4)."""
    if decision.referee is None:
        return CheckAnswer(usable=False, message=Messages.for_language(asked.language).customer(decision.reasons))
    amount = decision.referee.amount
    return CheckAnswer(usable=True, referee_amount=str(amount.amount), currency=amount.currency)


def _for_staff(decision: Decision, asked: Asking) -> CheckAnswer:
    messages = Messages.for_language(asked.language)
    return CheckAnswer(
        usable=decision.usable,
        message=None if decision.usable else messages.customer(decision.reasons),
        reasons=[reason.value for reason in decision.reasons],
        messages=[messages.staff(reason) for reason in decision.reasons],
        **verdict(decision),
    )


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/code-checks",
        does=check_code,
        act="code.check",
        answer=CheckAnswer,
        public=True,
        limited=True,
        reads=CodeCheck,
        keyless=True,
        tag="codes",
    ),
)
