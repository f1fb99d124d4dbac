"""The stories of customers, clicked through in a browser; each ends at the figures in billing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from examples.portal.world import World
from referral_core import Money
from tests.examples.portal.browser import Somebody
from tests.examples.portal.test_self_service import ANNAS

pytestmark = pytest.mark.long


@pytest.mark.rule("C11", "T1", "T2")
def test_anna_passes_her_code_on(somebody: Somebody, world: World) -> None:
    page = somebody.page
    somebody.becomes("Anna Kask")
    expect(page.locator(".code")).to_have_text(world.store.promo_codes.of_account(ANNAS)[-1].text)
    assert somebody.reads("sent") == "5"
    page.get_by_role("link", name="Russian").click()
    somebody.presses("Copy message")
    expect(page.locator("#sent")).to_have_text("6")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "укажи мой промокод" in copied
    assert f"{somebody.address}/ru/sign-up?code=" in copied
    page.evaluate("document.querySelector('[data-share=sms]').addEventListener('click', e => e.preventDefault())")
    page.get_by_role("link", name="Text message").click()
    expect(page.locator("#sent")).to_have_text("7")
    page.get_by_text("Show as a QR code").click()
    expect(page.get_by_role("img", name=f"{somebody.address}/ru/sign-up?code=")).to_be_visible()
    expect(page.locator("#sent")).to_have_text("8")
    assert world.store.promo_codes.times_shared(ANNAS) == 8
    page.get_by_role("link", name="English").click()
    somebody.pictures("my-code")


@pytest.mark.rule("S5", "S7", "B1", "B6", "T2")
def test_a_friend_signs_up_by_annas_link_and_both_pay_less(somebody: Somebody, world: World) -> None:
    page = somebody.page
    somebody.becomes("Anna Kask")
    link = page.locator("blockquote a").inner_text()
    before = world.store.billing.balance(ANNAS)
    somebody.becomes("Sign up as somebody new")
    page.goto(link)
    code = page.get_by_label("Promo code").input_value()
    expect(page.locator("#code-answer")).to_have_text("This code can be used: you will get €7 off your bills.")
    page.get_by_label("Promo code").fill(code[:-1])
    expect(page.locator("#code-answer")).to_have_text("This code cannot be used.")
    page.get_by_label("Promo code").press_sequentially(code[-1])
    expect(page.locator("#code-answer")).to_have_text("This code can be used: you will get €7 off your bills.")
    page.get_by_label("First and last name").fill("Nele Nurk")
    somebody.pictures("sign-up")
    somebody.presses("Conclude the contract")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Nele!")
    somebody.pictures("what-next")

    somebody.becomes("Anna Kask")
    assert (somebody.reads("used"), somebody.reads("on-the-way")) == ("4", "€30"), "Maarja's and Nele's"
    somebody.waits(months=1)
    assert (somebody.reads("earned"), somebody.reads("on-the-way")) == ("€50", "€0")
    somebody.becomes("Nele Nurk")
    assert somebody.reads("unused") == "€7", "received, and no bill has come yet"
    somebody.waits(months=1)
    assert somebody.reads("unused") == "€0"
    expect(page.get_by_role("row", name="Taken off bill")).to_contain_text("−€7")
    somebody.pictures("discount-on-bills", of="section:has(#discount)")

    (nele,) = world.store.contracts.of_customer(world.people.customers()[-1].id)
    neles, annas = world.store.billing.balance(nele.account), world.store.billing.balance(ANNAS)
    assert (neles.granted, neles.consumed, neles.unused) == (Money("7"), Money("7"), Money("0"))
    assert annas.granted - before.granted == Money("30")
    assert annas.consumed - before.consumed == Money("30")


@pytest.mark.rule("S6", "K1")
def test_a_sign_up_that_fails_becomes_a_case(somebody: Somebody, world: World) -> None:
    page = somebody.page
    somebody.becomes("Anna Kask")
    code = page.locator(".code").inner_text()
    somebody.becomes("Sign up as somebody new")
    page.get_by_label("First and last name").fill("Nele Nurk")
    page.get_by_label("Promo code").fill("nosuch22")
    somebody.presses("Conclude the contract")
    expect(page.get_by_role("alert")).to_have_text("This code cannot be used.")
    assert page.get_by_label("First and last name").input_value() == "Nele Nurk", "nothing has to be typed again"
    page.get_by_label("Promo code").fill(code)
    page.get_by_label("Let this sign-up fail").check()
    somebody.presses("Conclude the contract")
    expect(page.get_by_role("heading", level=1)).to_have_text("That did not go through")
    somebody.pictures("case-opened")
    *_, case = world.store.cases.all()
    assert case.carried is not None
    assert (case.carried.code, case.carried.referee.amount) == (code, Money("7"))
    nele = world.people.customers()[-1]
    assert (nele.name, world.store.contracts.of_customer(nele.id)) == ("Nele Nurk", ())


def test_the_keyboard_is_enough(browser: Browser, address: str) -> None:
    somebody = Somebody.at(browser, address, "desk")
    page = somebody.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Anna Kask")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Anna")
    somebody.leaves()
