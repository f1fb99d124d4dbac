"""Accounts in the hands of staff: codes issued and ended, discount moved, fees noted, and what happened."""

from __future__ import annotations

import re

import pytest

from examples.portal.account_discount import BalancePicture
from examples.portal.catalogue import LANGUAGES
from examples.portal.world import PORTAL
from referral_core import CodeStatus, Money, PromoCode
from tests.examples.portal.test_self_service import ANNAS, code_of
from tests.examples.portal.visitor import Visitor

EVIL = '"><script>alert(1)</script>'
JAANS, LIIGAS, LIIGAS_OTHER = "A-1002", "A-1004", "A-1012"
REFERRED, MAREKS = "K-1007", "A-1007"


@pytest.fixture
def supervisor(visitor: Visitor) -> Visitor:
    """Return a supervisor, who reads English."""
    return visitor.becomes("Tiina Tamm").speaks("en")


def latest(visitor: Visitor, account: str) -> PromoCode:
    """Return an account's latest code."""
    return visitor.world.store.promo_codes.of_account(account)[-1]


def state(visitor: Visitor) -> object:
    """Return what forms on these pages could change."""
    store = visitor.world.store
    accounts = [account for account, _ in store.contracts.accounts()]
    codes = [store.promo_codes.of_account(account) for account in accounts]
    return codes, [store.billing.balance(account) for account in accounts], tuple(store.referrals.all())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_shown_in_every_language(visitor: Visitor, language: str) -> None:
    visitor.becomes("Tiina Tamm").speaks(language)
    paths = [
        "/accounts",
        "/accounts?q=anna",
        "/accounts?q=a",
        f"/accounts/{ANNAS}",
        f"/accounts/{ANNAS}/codes/new",
        f"/accounts/{ANNAS}/codes/{code_of(visitor, ANNAS)}/end",
        f"/accounts/{LIIGAS}/discount",
        f"/accounts/{LIIGAS}/transfer",
        f"/accounts/{MAREKS}/discount",
        f"/accounts/{MAREKS}/fee/{REFERRED}",
        f"/accounts/{MAREKS}/activity",
        f"/accounts/{MAREKS}/activity?category=fee",
        "/accounts/A-1006",
        "/accounts/A-1006/discount",
    ]
    for path in paths:
        page = visitor.opens(path)
        assert page.status_code == 200, path
        assert f'<html lang="{language}">' in page.text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", page.text), path


@pytest.mark.parametrize(
    ("words", "account"),
    [("A-1002", JAANS), ("k-1002", JAANS), ("C-1002", JAANS), ("lepik", JAANS), ("Anna K", ANNAS)],
)
def test_an_account_is_found_by_what_a_customer_can_say(supervisor: Visitor, words: str, account: str) -> None:
    assert supervisor.opens("/accounts", q=words).url.path == f"/accounts/{account}"


def test_an_account_is_found_by_its_code(supervisor: Visitor) -> None:
    spoken = code_of(supervisor, JAANS).lower()
    assert supervisor.opens("/accounts", q=f"{spoken[:4]} {spoken[4:]}").url.path == f"/accounts/{JAANS}"


