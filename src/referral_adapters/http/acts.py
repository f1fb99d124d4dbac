"""The acts as a session has them, each at a path of its own: ``POST /acts/code.end``. What the client asks by.

A body has the arguments by their names on the wire, read as by the other endpoints but for two things: an id may be
whatever a store can hold, as it stands in no path, and an amount may name its currency. The answer is what the act
returned, whole, as the codec writes it. What comes one by one comes in pages, which ``next`` goes on with.

Whoever asks says who they are, and is shown what they may see: see :data:`SEEN_FROM`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from itertools import islice
from typing import Annotated, Any, Final, get_args

import attrs
from fastapi import Body
from fastapi.exceptions import RequestValidationError
from pydantic import (
    AfterValidator,
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
from referral_adapters.http.act_route import edited_by
from referral_adapters.http.asking import Asked, Asking, Shown
from referral_adapters.http.bodies import summary_of, type_of
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.formats import PlainAnswer, format_of
from referral_adapters.http.models.cursor import cursor_of, place_of
from referral_adapters.http.models.fields import Amount, Model, told
from referral_adapters.http.models.pages import MOST, numbered
from referral_adapters.http.models.problem import MEDIA_TYPE
from referral_adapters.http.persistently import persistently
from referral_adapters.http.problems import Trouble, improper, trouble_of
from referral_adapters.wire.codec import Unreadable, structure, unstructure
from referral_core.acts import Act, Param
from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Offer
from referral_core.rules.decision import CodeRefused, Decision
from referral_core.services.customers import Erasure
from referral_core.session import ACTS
from referral_core.values.arguments import AMOUNT, HONOURED, KEY, NAME
from referral_core.values.code_text import fold
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.money import Money
from referral_core.values.name import joined_key

AT_ONCE: Final = 500
"""So many items has a page of what comes one by one, at most."""

Given = dict[str, Any]

# ── what may be asked for ─────────────────────────────────────────────────────────────────────────────────────────────


def carried(act: Act[Any]) -> tuple[Param, ...] | None:
    """Return the arguments of an act that a wire can carry; ``None`` if it needs one that only a program can give."""
    params = act.params.values()
    if any(param.required and not param.kind.on_wire for param in params):
        return None
    return tuple(param for param in params if param.kind.on_wire or _is_period(act, param))


def _is_period(act: Act[Any], param: Param) -> bool:
    return EffectivePeriod in get_args(act.hints[param.name])


# ── what a request says ───────────────────────────────────────────────────────────────────────────────────────────────


def _id(value: str) -> str:
    try:
        return str(NAME.check(value, "id"))
    except Refusal as refusal:
        raise told(refusal) from None


def _amount(value: object) -> object:
    """Read an amount with its currency, which a rule may refuse, as such; one without is of the programme's."""
    return _read(value, Money) if isinstance(value, dict) else _PLAIN.validate_python(value)


def _read(value: object, kind: type[Any]) -> Any:  # noqa: ANN401 - a value of the kind
    try:
        return structure(value, kind)
    except Unreadable as wrong:
        reason = wrong.__cause__.reasons[0].value if isinstance(wrong.__cause__, Refusal) else "json"
        raise PydanticCustomError(reason, "{wrong}", {"wrong": str(wrong)}) from None


_ID: Final = Annotated[StrictStr, AfterValidator(_id)]
_COUNTED: Final = Annotated[StrictInt, Field(ge=0, le=MOST)]
_PLAIN: Final[TypeAdapter[str]] = TypeAdapter(Amount)
_AMOUNT: Final = Annotated[Any, BeforeValidator(_amount), PlainSerializer(unstructure)]
_PERIOD: Final = Annotated[Any, BeforeValidator(partial(_read, kind=EffectivePeriod)), PlainSerializer(unstructure)]


@cache
def body_of(name: str) -> type[BaseModel]:
    """Return the model of the body of an act."""
    act = ACTS[name]
    fields: dict[str, Any] = {}
    for param in carried(act) or ():
        kind = _type_of(act, param)
        fields[param.name] = (
            (kind, Field(alias=param.wire)) if param.required else (kind | None, Field(default=None, alias=param.wire))
        )
    if act.streams:
        fields["cursor"] = (StrictStr | None, None)
        fields["limit"] = (Annotated[StrictInt, Field(ge=1, le=AT_ONCE)], AT_ONCE)
    return create_model(name, __base__=Model, **fields)


def _type_of(act: Act[Any], param: Param) -> Any:  # noqa: ANN401 - an annotated type
    if _is_period(act, param):
        return _PERIOD
    if param.kind is AMOUNT:
        return _AMOUNT
    if param.name == "limit":
        return _COUNTED
    return _ID if param.kind.name == "id" else type_of(act, param)


