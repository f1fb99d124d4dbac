"""Whether a code can be used: every rule alone, all of them together, and against the rulebook told once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import attrs
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import GroupStatus, Terms
from referral_core.entities.promo_code import CodeStatus
from referral_core.programme.duration import LONGEST_DAYS, LONGEST_YEARS
from referral_core.rules.decision import decide
from referral_core.rules.eligibility import (
    RULES,
    Facts,
    both_amounts_are_in_force,
    both_groups_are_enabled,
    code_has_not_ended,
    code_has_started,
    code_is_known,
    code_is_somebody_elses,
    contract_is_covered,
    customer_has_no_active_contract,
    customer_is_not_former,
    neither_contract_nor_customer_is_referred,
)
from referral_core.values.errors import Reason
from referral_core.values.moment import LATEST, Calendar
from tests.phrases import TICK, at, contract, euros, group, period
from tests.strategies import GRID, tick, ticks

CONCLUDED: Final = "2021-06-01 12:00"
REFERRER: Final = group("referrer").giving("10").from_("2000-01-01")
REFEREE: Final = group("referee-self-service").giving("7").from_("2000-01-01")


def facts(when: datetime | None = None, /, **other: Any) -> Facts:  # noqa: ANN401 - any of the facts
    """Return the facts of a code that can be used by a new customer B, except for what is said to be otherwise."""
    moment = when or at(CONCLUDED)
    usable = Facts(
        code="A123",
        judged_at=moment,
        concluded_at=moment,
        code_status=CodeStatus.ACTIVE,
        referrer_customer="A",
        referrer_terms=REFERRER.done.terms_at(moment),
        referee_terms=REFEREE.done.terms_at(moment),
        customer="B",
    )
    return attrs.evolve(usable, **other)


def against(asked: Facts) -> list[str]:
    """Return the reasons against using the code, as words."""
    return [reason.value for reason in decide(asked).reasons]


# ── the tuple ─────────────────────────────────────────────────────────────────────────────────────────────────────────

BROKEN: Final[dict[str, dict[str, object]]] = {
    "code-unknown": {"code_status": None, "referrer_customer": None},
    "code-pending": {"code_status": CodeStatus.PENDING},
    "code-ended": {"code_status": CodeStatus.ENDED},
    "existing-customer": {"contracts": (contract(activated="2021-02-01"),)},
    "former-customer": {"contracts": (contract(activated="2021-02-01", terminated="2021-03-01"),)},
    "self-referral": {"referrer_customer": "B"},
    "already-referred": {"referred": True},
    "not-eligible": {"covered": False},
    "no-amount": {"referee_terms": None},
    "group-disabled": {"referrer_terms": REFERRER.disabled("2021-05-01").done.terms_at(at(CONCLUDED))},
}
"""What breaks each rule alone, in the order of the rulebook's table of reasons."""


def test_rules_stand_in_the_order_of_reasons() -> None:
    broken = [facts(**change) for change in BROKEN.values()]
    found = [next(reason for one in broken if (reason := rule(one))) for rule in RULES]
    assert found == list(Reason)[: len(RULES)]
    assert [reason.value for reason in found] == list(BROKEN)


@pytest.mark.rule("S1", "S2", "S3", "S4", "S5", "S11", "D8")
@pytest.mark.parametrize(("reason", "change"), BROKEN.items())
def test_each_rule_alone_gives_its_reason_and_no_other(reason: str, change: dict[str, object]) -> None:
    assert against(facts(**change)) == [reason]


@pytest.mark.rule("S5")
def test_without_anything_against_it_a_code_can_be_used() -> None:
    assert against(facts()) == []


@pytest.mark.rule("S5")
def test_all_reasons_that_can_be_known_are_given() -> None:
    everything: dict[str, object] = {}
    for reason in ("existing-customer", "self-referral", "already-referred", "not-eligible", "group-disabled"):
        everything |= BROKEN[reason]
    everything |= BROKEN["no-amount"] | BROKEN["code-ended"]
    assert against(facts(**everything)) == [
        "code-ended",
        "existing-customer",
        "self-referral",
        "already-referred",
        "not-eligible",
        "no-amount",
        "group-disabled",
    ]


# ── the code ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    ("status", "unknown", "pending", "ended"),
    [
        (None, Reason.CODE_UNKNOWN, None, None),
        (CodeStatus.PENDING, None, Reason.CODE_PENDING, None),
        (CodeStatus.ACTIVE, None, None, None),
        (CodeStatus.ENDED, None, None, Reason.CODE_ENDED),
    ],
)
def test_a_code_is_known_has_started_and_has_not_ended(
    status: CodeStatus | None, unknown: Reason | None, pending: Reason | None, ended: Reason | None
) -> None:
    asked = facts(code_status=status)
    assert (code_is_known(asked), code_has_started(asked), code_has_not_ended(asked)) == (unknown, pending, ended)


