"""K1 to K3: cases of sign-ups that failed."""

from __future__ import annotations

import pytest

from tests.feed.story import Story

CARRYING = {"promo_code": "A123", "discount_amount": "7.00"}
BARE = {"promo_code": None, "discount_amount": None}


def told() -> Story:
    story = Story().with_amounts()
    story.referrer("A", text="A123")
    return story


def carried(story: Story, case: str) -> dict[str, str | None]:
    row = story.case(case)
    return {"promo_code": row["promo_code"], "discount_amount": row["discount_amount"]}


# ── K1 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("K1")
@pytest.mark.parametrize("code", ["A123", " a-1 23"])
def test_with_a_usable_code_a_case_carries_it_and_the_self_service_amount(code: str) -> None:
    story = told()
    story.case_opened("C1", customer="b", code=code)
    assert carried(story, "C1") == CARRYING
    assert story.summary()["referrals"] == []
    story.holds("A")


@pytest.mark.rule("K1")
def test_what_a_case_carries_is_as_it_was_at_that_moment() -> None:
    story = told()
    story.amount("referee-self-service", "12", from_="2021-03-01")
    story.case_opened("C1", customer="b", code="A123", at="2021-02-28 23:59:59")
    story.case_opened("C2", customer="c", code="A123", at="2021-03-01 00:00")
    story.end("A123", at="2021-03-02 12:00")
    assert carried(story, "C1") == CARRYING
    assert carried(story, "C2") == CARRYING | {"discount_amount": "12.00"}


@pytest.mark.rule("K1")
def test_without_a_code_a_case_is_opened_without_one() -> None:
    story = told()
    story.case_opened("C1", customer="b")
    assert carried(story, "C1") == BARE


@pytest.mark.rule("K1", "S5")
@pytest.mark.parametrize(
    ("customer", "code", "product", "reasons"),
    [
        ("b", "NOSUCH42", None, "code-unknown"),
        ("b", "ENDED1", None, "code-ended"),
        ("b", "A123", "solar", "not-eligible"),
        ("a", "A123", None, "existing-customer self-referral"),
        ("e", "ENDED1", "solar", "code-ended former-customer self-referral not-eligible"),
    ],
)
def test_with_an_unusable_code_a_case_is_opened_without_it_and_says_why(
    customer: str, code: str, product: str | None, reasons: str
) -> None:
    story = told()
    story.referrer("E", text="ENDED1")
    story.terminated("K-E")
    story.case_opened("C1", customer=customer, code=code, product=product, then=f"warned {reasons}")
    assert carried(story, "C1") == BARE


@pytest.mark.rule("K1", "D8")
def test_a_case_is_judged_by_the_self_service_group() -> None:
    story = told()
    story.group("disable", "referee-manual")
    story.case_opened("C1", customer="b", code="A123")
    story.group("disable", "referee-self-service")
    story.case_opened("C2", customer="c", code="A123", then="warned group-disabled")


@pytest.mark.rule("K1")
def test_a_case_is_opened_once() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.case_opened("C1", customer="b", code="A123", then="refused case-exists")
    story.case_opened("C1", customer="c", then="refused case-exists")
    story.case_abandoned("C1")
    story.case_opened("C1", customer="b", then="refused case-exists")


@pytest.mark.rule("K1", "S11")
def test_a_case_knows_product_and_segment() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123", product="electricity", segment="household")
    story.case_opened("C2", customer="b", code="A123", segment="micro-business", then="warned not-eligible")
    story.case_opened("C3", customer="b", code="A123", product="gas", then="warned not-eligible")


