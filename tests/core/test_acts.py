"""The declarations of acts: their arguments are checked at the door by their kinds, and nobody writes them twice."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date, datetime
from enum import StrEnum
from inspect import Parameter, getmembers, isfunction, signature
from typing import Annotated, Any, Final

import pytest

from referral_core import ArgumentInvalid, Money, Role, Side
from referral_core.acts import ACTS as DECLARED
from referral_core.acts import FOLLOWING, REQUIRED, Act, Param, Service, act
from referral_core.session import ACTS, SERVICES, Services, Session
from referral_core.values import arguments
from referral_core.values.arguments import PROGRAM, Kind, choice, instance
from tests.core.every_act import GIVEN, busy
from tests.office import WHEN, Office
from tests.phrases import euros, refused

EVERY_ACT: Final = pytest.mark.parametrize("declared", ACTS.values(), ids=list(ACTS))

# ── every declaration ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_what_follows_by_itself_has_names_that_nobody_asks_for() -> None:
    assert sorted(FOLLOWING) == [
        "code.correct",
        "code.start",
        "grant.due",
        "grant.posted",
        "referral.cancel",
        "referral.record",
        "reversal.due",
        "reversal.posted",
    ]
    assert not FOLLOWING.keys() & ACTS.keys()
    assert ACTS is DECLARED
    with pytest.raises(TypeError):
        FOLLOWING["code.start"] = ""  # type: ignore[index] # it is read only


def test_each_class_of_services_hangs_on_a_session_under_its_name_and_has_nothing_but_acts() -> None:
    session = Office().session()
    assert {declared.service for declared in ACTS.values()} == SERVICES.keys()
    for class_name, name in SERVICES.items():
        service = getattr(session, name)
        assert type(service).__name__ == class_name
        assert getattr(session, name) is service
        assert getattr(Services, name).attrname == name
        methods = {
            method: found for method, found in getmembers(type(service), isfunction) if not method.startswith("_")
        }
        declared = {each.method: each for each in ACTS.values() if each.service == class_name}
        assert methods.keys() == declared.keys()
        assert {method: getattr(found, "act", None) for method, found in methods.items()} == declared
    assert sorted(SERVICES.values()) == sorted(name for name in vars(Services) if not name.startswith(("_", "perform")))


@EVERY_ACT
def test_an_act_says_what_it_does_and_of_each_parameter_what_kind_it_is(declared: Act[Any]) -> None:
    assert declared.summary.endswith((".", ":"))
    assert declared.name == declared.name.lower()
    assert isinstance(declared.least, Role)
    assert declared.params.keys() == {*signature(declared.body).parameters} - {"self"}
    for param in declared.params.values():
        assert isinstance(param.kind, Kind)
        assert param.kind.on_wire or param.kind is PROGRAM or param.kind.name in {"program", "key"}
        assert param.required or declared.defaults[param.name] is param.default
        assert param.nullable or param.default is not None
    assert [param.name for param in declared.fields] == [
        name for name, param in declared.params.items() if param.kind.on_wire
    ]
    assert len({param.wire for param in declared.fields}) == len(declared.fields)
    assert declared.has_reason is ("reason" in declared.params)
    assert declared.has_reason or not declared.manual
    assert {*declared.settles} <= declared.params.keys()
    assert not (declared.feed and any(not param.kind.on_wire and param.required for param in declared.params.values()))


@EVERY_ACT
def test_actor_and_now_are_the_sessions_and_what_can_be_left_out_is_named(declared: Act[Any]) -> None:
    for name, taken in signature(declared.body).parameters.items():
        assert name not in {"actor", "now", "known_at"}
        assert taken.default is Parameter.empty or taken.kind is Parameter.KEYWORD_ONLY


def test_what_is_called_otherwise_on_the_wire() -> None:
    otherwise = {
        (declared.name, param.name): param.wire
        for declared in ACTS.values()
        for param in declared.fields
        if param.wire != param.name
    }
    assert otherwise == {
        ("code.end", "ends_at"): "at",
        ("discount.transfer", "source"): "from",
        ("discount.transfer", "target"): "to",
        ("amount.set", "starts"): "from",
        ("amount.set", "ends"): "until",
        ("amount.preview", "starts"): "from",
        ("amount.preview", "ends"): "until",
    }


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────────

WRONG: Final[dict[str, object]] = {
    "id": 5,
    "channel": 5,
    "code": b"A123",
    "reason": ["why"],
    "name": 5,
    "text": 5,
    "key": 5,
    "moment": "2021-04-01",
    "fact": date(2021, 4, 1),
    "honour": 5,
    "day": "2021-04-01",
    "starts": "2021-04-01",
    "ends": 5,
    "amount": "5",
    "flag": 1,
    "count": True,
    "choice": "nobody",
}
"""Of each kind, a value that is none."""


@EVERY_ACT
def test_an_argument_of_the_wrong_kind_is_refused_and_named_before_anything_is_done(declared: Act[Any]) -> None:
    office = busy()
    before = office.state()
    for param in declared.params.values():
        wrong = [WRONG[param.kind.name]] if param.kind.name in WRONG else []
        for value in wrong if param.nullable or not wrong else [*wrong, None]:
            with named_invalid(param):
                office.session().perform(declared, {**GIVEN[declared.name], param.name: value})
    assert office.state() == before


def named_invalid(param: Param) -> AbstractContextManager[object]:
    """Expect that an argument is said to be none of its kind; what is no moment has a reason of its own (M1)."""
    if param.kind in {arguments.MOMENT, arguments.FACT, arguments.HONOURED}:
        return refused("moment-naive", field=f"{param.wire}.moment" if param.kind is arguments.HONOURED else param.wire)
    return pytest.raises(ArgumentInvalid, match=f"^{param.wire}: must be ")


def test_every_kind_that_an_act_takes_is_tried_above() -> None:
    kinds = {param.kind.name for declared in ACTS.values() for param in declared.params.values()}
    assert kinds - {"program"} == WRONG.keys()


def test_arguments_are_by_place_or_by_name_as_in_any_call() -> None:
    transfer = ACTS["discount.transfer"]
    by_name = {"source": "A", "target": "B", "amount": euros("1")}
    assert transfer.bind(("A", "B"), {"amount": euros("1")}) == by_name
    assert transfer.bind(("A",), {"target": "B", "amount": euros("1")}) == by_name
    assert transfer.bind((), {"target": "B", "source": "A"}) == {"source": "A", "target": "B"}
    assert transfer.bind((), by_name | {"amount": None})["amount"] is None
    assert ACTS["group.list"].bind((), {}) == {}


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((), {}, "missing a required argument: 'code'"),
        (("A123",), {"code": "A123"}, "multiple values for argument 'code'"),
        (("A123", WHEN), {}, "too many positional arguments"),
        (("A123",), {"at": WHEN}, "got an unexpected keyword argument 'at'"),
        ((), {"at": WHEN}, "missing a required argument: 'code'"),
        ((), {"ends_at": WHEN, "reason": "all but the code"}, "missing a required argument: 'code'"),
        (("A123",), {"self": 1}, "multiple values for argument 'self'"),
    ],
)
def test_what_does_not_fit_the_signature_is_a_type_error_in_pythons_words(
    args: tuple[Any, ...], kwargs: dict[str, Any], said: str
) -> None:
    office = busy()
    before = office.state()
    end: Any = office.session().codes.end
    with pytest.raises(TypeError, match=said) as caught:
        end(*args, **kwargs)
    assert type(caught.value) is TypeError
    assert office.state() == before


def test_who_performs_an_act_by_its_declaration_names_all_that_it_needs() -> None:
    session = busy().session()
    with pytest.raises(TypeError, match="missing a required argument: 'code'"):
        session.perform(ACTS["code.end"], {})
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'text'"):
        session.perform(ACTS["code.end"], {"code": "A123", "text": "A123"})
    assert session.perform(ACTS["code.show"], {"code": "A123"}) == session.codes.show("A123")


def test_a_value_is_kept_as_its_kind_has_it() -> None:
    class Word(StrEnum):
        A = "A123"

    assert type(ACTS["code.show"].bind((Word.A,), {})["code"]) is str
    assert ACTS["code.show"].bind((Word.A,), {}) == {"code": "A123"}
    assert ACTS["group.add"].bind(("new",), {"side": "referee"})["side"] is Side.REFEREE
    day, moment = date(2021, 4, 1), WHEN
    for given in (day, moment):
        assert ACTS["amount.set"].bind(("fair", euros("1")), {"starts": given})["starts"] == given
    conclude = ACTS["contract.concluded"]
    assert conclude.bind(("K",), {"account": "A", "customer": "a", "starts_on": day})["starts_on"] == day


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (arguments.CODE, "A\0", "holds a zero character, which no store can keep"),
        (arguments.REASON, "\ud800", "holds half a surrogate pair, which no store can keep"),
        (arguments.CODE, 5, "must be text, not int"),
        (arguments.DAY, WHEN, "must be a date, not datetime"),
        (arguments.STARTS, 5, "must be a date, not int"),
        (arguments.AMOUNT, "5", "must be Money, not str"),
        (arguments.FLAG, 1, "must be True or False, not int"),
        (arguments.COUNT, True, "must be a whole number, not bool"),
        (choice(Side), "both", "must be one of referrer, referee, not 'both'"),
        (choice(Side), "b" * 99, f"must be one of referrer, referee, not '{'b' * 40}'"),
        (choice(Side), 5, "must be text, not int"),
        (instance(Money), 5, "must be Money, not int"),
    ],
)
def test_a_kind_says_what_is_wrong_with_a_value(kind: Kind, value: object, said: str) -> None:
    with pytest.raises(ArgumentInvalid) as caught:
        kind.check(value, "it")
    assert (caught.value.field, caught.value.message) == ("it", said)
    assert isinstance(caught.value, TypeError)


def test_what_a_store_can_keep_passes_to_the_letter() -> None:
    for text in ("", " a ", "õ😀", "line\nbreak"):
        assert arguments.TEXT.check(text, "it") == text
    assert instance(Money).check(euros("1"), "it") == euros("1")
    assert PROGRAM.check(None, "it") is None


@pytest.mark.rule("M1")
def test_a_moment_without_a_zone_is_a_refusal_that_names_the_field() -> None:
    naive = datetime(2021, 4, 1)  # noqa: DTZ001 - that is what is refused
    for kind, field in ((arguments.MOMENT, "it"), (arguments.STARTS, "it"), (arguments.HONOURED, "it.moment")):
        with refused("moment-naive", field=field):
            kind.check(naive, "it")


# ── declaring ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Recorder:
    """A runner that tells what it was asked to carry out, as one does that asks over the wire."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Service, dict[str, Any]]] = []

    def do(self, declared: Act[Any], service: Service, given: dict[str, Any]) -> Any:  # noqa: ANN401 - any answer
        self.asked.append((declared.name, service, given))
        return "the answer"


