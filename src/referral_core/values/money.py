"""Money: an exact decimal with a currency (M3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import total_ordering
from typing import Final

import attrs

from referral_core.values.errors import Reason, Refusal

CENT: Final = Decimal("0.01")
_EXACT: Final = Context(prec=40, traps=[Inexact, InvalidOperation])
"""The context of all arithmetic, so that the host's decimal context never matters."""
CEILING: Final = Decimal(10) ** 12
"""Amounts stay below this, so that sums of many millions of them stay exact in 28 digits."""

_PLAIN: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)


def _invalid(value: object, why: str) -> Refusal:
    # Python refuses to write out an int of thousands of digits, so a huge number is not shown.
    shown = "the number" if isinstance(value, int) and abs(value) >= CEILING else repr(str(value)[:40])
    return Refusal(Reason.AMOUNT_INVALID, message=f"{shown} is not an amount: {why}", field="amount")


def _exact(value: Decimal | str | int) -> Decimal:
    """Return ``value`` with two decimals, refusing what is not an amount."""
    if isinstance(value, str):
        if not _PLAIN.fullmatch(value):
            raise _invalid(value, "plain digits with at most two decimals are")
        return _EXACT.quantize(_EXACT.create_decimal(value), CENT)
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise _invalid(value, "only decimals, whole numbers and their text are")
    decimal = Decimal(value)
    if not decimal.is_finite() or decimal.is_signed() or decimal >= CEILING:
        raise _invalid(value, "it must be finite, not negative and below 10^12")
    try:
        return _EXACT.quantize(decimal, CENT)
    except Inexact:
        raise _invalid(value, "it has more than two decimals") from None


@total_ordering
@attrs.frozen(repr=False, order=False)
class Money:
    """An amount of money, in whole cents, never negative (M3).

    Made from a :class:`~decimal.Decimal`, an ``int`` or plain digits as text; a float is refused, as is anything
    else, with ``amount-invalid``. Two currencies never mix: ``currency-mismatch``.

    >>> Money("10") + Money("2.5")
    Money('12.50', 'EUR')
    >>> sum([Money("1"), Money("2")]), 3 * Money("2.50")
    (Money('3.00', 'EUR'), Money('7.50', 'EUR'))
    >>> f"{Money('2.5'):>12}"
    '    2.50 EUR'
    """

    amount: Decimal = attrs.field(converter=_exact)
    currency: str = "EUR"

    def __repr__(self) -> str:
        return f"Money('{self.amount}', {self.currency!r})"

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def __format__(self, spec: str) -> str:
        """Format the amount as its text is formatted."""
        return format(str(self), spec)

    def __bool__(self) -> bool:
        """Tell whether the amount is above zero."""
        return bool(self.amount)

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __radd__(self, other: int) -> Money:
        """Return the amount itself when it is added to a plain 0, the start value of :func:`sum`."""
        return self if type(other) is int and other == 0 else NotImplemented

    def __sub__(self, other: Money) -> Money:
        """Return the difference; refuse with ``amount-invalid`` when it would be negative."""
        if not isinstance(other, Money):
            return NotImplemented
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __mul__(self, count: int) -> Money:
        """Return ``count`` times the amount; refuse a negative or broken ``count`` with ``amount-invalid``."""
        if type(count) is not int or count < 0:
            raise _invalid(count, "only a whole number, not negative, multiplies one")
        return Money.of_cents(self.cents * count, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def _same(self, other: Money) -> Decimal:
        check_currency(other, self.currency)
        return other.amount

    @property
    def cents(self) -> int:
        """The amount in whole cents."""
        return int("".join(map(str, self.amount.as_tuple().digits)))

    @classmethod
    def of_cents(cls, cents: int, currency: str = "EUR") -> Money:
        """Return an amount of so many whole cents, which must not be negative."""
        if type(cents) is not int or abs(cents) >= 100 * CEILING:
            raise _invalid(cents, "only whole cents below 10^14 are")
        return cls(_EXACT.scaleb(_EXACT.create_decimal(cents), -2), currency)

    @classmethod
    def zero(cls, currency: str = "EUR") -> Money:
        """Return an amount of zero in ``currency``."""
        return cls(Decimal(0), currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str = "EUR") -> Money:
        """Return the sum of ``amounts``, zero in ``currency`` when there are none."""
        return sum(amounts, cls.zero(currency))


def check_currency(amount: Money, currency: str) -> None:
    """Refuse with ``currency-mismatch`` an amount that is in another currency (M3)."""
    if amount.currency != currency:
        raise Refusal(Reason.CURRENCY_MISMATCH, message=f"{amount} is not in {currency}", field="amount")