# ── the customer: S1 and S2 ───────────────────────────────────────────────────────────────────────────────────────────

MARCH: Final = at("2021-03-01")
SUMMER: Final = contract(concluded="2021-01-15", activated="2021-03-01", terminated="2021-09-01")
"""In force from March to September."""


@pytest.mark.rule("S1", "S2")
@pytest.mark.parametrize(
    ("when", "expected"),
    [
        pytest.param(at("2021-01-15") - TICK, [], id="before it was concluded"),
        pytest.param(at("2021-01-15"), [], id="concluded is not active"),
        pytest.param(MARCH - TICK, [], id="just before its activation"),
        pytest.param(MARCH, ["existing-customer"], id="at its activation"),
        pytest.param(MARCH + TICK, ["existing-customer"], id="just after its activation"),
        pytest.param(at("2021-09-01") - TICK, ["existing-customer"], id="just before its termination"),
        pytest.param(at("2021-09-01"), ["former-customer"], id="at its termination"),
        pytest.param(at("2021-09-01") + TICK, ["former-customer"], id="just after its termination"),
        pytest.param(at("2031-09-01"), ["former-customer"], id="years later"),
    ],
)
def test_a_customer_is_existing_while_a_contract_is_active_and_former_afterwards(
    when: datetime, expected: list[str]
) -> None:
    assert against(facts(when, contracts=(SUMMER,))) == expected


@pytest.mark.rule("S1")
@pytest.mark.parametrize("moment", ["judged_at", "concluded_at"])
def test_the_customer_is_judged_at_the_concluding_moment(moment: str) -> None:
    asked = facts(MARCH - TICK, contracts=(SUMMER,), **{moment: MARCH})
    expected = Reason.EXISTING_CUSTOMER if moment == "concluded_at" else None
    assert customer_has_no_active_contract(asked) is expected
    assert customer_is_not_former(asked) is None


@pytest.mark.rule("S1", "S2")
@pytest.mark.parametrize(
    ("contracts", "expected"),
    [
        pytest.param([contract()], [], id="only concluded"),
        pytest.param([contract(withdrawn="2021-02-01")], [], id="withdrawn, so never active"),
        pytest.param([contract(activated="2021-02-01")], ["existing-customer"], id="active, open-ended"),
        pytest.param(
            [contract("K2", activated="2021-02-01", terminated="2021-03-01"), contract("K1", activated="2021-04-01")],
            ["existing-customer"],
            id="one ended, another active",
        ),
        pytest.param(
            [contract("K1", activated="2021-04-01"), contract("K2", activated="2021-02-01", terminated="2021-03-01")],
            ["existing-customer"],
            id="one active, another ended",
        ),
        pytest.param(
            [contract("K1", activated="2021-02-01", terminated="2021-03-01"), contract("K2")],
            ["former-customer"],
            id="one ended, another only concluded",
        ),
        pytest.param(
            [contract("K1"), contract("K2", activated="2021-02-01", terminated="2021-03-01")],
            ["former-customer"],
            id="one only concluded, another ended",
        ),
        pytest.param(
            [contract("K1", activated="2021-02-01", terminated="2021-03-01"), contract("K2", activated="2021-07-01")],
            ["former-customer"],
            id="one ended, another active only later",
        ),
        pytest.param(
            [contract(activated="2021-02-01", terminated="2021-02-01")],
            ["former-customer"],
            id="activated and terminated at one moment",
        ),
    ],
)
def test_existing_and_former_customers(contracts: list[Contract], expected: list[str]) -> None:
    assert against(facts(contracts=tuple(contracts))) == expected


@pytest.mark.rule("S1", "S2")
@pytest.mark.parametrize(
    ("product", "looked_at", "existing", "former"),
    [
        ("gas", None, "existing-customer", "former-customer"),
        ("gas", ("electricity",), None, None),
        ("gas", ("electricity", "gas"), "existing-customer", "former-customer"),
        ("electricity", ("electricity",), "existing-customer", "former-customer"),
        ("electricity", (), None, None),
    ],
)
def test_a_programme_may_look_at_some_products_only(
    product: str, looked_at: tuple[str, ...] | None, existing: str | None, former: str | None
) -> None:
    active = contract(activated="2021-02-01", product=product)
    ended = contract(activated="2021-02-01", terminated="2021-03-01", product=product)
    setting = {"existing_customer_products": looked_at}
    assert against(facts(contracts=(active,), **setting)) == ([existing] if existing else [])
    assert against(facts(contracts=(ended,), **setting)) == ([former] if former else [])


