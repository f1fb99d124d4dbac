"""P1: one programme, and what each of its settings does to a feed."""

from __future__ import annotations

import re
from typing import Any

import attrs
import pytest
from dateutil.relativedelta import relativedelta

from referral_adapters.memory import MemoryStore
from referral_core import Actor, Money, Programme, ProgrammeInvalid, ReferralDesk
from tests.feed.story import SECRET, Story, moment


def set_to(**settings: Any) -> Story:  # noqa: ANN401
    """Return a story under the household programme with other settings."""
    return Story(attrs.evolve(Programme.default(), **settings)).with_amounts()


def written_as(toml: str) -> Story:
    """Return a story under a programme that a file describes."""
    return Story(Programme.from_toml(toml))


# ── one programme ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P1")
def test_an_empty_file_is_the_household_programme() -> None:
    assert Programme.from_toml("") == Programme.default()


@pytest.mark.rule("P1")
def test_every_fault_of_a_file_is_named_at_once() -> None:
    text = """
    zone = "Europe/Atlantis"
    currency = "euro"
    code_format = "rhymed"
    pay_ended_referrer = "sometimes"
    returning_after = "a while"
    fee_term_months = -1
    colour = "green"
    issuing_products = ["wood"]
    referrer_group = "nobody"
    """
    with pytest.raises(ProgrammeInvalid) as caught:
        Programme.from_toml(text)
    for word in re.findall(r"^ *(\w+) =", text, re.MULTILINE):
        assert word in str(caught.value), word


@pytest.mark.rule("P1", "S11", "C3", "C4")
def test_a_product_and_a_segment_are_added_in_the_file_alone() -> None:
    toml = """
    products = ["electricity", "gas", "solar"]
    segments = ["household", "micro-business"]
    issuing_products = ["electricity", "solar"]
    issuing_segments = ["household", "micro-business"]
    keeping_products = ["electricity", "gas", "solar"]
    """
    story = written_as(toml).with_amounts()
    issued = story.supplied(
        "S1", account="A", product="solar", segment="micro-business", since="2021-01-10 12:00"
    ).issued
    assert story.code_is("A", "active") == issued
    story.concluded("K1", account="B", code=issued, product="solar")
    story.concluded("K2", account="C", code=issued, segment="micro-business")
    story.concluded("K3", account="D", code=issued, product="wood", then="refused not-eligible")
    story.terminated("S1")
    story.code_is("A", "ended")


@pytest.mark.rule("P1", "D2", "D6")
def test_the_first_matching_line_of_the_table_decides_the_group() -> None:
    toml = """
    products = ["electricity", "gas"]
    segments = ["household", "micro-business"]
    [[groups]]
    id = "referrer"
    side = "referrer"
    [[groups]]
    id = "web"
    side = "referee"
    [[groups]]
    id = "web-gas"
    side = "referee"
    [[groups]]
    id = "companies"
    side = "referee"
    [[groups]]
    id = "rest"
    side = "referee"
    [[referee_groups]]
    segment = "micro-business"
    channel = "sales-portal"
    group = "companies"
    [[referee_groups]]
    channel = "self-service"
    product = "gas"
    group = "web-gas"
    [[referee_groups]]
    channel = "self-service"
    group = "web"
    [[referee_groups]]
    group = "rest"
    """
    story = written_as(toml)
    for number, group in enumerate(("referrer", "web", "web-gas", "companies", "rest"), 1):
        story.amount(group, str(number), from_="2021-01-01")
    code = story.referrer("A")
    for channel, segment, product, group in (
        ("self-service", "household", "electricity", "web"),
        ("self-service", "household", "gas", "web-gas"),
        ("self-service", "micro-business", "gas", "web-gas"),
        ("self-service", "micro-business", "electricity", "web"),
        ("sales-portal", "micro-business", "gas", "companies"),
        ("sales-portal", "household", "gas", "rest"),
        ("distributor", "micro-business", "electricity", "rest"),
    ):
        name = f"{channel}-{segment}-{product}"
        offered: dict[str, Any] = {"channel": channel, "segment": segment, "product": product}
        assert story.check(code, **offered)["referee_group"] == group, offered
        assert story.concluded(name, account=name, customer=name, code=code, **offered)["referee_group"] == group
    story.group("add", "referee-manual", side="referee")


