"""The stories of agents, supervisors and administrators, clicked through in a browser; each ends at billing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from examples.portal.world import World
from referral_core import CodeStatus, Money
from tests.examples.portal.browser import Somebody

pytestmark = pytest.mark.long

ANNAS, JAANS, LIIGAS, PEETERS = "A-1001", "A-1002", "A-1004", "A-1005"


def code_of(world: World, account: str) -> str:
    """Return the text of an account's latest code."""
    return world.store.promo_codes.of_account(account)[-1].text


def account_of(world: World, name: str) -> str:
    """Return the account of a customer by name."""
    (customer,) = [person for person in world.people.customers() if person.name == name]
    return world.store.contracts.of_customer(customer.id)[0].account


def amounts(somebody: Somebody, side: str) -> list[str]:
    """Return the amounts that a comparison shows for a side, before and after."""
    return somebody.page.get_by_role("row", name=side).locator("strong").all_inner_texts()


@pytest.mark.rule("S7", "S8", "B1", "B6")
def test_an_agent_enters_a_code(somebody: Somebody, world: World) -> None:
    page = somebody.page
    before = world.store.billing.balance(ANNAS)
    somebody.becomes("Mari Mets")
    page.get_by_role("link", name="New sign-up").click()
    page.get_by_label("First and last name").fill("Nele Nurk")
    somebody.presses("Show what it brings")
    somebody.presses("Conclude the contract")
    expect(page.get_by_role("status")).to_contain_text("is concluded")
    page.get_by_role("link", name="Add a code").click()
    page.get_by_label("Promo code").fill(code_of(world, ANNAS).lower())
    somebody.presses("Show the amounts")
    assert (amounts(somebody, "New customer"), amounts(somebody, "Friend")) == (["€7"], ["€15"])
    assert world.store.referrals.find(page.url.split("/")[-2]) is None, "what was only looked at is not there"
    somebody.pictures("agent-enters-code", of=".outcome")
    somebody.presses("Add the code")
    assert (somebody.reads("referee-amount"), somebody.reads("referrer-amount")) == ("€7", "€15")

    somebody.waits(months=1)
    page.get_by_role("link", name=account_of(world, "Nele Nurk")).click()
    page.get_by_role("link", name="Discount").click()
    assert (somebody.reads("granted"), somebody.reads("unused")) == ("€7", "€7")
    somebody.waits(months=1)
    assert (somebody.reads("granted"), somebody.reads("consumed"), somebody.reads("unused")) == ("€7", "€7", "€0")
    balance = world.store.billing.balance(account_of(world, "Nele Nurk"))
    assert (balance.granted, balance.consumed) == (Money("7"), Money("7"))
    annas = world.store.billing.balance(ANNAS)
    assert annas.granted - before.granted == Money("30"), "Maarja's and Nele's"


@pytest.mark.rule("S9")
def test_an_agent_is_warned_and_concludes_without_the_discount(somebody: Somebody, world: World) -> None:
    page = somebody.page
    somebody.becomes("Mari Mets")
    page.get_by_role("link", name="New sign-up").click()
    page.get_by_label("First and last name").fill("Nele Nurk")
    page.get_by_label("Promo code").fill(code_of(world, JAANS))
    somebody.presses("Show what it brings")
    expect(page.get_by_text("The contract can be concluded without a referral")).to_be_visible()
    expect(page.get_by_role("row", name="Against it")).to_contain_text("code-ended")
    somebody.pictures("agent-is-warned", of=".outcome")
    somebody.presses("Conclude with the warning")
    warning = page.get_by_role("region", name="Warning")
    expect(warning).to_contain_text("code-ended")
    expect(warning).to_contain_text(code_of(world, JAANS))
    somebody.waits(months=1)
    expect(warning).to_be_visible()
    account = account_of(world, "Nele Nurk")
    (contract,) = world.store.contracts.of_account(account)
    assert contract.activated_at is not None
    assert contract.warned_code == code_of(world, JAANS)
    page.get_by_role("link", name=account).click()
    page.get_by_role("link", name="Discount").click()
    assert somebody.reads("granted") == "€0"
    assert world.store.billing.balance(account).granted == Money("0")


@pytest.mark.rule("S10", "D7", "B5")
def test_an_agent_honours_an_earlier_moment(somebody: Somebody, world: World) -> None:
    page = somebody.page
    somebody.becomes("Mari Mets")
    page.get_by_role("link", name="New sign-up").click()
    page.get_by_label("First and last name").fill("Nele Nurk")
    page.get_by_label("Promo code").fill(code_of(world, PEETERS))
    page.get_by_text("Make an exception").click()
    page.get_by_label("Honour an earlier moment").fill("2026-01-20T12:00")
    page.get_by_label("Discount group").select_option("referee-self-service")
    somebody.presses("Show what it brings")
    expect(page.get_by_role("alert")).to_contain_text("reason-missing")
    assert page.get_by_label("Promo code").input_value() == code_of(world, PEETERS), "nothing is typed again"
    page.get_by_label("Reason").fill("Began in self-service on 20 January; screenshot in the letter.")
    somebody.presses("Show what it brings")
    assert amounts(somebody, "New customer") == ["€7"], "nothing by the rules, as the code has ended"
    somebody.pictures("agent-honours-a-moment", of=".outcome")
    somebody.presses("Conclude the contract")
    page.get_by_role("link", name="Explain the amounts").click()
    expect(page.get_by_text("An earlier moment was honoured.")).to_be_visible()
    expect(page.get_by_text("Checked: everything agrees with what was recorded.")).to_be_visible()
    somebody.pictures("explained")
    somebody.waits(months=1)
    assert world.store.billing.balance(account_of(world, "Nele Nurk")).granted == Money("7")
    assert world.store.billing.balance(PEETERS).unused == Money("15"), "it waits there, as no bill comes any more"