@pytest.mark.rule("S1", "S2")
@pytest.mark.parametrize(("ended", "reason"), [(None, "existing-customer"), ("2021-03-01", "former-customer")])
def test_a_product_that_is_not_looked_at_does_not_hide_one_that_is(ended: str | None, reason: str) -> None:
    gas = contract("K1", activated="2021-02-01", product="gas")
    power = contract("K2", activated="2021-02-01", terminated=ended)
    for contracts in ((gas, power), (power, gas)):
        assert against(facts(contracts=contracts, existing_customer_products=("electricity",))) == [reason]


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    ("absence", "ended", "returns"),
    [
        pytest.param(relativedelta(years=1), "2021-03-01", "2022-03-01", id="a year"),
        pytest.param(relativedelta(years=1), "2019-09-15 10:30", "2020-09-15 10:30", id="a year over a leap day"),
        pytest.param(relativedelta(years=1), "2020-02-29 12:00", "2021-02-28 12:00", id="a year from a leap day"),
        pytest.param(relativedelta(years=4), "2020-02-29 12:00", "2024-02-29 12:00", id="leap day to leap day"),
        pytest.param(relativedelta(months=2), "2020-12-31 12:00", "2021-02-28 12:00", id="months to a shorter one"),
        pytest.param(relativedelta(days=30), "2021-01-31 12:00", "2021-03-02 12:00", id="days"),
        pytest.param(relativedelta(years=1, months=2), "2019-12-31 12:00", "2021-02-28 12:00", id="years and months"),
    ],
)
def test_who_stayed_away_long_enough_is_new_again(absence: relativedelta, ended: str, returns: str) -> None:
    left = (contract(concluded="2018-01-01", activated="2018-02-01", terminated=ended),)
    for when, expected in (
        (at(ended), ["former-customer"]),
        (at(returns) - TICK, ["former-customer"]),
        (at(returns), []),
        (at(returns) + TICK, []),
    ):
        assert against(facts(when, contracts=left, returning_after=absence)) == expected


@pytest.mark.rule("S2")
def test_absence_counts_from_the_last_contract_that_ended() -> None:
    first = contract("K1", concluded="2020-01-01", activated="2020-01-15", terminated="2020-02-01")
    last = contract("K2", concluded="2020-01-01", activated="2020-01-10", terminated="2020-09-01")
    for contracts in ((first, last), (last, first)):
        asked = facts(contracts=contracts, returning_after=relativedelta(years=1))
        assert against(attrs.evolve(asked, concluded_at=at("2021-09-01") - TICK)) == ["former-customer"]
        assert against(attrs.evolve(asked, concluded_at=at("2021-09-01"))) == []


@pytest.mark.rule("S2")
def test_absence_does_not_count_from_a_product_that_is_not_looked_at() -> None:
    power = contract("K1", concluded="2020-01-01", activated="2020-01-15", terminated="2020-02-01")
    gas = contract("K2", concluded="2020-01-01", activated="2020-01-15", terminated="2021-05-01", product="gas")
    setting = {"existing_customer_products": ("electricity",), "returning_after": relativedelta(years=1)}
    assert against(facts(contracts=(power, gas), **setting)) == []


@pytest.mark.rule("S1", "S2")
def test_who_stayed_away_long_enough_and_came_back_is_an_existing_customer() -> None:
    left = contract("K1", concluded="2019-01-01", activated="2019-01-15", terminated="2019-02-01")
    back = contract("K2", activated="2021-05-01")
    asked = facts(contracts=(left, back), returning_after=relativedelta(years=1))
    assert against(asked) == ["existing-customer"]


@pytest.mark.rule("S2", "M1")
@pytest.mark.parametrize(
    ("zone", "returns"),
    [("UTC", "2021-08-28T22:00:00+00:00"), ("Europe/Tallinn", "2021-08-31T21:00:00+00:00")],
)
def test_absence_is_counted_by_the_clocks_of_the_calendar(zone: str, returns: str) -> None:
    left = contract(activated="2021-02-01", terminated="2021-03-01")
    setting = {"returning_after": relativedelta(months=6), "calendar": Calendar(zone)}
    assert against(facts(at(returns) - TICK, contracts=(left,), **setting)) == ["former-customer"]
    assert against(facts(at(returns), contracts=(left,), **setting)) == []