# ── new customers ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P1", "S2")
@pytest.mark.parametrize(
    ("concluded", "then"),
    [
        ("2021-02-02 12:00", "refused former-customer"),
        ("2022-02-28 12:00", "refused former-customer"),
        ("2022-03-02 12:00", "done"),
        ("2030-01-01 12:00", "done"),
    ],
)
@pytest.mark.parametrize("withdrawn", [False, True])
def test_after_a_length_of_absence_a_former_customer_is_new_again(concluded: str, then: str, withdrawn: bool) -> None:
    story = set_to(returning_after=relativedelta(years=1))
    code = story.referrer("A")
    story.supplied("H1", account="B-old", customer="b", since="2021-01-10 12:00")
    story.supplied("H2", account="B-older", customer="b", since="2021-01-11 12:00")
    story.terminated("H2", at="2021-01-20 12:00")
    story.terminated("H1", at="2021-03-01 12:00" if "02-02" not in concluded else "2021-02-01 12:00")
    if withdrawn:
        story.concluded("H3", account="B-older", customer="b", at="2021-02-01 18:00")
        story.withdrawn("H3", at="2021-02-01 19:00")
    story.check(code, then.removeprefix("refused ").replace("done", "usable"), customer="b", at=concluded)
    story.concluded("K1", account="B", code=code, at=concluded, then=then)


@pytest.mark.rule("P1", "S2", "S10")
def test_absence_is_counted_up_to_the_concluding_moment_and_not_the_honoured_one() -> None:
    story = set_to(returning_after=relativedelta(months=1))
    code = story.referrer("A")
    story.supplied("H1", account="B-old", customer="b", since="2021-01-10 12:00")
    story.terminated("H1", at="2021-02-01 12:00")
    honoured: dict[str, Any] = {"code": code, "channel": "sales-portal", "honour": "2021-02-10 12:00"}
    story.concluded("K1", account="B", at="2021-02-20 12:00", then="warned former-customer", **honoured)
    story.concluded("K2", account="B", at="2021-03-10 12:00", **honoured)


@pytest.mark.rule("P1", "S1", "S2")
def test_an_active_contract_is_no_absence() -> None:
    story = set_to(returning_after=relativedelta(years=1))
    code = story.referrer("A")
    story.supplied("H1", account="B", since="2021-01-10 12:00")
    story.check(code, "existing-customer", customer="b", at="2031-01-10 12:00")


@pytest.mark.rule("P1", "S2", "S4")
def test_somebody_who_was_referred_once_is_not_referred_again_however_long_away() -> None:
    story = set_to(returning_after=relativedelta(years=1))
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-01-10 12:00")
    story.activated("K1", at="2021-01-11 12:00")
    story.terminated("K1", at="2021-01-12 12:00")
    story.concluded("K2", account="B", code=code, at="2031-01-10 12:00", then="refused already-referred")


@pytest.mark.rule("P1", "S1", "S2")
def test_which_products_make_an_existing_customer() -> None:
    story = set_to(products=("electricity", "gas"), existing_customer_products=("electricity",))
    code = story.referrer("A")
    story.supplied("H1", account="B", product="gas", since="2021-01-10 12:00")
    story.concluded("K1", account="B", code=code)
    story.supplied("H2", account="C", since="2021-01-10 12:00")
    story.concluded("K2", account="C", code=code, product="gas", then="refused existing-customer")


@pytest.mark.rule("P1", "S3")
def test_ones_own_code_alone_is_reason_enough() -> None:
    story = set_to(existing_customer_products=("electricity",))
    story.supplied("H1", account="A", product="gas", since="2021-01-10 12:00")
    code = story.issue("A").issued
    story.check(code, "self-referral", customer="a")
    story.concluded("K1", account="A2", customer="a", code=code, then="refused self-referral")
    story.concluded("K1", account="A2", customer="a", code=code, channel="sales-portal", then="warned self-referral")
    story.attached("K1", code, then="refused self-referral")