# ── K2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("K2", "S10")
def test_finishing_uses_what_the_case_carries_whatever_has_changed_since() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123", at="2021-02-10 12:00")
    open_case = story.case("C1")["status"]
    story.end("A123", at="2021-02-15 12:00")
    for group in ("referrer", "referee-self-service", "referee-manual"):
        story.amount(group, "99", at="2021-02-16 12:00")
        story.group("disable", group, at="2021-02-17 12:00")
    result = story.case_finished("C1", "K1", account="B", at="2021-02-20 12:00", role="agent")
    assert result["usable"] is True
    assert result.amounts == ("10.00", "7.00")
    assert (result["referrer_group"], result["referee_group"]) == ("referrer", "referee-self-service")
    assert result["issued"] == story.code_is("B", "pending")
    story.referred(
        "K1",
        code="A123",
        referrer="A",
        referee="B",
        status="recorded",
        concluded_at="2021-02-20T12:00:00+02:00",
        honoured_moment="2021-02-10T12:00:00+02:00",
        channel="sales-portal",
        referee_group="referee-self-service",
        referrer_amount="10.00",
        referee_amount="7.00",
    )
    assert story.case("C1")["status"] != open_case
    assert carried(story, "C1") == CARRYING
    story.activated("K1", at="2021-03-01 00:00")
    story.holds("A", granted="10")
    story.holds("B", granted="7")


@pytest.mark.rule("D5", "K2")
def test_a_correction_does_not_change_what_a_case_carries() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123", at="2021-02-10 12:00")
    story.amount("referee-self-service", "99", from_="2021-02-01", at="2021-02-15", correction=True, reason="wrong")
    assert story.case_finished("C1", "K1", account="B", at="2021-02-20 12:00")["referee_amount"] == "7.00"
    story.referred("K1", referee_amount="7.00")


@pytest.mark.rule("K2")
def test_a_code_that_turns_out_to_have_ended_before_does_not_change_it_either() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123", at="2021-02-10 12:00")
    story.end("A123", at="2021-02-05 12:00")
    story.check("A123", "code-ended", at="2021-02-10 12:00")
    story.case_finished("C1", "K1", account="B", at="2021-02-20 12:00")
    story.referred("K1", code="A123", referee_amount="7.00")


@pytest.mark.rule("K2")
def test_another_group_may_be_chosen_at_the_cases_moment() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123", at="2021-02-10 12:00")
    story.amount("referee-manual", "99", from_="2021-02-16")
    story.case_finished("C1", "K1", account="B", group="referee-manual", at="2021-02-20 12:00")
    story.referred("K1", referee_group="referee-manual", referee_amount="8.00", referrer_amount="10.00")


@pytest.mark.rule("D7", "K2")
def test_a_group_that_does_not_exist_finishes_no_case() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.case_finished("C1", "K1", account="B", group="fair", then="refused group-unknown")
    story.case_finished("C1", "K1", account="B", group="referrer", then="refused group-unknown")
    story.case_finished("C1", "K1", account="B")


@pytest.mark.rule("K2", "D6")
@pytest.mark.parametrize("channel", ["sales-portal", "distributor"])
def test_a_case_may_be_finished_in_any_staff_channel(channel: str) -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.case_finished("C1", "K1", account="B", channel=channel)
    story.referred("K1", channel=channel, referee_group="referee-self-service")


@pytest.mark.rule("K2")
def test_the_group_of_a_finished_case_can_be_changed() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123", at="2021-02-10 12:00")
    story.case_finished("C1", "K1", account="B", at="2021-02-20 12:00")
    story.amount("referee-manual", "99", from_="2021-02-21")
    story.change_group("K1", "referee-manual", at="2021-02-22 12:00")
    story.referred("K1", referee_group="referee-manual", referee_amount="8.00")


@pytest.mark.rule("K2")
@pytest.mark.parametrize("code", [None, "NOSUCH42"])
def test_a_case_that_carries_nothing_is_finished_without_a_referral(code: str | None) -> None:
    story = told()
    story.case_opened("C1", customer="b", code=code, then="warned code-unknown" if code else "done")
    story.case_finished("C1", "K1", account="B", then="*" if code else "done")
    assert story.results[-1].outcome in {"done", "warned"}
    assert story.summary()["referrals"] == []
    story.activated("K1")
    story.holds("B")
    story.case_finished("C1", "K2", account="B", then="refused case-closed")