def test_customers_are_shown_by_pages(supervisor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.portal.accounts.PAGE", 5)
    pages = [
        re.findall(r'<a href="/accounts/(A-\d+)"', supervisor.opens("/accounts", page=str(n)).text) for n in (1, 2)
    ]
    assert pages[0] == ["A-1001", "A-1002", "A-1003", "A-1004", "A-1012", "A-1005"], "one customer has two"
    assert not set(pages[0]) & set(pages[1])


@pytest.mark.rule("A6")
def test_an_agent_does_not_learn_what_there_is_of_other_segments(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.becomes("Juris Ozols").speaks("en")
    for place, theirs in (("/accounts", ANNAS), ("/sales/sign-ups", ANNAS.replace("A", "K"))):
        pages = [(named, visitor.opens(f"{place}/{named}")) for named in (theirs, "NONE")]
        told = {(page.status_code, page.text.replace(named, "")) for named, page in pages}
        assert [status for status, _ in told] == [403], place
    monkeypatch.setattr("examples.portal.accounts.PAGE", 1)
    (first, second) = (visitor.opens("/accounts", page=str(number)).text for number in (1, 2))
    assert re.findall(r'<a href="/accounts/(A-\d+)"', first) == ["A-1006"], "and no page is short of others"
    assert "A-1" not in second


@pytest.mark.rule("A1")
def test_an_agent_sees_accounts_of_their_segments_and_does_what_agents_may(visitor: Visitor) -> None:
    visitor.becomes("Juris Ozols").speaks("en")
    assert re.findall(r'<a href="/accounts/(A-\d+)"', visitor.opens("/accounts").text) == ["A-1006"]
    assert visitor.opens(f"/accounts/{ANNAS}").status_code == 403
    visitor.becomes("Mari Mets")
    assert "/end" not in visitor.opens(f"/accounts/{ANNAS}").text, "nothing is offered that is not theirs to do"
    before = state(visitor)
    for path, fields in (
        (f"/accounts/{ANNAS}/codes/{code_of(visitor, ANNAS)}/end", {"reason": "Why not."}),
        (f"/accounts/{LIIGAS}/transfer", {"to": LIIGAS_OTHER}),
        (f"/accounts/{MAREKS}/fee/{REFERRED}", {"amount": "1", "reason": "Why not."}),
    ):
        assert "not-allowed" in visitor.sends(path, **fields).text, path
    assert state(visitor) == before


@pytest.mark.rule("C11")
def test_codes_are_shown_with_their_history(supervisor: Visitor) -> None:
    page = supervisor.opens(f"/accounts/{JAANS}").text
    for told in (code_of(supervisor, JAANS), "ended by hand", "Found on a coupon site.", "automatically", "portal"):
        assert told in page


@pytest.mark.rule("C9")
def test_a_code_is_issued_with_a_text_or_a_drawn_one(supervisor: Visitor) -> None:
    path = f"/accounts/{JAANS}/codes/new"
    supervisor.sends(path, code="jaan 2026", reason="The old one was found.")
    issued = latest(supervisor, JAANS)
    assert (issued.text, issued.issued_by) == ("JAAN2026", "tiina.tamm")
    overlapping = supervisor.sends(path, reason="Once more.")
    assert overlapping.status_code == 422
    assert 'id="replace-wrong"' in overlapping.text
    supervisor.sends(path, reason="Once more.", replace="yes")
    drawn = latest(supervisor, JAANS)
    assert drawn.text not in {"JAAN2026", issued.text}
    assert supervisor.world.store.promo_codes.of_account(JAANS)[-2].status_at(drawn.issued_at) is CodeStatus.ENDED


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"code": "no", "reason": "Why not."}, "code", "code-malformed"),
        ({"code": "ANNAS", "reason": "Why not."}, "code", "code-taken"),
        ({"code": "JAAN2026", "reason": " "}, "reason", "reason-missing"),
    ],
)
def test_a_code_that_is_not_issued(supervisor: Visitor, fields: dict[str, str], field: str, reason: str) -> None:
    fields = {name: code_of(supervisor, ANNAS) if value == "ANNAS" else value for name, value in fields.items()}
    before = state(supervisor)
    page = supervisor.sends(f"/accounts/{JAANS}/codes/new", **fields)
    assert page.status_code == 422
    assert f'id="{field}-wrong"' in page.text
    assert reason in page.text
    assert f'value="{fields["code"]}"' in page.text
    assert state(supervisor) == before


@pytest.mark.rule("C5", "M2")
def test_a_code_ends_at_once_or_after_its_last_day(supervisor: Visitor) -> None:
    path, world = f"/accounts/{ANNAS}/codes/{code_of(supervisor, ANNAS)}/end", supervisor.world
    assert "reason-missing" in supervisor.sends(path).text
    assert "moment-past" in supervisor.sends(path, ends_at="2026-02-01", reason="Too late.").text
    assert "moment-invalid" in supervisor.sends(path, ends_at="never", reason="No.").text
    assert latest(supervisor, ANNAS).ends_at is None
    supervisor.sends(path, ends_at="2026-03-10", reason="The campaign is over.")
    planned = latest(supervisor, ANNAS)
    assert planned.ends_at == world.programme.calendar.start_of(world.simulation.day.replace(day=11)), (
        "the day is in it"
    )
    assert planned.status_at(world.clock.now) is CodeStatus.ACTIVE
    assert "Move the end" in supervisor.opens(f"/accounts/{ANNAS}").text
    supervisor.sends(path, reason="At once, then.")
    assert latest(supervisor, ANNAS).status_at(world.clock.now) is CodeStatus.ENDED
    assert "code-ended" in supervisor.sends(path, reason="Again.").text


def test_a_code_of_another_account_is_not_ended_here(supervisor: Visitor) -> None:
    page = supervisor.opens(f"/accounts/{JAANS}/codes/{code_of(supervisor, ANNAS)}/end")
    assert "code-unknown" in page.text


@pytest.mark.rule("B7")
def test_unused_discount_is_moved(supervisor: Visitor) -> None:
    path, billing = f"/accounts/{LIIGAS}/transfer", supervisor.world.store.billing
    for fields, field, reason in (
        ({"to": LIIGAS_OTHER, "amount": "99"}, "amount", "amount-exceeds-unused"),
        ({"to": LIIGAS_OTHER, "amount": "a lot"}, "amount", "amount-invalid"),
        ({"to": ANNAS}, "to", "not-same-customer"),
    ):
        page = supervisor.sends(path, **fields)
        assert page.status_code == 422
        assert f'id="{field}-wrong"' in page.text
        assert reason in page.text
    assert billing.balance(LIIGAS).unused == Money("15")
    supervisor.sends(path, to=LIIGAS_OTHER)
    assert (billing.balance(LIIGAS).unused, billing.balance(LIIGAS_OTHER).unused) == (Money("0"), Money("15"))