# ── channels ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P1", "S6", "S9")
@pytest.mark.parametrize(
    ("blocking", "channel", "outcome"),
    [
        ((), "self-service", "warned"),
        (("self-service",), "self-service", "refused"),
        (("self-service",), "distributor", "warned"),
        (("distributor",), "distributor", "refused"),
        (("distributor",), "self-service", "warned"),
        (("self-service", "distributor"), "distributor", "refused"),
    ],
)
def test_which_channels_block(blocking: tuple[str, ...], channel: str, outcome: str) -> None:
    story = set_to(blocking_channels=blocking)
    story.concluded("K1", account="B", code="NOSUCH42", channel=channel, then=f"{outcome} code-unknown")
    assert ("B" in story.summary()["accounts"]) == (outcome == "warned")


# ── codes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P1", "C3", "C4")
def test_which_products_issue_and_keep_codes() -> None:
    story = set_to(products=("electricity", "gas"), issuing_products=("gas",), keeping_products=("gas",))
    assert not story.concluded("E1", account="A").fields.get("issued")
    code = story.supplied("G1", account="A", product="gas", since="2021-01-10 12:00").issued
    story.activated("E1")
    story.terminated("G1")
    assert story.code_is("A", "ended") == code


@pytest.mark.rule("C10", "P1")
@pytest.mark.parametrize(
    ("first_name", "text"),
    [
        ("Mihkel", "MIHKEL2021"),
        ("mihkel", "MIHKEL2021"),
        ("Jüri", "JURI2021"),
        ("Õie", "OIE2021"),
        ("Ķirsis", "KIRSIS2021"),
        ("Mari-Liis", "MARILIIS2021"),
        ("Mari Liis", "MARILIIS2021"),
    ],
)
def test_a_named_code_is_first_name_and_year(first_name: str, text: str) -> None:
    story = Story(Programme.from_toml('code_format = "named"'))
    issued = story.concluded("K1", account="A", first_name=first_name, at="2021-05-10 12:00").issued
    assert issued == text


@pytest.mark.rule("C10", "C1")
def test_a_named_code_that_is_taken_has_a_short_tail() -> None:
    story = Story(Programme.from_toml('code_format = "named"'))
    codes = [
        story.concluded(f"K{n}", account=f"A{n}", first_name="Mihkel", at="2021-05-10 12:00").issued for n in range(30)
    ]
    assert len(set(codes)) == 30
    assert codes[0] == "MIHKEL2021"
    assert all(code.startswith("MIHKEL2021") and len(code) <= 20 for code in codes)
    tails = [code.removeprefix("MIHKEL2021") for code in codes[1:]]
    assert all(1 <= len(tail) <= 6 for tail in tails)
    assert tails != sorted(tails), "a tail is random, not a count"


@pytest.mark.rule("C10", "M1")
@pytest.mark.parametrize(
    ("at", "year"),
    [("2021-12-31T21:59:59Z", "2021"), ("2021-12-31T22:00:00Z", "2022"), ("2022-01-01T03:00:00+09:00", "2021")],
)
def test_the_year_of_a_named_code_is_that_of_the_zone(at: str, year: str) -> None:
    story = Story(Programme.from_toml('code_format = "named"'))
    assert story.concluded("K1", account="A", first_name="Mihkel", at=at).issued == f"MIHKEL{year}"


@pytest.mark.rule("C10", "C9")
@pytest.mark.parametrize("first_name", [None, "", " ", "李", "!", "X", "Wolfeschlegelsteinhausenbergerdorff", "Жанна"])
def test_whatever_the_name_the_code_is_a_code(first_name: str | None) -> None:
    story = Story(Programme.from_toml('code_format = "named"'))
    code = story.concluded("K1", account="A", first_name=first_name, at="2021-05-10 12:00").issued
    assert re.fullmatch("[A-Z0-9]{4,20}", code)
    story.activated("K1")
    assert story.code_is("A", "active") == code


