"""Every answer of every act survives the wire, and nothing that is no such answer is taken for one."""

from __future__ import annotations

import enum
import json
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from referral_adapters.wire.codec import Unreadable, structure, unstructure
from referral_core.entities.balance import Balance, UnusedPart
from referral_core.entities.case import CarriedOffer, Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import FeeNote, Offer, Referral
from referral_core.entities.trace import TraceEntry
from referral_core.rules.decision import CodeRefused, Decision
from referral_core.services.explanation import Explanation
from referral_core.services.launch import Arrival
from referral_core.services.sign_ups import SignUp
from referral_core.session import ACTS
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.money import Money
from referral_core.values.timeline import Timeline
from tests.strategies import (
    cases,
    contracts,
    days,
    discount_groups,
    grants,
    grid_periods,
    moments,
    money,
    names,
    offers,
    promo_codes,
    reasons,
    referrals,
    ticks,
    timelines,
    trace_notes,
)

LAWFUL: Final[Mapping[Any, st.SearchStrategy[Any]]] = {
    str: names(),
    int: st.integers(0, 2**60),
    bool: st.booleans(),
    datetime: moments(),
    date: days(),
    Money: money(),
    EffectivePeriod: grid_periods(),
    Timeline[Money]: timelines(money()),
    Contract: contracts(),
    PromoCode: promo_codes(),
    DiscountGroup: discount_groups(),
    Offer: offers(),
    Referral: st.builds(
        attrs.evolve, referrals(), fee_notes=st.lists(st.builds(FeeNote, money(), names(), ticks(), names())).map(tuple)
    ),
    Grant: grants(),
    CarriedOffer: st.builds(CarriedOffer, names(), offers(), offers()),
    Case: cases(),
    Balance: st.builds(
        Balance,
        granted=money(),
        transferred_in=money(),
        transferred_out=st.just(Money.zero()),
        consumed=st.just(Money.zero()),
        parts=st.lists(st.builds(UnusedPart, moments(), money()), max_size=2).map(tuple),
    ),
    TraceEntry: st.builds(TraceEntry.chained, trace_notes(), st.none(), st.text("0123456789abcdef", min_size=32))
    | st.builds(TraceEntry.chained, trace_notes(), st.none(), names()).map(TraceEntry.erased),
    Refusal: st.builds(
        lambda reason, message, field: Refusal(reason, message=message, field=field),
        reasons(),
        names(),
        st.none() | names(),
    ),
}
"""How values are drawn whose fields must fit together; the others are drawn field by field."""