@pytest.mark.rule("K2", "S1", "S9")
def test_the_customer_is_judged_as_the_case_is_finished() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123", at="2021-02-10 12:00")
    story.supplied("H1", account="B-other", customer="b", since="2021-02-15 12:00")
    result = story.case_finished("C1", "K1", account="B", at="2021-02-20 12:00", then="warned existing-customer")
    assert result["usable"] is False
    assert story.summary()["referrals"] == []
    story.case_finished("C1", "K2", account="B", then="refused case-closed")
    story.activated("K1")


@pytest.mark.rule("K2", "S6")
def test_finishing_a_case_warns_in_a_blocking_channel_too() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.supplied("H1", account="B-other", customer="b", since="2021-02-15 12:00")
    story.case_finished("C1", "K1", account="B", channel="self-service", then="warned existing-customer")
    story.activated("K1")


@pytest.mark.rule("K2", "S4")
def test_one_customer_with_two_cases_is_referred_once() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.case_opened("C2", customer="b", code="A123")
    story.case_finished("C1", "K1", account="B")
    story.case_finished("C2", "K2", account="B", then="warned already-referred")
    assert [row["contract"] for row in story.summary()["referrals"]] == ["K1"]


@pytest.mark.rule("K2")
def test_a_case_is_finished_for_its_own_customer() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.case_finished("C1", "K1", account="C", then="refused not-same-customer")
    story.activated("K1", then="refused contract-unknown")
    story.case_finished("C1", "K1", account="B")


@pytest.mark.rule("K2")
def test_a_case_is_finished_on_the_customers_own_account() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.case_finished("C1", "K1", account="A", customer="b", then="refused not-same-customer")
    story.case_finished("C1", "K-A", account="B", then="refused contract-exists")
    story.case_finished("C1", "K1", account="B")


@pytest.mark.rule("K2", "S11")
def test_the_product_of_the_contract_is_what_counts_in_the_end() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.case_finished("C1", "K1", account="B", product="solar", then="warned not-eligible")
    assert story.summary()["referrals"] == []


@pytest.mark.rule("K2", "B1")
def test_a_finished_case_without_a_code_of_its_own_still_brings_the_account_one() -> None:
    story = told()
    story.case_opened("C1", customer="b")
    issued = story.case_finished("C1", "K1", account="B").issued
    assert story.code_is("B", "pending") == issued


# ── K3 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("K3")
def test_a_case_is_finished_once() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    story.case_finished("C1", "K1", account="B")
    story.case_finished("C1", "K2", account="B", then="refused case-closed")
    story.case_abandoned("C1", then="refused case-closed")
    story.activated("K2", then="refused contract-unknown")


@pytest.mark.rule("K3")
def test_an_abandoned_case_leaves_no_referral() -> None:
    story = told()
    story.case_opened("C1", customer="b", code="A123")
    open_case = story.case("C1")["status"]
    story.case_abandoned("C1")
    assert story.case("C1")["status"] != open_case
    story.case_finished("C1", "K1", account="B", then="refused case-closed")
    story.case_abandoned("C1", then="refused case-closed")
    assert story.summary()["referrals"] == []
    assert "B" not in story.summary()["accounts"]
    story.concluded("K1", account="B", code="A123")


@pytest.mark.rule("K3")
def test_a_finished_and_an_abandoned_case_are_told_apart() -> None:
    story = told()
    for case in ("C1", "C2", "C3"):
        story.case_opened(case, customer="b")
    story.case_finished("C1", "K1", account="B")
    story.case_abandoned("C2")
    assert len({row["status"] for row in story.summary()["cases"]}) == 3


@pytest.mark.rule("K2", "K3")
def test_a_case_that_was_not_opened_is_unknown() -> None:
    story = told()
    story.case_finished("C1", "K1", account="B", then="refused case-unknown")
    story.case_abandoned("C1", then="refused case-unknown")
