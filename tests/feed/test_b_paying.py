"""B1 to B9: granting, eating up, moving and cancelling discounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import ContinuousDiscounts, MemoryStore
from referral_core import Actor, Grant, GrantStatus, Money, Programme, Reason, ReferralDesk, Refusal
from referral_core.services.payouts import PayRun
from referral_core.values.name import digest_key
from tests.feed.story import Story, moment


def told() -> Story:
    return Story().with_amounts()


def paid(story: Story, *contracts: str, code: str) -> None:
    """Have new customers sign up with a code and become active."""
    for contract in contracts:
        story.concluded(contract, account=f"B-{contract}", code=code)
        story.activated(contract)


# ── B1 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1")
def test_activation_grants_both_sides_their_locked_amounts() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-10 12:00")
    story.holds("A", pending="10")
    story.holds("B", pending="7")
    story.activated("K1", at="2021-03-01 00:00")
    story.holds("A", granted="10")
    story.holds("B", granted="7")
    story.referred("K1", status="granted")
    assert story.summary()["liability"] == {"locked": "0.00", "granted_unused": "17.00"}


@pytest.mark.rule("B1")
def test_the_start_date_alone_grants_nothing() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, starts_on="2021-03-01", at="2021-02-10 12:00")
    story.bill("R1", "A", "100", at="2021-06-01 12:00")
    story.holds("A", pending="10")
    story.activated("K1", at="2021-06-02 12:00")
    story.holds("A", granted="10")


@pytest.mark.rule("B1")
def test_activation_before_the_start_date_grants() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"), starts_on="2031-03-01")
    story.activated("K1")
    story.holds("A", granted="10")


@pytest.mark.rule("B1")
def test_another_contract_of_the_referee_activating_grants_nothing() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.concluded("K2", account="B")
    story.activated("K2")
    story.holds("A", pending="10")
    story.holds("B", pending="7")
    story.referred("K1", status="recorded")


@pytest.mark.rule("B1")
def test_grants_are_continuous_bill_discounts_effective_from_the_activation() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"), at="2021-02-10 12:00")
    story.activated("K1", at="2021-03-01 00:00")
    story.summary()
    rows = [grant for account in ("A", "B") for grant in story.store.grants.all(account=account)]
    assert [str(grant.amount.amount) for grant in rows] == ["10.00", "7.00"]
    assert {grant.effective_from.isoformat() for grant in rows} == {"2021-02-28T22:00:00+00:00"}


# ── B2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
def test_activating_again_grants_nothing_again() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    story.activated("K1")
    story.again()
    story.activated("K1", then="refused contract-active")
    story.holds("A", granted="10")
    story.holds("B", granted="7")


@pytest.mark.rule("B2")
def test_an_activation_delivered_too_early_takes_effect_when_it_is_sent_again() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K0", account="C", code=code, at="2021-02-01 12:00")
    story.activated("K1", at="2021-03-01 00:00", then="refused contract-unknown")
    early = len(story.told) - 1
    story.concluded("K1", account="B", code=code, at="2021-02-10 12:00")
    story.again(early, then="done")
    story.again(early)
    story.holds("A", granted="10", pending="10")
    story.holds("B", granted="7")


@pytest.mark.rule("B2")
def test_finishing_again_and_again_posts_nothing_twice() -> None:
    story = told()
    paid(story, "K1", code=story.referrer("A"))
    for _ in range(3):
        story.runner.finish()
        story.holds("A", granted="10")


# ── B3, B4, B5 ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B3")
def test_a_code_may_be_used_any_number_of_times_and_the_grants_add_up() -> None:
    story = told()
    code = story.referrer("A")
    paid(story, *(f"K{n}" for n in range(25)), code=code)
    story.holds("A", granted="250")
    assert story.account("A")["used"] == 25


@pytest.mark.rule("B3")
def test_a_grant_does_not_expire() -> None:
    story = told()
    paid(story, "K1", code=story.referrer("A"))
    story.bill("R1", "A", "4", at="2061-01-01 12:00")
    story.holds("A", granted="10", consumed="4")


@pytest.mark.rule("B4")
@pytest.mark.parametrize("spent", ["0", "4", "10"])
def test_the_referee_terminating_later_takes_nothing_from_the_referrer(spent: str) -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-01 12:00")
    story.activated("K1", at="2021-02-02 12:00")
    story.bill("R1", "A", spent)
    story.terminated("K1", at="2021-02-03 12:00")
    story.holds("A", granted="10", consumed=spent)
    story.holds("B", granted="7")
    story.referred("K1", status="granted")
    story.bill("R2", "A", "100")
    story.holds("A", granted="10", consumed="10")


@pytest.mark.rule("B5", "B7")
def test_a_referrer_whose_code_ended_before_the_activation_is_paid() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-01 12:00")
    story.end(code, at="2021-02-10 12:00")
    story.activated("K1", at="2021-03-01 00:00")
    story.holds("A", granted="10")
    story.holds("B", granted="7")


@pytest.mark.rule("B5", "B7")
def test_a_referrer_whose_contract_ended_before_the_activation_is_paid_and_may_move_it() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-01 12:00")
    story.terminated("K-A", at="2021-02-10 12:00")
    story.activated("K1", at="2021-03-01 00:00")
    story.holds("A", granted="10")
    story.supplied("K2", account="A2", customer="a", since="2021-04-01 12:00")
    story.transfer("A", "A2")
    story.holds("A", granted="10", transferred_out="10")
    story.holds("A2", transferred_in="10")


# ── B6 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B6")
@pytest.mark.parametrize(
    ("bill", "consumed"), [("3", "3"), ("9.99", "9.99"), ("10", "10"), ("10.01", "10"), ("500", "10"), ("0", "0")]
)
def test_a_bill_takes_the_smaller_of_itself_and_what_is_unused(bill: str, consumed: str) -> None:
    story = told()
    paid(story, "K1", code=story.referrer("A"))
    story.bill("R1", "A", bill)
    story.holds("A", granted="10", consumed=consumed)


@pytest.mark.rule("B6")
def test_bills_eat_up_the_discount_until_nothing_is_left() -> None:
    story = told()
    paid(story, "K1", "K2", code=story.referrer("A"))
    story.bill("R1", "A", "6")
    story.holds("A", granted="20", consumed="6")
    story.bill("R2", "A", "6")
    story.holds("A", granted="20", consumed="12")
    story.bill("R3", "A", "60")
    story.bill("R4", "A", "60")
    story.holds("A", granted="20", consumed="20")


@pytest.mark.rule("B6")
def test_a_bill_takes_once() -> None:
    story = told()
    paid(story, "K1", code=story.referrer("A"))
    story.bill("R1", "A", "4")
    story.again()
    story.bill("R1", "A", "4", then="refused bill-exists")
    story.bill("R1", "A", "5", then="refused bill-exists")
    story.bill("R1", "B-K1", "5", then="refused bill-exists")
    story.holds("A", granted="10", consumed="4")


@pytest.mark.rule("B6")
def test_a_bill_that_found_nothing_takes_nothing_later() -> None:
    story = told()
    code = story.referrer("A")
    story.bill("R1", "A", "4")
    paid(story, "K1", code=code)
    story.bill("R1", "A", "4", then="refused bill-exists")
    story.holds("A", granted="10")


@pytest.mark.rule("B1", "B6")
def test_a_bill_before_the_activation_takes_nothing() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    story.bill("R1", "A", "4")
    story.bill("R2", "B", "4")
    story.activated("K1")
    story.holds("A", granted="10")
    story.holds("B", granted="7")
    story.bill("R3", "B", "4")
    story.holds("B", granted="7", consumed="4")


@pytest.mark.rule("B6")
def test_a_bill_right_after_the_activation_takes_already() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"), at="2021-02-10 12:00")
    story.activated("K1", at="2021-03-01 00:00")
    story.bill("R1", "B", "4", at="2021-03-01 00:00")
    story.holds("B", granted="7", consumed="4")


@pytest.mark.rule("B1", "B2", "B6")
@pytest.mark.parametrize("order", ["K1 K2", "K2 K1"])
def test_a_bill_from_between_two_grants_takes_of_the_older_one(order: str) -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code, at="2021-02-10 12:00")
    story.concluded("K2", account="C", code=code, at="2021-02-10 12:00")
    for contract in order.split():
        story.activated(contract, at={"K1": "2021-03-01 00:00", "K2": "2021-04-01 00:00"}[contract])
        story.referred(contract, status="granted")
    story.bill("R1", "A", "100", at="2021-03-15 00:00")
    story.holds("A", granted="20", consumed="10")
    story.bill("R2", "A", "100", at="2021-04-01 00:00")
    story.holds("A", granted="20", consumed="20")


@pytest.mark.rule("B6")
def test_a_bill_on_an_account_that_nobody_has() -> None:
    told().bill("R1", "NOBODY", "4", then="refused account-unknown")


# ── B7 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def left(story: Story, *, target: bool = True) -> Story:
    """Leave 20 euros on account A, whose contracts have ended, of a customer who has moved to account A2."""
    paid(story, "K1", "K2", code=story.referrer("A"))
    story.terminated("K-A", at="2021-03-01 00:00")
    if target:
        story.supplied("K-A2", account="A2", customer="a", since="2021-03-02 12:00")
    return story


@pytest.mark.rule("B7")
def test_all_of_the_unused_discount_moves_by_default() -> None:
    story = left(told())
    story.bill("R1", "A", "3")
    story.transfer("A", "A2")
    story.holds("A", granted="20", consumed="3", transferred_out="17")
    story.holds("A2", transferred_in="17")
    story.bill("R2", "A2", "12")
    story.holds("A2", transferred_in="17", consumed="12")
    story.bill("R3", "A", "12")
    story.holds("A", granted="20", consumed="3", transferred_out="17")


@pytest.mark.rule("B7")
def test_or_a_part_of_it_and_another_part() -> None:
    story = left(told())
    story.transfer("A", "A2", "12.50")
    story.holds("A", granted="20", transferred_out="12.50")
    story.transfer("A", "A2", "7.51", then="refused amount-exceeds-unused")
    story.transfer("A", "A2", "7.50")
    story.holds("A", granted="20", transferred_out="20")
    story.holds("A2", transferred_in="20")
    story.transfer("A", "A2", "0.01", then="refused amount-exceeds-unused")


@pytest.mark.rule("B7")
def test_what_was_moved_can_be_moved_on() -> None:
    story = left(told())
    story.transfer("A", "A2")
    story.terminated("K-A2")
    story.supplied("K-A3", account="A3", customer="a", since="2021-05-01 12:00")
    story.transfer("A2", "A3", "5")
    story.holds("A2", transferred_in="20", transferred_out="5")
    story.holds("A3", transferred_in="5")


@pytest.mark.rule("B7")
@pytest.mark.parametrize("amount", ["20.01", "1000"])
def test_more_than_there_is_does_not_move(amount: str) -> None:
    story = left(told())
    story.transfer("A", "A2", amount, then="refused amount-exceeds-unused")
    story.bill("R1", "A", "1")
    story.transfer("A", "A2", "20", then="refused amount-exceeds-unused")


@pytest.mark.rule("B7")
def test_while_the_source_has_a_contract_nothing_moves() -> None:
    story = told()
    paid(story, "K1", code=story.referrer("A"))
    story.supplied("K-A2", account="A2", customer="a", since="2021-03-02 12:00")
    story.transfer("A", "A2", then="refused contract-active")
    story.concluded("K9", account="A")
    story.terminated("K-A")
    story.transfer("A", "A2", then="refused contract-active")
    story.withdrawn("K9")
    story.transfer("A", "A2")


@pytest.mark.rule("B7")
def test_the_target_has_an_active_contract() -> None:
    story = left(told(), target=False)
    story.concluded("K-A2", account="A2", customer="a", at="2021-03-02 12:00")
    story.transfer("A", "A2", then="refused no-contract")
    story.activated("K-A2")
    story.terminated("K-A2")
    story.transfer("A", "A2", then="refused no-contract")


@pytest.mark.rule("B7")
def test_nothing_moves_to_another_customer() -> None:
    story = left(told())
    story.referrer("X", since="2021-03-02 12:00")
    story.transfer("A", "X", then="refused not-same-customer")
    story.transfer("A", "B-K1", then="refused not-same-customer")


@pytest.mark.rule("B7")
def test_accounts_that_nobody_has_are_unknown() -> None:
    story = left(told())
    story.transfer("A", "NOBODY", then="refused account-unknown")
    story.transfer("NOBODY", "A2", then="refused account-unknown")


@pytest.mark.rule("B7")
def test_what_is_only_locked_does_not_move() -> None:
    story = left(told())
    code = story.referrer("A9", since="2021-03-05 12:00")
    story.concluded("K7", account="B7", code=code, at="2021-03-06 12:00")
    story.terminated("K-A9")
    story.supplied("K8", account="A10", customer="a9", since="2021-03-07 12:00")
    story.transfer("A9", "A10", "1", then="refused amount-exceeds-unused")
    story.activated("K7")
    story.transfer("A9", "A10", "10")


@pytest.mark.rule("B2", "B7")
def test_events_whose_sources_and_ids_look_alike_are_transfers_of_their_own() -> None:
    story = left(told())
    part = {"from": "A", "to": "A2", "amount": "5"}
    story.send("discount.transfer", part, source="crm north", event="7")
    story.send("discount.transfer", part, source="crm", event="north 7")
    story.holds("A", granted="20", transferred_out="10")
    story.again()
    story.holds("A", granted="20", transferred_out="10")


@pytest.mark.rule("B2", "B7")
def test_an_event_whose_transfer_billing_made_while_the_line_was_cut_off_moves_nothing_again() -> None:
    story = left(told())
    story.summary()
    story.store.billing.transfer("A", "A2", Money("5"), at=moment("2021-04-01"), key=digest_key("crm evt-7"))
    part = {"from": "A", "to": "A2", "amount": "5"}
    story.send("discount.transfer", part, at="2021-04-01", source="crm", event="evt-7")
    story.holds("A", granted="20", transferred_out="5")


@pytest.mark.rule("B3", "B7")
def test_a_transfer_and_later_grants_on_the_target_add_up() -> None:
    story = left(told())
    story.transfer("A", "A2")
    paid(story, "K5", code=story.code_is("A2", "active"))
    story.holds("A2", transferred_in="20", granted="10")
    story.bill("R1", "A2", "25")
    story.holds("A2", transferred_in="20", granted="10", consumed="25")


# ── B8 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B8")
def test_a_fee_is_noted_and_nothing_is_posted() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    story.activated("K1")
    story.bill("R1", "B", "5")
    story.terminated("K1")
    before = story.summary()
    story.fee("K1", "5.00", role="supervisor")
    after = story.summary()
    assert {**after, "lines": None} == {**before, "lines": None}


@pytest.mark.rule("B8")
@pytest.mark.parametrize("reason", [None, "", " "])
def test_a_fee_note_needs_a_reason(reason: str | None) -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    story.activated("K1")
    story.terminated("K1")
    story.lacks_reason("termination-fee.note", {"contract": "K1", "amount": "5", "reason": reason}, role="supervisor")


@pytest.mark.rule("B8")
def test_a_fee_is_noted_on_a_referral() -> None:
    story = told()
    story.fee("K1", "5", then="refused contract-unknown")
    story.supplied("K1", account="B", since="2021-02-01 12:00")
    story.terminated("K1")
    story.fee("K1", "5", then="refused referral-unknown")


# ── B9 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B9")
def test_a_withdrawn_contract_cancels_its_referral_and_its_amounts_leave_the_liability() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.concluded("K2", account="C", code=code, channel="sales-portal")
    assert story.summary()["liability"] == {"locked": "35.00", "granted_unused": "0.00"}
    assert story.account("A")["used"] == 2
    story.withdrawn("K1")
    story.referred("K1", status="cancelled", referrer_amount="10.00", referee_amount="7.00")
    assert story.summary()["liability"] == {"locked": "18.00", "granted_unused": "0.00"}
    assert story.account("A")["used"] == 1
    story.holds("A", pending="10")
    story.holds("B")
    story.activated("K1", then="refused contract-ended")
    story.holds("A", pending="10")


@pytest.mark.rule("B9")
def test_withdrawing_another_contract_of_the_referee_cancels_nothing() -> None:
    story = told()
    story.concluded("K1", account="B", code=story.referrer("A"))
    story.concluded("K2", account="B")
    story.withdrawn("K2")
    story.referred("K1", status="recorded")
    story.activated("K1")
    story.holds("A", granted="10")


@pytest.mark.rule("B9", "S10")
def test_a_referral_of_an_honoured_moment_is_cancelled_like_any_other() -> None:
    story = told()
    code = story.referrer("A")
    story.concluded(
        "K1", account="B", code=code, channel="sales-portal", honour="2021-02-10 12:00", at="2021-02-20 12:00"
    )
    story.withdrawn("K1")
    story.referred("K1", status="cancelled")
    story.holds("A")


@pytest.mark.rule("B2")
def test_legs_that_a_killed_run_left_are_posted_by_a_run_without_a_line() -> None:
    story = Story().with_amounts()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    ReferralDesk(story.programme, story.store).session(
        actor=Actor.system(), now=datetime(2022, 1, 1, tzinfo=UTC)
    ).contracts.activate("K1")
    assert [grant.status for grant in story.store.grants.all()] == [GrantStatus.DUE, GrantStatus.DUE]
    next_run = FeedRunner(story.programme, story.store)
    assert next_run.finish() == PayRun(2, 0)
    assert next_run.finish() == PayRun(0, 0)
    assert {grant.status for grant in story.store.grants.all()} == {GrantStatus.GRANTED}


@pytest.mark.rule("B2")
@pytest.mark.parametrize("posted", [True, False])
def test_a_run_pays_at_once_what_a_killed_run_had_taken_at_the_same_moment(posted: bool) -> None:
    """No lease or pause is waited for, nor are attempts counted: the clock of a feed stands still between its lines."""
    story = Story().with_amounts()
    story.concluded("K1", account="B", code=story.referrer("A"))
    now = datetime(2022, 1, 1, tzinfo=UTC)
    ReferralDesk(story.programme, story.store).session(actor=Actor.system(), now=now).contracts.activate("K1")
    stuck, taken = [*story.store.grants.all()]
    steps = [(taken, taken.taken(now + timedelta(hours=1))), (stuck, attrs.evolve(stuck, wait_until=None, attempts=99))]
    assert len(story.store.grants.change(steps)) == 2
    if posted:
        story.store.billing.grant(taken)
    next_run = FeedRunner(story.programme, story.store)
    assert next_run.finish() == PayRun(granted=2)
    story.holds("A", granted="10")
    story.holds("B", granted="7")


class Refusing(ContinuousDiscounts):
    """A billing that wants nothing to do with one account."""

    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        if grant.account == "B":
            raise Refusal(Reason.ACCOUNT_UNKNOWN, message="billing knows no account B")
        super().grant(grant, recorded_at=recorded_at)


@pytest.mark.rule("B2")
def test_a_grant_that_billing_refuses_waits_and_holds_up_no_other() -> None:
    programme = Programme.default()
    story = Story(programme, store=MemoryStore(programme, billing=Refusing())).with_amounts()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.activated("K1")
    run = FeedRunner(programme, story.store)
    assert run.finish() == PayRun(1, 1)
    assert {grant.account: grant.status is GrantStatus.GRANTED for grant in story.store.grants.all()} == {
        "A": True,
        "B": False,
    }


@pytest.mark.rule("A2", "B2", "B7")
@pytest.mark.parametrize("amount", ["2", None])
def test_a_key_that_a_host_used_for_another_transfer_is_not_that_of_a_line(amount: str | None) -> None:
    """A host's own program moved something under the key that the line has: nothing moves, and no row says so."""
    story = left(told())
    story.summary()
    key = f"story e{len(story.told) + 1}"
    story.store.billing.transfer("A", "A2", Money("1"), at=datetime(2021, 4, 2, tzinfo=UTC), key=digest_key(key))
    rows = list(story.store.trace.heads())
    refused = story.transfer("A", "A2", amount, then="invalid")
    assert refused.message == "id: was used before, for another transfer"
    assert list(story.store.trace.heads()) == rows
    story.transfer("A", "A2", "2")
    story.holds("A2", transferred_in="3")
