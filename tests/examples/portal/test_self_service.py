"""What customers see of their code, and what passing it on does."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import attrs
import pytest

from examples.portal.catalogue import LANGUAGES, Texts
from examples.portal.visit import PAGES
from examples.portal.world import PORTAL
from referral_core import Messages, Money, ReferralStatus
from referral_core.entities.wait import Wait
from tests.examples.portal.visitor import Visitor

ANNAS = "A-1001"


def code_of(visitor: Visitor, account: str) -> str:
    """Return the latest code of an account."""
    return visitor.world.store.promo_codes.of_account(account)[-1].text


@pytest.mark.rule("C11")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Anna Kask", ("active", "since 1 October 2025", "You get €15, your friend gets €7.")),
        ("Maarja Põld", ("pending", "It becomes active on the day your contract starts")),
        ("Peeter Saar", ("ended", "since 9 February 2026.", "The contracts that kept it have ended.")),
        ("Jaan Lepik", ("ended", "Our customer service ended it.")),
        ("Pagaripoisid OÜ", ("This account has no code.",)),
        ("Dmitri Volkov", ("You have no contract with us yet",)),
    ],
)
def test_a_customer_sees_the_code_and_how_it_stands(visitor: Visitor, name: str, says: tuple[str, ...]) -> None:
    text = visitor.becomes(name).speaks("en").opens("/me").text
    assert [each for each in says if each not in text] == []


@pytest.mark.rule("C11")
def test_only_a_code_that_is_active_can_be_passed_on(visitor: Visitor) -> None:
    assert "Pass it on" in visitor.becomes("Anna Kask").speaks("en").opens("/me").text
    for name in ("Maarja Põld", "Peeter Saar", "Pagaripoisid OÜ"):
        assert "Pass it on" not in visitor.becomes(name).opens("/me").text


@pytest.mark.rule("T1")
@pytest.mark.parametrize(
    ("language", "words"),
    [("et", "minu sooduskood"), ("en", "my promo code"), ("ru", "мой промокод"), ("lv", "manu atlaides kodu")],
)
def test_the_text_and_the_link_are_in_the_language_chosen_for_the_friend(
    visitor: Visitor, language: str, words: str
) -> None:
    code = code_of(visitor, ANNAS)
    text = visitor.becomes("Anna Kask").speaks("en").opens("/me", share=language).text
    assert f"{words} {code}" in text
    link = f"http://testserver/{language}/sign-up?code={code}"
    assert f'<a href="{link}">' in text
    assert f"<title>{link}</title>" in text, "the picture of the QR code says where it leads"


@pytest.mark.rule("T2")
@pytest.mark.parametrize("means", ["app", "link", "e-mail", "sms", "qr"])
def test_passing_on_is_counted_with_its_means(visitor: Visitor, means: str, tmp_path: Path) -> None:
    code = code_of(visitor, ANNAS)
    before = visitor.world.store.promo_codes.times_shared(ANNAS)
    visitor.becomes("Anna Kask").speaks("en")
    page = visitor.sends("/me/share", code=code, means=means, here="/me")
    assert "Noted: the code was passed on." in page.text
    assert f'<dd id="sent">{before + 1}</dd>' in page.text
    visitor.client.headers["accept"] = "application/json"
    assert visitor.sends("/me/share", code=code, means=means).json() == {"sent": before + 2}
    with closing(sqlite3.connect(tmp_path / "world" / "referral.db")) as database:
        kept = database.execute("select means from sharings where account = ? order by rowid", (ANNAS,)).fetchall()
    assert [row[0] for row in kept[-2:]] == [means, means]


@pytest.mark.rule("T2")
def test_means_that_the_page_does_not_offer_are_not_counted(visitor: Visitor) -> None:
    visitor.becomes("Anna Kask")
    assert visitor.sends("/me/share", code=code_of(visitor, ANNAS), means="rumour").status_code == 422
    assert visitor.world.store.promo_codes.times_shared(ANNAS) == 5


@pytest.mark.rule("T2")
def test_a_customer_sees_what_came_of_it(visitor: Visitor) -> None:
    text = visitor.becomes("Anna Kask").speaks("en").opens("/me").text
    figures = {"sent": "5", "used": "3", "earned": "€20", "on-the-way": "€15"}
    assert [each for each in figures.items() if '<dd id="{}">{}</dd>'.format(*each) not in text] == []
    assert text.count("A friend signed up") == 3


@pytest.mark.rule("B6", "B7")
def test_a_customer_sees_what_happened_to_the_discount_on_each_account(visitor: Visitor) -> None:
    visitor.becomes("Līga Bērziņa").speaks("en")
    ended, active = visitor.opens("/me", account="A-1004").text, visitor.opens("/me", account="A-1012").text
    assert '<dd id="unused">€15</dd>' in ended
    assert "+€15" in ended
    assert "No discount has come to this account yet." in active
    annas = visitor.becomes("Anna Kask").opens("/me").text
    assert "A-1001-2025-10" in annas
    assert "−€10" in annas


@pytest.mark.rule("B9")
def test_a_referral_that_came_to_nothing_shows_no_amount(visitor: Visitor) -> None:
    text = visitor.becomes("Jaan Lepik").speaks("en").opens("/me").text
    assert "The contract was withdrawn or turned out not to be one" in text
    assert '<p class="amount"> <span class="status cancelled">' in text


@pytest.mark.rule("V1", "V2")
@pytest.mark.parametrize("language", ["en", "et", "lv", "ru"])
def test_a_customer_reads_that_a_referral_is_checked_or_not_paid_and_never_why(visitor: Visitor, language: str) -> None:
    world = visitor.world
    waiting = next(each for each in world.store.referrals.all() if each.status is ReferralStatus.RECORDED)
    person = next(each for each in world.people.customers() if each.id == waiting.referee_customer)
    words = Messages.for_language(language)
    visitor.becomes(person.name).speaks(language)
    for stop, status in (("hold", ReferralStatus.HELD), ("void", ReferralStatus.VOID)):
        getattr(world.act(PORTAL).referrals, stop)(waiting.contract, reason="Looks like a ring")
        shown = visitor.opens("/me").text
        assert f'<span class="status {status.value}">{words.status(status)}</span>' in shown
        assert "Looks like a ring" not in shown


@pytest.mark.rule("T4")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_card_says_where_each_discount_is(visitor: Visitor, language: str) -> None:
    """Anna's latest friend waits for 1 April; the two before came in time for a bill each."""
    words, texts = Messages.for_language(language), Texts.of(language)
    page = visitor.becomes("Anna Kask").speaks(language).opens("/me").text
    first = page[page.index("<section") : page.index("</section>")]
    assert re.findall(r'id="(where|unused)"', first) == ["where", "unused"]
    waiting, *given = first.split("<li>")[1:]
    for told in (texts.money(Money("15")), words.waits_for(Wait.START, texts.day(date(2026, 4, 1)))):
        assert told in waiting
    assert texts("referral.no-bill") not in waiting
    for each, day, bill in zip(given, (date(2025, 12, 1), date(2025, 11, 1)), ("11", "10"), strict=True):
        ten, on = texts.money(Money("10")), texts.day(day)
        assert words.waits_for(Wait.NOTHING) in each
        assert texts("referral.granted", day=on) in each
        assert texts("referral.bill", amount=ten, bill=f"A-1001-2025-{bill}", day=on) in each
    for friend in ("Maarja", "Marek", "Svetlana", "K-10", "A-1007", "A-1015"):
        assert friend not in page


