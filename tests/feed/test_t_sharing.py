"""T1 and T2: sharing a code, and what customers see of it."""

from __future__ import annotations

import pytest

from tests.feed.story import Story


def told() -> Story:
    return Story().with_amounts()


@pytest.mark.rule("T1")
@pytest.mark.parametrize("language", ["et", "en", "ru", "lv"])
def test_every_language_has_a_text_and_a_link_with_the_code_filled_in(language: str) -> None:
    story = told()
    code = story.referrer("A")
    text = story.programme.sharing_text(code, language)
    assert text.title
    assert code in text.text
    assert code in text.url
    assert text.url.startswith("https://")
    assert "{" not in text.title + text.text + text.url


@pytest.mark.rule("T2")
@pytest.mark.parametrize("means", ["link", "e-mail", "SMS", "app", "carrier pigeon"])
def test_each_sharing_is_recorded_as_sent_with_its_means(means: str) -> None:
    story = told()
    code = story.referrer("A")
    story.shared(code, means)
    assert story.account("A")["sent"] == 1


@pytest.mark.rule("T2")
def test_sharings_are_counted() -> None:
    story = told()
    code, other = story.referrer("A"), story.referrer("B")
    for means in ("link", "e-mail", "link"):
        story.shared(code, means)
    story.again()
    story.shared(other)
    assert (story.account("A")["sent"], story.account("B")["sent"]) == (3, 1)


@pytest.mark.rule("T2")
def test_only_an_active_code_is_shared() -> None:
    story = told()
    code = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    story.shared(code, then="refused code-pending")
    story.activated("K1", at="2021-02-01 00:00")
    story.shared(code, at="2021-02-01 00:00")
    story.end(code, at="2021-02-10 12:00", ends="2021-03-01 00:00")
    story.shared(code, at="2021-02-28 23:59:59")
    story.shared(code, at="2021-03-01 00:00", then="refused code-ended")
    story.shared("NOSUCH42", then="refused code-unknown")
    assert story.account("A")["sent"] == 2


@pytest.mark.rule("T2")
def test_customers_see_sent_used_earned_and_on_the_way() -> None:
    story = told()
    code = story.referrer("A")
    story.shared(code)
    for contract in ("K1", "K2", "K3", "K4"):
        story.concluded(contract, account=f"B-{contract}", code=code)
    story.activated("K1")
    story.withdrawn("K2")
    story.concluded("K5", account="C", code="NOSUCH42", channel="sales-portal", then="warned code-unknown")
    row = story.account("A")
    assert (row["sent"], row["used"], row["granted"], row["pending"]) == (1, 3, "10.00", "20.00")


@pytest.mark.rule("T2")
def test_sent_and_used_belong_to_the_account_over_all_its_codes() -> None:
    story = told()
    first = story.referrer("A")
    story.shared(first)
    story.concluded("K1", account="B", code=first)
    second = story.issue("A", replace=True).issued
    story.shared(second)
    story.concluded("K2", account="C", code=second)
    row = story.account("A")
    assert (row["sent"], row["used"], row["pending"]) == (2, 2, "20.00")


@pytest.mark.rule("T2")
def test_being_referred_is_not_a_use_of_ones_own_code() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    story.activated("K1")
    assert (story.account("B")["sent"], story.account("B")["used"]) == (0, 0)


@pytest.mark.rule("A1", "T2")
def test_customers_share_their_own_codes_only() -> None:
    story = told()
    code = story.referrer("A")
    story.shared(code, role="customer", actor="a")
    story.shared(code, role="customer", actor="b", then="refused not-allowed")
    assert story.account("A")["sent"] == 1


@pytest.mark.rule("A1", "T2")
def test_customers_share_the_codes_of_all_their_accounts() -> None:
    story = told()
    code = story.supplied("K1", account="A2", customer="a", since="2021-01-10 12:00").issued
    story.shared(code, role="customer", actor="a")
    story.shared(code, role="agent", actor="Mari")