@pytest.mark.rule("S2")
@pytest.mark.parametrize("absence", [relativedelta(years=LONGEST_YEARS), relativedelta(days=LONGEST_DAYS)])
def test_the_longest_absence_can_be_counted_from_any_moment(absence: relativedelta) -> None:
    left = attrs.evolve(SUMMER, ended_at=LATEST - timedelta(days=1))
    assert against(facts(LATEST, contracts=(left,), returning_after=absence)) == ["former-customer"]


# ── the customer: S3, S4, and nobody in particular ────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("customer", "referrer", "expected"),
    [("A", "A", Reason.SELF_REFERRAL), ("B", "A", None), ("B", None, None), (None, "A", None), (None, None, None)],
)
def test_a_customers_own_code_is_refused(customer: str | None, referrer: str | None, expected: Reason | None) -> None:
    assert code_is_somebody_elses(facts(customer=customer, referrer_customer=referrer)) is expected


@pytest.mark.rule("S3")
@pytest.mark.parametrize("status", CodeStatus)
def test_ones_own_code_is_ones_own_whatever_its_status(status: CodeStatus) -> None:
    assert "self-referral" in against(facts(referrer_customer="B", code_status=status))


@pytest.mark.rule("S4")
@pytest.mark.parametrize(("referred", "expected"), [(True, Reason.ALREADY_REFERRED), (False, None)])
def test_who_is_referred_cannot_be_again(referred: bool, expected: Reason | None) -> None:
    assert neither_contract_nor_customer_is_referred(facts(referred=referred)) is expected


@pytest.mark.rule("S5")
def test_without_a_customer_the_reasons_about_the_customer_are_left_out() -> None:
    nobody: dict[str, object] = {"customer": None, "contracts": (), "referred": False}
    assert against(facts(**nobody)) == []
    assert against(facts(**nobody, code_status=CodeStatus.ENDED, referee_terms=None)) == ["code-ended", "no-amount"]
    assert against(facts(**nobody, code_status=None, referrer_customer=None, covered=False)) == [
        "code-unknown",
        "not-eligible",
    ]


# ── the programme: S11 and D8 ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S11")
@pytest.mark.parametrize(("covered", "expected"), [(True, None), (False, Reason.NOT_ELIGIBLE)])
def test_a_contract_outside_the_programme_is_refused(covered: bool, expected: Reason | None) -> None:
    assert contract_is_covered(facts(covered=covered)) is expected


NOTHING: Final = Terms("gone", GroupStatus.ENABLED, None, None)
ZERO: Final = Terms("zero", GroupStatus.ENABLED, euros("0"), period("2021-01-01 .."))
SEVEN: Final = Terms("seven", GroupStatus.ENABLED, euros("7"), period("2021-01-01 .."))
OFF: Final = attrs.evolve(SEVEN, status=GroupStatus.DISABLED)
EMPTY: Final = attrs.evolve(NOTHING, status=GroupStatus.DISABLED)


@pytest.mark.rule("D8")
@pytest.mark.parametrize("side", ["referrer_terms", "referee_terms"])
@pytest.mark.parametrize(
    ("terms", "amount", "enabled"),
    [
        pytest.param(SEVEN, None, None, id="in force"),
        pytest.param(ZERO, None, None, id="zero is an amount"),
        pytest.param(NOTHING, Reason.NO_AMOUNT, None, id="no amount at the moment"),
        pytest.param(None, Reason.NO_AMOUNT, None, id="no group"),
        pytest.param(OFF, None, Reason.GROUP_DISABLED, id="disabled"),
        pytest.param(EMPTY, Reason.NO_AMOUNT, Reason.GROUP_DISABLED, id="disabled, and no amount"),
    ],
)
def test_both_sides_need_an_amount_and_an_enabled_group(
    side: str, terms: Terms | None, amount: Reason | None, enabled: Reason | None
) -> None:
    asked = facts(**{side: terms})
    assert (both_amounts_are_in_force(asked), both_groups_are_enabled(asked)) == (amount, enabled)


@pytest.mark.rule("D8")
def test_a_side_without_anything_does_not_hide_the_other_side() -> None:
    assert against(facts(referrer_terms=None, referee_terms=OFF)) == ["no-amount", "group-disabled"]
    assert against(facts(referrer_terms=OFF, referee_terms=None)) == ["no-amount", "group-disabled"]
    assert against(facts(referrer_terms=None, referee_terms=None)) == ["no-amount"]
    assert against(facts(referrer_terms=OFF, referee_terms=OFF)) == ["group-disabled"]


# ── against the rulebook, told once more ──────────────────────────────────────────────────────────────────────────────

