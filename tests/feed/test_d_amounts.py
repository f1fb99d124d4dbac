"""D1 to D8: discount groups, and their amounts over time."""

from __future__ import annotations

import pytest

from tests.feed.story import Story

SIDES = [("referrer", "referrer"), ("referee-self-service", "referee"), ("referee-manual", "referee")]


def told() -> Story:
    return Story().with_amounts()


def shown(story: Story, code: str, *moments: str, channel: str = "self-service") -> list[str]:
    """Return the referee's amount at each moment, or ``-`` where there is none."""
    results = [story.send("code.check", {"code": code, "channel": channel}, at=at, then="*") for at in moments]
    assert all(result["usable"] or result.reasons == ["no-amount"] for result in results), results
    return [result["referee_amount"] if result["usable"] else "-" for result in results]


# ── D1, D2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D1")
def test_an_amount_is_fixed_whatever_the_bill() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.activated("K1")
    story.bill("R1", "B", "5000")
    story.bill("R2", "B", "0.50")
    story.holds("B", granted="7", consumed="7")


@pytest.mark.rule("D2")
@pytest.mark.parametrize(("group", "side"), SIDES)
def test_three_groups_are_there_at_the_start(group: str, side: str) -> None:
    story = Story()
    story.group("add", group, side=side, then="refused group-exists")
    story.amount(group, "1")


@pytest.mark.rule("D2", "D8")
def test_at_the_start_no_group_has_an_amount() -> None:
    story = Story()
    code = story.referrer("A")
    for channel in ("self-service", "sales-portal", "distributor"):
        story.check(code, "no-amount", channel=channel)


@pytest.mark.rule("D2")
def test_administrators_add_rename_disable_and_enable_groups() -> None:
    story = told()
    code = story.referrer("A")
    administrator = "administrator"
    story.group("add", "fair", side="referee", role=administrator)
    story.amount("fair", "25", role=administrator)
    story.group("rename", "fair", name="Spring fair", role=administrator)
    story.group("disable", "fair", role=administrator)
    story.group("enable", "fair", role=administrator)
    result = story.concluded("K1", account="B", code=code, group="fair", at="2021-01-10 12:00")
    assert (result["referee_group"], result["referee_amount"]) == ("fair", "25.00")
    story.referred("K1", referee_group="fair", referee_amount="25.00")


@pytest.mark.rule("D2")
def test_a_group_is_added_once() -> None:
    story = Story()
    story.group("add", "fair", side="referee")
    story.group("add", "fair", side="referee", then="refused group-exists")
    story.group("add", "fair", side="referrer", name="Another", then="refused group-exists")


@pytest.mark.rule("D2")
def test_names_of_groups_are_unique() -> None:
    story = Story()
    story.group("add", "fair", side="referee", name="Spring fair")
    story.group("add", "fair2", side="referee", name="Spring fair", then="refused group-exists")
    story.group("add", "fair2", side="referrer", name="Spring fair", then="refused group-exists")
    story.group("add", "fair2", side="referee")
    story.group("rename", "fair2", name="Spring fair", then="refused group-exists")
    story.group("rename", "fair", name="Summer fair")
    story.group("rename", "fair2", name="Spring fair")


@pytest.mark.rule("D2")
def test_a_group_added_without_a_name_is_named_as_it_is_written() -> None:
    story = Story()
    story.group("add", "fair", side="referee")
    story.group("add", "other", side="referee", name="fair", then="refused group-exists")


@pytest.mark.rule("D2")
def test_a_renamed_group_is_still_the_same() -> None:
    story = told()
    code = story.referrer("A")
    story.group("rename", "referee-self-service", name="Neue Kunden")
    assert story.check(code)["referee_group"] == "referee-self-service"
    story.amount("referee-self-service", "9", from_="2021-02-01")
    assert story.check(code, at="2021-02-01 00:00")["referee_amount"] == "9.00"
    story.amount("Neue Kunden", "9", then="refused group-unknown")