@pytest.mark.rule("T4")
@pytest.mark.parametrize("language", LANGUAGES)
def test_bills_that_are_unknown_are_not_told_as_none_and_what_was_taken_back_is_told(
    visitor: Visitor, language: str
) -> None:
    world, texts = visitor.world, Texts.of(language)
    *_, view = world.ask(PORTAL).accounts.referrals(ANNAS)
    told = PAGES.get_template("referral.html").make_module({"t": texts, "day_of": world.programme.calendar.day_of})
    unused = attrs.evolve(view, bills=())
    shown = [
        vars(told)["used"](each, "p").unescape()
        for each in (unused, attrs.evolve(view, bills=None), attrs.evolve(unused, taken_back=Money("3")))
    ]
    none, unknown, back = (
        texts(f"referral.{key}", amount=texts.money(Money("3"))) for key in ("no-bill", "bills-unknown", "taken-back")
    )
    assert [[text in each for text in (none, unknown, back)] for each in shown] == [
        [True, False, False],
        [False, True, False],
        [True, False, True],
    ]


@pytest.mark.rule("T4")
def test_a_discount_that_billing_has_not_taken_yet_is_not_told_as_given(visitor: Visitor) -> None:
    world = visitor.world
    waiting = next(each for each in world.store.referrals.all() if each.status is ReferralStatus.RECORDED)
    world.act(PORTAL).contracts.activate(waiting.contract)
    person = next(each for each in world.people.customers() if each.id == waiting.referee_customer)
    page = visitor.becomes(person.name).speaks("en").opens("/me").text
    assert Messages.for_language("en").waits_for(Wait.BILLING) in page
    assert '<span class="status billing">being credited</span>' in page
    assert "discount given" not in page
