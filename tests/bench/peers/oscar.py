"""The vouchers of django-oscar, by its own methods; a code is a voucher that each customer can use once.

A check does what entering a voucher does before it goes to a basket: it is read, in its period, and not used by this
customer yet; what it gives is left out. Recording does what placing an order does with a voucher, in one transaction:
an order, without lines, and the voucher locked, checked and its usage recorded. The second step is the discount that
placing an order records, in a transaction of its own since it comes later: the discount of the order, and the totals
of offer and voucher. All vouchers share the one offer, as they do where it is a campaign, so they share the row of its
totals too.

What it leaves out, and ours does: effective periods for each group, amounts that are locked when the contract is
concluded, whether the customer is new (only whether this very voucher was used before), whose code it is and what its
owner earns, a trace, exactly-once, and a code for the newcomer. Neither sessions nor reading the user cost anything.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from peers.client import Contender, Population, main, text_of
from peers.django_setup import execute, load_people, make_tables, set_up, tidy

AMOUNT: Final = Decimal("7.00")


class Oscar:
    """Vouchers of oscar on a database."""

    def __init__(self, population: Population) -> None:
        from django.contrib.auth.models import User  # noqa: PLC0415 - not before Django is set up
        from django.db import transaction  # noqa: PLC0415 - likewise
        from oscar.apps.offer.results import BasketDiscount  # noqa: PLC0415 - likewise
        from oscar.apps.order.utils import OrderCreator  # noqa: PLC0415 - likewise
        from oscar.core.loading import get_model  # noqa: PLC0415 - likewise

        self._user, self._atomic, self._result = User, transaction.atomic, BasketDiscount
        self._creator = OrderCreator()
        self._order, self._voucher = get_model("order", "Order"), get_model("voucher", "Voucher")
        self._application = get_model("voucher", "VoucherApplication")
        self._population = population

    def check(self, code: int) -> None:
        """Read a voucher, and whether it can be used by a customer."""
        voucher = self._voucher.objects.get(code=text_of(code))
        assert not voucher.is_expired()
        assert voucher.is_active()
        assert voucher.is_available_to_user(self._user(pk=1 + (code + 1) % self._population.codes))[0]

    def record(self, code: int, newcomer: int) -> None:
        """Place an order with a voucher."""
        from django.utils import timezone  # noqa: PLC0415 - not before Django is set up

        user = self._newcomer(newcomer)
        with self._atomic():
            order = self._order.objects.create(
                number=f"order-{newcomer}",
                user=user,
                currency="EUR",
                total_incl_tax=0,
                total_excl_tax=0,
                date_placed=timezone.now(),
            )
            voucher = self._voucher.objects.select_for_update().get(code=text_of(code))
            assert voucher.is_active()
            assert voucher.is_available_to_user(user)[0]
            self._creator.record_voucher_usage(order, voucher, user)

    def activate(self, newcomer: int) -> None:
        """Record the discount of an order that was placed with a voucher."""
        with self._atomic():
            application = self._application.objects.select_related("order").get(order__number=f"order-{newcomer}")
            voucher = self._voucher.objects.select_for_update().get(pk=application.voucher_id)
            discount = {
                "offer": voucher.offers.first(),
                "voucher": voucher,
                "message": "",
                "freq": 1,
                "discount": AMOUNT,
                "result": self._result(AMOUNT),
            }
            self._creator.create_discount_model(application.order, discount)
            self._creator.record_discount(discount)

    def _newcomer(self, number: int) -> Any:  # noqa: ANN401 - a model of Django's
        return self._user(pk=self._population.codes + 1 + number)


def _set_up(url: str) -> None:
    from oscar import INSTALLED_APPS, defaults  # noqa: PLC0415 - which it is not to be without Django

    own = {name: value for name, value in vars(defaults).items() if name.isupper()}
    simple = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
    set_up(url, **own, INSTALLED_APPS=INSTALLED_APPS, HAYSTACK_CONNECTIONS=simple)


def _prepare(url: str, population: Population) -> None:
    _set_up(url)
    make_tables()
    load_people(population)
    offer = _offer()
    execute(
        "INSERT INTO voucher_voucher (id, name, code, usage, start_datetime, end_datetime, num_basket_additions,"
        " num_orders, total_discount, date_created) SELECT n + 1, 'voucher-' || n, 'C' || lpad(n::text, 7, '0'),"
        " 'Once per customer', now() - %s, now() + %s, 0, 0, 0, now() FROM generate_series(0, %s - 1) n",
        timedelta(days=400),
        timedelta(days=400),
        population.codes,
    )
    execute(
        "INSERT INTO voucher_voucher_offers (voucher_id, conditionaloffer_id)"
        " SELECT n, %s FROM generate_series(1, %s) n",
        offer,
        population.codes,
    )
    tidy()


def _offer() -> int:
    """Make the offer that all vouchers give, and return its id."""
    from oscar.core.loading import get_model  # noqa: PLC0415 - not before Django is set up

    everything = get_model("offer", "Range").objects.create(name="everything", includes_all_products=True)
    condition = get_model("offer", "Condition").objects.create(range=everything, type="Count", value=1)
    benefit = get_model("offer", "Benefit").objects.create(range=everything, type="Absolute", value=AMOUNT)
    offer = get_model("offer", "ConditionalOffer").objects.create(
        name="a friend's code", offer_type="Voucher", condition=condition, benefit=benefit
    )
    return int(offer.pk)


def _opened(url: str, population: Population) -> Contender:
    _set_up(url)
    return Oscar(population)


if __name__ == "__main__":
    main(_prepare, _opened)