@pytest.mark.rule("D2")
def test_a_group_that_does_not_exist_is_unknown() -> None:
    story = Story()
    for act in ("disable", "enable"):
        story.group(act, "fair", then="refused group-unknown")
    story.group("rename", "fair", name="Fair", then="refused group-unknown")
    story.amount("fair", "10", then="refused group-unknown")


@pytest.mark.rule("D2", "D7")
def test_a_group_belongs_to_one_side() -> None:
    story = told()
    code = story.referrer("A")
    story.group("add", "friends", side="referrer")
    story.amount("friends", "30")
    story.concluded("K1", account="B", code=code)
    story.change_group("K1", "friends", then="refused group-unknown")
    story.change_group("K1", "referrer", then="refused group-unknown")
    story.referred("K1", referrer_group="referrer", referee_group="referee-self-service")


# ── D3 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D3")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2021-03-01", "2021-03-31"),
        ("2021-02-01", "2021-03-01"),
        ("2021-03-31", "2021-05-01"),
        ("2021-02-01", "2021-04-30"),
        ("2021-03-10", "2021-03-20"),
        ("2021-03-10", None),
        ("2021-03-01", None),
        ("2021-02-01", None),
        ("2021-03-31 23:59", None),
        ("2021-02-01", "2021-03-01 00:01"),
    ],
)
def test_periods_of_a_group_never_overlap(start: str, end: str | None) -> None:
    story = Story()
    story.amount("referrer", "10", from_="2021-03-01", until="2021-03-31")
    refused = story.amount("referrer", "15", from_=start, until=end, then="refused period-overlap")
    # The message names the other period, by the day it begins or the moment.
    assert any(other in refused.message for other in ("2021-03-01", "2021-02-28T22:00", "1 March")), refused


@pytest.mark.rule("D3", "M2")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2021-02-01", "2021-02-28"),
        ("2021-04-01", "2021-04-30"),
        ("2021-04-01", None),
        ("2021-02-01", "2021-03-01 00:00"),
    ],
)
def test_periods_that_touch_do_not_overlap(start: str, end: str | None) -> None:
    story = Story()
    story.amount("referrer", "10", from_="2021-03-01", until="2021-03-31")
    story.amount("referrer", "15", from_=start, until=end)


@pytest.mark.rule("D3", "D8")
def test_gaps_are_allowed_and_give_nothing() -> None:
    story = Story()
    code = story.referrer("A", since="2020-12-10 12:00")
    story.amount("referrer", "10", from_="2021-01-01")
    story.amount("referee-self-service", "7", from_="2021-01-01", until="2021-01-31")
    story.amount("referee-self-service", "9", from_="2021-03-01")
    moments = ["2021-01-31 23:59:59", "2021-02-01 00:00", "2021-02-28 23:59:59", "2021-03-01 00:00"]
    assert shown(story, code, *moments) == ["7.00", "-", "-", "9.00"]


@pytest.mark.rule("D3")
def test_groups_are_independent() -> None:
    story = Story()
    for group, amount in (("referrer", "10"), ("referee-self-service", "7"), ("referee-manual", "8")):
        story.amount(group, amount, from_="2021-01-01", until="2021-01-31")
        story.amount(group, amount, from_="2021-02-01")
    story.amount("referrer", "11", from_="2021-03-01")
    code = story.referrer("A")
    assert story.check(code, at="2021-03-02 12:00").amounts == ("11.00", "7.00")
    assert story.check(code, at="2021-03-02 12:00", channel="sales-portal").amounts == ("11.00", "8.00")


@pytest.mark.rule("D3")
def test_one_amount_for_everybody_in_a_group() -> None:
    story = told()
    codes = [story.referrer(f"A{n}") for n in range(3)]
    for n, code in enumerate(codes):
        assert story.concluded(f"K{n}", account=f"B{n}", code=code).amounts == ("10.00", "7.00")


