"""The endpoints of the client: every act of a session at a path of its own, such as ``POST /acts/code.end``.

A body has the arguments by their names on the wire, read as by the other endpoints but for two things: an id may be
any text that a store can hold, as it stands in no path, and an amount may name its currency. The answer is the whole
result of the act, as the codec writes it. A stream comes in pages, which ``next`` continues.

Every caller has a token, and sees what their role may see: see :mod:`referral_adapters.http.visibility`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from typing import Annotated, Any, Final, get_args

import attrs
from fastapi import Body
from fastapi.exceptions import RequestValidationError
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from referral_adapters.http import table
from referral_adapters.http.answers import Arguments, PlainAnswer, format_of
from referral_adapters.http.bodies import Amount, BodyModel, read_name, summary_of, type_of
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.handlers import edited_representation
from referral_adapters.http.lists import MOST, number_of
from referral_adapters.http.models.answer import MEDIA_TYPE, cursor_of, place_of
from referral_adapters.http.problems import HttpProblem, invalid_field, problem_of
from referral_adapters.http.request import CurrentRequest, Representation, ServiceRequest
from referral_adapters.http.retry import retry
from referral_adapters.http.table import as_oneself
from referral_adapters.http.visibility import visible_to
from referral_adapters.wire.codec import Unreadable, structure, unstructure
from referral_core.acts import Act, Param
from referral_core.rules.decision import CodeRefused
from referral_core.services.customers import Erasure
from referral_core.session import ACTS
from referral_core.values.arguments import AMOUNT, HONOURED, KEY
from referral_core.values.code_text import fold
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.money import Money

LARGEST_PAGE: Final = 500
"""The most items of a stream in one page."""

# ── arguments that a wire can carry ───────────────────────────────────────────────────────────────────────────────────


def wire_params(act: Act[Any]) -> tuple[Param, ...] | None:
    """Return the parameters of an act that JSON can carry; ``None`` if a required one is an object of a program."""
    params = act.params.values()
    if any(param.required and not param.kind.on_wire for param in params):
        return None
    return tuple(param for param in params if param.kind.on_wire or _is_period(act, param))


def _is_period(act: Act[Any], param: Param) -> bool:
    return EffectivePeriod in get_args(act.hints[param.name])


# ── bodies of requests ────────────────────────────────────────────────────────────────────────────────────────────────


def _amount(value: object) -> object:
    """Read an amount: an object names its currency, which a rule may refuse; a text is in the programme's."""
    return _read(value, Money) if isinstance(value, dict) else _PLAIN_AMOUNT.validate_python(value)


def _read(value: object, kind: type[Any]) -> Any:  # noqa: ANN401 - a value of the kind
    try:
        return structure(value, kind)
    except Unreadable as wrong:
        reason = wrong.__cause__.reasons[0].value if isinstance(wrong.__cause__, Refusal) else "json"
        raise PydanticCustomError(reason, "{wrong}", {"wrong": str(wrong)}) from None


_LIMIT: Final = Annotated[StrictInt, Field(ge=0, le=MOST)]
_PLAIN_AMOUNT: Final[TypeAdapter[str]] = TypeAdapter(Amount)
_AMOUNT: Final = Annotated[Any, BeforeValidator(_amount), PlainSerializer(unstructure)]
_PERIOD: Final = Annotated[Any, BeforeValidator(partial(_read, kind=EffectivePeriod)), PlainSerializer(unstructure)]


@cache
def act_body(name: str) -> type[BaseModel]:
    """Return the model of the body of an act."""
    act = ACTS[name]
    fields: dict[str, Any] = {}
    for param in wire_params(act) or ():
        kind = _type_of(act, param)
        fields[param.name] = (
            (kind, Field(alias=param.wire)) if param.required else (kind | None, Field(default=None, alias=param.wire))
        )
    if act.streams:
        fields["cursor"] = (StrictStr | None, None)
        fields["limit"] = (Annotated[StrictInt, Field(ge=1, le=LARGEST_PAGE)], LARGEST_PAGE)
    return create_model(name, __base__=BodyModel, **fields)


def _type_of(act: Act[Any], param: Param) -> Any:  # noqa: ANN401 - an annotated type
    if _is_period(act, param):
        return _PERIOD
    if param.kind is AMOUNT:
        return _AMOUNT
    if param.name == "limit":
        return _LIMIT
    if param.kind.name in {"id", "channel"}:  # not only what a path can hold
        return Annotated[StrictStr, BeforeValidator(partial(read_name, kind=param.kind))]
    return type_of(act, param)


def _arguments(request: ServiceRequest, act: Act[Any], body: BaseModel) -> Arguments:
    """Return the arguments of an act as its signature takes them; null means left out."""
    given: Arguments = {}
    for param in wire_params(act) or ():
        value = getattr(body, param.name)
        if value is None:
            continue
        if param.kind is AMOUNT and isinstance(value, str):
            value = request.money(value)
        given[param.name] = value.moment if param.kind is HONOURED else value
    if given.get("language", request.language) not in request.service.programme.languages:
        raise invalid_field("language", f"must be one of {', '.join(request.service.programme.languages)}")
    key = next((param.name for param in act.params.values() if param.kind is KEY), None)
    if key is not None and request.act_key is not None:
        given[key] = request.act_key
    return as_oneself(request, given) if act is ACTS["code.check"] else given


# ── limits to accounts and own codes ──────────────────────────────────────────────────────────────────────────────────