HOURS: Final = tuple(tick(number) + timedelta(hours=hours) for number in range(GRID + 1) for hours in (0, 11))


def of_record(told: Contract) -> list[tuple[datetime, str]]:
    """Return what became of a contract and when, as a logbook: the last line at or before a moment is how it stood."""
    ending = "withdrawn" if told.activated_at is None else "ended"
    lines = [(told.activated_at, "active"), (told.ended_at, ending)]
    return [(moment, word) for moment, word in lines if moment is not None]


def stood(told: Contract, when: datetime) -> str:
    """Return how a contract stood at a moment."""
    return next((word for moment, word in reversed(of_record(told)) if moment <= when), "not yet")


def rulebook(asked: Facts) -> list[str]:
    """Return the reasons that S1 to S5, S11 and D8 give, taken from their wording and not from the code."""
    reasons = []
    reasons += {None: ["code-unknown"], "pending": ["code-pending"], "ended": ["code-ended"]}.get(asked.code_status, [])
    looked_at = [
        told
        for told in asked.contracts
        if asked.existing_customer_products is None or told.product in asked.existing_customer_products
    ]
    standing = {told.id: stood(told, asked.concluded_at) for told in looked_at}
    if "active" in standing.values():
        reasons.append("existing-customer")
    elif "ended" in standing.values():
        ends = [moment for told in looked_at for moment, word in of_record(told) if word == "ended"]
        left = max(moment for moment in ends if moment <= asked.concluded_at)
        if asked.returning_after is None or asked.concluded_at < left + asked.returning_after:
            reasons.append("former-customer")
    reasons += ["self-referral"] if asked.customer in {asked.referrer_customer} - {None} else []
    reasons += ["already-referred"] if asked.referred else []
    reasons += [] if asked.covered else ["not-eligible"]
    sides = [asked.referrer_terms, asked.referee_terms]
    reasons += ["no-amount"] if any(terms is None or terms.amount is None for terms in sides) else []
    reasons += ["group-disabled"] if any(terms and terms.status == "disabled" for terms in sides) else []
    return reasons


@st.composite
def customers_contracts(draw: st.DrawFn) -> tuple[Contract, ...]:
    """Draw up to three contracts of a customer, whose moments often coincide."""
    count = draw(st.sampled_from((0, 1, 2, 2, 3, 3)))
    return tuple(draw(one_contract(f"K{number}")) for number in range(count))


@st.composite
def one_contract(draw: st.DrawFn, named: str) -> Contract:
    concluded, second, third = sorted(draw(st.tuples(ticks(), ticks(), ticks())))
    told = attrs.evolve(contract(named), concluded_at=concluded, product=draw(st.sampled_from(("electricity", "gas"))))
    match draw(st.sampled_from(("concluded", "withdrawn", "active", "terminated"))):
        case "withdrawn":
            return told.withdrawn(second)
        case "active":
            return told.activated(second)
        case "terminated":
            return told.activated(second).terminated(third)
    return told


@st.composite
def all_facts(draw: st.DrawFn) -> Facts:
    """Draw facts of every kind; without a customer there are no contracts of one, and no referral."""
    customer = draw(st.sampled_from((None, "A", "B", "B", "B")))
    status = draw(st.none() | st.sampled_from(CodeStatus))
    terms = st.sampled_from((SEVEN, SEVEN, ZERO, NOTHING, OFF, EMPTY, None))
    return Facts(
        code="A123",
        judged_at=draw(st.sampled_from(HOURS)),
        concluded_at=draw(st.sampled_from(HOURS)) + draw(st.sampled_from((-TICK, timedelta(), TICK))),
        code_status=status,
        referrer_customer=None if status is None else "A",
        referrer_terms=draw(terms),
        referee_terms=draw(terms),
        covered=draw(st.booleans()),
        customer=customer,
        contracts=draw(customers_contracts()) if customer else (),
        referred=bool(customer) and draw(st.booleans()),
        existing_customer_products=draw(st.sampled_from((None, None, ("electricity",), ("electricity", "gas"), ()))),
        returning_after=draw(st.sampled_from((None, relativedelta(days=3), relativedelta(months=1)))),
    )


@pytest.mark.rule("S1", "S2", "S3", "S4", "S5", "S11", "D8")
@given(all_facts())
def test_the_reasons_are_those_of_the_rulebook_in_its_order(asked: Facts) -> None:
    expected = tuple(Reason(word) for word in rulebook(asked))
    assert decide(asked).reasons == expected
    assert sorted(expected, key=list(Reason).index) == list(expected)
    assert [reason for rule in RULES if (reason := rule(asked))] == list(expected)