# ── D4 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D4")
def test_a_new_open_amount_closes_the_open_one_at_its_start() -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-self-service", "12", from_="2021-04-01")
    story.amount("referee-self-service", "14", from_="2021-06-01")
    moments = ["2021-03-31 23:59:59", "2021-04-01 00:00", "2021-05-31 23:59:59", "2021-06-01 00:00", "2031-01-01 00:00"]
    assert shown(story, code, *moments) == ["7.00", "12.00", "12.00", "14.00", "14.00"]


@pytest.mark.rule("D4")
def test_a_campaign_month_splits_the_open_amount_which_resumes_afterwards() -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-self-service", "20", from_="2021-05-01", until="2021-05-31")
    moments = ["2021-04-30 23:59:59", "2021-05-01 00:00", "2021-05-31 23:59:59", "2021-06-01 00:00"]
    assert shown(story, code, *moments) == ["7.00", "20.00", "20.00", "7.00"]


@pytest.mark.rule("D4")
def test_after_a_campaign_the_resumed_amount_is_open_and_can_be_split_and_closed_again() -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-self-service", "20", from_="2021-05-01", until="2021-05-31")
    story.amount("referee-self-service", "30", from_="2021-07-01", until="2021-07-31")
    story.amount("referee-self-service", "9", from_="2021-09-01")
    moments = ["2021-06-15 12:00", "2021-07-15 12:00", "2021-08-15 12:00", "2021-09-01 00:00", "2022-05-15 12:00"]
    assert shown(story, code, *moments) == ["7.00", "30.00", "7.00", "9.00", "9.00"]


@pytest.mark.rule("D4")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2021-03-01", None),  # the same start, open
        ("2021-03-01", "2021-03-31"),  # the same start, a campaign
        ("2021-02-01", None),  # open, from before
        ("2021-02-01", "2021-03-31"),  # from before into it
    ],
)
def test_any_other_overlap_with_an_open_amount_is_refused(start: str, end: str | None) -> None:
    story = Story()
    story.amount("referrer", "10", from_="2021-03-01")
    story.amount("referrer", "15", from_=start, until=end, then="refused period-overlap")


@pytest.mark.rule("D4")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2021-05-10", "2021-05-20"),  # inside the campaign
        ("2021-05-10", None),  # open, inside the campaign
        ("2021-05-01", None),  # the campaign's start
        ("2021-06-01", None),  # the start of the amount that resumes
        ("2021-06-01", "2021-06-30"),
        ("2021-04-20", "2021-05-10"),  # into the campaign
        ("2021-05-20", "2021-06-10"),  # out of the campaign
        ("2021-04-20", None),  # inside what the campaign closed
        ("2021-04-20", "2021-04-25"),
        ("2021-03-01", "2021-07-31"),  # around it all
    ],
)
def test_any_other_overlap_with_a_campaign_is_refused(start: str, end: str | None) -> None:
    story = Story()
    story.amount("referrer", "10", from_="2021-03-01")
    story.amount("referrer", "15", from_="2021-05-01", until="2021-05-31")
    story.amount("referrer", "20", from_=start, until=end, then="refused period-overlap")


# ── D5 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D5")
@pytest.mark.parametrize("start", ["2021-02-01 11:59", "2021-02-01", "2021-01-01", "2020-02-01"])
@pytest.mark.parametrize("role", ["system", "administrator"])
def test_a_start_before_now_is_refused(start: str, role: str) -> None:
    story = Story()
    story.amount("referrer", "10", from_=start, at="2021-02-01 12:00", role=role, then="refused moment-past")


@pytest.mark.rule("D5")
@pytest.mark.parametrize(
    ("start", "now"),
    [(None, "2021-02-01 12:00"), ("2021-02-01 12:00", "2021-02-01 12:00"), ("2021-02-01", "2021-02-01 00:00")],
)
def test_no_start_given_means_now_and_now_is_not_the_past(start: str | None, now: str) -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-self-service", "12", from_=start, at=now)
    assert story.check(code, at=now)["referee_amount"] == "12.00"
    assert story.check(code, at="2021-01-31 23:59:59")["referee_amount"] == "7.00"


