"""Money: exact, in one currency, never negative, never a float."""

from __future__ import annotations

import operator
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from referral_core.values.money import CEILING, Money, check_currency
from tests.phrases import euros, refused
from tests.strategies import cents, money

if TYPE_CHECKING:
    from collections.abc import Callable

HIGHEST = "999999999999.99"


def in_cents(amount: Money) -> int:
    """Return an amount in whole cents, reckoned without the class under test."""
    return int(Fraction(str(amount.amount)) * 100)


def of_cents(count: int) -> Money:
    return Money(f"{count // 100}.{count % 100:02}")


# ── what is an amount ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M3")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("7", "7.00"),
        ("7.5", "7.50"),
        ("7.05", "7.05"),
        ("0", "0.00"),
        ("007", "7.00"),
        (HIGHEST, HIGHEST),
        (0, "0.00"),
        (12, "12.00"),
        (10**12 - 1, "999999999999.00"),
        (Decimal("0.01"), "0.01"),
        (Decimal("7.5000"), "7.50"),
        (Decimal("1E2"), "100.00"),
        (Decimal("1." + "0" * 60), "1.00"),
        (Decimal(HIGHEST), HIGHEST),
    ],
)
def test_whole_cents_are_taken(value: Decimal, text: str) -> None:
    assert str(Money(value).amount) == text


