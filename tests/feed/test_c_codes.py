"""C1 and C3 to C11: how a code is issued, lives and ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.feed.story import Story

LOOK_ALIKES = [{"0", "O"}, {"1", "I"}, {"1", "L"}, {"5", "S"}, {"8", "B"}, {"2", "Z"}]


def told() -> Story:
    return Story().with_amounts()


# ── C1 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C1")
def test_each_account_has_its_own_code_also_those_of_one_customer() -> None:
    story = told()
    codes = [story.supplied(f"K{n}", account=f"A{n}", since="2021-01-05 12:00", customer="a").issued for n in range(5)]
    assert len(set(codes)) == 5
    assert [story.code_is(f"A{n}", "active") for n in range(5)] == codes


@pytest.mark.rule("C1")
@pytest.mark.parametrize("given", ["A123", "a123", " A123 ", "A 1 2 3", "A-123", "a-1-2-3", "--a123--", " a - 1 23"])
def test_case_blanks_and_hyphens_do_not_matter(given: str) -> None:
    story = told()
    code = story.referrer("A", text="A123")
    assert code == "A123"
    story.check(given)
    story.concluded("K1", account="B", code=given)
    story.referred("K1", code="A123", referrer="A")
    assert story.account("A")["used"] == 1
    story.shared(given)
    assert story.account("A")["sent"] == 1
    story.activated("K1")
    story.holds("A", granted="10")
    story.end(given)
    story.code_is("A", "ended", text="A123")


@pytest.mark.rule("C1", "C9")
@pytest.mark.parametrize("given", ["a-1 23", " A123", "A123"])
def test_a_text_is_taken_however_it_is_written(given: str) -> None:
    story = told()
    story.referrer("A", text="A123")
    story.referrer("B")
    story.issue("B", given, replace=True, then="refused code-taken")


@pytest.mark.rule("C1", "C9")
def test_no_code_is_held_by_two_accounts_in_all_time() -> None:
    story = told()
    story.referrer("A", text="A123")
    story.terminated("K-A", at="2021-02-01 12:00")
    story.referrer("B", since="2041-02-01 12:00")
    story.issue("B", "A123", replace=True, then="refused code-taken")


@pytest.mark.rule("C1", "C9")
def test_a_text_that_was_pending_and_never_active_stays_taken() -> None:
    story = told()
    pending = story.concluded("K1", account="A").issued
    story.withdrawn("K1")
    story.referrer("B", since="2021-02-01 12:00")
    story.issue("B", pending, replace=True, then="refused code-taken")


@pytest.mark.rule("C9")
def test_an_account_does_not_get_a_text_back_either() -> None:
    story = told()
    story.referrer("A", text="A123")
    story.end("A123")
    story.issue("A", "A123", then="refused code-taken")


# ── C3 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C3", "C11")
def test_concluding_issues_a_pending_code_that_activation_makes_active() -> None:
    story = told()
    code = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    assert story.code("A") == {"text": code, "status": "pending", "start": None, "end": None}
    assert "issued" not in story.activated("K1", at="2021-02-01 00:00") or story.results[-1]["issued"] is None
    assert story.code_is("A", "active", start="2021-02-01 00:00", end=None) == code


@pytest.mark.rule("C3", "C6")
@pytest.mark.parametrize("active", [False, True])
def test_an_account_with_a_pending_or_active_code_gets_no_other(active: bool) -> None:
    story = told()
    code = story.concluded("K1", account="A").issued
    if active:
        story.activated("K1")
    assert not story.concluded("K2", account="A").fields.get("issued")
    story.activated("K2")
    assert story.code_is("A", "active") == code


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("product", "segment"), [("gas", "household"), ("electricity", "micro-business"), ("solar", "household")]
)
def test_issuing_looks_at_product_and_segment(product: str, segment: str) -> None:
    story = told()
    assert not story.concluded("K1", account="A", product=product, segment=segment).fields.get("issued")
    assert not story.activated("K1").fields.get("issued")
    assert story.code("A") is None


@pytest.mark.rule("C3")
def test_an_account_with_gas_alone_gets_its_code_with_electricity() -> None:
    story = told()
    story.supplied("G1", account="A", product="gas", since="2021-01-05 12:00")
    assert story.code("A") is None
    code = story.concluded("E1", account="A", at="2021-02-01 12:00").issued
    # The gas contract keeps a code active, so that this one need not wait for the other to activate.
    story.code_is("A", "active", text=code, start="2021-02-01 12:00")
    story.activated("E1", at="2021-03-01 00:00")
    story.code_is("A", "active", text=code, start="2021-02-01 12:00", end=None)


@pytest.mark.rule("C3")
def test_a_pending_code_becomes_active_with_whichever_contract_of_the_account_activates() -> None:
    story = told()
    code = story.concluded("K1", account="A").issued
    story.concluded("K2", account="A")
    story.activated("K2", at="2021-02-01 00:00")
    story.code_is("A", "active", text=code, start="2021-02-01 00:00")
    story.activated("K1", at="2021-03-01 00:00")
    story.code_is("A", "active", text=code, start="2021-02-01 00:00")


@pytest.mark.rule("C3")
def test_a_pending_code_ends_with_the_last_open_contract_withdrawn() -> None:
    story = told()
    code = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    story.concluded("K2", account="A", at="2021-01-11 12:00")
    story.withdrawn("K1", at="2021-01-12 12:00")
    assert story.code_is("A", "pending") == code
    story.withdrawn("K2", at="2021-01-13 12:00")
    assert story.code_is("A", "ended", start=None, end="2021-01-13 12:00") == code
    story.check(code, "code-ended")


@pytest.mark.rule("C3")
def test_an_open_contract_on_another_product_keeps_a_code_pending() -> None:
    story = told()
    code = story.concluded("E1", account="A").issued
    story.concluded("G1", account="A", product="gas")
    story.withdrawn("E1")
    assert story.code_is("A", "pending") == code
    story.activated("G1", at="2021-02-01 00:00")
    story.code_is("A", "active", text=code, start="2021-02-01 00:00")


@pytest.mark.rule("C3")
def test_withdrawing_beside_an_active_contract_leaves_the_code_active() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K2", account="A")
    story.withdrawn("K2")
    assert story.code_is("A", "active", end=None) == code


@pytest.mark.rule("C3")
def test_withdrawing_on_another_account_of_the_customer_is_another_matter() -> None:
    story = told()
    code = story.concluded("K1", account="A1", customer="a").issued
    story.concluded("K2", account="A2", customer="a")
    story.withdrawn("K2")
    assert story.code_is("A1", "pending") == code
    story.code_is("A2", "ended")


@pytest.mark.rule("C3", "S6")
def test_a_blocked_sign_up_issues_nothing() -> None:
    story = told()
    refused = story.concluded("K1", account="B", code="NOSUCH", then="refused code-unknown")
    assert not refused.fields.get("issued")
    assert "B" not in story.summary()["accounts"]


# ── C4 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C4", "C11")
def test_terminating_the_last_contract_ends_the_code_at_that_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.terminated("K-A", at="2021-06-01 00:00")
    story.code_is("A", "ended", text=code, start="2021-01-05 12:00", end="2021-06-01 00:00")
    story.check(code, at="2021-05-31 23:59:59")
    story.check(code, "code-ended", at="2021-06-01 00:00")


@pytest.mark.rule("C4")
def test_a_code_stays_while_any_contract_is_active() -> None:
    story = told()
    code = story.referrer("A")
    story.supplied("K2", account="A", since="2021-02-01 12:00")
    story.terminated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "active", text=code, start="2021-01-05 12:00", end=None)
    story.terminated("K2", at="2021-04-01 00:00")
    story.code_is("A", "ended", text=code, end="2021-04-01 00:00")


@pytest.mark.rule("C4")
def test_gas_keeps_a_code_although_it_issues_none() -> None:
    story = told()
    code = story.referrer("A")
    story.supplied("G1", account="A", product="gas", since="2021-02-01 12:00")
    story.terminated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "active", text=code, end=None)
    story.terminated("G1", at="2021-04-01 00:00")
    story.code_is("A", "ended", text=code, end="2021-04-01 00:00")


@pytest.mark.rule("C4")
def test_a_product_that_does_not_keep_codes_does_not() -> None:
    story = told()
    story.referrer("A")
    story.supplied("S1", account="A", product="solar", since="2021-02-01 12:00")
    story.terminated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "ended", end="2021-03-01 00:00")


@pytest.mark.rule("C4")
def test_a_contract_on_another_account_keeps_nothing() -> None:
    story = told()
    story.referrer("A")
    story.supplied("K2", account="A2", customer="a", since="2021-02-01 12:00")
    story.terminated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "ended", end="2021-03-01 00:00")


@pytest.mark.rule("C4")
def test_a_contract_that_is_only_concluded_keeps_no_code_and_brings_a_new_one_when_it_activates() -> None:
    story = told()
    first = story.referrer("A")
    assert not story.concluded("K2", account="A", at="2021-02-01 12:00").fields.get("issued")
    story.terminated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "ended", text=first, end="2021-03-01 00:00")
    second = story.activated("K2", at="2021-04-01 00:00").issued
    assert second != first
    assert story.code_is("A", "active", start="2021-04-01 00:00", end=None) == second
    story.check(first, "code-ended")
    story.check(second)


@pytest.mark.rule("C4", "C6")
@pytest.mark.parametrize("ends_first", [True, False])
def test_a_contract_that_begins_as_the_other_ends_leaves_no_gap_whichever_is_told_first(ends_first: bool) -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K2", account="A", at="2021-02-01 12:00")
    if ends_first:
        story.terminated("K-A", at="2021-03-01 00:00")
    assert not story.activated("K2", at="2021-03-01 00:00").fields.get("issued")
    if not ends_first:
        story.terminated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "active", text=code, end=None)


@pytest.mark.rule("C4")
def test_with_a_code_still_active_an_activation_issues_none() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K2", account="A", at="2021-02-01 12:00")
    assert not story.activated("K2").fields.get("issued")
    story.code_is("A", "active", text=code)


# ── C5 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C5")
@pytest.mark.parametrize("ends", [None, "2021-02-01 12:00"])
def test_staff_end_a_code_at_once(ends: str | None) -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00", ends=ends, role="supervisor")
    story.code_is("A", "ended", end="2021-02-01 12:00")
    story.check(code, "code-ended", at="2021-02-01 12:00")


@pytest.mark.rule("C5", "C11")
def test_staff_end_a_code_at_a_later_moment() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00", ends="2021-03-01 00:00")
    story.code_is("A", "active", end="2021-03-01 00:00")
    story.code_is("A", "active", at="2021-02-28 23:59:59")
    story.code_is("A", "ended", at="2021-03-01 00:00")
    story.check(code, at="2021-02-28 23:59:59")
    story.check(code, "code-ended", at="2021-03-01 00:00")
    story.code_is("A", "ended", end="2021-03-01 00:00")


@pytest.mark.rule("C5")
def test_staff_end_a_pending_code() -> None:
    story = told()
    code = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    story.end(code, at="2021-01-11 12:00")
    story.code_is("A", "ended", start=None, end="2021-01-11 12:00")
    assert not story.activated("K1", at="2021-02-01 00:00").fields.get("issued")
    story.code_is("A", "ended", text=code, start=None, end="2021-01-11 12:00")
    story.check(code, "code-ended")


@pytest.mark.rule("C5")
def test_a_pending_code_whose_planned_end_passes_is_never_active() -> None:
    story = told()
    code = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    story.end(code, at="2021-01-11 12:00", ends="2021-01-20 00:00")
    story.check(code, "code-pending", at="2021-01-19 23:59:59")
    story.check(code, "code-ended", at="2021-01-20 00:00")
    story.activated("K1", at="2021-02-01 00:00")
    story.code_is("A", "ended", text=code, start=None, end="2021-01-20 00:00")


@pytest.mark.rule("C5")
def test_a_pending_code_with_a_planned_end_may_be_active_until_then() -> None:
    story = told()
    code = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    story.end(code, at="2021-01-11 12:00", ends="2021-03-01 00:00")
    story.activated("K1", at="2021-02-01 00:00")
    story.code_is("A", "active", start="2021-02-01 00:00", end="2021-03-01 00:00")
    story.check(code, at="2021-02-28 12:00")
    story.check(code, "code-ended", at="2021-03-01 00:00")


@pytest.mark.rule("C3", "C5", "C8")
def test_a_pending_code_with_a_planned_end_ends_earlier_by_withdrawal() -> None:
    story = told()
    code = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    story.end(code, at="2021-01-11 12:00", ends="2021-12-01 00:00")
    story.withdrawn("K1", at="2021-02-01 12:00")
    story.code_is("A", "ended", text=code, start=None, end="2021-02-01 12:00")
    assert story.concluded("K2", account="A", at="2021-02-02 12:00").issued != code


@pytest.mark.rule("C5")
def test_ending_at_a_moment_that_has_passed_is_refused() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00", ends="2021-02-01 11:59", then="refused moment-past")
    story.end(code, at="2021-02-01 12:00", ends="2020-01-01 00:00", then="refused moment-past")


@pytest.mark.rule("C5")
def test_a_code_that_has_ended_does_not_end_again() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00")
    story.end(code, at="2021-02-01 12:00", then="refused code-ended")
    story.end(code, at="2021-02-02 12:00", ends="2021-03-01 00:00", then="refused code-ended")


@pytest.mark.rule("C5")
@pytest.mark.parametrize("moved", ["2021-02-15 00:00", "2021-06-01 00:00"], ids=["earlier", "later"])
def test_a_planned_end_can_be_moved_until_it_is_reached(moved: str) -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00", ends="2021-03-01 00:00")
    story.end(code, at="2021-02-02 12:00", ends=moved)
    story.code_is("A", "active", end=moved)
    story.check(code, "code-ended", at=moved)
    story.end(code, at=moved, ends="2021-12-01 00:00", then="refused code-ended")
    story.code_is("A", "ended", end=moved)


@pytest.mark.rule("C5")
def test_a_planned_end_can_be_moved_to_now() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00", ends="2021-03-01 00:00")
    story.end(code, at="2021-02-02 12:00")
    story.code_is("A", "ended", end="2021-02-02 12:00")


@pytest.mark.rule("C4", "C5")
def test_the_last_termination_ends_a_code_before_its_planned_end() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00", ends="2021-12-01 00:00")
    story.terminated("K-A", at="2021-03-01 00:00")
    story.check(code, "code-ended", at="2021-03-01 00:00")
    story.code_is("A", "ended", end="2021-03-01 00:00")


@pytest.mark.rule("C4", "C5")
def test_a_termination_after_the_code_ended_leaves_its_end() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00")
    story.terminated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "ended", text=code, end="2021-02-01 12:00")


@pytest.mark.rule("C5")
def test_a_code_that_nobody_holds_cannot_be_ended() -> None:
    told().end("NOSUCH", then="refused code-unknown")


@pytest.mark.rule("C5")
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_ending_by_hand_needs_a_reason(reason: str | None) -> None:
    story = told()
    code = story.referrer("A")
    for role in ("supervisor", "administrator"):
        story.lacks_reason("code.end", {"code": code, "reason": reason}, role=role)


# ── C6, C7 ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C6", "C9")
def test_a_code_with_a_planned_end_is_still_in_the_way() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00", ends="2021-03-01 00:00")
    story.issue("A", at="2021-02-28 23:59:59", then="refused code-overlap")
    second = story.issue("A", at="2021-03-01 00:00").issued
    story.code_is("A", "active", text=second, start="2021-03-01 00:00")
    story.check(code, "code-ended")


@pytest.mark.rule("C7")
def test_after_a_manual_ending_no_contract_brings_a_code() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00")
    story.concluded("K2", account="A", at="2021-02-02 12:00")
    assert not story.results[-1].fields.get("issued")
    story.activated("K2", at="2021-02-03 12:00")
    assert not story.results[-1].fields.get("issued")
    story.concluded("G1", account="A", product="gas", at="2021-02-04 12:00")
    story.activated("G1", at="2021-02-05 12:00")
    story.code_is("A", "ended", text=code, end="2021-02-01 12:00")


@pytest.mark.rule("C7")
def test_after_a_planned_manual_ending_is_reached_no_contract_brings_a_code() -> None:
    story = told()
    code = story.referrer("A")
    story.end(code, at="2021-02-01 12:00", ends="2021-03-01 00:00")
    assert not story.concluded("K2", account="A", at="2021-03-01 00:00").fields.get("issued")
    assert not story.activated("K2", at="2021-03-02 12:00").fields.get("issued")
    story.code_is("A", "ended", text=code, end="2021-03-01 00:00")


@pytest.mark.rule("C4", "C7")
def test_after_a_manual_ending_a_contract_concluded_before_brings_no_code_either() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K2", account="A", at="2021-01-20 12:00")
    story.end(code, at="2021-02-01 12:00")
    story.terminated("K-A", at="2021-02-10 12:00")
    assert not story.activated("K2", at="2021-02-11 12:00").fields.get("issued")
    story.code_is("A", "ended", text=code)


@pytest.mark.rule("C7")
def test_it_is_the_last_ending_that_counts() -> None:
    story = told()
    story.referrer("A")
    story.terminated("K-A", at="2021-02-01 12:00")
    second = story.supplied("K2", account="A", since="2021-03-01 12:00").issued
    story.end(second, at="2021-04-01 12:00")
    assert not story.concluded("K3", account="A", at="2021-04-02 12:00").fields.get("issued")
    assert not story.activated("K3", at="2021-04-03 12:00").fields.get("issued")
    story.code_is("A", "ended", text=second)


@pytest.mark.rule("C7", "C8")
def test_an_account_with_an_open_contract_is_no_ex_customer() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K2", account="A", at="2021-01-20 12:00")
    story.end(code, at="2021-02-01 12:00")
    story.terminated("K-A", at="2021-02-10 12:00")
    assert not story.concluded("K3", account="A", at="2021-02-11 12:00").fields.get("issued")
    story.withdrawn("K2", at="2021-02-12 12:00")
    story.withdrawn("K3", at="2021-02-13 12:00")
    assert story.concluded("K4", account="A", at="2021-02-14 12:00").issued != code


@pytest.mark.rule("C7", "C9")
def test_after_a_manual_ending_staff_can_still_issue() -> None:
    story = told()
    first = story.referrer("A")
    story.end(first, at="2021-02-01 12:00")
    second = story.issue("A", at="2021-02-02 12:00").issued
    assert story.code_is("A", "active", start="2021-02-02 12:00") == second != first


# ── C8 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def by_hand(story: Story, code: str) -> None:
    story.end(code, at="2021-02-01 12:00")
    story.terminated("K-A", at="2021-03-01 00:00")


def by_termination(story: Story, code: str) -> None:
    assert code
    story.terminated("K-A", at="2021-03-01 00:00")


@pytest.mark.rule("C8")
@pytest.mark.parametrize("ending", [by_hand, by_termination])
def test_an_ex_customer_who_concludes_again_gets_a_different_code(ending: Callable[[Story, str], None]) -> None:
    story = told()
    first = story.referrer("A")
    ending(story, first)
    second = story.concluded("K2", account="A", at="2021-04-01 12:00").issued
    assert second != first
    assert story.code_is("A", "pending", start=None, end=None) == second
    story.activated("K2", at="2021-05-01 00:00")
    story.code_is("A", "active", text=second, start="2021-05-01 00:00")
    story.check(first, "code-ended")


@pytest.mark.rule("C8")
def test_an_ex_customer_by_withdrawal_gets_a_different_code() -> None:
    story = told()
    first = story.concluded("K1", account="A").issued
    story.withdrawn("K1")
    second = story.concluded("K2", account="A").issued
    assert story.code_is("A", "pending") == second != first


@pytest.mark.rule("C7", "C8")
def test_an_ex_customer_whose_pending_code_was_ended_by_hand_gets_a_different_one() -> None:
    story = told()
    first = story.concluded("K1", account="A").issued
    story.end(first)
    story.withdrawn("K1")
    second = story.concluded("K2", account="A").issued
    assert story.code_is("A", "pending") == second != first


@pytest.mark.rule("C8")
def test_an_ex_customer_gets_a_code_only_on_what_issues_one() -> None:
    story = told()
    story.referrer("A")
    story.terminated("K-A")
    assert not story.concluded("G1", account="A", product="gas").fields.get("issued")
    story.code_is("A", "ended")


@pytest.mark.rule("C8")
def test_an_ex_customer_is_told_by_the_account() -> None:
    story = told()
    first = story.referrer("A")
    story.supplied("K2", account="A2", customer="a", since="2021-01-20 12:00")
    by_hand(story, first)
    assert story.concluded("K3", account="A", at="2021-04-01 12:00").issued != first


# ── C9 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def without_code(story: Story, *, active: bool) -> Story:
    """Leave account A with an open contract and no code."""
    issued = story.concluded("K-A", account="A", at="2021-01-05 12:00").issued
    if active:
        story.activated("K-A", at="2021-01-05 12:00")
    story.end(issued, at="2021-01-06 12:00")
    return story


@pytest.mark.rule("C9")
@pytest.mark.parametrize("text", [None, "A123"])
def test_with_an_active_contract_a_code_issued_by_hand_is_active_at_once(text: str | None) -> None:
    story = without_code(told(), active=True)
    issued = story.issue("A", text, at="2021-02-01 12:00").issued
    assert text in {None, issued}
    assert story.code_is("A", "active", start="2021-02-01 12:00", end=None) == issued
    story.check(issued)


@pytest.mark.rule("C9")
@pytest.mark.parametrize("text", [None, "A123"])
def test_with_a_contract_only_concluded_a_code_issued_by_hand_is_pending(text: str | None) -> None:
    story = without_code(told(), active=False)
    issued = story.issue("A", text, at="2021-02-01 12:00").issued
    assert story.code_is("A", "pending", start=None, end=None) == issued
    story.check(issued, "code-pending")
    story.activated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "active", text=issued, start="2021-03-01 00:00")


@pytest.mark.rule("C9")
def test_with_neither_there_is_no_contract_to_issue_on() -> None:
    story = told()
    story.referrer("A")
    story.terminated("K-A")
    story.issue("A", then="refused no-contract")
    story.concluded("K1", account="B")
    story.withdrawn("K1")
    story.issue("B", then="refused no-contract")


@pytest.mark.rule("C9")
def test_an_account_that_nobody_has_is_unknown() -> None:
    told().issue("NOBODY", then="refused account-unknown")


@pytest.mark.rule("C9")
def test_staff_issue_on_gas_although_nothing_is_issued_there_automatically() -> None:
    story = told()
    story.supplied("G1", account="A", product="gas", since="2021-01-05 12:00")
    issued = story.issue("A", at="2021-02-01 12:00").issued
    story.code_is("A", "active", text=issued, start="2021-02-01 12:00")


@pytest.mark.rule("C6", "C9")
@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("replace", [None, False])
def test_a_pending_or_active_code_is_in_the_way(active: bool, replace: bool | None) -> None:
    story = told()
    story.concluded("K1", account="A")
    if active:
        story.activated("K1")
    story.issue("A", "A123", replace=replace, then="refused code-overlap")


@pytest.mark.rule("C6", "C9")
def test_replacing_ends_the_active_code_as_the_new_one_starts() -> None:
    story = told()
    first = story.referrer("A")
    second = story.issue("A", replace=True, at="2021-02-01 12:00").issued
    story.code_is("A", "active", text=second, start="2021-02-01 12:00", end=None)
    story.check(first, at="2021-02-01T11:59:59.999999+02:00")
    story.check(second, "code-pending", at="2021-02-01T11:59:59.999999+02:00")
    story.check(first, "code-ended", at="2021-02-01 12:00")
    story.check(second, at="2021-02-01 12:00")


@pytest.mark.rule("C6", "C9")
def test_replacing_a_pending_code_leaves_the_new_one_pending() -> None:
    story = told()
    first = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    second = story.issue("A", replace=True, at="2021-01-11 12:00").issued
    assert story.code_is("A", "pending", start=None, end=None) == second
    story.check(first, "code-ended")
    story.activated("K1", at="2021-02-01 00:00")
    story.code_is("A", "active", text=second, start="2021-02-01 00:00")
    story.check(first, "code-ended")


@pytest.mark.rule("C6", "C9")
def test_replacing_moves_a_planned_end_forward() -> None:
    story = told()
    first = story.referrer("A")
    story.end(first, at="2021-02-01 12:00", ends="2021-06-01 00:00")
    second = story.issue("A", replace=True, at="2021-03-01 12:00").issued
    story.check(first, "code-ended")
    story.code_is("A", "active", text=second, start="2021-03-01 12:00", end=None)


@pytest.mark.rule("C9", "C11")
def test_replacing_by_a_line_that_comes_late_still_leaves_the_new_code_as_the_latest() -> None:
    story = told()
    story.concluded("K1", account="A", at="2021-02-01 12:00")
    second = story.issue("A", replace=True, at="2021-01-31 12:00").issued
    story.activated("K1", at="2021-03-01 00:00")
    story.check(second)
    story.code_is("A", "active", text=second)


@pytest.mark.rule("C9")
def test_replacing_where_there_is_nothing_to_replace_simply_issues() -> None:
    story = without_code(told(), active=True)
    story.issue("A", replace=True)
    story.code_is("A", "active")


@pytest.mark.rule("C9")
def test_a_refused_replacement_leaves_the_present_code() -> None:
    story = told()
    story.referrer("B", text="B123")
    first = story.referrer("A")
    story.issue("A", "B123", replace=True, then="refused code-taken")
    story.issue("A", "B!", replace=True, then="refused code-malformed")
    assert story.code_is("A", "active", end=None) == first


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ABCD", "ABCD"),
        ("A1B2C3D4E5F6G7H8I9J0", "A1B2C3D4E5F6G7H8I9J0"),
        ("mihkel 2025", "MIHKEL2025"),
        ("a-b-c-d", "ABCD"),
        ("1234", "1234"),
        ("１２－３４", "1234"),
        ("  Tere - Kevad ", "TEREKEVAD"),
        ("A B C D E F G H I J K L M N O P Q R S T", "ABCDEFGHIJKLMNOPQRST"),
    ],
)
def test_a_text_is_4_to_20_letters_and_digits_after_folding(text: str, folded: str) -> None:
    story = told()
    story.referrer("A")
    assert story.issue("A", text, replace=True).issued == folded


@pytest.mark.rule("C9")
@pytest.mark.parametrize(
    "text",
    [
        *("ABC", "A-B-C", "A B C ", "A1B2C3D4E5F6G7H8I9J01", "----", "ABC_1", "AB.CD", "AB!CD", "AB/CD", "=SUM1"),
        *("ÕUNAPUU", "JÜRI2025", "КОДКОД", "١٢٣٤", "ABCD€", "<b>AB</b>"),
    ],
)
def test_other_texts_are_malformed(text: str) -> None:
    story = told()
    story.referrer("A")
    story.issue("A", text, replace=True, then="refused code-malformed")


@pytest.mark.rule("C9")
@pytest.mark.parametrize("reason", [None, "", " "])
def test_issuing_by_hand_needs_a_reason(reason: str | None) -> None:
    story = without_code(told(), active=True)
    data = {"account": "A", "code": "A123", "reason": reason}
    story.send("code.issue", data, role="agent", then="refused reason-missing")
    story.send("code.issue", data | {"reason": "asked for it"}, role="agent")


@pytest.mark.rule("C9", "C4")
def test_a_code_issued_by_hand_ends_with_the_last_contract_and_the_next_is_automatic() -> None:
    story = without_code(told(), active=True)
    story.issue("A", "A123", at="2021-02-01 12:00")
    story.concluded("K2", account="A", at="2021-02-02 12:00")
    story.terminated("K-A", at="2021-03-01 00:00")
    story.code_is("A", "ended", text="A123", end="2021-03-01 00:00")


# ── C10 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C10")
def test_random_codes_have_8_characters_of_an_alphabet_without_look_alikes() -> None:
    story = Story()
    codes = [story.concluded(f"K{n}", account=f"A{n}").issued for n in range(300)]
    assert {len(code) for code in codes} == {8}
    assert len(set(codes)) == 300
    alphabet = set("".join(codes))
    assert all(character.isascii() and (character.isupper() or character.isdigit()) for character in alphabet)
    assert len(alphabet) > 15
    assert not [pair for pair in LOOK_ALIKES[:2] if pair <= alphabet]


@pytest.mark.rule("C10")
def test_a_slip_of_the_keyboard_never_makes_another_code() -> None:
    story = told()
    codes = [story.referrer(f"A{n}") for n in range(40)]
    alphabet = sorted(set("".join(codes)))
    slips = {code[:at] + other + code[at + 1 :] for code in codes for at in range(8) for other in alphabet}
    slips |= {code[:at] + code[at + 1] + code[at] + code[at + 2 :] for code in codes for at in range(7)}
    assert not (slips - set(codes)) & set(codes)
    for code in codes[:3]:
        for at in range(8):
            slip = code[:at] + next(c for c in alphabet if c != code[at]) + code[at + 1 :]
            story.check(slip, "code-unknown")


@pytest.mark.rule("C10")
def test_codes_follow_from_the_secret_and_from_nothing_that_is_known() -> None:
    def codes(secret: bytes) -> list[str]:
        story = Story(secret=secret)
        return [story.concluded(f"K{n}", account=f"A{n}").issued for n in range(20)]

    assert codes(b"one-secret-" * 4) == codes(b"one-secret-" * 4)
    assert not set(codes(b"one-secret-" * 4)) & set(codes(b"two-secret-" * 4))


# ── C11 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C11")
def test_status_follows_from_the_period_and_the_moment_asked_about() -> None:
    story = told()
    code = story.concluded("K1", account="A", at="2021-01-10 12:00").issued
    story.activated("K1", at="2021-02-01 00:00")
    story.terminated("K1", at="2021-06-01 00:00")
    for moment, status in (
        ("2021-01-10 12:00", "pending"),
        ("2021-01-31 23:59:59", "pending"),
        ("2021-02-01 00:00", "active"),
        ("2021-05-31 23:59:59", "active"),
        ("2021-06-01 00:00", "ended"),
        ("2030-01-01 00:00", "ended"),
    ):
        assert story.code_is("A", status, at=moment) == code
