"""M1 to M3: moments and days, half-open periods, and money."""

from __future__ import annotations

import pytest

from tests.feed.story import Result, Story, line

NAIVE = "2021-02-01T12:00:00"


def turned_down(result: Result, *reasons: str) -> bool:
    """Tell whether a line was refused for exactly these reasons, or was found to be no proper line."""
    if result.outcome == "refused":
        return result.reasons == list(reasons)
    return result.outcome == "invalid" and set(result.reasons) <= set(reasons)


# ── M1 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    ("kind", "data", "time"),
    [
        ("code.check", {"code": "A123"}, NAIVE),
        (
            "amount.set",
            {"group": "referrer", "amount": "1", "from": NAIVE},
            "2021-01-01T12:00:00+02:00",
        ),
        (
            "amount.set",
            {"group": "referrer", "amount": "1", "from": "2021-02-02", "until": NAIVE},
            "2021-01-01T12:00:00+02:00",
        ),
        ("code.end", {"code": "A123", "at": NAIVE, "reason": "gone"}, "2021-01-01T12:00:00+02:00"),
        (
            "contract.concluded",
            {"contract": "K1", "account": "B", "customer": "b", "code": "A123", "honour": {"moment": NAIVE}},
            "2021-03-01T12:00:00+02:00",
        ),
        (
            "code.attach",
            {"contract": "K1", "code": "A123", "honour": {"moment": NAIVE}},
            "2021-03-01T12:00:00+02:00",
        ),
    ],
    ids=["time", "from", "until", "at", "honour with a sign-up", "honour with an attached code"],
)
def test_a_moment_without_a_zone_is_turned_down(kind: str, data: dict[str, object], time: str) -> None:
    story = Story()
    before = story.state()
    result = Result(story.runner.handle(line(kind, data, time=time), 1))
    assert turned_down(result, "moment-naive"), result
    assert result.message
    assert story.state() == before


@pytest.mark.rule("M1")
def test_days_begin_at_midnight_of_the_zone_and_not_of_greenwich() -> None:
    story = Story().with_amounts()
    story.amount("referee-self-service", "12", from_="2021-03-01")
    code = story.referrer("A")
    assert story.check(code, at="2021-02-28 23:59:59")["referee_amount"] == "7.00"
    assert story.check(code, at="2021-03-01 00:00:00")["referee_amount"] == "12.00"


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    ("moment", "amount"),
    [
        ("2021-02-28T21:59:59Z", "7.00"),
        ("2021-02-28T21:59:59.999999Z", "7.00"),
        ("2021-02-28T22:00:00Z", "12.00"),
        ("2021-02-28T16:59:59-05:00", "7.00"),
        ("2021-02-28T17:00:00-05:00", "12.00"),
        ("2021-03-01T03:30:00+05:30", "12.00"),
        ("2021-03-01T03:29:59+05:30", "7.00"),
    ],
)
def test_an_offset_is_honoured_whatever_it_is(moment: str, amount: str) -> None:
    story = Story().with_amounts()
    story.amount("referee-self-service", "12", from_="2021-03-01")
    assert story.check(story.referrer("A"), at=moment)["referee_amount"] == amount


@pytest.mark.rule("M1", "M2")
@pytest.mark.parametrize(
    ("first", "last", "before", "start", "end", "after"),
    [
        # The clocks go forward at 03:00 on 28 March: the day is 23 hours long.
        (
            "2021-03-28",
            "2021-03-28",
            "2021-03-27T23:59:59+02:00",
            "2021-03-28T00:00:00+02:00",
            "2021-03-28T23:59:59+03:00",
            "2021-03-29T00:00:00+03:00",
        ),
        # … and back at 04:00 on 31 October, which has 25.
        (
            "2021-10-31",
            "2021-10-31",
            "2021-10-30T23:59:59+03:00",
            "2021-10-31T00:00:00+03:00",
            "2021-10-31T23:59:59+02:00",
            "2021-11-01T00:00:00+02:00",
        ),
        # A month that begins in winter and ends in summer.
        (
            "2021-03-01",
            "2021-03-31",
            "2021-02-28T21:59:59Z",
            "2021-02-28T22:00:00Z",
            "2021-03-31T20:59:59Z",
            "2021-03-31T21:00:00Z",
        ),
    ],
    ids=["spring", "autumn", "March"],
)
def test_a_campaign_of_days_lasts_from_midnight_to_midnight(
    first: str, last: str, before: str, start: str, end: str, after: str
) -> None:
    story = Story().with_amounts()
    story.amount("referee-self-service", "20", from_=first, until=last)
    code = story.referrer("A")
    shown = [story.check(code, at=moment)["referee_amount"] for moment in (before, start, end, after)]
    assert shown == ["7.00", "20.00", "20.00", "7.00"]


@pytest.mark.rule("M1")
def test_both_passes_of_the_hour_that_autumn_repeats_are_told_apart() -> None:
    story = Story().with_amounts()
    story.amount("referee-self-service", "20", from_="2021-10-31T03:30:00+02:00")
    code = story.referrer("A")
    assert story.check(code, at="2021-10-31T03:45:00+03:00")["referee_amount"] == "7.00"
    assert story.check(code, at="2021-10-31T03:29:59+02:00")["referee_amount"] == "7.00"
    assert story.check(code, at="2021-10-31T03:30:00+02:00")["referee_amount"] == "20.00"


@pytest.mark.rule("M1")
def test_summaries_show_moments_by_the_clocks_of_the_zone() -> None:
    story = Story().with_amounts()
    code = story.referrer("A", since="2021-01-05T10:00:00Z")
    story.concluded("K1", account="B", code=code, at="2021-03-28T01:30:00Z")
    assert story.code_is("A", "active", start="2021-01-05T12:00:00+02:00") == code
    assert story.referred("K1")["concluded_at"] == "2021-03-28T04:30:00+03:00"