@pytest.mark.rule("M3")
@pytest.mark.parametrize(
    "value",
    [
        7.0,
        0.1,
        float("nan"),
        float("inf"),
        True,
        False,
        None,
        b"7",
        Fraction(7, 2),
        7 + 0j,
        (0, (7,), 0),
        "",
        " ",
        "-1",
        "-0",
        "+1",
        " 7",
        "7 ",
        "7\n",
        "\n7",
        "1e2",
        "1E+2",
        "NaN",
        "sNaN",
        "Infinity",
        "1.234",
        "1.230",
        "0.001",
        "1.",
        ".5",
        "1,5",
        "1_000",
        "1 000",
        "0x10",
        "1.2.3",
        "٧",  # seven, in Arabic-Indic digits
        "７",  # seven, full width
        "²",
        "1000000000000",
        "9" * 13,
        -1,
        -(10**30),
        10**12,
        10**30,
        Decimal("-0.01"),
        Decimal("-0"),
        Decimal("NaN"),
        Decimal("-NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("-Infinity"),
        Decimal("0.001"),
        Decimal("9.999"),
        Decimal("1E-30"),
        Decimal("1." + "0" * 60 + "1"),
        Decimal("1E-999999"),
        Decimal("1E+12"),
        Decimal("1E+999999"),
        CEILING - Decimal("0.001"),
    ],
    ids=repr,
)
def test_what_is_no_amount_is_refused(value: Decimal) -> None:
    with refused("amount-invalid", field="amount"):
        Money(value)


@pytest.mark.rule("M3")
def test_a_number_too_long_to_write_is_refused_like_any_other() -> None:
    with refused("amount-invalid", field="amount"):
        Money(10**5000)


@pytest.mark.rule("M3")
@given(st.text(st.sampled_from("0179.,-+eE _\n٧"), max_size=14) | st.text(max_size=6))
@example("12.50")
def test_a_text_is_plain_digits_or_refused(text: str) -> None:
    whole, point, part = text.partition(".")
    digits = set("0123456789")
    proper = 1 <= len(whole) <= 12 and set(whole) <= digits and len(part) <= 2 and set(part) <= digits
    if proper and bool(point) == bool(part):
        assert in_cents(Money(text)) == int(whole) * 100 + int(part.ljust(2, "0"))
    else:
        with refused("amount-invalid", field="amount"):
            Money(text)


@pytest.mark.rule("M3")
@given(cents(), st.integers(0, 9))
def test_thousandths_are_refused_unless_they_are_nought(count: int, thousandth: int) -> None:
    value = Decimal(count * 10 + thousandth).scaleb(-3)
    if thousandth:
        with refused("amount-invalid"):
            Money(value)
    else:
        assert Money(value) == of_cents(count)


# ── cents ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M3")
@given(cents())
def test_an_amount_is_so_many_cents(count: int) -> None:
    assert Money.of_cents(count) == of_cents(count)
    assert of_cents(count).cents == count
    assert Money.of_cents(count, "SEK") == Money(of_cents(count).amount, "SEK")


@pytest.mark.rule("M3")
def test_cents_below_nought_or_above_the_ceiling_are_refused() -> None:
    assert Money.of_cents(10**14 - 1) == euros(HIGHEST)
    for count in (-1, 10**14, 10**20, 10**5000):
        with refused("amount-invalid", field="amount"):
            Money.of_cents(count)


@pytest.mark.rule("M3")
@pytest.mark.parametrize("count", [150.0, 0.1, True, 10**45 + 1], ids=["float", "0.1", "bool", "huge"])
def test_only_whole_numbers_are_cents(count: int) -> None:
    with refused("amount-invalid", field="amount"):
        Money.of_cents(count)


# ── reckoning ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M3")
@given(cents(), cents())
def test_sums_are_exact(one: int, other: int) -> None:
    assert in_cents(of_cents(one) + of_cents(other)) == one + other
    assert of_cents(one) + of_cents(other) == of_cents(other) + of_cents(one)


@pytest.mark.rule("M3")
@given(st.lists(cents(), max_size=20))
def test_totals_are_exact(counts: list[int]) -> None:
    assert Money.total(map(of_cents, counts)) == of_cents(sum(counts))


@pytest.mark.rule("M3")
def test_ten_cents_ten_times_are_a_euro() -> None:
    assert Money.total([euros("0.10")] * 10) == euros("1")
    assert Money.total([]) == Money.zero() == euros("0")
    assert Money.total([], "SEK") == Money("0", "SEK")


@pytest.mark.rule("M3")
@given(cents(), cents())
def test_what_is_left_is_exact_and_never_negative(one: int, other: int) -> None:
    if one >= other:
        assert in_cents(of_cents(one) - of_cents(other)) == one - other
    else:
        with refused("amount-invalid", field="amount"):
            of_cents(one) - of_cents(other)


@pytest.mark.rule("M3")
@given(money(), money())
def test_adding_and_taking_away_again_leaves_what_was(one: Money, other: Money) -> None:
    assert one + other - other == one
    assert one - one == Money.zero()


@pytest.mark.rule("M3")
def test_a_sum_stays_below_the_ceiling() -> None:
    assert euros("999999999999.98") + euros("0.01") == euros(HIGHEST)
    with refused("amount-invalid"):
        euros(HIGHEST) + euros("0.01")


@pytest.mark.rule("M3")
@pytest.mark.parametrize("context", [Context(prec=4), Context(rounding=ROUND_FLOOR)], ids=["four digits", "floor"])
def test_a_host_that_reckons_otherwise_changes_nothing(context: Context) -> None:
    with localcontext(context):
        assert euros("99.99") + euros("0.02") == euros("100.01")
        assert euros("5") - euros("5") == euros("0")


@pytest.mark.rule("M3")
@given(cents(), cents())
@example(700, 700)
def test_amounts_are_ordered_as_their_cents_are(one: int, other: int) -> None:
    for compare in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
        assert compare(of_cents(one), of_cents(other)) == compare(one, other)


@pytest.mark.rule("M3")
def test_only_no_money_is_false() -> None:
    assert not euros("0")
    assert euros("0.01")


@pytest.mark.rule("M3")
@given(st.lists(cents(), min_size=1, max_size=20))
def test_amounts_add_up_without_a_start(counts: list[int]) -> None:
    assert sum(map(of_cents, counts)) == of_cents(sum(counts))


@pytest.mark.rule("M3")
@pytest.mark.parametrize("other", [1, False, 0.0, Decimal(0), "0", None], ids=repr)
def test_nothing_but_a_plain_nought_starts_a_sum(other: int) -> None:
    with pytest.raises(TypeError):
        sum([euros("1")], other)
    for act in (operator.add, operator.sub):
        with pytest.raises(TypeError):
            act(euros("1"), other)


@pytest.mark.rule("M3")
@given(cents(), st.integers(0, 100))
def test_so_many_times_an_amount_is_exact(count: int, times: int) -> None:
    assert of_cents(count) * times == times * of_cents(count) == Money.total([of_cents(count)] * times)
    assert (Money("7", "SEK") * times).currency == "SEK"


@pytest.mark.rule("M3")
@pytest.mark.parametrize("count", [-1, 1.0, 1.5, float("nan"), True, Decimal(2), Fraction(1, 2), "2", None], ids=repr)
def test_only_a_whole_number_multiplies(count: int) -> None:
    for amount in (euros("7"), euros("0")):
        with refused("amount-invalid", field="amount"):
            amount * count
        with refused("amount-invalid", field="amount"):
            count * amount


@pytest.mark.rule("M3")
def test_a_product_stays_below_the_ceiling() -> None:
    assert euros("999999999999") * 1 == euros("999999999999")
    for amount, count in ((euros(HIGHEST), 2), (euros("0.01"), 10**5000)):
        with refused("amount-invalid"):
            amount * count


# ── currencies ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M3")
@pytest.mark.parametrize(
    "act",
    [
        operator.add,
        operator.sub,
        operator.lt,
        operator.le,
        operator.gt,
        operator.ge,
        lambda one, other: Money.total([one, other]),
        lambda one, other: sum([one, other]),
        min,
    ],
)
def test_two_currencies_never_mix(act: Callable[[Money, Money], object]) -> None:
    with refused("currency-mismatch", field="amount"):
        act(Money("7", "EUR"), Money("5", "SEK"))


@pytest.mark.rule("M3")
def test_a_total_in_one_currency_takes_no_other() -> None:
    with refused("currency-mismatch"):
        Money.total([Money("5", "SEK")])
    assert Money.total([Money("5", "SEK"), Money("2", "SEK")], "SEK") == Money("7", "SEK")


@pytest.mark.rule("M3")
def test_an_amount_can_be_asked_for_in_a_currency() -> None:
    check_currency(Money("7", "SEK"), "SEK")
    with refused("currency-mismatch", field="amount", naming="7.00 SEK is not in EUR"):
        check_currency(Money("7", "SEK"), "EUR")


@pytest.mark.rule("M3")
def test_amounts_of_two_currencies_are_not_equal() -> None:
    assert Money("7", "EUR") != Money("7", "SEK")
    assert Money("0", "EUR") != Money("0", "SEK")


@pytest.mark.rule("M3")
def test_reckoning_keeps_the_currency() -> None:
    assert (Money("7", "SEK") + Money("5", "SEK")).currency == "SEK"
    assert (Money("7", "SEK") - Money("5", "SEK")).currency == "SEK"
    assert Money("7").currency == "EUR"


# ── a value's manners ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M3")
@given(money() | money("SEK"))
def test_an_amount_is_shown_as_one_writes_it(amount: Money) -> None:
    assert eval(repr(amount)) == amount
    assert str(amount) == f"{in_cents(amount) // 100}.{in_cents(amount) % 100:02} {amount.currency}"


@pytest.mark.rule("M3")
@given(money() | money("SEK"), st.sampled_from(["", ">20", "<20", "^20", "_>20", "s", ".3"]))
def test_an_amount_is_formatted_as_its_text_is(amount: Money, spec: str) -> None:
    assert format(amount, spec) == format(str(amount), spec)


@pytest.mark.rule("M3")
def test_an_amount_stands_in_a_column() -> None:
    assert f"{euros('7'):>12}|{euros('7')}" == "    7.00 EUR|7.00 EUR"
    with pytest.raises(ValueError, match="format"):
        f"{euros('7'):.2f}"


@pytest.mark.rule("M3")
def test_however_it_is_written_it_is_one_amount() -> None:
    one = {Money("7"), Money("7.0"), Money("7.00"), Money(7), Money(Decimal("7.000"))}
    assert one == {euros("7")}
    assert Decimal(7) not in one
    assert repr(Money(7)) == "Money('7.00', 'EUR')"


@pytest.mark.rule("M3")
def test_an_amount_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        euros("7").amount = Decimal(8)  # type: ignore[misc]  # it is frozen
    with refused("amount-invalid"):
        attrs.evolve(euros("7"), amount=Decimal(-1))
