"""The rulebook's worked example, and what follows from it."""

from __future__ import annotations

import pytest

from tests.feed.story import Story

ROWS = [
    ("B", "2021-01-15 12:00", "2021-02-01", "10", "7"),
    ("C", "2021-01-20 12:00", "2021-03-01", "10", "7"),
    ("D", "2021-03-15 12:00", "2021-04-01", "15", "7"),
    ("E", "2021-04-15 12:00", "2021-05-01", "15", "12"),
]


def example() -> Story:
    """Tell the amounts, in the order in which the rulebook has them, and who holds which code."""
    story = Story()
    story.amount("referrer", "10", from_="2021-01-01")
    story.amount("referrer", "15", from_="2021-03-01")
    story.amount("referee-self-service", "7", from_="2021-01-01")
    story.amount("referee-self-service", "12", from_="2021-04-01")
    assert story.referrer("A", since="2021-01-02 12:00", text="A123") == "A123"
    return story


@pytest.mark.rule("S7", "B1", "D4")
@pytest.mark.parametrize(("customer", "concluded", "starts", "referrer", "referee"), ROWS)
def test_one_row(customer: str, concluded: str, starts: str, referrer: str, referee: str) -> None:
    story = example()
    result = story.concluded("K1", account=customer, code="A123", starts_on=starts, at=concluded)
    assert result.amounts == (f"{referrer}.00", f"{referee}.00")
    story.holds("A", pending=referrer)
    story.holds(customer, pending=referee)
    story.activated("K1", at=f"{starts} 00:00")
    story.holds("A", granted=referrer)
    story.holds(customer, granted=referee)


@pytest.mark.rule("S7", "B1", "B3")
def test_all_rows_in_the_order_in_which_they_happen() -> None:
    story = example()
    acts = [(concluded, "concluded", customer, starts) for customer, concluded, starts, _, _ in ROWS]
    acts += [(f"{starts} 00:00", "activated", customer, starts) for customer, _, starts, _, _ in ROWS]
    for at, act, customer, starts in sorted(acts):
        if act == "concluded":
            story.concluded(f"K-{customer}", account=customer, code="A123", starts_on=starts, at=at)
        else:
            story.activated(f"K-{customer}", at=at)
    story.holds("A", granted="50")
    for customer, _, _, _, referee in ROWS:
        story.holds(customer, granted=referee)
    assert story.summary()["liability"] == {"locked": "0.00", "granted_unused": "83.00"}


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    ("concluded", "amounts"),
    [
        ("2021-01-02 12:00", ("10.00", "7.00")),
        ("2021-02-28 23:59:59", ("10.00", "7.00")),
        ("2021-03-01 00:00", ("15.00", "7.00")),
        ("2021-03-31 23:59:59", ("15.00", "7.00")),
        ("2021-04-01 00:00", ("15.00", "12.00")),
        ("2031-04-01 00:00", ("15.00", "12.00")),
    ],
)
def test_the_moment_of_concluding_decides_to_the_second(concluded: str, amounts: tuple[str, str]) -> None:
    story = example()
    assert story.concluded("K1", account="B", code="A123", at=concluded).amounts == amounts