def test_the_same_services_serve_whoever_carries_acts_out() -> None:
    runner = Recorder()
    services: Any = Services(runner)
    assert services.codes.check("A123", segment="household") == "the answer"
    assert services.perform(ACTS["case.abandon"], {"case": "case-1"}) == "the answer"
    assert runner.asked == [
        ("code.check", services.codes, {"code": "A123", "segment": "household"}),
        ("case.abandon", services.cases, {"case": "case-1"}),
    ]
    with pytest.raises(ArgumentInvalid):
        services.codes.check(5)
    assert len(runner.asked) == 2
    assert isinstance(Office().session(), Session)


def test_a_method_becomes_an_act_and_stays_what_it_is() -> None:
    class Letters(Service):
        @act("letter.write", least=Role.AGENT, streams=True, manual=("urgent",), wire={"to": "recipient"})
        def write(
            self,
            to: Annotated[str, "a note that is no kind", arguments.CODE],
            *,
            urgent: bool = False,
            pages: int | None = None,
            any_of: str | int = "",
            note: Annotated[str, "no kind at all"] = "",
        ) -> str:
            """Write a letter.

            More of it.
            """
            return f"{to} {urgent} {any_of}"

    try:
        declared = ACTS["letter.write"]
        assert (declared.service, declared.method) == ("test_a_method_becomes_an_act_and_stays_what_it_is", "write")
        assert declared.summary == "Write a letter."
        assert declared.reads
        assert declared.facts == ()
        assert not declared.needs_reason({})
        assert not declared.needs_reason({"urgent": False})
        assert declared.needs_reason({"urgent": True})
        assert [(param.name, param.wire, param.kind.name) for param in declared.params.values()] == [
            ("to", "recipient", "code"),
            ("urgent", "urgent", "flag"),
            ("pages", "pages", "count"),
            ("any_of", "any_of", "program"),
            ("note", "note", "program"),
        ]
        assert declared.params["to"] == Param("to", "recipient", arguments.CODE, REQUIRED)
        assert declared.params["pages"].nullable
        runner = Recorder()
        assert Letters(runner).write("Ann", urgent=True) == "the answer"
        assert runner.asked[0][2] == {"to": "Ann", "urgent": True}
        assert Letters.write.__name__ == "write"
    finally:
        del ACTS["letter.write"]
