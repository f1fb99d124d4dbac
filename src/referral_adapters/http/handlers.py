"""Handlers: the functions that answer endpoints, made of an act's declaration or, where it says too little, by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from inspect import Parameter, Signature
from typing import Annotated, Any, Final

from fastapi import Body, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from referral_adapters.http.answers import Arguments, format_of
from referral_adapters.http.bodies import Id, type_of
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.accounts import AccountsAnswer
from referral_adapters.http.models.answer import Answer
from referral_adapters.http.models.codes import SharingTextAnswer
from referral_adapters.http.problems import invalid_field
from referral_adapters.http.request import CurrentRequest, Representation, ServiceRequest, tagged_response
from referral_adapters.http.retry import retry
from referral_adapters.http.service import Service
from referral_adapters.qr import qr_svg
from referral_core.acts import Act
from referral_core.entities.promo_code import PromoCode
from referral_core.programme.settings import SharingText
from referral_core.rules.permissions import required_reason
from referral_core.session import ACTS
from referral_core.values.arguments import AMOUNT, HONOURED, KEY
from referral_core.values.errors import Reason, Refusal

_CONVERSIONS: Final[Mapping[str, Callable[[ServiceRequest, Any], Any]]] = {
    AMOUNT.name: lambda request, amount: request.money(amount),
    HONOURED.name: lambda _, honour: getattr(honour, "moment", honour),  # in a query it is the moment itself
}
"""The conversion from a request's value to an act's argument, by the kind of argument, where the two differ."""


def handler_of(endpoint: Endpoint) -> Callable[..., Response | Awaitable[Response]]:
    """Return the handler of an endpoint: the one written by hand, or one made of its act."""
    if endpoint.handler is not None:
        return endpoint.handler
    assert endpoint.act is not None
    return _act_handler(endpoint, ACTS[endpoint.act])


def edited_representation(
    request: ServiceRequest,
    act: Act[Any],
    shows: Act[Any],
    given: Arguments,
    reply: Callable[[Any, ServiceRequest, Arguments], Representation],
) -> Representation:
    """Return the representation of the thing that an act edits, as ``shows`` shows it, for ``If-Match``.

    Permission and reason are checked first, so that nobody learns by a tag what they may not see.

    :raises Refusal: ``not-allowed``, ``reason-missing``, or the refusals of ``shows``.
    """
    request.session.prepare(act, given)
    if act.has_reason and act.needs_reason(given):
        required_reason(request.actor, act.name, given.get("reason"))
    named = {name: given[name] for name in shows.params}
    return reply(request.session.perform(shows, named), request, named)


def _act_handler(endpoint: Endpoint, act: Act[Any]) -> Callable[..., Response]:
    """Return the handler that does an act, with the signature that FastAPI reads."""
    arguments, respond = _argument_reader(endpoint, act), _responder(endpoint, act)

    def handle(request: ServiceRequest, body: BaseModel | None = None, **fields: Any) -> Response:  # noqa: ANN401 - any type
        if body is not None:
            fields |= body.__dict__
        return respond(request, body, arguments(request, fields))

    signature = _signature(endpoint, act)
    handle.__signature__ = signature  # type: ignore[attr-defined] # FastAPI looks there
    handle.__annotations__ = {name: each.annotation for name, each in signature.parameters.items()}
    handle.__doc__ = endpoint.summary
    return handle


def _argument_reader(endpoint: Endpoint, act: Act[Any]) -> Callable[[ServiceRequest, Arguments], Arguments]:
    """Return the function that makes an act's arguments of the fields of path, query and body."""
    wires = {param.wire for param in act.fields}
    others = tuple(place for place in endpoint.places if place not in wires)
    read = [(param.name, param.wire, _CONVERSIONS.get(param.kind.name)) for param in act.fields]
    key = next((param.name for param in act.params.values() if param.kind is KEY), None)
    is_about_account = "account" in endpoint.places

    def arguments(request: ServiceRequest, fields: Arguments) -> Arguments:
        if is_about_account:
            request.caller.enter(fields["account"])
        given = {place: fields[place] for place in others}
        for name, wire, convert in read:
            value = fields.get(wire)
            if value is not None:
                given[name] = value if convert is None else convert(request, value)
        if key is not None and request.act_key is not None:
            given[key] = request.act_key
        return given

    return arguments