@pytest.mark.rule("D5")
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_correction_needs_a_reason(reason: str | None) -> None:
    story = told()
    data = {"group": "referrer", "amount": "11", "from": "2021-01-01", "correction": True, "reason": reason}
    story.send("amount.set", data, at="2021-03-01 12:00", role="administrator", then="refused reason-missing")
    story.send("amount.set", data | {"reason": "typed wrong"}, at="2021-03-01 12:00", role="administrator")


@pytest.mark.rule("A1", "A2", "M1", "M3")
@pytest.mark.parametrize("wrong", [{"amount": "-11"}, {"from": "2021-01-01T00:00:00"}])
def test_who_may_not_and_who_says_no_why_come_before_what_is_wrong_with_a_value(wrong: dict[str, str]) -> None:
    story = told()
    data = {"group": "referrer", "amount": "11", "from": "2021-01-01", "correction": True} | wrong
    story.send("amount.set", data, at="2021-03-01 12:00", role="agent", then="refused not-allowed")
    story.send("amount.set", data, at="2021-03-01 12:00", role="administrator", then="refused reason-missing")
    of_it = "refused amount-invalid" if "amount" in wrong else "refused moment-naive"
    story.send("amount.set", data | {"reason": "typed wrong"}, at="2021-03-01 12:00", role="administrator", then=of_it)
    story.send("amount.set", data, at="2021-03-01 12:00", role="system", then=of_it)
    story.send("amount.set", data | {"colour": "red"}, at="2021-03-01 12:00", role="agent", then="invalid")


@pytest.mark.rule("D5")
def test_a_correction_of_some_days_displaces_those() -> None:
    story = told()
    code = story.referrer("A")
    story.amount(
        "referee-self-service",
        "9",
        from_="2021-02-01",
        until="2021-02-28",
        at="2021-06-01 12:00",
        correction=True,
        reason="typed wrong",
    )
    moments = ["2021-01-31 23:59:59", "2021-02-01 00:00", "2021-02-28 23:59:59", "2021-03-01 00:00"]
    assert shown(story, code, *moments) == ["7.00", "9.00", "9.00", "7.00"]


@pytest.mark.rule("D5")
def test_a_correction_may_share_a_start_and_lie_across_others() -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-self-service", "20", from_="2021-03-01", until="2021-03-31")
    story.amount(
        "referee-self-service",
        "9",
        from_="2021-03-01",
        until="2021-04-15",
        at="2021-06-01 12:00",
        correction=True,
        reason="typed wrong",
    )
    moments = ["2021-02-28 23:59:59", "2021-03-01 00:00", "2021-04-15 23:59:59", "2021-04-16 00:00"]
    assert shown(story, code, *moments) == ["7.00", "9.00", "9.00", "7.00"]


@pytest.mark.rule("D5")
def test_an_open_correction_displaces_all_that_comes_after_its_start() -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-self-service", "12", from_="2021-03-01")
    story.amount("referee-self-service", "9", from_="2021-02-01", at="2021-06-01", correction=True, reason="wrong")
    assert shown(story, code, "2021-01-31 23:59:59", "2021-02-01 00:00", "2021-03-02 12:00") == ["7.00", "9.00", "9.00"]


@pytest.mark.rule("D5", "S7")
def test_a_correction_never_touches_a_locked_amount() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-10 12:00")
    for group in ("referrer", "referee-self-service"):
        story.amount(group, "99", from_="2021-01-01", at="2021-03-01 12:00", correction=True, reason="wrong")
    story.referred("K1", referrer_amount="10.00", referee_amount="7.00")
    story.activated("K1", at="2021-04-01 00:00")
    story.holds("A", granted="10")
    story.holds("B", granted="7")


@pytest.mark.rule("D5", "S8")
def test_what_is_judged_after_a_correction_is_judged_by_it() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", at="2021-02-10 12:00")
    story.amount("referee-manual", "9", from_="2021-02-01", at="2021-03-01 12:00", correction=True, reason="wrong")
    story.attached("K1", code, at="2021-03-02 12:00")
    story.referred("K1", referee_amount="9.00")