@pytest.mark.rule("C10")
@pytest.mark.parametrize("code_format", ["named", "random"])
def test_words_that_offend_are_never_generated(code_format: str) -> None:
    words = [f"{first}{second}" for first in "MA7" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]
    story = Story(Programme.from_toml(f'code_format = "{code_format}"\noffensive_words = {words}'))
    for number in range(60):
        at = f"2021-05-{number % 28 + 1:02} 12:00"
        code = story.concluded(f"K{number}", account=f"A{number}", first_name="Mihkel", at=at).issued
        assert not [word for word in words if word in code], code


@pytest.mark.rule("C9", "C10")
def test_staff_choose_any_text_whatever_the_format() -> None:
    story = Story(Programme.from_toml('code_format = "named"'))
    story.concluded("K1", account="A", first_name="Mihkel", at="2021-05-10 12:00")
    assert story.issue("A", "A123", replace=True).issued == "A123"


# ── paying out ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B5", "P1")
@pytest.mark.parametrize("ending", ["code", "contract", "none"])
@pytest.mark.parametrize("pay", [True, False])
def test_whether_a_referrer_who_has_ended_is_paid(ending: str, pay: bool) -> None:
    story = set_to(pay_ended_referrer=pay)
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-01 12:00")
    if ending == "code":
        story.end(code, at="2021-02-10 12:00")
    if ending == "contract":
        story.terminated("K-A", at="2021-02-10 12:00")
    story.activated("K1", at="2021-03-01 00:00")
    story.holds("A", granted="10" if pay or ending == "none" else "0")
    story.holds("B", granted="7")
    story.referred("K1", status="granted")
    assert story.summary()["liability"]["locked"] == "0.00"


@pytest.mark.rule("B5", "P1")
def test_a_referrer_whose_end_is_only_planned_has_not_ended() -> None:
    story = set_to(pay_ended_referrer=False)
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-01 12:00")
    story.concluded("K2", account="C", code=code, at="2021-02-01 12:00")
    story.end(code, at="2021-02-10 12:00", ends="2021-03-01 00:00")
    story.activated("K1", at="2021-02-28 23:59:59")
    story.holds("A", granted="10", pending="10")
    story.activated("K2", at="2021-03-01 00:00")
    story.holds("A", granted="10")


def proposal(policy: str, *, bills: str, at: str, term: int = 12) -> Money:
    """Return what is proposed to pay back of 7 euros, granted on 1 March 2021."""
    story = Story(Programme.from_toml(f'fee_policy = "{policy}"\nfee_term_months = {term}')).with_amounts()
    story.concluded("K1", account="B", code=story.referrer("A"), at="2021-02-01 12:00")
    story.activated("K1", at="2021-03-01 00:00")
    story.bill("R1", "B", bills, at="2021-03-02 00:00")
    story.terminated("K1", at=at)
    before = story.state()
    proposed = (
        ReferralDesk(story.programme, story.store)
        .session(actor=Actor.system(), now=moment(at))
        .discounts.propose_fee("K1")
    )
    assert story.state() == before
    return proposed


@pytest.mark.rule("B8", "P1")
@pytest.mark.parametrize(
    ("policy", "bills", "at", "proposed"),
    [
        ("nothing", "5", "2021-04-01", "0"),
        ("used", "5", "2021-04-01", "5"),
        ("used", "0", "2021-04-01", "0"),
        ("used", "500", "2021-04-01", "7"),
        ("pro-rata", "5", "2021-03-02", "6.98"),
        ("pro-rata", "5", "2021-08-30", "3.51"),
        ("pro-rata", "5", "2022-03-01", "0"),
        ("pro-rata", "5", "2025-03-01", "0"),
    ],
)
def test_the_fee_that_is_proposed(policy: str, bills: str, at: str, proposed: str) -> None:
    assert proposal(policy, bills=bills, at=f"{at} 00:00" if at != "2021-03-02" else "2021-03-02 00:01") == Money(
        proposed, "EUR"
    )


