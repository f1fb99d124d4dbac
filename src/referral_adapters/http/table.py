"""The table of endpoints: the method, path and name of each act over HTTP, and whatever differs from its declaration.

Everything else is read from the declaration: the fields of the body, the permission, the answer. A new act needs a row.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from referral_adapters.http.answers import Arguments
from referral_adapters.http.authentication import PUBLIC
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.events import INCOMING, INCOMING_ACT, LARGEST, bring_events, list_events
from referral_adapters.http.handlers import (
    HealthAnswer,
    get_code,
    get_health,
    get_qr_code,
    get_readiness,
    get_sharing_text,
    list_accounts,
    present_code,
)
from referral_adapters.http.lists import (
    list_activity,
    list_cases,
    list_contracts,
    list_referrals,
    list_trace,
)
from referral_adapters.http.models.accounts import AccountsAnswer, ActivityAnswer, ReferralViewAnswer
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.codes import CodeAnswer, SharingTextAnswer
from referral_adapters.http.models.contracts import CaseAnswer, SignUpAnswer
from referral_adapters.http.models.events import EventResult, EventResults, PublishedEvents, TraceRowAnswer
from referral_adapters.http.request import ServiceRequest
from referral_core.entities.discount_group import Side
from referral_core.entities.reversal import reversal_key
from referral_core.services.cases import SELF_SERVICE
from referral_core.values.errors import Reason, Refusal

CREATED: Final = HTTPStatus.CREATED


def _row(act: str | None, method: str, path: str, name: str, **more: Any) -> Endpoint:  # noqa: ANN401 - what an Endpoint has
    """Return the row of an act; its tag is the first part of its path unless it is named."""
    tag = more.pop("tag", path.split("/")[1])
    return Endpoint(act=act, method=method, path=path, name=name, tag=tag, **more)


def as_oneself(request: ServiceRequest, given: Arguments) -> Arguments:
    """Have a code judged for the customer who asks, as in self-service; staff and systems name a customer (A1).

    The amounts of other channels are not for customers, nor for the public (A6).

    :raises Refusal: ``not-allowed``, for a customer who names somebody else, or a channel of staff.
    """
    if not request.caller.is_customer:
        return given
    own = None if request.actor is PUBLIC else request.actor.id
    if given.get("customer", own) != own:
        raise Refusal(Reason.NOT_ALLOWED, message="a code is checked for oneself", field="customer")
    channel = given.get("channel", SELF_SERVICE)
    if channel != SELF_SERVICE and not request.service.programme.blocks(channel):
        raise Refusal(Reason.NOT_ALLOWED, message="a code is checked as in self-service", field="channel")
    return {**given, "customer": own}


def _of_account(request: ServiceRequest, given: Arguments) -> Arguments:
    return {"code": present_code(request, given["account"]), "means": given["means"]}


def _of_side(_: ServiceRequest, given: Arguments) -> Arguments:
    others = {name: value for name, value in given.items() if name not in {"side", "contract"}}
    return {**others, "key": f"{given['side'].value}/{given['contract']}"}


def _of_reversal(_: ServiceRequest, given: Arguments) -> Arguments:
    others = {name: value for name, value in given.items() if name not in {"side", "contract", "account"}}
    grant = f"{given['side'].value}/{given['contract']}"
    return {**others, "key": reversal_key(grant, given["account"])}


_FACT: Final = {"at": "2021-03-14T09:00:00+02:00"}
_AMOUNT: Final = {"amount": "12", "from": "2021-04-01", "until": "2021-04-30"}

# fmt: off
ENDPOINTS: Final = (
    _row("code.check", "POST", "/code-checks", "check-code", tag="codes", public=True, quick=True,
         keyless=True, adapt=as_oneself, example={"code": "A123", "product": "electricity", "segment": "household"}),
    _row("code.issue", "POST", "/accounts/{account}/codes", "issue-code", tag="codes", status=CREATED,
         example={"code": "MIHKEL2025", "replace": True, "reason": "The customer asked for a word of their own."}),
    _row("code.show", "GET", "/codes/{code}", "get-code-by-text"),
    _row("code.end", "POST", "/codes/{code}/end", "end-code", shown_by="code.show",
         example={"reason": "Passed around on a coupon site."}),

    _row("account.list", "GET", "/accounts", "list-accounts", handler=list_accounts, answer=AccountsAnswer),
    _row("account.show", "GET", "/accounts/{account}", "get-account"),
    _row("code.present", "GET", "/accounts/{account}/code", "get-code", handler=get_code, answer=CodeAnswer),
    _row("sharing.text", "GET", "/accounts/{account}/sharing-text", "get-sharing-text", handler=get_sharing_text,
         answer=SharingTextAnswer),
    _row("sharing.text", "GET", "/accounts/{account}/qr-code", "get-qr-code", handler=get_qr_code,
         media_type="image/svg+xml"),
    _row("code.shared", "POST", "/accounts/{account}/sharings", "record-sharing", made=("code",), adapt=_of_account,
         example={"means": "link"}),
    _row("sharing.figures", "GET", "/accounts/{account}/figures", "get-figures"),
    _row("account.referrals", "GET", "/accounts/{account}/referrals", "list-referrals", handler=list_referrals,
         answer=PageAnswer[ReferralViewAnswer]),
    _row("account.movements", "GET", "/accounts/{account}/movements", "list-movements"),
    _row("account.activity", "GET", "/accounts/{account}/activity", "list-activity", handler=list_activity,
         answer=PageAnswer[ActivityAnswer]),

    _row("contract.concluded", "POST", "/contracts", "conclude-contract", status=CREATED,
         example={"contract": "K-2", "account": "B", "customer": "C-2", "code": "A123", "channel": "self-service"}),
    _row("sign-up.list", "GET", "/contracts", "list-contracts", handler=list_contracts,
         answer=PageAnswer[SignUpAnswer]),
    _row("sign-up.show", "GET", "/contracts/{contract}", "get-contract"),
    _row("contract.activated", "POST", "/contracts/{contract}/activate", "activate-contract", example=_FACT),
    _row("contract.terminated", "POST", "/contracts/{contract}/terminate", "terminate-contract", example=_FACT),
    _row("contract.withdrawn", "POST", "/contracts/{contract}/withdraw", "withdraw-contract", example=_FACT),
    _row("contract.annulled", "POST", "/contracts/{contract}/annul", "annul-contract", example=_FACT),
    _row("code.attach", "POST", "/contracts/{contract}/code", "attach-code", shown_by="sign-up.show",
         example={"code": "A123", "reason": "The customer forgot it."}),
    _row("referral.change-group", "PUT", "/contracts/{contract}/referee-group", "change-group",
         shown_by="sign-up.show", example={"group": "referee-self-service", "reason": "Started in self-service."}),
    _row("referral.hold", "POST", "/contracts/{contract}/referral/hold", "hold-referral", shown_by="sign-up.show",
         example={"reason": "Several sign-ups from one address."}),
    _row("referral.release", "POST", "/contracts/{contract}/referral/release", "release-referral",
         shown_by="sign-up.show", example={"reason": "They are a family."}),
    _row("referral.void", "POST", "/contracts/{contract}/referral/void", "void-referral", shown_by="sign-up.show",
         example={"reason": "The new customer does not exist."}),
    _row("referral.explain", "GET", "/contracts/{contract}/explanation", "explain-referral"),
    _row("termination-fee.note", "POST", "/contracts/{contract}/fee-notes", "note-fee", status=CREATED,
         example={"amount": "7", "reason": "Terminated in the third month."}),
    _row("termination-fee.propose", "GET", "/contracts/{contract}/fee-proposal", "propose-fee"),

    _row("case.open", "POST", "/cases", "open-case", status=CREATED,
         example={"case": "LT-1", "customer": "C-2", "code": "A123"}),
    _row("case.list", "GET", "/cases", "list-cases", handler=list_cases, answer=PageAnswer[CaseAnswer]),
    _row("case.show", "GET", "/cases/{case}", "get-case"),
    _row("case.finish", "POST", "/cases/{case}/finish", "finish-case",
         example={"contract": "K-2", "account": "B", "customer": "C-2"}),
    _row("case.abandon", "POST", "/cases/{case}/abandon", "abandon-case"),

    _row("group.list", "GET", "/groups", "list-groups"),
    _row("group.show", "GET", "/groups/{group}", "get-group"),
    _row("group.add", "POST", "/groups", "add-group", status=CREATED,
         example={"group": "referee-fair", "side": "referee", "name": "Spring fair"}),
    _row("group.rename", "PUT", "/groups/{group}/name", "rename-group", shown_by="group.show",
         example={"name": "Spring fair 2026"}),
    _row("group.disable", "POST", "/groups/{group}/disable", "disable-group", shown_by="group.show"),
    _row("group.enable", "POST", "/groups/{group}/enable", "enable-group", shown_by="group.show"),
    _row("amount.set", "POST", "/groups/{group}/amounts", "set-amount", shown_by="group.show", example=_AMOUNT),
    _row("amount.preview", "POST", "/groups/{group}/amounts/preview", "preview-amount", keyless=True,
         like="amount.set", example=_AMOUNT),

    _row("bill.issued", "POST", "/bills", "take-bill", tag="discounts",
         example={"bill": "2021-03-E", "account": "E", "amount": "24.90"}),
    _row("bill.cancelled", "POST", "/bills/{bill}/cancel", "cancel-bill", tag="discounts", example=_FACT),
    _row("discount.transfer", "POST", "/transfers", "transfer-discount", tag="discounts",
         example={"from": "G", "to": "G2", "amount": "5"}),
    _row("grant.pay", "POST", "/payouts", "pay-due", tag="discounts", keyless=True, example={"most": 100}),
    _row("grant.stuck", "GET", "/grants/stuck", "list-stuck", tag="discounts"),
    _row("grant.retry", "POST", "/grants/{side}/{contract}/retry", "retry-grant", tag="discounts", made=("key",),
         kinds={"side": Side}, adapt=_of_side, example={"reason": "Billing is back."}),
    _row("grant.retry", "POST", "/grants/{side}/{contract}/reversals/{account}/retry", "retry-reversal",
         tag="discounts", made=("key",), kinds={"side": Side}, adapt=_of_reversal,
         example={"reason": "Billing is back."}),

    _row("customer.erase", "POST", "/customers/{customer}/erase", "erase-customer",
         example={"reason": "Asked to be forgotten."}),
    _row("trace.show", "GET", "/trace", "list-trace", handler=list_trace, answer=PageAnswer[TraceRowAnswer]),
    _row("trace.seal", "POST", "/trace/seals", "seal-trace"),

    _row(INCOMING_ACT, "POST", "/events", "bring-events", handler=bring_events, answer=EventResult | EventResults,
         keyless=True, largest=LARGEST, body=INCOMING),
    _row("trace.show", "GET", "/events", "list-events", handler=list_events, answer=PublishedEvents),

    _row(None, "GET", "/health", "get-health", handler=get_health, answer=HealthAnswer, public=True, judges=True),
    _row(None, "GET", "/ready", "get-readiness", tag="health", handler=get_readiness, answer=HealthAnswer, public=True,
         judges=True),
)
# fmt: on
"""All rows, in the order of the document and of the pages."""