@pytest.mark.rule("D5")
def test_a_correction_of_an_empty_period_is_refused() -> None:
    Story().amount(
        "referrer",
        "10",
        from_="2021-02-02",
        until="2021-02-01",
        at="2021-06-01 12:00",
        correction=True,
        reason="wrong",
        then="refused period-empty",
    )


# ── D6 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D6")
@pytest.mark.parametrize(
    ("channel", "group", "amount"),
    [
        (None, "referee-self-service", "7.00"),
        ("self-service", "referee-self-service", "7.00"),
        ("sales-portal", "referee-manual", "8.00"),
        ("distributor", "referee-manual", "8.00"),
    ],
)
def test_the_channel_decides_the_referee_group(channel: str | None, group: str, amount: str) -> None:
    story = told()
    code = story.referrer("A")
    result = story.concluded("K1", account="B", code=code, channel=channel)
    assert (result["referee_group"], result["referrer_group"]) == (group, "referrer")
    assert result.amounts == ("10.00", amount)
    story.referred(
        "K1",
        channel=channel or "self-service",
        referee_group=group,
        referrer_group="referrer",
        referee_amount=amount,
        referrer_amount="10.00",
    )


@pytest.mark.rule("D6", "S5")
@pytest.mark.parametrize(("channel", "amount"), [("self-service", "7.00"), ("sales-portal", "8.00")])
def test_a_check_tells_the_amount_of_its_channel(channel: str, amount: str) -> None:
    story = told()
    assert story.check(story.referrer("A"), channel=channel)["referee_amount"] == amount


# ── D7 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D7")
def test_the_group_of_a_sign_up_can_be_changed_until_the_contract_activates() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, channel="sales-portal", at="2021-02-10 12:00")
    story.change_group("K1", "referee-self-service", role="agent")
    story.referred("K1", referee_group="referee-self-service", referee_amount="7.00", referrer_amount="10.00")
    story.change_group("K1", "referee-manual", role="agent")
    story.referred("K1", referee_group="referee-manual", referee_amount="8.00")
    story.change_group("K1", "referee-self-service", role="agent")
    story.activated("K1", at="2021-03-01 00:00")
    story.change_group("K1", "referee-manual", role="agent", then="refused contract-active")
    story.holds("B", granted="7")
    story.holds("A", granted="10")


@pytest.mark.rule("D7")
def test_the_new_groups_amount_is_that_of_the_concluding_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-manual", "18", from_="2021-03-01")
    story.amount("referrer", "15", from_="2021-03-01")
    story.concluded("K1", account="B", code=code, at="2021-02-10 12:00")
    story.change_group("K1", "referee-manual", at="2021-03-10 12:00")
    story.referred("K1", referee_amount="8.00", referrer_amount="10.00")


@pytest.mark.rule("D7", "S10")
def test_the_new_groups_amount_is_that_of_the_honoured_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.amount("referee-self-service", "17", from_="2021-03-01")
    story.concluded(
        "K1", account="B", code=code, channel="sales-portal", honour="2021-02-10 12:00", at="2021-03-10 12:00"
    )
    story.change_group("K1", "referee-self-service", at="2021-03-11 12:00")
    story.referred("K1", referee_amount="7.00", honoured_moment="2021-02-10T12:00:00+02:00")


@pytest.mark.rule("D7")
@pytest.mark.parametrize("reason", [None, "", " \t"])
def test_changing_the_group_needs_a_reason(reason: str | None) -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    data = {"contract": "K1", "group": "referee-manual", "reason": reason}
    story.lacks_reason("referral.change-group", data, role="agent")


@pytest.mark.rule("D7")
@pytest.mark.parametrize("group", ["fair", "referrer"])
def test_a_group_that_is_no_referee_group_is_unknown(group: str) -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.concluded("K2", account="C")
    story.change_group("K1", group, then="refused group-unknown")
    story.concluded("K3", account="D", code=code, channel="sales-portal", group=group, then="refused group-unknown")
    story.attached("K2", code, group=group, then="refused group-unknown")