def values(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401, PLR0911 - one return for each kind of type
    """Values of any type that an act may return."""
    if (known := LAWFUL.get(kind)) is not None:
        return known
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return st.one_of(*map(values, parts))
    if origin is Iterator:
        return st.lists(values(parts[0]), max_size=3).map(iter)
    if origin is tuple:
        if parts[-1] is Ellipsis:
            return st.lists(values(parts[0]), max_size=3).map(tuple)
        return st.tuples(*map(values, parts))
    if kind is type(None):
        return st.none()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    return fields(origin or kind, dict(zip(getattr(origin, "__parameters__", ()), parts, strict=True)))


def fields(kind: type[Any], bound: Mapping[Any, Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(
        kind,
        **{
            each.alias: values(bound.get(hints[each.name], hints[each.name]))
            for each in attrs.fields(kind)
            if each.init
        },
    )


def plain(value: Any) -> Any:  # noqa: ANN401 - any answer
    """Return what two values are compared by: every field, also those that equality leaves out."""
    if isinstance(value, Refusal):
        return (type(value), value.reasons, value.message, value.field)
    if attrs.has(type(value)):
        return (type(value), {each.name: plain(getattr(value, each.name)) for each in attrs.fields(type(value))})
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return (type(value), value)


A_THIRD: Final = settings().max_examples // 3
"""As many examples: answers are large, and alike."""
ANSWERS: Final = {str(act.hints["return"]): act.hints["return"] for act in ACTS.values()}
"""Every type that an act returns."""


@pytest.mark.parametrize("kind", ANSWERS.values(), ids=ANSWERS)
@settings(max_examples=A_THIRD)
@given(st.data())
def test_every_answer_survives_the_wire(kind: Any, data: st.DataObject) -> None:  # noqa: ANN401 - any type
    drawn = data.draw(values(kind))
    kept = tuple(drawn) if isinstance(drawn, Iterator) else drawn
    sent = unstructure(iter(kept) if isinstance(drawn, Iterator) else kept)
    assert json.loads(json.dumps(sent)) == sent
    back = structure(sent, kind)
    assert plain(tuple(back) if isinstance(drawn, Iterator) else back) == plain(kept)


@pytest.mark.parametrize("name", ["account.show", "contract.concluded", "referral.explain", "trace.show"])
@settings(
    max_examples=A_THIRD, phases=(Phase.explicit, Phase.generate)
)  # such a value says it all, and shrinking one takes minutes
@given(st.data())
def test_what_is_no_answer_is_refused_in_one_way(name: str, data: st.DataObject) -> None:
    kind = ACTS[name].hints["return"]
    sent = json.loads(json.dumps(unstructure(data.draw(values(kind)))))
    places = list(_places(sent))
    if not places:
        return
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(st.sampled_from([5, -1, 0.5, True, None, "", "x", "2021-03-01", [], [[]], "ab"]))
    try:
        back = structure(sent, kind)
    except Unreadable:
        return
    assert json.dumps(unstructure(back)) == json.dumps(sent)  # it was of the very kind


def _places(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(each)


NOON: Final = "2021-03-01T12:00:00Z"
CODE: Final = {
    "text": "A123",
    "account": "A",
    "customer": "ann",
    "issued_at": NOON,
    "issued_by": "crm",
    "issuing": "activation",
}


def test_what_a_newer_service_says_besides_is_passed_over() -> None:
    known = unstructure(structure(CODE | {"issuing": "by-hand"}, PromoCode))
    assert structure(known | {"mood": "good"}, PromoCode) == structure(known, PromoCode)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (5, str),
        (None, str),
        (Reason.CODE_ENDED, str),
        (True, int),
        (5.0, int),
        ("5", int),
        (1, bool),
        ("false", bool),
        ("ab", tuple[str, ...]),
        ({"0": "a"}, tuple[str, ...]),
        (["a"], tuple[str, str]),
        (7, Decimal),
        ("7e0", Decimal),
        ("NaN", Decimal),
        ("٧", Decimal),
        ("-1.00", Decimal),
        (NOON[:-1], datetime),
        ("2021-W09-1T12:00:00Z", datetime),
        ("2021-02-30T12:00:00Z", datetime),
        ("2021-03-01", datetime),
        (1614600000, datetime),
        (NOON, date),
        ("2021-W09-1", date),
        ("20210301", date),
        ("nonsense", Reason),
        ("CODE_ENDED", Reason),
        ({"amount": "7.00"} | {"currency": None}, Money),
        ({"amount": 7, "currency": "EUR"}, Money),
        ({"currency": "EUR"}, Money),
        (["7.00", "EUR"], Money),
        ({"start": NOON, "end": NOON}, EffectivePeriod),
        ({"reasons": [], "message": "so", "field": None}, Refusal),
        ({"spans": [{"period": {"start": NOON, "end": None}, "value": {"amount": "1"}}] * 2}, Timeline[Money]),
    ],
)
def test_only_the_very_kind_is_read(value: object, kind: Any) -> None:  # noqa: ANN401 - any type
    with pytest.raises(Unreadable):
        structure(value, kind)


@pytest.mark.rule("M1")
def test_a_moment_is_read_with_any_offset_and_never_without() -> None:
    noon = datetime(2021, 3, 1, 12, tzinfo=UTC)
    assert structure("2021-03-01T14:00:00+02:00", datetime) == structure(NOON, datetime) == noon
    with pytest.raises(Unreadable, match="moment-naive"):
        structure("2021-03-01T12:00:00", datetime)


def test_a_refused_code_keeps_its_decision() -> None:
    moment = datetime(2021, 3, 1, 12, tzinfo=UTC)
    refused = CodeRefused(Decision("A123", moment, moment, (Reason.CODE_ENDED,), None, None))
    back = structure(json.loads(json.dumps(unstructure(refused))), Refusal)
    assert isinstance(back, CodeRefused)
    assert back.decision == refused.decision


def test_an_arrival_is_told_from_a_refusal() -> None:
    kind = ACTS["contract.import"].hints["return"]
    assert structure(["imported"], kind) == (Arrival.IMPORTED,)
    with pytest.raises(Unreadable, match="none of"):
        structure(["nonsense"], kind)


def test_a_type_that_nobody_knows_is_a_mistake_of_the_program() -> None:
    with pytest.raises(Exception, match="complex"):
        structure("1", complex)


def test_the_deepest_answers_are_among_those_drawn() -> None:
    assert {Explanation, SignUp, tuple[DiscountGroup, ...], Iterator[TraceEntry]} <= {*ANSWERS.values()}