@pytest.mark.rule("K1", "K2", "D7", "B1")
def test_an_agent_overrides_the_group_after_a_case(somebody: Somebody, world: World) -> None:
    page = somebody.page
    code = code_of(world, ANNAS)
    somebody.becomes("Sign up as somebody new")
    somebody.waits(months=2)  # to May, when self-service gives more
    somebody.opens(f"/sign-up?code={code}")
    page.get_by_label("First and last name").fill("Nele Nurk")
    page.get_by_label("Let this sign-up fail").check()
    somebody.presses("Conclude the contract")
    somebody.waits(months=1)

    somebody.becomes("Mari Mets")
    page.get_by_role("link", name="Cases").click()
    page.get_by_role("link", name="Nele Nurk").click()
    assert amounts(somebody, "New customer") == ["€12"]
    page.get_by_role("link", name="Finish the case").click()
    somebody.presses("Show what it brings")
    assert amounts(somebody, "New customer") == ["€7", "€12"], "today, and as it was kept"
    somebody.pictures("agent-finishes-case", of=".outcome")
    somebody.presses("Conclude and close the case")
    assert somebody.reads("referee-amount") == "€12"

    page.get_by_role("link", name="Change the group").click()
    page.get_by_label("New group").select_option("referee-manual")
    page.get_by_label("Reason").fill("Was helped in a shop, which is not self-service.")
    somebody.presses("Show the amounts")
    assert amounts(somebody, "New customer") == ["€12", "€7"]
    somebody.pictures("agent-changes-group", of=".outcome")
    somebody.presses("Change the group")
    assert somebody.reads("referee-amount") == "€7"
    expect(page.get_by_role("region", name="Changes of group")).to_contain_text("€12")

    somebody.waits(months=1)
    page.get_by_role("link", name=account_of(world, "Nele Nurk")).click()
    page.get_by_role("link", name="Discount").click()
    assert somebody.reads("granted") == "€7"
    assert world.store.billing.balance(account_of(world, "Nele Nurk")).granted == Money("7")


@pytest.mark.rule("C5", "C9", "C11", "B5")
def test_an_administrator_issues_and_ends_codes(somebody: Somebody, world: World) -> None:
    page = somebody.page
    somebody.becomes("Andres Aas")
    page.get_by_role("link", name="Accounts").click()
    page.get_by_label("Account, contract, customer or code").fill("jaan")
    somebody.presses("Search")
    expect(page.get_by_role("heading", level=1)).to_have_text("Jaan Lepik")
    page.get_by_role("link", name="Issue a code").click()
    page.get_by_label("Text of the code").fill("jaan-2026")
    page.get_by_label("Reason").fill("A new one for the one that was on a coupon site.")
    somebody.presses("Issue the code")
    expect(page.get_by_role("row", name="JAAN2026")).to_contain_text("Andres Aas")
    somebody.pictures("admin-issues-code")

    page.get_by_role("link", name="Sign-ups").click()
    page.get_by_role("link", name="New sign-up").click()
    page.get_by_label("First and last name").fill("Nele Nurk")
    page.get_by_label("Promo code").fill("JAAN2026")
    somebody.presses("Show what it brings")
    somebody.presses("Conclude the contract")

    page.get_by_role("link", name=JAANS).click()
    page.get_by_role("link", name="End the code JAAN2026").click()
    page.get_by_label("Reason").fill("Spread again.")
    somebody.pictures("admin-ends-code")
    somebody.presses("End the code")
    expect(page.get_by_role("row", name="JAAN2026")).to_contain_text("Spread again.")
    assert world.store.promo_codes.of_account(JAANS)[-1].status_at(world.clock.now) is CodeStatus.ENDED

    somebody.waits(months=1)
    page.get_by_role("link", name="Discount").click()
    assert somebody.reads("granted") == "€15", "the code was good when it was used"
    page.get_by_role("link", name="Activity").click()
    somebody.pictures("account-activity")
    assert world.store.billing.balance(JAANS).granted == Money("15")


@pytest.mark.rule("B6", "B7")
def test_a_supervisor_moves_what_is_left_to_the_other_account(somebody: Somebody, world: World) -> None:
    page = somebody.page
    somebody.becomes("Tiina Tamm")
    page.get_by_role("link", name="Accounts").click()
    page.get_by_role("link", name="Līga Bērziņa").first.click()
    page.get_by_role("link", name="Discount").click()
    assert (somebody.reads("unused"), somebody.reads("granted")) == ("€15", "€15")
    page.get_by_role("link", name="Move discount").click()
    page.get_by_label("Amount").fill("20")
    somebody.presses("Move the discount")
    expect(page.get_by_role("alert")).to_contain_text("amount-exceeds-unused")
    page.get_by_label("Amount").fill("12,50")
    somebody.pictures("supervisor-moves-discount")
    somebody.presses("Move the discount")
    assert somebody.reads("unused") == "€2.50"
    page.get_by_role("link", name="A-1012").first.click()
    page.get_by_role("link", name="Discount").click()
    assert somebody.reads("unused") == "€12.50"
    somebody.waits(months=1)
    assert (somebody.reads("consumed"), somebody.reads("unused")) == ("€12.50", "€0")
    somebody.pictures("account-discount")
    balance = world.store.billing.balance("A-1012")
    assert (balance.transferred_in, balance.consumed) == (Money("12.50"), Money("12.50"))
    assert world.store.billing.balance(LIIGAS).unused == Money("2.50")