@pytest.mark.rule("D7")
def test_there_has_to_be_a_sign_up_with_a_referral() -> None:
    story = told()
    story.change_group("K1", "referee-manual", then="refused contract-unknown")
    story.concluded("K1", account="B")
    story.change_group("K1", "referee-manual", then="refused referral-unknown")


@pytest.mark.rule("D7", "D8")
def test_a_group_without_an_amount_at_the_moment_cannot_be_changed_to() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-10 12:00")
    story.group("add", "fair", side="referee")
    story.amount("fair", "25", from_="2021-03-01")
    story.change_group("K1", "fair", at="2021-03-10 12:00", then="refused no-amount")


@pytest.mark.rule("D7", "D8")
def test_a_group_disabled_at_the_moment_cannot_be_changed_to_and_one_disabled_later_can() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-10 12:00")
    story.group("disable", "referee-manual", at="2021-02-15 12:00")
    story.concluded("K2", account="C", code=code, at="2021-02-20 12:00")
    story.group("enable", "referee-manual", at="2021-02-25 12:00")
    story.change_group("K2", "referee-manual", at="2021-02-26 12:00", then="refused group-disabled")
    story.group("disable", "referee-manual", at="2021-02-27 12:00")
    story.change_group("K1", "referee-manual", at="2021-02-28 12:00")
    story.referred("K1", referee_amount="8.00")


@pytest.mark.rule("D7")
def test_the_choice_can_be_made_while_concluding() -> None:
    story = told()
    code = story.referrer("A")
    result = story.concluded(
        "K1",
        account="B",
        code=code,
        channel="sales-portal",
        group="referee-self-service",
        reason="saw it on the web",
        role="agent",
    )
    assert (result["referee_group"], result["referee_amount"]) == ("referee-self-service", "7.00")
    story.referred("K1", channel="sales-portal", referee_group="referee-self-service", referee_amount="7.00")


@pytest.mark.rule("D7")
@pytest.mark.parametrize("reason", [None, "", " "])
def test_choosing_a_group_needs_a_reason_but_not_of_a_system(reason: str | None) -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B")
    choice = {"group": "referee-self-service", "reason": reason}
    told_by_staff = {"role": "agent", "then": "refused reason-missing"}
    story.concluded("K2", account="C", code=code, channel="sales-portal", **choice, **told_by_staff)  # type: ignore[arg-type]
    story.attached("K1", code, **choice, **told_by_staff)  # type: ignore[arg-type]
    story.attached("K1", code, group="referee-self-service")
    story.concluded("K2", account="C", code=code, channel="sales-portal", group="referee-self-service")


@pytest.mark.rule("D7")
def test_the_choice_can_be_made_while_attaching() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B")
    story.attached("K1", code, group="referee-self-service", reason="saw it on the web", role="agent")
    story.referred("K1", channel="sales-portal", referee_group="referee-self-service", referee_amount="7.00")


@pytest.mark.rule("D7", "D8", "S9")
def test_a_group_chosen_while_concluding_is_judged_like_any_other() -> None:
    story = told()
    code = story.referrer("A")
    story.group("add", "fair", side="referee")
    story.concluded(
        "K1", account="B", code=code, channel="sales-portal", group="fair", reason="fair", then="warned no-amount"
    )
    story.amount("fair", "25")
    story.group("disable", "fair", at="2021-01-20 12:00")
    story.concluded(
        "K2",
        account="C",
        code=code,
        channel="sales-portal",
        group="fair",
        at="2021-01-21 12:00",
        then="warned group-disabled",
    )
    assert story.summary()["referrals"] == []


@pytest.mark.rule("D7", "B9")
def test_a_cancelled_referral_changes_no_more() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    story.withdrawn("K1")
    story.change_group("K1", "referee-manual", then="refused contract-ended")


