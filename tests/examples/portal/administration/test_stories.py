"""The stories of administrators, clicked through in a browser; those about amounts end at the figures in billing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, expect

from examples.portal.world import World
from referral_core import Money
from tests.examples.portal.browser import Somebody

pytestmark = pytest.mark.long

ANNAS = "A-1001"


def enters(somebody: Somebody, amount: str, first: str, last: str, reason: str) -> None:
    """Fill in an amount and its period, and have its effect shown."""
    form = somebody.page.locator("form", has=somebody.page.get_by_role("button", name="Show what it does"))
    form.get_by_label("Amount in euros").fill(amount)
    form.get_by_label("First day").fill(first)
    form.get_by_label("Last day").fill(last)
    form.get_by_label("Reason").fill(reason)
    somebody.presses("Show what it does")


def moves_to(somebody: Somebody, day: str) -> None:
    """Move the clock on to a day."""
    somebody.page.get_by_label("Move to a day").fill(day)
    somebody.presses("Move")


def signs_up(somebody: Somebody, world: World, name: str, code: str) -> str:
    """Sign up as a friend with a code; return the account."""
    page = somebody.page
    somebody.becomes("Sign up as somebody new")
    page.get_by_label("First and last name").fill(name)
    page.get_by_label("Promo code").fill(code)
    somebody.presses("Conclude the contract")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    (contract,) = world.store.contracts.of_customer(world.people.customers()[-1].id)
    return contract.account


def texts(found: Locator) -> list[str]:
    """Return the words of elements, each without line breaks."""
    return [" ".join(text.split()) for text in found.all_inner_texts()]


@pytest.mark.rule("D3", "D4", "M2", "S7", "B1", "B6")
def test_an_administrator_plans_a_campaign_month(somebody: Somebody, world: World) -> None:
    page = somebody.page
    code = world.store.promo_codes.of_account(ANNAS)[-1].text
    somebody.becomes("Andres Aas")
    somebody.opens("/administration")
    somebody.pictures("groups-and-amounts", of=".group:has(#group-2)")
    page.get_by_role("link", name="Customers who refer", exact=True).first.click()
    enters(somebody, "25", "2026-04-01", "2026-04-30", "Spring campaign")
    rows = texts(page.locator(".preview tbody tr"))
    assert rows[-3:] == [
        "1 Jan 2026 31 Mar 2026 €15 ends earlier",
        "1 Apr 2026 30 Apr 2026 €25 new",
        "1 May 2026 no end €15 resumes",
    ]
    somebody.pictures("campaign-before-saving", of=".preview")
    somebody.presses("Save")
    expect(page.get_by_role("status")).to_have_text("The amount of referrer was saved.")

    moves_to(somebody, "2026-04-10")
    before = world.store.billing.balance(ANNAS)
    in_april = signs_up(somebody, world, "Nele Nurk", code)
    moves_to(somebody, "2026-05-04")
    after_april = world.store.billing.balance(ANNAS)
    assert after_april.granted - before.granted == Money("25"), "the campaign's, for who signed up in it"
    in_may = signs_up(somebody, world, "Kaur Kuu", code)
    moves_to(somebody, "2026-06-02")
    after_may = world.store.billing.balance(ANNAS)
    assert after_may.granted - after_april.granted == Money("15"), "the earlier amount has resumed"
    friends = [world.store.billing.balance(account) for account in (in_april, in_may)]
    assert [each.granted for each in friends] == [Money("7"), Money("12")], "May's of new customers was planned before"
    assert [each.unused for each in friends] == [Money("0"), Money("12")], "bills have taken the first one's already"
    annas = world.store.billing.balance(ANNAS)
    assert annas.granted == annas.consumed + annas.unused

    somebody.becomes("Andres Aas")
    somebody.opens("/administration/trace?about=group&id=referrer")
    last = page.locator("article").last
    expect(last).to_contain_text("Spring campaign")
    expect(last.get_by_role("row", name="1 April 2026 to 30 April 2026")).to_contain_text("€25")


@pytest.mark.rule("D3", "D5")
def test_two_administrators_do_not_overwrite_each_other(
    somebody: Somebody, browser: Browser, address: str, world: World
) -> None:
    page, other = somebody.page, Somebody.at(browser, address, "desk")
    for each in (somebody, other):
        each.becomes("Andres Aas")
        each.opens("/administration/groups/referee-manual")
        enters(each, "9" if each is somebody else "11", "2026-07-01", "2026-07-31", "Summer")
    other.presses("Save")
    other.leaves()
    somebody.presses("Save")
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this group")
    expect(page.get_by_label("Amount in euros")).to_have_value("9")
    somebody.presses("Show what it does")
    expect(page.get_by_role("alert")).to_contain_text("€11, 1 July 2026 to 31 July 2026")
    somebody.pictures("overlap-named")
    group = world.store.groups.find("referee-manual")
    assert group is not None
    assert [span.value for span in group.amounts] == [Money("5"), Money("7"), Money("11"), Money("7")]


@pytest.mark.rule("A2")
def test_an_administrator_reads_what_an_agent_did(somebody: Somebody, world: World) -> None:
    page = somebody.page
    *_, referral = world.store.referrals.all(referrer=ANNAS)
    mari = world.people.find("mari.mets")
    assert mari is not None
    group = "referee-manual"
    world.act(mari.actor).referrals.change_group(referral.contract, group=group, reason="Was promised it at the fair")
    somebody.becomes("Andres Aas")
    somebody.opens("/administration")
    page.get_by_role("link", name="Trace", exact=True).click()
    page.get_by_label("About").select_option("a contract and its referral")
    page.get_by_label("Number or short name").fill(referral.contract)
    page.get_by_label("By whom").fill("mari.mets")
    somebody.presses("Find")
    row = page.get_by_role("article")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Group of a sign-up changed")
    expect(row).to_contain_text("Mari Mets mari.mets · agent")
    expect(row).to_contain_text("Was promised it at the fair")
    changed = row.get_by_role("row", name="New customer's group")
    assert texts(changed.get_by_role("cell")) == ["referee-self-service", group]
    somebody.presses("Verify now")
    expect(page.locator("#verification .note")).to_contain_text("The trace is whole")
    somebody.presses("Set a seal")
    expect(page.get_by_role("status")).to_contain_text("Seal 1 is set")
    page.go_back()
    page.go_back()
    somebody.pictures("trace-of-an-agent", of="article")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON Lines").click()
    assert download.value.suggested_filename == f"trace-contract-{referral.contract}.jsonl"
    assert "Was promised it at the fair" in download.value.path().read_text(encoding="utf-8")
