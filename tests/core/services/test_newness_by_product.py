"""Whom a code is for may depend on the product of the new contract: solar for those who have electricity (S12)."""

from __future__ import annotations

from typing import Any, Final

import attrs
import pytest

from tests.office import HOUSEHOLD, Office
from tests.phrases import refused

pytestmark = pytest.mark.rule("S12")

SOLAR: Final = attrs.evolve(
    HOUSEHOLD,
    products=("electricity", "solar"),
    existing_customer_by_product={"solar": ("solar",)},
)


def market(**settings: Any) -> tuple[Office, str]:  # noqa: ANN401 - settings by name
    """Return an office that sells solar to its customers, where A's code is active."""
    office = Office(attrs.evolve(SOLAR, **settings)).with_amounts()
    return office, office.referrer("A")


def against(office: Office, code: str, product: str | None, when: str = "2021-04-01") -> list[str]:
    return [each.value for each in office.session(when).codes.check(code, customer="b", product=product).reasons]


@pytest.mark.rule("S1", "S2")
def test_solar_is_sold_by_code_to_those_who_have_electricity() -> None:
    office, code = market()
    office.supplied("K-B", on="B", product="electricity")
    assert against(office, code, "solar") == []
    assert against(office, code, "electricity") == against(office, code, None) == ["existing-customer"]
    office.terminated("K-B", "2021-03-01")
    assert against(office, code, "solar") == []
    assert against(office, code, "electricity") == ["former-customer"]
    office.supplied("K-B2", on="B", product="solar", when="2021-03-02 12:00")
    assert against(office, code, "solar") == ["existing-customer"]


@pytest.mark.rule("S1")
def test_a_product_without_a_list_has_that_of_all() -> None:
    office, code = market(existing_customer_products=("electricity",))
    office.supplied("K-B", on="B", product="solar")
    assert against(office, code, "electricity") == []
    assert against(office, code, "solar") == ["existing-customer"]


@pytest.mark.rule("S4")
def test_a_customer_is_referred_once_for_each_list() -> None:
    office, code = market()
    assert office.concluded("K-B", on="B", code=code).referral is not None
    office.activated("K-B", "2021-02-02")
    assert office.concluded("K-B2", on="B", code=code, product="solar", when="2021-02-03", channel="fair").referral
    assert [each.contract for each in office.store.referrals.live_of("b")] == ["K-B", "K-B2"]
    assert "already-referred" in against(office, code, "solar")
    assert against(office, code, "electricity") == ["existing-customer", "already-referred"]
    office.withdrawn("K-B2", "2021-02-04")
    assert against(office, code, "solar") == []


@pytest.mark.rule("S4")
def test_without_a_list_every_referral_counts() -> None:
    """The products of all say who is an existing customer, and not whose referrals count."""
    office, code = market(existing_customer_products=("electricity",), existing_customer_by_product={})
    assert office.concluded("K-B", on="B", code=code).referral is not None
    assert against(office, code, "solar") == ["already-referred"]


@pytest.mark.rule("S4")
def test_a_contract_carries_one_referral_whatever_the_list() -> None:
    """Even where the list leaves out the contract's own product."""
    office, code = market(existing_customer_by_product={"solar": ("heat",)})
    assert office.concluded("K-B", on="B", code=code, product="solar").referral is not None
    other = office.referrer("C")
    with refused("already-referred"):
        office.session("2021-02-02").sign_ups.attach("K-B", code=other)