@pytest.mark.rule("B8")
def test_a_fee_is_noted_and_nothing_posted(supervisor: Visitor) -> None:
    path, world = f"/accounts/{MAREKS}/fee/{REFERRED}", supervisor.world
    # Of the €7 and the year from 1 November 2025 there are 244 days of 365 left on 2 March.
    assert "The programme proposes €4.68 for today." in supervisor.opens(path).text
    before = world.store.billing.balance(MAREKS)
    assert "amount-invalid" in supervisor.sends(path, amount="-1", reason="Left early.").text
    assert "reason-missing" in supervisor.sends(path, amount="3,50").text
    page = supervisor.sends(path, amount="3,50", reason="Left early.").text
    assert [told for told in ("€3.50", "Left early.", "Tiina Tamm") if told not in page] == []
    found = world.store.referrals.find(REFERRED)
    assert found is not None
    assert [note.amount for note in found.fee_notes] == [Money("3.50")]
    assert world.store.billing.balance(MAREKS) == before


@pytest.mark.rule("P3")
def test_the_timeline_is_filtered_and_paged(supervisor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.portal.accounts.PAGE", 2)
    monkeypatch.setattr("examples.portal.accounts.BATCH", 3)
    kinds, path = [], f"/accounts/{ANNAS}/activity"
    while path:
        page = supervisor.opens(path).text
        kinds.append(re.findall(r'<li class="about-(\w+)">', page))
        following = re.search(r'href="([^"]*)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert kinds == [["discount", "discount"]] * 3 + [["code", "code"]]
    page = supervisor.opens(f"/accounts/{ANNAS}/activity", category="code").text
    assert re.findall(r'<li class="about-(\w+)">', page) == ["code", "code"]
    assert 'rel="next"' not in page


def test_every_act_of_the_timeline_has_its_words(supervisor: Visitor) -> None:
    texts = ("code.issue", "code.end", "referral.record", "grant.posted", "discount.transfer")
    supervisor.sends(f"/accounts/{LIIGAS}/transfer", to=LIIGAS_OTHER)
    pages = "".join(supervisor.opens(f"/accounts/{each}/activity").text for each in (LIIGAS, JAANS, MAREKS))
    assert not [act for act in texts if f"<strong>{act}</strong>" in pages], "an act that has none is named by itself"
    assert "Discount moved" in pages


def test_the_picture_rises_and_falls_with_the_balance(supervisor: Visitor) -> None:
    world = supervisor.world
    movements = world.desk.session(actor=PORTAL, now=world.clock.now).accounts.movements(ANNAS)
    picture = BalancePicture.of(movements, world.clock.now)
    rises = [step.y < before.y for before, step in zip(picture.steps, picture.steps[1:], strict=False)]
    assert rises == [False, True, False], "a grant, its bill; a grant, its bill"
    assert (picture.steps[0].y, picture.steps[1].y) == (picture.top, picture.foot)
    assert picture.line.endswith(f"H{picture.right}")
    page = supervisor.opens(f"/accounts/{ANNAS}/discount").text
    assert page.count("<circle") == len(movements)
    assert page.count('data-label="Unused after"') == len(movements), "the table says the same"


def test_what_is_typed_is_never_a_part_of_the_page(supervisor: Visitor) -> None:
    fields = dict.fromkeys(("code", "reason", "ends_at", "amount", "to"), EVIL)
    pages = [
        supervisor.opens("/accounts", q=EVIL),
        supervisor.opens(f"/accounts/{EVIL}"),
        supervisor.opens(f"/accounts/{ANNAS}/activity", category=EVIL),
        supervisor.opens(f"/accounts/{ANNAS}/discount", after=EVIL),
        supervisor.sends(f"/accounts/{JAANS}/codes/new", **fields),
        supervisor.sends(f"/accounts/{ANNAS}/codes/{code_of(supervisor, ANNAS)}/end", **fields),
        supervisor.sends(f"/accounts/{LIIGAS}/transfer", **fields),
        supervisor.sends(f"/accounts/{MAREKS}/fee/{REFERRED}", **fields),
    ]
    supervisor.sends(f"/accounts/{ANNAS}/codes/{code_of(supervisor, ANNAS)}/end", reason=EVIL)
    pages += [supervisor.opens(f"/accounts/{ANNAS}"), supervisor.opens(f"/accounts/{ANNAS}/activity")]
    assert not [page.url for page in pages if "<script>alert" in page.text]
    assert "&lt;script&gt;alert" in pages[-1].text