ACCOUNT_ACTS: Final = frozenset(
    {
        "account.activity",
        "account.list",
        "account.movements",
        "account.referrals",
        "account.show",
        "code.check",
        "code.issue",
        "code.present",
        "code.shared",
        "sharing.figures",
        "sharing.text",
    }
)
"""The acts that are open to a token limited to some accounts: those under ``/accounts``, and checking codes."""
_OWN_CODE_ACTS: Final = frozenset({"code.shared", "sharing.text"})
"""The acts about one's own code that name it by its text."""


def _check_access(request: ServiceRequest, act: Act[Any], given: Arguments) -> None:
    """Refuse accounts that the caller's token leaves out, and codes of others in the same words as unknown codes."""
    if act.name in ACCOUNT_ACTS and "account" in given:
        request.caller.enter(given["account"])
    accounts = request.caller.accounts
    if act.name not in _OWN_CODE_ACTS or accounts is None:
        return
    text, codes = fold(given["code"]), request.service.store.promo_codes
    if not any(code.text == text for account in accounts for code in codes.of_account(account)):
        raise Refusal(Reason.NOT_ALLOWED, message=f"{act.name} is for codes of one's own accounts", field="code")


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _visible(request: ServiceRequest, act: Act[Any], answer: Any) -> Any:  # noqa: ANN401 - any answer
    if act.name == "account.list" and request.caller.accounts is not None:
        answer = tuple(account for account in answer if account in request.caller.accounts)
    if isinstance(answer, Erasure):
        # The answer is kept under the request's key, where an erased name must not live on (A5).
        answer = attrs.evolve(answer, data=attrs.evolve(answer.data, first_names=()))
    return visible_to(request.actor.role, answer)


def _performed(request: ServiceRequest, act: Act[Any], given: Arguments, body: BaseModel) -> Representation:
    """Perform an act and return its answer."""
    result = request.session.perform(act, given)
    if not act.streams:
        return _representation(act, result, request, given)
    passed = number_of(place_of(body.cursor) if body.cursor else None)  # type: ignore[attr-defined] # of streams
    limit: int = body.limit  # type: ignore[attr-defined]
    items = tuple(islice(result, passed, passed + limit + 1))
    following = cursor_of(str(passed + limit)) if len(items) > limit else None
    return Representation(PlainAnswer({"answer": unstructure(items[:limit]), "next": following}))


def _representation(act: Act[Any], result: Any, request: ServiceRequest, _: object) -> Representation:  # noqa: ANN401 - what an act returns
    """Return the answer with an act's result; for staff, who may edit it, with the revision of what it represents."""
    answer = PlainAnswer({"answer": unstructure(_visible(request, act, result))})
    stored = format_of(act).stored
    if stored is None or result is None or request.caller.is_customer:
        return Representation(answer)
    return Representation(answer, request.revision_of(stored(result, request)))


def _respond(act: Act[Any], request: ServiceRequest, given_body: object) -> Response:
    try:
        body = act_body(act.name).model_validate({} if given_body is None else given_body)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
    given = _arguments(request, act, body)
    request.session.draw(act, given)
    _check_access(request, act, given)  # also for a question, whose answer could tell what there is
    done = partial(_performed, request, act, given, body)
    if act.bulk:
        return request.answered(retry(done))
    if act.reads:
        return request.answered(done())
    before = partial(request.session.prepare, act, given) if act.settles else None
    shows = None if (row := _ROWS.get(act.name)) is None or row.shown_by is None else ACTS[row.shown_by]
    edited = (
        None
        if shows is None
        else partial(edited_representation, request, act, shows, given, partial(_representation, shows))
    )
    try:
        named = request.session.named(act, given)
        return request.done(body, done, before=before, edited=edited, named=named)
    except CodeRefused as refused:
        raise _CodeProblem.of(refused) from refused


@attrs.frozen
class _CodeProblem(HttpProblem):
    """The problem of an unusable code, with the decision about it, for staff."""

    decision: Any = None

    @classmethod
    def of(cls, refused: CodeRefused) -> _CodeProblem:
        """Return the problem of a refusal."""
        problem = problem_of(refused)
        fields = {field.name: getattr(problem, field.name) for field in attrs.fields(HttpProblem)}
        return cls(**fields, decision=unstructure(refused.decision))

    def response(self, language: str) -> Response:
        """Return the problem as a response, with the decision."""
        response = super().response(language)
        content = {**json.loads(bytes(response.body)), "decision": self.decision}
        return Response(json.dumps(content), response.status_code, dict(self.headers), media_type=MEDIA_TYPE)


# ── the endpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, eq=False, slots=False)
class ActEndpoint(Endpoint):
    """The endpoint of an act for the client."""

    @property
    def is_about_accounts(self) -> bool:
        """Tell whether the endpoint is open to a token limited to some accounts."""
        return self.act in ACCOUNT_ACTS

    @property
    def limited(self) -> bool:
        """Tell whether the act takes a code by its text."""
        return bool(ACTS[self.name].codes)


def _handler(act: Act[Any]) -> Callable[..., Response]:
    def respond(request: CurrentRequest, body: Annotated[Any, Body()] = None) -> Response:  # noqa: ANN401 - the act's model reads it
        return _respond(act, request, body)

    respond.__doc__ = summary_of(act)
    return respond


TAG: Final = "acts"
_ROWS: Final = {row.act: row for row in reversed(table.ENDPOINTS)}
"""The first row of each act in the table, whose adaptations count here too."""
ENDPOINTS: Final[tuple[Endpoint, ...]] = tuple(
    ActEndpoint(
        act=act.name,
        method="POST",
        path=f"/acts/{act.name}",
        name=act.name,
        tag=TAG,
        handler=_handler(act),
        answer=None,
        keyless=act.reads or act.bulk,
    )
    for act in ACTS.values()
    if wire_params(act) is not None
)
"""The endpoints of all acts whose required arguments a request can carry."""