def _responder(endpoint: Endpoint, act: Act[Any]) -> Callable[[ServiceRequest, BaseModel | None, Arguments], Response]:
    """Return the function that does an act with its arguments, and makes the response."""
    form, adapt = format_of(act), endpoint.adapt
    shows = None if endpoint.shown_by is None else ACTS[endpoint.shown_by]

    def respond(request: ServiceRequest, body: BaseModel | None, given: Arguments) -> Response:
        request.session.draw(act, given)

        def done() -> Representation:
            exact = given if adapt is None else adapt(request, given)
            return form.represent(request.session.perform(act, exact), request, exact)

        if act.bulk:
            return request.answered(retry(done))
        if act.reads:
            return request.answered(done())
        before = partial(request.session.prepare, act, given) if act.settles else None
        edited = None
        if shows is not None:
            edited = partial(edited_representation, request, act, shows, given, format_of(shows).represent)
        named = () if adapt is not None else request.session.named(act, given)
        return request.done(body, done, status=endpoint.status, before=before, edited=edited, named=named)

    return respond


def _signature(endpoint: Endpoint, act: Act[Any]) -> Signature:
    params = {param.wire: param for param in act.fields}
    parameters = [Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=CurrentRequest)]
    for place in endpoint.places:
        kind = endpoint.kinds.get(place) or (type_of(act, params[place]) if place in params else Id)
        parameters.append(_keyword(place, Annotated[kind, Path()]))
    if endpoint.body_model is not None:
        is_needed = any(field.is_required() for field in endpoint.body_model.model_fields.values())
        model: Any = endpoint.body_model if is_needed else endpoint.body_model | None
        parameters.append(_keyword("body", Annotated[model, Body()], Parameter.empty if is_needed else None))
    elif endpoint.method == "GET":
        for field in endpoint.fields:
            kind = type_of(act, field, in_query=True)
            kind = kind if field.required else kind | None
            default = Parameter.empty if field.required else None
            parameters.append(_keyword(field.wire, Annotated[kind, Query()], default))
    return Signature(parameters)


def _keyword(name: str, annotation: Any, default: object = Parameter.empty) -> Parameter:  # noqa: ANN401 - any type
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


# ── accounts, where a request asks for more than an act ───────────────────────────────────────────────────────────────


def list_accounts(request: CurrentRequest, customer: Annotated[Id | None, Query()] = None) -> Response:
    """List the accounts of a customer; a customer's own without saying whose."""
    owner = customer or (request.actor.id if request.caller.is_customer else None)
    if owner is None:
        raise invalid_field("query.customer", "say whose accounts: only a customer need not")
    accounts = request.session.accounts.of_customer(owner)
    admitted = request.caller.accounts
    return request.answered(AccountsAnswer(items=[each for each in accounts if admitted is None or each in admitted]))


def get_code(request: CurrentRequest, account: Id) -> Response:
    """Show the present code of an account, or its last one."""
    request.caller.enter(account)
    code = request.session.codes.present(account)
    if code is None:
        code = next(reversed(request.service.store.promo_codes.of_account(account)), None)
    return request.answered(format_of(ACTS["code.present"]).represent(_found(code, account), request, {}))


def get_sharing_text(request: CurrentRequest, account: Id) -> Response:
    """Show title, text and link for share sheets, in the language the caller likes best."""
    text = _text(request, account)
    answer = SharingTextAnswer(title=text.title, text=text.text, url=text.url, language=request.language)
    return request.answered(answer)


def get_qr_code(request: CurrentRequest, account: Id) -> Response:
    """Draw the sharing link as a QR code."""
    return Response(
        qr_svg(_text(request, account).url), media_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


def present_code(request: ServiceRequest, account: str) -> str:
    """Return the text of an account's present code, for acts that name a code where the request names the account.

    :raises Refusal: ``code-unknown`` if the account has no code, ``not-allowed``.
    """
    request.caller.enter(account)
    return _found(request.session.codes.present(account), account).text


def _found(code: PromoCode | None, account: str) -> PromoCode:
    if code is None:
        raise Refusal(Reason.CODE_UNKNOWN, message=f"account {account} has no code", field="account")
    return code


def _text(request: ServiceRequest, account: str) -> SharingText:
    return request.session.sharing.text(present_code(request, account), language=request.language)


# ── health ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class HealthAnswer(Answer):
    """The service answers."""

    status: str = "ok"


async def get_health(request: Request) -> Response:
    """Tell that the process answers."""
    return tagged_response(request, HealthAnswer())


async def get_readiness(request: Request) -> Response:
    """Tell that the store takes requests and can keep what they change; 503 with the reason while it does not."""
    service: Service = request.state.service
    await service.readiness.judge()
    return tagged_response(request, HealthAnswer())