def _given(asked: Asking, act: Act[Any], body: BaseModel) -> Given:
    """Return the arguments of an act as it takes them; what is null is as if it were not there."""
    given: Given = {}
    for param in carried(act) or ():
        value = getattr(body, param.name)
        if value is None:
            continue
        if param.kind is AMOUNT and isinstance(value, str):
            value = asked.money(value)
        given[param.name] = value.moment if param.kind is HONOURED else value
    if given.get("language", asked.language) not in asked.service.programme.languages:
        raise improper("language", f"must be one of {', '.join(asked.service.programme.languages)}")
    key = next((param.name for param in act.params.values() if param.kind is KEY), None)
    if key is not None and asked.key is not None:
        given[key] = joined_key("http", asked.asker, asked.key)
    adapt = None if (row := _ROWS.get(act.name)) is None or not row.limited else row.adapt
    return given if adapt is None else adapt(asked, given)


# ── whose it is ───────────────────────────────────────────────────────────────────────────────────────────────────────

OF_ACCOUNTS: Final = frozenset(
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
"""What is open to a token that is limited to some accounts: what stands under ``/accounts``, and checking codes."""
_BY_CODE: Final = frozenset({"code.shared", "sharing.text"})
"""What is about one's own code, by its text."""


def _enter(asked: Asking, act: Act[Any], given: Given) -> None:
    """Refuse what the caller's token leaves out, and codes of others in the words in which unknown ones are refused.

    A session says of a code that is nobody's that it is unknown. Here a customer could find out by that which codes
    there are, past the limits on checking them (A4).
    """
    if act.name in OF_ACCOUNTS and "account" in given:
        asked.caller.enter(given["account"])
    if act.name not in _BY_CODE or (asked.caller.accounts is None and not asked.caller.is_customer):
        return
    ports = asked.service.store
    accounts = asked.caller.accounts
    if asked.caller.is_customer:
        own = {contract.account for contract in ports.contracts.of_customer(asked.actor.id)}
        accounts = frozenset(own) if accounts is None else accounts & own
    text = fold(given["code"])
    if not any(code.text == text for account in accounts or () for code in ports.promo_codes.of_account(account)):
        raise Refusal(Reason.NOT_ALLOWED, message=f"{act.name} is for codes of one's own accounts", field="code")


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────────

SEEN_FROM: Final[Mapping[type, Mapping[str, tuple[Role, object]]]] = {
    Contract: {"warned_code": (Role.AGENT, None), "warnings": (Role.AGENT, ())},
    PromoCode: {"issued_by": (Role.AGENT, ""), "ending_reason": (Role.AGENT, None)},
    Offer: {"group": (Role.AGENT, "")},
}
"""The least role that is shown a field, by class and field, and what stands there for others."""


_RANK: Final = {role: rank for rank, role in enumerate(Role)}


def _reaches(role: Role, least: Role) -> bool:
    return _RANK[role] >= _RANK[least]


def seen_by(role: Role, value: Any) -> Any:  # noqa: ANN401 - any answer
    """Return an answer without what the role is not to see."""
    if _reaches(role, Role.AGENT):
        return value  # quicker than to look at every field; no other role is kept from anything
    return _emptied(role, value)


def _emptied(role: Role, value: Any) -> Any:  # noqa: ANN401 - any answer
    if isinstance(value, tuple):
        return tuple([_emptied(role, each) for each in value])
    if isinstance(value, Decision):
        value = _neutral(value)
    if not attrs.has(type(value)):
        return value
    hidden = SEEN_FROM.get(type(value), {})
    changed = {}
    for field in attrs.fields(type(value)):
        if field.init:
            was = getattr(value, field.name)
            least, instead = hidden.get(field.name, (role, None))
            now = _emptied(role, was) if _reaches(role, least) else instead
            if now is not was:
                changed[field.alias] = now
    return attrs.evolve(value, **changed) if changed else value


def _neutral(decision: Decision) -> Decision:
    """Say the same of every code that cannot be used: it might as well not exist (S6, A4).

    The code is written as a code that is there would be, for one that is not is otherwise written as it was given.
    Of one that can be used, what the new customer gets, at the moment it was judged at; neither the period in which
    that is so nor what the referrer gets.
    """
    if decision.referee is None:
        return attrs.evolve(decision, code=fold(decision.code), reasons=(Reason.CODE_UNKNOWN,), referrer=None)
    at = decision.judged_at
    now = EffectivePeriod(at, at + datetime.resolution)
    return attrs.evolve(decision, referrer=None, referee=attrs.evolve(decision.referee, period=now))


# ── answering ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shown(asked: Asking, act: Act[Any], answer: Any) -> Any:  # noqa: ANN401 - any answer
    if act.name == "account.list" and asked.caller.accounts is not None:
        answer = tuple(account for account in answer if account in asked.caller.accounts)
    if isinstance(answer, Erasure):
        # What is answered is kept under the request's key, where an erased name must not live on (A5).
        answer = attrs.evolve(answer, data=attrs.evolve(answer.data, first_names=()))
    return seen_by(asked.actor.role, answer)


def _reply(asked: Asking, act: Act[Any], given: Given, body: BaseModel) -> Shown:
    """Do an act and return its answer."""
    result = asked.session.perform(act, given)
    if not act.streams:
        return _whole(act, result, asked, given)
    passed = numbered(place_of(body.cursor) if body.cursor else None)  # type: ignore[attr-defined] # of streams
    limit: int = body.limit  # type: ignore[attr-defined]
    items = tuple(islice(result, passed, passed + limit + 1))
    following = cursor_of(str(passed + limit)) if len(items) > limit else None
    return Shown(PlainAnswer({"answer": unstructure(items[:limit]), "next": following}))


def _whole(act: Act[Any], result: Any, asked: Asking, _: object) -> Shown:  # noqa: ANN401 - what an act returns
    """Return what an act returned as its answer; with the revision of what it shows, for those who may edit it."""
    answer = PlainAnswer({"answer": unstructure(_shown(asked, act, result))})
    stored = format_of(act).stored
    if stored is None or result is None or asked.caller.is_customer:
        return Shown(answer)
    return Shown(answer, asked.revision_of(stored(result, asked)))


def _does(act: Act[Any], asked: Asking, said: object) -> Response:
    try:
        body = body_of(act.name).model_validate({} if said is None else said)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
    given = _given(asked, act, body)
    _enter(asked, act, given)
    done = partial(_reply, asked, act, given, body)
    if act.bulk:
        return asked.answered(persistently(done))
    if act.reads:
        return asked.answered(done())
    before = partial(asked.session.prepare, act, given) if act.settles else None
    shows = None if (row := _ROWS.get(act.name)) is None or row.shown_by is None else ACTS[row.shown_by]
    edited = None if shows is None else partial(edited_by, asked, act, shows, given, partial(_whole, shows))
    try:
        named = asked.session.named(act, given)
        return asked.done(body, done, before=before, edited=edited, named=named)
    except CodeRefused as refused:
        raise _Unusable.of(refused) from refused


@attrs.frozen
class _Unusable(Trouble):
    """The problem of a code that cannot be used, with the decision about it, for staff."""

    decision: Any = None

    @classmethod
    def of(cls, refused: CodeRefused) -> _Unusable:
        """Return the problem of a refusal."""
        told = trouble_of(refused)
        said = {field.name: getattr(told, field.name) for field in attrs.fields(Trouble)}
        return cls(**said, decision=unstructure(refused.decision))

    def response(self, language: str) -> Response:
        """Return the problem as a response that has the decision too."""
        told = super().response(language)
        content = {**json.loads(bytes(told.body)), "decision": self.decision}
        return Response(json.dumps(content), told.status_code, dict(self.headers), media_type=MEDIA_TYPE)


# ── the endpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, eq=False, slots=False)
class ActEndpoint(Endpoint):
    """The endpoint of an act as a session has it."""

    @property
    def is_about_accounts(self) -> bool:
        """Tell whether it is open to a token that is limited to some accounts."""
        return self.act in OF_ACCOUNTS


def _function(act: Act[Any]) -> Callable[..., Response]:
    def does(asked: Asked, body: Annotated[Any, Body()] = None) -> Response:  # noqa: ANN401 - read by the act's model
        return _does(act, asked, body)

    does.__doc__ = summary_of(act)
    return does


TAG: Final = "acts"
_ROWS: Final = {row.act: row for row in reversed(table.ENDPOINTS)}
"""The first endpoint of each act among the others: what is odd about the act there is odd about it here."""
ENDPOINTS: Final[tuple[Endpoint, ...]] = tuple(
    ActEndpoint(
        act=act.name,
        method="POST",
        path=f"/acts/{act.name}",
        name=act.name,
        tag=TAG,
        by_hand=_function(act),
        answer=None,
        limited=act.name in _ROWS and _ROWS[act.name].limited,
        keyless=act.reads or act.bulk,
    )
    for act in ACTS.values()
    if carried(act) is not None
)
"""Everything that a client may ask for, but for what has no place in a request."""
