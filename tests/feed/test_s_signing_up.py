"""S1 to S11: signing up with a code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.feed.story import REASONS, Story

STAFF = ["sales-portal", "distributor"]


def told() -> Story:
    return Story().with_amounts()


def customer_b(story: Story, history: str) -> None:
    """Give customer b a past that ends before 1 February 2021."""
    for act in history.split():
        name, number = act[:-1], act[-1]
        {
            "concluded": lambda n: story.concluded(f"H{n}", account="B-old", customer="b", at=f"2021-01-1{n} 12:00"),
            "activated": lambda n: story.activated(f"H{n}", at=f"2021-01-2{n} 12:00"),
            "terminated": lambda n: story.terminated(f"H{n}", at=f"2021-01-2{n} 18:00"),
            "withdrawn": lambda n: story.withdrawn(f"H{n}", at=f"2021-01-2{n} 18:00"),
        }[name](number)


PASTS = [
    ("", ""),
    ("concluded1", ""),
    ("concluded1 withdrawn1", ""),
    ("concluded1 activated1", "existing-customer"),
    ("concluded1 activated1 terminated1", "former-customer"),
    ("concluded1 activated1 terminated1 concluded2", "former-customer"),
    ("concluded1 activated1 terminated1 concluded2 withdrawn2", "former-customer"),
    ("concluded1 activated1 terminated1 concluded2 activated2", "existing-customer"),
    ("concluded1 concluded2 activated1 activated2 terminated1", "existing-customer"),
]


# ── S1, S2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S1", "S2", "S6")
@pytest.mark.parametrize(("history", "reason"), PASTS)
def test_a_code_is_for_new_customers(history: str, reason: str) -> None:
    story = told()
    code = story.referrer("A")
    customer_b(story, history)
    then = f"refused {reason}" if reason else "done"
    story.concluded("K1", account="B", code=code, at="2021-02-01 12:00", then=then)


@pytest.mark.rule("S1", "S2", "S5")
@pytest.mark.parametrize(("history", "reason"), PASTS)
def test_a_check_knows_the_customer_when_it_is_told_who_it_is(history: str, reason: str) -> None:
    story = told()
    code = story.referrer("A")
    customer_b(story, history)
    story.check(code, reason or "usable", customer="b", at="2021-02-01 12:00")
    story.check(code, "usable", at="2021-02-01 12:00")
    story.check(code, "usable", customer="somebody-else", at="2021-02-01 12:00")


@pytest.mark.rule("S1")
@pytest.mark.parametrize("product", ["electricity", "gas", "solar"])
@pytest.mark.parametrize("account", ["B", "B-other"])
def test_an_active_contract_on_any_account_and_product_makes_an_existing_customer(product: str, account: str) -> None:
    story = told()
    code = story.referrer("A")
    story.supplied("H1", account=account, customer="b", product=product, since="2021-01-10 12:00")
    story.concluded("K1", account="B", code=code, then="refused existing-customer")
    story.concluded("K1", account="B", code=code, product="gas", then="refused existing-customer not-eligible")


@pytest.mark.rule("S1", "S2", "M2")
def test_a_contract_is_active_from_its_activation_until_its_termination() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("H1", account="B", at="2021-01-10 12:00")
    story.activated("H1", at="2021-02-01 00:00")
    story.terminated("H1", at="2021-03-01 00:00")
    story.check(code, "usable", customer="b", at="2021-01-31T23:59:59.999999+02:00")
    story.check(code, "existing-customer", customer="b", at="2021-02-01 00:00")
    story.check(code, "existing-customer", customer="b", at="2021-02-28T23:59:59.999999+02:00")
    story.check(code, "former-customer", customer="b", at="2021-03-01 00:00")


@pytest.mark.rule("S2")
def test_by_default_nobody_becomes_new_again() -> None:
    story = told()
    code = story.referrer("A")
    story.supplied("H1", account="B", since="2021-01-10 12:00")
    story.terminated("H1", at="2021-01-11 12:00")
    story.concluded("K1", account="B", code=code, at="2071-01-11 12:00", then="refused former-customer")


# ── S3 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S3")
@pytest.mark.parametrize("account", ["A", "A-other"])
def test_a_customers_own_code_is_no_use_to_them(account: str) -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account=account, customer="a", code=code, then="refused existing-customer self-referral")
    story.check(code, "existing-customer self-referral", customer="a")
    story.check(code, "usable")


@pytest.mark.rule("S3")
@pytest.mark.parametrize("account", ["A", "A-other"])
def test_not_even_while_it_is_pending(account: str) -> None:
    story = told()
    code = story.concluded("K1", account="A").issued
    refused = "refused code-pending self-referral"
    story.concluded("K2", account=account, customer="a", code=code, then=refused)


@pytest.mark.rule("S3", "S8")
def test_an_attached_code_may_not_be_ones_own_either() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="A-other", customer="a")
    story.attached("K1", code, then="refused existing-customer self-referral")


@pytest.mark.rule("S3")
def test_two_customers_may_refer_each_other_one_after_the_other_only_while_new() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.activated("K1")
    story.check(story.code_is("B", "active"), "existing-customer", customer="a")


# ── S4 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S4")
@pytest.mark.parametrize("account", ["B", "B-other"])
def test_a_customer_with_an_open_referral_cannot_be_referred_again(account: str) -> None:
    story = told()
    code, other = story.referrer("A"), story.referrer("C")
    story.concluded("K1", account="B", code=code)
    for text in (code, other):
        story.concluded("K2", account=account, customer="b", code=text, then="refused already-referred")
    story.concluded("K2", account=account, customer="b")
    story.attached("K2", other, then="refused already-referred")
    story.check(other, "already-referred", customer="b")
    story.referred("K1", code=code)


@pytest.mark.rule("S4")
def test_a_contract_carries_at_most_one_referral() -> None:
    story = told()
    code, other = story.referrer("A"), story.referrer("C")
    story.concluded("K1", account="B", code=code)
    for text in (code, other):
        story.attached("K1", text, then="refused already-referred")
    story.referred("K1", code=code, referrer="A")
    assert len(story.summary()["referrals"]) == 1


@pytest.mark.rule("S4")
def test_a_customer_whose_referral_was_paid_cannot_be_referred_again() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.activated("K1", at="2021-02-01 00:00")
    story.check(code, "existing-customer already-referred", customer="b")
    story.terminated("K1", at="2021-03-01 00:00")
    story.check(code, "former-customer already-referred", customer="b")
    story.concluded("K2", account="B", code=code, then="refused former-customer already-referred")


@pytest.mark.rule("S4", "B9")
def test_a_customer_whose_referral_was_cancelled_can_be_referred_again() -> None:
    story = told()
    code, other = story.referrer("A"), story.referrer("C")
    story.concluded("K1", account="B", code=code)
    story.withdrawn("K1")
    story.check(other, customer="b")
    story.concluded("K2", account="B", code=other)
    story.referred("K1", status="cancelled")
    story.referred("K2", status="recorded")
    story.concluded("K3", account="B", code=code, then="refused already-referred")


# ── S5 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S5")
def test_a_check_tells_the_amounts_as_they_are_now() -> None:
    story = told()
    story.amount("referee-self-service", "12", from_="2021-03-01")
    code = story.referrer("A")
    usable = story.check(code, at="2021-02-01 12:00")
    assert usable.amounts == ("10.00", "7.00")
    assert (usable["referrer_group"], usable["referee_group"]) == ("referrer", "referee-self-service")
    assert story.check(code, at="2021-03-01 00:00")["referee_amount"] == "12.00"


@pytest.mark.rule("S5")
def test_unknown_pending_and_ended_codes_are_told_apart() -> None:
    story = told()
    story.check("NOSUCH42", "code-unknown")
    pending = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    story.check(pending, "code-pending")
    story.activated("K1", at="2021-02-01 00:00")
    story.check(pending)
    story.terminated("K1", at="2021-03-01 00:00")
    story.check(pending, "code-ended")


@pytest.mark.rule("S5")
@pytest.mark.parametrize("code", ["AB", "!!!!", "Ü", "X" * 200, "' OR 1=1 --", "=1+1", "A123😀"])
def test_a_text_that_cannot_be_a_code_is_simply_unknown(code: str) -> None:
    story = told()
    story.check(code, "code-unknown")
    story.concluded("K1", account="B", code=code, then="refused code-unknown")
    story.concluded("K1", account="B", code=code, channel="sales-portal", then="warned code-unknown")
    story.attached("K1", code, then="refused code-unknown")
    story.end(code, then="refused code-unknown")
    story.shared(code, then="refused code-unknown")


@pytest.mark.rule("S1", "S2", "S3", "S4", "S5", "S11", "D8")
@pytest.mark.parametrize(
    ("text", "about_code"),
    [("unknown", "code-unknown"), ("pending", "code-pending"), ("ended", "code-ended"), ("active", "")],
)
@pytest.mark.parametrize("customer", ["new", "existing", "former", None])
@pytest.mark.parametrize("product", ["electricity", "solar"])
@pytest.mark.parametrize("amounts", ["all", "none", "disabled"])
def test_all_reasons_are_given_in_the_order_of_the_rulebook(
    text: str, about_code: str, customer: str | None, product: str, amounts: str
) -> None:
    story = told()
    codes = {
        "unknown": "NOSUCH42",
        "pending": story.concluded("P1", account="P").issued,
        "ended": story.referrer("E"),
        "active": story.referrer("A"),
    }
    story.terminated("K-E", at="2021-01-20 12:00")
    story.supplied("H1", account="F", customer="former", since="2021-01-10 12:00")
    story.terminated("H1", at="2021-01-20 12:00")
    story.supplied("H2", account="X", customer="existing", since="2021-01-10 12:00")
    if amounts == "none":
        story.group("add", "fair", side="referee")
    if amounts == "disabled":
        story.group("disable", "referee-manual")
    told_reasons = {
        about_code,
        f"{customer}-customer" if customer in {"existing", "former"} else "",
        "not-eligible" if product == "solar" else "",
        {"all": "", "none": "no-amount", "disabled": "group-disabled"}[amounts],
    }
    expected = [reason for reason in REASONS if reason in told_reasons]
    group = {"group": "fair"} if amounts == "none" else {}
    if customer:
        then = " ".join(["warned" if expected else "done", *expected])
        given: dict[str, Any] = {"code": codes[text], "product": product, "channel": "sales-portal", **group}
        story.concluded("K1", account="N", customer=customer, at="2021-02-01 12:00", then=then, **given)
        assert (story.referral("K1") is None) == bool(expected)
    if amounts != "none" and not (customer == "new" and not expected):
        asked = {"customer": customer} if customer else {}
        finds = " ".join(expected) or "usable"
        story.check(codes[text], finds, channel="sales-portal", product=product, at="2021-02-01 12:01", **asked)


@pytest.mark.rule("S5")
def test_everything_at_once_keeps_the_order() -> None:
    story = Story()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00")
    story.group("disable", "referrer")
    everything = "code-ended existing-customer self-referral not-eligible no-amount group-disabled"
    story.check(code, everything, customer="a", product="solar")
    story.concluded("K1", account="A", code=code, product="solar", then=f"refused {everything}")
    story.concluded(
        "K1", account="A", code=code, segment="micro-business", channel="distributor", then=f"warned {everything}"
    )
    story.check(code, "code-ended not-eligible no-amount group-disabled", segment="micro-business")


# ── S6 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S6")
def test_self_service_blocks_and_the_contract_can_be_concluded_without_the_code() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code)
    refused = story.concluded("K1", account="B", code=code, then="refused code-ended")
    assert refused["usable"] is False
    story.activated("K1", then="refused contract-unknown")
    done = story.concluded("K1", account="B")
    assert "usable" not in done
    story.activated("K1")
    assert story.referral("K1") is None
    story.holds("B")


# ── S7 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7")
def test_a_usable_code_records_the_referral() -> None:
    story = told()
    code = story.referrer("A")
    result = story.concluded("K1", account="B", code=code.lower(), channel="distributor", at="2021-02-10 12:00")
    assert result["usable"] is True
    assert result.amounts == ("10.00", "8.00")
    assert story.referral("K1") == {
        "contract": "K1",
        "code": code,
        "referrer": "A",
        "referee": "B",
        "status": "recorded",
        "concluded_at": "2021-02-10T12:00:00+02:00",
        "honoured_moment": None,
        "channel": "distributor",
        "referrer_group": "referrer",
        "referee_group": "referee-manual",
        "referrer_amount": "10.00",
        "referee_amount": "8.00",
    }


@pytest.mark.rule("S7", "B1")
def test_nothing_is_paid_yet() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"), starts_on="2021-02-01", at="2021-01-10 12:00")
    story.check(story.code_is("A", "active"), at="2021-03-01 12:00")
    story.holds("A", pending="10")
    story.holds("B", pending="7")
    assert story.summary()["liability"] == {"locked": "17.00", "granted_unused": "0.00"}


@pytest.mark.rule("S7")
def test_locked_amounts_never_change() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"), at="2021-02-10 12:00")
    for group in ("referrer", "referee-self-service", "referee-manual"):
        story.amount(group, "99", from_="2021-02-11")
    story.group("disable", "referrer")
    story.activated("K1", at="2021-03-01 00:00")
    story.holds("A", granted="10")
    story.holds("B", granted="7")
    story.referred("K1", status="granted", referrer_amount="10.00", referee_amount="7.00")


# ── S8 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S8")
def test_staff_add_a_code_after_concluding_and_before_activation() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", at="2021-02-10 12:00")
    result = story.attached("K1", code, at="2021-02-20 12:00", role="agent")
    assert result["usable"] is True
    assert result.amounts == ("10.00", "8.00")
    story.referred(
        "K1",
        code=code,
        referrer="A",
        referee="B",
        channel="sales-portal",
        referee_group="referee-manual",
        concluded_at="2021-02-10T12:00:00+02:00",
        honoured_moment=None,
        status="recorded",
    )
    story.activated("K1", at="2021-03-01 00:00")
    story.holds("A", granted="10")
    story.holds("B", granted="8")


@pytest.mark.rule("S8", "D6")
def test_the_channel_of_adding_decides_the_group() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", channel="sales-portal")
    story.attached("K1", code, channel="self-service")
    story.referred("K1", referee_group="referee-self-service", referee_amount="7.00")


@pytest.mark.rule("S8")
def test_code_and_amounts_are_judged_at_the_concluding_moment() -> None:
    story = told()
    code, late = story.referrer("A"), story.concluded("L1", account="L", at="2021-02-01 12:00").issued
    story.concluded("K1", account="B", at="2021-02-10 12:00")
    story.concluded("K2", account="C", at="2021-02-10 12:00")
    story.activated("L1", at="2021-02-15 12:00")
    story.end(code, at="2021-02-15 12:00")
    for group in ("referrer", "referee-manual"):
        story.amount(group, "99", from_="2021-02-16")
    story.check(code, "code-ended", at="2021-02-20 12:00")
    story.check(late, at="2021-02-20 12:00")
    assert story.attached("K1", code, at="2021-02-20 12:00").amounts == ("10.00", "8.00")
    story.attached("K2", late, at="2021-02-20 12:00", then="refused code-pending")
    story.referred("K1", referrer_amount="10.00", referee_amount="8.00")


@pytest.mark.rule("S8")
def test_a_code_issued_only_after_concluding_was_not_there_yet() -> None:
    story = told()
    story.concluded("K1", account="B", at="2021-02-10 12:00")
    code = story.referrer("A", since="2021-02-15 12:00")
    story.attached("K1", code, at="2021-02-20 12:00", then="refused code-pending")


@pytest.mark.rule("S1", "S2", "S8")
def test_the_customer_too_is_judged_at_the_concluding_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("H1", account="B-old", customer="b", at="2021-02-01 12:00")
    story.concluded("K1", account="B", at="2021-02-10 12:00")
    story.activated("H1", at="2021-02-15 12:00")
    story.concluded("K2", account="B", at="2021-02-17 12:00")
    story.terminated("H1", at="2021-02-18 12:00")
    story.attached("K2", code, at="2021-02-20 12:00", then="refused existing-customer")
    story.attached("K1", code, at="2021-02-20 12:00")


@pytest.mark.rule("S8")
def test_after_activation_it_is_too_late() -> None:
    story = told()
    code = story.referrer("A")
    story.supplied("K1", account="B", since="2021-02-10 12:00")
    story.attached("K1", code, then="refused contract-active")


@pytest.mark.rule("S8")
def test_nothing_is_added_to_a_contract_that_has_ended_or_is_unknown() -> None:
    story = told()
    code = story.referrer("A")
    story.supplied("K1", account="B", since="2021-02-10 12:00")
    story.terminated("K1")
    story.concluded("K2", account="C")
    story.withdrawn("K2")
    assert story.attached("K1", code, then="*").reasons in (["contract-active"], ["contract-ended"])
    story.attached("K2", code, then="refused contract-ended")
    story.attached("K3", code, then="refused contract-unknown")


@pytest.mark.rule("S8", "S11")
def test_the_contracts_own_product_and_segment_are_looked_at() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", product="solar")
    story.concluded("K2", account="C", segment="micro-business")
    story.attached("K1", code, then="refused not-eligible")
    story.attached("K2", code, then="refused not-eligible")


@pytest.mark.rule("S6", "S8")
@pytest.mark.parametrize("channel", [None, "self-service", "sales-portal"])
def test_an_unusable_code_is_not_added_in_any_channel(channel: str | None) -> None:
    story = told()
    story.concluded("K1", account="B")
    result = story.attached("K1", "NOSUCH42", channel=channel, then="refused code-unknown")
    assert result["usable"] is False
    story.attached("K1", story.referrer("A", since="2021-01-01 12:00"), channel=channel, then="*")


# ── S9 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S9")
@pytest.mark.parametrize("channel", STAFF)
def test_in_staff_channels_an_unusable_code_warns_and_the_contract_is_concluded(channel: str) -> None:
    story = told()
    code = story.referrer("A")
    story.end(code)
    result = story.concluded("K1", account="B", code=code, channel=channel, then="warned code-ended")
    assert result["usable"] is False
    assert result["issued"] == story.code_is("B", "pending")
    assert not {"referee_amount", "referrer_amount"} & {name for name, value in result.fields.items() if value}
    assert story.referral("K1") is None
    story.holds("B")
    story.activated("K1")
    story.holds("A")
    story.holds("B")


@pytest.mark.rule("S8", "S9")
def test_after_a_warning_staff_may_still_add_a_usable_code() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code="NOSUCH42", channel="sales-portal", then="warned code-unknown")
    story.attached("K1", code)
    story.referred("K1", code=code)


# ── S10 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

HONOURED: dict[str, Any] = {"channel": "sales-portal", "reason": "had begun on the web", "role": "agent"}


@pytest.mark.rule("S10")
def test_code_and_amounts_are_judged_at_the_honoured_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-15 12:00")
    for group in ("referrer", "referee-manual", "referee-self-service"):
        story.amount(group, "99", from_="2021-02-16")
    story.concluded(
        "K0", account="C", code=code, channel="sales-portal", at="2021-02-20 12:00", then="warned code-ended"
    )
    result = story.concluded("K1", account="B", code=code, honour="2021-02-10 12:00", at="2021-02-20 12:00", **HONOURED)
    assert result.amounts == ("10.00", "8.00")
    story.referred(
        "K1",
        honoured_moment="2021-02-10T12:00:00+02:00",
        concluded_at="2021-02-20T12:00:00+02:00",
        channel="sales-portal",
        referee_group="referee-manual",
        referrer_amount="10.00",
        referee_amount="8.00",
    )
    story.activated("K1", at="2021-03-01 00:00")
    story.holds("A", granted="10")
    story.holds("B", granted="8")


@pytest.mark.rule("D7", "S10")
def test_the_group_may_be_set_to_the_self_service_one() -> None:
    story = told()
    code = story.referrer("A")
    group = {"group": "referee-self-service"}
    story.concluded("K1", account="B", code=code, honour="2021-02-10 12:00", at="2021-02-20 12:00", **HONOURED, **group)
    story.referred("K1", referee_group="referee-self-service", referee_amount="7.00", channel="sales-portal")


@pytest.mark.rule("S10")
def test_a_code_that_starts_later_is_pending_at_the_honoured_moment() -> None:
    story = told()
    started = story.concluded("L1", account="L", at="2021-02-01 12:00").issued
    story.activated("L1", at="2021-02-15 12:00")
    issued = story.referrer("A", since="2021-02-15 12:00")
    for number, code in enumerate((started, issued)):
        story.concluded(
            f"K{number}",
            account=f"B{number}",
            code=code,
            honour="2021-02-10 12:00",
            at="2021-02-20 12:00",
            **HONOURED,
            then="warned code-pending",
        )
        story.concluded(
            f"KK{number}", account=f"C{number}", code=code, honour="2021-02-15 12:00", at="2021-02-20 12:00", **HONOURED
        )


@pytest.mark.rule("S10")
def test_a_code_that_had_ended_by_the_honoured_moment_has_ended() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-10 12:00")
    story.concluded(
        "K1",
        account="B",
        code=code,
        honour="2021-02-10 12:00",
        at="2021-02-20 12:00",
        **HONOURED,
        then="warned code-ended",
    )


@pytest.mark.rule("S1", "S10")
def test_the_customer_is_judged_at_the_concluding_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("H1", account="B-old", customer="b", at="2021-02-01 12:00")
    story.activated("H1", at="2021-02-15 12:00")
    for then, at in (("warned existing-customer", "2021-02-20 12:00"), ("warned former-customer", "2021-03-01 12:00")):
        story.concluded(f"K{at}", account="B", code=code, honour="2021-02-10 12:00", at=at, then=then, **HONOURED)
        if "existing" in then:
            story.terminated("H1", at="2021-02-25 12:00")


@pytest.mark.rule("S4", "S10")
def test_whether_a_customer_was_referred_is_judged_at_the_concluding_moment_too() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K0", account="B", code=code, at="2021-02-15 12:00")
    story.concluded(
        "K1",
        account="B",
        code=code,
        honour="2021-02-10 12:00",
        at="2021-02-20 12:00",
        then="warned already-referred",
        **HONOURED,
    )


@pytest.mark.rule("S10")
@pytest.mark.parametrize("moment", ["2021-02-20 12:00", "2021-02-20 12:01", "2031-02-20 12:00"])
def test_the_honoured_moment_lies_before_the_concluding_one(moment: str) -> None:
    story = told()
    code = story.referrer("A")
    story.concluded(
        "K1", account="B", code=code, honour=moment, at="2021-02-20 12:00", then="refused moment-invalid", **HONOURED
    )
    story.concluded("K1", account="B", code=code, honour="2021-02-20T11:59:59.999999+02:00", **HONOURED)


@pytest.mark.rule("S8", "S10")
@pytest.mark.parametrize("moment", ["2021-02-10 12:00", "2021-02-15 12:00", "2021-02-20 12:00", "2021-02-25 12:00"])
def test_a_code_added_later_honours_a_moment_before_concluding(moment: str) -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-manual", "18", from_="2021-02-09")
    story.concluded("K1", account="B", at="2021-02-10 12:00")
    told_late = {"at": "2021-02-20 12:00", "reason": "had begun on the web", "role": "agent"}
    story.attached("K1", code, honour=moment, then="refused moment-invalid", **told_late)
    story.attached("K1", code, honour="2021-02-08 12:00", **told_late)
    story.referred(
        "K1",
        honoured_moment="2021-02-08T12:00:00+02:00",
        concluded_at="2021-02-10T12:00:00+02:00",
        referee_amount="8.00",
    )


@pytest.mark.rule("S10")
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_honouring_needs_a_reason(reason: str | None) -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", at="2021-02-10 12:00")
    honoured = HONOURED | {"reason": reason, "then": "refused reason-missing"}
    story.concluded("K2", account="C", code=code, honour="2021-02-09 12:00", **honoured)
    story.attached("K1", code, honour="2021-02-09 12:00", reason=reason, role="agent", then="refused reason-missing")
    story.attached("K1", code, honour="2021-02-09 12:00")


@pytest.mark.rule("S10")
def test_a_plain_sign_up_by_staff_needs_no_reason() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, channel="sales-portal", role="agent")
    story.concluded("K2", account="C", role="agent", channel="sales-portal")
    story.attached("K2", code, role="agent")


# ── S11 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S11")
@pytest.mark.parametrize(
    ("product", "segment", "eligible"),
    [
        ("electricity", "household", True),
        ("gas", "household", False),
        ("solar", "household", False),
        ("electricity", "micro-business", False),
        ("anything", "anyone", False),
        ("Electricity", "household", False),
    ],
)
def test_a_code_is_good_for_the_programmes_products_and_segments(product: str, segment: str, eligible: bool) -> None:
    story = told()
    code = story.referrer("A")
    offered: dict[str, Any] = {"product": product, "segment": segment}
    story.check(code, "usable" if eligible else "not-eligible", **offered)
    story.concluded("K1", account="B", code=code, then="done" if eligible else "refused not-eligible", **offered)
    then = "done" if eligible else "warned not-eligible"
    story.concluded("K2", account="C", code=code, channel="sales-portal", then=then, **offered)
    story.concluded("K3", account="D", **offered)


# ── contracts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7")
def test_a_contract_is_concluded_once() -> None:
    story = told()
    story.concluded("K1", account="B")
    story.concluded("K1", account="B", then="refused contract-exists")
    story.concluded("K1", account="C", then="refused contract-exists")
    story.concluded("K1", account="B", channel="sales-portal", then="refused contract-exists")


@pytest.mark.rule("S3")
def test_an_account_belongs_to_one_customer() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="A", customer="b", then="refused not-same-customer")
    story.concluded(
        "K1", account="A", customer="b", code=code, channel="sales-portal", then="refused not-same-customer"
    )
    story.terminated("K-A")
    story.concluded("K1", account="A", customer="b", then="refused not-same-customer")


@pytest.mark.rule("S7", "B1")
@pytest.mark.parametrize("act", ["activated", "withdrawn", "terminated"])
def test_a_contract_that_was_not_concluded_is_unknown(act: str) -> None:
    story = told()
    story.send(f"contract.{act}", {"contract": "K1"}, then="refused contract-unknown")


@pytest.mark.rule("B1", "B9")
@pytest.mark.parametrize(
    ("state", "act", "reason"),
    [
        ("pending", "terminated", "contract-pending"),
        ("active", "activated", "contract-active"),
        ("active", "withdrawn", "contract-active"),
        ("terminated", "activated", "contract-ended"),
        ("terminated", "withdrawn", "contract-ended"),
        ("terminated", "terminated", "contract-ended"),
        ("withdrawn", "activated", "contract-ended"),
        ("withdrawn", "withdrawn", "contract-ended"),
        ("withdrawn", "terminated", "contract-ended"),
    ],
)
def test_a_contract_goes_one_way_only(state: str, act: str, reason: str) -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    if state in {"active", "terminated"}:
        story.activated("K1")
    if state in {"terminated", "withdrawn"}:
        story.send(f"contract.{state}", {"contract": "K1"})
    story.send(f"contract.{act}", {"contract": "K1"}, then=f"refused {reason}")


@pytest.mark.rule("M1", "S10")
def test_a_contract_does_not_go_backwards_in_time() -> None:
    story = told()
    story.concluded("K1", account="B", at="2021-02-10 12:00")
    story.activated("K1", at="2021-02-10 11:59", then="refused moment-invalid")
    story.withdrawn("K1", at="2021-02-10 11:59", then="refused moment-invalid")
    story.activated("K1", at="2021-02-12 12:00")
    story.terminated("K1", at="2021-02-12 11:59", then="refused moment-invalid")
    story.terminated("K1", at="2021-02-10 11:59", then="refused moment-invalid")
    story.terminated("K1", at="2021-02-13 12:00")


@pytest.mark.rule("M1")
def test_a_contract_may_be_concluded_and_activated_at_one_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-10 12:00")
    story.activated("K1", at="2021-02-10 12:00")
    story.holds("B", granted="7")