@pytest.mark.rule("B6", "B8")
def test_what_was_used_of_a_discount_is_what_was_used_of_that_one() -> None:
    """The referee has earned a discount as a referrer too: oldest first, so the bill eats that one, not this."""
    story = Story(Programme.from_toml('fee_policy = "used"')).with_amounts()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-01 12:00")
    own = story.supplied("K2", account="B", since="2021-02-02 12:00")
    story.concluded("K3", account="C", code=story.code_is("B", "active"), at="2021-02-03 12:00")
    story.activated("K3", at="2021-02-04 12:00")
    story.bill("R1", "B", "4", at="2021-02-05 12:00")
    story.activated("K1", at="2021-03-01 12:00")
    story.terminated("K1", at="2021-03-02 12:00")
    story.holds("B", granted="17", consumed="4")
    desk = ReferralDesk(story.programme, story.store)
    assert "issued" not in own
    assert desk.session(actor=Actor.system(), now=moment("2021-03-02 12:00")).discounts.propose_fee("K1") == Money(
        "0", "EUR"
    )


@pytest.mark.rule("B1", "B8")
def test_nothing_is_paid_back_of_what_was_never_granted() -> None:
    story = Story(Programme.from_toml('fee_policy = "used"')).with_amounts()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-01 12:00")
    story.supplied("K2", account="B", since="2021-02-02 12:00")
    story.concluded("K3", account="C", code=story.code_is("B", "active"), at="2021-02-03 12:00")
    story.activated("K3", at="2021-02-04 12:00")
    story.bill("R1", "B", "4", at="2021-02-05 12:00")
    story.withdrawn("K1", at="2021-02-06 12:00")
    desk = ReferralDesk(story.programme, story.store)
    assert desk.session(actor=Actor.system(), now=moment("2021-02-06 12:00")).discounts.propose_fee("K1") == Money(
        "0", "EUR"
    )


# ── currency, zone, languages ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M3", "P1")
def test_another_currency_changes_no_amount() -> None:
    story = set_to(currency="SEK")
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.activated("K1")
    story.bill("R1", "A", "4")
    story.holds("A", granted="10", consumed="4")


@pytest.mark.rule("M3", "P1")
def test_a_store_of_one_currency_takes_no_other() -> None:
    programme = attrs.evolve(Programme.default(), currency="SEK")
    story = Story(programme, store=MemoryStore(programme, secret=SECRET)).with_amounts()
    story.referrer("A")
    story.holds("A")


@pytest.mark.rule("M1", "P1")
def test_days_are_days_of_the_zone() -> None:
    story = Story(attrs.evolve(Programme.default(), zone="America/New_York")).with_amounts()
    story.amount("referee-self-service", "12", from_="2021-03-14", until="2021-03-14")
    code = story.referrer("A")
    shown = [
        story.check(code, at=at)["referee_amount"]
        for at in ("2021-03-14T04:59:59Z", "2021-03-14T05:00:00Z", "2021-03-15T03:59:59Z", "2021-03-15T04:00:00Z")
    ]
    assert shown == ["7.00", "12.00", "12.00", "7.00"]
    row = story.account("A")["code"]
    assert row is not None
    assert row["start"] == "2021-01-05T05:00:00-05:00"


@pytest.mark.rule("P1", "T1")
def test_languages_are_those_of_the_programme() -> None:
    programme = Programme.from_toml(
        'languages = ["en"]\n[sharing.en]\ntitle = "T"\ntext = "Take {code}"\nlink = "https://shop.test/?c={code}"'
    )
    shared = programme.sharing_text("A123", "en")
    assert (shared.title, shared.text, shared.url) == ("T", "Take A123", "https://shop.test/?c=A123")
    with pytest.raises(LookupError):
        programme.sharing_text("A123", "et")