# ── M2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M2", "S5")
def test_the_moment_at_which_a_code_ends_is_already_outside() -> None:
    story = Story().with_amounts()
    code = story.referrer("A")
    story.end(code, at="2021-01-10 12:00", ends="2021-02-01 12:00")
    story.check(code, at="2021-02-01T11:59:59.999999+02:00")
    story.check(code, "code-ended", at="2021-02-01 12:00")


@pytest.mark.rule("M2", "S5")
def test_the_moment_at_which_a_code_starts_is_inside() -> None:
    story = Story().with_amounts()
    code = story.referrer("A", since="2021-01-05 12:00")
    story.check(code, "code-pending", at="2021-01-05T11:59:59.999999+02:00")
    story.check(code, at="2021-01-05 12:00")


@pytest.mark.rule("M2")
def test_the_moment_at_which_an_amount_ends_is_already_outside() -> None:
    story = Story()
    story.amount("referrer", "10", from_="2021-01-01")
    story.amount("referee-self-service", "7", from_="2021-01-01", until="2021-02-01 12:00")
    code = story.referrer("A")
    story.check(code, at="2021-02-01T11:59:59.999999+02:00")
    story.check(code, "no-amount", at="2021-02-01 12:00")


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2021-05-02", "2021-05-01"),
        ("2021-05-02", "2021-04-01"),
        ("2021-05-02 12:00", "2021-05-02 12:00"),
        ("2021-05-02 12:00", "2021-05-02 11:59"),
        ("2021-05-02", "2021-05-02 00:00"),
        ("2021-05-02 12:00", "2021-05-01"),
    ],
)
def test_an_empty_or_backwards_period_is_refused(start: str, end: str) -> None:
    Story().amount("referrer", "10", from_=start, until=end, then="refused period-empty")


@pytest.mark.rule("M2")
def test_a_period_that_ends_before_now_and_starts_now_is_empty() -> None:
    Story().amount("referrer", "10", until="2021-05-01", at="2021-05-02 00:00", then="refused period-empty")


@pytest.mark.rule("M2")
def test_one_day_is_a_period() -> None:
    story = Story()
    story.amount("referrer", "10", from_="2021-05-02", until="2021-05-02")
    story.amount("referee-self-service", "7", from_="2021-05-02", until="2021-05-02")
    story.check(story.referrer("A"), at="2021-05-02 23:59:59")


# ── M3 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

NOT_AMOUNTS = ["-1", "-0.01", "+1", "1.234", "1e2", "1E2", "", " ", "ten", "10,00", "NaN", "Infinity", "0x10", "€10"]


@pytest.mark.rule("M3")
@pytest.mark.parametrize("amount", [*NOT_AMOUNTS, "10.00 EUR", "1_000", "10 ", " 10", "٣", ".", "10\n"])
def test_what_is_no_amount_is_turned_down(amount: str) -> None:
    story = Story()
    before = story.state()
    data = {"group": "referrer", "amount": amount}
    result = Result(story.runner.handle(line("amount.set", data, time="2021-01-01T12:00:00+02:00"), 1))
    assert turned_down(result, "amount-invalid"), result
    assert story.state() == before


@pytest.mark.rule("M3")
@pytest.mark.parametrize("amount", [10, 10.0, 10.5, None, True, ["10"], {"amount": "10"}])
def test_an_amount_is_a_text_and_never_a_float(amount: object) -> None:
    story = Story()
    data = {"group": "referrer", "amount": amount}
    story.handle(line("amount.set", data, time="2021-01-01T12:00:00+02:00"), then="invalid amount")


@pytest.mark.rule("M3")
@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("10", "10.00"),
        ("10.0", "10.00"),
        ("10.5", "10.50"),
        ("10.55", "10.55"),
        ("0.01", "0.01"),
        ("0.10", "0.10"),
        ("0.29", "0.29"),
        ("1234567.89", "1234567.89"),
        ("9999999.99", "9999999.99"),
    ],
)
def test_amounts_are_exact(amount: str, shown: str) -> None:
    story = Story().with_amounts(referrer=amount)
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.activated("K1")
    assert story.balance("A") == {"granted": shown, "unused": shown}


@pytest.mark.rule("M3")
def test_amounts_add_up_to_the_cent() -> None:
    story = Story().with_amounts(referrer="0.10")
    code = story.referrer("A")
    for number in range(3):
        story.concluded(f"K{number}", account=f"B{number}", code=code)
        story.activated(f"K{number}")
    story.holds("A", granted="0.30")
    story.bill("R1", "A", "0.30")
    story.holds("A", granted="0.30", consumed="0.30")


@pytest.mark.rule("M3")
@pytest.mark.parametrize("amount", ["-1", "1.005", "1e1", "x"])
@pytest.mark.parametrize("kind", ["bill.issued", "discount.transfer", "termination-fee.note"])
def test_every_amount_is_judged_alike(kind: str, amount: str) -> None:
    story = Story().with_amounts()
    story.referrer("A")
    data = {
        "bill.issued": {"bill": "R1", "account": "A", "amount": amount},
        "discount.transfer": {"from": "A", "to": "A2", "amount": amount},
        "termination-fee.note": {"contract": "K-A", "amount": amount, "reason": "left early"},
    }[kind]
    before = story.state()
    result = Result(story.runner.handle(line(kind, data, time="2021-02-01T12:00:00+02:00", event="x1"), 9))
    assert turned_down(result, "amount-invalid"), result
    assert story.state() == before
