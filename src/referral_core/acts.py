"""The table of acts: everything that a host may ask for, declared once, on the method of its service.

A declaration holds the act's name, the least role that may ask for it, the limits that it touches, and its arguments:
the signature of the method, whose types are the kinds of the arguments. Feeds, HTTP, the client, permissions, the
command line and the reference are built from it.

>>> from referral_core.session import ACTS
>>> ACTS["code.end"].least
Role.SUPERVISOR
>>> [param.wire for param in ACTS["code.end"].fields]
['code', 'at', 'reason', 'referrals']
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, wraps
from inspect import Parameter, signature
from typing import (
    Annotated,
    Any,
    Concatenate,
    Final,
    Generic,
    ParamSpec,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
)
from typing import get_type_hints as type_hints

import attrs

from referral_core.entities.actor import Role
from referral_core.values.arguments import COUNT, FACT, FLAG, PROGRAM, Kind, choice, instance
from referral_core.values.code_text import fold

_CODES: Final = frozenset({"code", "ended code"})
"""The kinds of names that are texts of codes."""

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Service")

REQUIRED: Final = Parameter.empty
"""The default of a parameter that has none."""

Touch = Callable[[Any, Mapping[str, Any]], Iterable[Any]]
"""A function that yields the limits touched by an act: see :mod:`referral_core.services.permissions`."""


@attrs.frozen
class Param:
    """A parameter of an act: its names in Python and on the wire, its kind, and its default if it is optional."""

    name: str
    wire: str
    kind: Kind
    default: Any = REQUIRED
    nullable: bool = False

    @property
    def required(self) -> bool:
        """Tell whether the parameter is required."""
        return self.default is REQUIRED

    def check(self, value: Any) -> Any:  # noqa: ANN401 - any argument
        """Return a value as the act takes it.

        :raises ArgumentInvalid: the value is of another kind.
        :raises Refusal: a rule refuses the value itself: ``moment-naive``, ``name-invalid`` …
        """
        if value is None and self.nullable:
            return None
        return self.kind.check(value, self.wire)


@attrs.define(eq=False, slots=False)
class Act(Generic[R]):
    """One act, as its service declares it.

    ``reads``: the act changes nothing. ``streams``: it reads and returns an iterator. ``bulk``: it is many transactions
    and not one. ``manual``: a person has to give a reason, always or with one of the named arguments. ``channels``:
    actors limited to some channels may ask for it. ``feed``: a feed may contain it. ``settles``: the arguments with the
    accounts whose balance in billing it uses, and ``checks`` the check of everything that it refuses without billing,
    so that nothing is paid for an act that is refused. ``issues``: it may issue a code to the account that it names.
    ``owes``: the arguments with the contracts whose grants it may make due: a feed sends them before its next line.
    ``not_in_feeds``: the arguments that a feed does not have.
    """

    name: str
    least: Role
    body: Callable[..., R]
    touches: tuple[Touch, ...] = ()
    reads: bool = False
    streams: bool = False
    bulk: bool = False
    feed: bool = False
    channels: bool = False
    manual: bool | tuple[str, ...] = False
    settles: tuple[str, ...] = ()
    checks: Callable[..., object] | None = None
    issues: bool = False
    owes: tuple[str, ...] = ()
    not_in_feeds: tuple[str, ...] = ()
    wire: Mapping[str, str] = attrs.field(factory=dict)

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The types of the signature; resolved on first use, so that importing stays quick."""
        return type_hints(self.body, include_extras=True)

    @cached_property
    def params(self) -> dict[str, Param]:
        """The parameters by name, in order."""
        given = list(signature(self.body).parameters.values())[1:]
        return {each.name: self._param(each) for each in given}

    @property
    def fields(self) -> tuple[Param, ...]:
        """The parameters that have a name on the wire, in order."""
        return tuple(param for param in self.params.values() if param.kind.on_wire)

    @property
    def feed_params(self) -> tuple[Param, ...]:
        """The parameters that a feed gives, in order."""
        return tuple(param for name, param in self.params.items() if name not in self.not_in_feeds)

    @property
    def service(self) -> str:
        """The name of the class that declares the act."""
        return self.body.__qualname__.partition(".")[0]

    @property
    def method(self) -> str:
        """The name of the method."""
        return self.body.__name__

    @property
    def summary(self) -> str:
        """The first line of the act's docstring."""
        return (self.body.__doc__ or "").partition("\n")[0]

    @cached_property
    def has_reason(self) -> bool:
        """Tell whether the act takes a reason."""
        return "reason" in self.params

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The names of the parameters with texts of codes, which the limit on guessing counts (A4)."""
        return tuple(name for name, param in self.params.items() if param.kind.names in _CODES)

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The names of the parameters with the moment of a fact, which only systems may give (M4)."""
        return tuple(name for name, param in self.params.items() if param.kind is FACT)

    @cached_property
    def _naming(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, param.kind.names) for name, param in self.params.items() if param.kind.names is not None)

    def named(self, given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the things that the arguments name, each with its kind: the store's hint to lock and load early."""
        found = ((kind, given.get(name)) for name, kind in self._naming)
        return tuple((kind, fold(value) if kind in _CODES else value) for kind, value in found if value is not None)

    def needs_reason(self, given: Mapping[str, Any]) -> bool:
        """Tell whether a person who asks for the act with these arguments has to give a reason."""
        if isinstance(self.manual, bool):
            return self.manual
        return any(given.get(name) for name in self.manual)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The defaults of the optional parameters."""
        return {name: param.default for name, param in self.params.items() if not param.required}

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given arguments by name, each checked against the signature.

        :raises TypeError: as Python raises it, for arguments that are missing, unknown, given twice, or too many.
        """
        params = self.params
        given = {**dict(zip(self._positional, args, strict=False)), **kwargs}
        # A cheap test on the usual path: `signature` is slow, and needed for its error only.
        if len(given) != len(args) + len(kwargs) or not self._required <= given.keys() <= params.keys():
            signature(self.body).bind(None, *args, **kwargs)  # always raises here, with Python's own message
        return {name: params[name].check(value) for name, value in given.items()}

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(self.params) - frozenset(self.defaults)

    @cached_property
    def _positional(self) -> tuple[str, ...]:
        given = list(signature(self.body).parameters.values())[1:]
        return tuple(each.name for each in given if each.kind is Parameter.POSITIONAL_OR_KEYWORD)

    def _param(self, given: Parameter) -> Param:
        hint, nullable = _without_none(self.hints[given.name])
        return Param(given.name, self.wire.get(given.name, given.name), _kind(hint), given.default, nullable)


class Runner(Protocol):
    """The executor of acts: a session's transaction, or a request to a session on a server."""

    def do(self, act: Act[R], service: Any, given: dict[str, Any]) -> R:  # noqa: ANN401 - any service
        """Carry out an act of a service with checked arguments."""
        ...


class Service:
    """The base of services, whose methods are acts; the same class serves a local session and a remote client."""

    def __init__(self, runner: Any) -> None:  # noqa: ANN401 - a Runner, and what a session's services find in it
        self._runner = runner


ACTS: Final[dict[str, Act[Any]]] = {}
"""Every act by its name; complete once :mod:`referral_core.session` is imported."""

FOLLOWING: Final[Mapping[str, str]] = types.MappingProxyType(
    {
        "code.start": "A code became active because a contract activated.",
        "code.correct": "The period of a code was set right, because a fact about a contract was told late.",
        "referral.record": "A sign-up with a usable code was recorded as a referral.",
        "referral.cancel": "A referral was cancelled because its contract was withdrawn or annulled.",
        "grant.due": "A grant is owed because the referee's contract activated; a held one waits for its release.",
        "grant.posted": "Billing confirmed a grant.",
        "reversal.due": "What is unspent of a grant is to be taken back, since it was voided or its contract annulled.",
        "reversal.posted": "Billing took back what was unspent of a grant.",
    }
)
"""The automatic consequences of acts that leave rows of their own in the trace, by their names there."""


def act(  # noqa: PLR0913 - an act is declared by that much
    name: str,
    *,
    least: Role,
    touches: tuple[Touch, ...] = (),
    reads: bool = False,
    streams: bool = False,
    bulk: bool = False,
    feed: bool = False,
    channels: bool = False,
    manual: bool | tuple[str, ...] = False,
    settles: tuple[str, ...] = (),
    checks: Callable[..., object] | None = None,
    issues: bool = False,
    owes: tuple[str, ...] = (),
    not_in_feeds: tuple[str, ...] = (),
    wire: Mapping[str, str] | None = None,
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
    """Declare a service's method as an act: see :class:`Act`. Calling it hands it to the service's runner."""

    def declare(body: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
        declared: Act[R] = Act(
            name,
            least,
            body,
            touches=touches,
            reads=reads or streams,
            streams=streams,
            bulk=bulk,
            feed=feed,
            channels=channels,
            manual=manual,
            settles=settles,
            checks=checks,
            issues=issues,
            owes=owes,
            not_in_feeds=not_in_feeds,
            wire=wire or {},
        )
        ACTS[name] = declared

        @wraps(body)
        def ask(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return self._runner.do(declared, self, declared.bind(args, kwargs))  # type: ignore[no-any-return]

        ask.act = declared  # type: ignore[attr-defined] # for who has the method in hand
        return ask

    return declare


def _without_none(hint: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any type
    if get_origin(hint) in {Union, types.UnionType}:
        rest = [each for each in get_args(hint) if each is not type(None)]
        if len(rest) < len(get_args(hint)):
            return (rest[0] if len(rest) == 1 else Union[tuple(rest)]), True  # noqa: UP007 - made at run time
    return hint, False


def _kind(hint: Any) -> Kind:  # noqa: ANN401 - any type
    if get_origin(hint) is Annotated:
        return next((each for each in get_args(hint) if isinstance(each, Kind)), PROGRAM)
    if hint is bool:
        return FLAG
    if hint is int:
        return COUNT
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        return choice(hint)
    return instance(hint) if isinstance(hint, type) else PROGRAM