# ── D8 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D8")
@pytest.mark.parametrize("group", ["referrer", "referee-self-service"])
def test_a_disabled_group_gives_nothing_to_new_sign_ups(group: str) -> None:
    story = told()
    code = story.referrer("A")
    story.group("disable", group, at="2021-02-01 12:00")
    story.check(code, at="2021-02-01T11:59:59.999999+02:00")
    story.check(code, "group-disabled", at="2021-02-01 12:00")
    story.concluded("K1", account="B", code=code, at="2021-02-02 12:00", then="refused group-disabled")
    story.group("enable", group, at="2021-02-03 12:00")
    story.check(code, "group-disabled", at="2021-02-03T11:59:59.999999+02:00")
    story.concluded("K1", account="B", code=code, at="2021-02-03 12:00")


@pytest.mark.rule("D8")
def test_a_disabled_group_of_another_channel_does_not_matter() -> None:
    story = told()
    code = story.referrer("A")
    story.group("disable", "referee-manual", at="2021-02-01 12:00")
    story.check(code)
    story.check(code, "group-disabled", channel="sales-portal")
    story.concluded("K1", account="B", code=code, channel="sales-portal", then="warned group-disabled")
    story.concluded("K2", account="C", code=code)


@pytest.mark.rule("D8")
def test_what_is_locked_stays() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.group("disable", "referrer")
    story.group("disable", "referee-self-service")
    story.activated("K1")
    story.holds("A", granted="10")
    story.holds("B", granted="7")


@pytest.mark.rule("D8")
@pytest.mark.parametrize("without", ["referrer", "referee-self-service"])
def test_no_amount_in_force_on_either_side_is_none(without: str) -> None:
    story = Story()
    for group in {"referrer", "referee-self-service"} - {without}:
        story.amount(group, "10", from_="2021-01-01")
    story.amount(without, "10", from_="2021-03-01")
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-28 23:59:59", then="refused no-amount")
    story.concluded("K1", account="B", code=code, at="2021-03-01 00:00")


@pytest.mark.rule("D8", "S5")
def test_disabled_and_without_an_amount_both_are_told_once() -> None:
    story = Story()
    code = story.referrer("A")
    story.group("disable", "referrer")
    story.group("disable", "referee-self-service")
    story.check(code, "no-amount group-disabled")


@pytest.mark.rule("D8", "S8")
def test_an_attached_code_is_judged_by_the_group_at_the_concluding_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", at="2021-02-01 12:00")
    story.group("disable", "referee-manual", at="2021-02-05 12:00")
    story.concluded("K2", account="C", at="2021-02-10 12:00")
    story.group("enable", "referee-manual", at="2021-02-15 12:00")
    story.attached("K2", code, at="2021-02-20 12:00", then="refused group-disabled")
    story.group("disable", "referee-manual", at="2021-02-25 12:00")
    story.attached("K1", code, at="2021-02-26 12:00")


@pytest.mark.rule("D8", "S10")
def test_at_an_honoured_moment_the_group_is_judged_at_that_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.group("disable", "referee-manual", at="2021-02-05 12:00")
    story.group("enable", "referee-manual", at="2021-02-15 12:00")
    portal = {"code": code, "channel": "sales-portal", "reason": "had begun on the web"}
    story.concluded(
        "K1",
        account="B",
        honour="2021-02-10 12:00",
        at="2021-02-20 12:00",
        then="warned group-disabled",
        **portal,
    )
    story.group("disable", "referee-manual", at="2021-02-25 12:00")
    story.concluded("K2", account="C", honour="2021-02-20 12:00", at="2021-02-26 12:00", **portal)


@pytest.mark.rule("D8")
@pytest.mark.parametrize(("referrer", "referee"), [("0", "7"), ("10", "0"), ("0", "0.00")])
def test_a_zero_amount_means_nothing_for_this_side(referrer: str, referee: str) -> None:
    story = Story().with_amounts(referrer=referrer, self_service=referee)
    code = story.referrer("A")
    assert story.concluded("K1", account="B", code=code).amounts == (f"{referrer}.00", f"{referee[0]}.00")
    story.holds("A", pending=referrer)
    story.activated("K1")
    story.holds("A", granted=referrer)
    story.holds("B", granted=referee)
    story.referred("K1", status="granted")
