"""Sharings at the desk: recording them, the text that is passed on, and the figures that customers see."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from referral_core import Actor, Role
from referral_core.entities.promo_code import Sharing
from referral_core.programme.settings import SharingText
from referral_core.services.sharing import SharingFigures
from tests.office import HOUSEHOLD, NOON, SYSTEM, Office
from tests.phrases import TICK, at, euros, refused

NOW: Final = at(NOON)


def figures(office: Office, account: str = "A") -> tuple[int, int, str, str]:
    """Return times sent and used, and what was earned and is on the way."""
    seen = office.desk.session(actor=SYSTEM, now=NOW).sharing.figures(account)
    return seen.sent, seen.used, str(seen.earned.amount), str(seen.on_the_way.amount)


# ── sharing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("T2")
def test_a_sharing_is_returned_as_it_is_recorded() -> None:
    office = Office()
    code = office.referrer("A")
    sharing = office.desk.session(actor=SYSTEM, now=NOW).sharing.share(f" {code.lower()} ", means="SMS")
    assert sharing == Sharing(code=code, account="A", means="SMS", at=NOW)
    assert office.store.promo_codes.sharings_of("A") == (sharing,)


@pytest.mark.rule("T2", "A1")
def test_what_sharing_is_refused_for() -> None:
    office = Office()
    pending = office.concluded("K1", on="P").issued
    code = office.referrer("A")
    assert pending is not None
    with refused("code-unknown", field="code", naming="B999"):
        office.desk.session(actor=SYSTEM, now=NOW).sharing.share("B999", means="link")
    with refused("code-pending", naming=pending.text):
        office.desk.session(actor=SYSTEM, now=NOW).sharing.share(pending.text, means="link")
    with refused("not-allowed", field="actor", naming="code.shared is for the customer's own accounts"):
        office.desk.session(actor=Actor("p", Role.CUSTOMER), now=NOW).sharing.share(code, means="link")
    office.session("2021-01-20").codes.end(code, ends_at=NOW)
    with refused("code-ended", naming=code):
        office.desk.session(actor=SYSTEM, now=NOW).sharing.share(code, means="link")
    assert (
        office.desk.session(actor=Actor("a", Role.CUSTOMER), now=NOW - TICK).sharing.share(code, means="link").at
        == NOW - TICK
    )
    assert office.store.promo_codes.times_shared("A") == 1


@pytest.mark.rule("A1", "T2")
def test_a_stranger_does_not_learn_whether_somebody_elses_code_is_active() -> None:
    office = Office()
    pending = office.concluded("K1", on="P").issued
    assert pending is not None
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=Actor("q", Role.CUSTOMER), now=NOW).sharing.share(pending.text, means="link")


@pytest.mark.rule("A1", "T2")
def test_staff_share_codes_of_their_segments_only() -> None:
    office = Office()
    code = office.referrer("A")
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=Actor("m", Role.AGENT, frozenset({"industry"})), now=NOW).sharing.share(
            code, means="link"
        )
    office.desk.session(actor=Actor("m", Role.AGENT, frozenset({"household"})), now=NOW).sharing.share(
        code, means="link"
    )
    assert office.store.promo_codes.times_shared("A") == 1


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("T1")
@pytest.mark.parametrize("language", HOUSEHOLD.languages)
def test_the_text_has_the_code_in_its_canonical_form(language: str) -> None:
    office = Office()
    code = office.referrer("A")
    text = office.desk.session(actor=SYSTEM, now=NOW).sharing.text(f"{code[:4]}-{code[4:].lower()}", language=language)
    assert text == HOUSEHOLD.sharing_text(code, language)
    assert text == SharingText(HOUSEHOLD.sharing[language].title, text.text, text.url)
    assert code in text.text
    assert text.url == f"https://example.com/{language}/sign-up?code={code}"


@pytest.mark.rule("T1")
def test_there_is_no_text_of_a_code_or_in_a_language_that_is_not_known() -> None:
    office = Office()
    code = office.referrer("A")
    with refused("code-unknown", field="code", naming="B999"):
        office.desk.session(actor=SYSTEM, now=NOW).sharing.text("B999", language="et")
    with pytest.raises(LookupError, match="no language 'fi'"):
        office.desk.session(actor=SYSTEM, now=NOW).sharing.text(code, language="fi")
    few = Office(attrs.evolve(HOUSEHOLD, languages=("lv",), sharing={"lv": HOUSEHOLD.sharing["lv"]}))
    code = few.referrer("A")
    assert few.desk.session(actor=SYSTEM, now=NOW).sharing.text(code, language="lv").title == "Elektrum atlaides kods"
    with pytest.raises(LookupError, match="only lv"):
        few.desk.session(actor=SYSTEM, now=NOW).sharing.text(code, language="et")


@pytest.mark.rule("T1", "T2")
def test_there_is_no_text_of_a_code_that_cannot_be_shared() -> None:
    office = Office()
    pending = office.concluded("K1", on="P").issued
    code = office.referrer("A")
    assert pending is not None
    office.session("2021-01-20").codes.end(code, ends_at=NOW)
    with refused("code-pending", naming=pending.text):
        office.desk.session(actor=SYSTEM, now=NOW).sharing.text(pending.text, language="et")
    with refused("code-ended", naming=code):
        office.desk.session(actor=SYSTEM, now=NOW).sharing.text(code, language="et")
    assert code in office.desk.session(actor=SYSTEM, now=NOW - TICK).sharing.text(code, language="et").text


# ── figures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("T2")
def test_an_account_that_nobody_knows_has_no_figures() -> None:
    assert Office().desk.session(actor=SYSTEM, now=NOW).sharing.figures("NOWHERE") == SharingFigures(
        0, 0, euros("0"), euros("0")
    )


@pytest.mark.rule("T2")
def test_figures_follow_a_referral_from_recorded_to_granted() -> None:
    office = Office().with_amounts()
    code = office.referrer("A")
    for _ in range(3):
        office.desk.session(actor=SYSTEM, now=NOW).sharing.share(code, means="link")
    assert figures(office) == (3, 0, "0.00", "0.00")
    office.concluded("K1", on="B", code=code)
    assert figures(office) == (3, 1, "0.00", "10.00")
    office.activated("K1")
    assert figures(office) == (3, 1, "0.00", "10.00"), "due, and not yet confirmed by billing"
    office.paid()
    assert figures(office) == (3, 1, "10.00", "0.00")
    office.terminated("K1", "2021-03-01")
    assert figures(office) == (3, 1, "10.00", "0.00")
    office.concluded("K2", on="C", code=code, when="2021-03-01")
    assert figures(office) == (3, 2, "10.00", "10.00")
    office.withdrawn("K2", "2021-03-02")
    assert figures(office) == (3, 1, "10.00", "0.00")


@pytest.mark.rule("T2", "B3")
def test_figures_add_up_over_all_referrals_whatever_became_of_each() -> None:
    office = Office().with_amounts()
    code = office.referrer("A")
    for number in range(8):
        office.concluded(f"K{number}", on=f"B{number}", code=code)
    for number in (0, 5):
        office.withdrawn(f"K{number}")
    for number in (1, 6):
        office.activated(f"K{number}")
    office.paid()
    assert figures(office) == (0, 6, "20.00", "40.00")
    for number in (2, 7):
        office.activated(f"K{number}")
    assert figures(office) == (0, 6, "20.00", "40.00"), "two recorded, two due"


@pytest.mark.rule("T2")
def test_what_is_earned_stays_earned_when_bills_have_eaten_it() -> None:
    office = Office().with_amounts()
    office.granted("K1", on="B", code=office.referrer("A"))
    office.desk.session(actor=SYSTEM, now=NOW).discounts.bill("R1", account="A", amount=euros("4"))
    assert figures(office) == (0, 1, "10.00", "0.00")


@pytest.mark.rule("T2")
def test_being_referred_oneself_is_nothing_earned() -> None:
    office = Office().with_amounts()
    office.concluded("K1", on="B", code=office.referrer("A"))
    office.activated("K1")
    assert figures(office, "B") == (0, 0, "0.00", "0.00")
    office.paid()
    assert figures(office, "B") == (0, 0, "0.00", "0.00")


@pytest.mark.rule("T2", "B5")
def test_a_use_that_pays_the_referrer_nothing_is_a_use() -> None:
    office = Office(attrs.evolve(HOUSEHOLD, pay_ended_referrer=False)).with_amounts()
    office.concluded("K1", on="B", code=office.referrer("A"))
    office.terminated("K-A")
    assert figures(office) == (0, 1, "0.00", "10.00")
    office.activated("K1")
    office.paid()
    assert figures(office) == (0, 1, "0.00", "0.00")


@pytest.mark.rule("T2", "M3")
def test_figures_are_in_the_programmes_currency() -> None:
    seen = Office(attrs.evolve(HOUSEHOLD, currency="SEK")).desk.session(actor=SYSTEM, now=NOW).sharing.figures("A")
    assert (seen.earned.currency, seen.on_the_way.currency) == ("SEK", "SEK")
