"""The function that answers an endpoint, made of the declaration of its act: what it takes, does and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from inspect import Parameter, Signature
from typing import Annotated, Any, Final

from fastapi import Body, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from referral_adapters.http.asking import Asked, Asking, Shown
from referral_adapters.http.bodies import type_of
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.formats import Given, format_of
from referral_adapters.http.models.fields import Id
from referral_adapters.http.persistently import persistently
from referral_core.acts import Act
from referral_core.rules.permissions import required_reason
from referral_core.session import ACTS
from referral_core.values.arguments import AMOUNT, HONOURED, KEY
from referral_core.values.name import joined_key

_CONVERTED: Final[Mapping[str, Callable[[Asking, Any], Any]]] = {
    AMOUNT.name: lambda asked, amount: asked.money(amount),
    HONOURED.name: lambda _, honour: getattr(honour, "moment", honour),  # in a query it is the moment itself
}
"""What becomes of what a request says, by the kind of argument, where an act takes something else."""


def answering(endpoint: Endpoint) -> Callable[..., Response]:
    """Return the function that answers an endpoint: the one written by hand, or one made of its act."""
    if endpoint.by_hand is not None:
        return endpoint.by_hand
    assert endpoint.act is not None
    return function_of(endpoint, ACTS[endpoint.act])


def function_of(endpoint: Endpoint, act: Act[Any]) -> Callable[..., Response]:
    """Return the function that does an act, with the signature that FastAPI reads."""
    form, adapt = format_of(act), endpoint.adapt
    wires = {param.wire for param in act.fields}
    others = tuple(place for place in endpoint.places if place not in wires)
    read = [(param.name, param.wire, _CONVERTED.get(param.kind.name)) for param in act.fields]
    key = next((param.name for param in act.params.values() if param.kind is KEY), None)
    enters, edits = "account" in endpoint.places, None if endpoint.shown_by is None else ACTS[endpoint.shown_by]

    def does(asked: Asking, body: BaseModel | None = None, **said: Any) -> Response:  # noqa: ANN401 - of any type
        if enters:
            asked.caller.enter(said["account"])
        given = {place: said[place] for place in others}
        if body is not None:
            said |= body.__dict__
        for name, wire, convert in read:
            value = said.get(wire)
            if value is not None:
                given[name] = value if convert is None else convert(asked, value)
        if key is not None and asked.key is not None:
            given[key] = joined_key("http", asked.asker, asked.key)

        def done() -> Shown:
            exact = given if adapt is None else adapt(asked, given)
            return form.shown(asked.session.perform(act, exact), asked, exact)

        if act.bulk:
            return asked.answered(persistently(done))
        if act.reads:
            return asked.answered(done())
        before = partial(asked.session.prepare, act, given) if act.settles else None
        edited = None if edits is None else partial(edited_by, asked, act, edits, given, format_of(edits).shown)
        named = () if adapt is not None else asked.session.named(act, given)
        return asked.done(body, done, status=endpoint.status, before=before, edited=edited, named=named)

    signature = _signature(endpoint, act)
    does.__signature__ = signature  # type: ignore[attr-defined] # FastAPI looks there
    does.__annotations__ = {name: each.annotation for name, each in signature.parameters.items()}
    does.__doc__ = endpoint.summary
    return does


def edited_by(
    asked: Asking, act: Act[Any], shows: Act[Any], given: Given, reply: Callable[[Any, Asking, Given], Shown]
) -> Shown:
    """Return what is to be edited, for whoever may edit it and has said why, where a reason is asked for."""
    asked.session.prepare(act, given)
    if act.has_reason and act.needs_reason(given):
        required_reason(asked.actor, act.name, given.get("reason"))
    named = {name: given[name] for name in shows.params}
    return reply(asked.session.perform(shows, named), asked, named)


def _signature(endpoint: Endpoint, act: Act[Any]) -> Signature:
    params = {param.wire: param for param in act.fields}
    said = [Parameter("asked", Parameter.POSITIONAL_OR_KEYWORD, annotation=Asked)]
    for place in endpoint.places:
        kind = endpoint.kinds.get(place) or (type_of(act, params[place]) if place in params else Id)
        said.append(_keyword(place, Annotated[kind, Path()]))
    if endpoint.takes is not None:
        is_needed = any(field.is_required() for field in endpoint.takes.model_fields.values())
        model: Any = endpoint.takes if is_needed else endpoint.takes | None
        said.append(_keyword("body", Annotated[model, Body()], Parameter.empty if is_needed else None))
    elif endpoint.method == "GET":
        for field in endpoint.fields:
            written: Any = type_of(act, field, in_query=True)
            written = written if field.required else written | None
            said.append(_keyword(field.wire, Annotated[written, Query()], Parameter.empty if field.required else None))
    return Signature(said)


def _keyword(name: str, annotation: Any, default: object = Parameter.empty) -> Parameter:  # noqa: ANN401 - any type
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
