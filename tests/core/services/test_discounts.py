"""Discounts at the desk: what bills take, what staff move, and what they note and are proposed as a fee."""

from __future__ import annotations

from datetime import datetime
from decimal import localcontext
from fractions import Fraction
from typing import Final

import attrs
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling
from referral_core import Actor, BillingUnavailable, KeyReused, Money, Programme, Role
from referral_core.entities.balance import Balance
from referral_core.entities.referral import FeeNote
from referral_core.programme.settings import FeePolicy
from referral_core.values.moment import Calendar
from tests.office import HOUSEHOLD, NOON, SYSTEM, Office
from tests.phrases import TICK, at, euros, grant, refused

JAAN: Final = Actor("Jaan", Role.SUPERVISOR)
NOW: Final = at(NOON)
MARCH: Final = at("2021-03-01 12:00")
USD: Final = Money("1", "USD")


def paid_office(programme: Programme = HOUSEHOLD, *, referee: str = "7") -> Office:
    """Return an office in which B's contract K1 has activated at noon by the code of A, and both were paid."""
    office = Office(programme).with_amounts(self_service=referee)
    office.granted("K1", on="B", code=office.referrer("A"))
    return office


def leaving_office(*faults: Fault | None) -> Office:
    """Return an office in which customer B has left account B, with 7 unused, for account B2."""
    billing = FlakyBilling(ContinuousDiscounts(), lambda method: next(planned, None) if method == "transfer" else None)
    planned = iter(faults)
    office = Office(billing=billing).with_amounts()
    office.granted("K1", on="B", code=office.referrer("A"))
    office.terminated("K1", "2021-02-15")
    office.supplied("K2", on="B2", of="b", when="2021-02-16")
    return office


# ── bills ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B6")
def test_a_bill_returns_what_it_took() -> None:
    office = paid_office()
    bill = office.desk.session(actor=SYSTEM, now=NOW).discounts.bill
    assert bill("R1", account="B", amount=euros("5.50")) == euros("5.50")
    assert bill("R2", account="B", amount=euros("100")) == euros("1.50")
    assert bill("R3", account="B", amount=euros("100")) == euros("0")
    assert bill("R4", account="A", amount=euros("0")) == euros("0")


@pytest.mark.rule("B6", "M3")
def test_what_a_bill_is_refused_for() -> None:
    office = paid_office()
    bill = office.desk.session(actor=SYSTEM, now=NOW).discounts.bill
    with refused("account-unknown", field="account", naming="NOWHERE"):
        bill("R1", account="NOWHERE", amount=euros("1"))
    with refused("currency-mismatch", field="amount", naming="1.00 USD is not in EUR"):
        bill("R1", account="B", amount=USD)
    assert bill("R1", account="B", amount=euros("1")) == euros("1")
    with refused("bill-exists", field="bill", naming="R1"):
        bill("R1", account="B", amount=euros("1"))


@pytest.mark.rule("B2", "B6")
def test_a_bill_whose_answer_was_lost_is_not_taken_again() -> None:
    planned = iter([Fault.AFTER])
    billing = FlakyBilling(ContinuousDiscounts(), lambda method: next(planned, None) if method == "bill" else None)
    office = Office(billing=billing).with_amounts()
    office.granted("K1", on="B", code=office.referrer("A"))
    with pytest.raises(BillingUnavailable):
        office.desk.session(actor=SYSTEM, now=NOW).discounts.bill("R1", account="B", amount=euros("3"))
    with refused("bill-exists"):
        office.desk.session(actor=SYSTEM, now=NOW).discounts.bill("R1", account="B", amount=euros("3"))
    assert office.unused("B") == "4.00"


# ── transfers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B7", "A2")
@pytest.mark.parametrize(("amount", "moved"), [(None, "7.00"), ("7", "7.00"), ("2.50", "2.50")])
def test_a_transfer_returns_what_it_moved_and_is_traced_on_both_accounts(amount: str | None, moved: str) -> None:
    office = leaving_office()
    part = None if amount is None else euros(amount)
    assert office.desk.session(actor=JAAN, now=MARCH).discounts.transfer("B", "B2", amount=part) == euros(moved)
    assert office.unused("B2") == moved
    assert euros(office.unused("B")) + euros(moved) == euros("7")
    for account in ("B", "B2"):
        row = office.traced(account)[-1]
        assert (row.act, row.actor, row.moment) == ("discount.transfer", "Jaan", MARCH)
        key = f"2021-03-01T10:00:00Z B B2 {'all' if part is None else part}"
        assert row.after == {"from": "B", "to": "B2", "amount": f"{moved} EUR", "key": key}


@pytest.mark.rule("B7", "M3")
def test_what_a_transfer_is_refused_for() -> None:
    office = leaving_office()
    office.concluded("K3", on="B3", of="b")
    transfer, before = office.desk.session(actor=SYSTEM, now=MARCH).discounts.transfer, office.state()
    with refused("account-unknown", field="from", naming="NOWHERE"):
        transfer("NOWHERE", "B2")
    with refused("account-unknown", field="to", naming="NOWHERE"):
        transfer("B", "NOWHERE")
    with refused("not-same-customer", field="to", naming="A"):
        transfer("B", "A")
    with refused("contract-active", field="from", naming="B2"):
        transfer("B2", "B")
    with refused("contract-active", field="from", naming="B3"):
        transfer("B3", "B2")
    for target in ("B3", "B"):
        with refused("no-contract", field="to", naming=target):
            transfer("B", target)
    with refused("currency-mismatch", field="amount"):
        transfer("B", "B2", amount=USD)
    with refused("amount-exceeds-unused", field="amount", naming="7.00"):
        transfer("B", "B2", amount=euros("7.01"))
    assert office.state() == before


@pytest.mark.rule("A1", "B7")
def test_a_transfer_touches_the_segments_of_both_accounts() -> None:
    office = leaving_office()
    office.supplied("K3", on="B3", of="b")
    office.concluded("K4", on="B3", of="b", segment="micro-business")
    supervisor = Actor("Jaan", Role.SUPERVISOR, frozenset({"household"}))
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=supervisor, now=MARCH).discounts.transfer("B", "B3")
    assert office.desk.session(actor=supervisor, now=MARCH).discounts.transfer("B", "B2") == euros("7")


@pytest.mark.rule("B2", "B7")
@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER])
def test_a_transfer_whose_answer_was_lost_is_asked_for_again_and_moves_once(fault: Fault) -> None:
    office = leaving_office(fault)
    with pytest.raises(BillingUnavailable):
        office.desk.session(actor=JAAN, now=MARCH).discounts.transfer("B", "B2", amount=euros("2"), key="T1")
    assert not [row for row in office.all_traced() if row.act == "discount.transfer"]
    again = office.desk.session(actor=JAAN, now=MARCH + TICK).discounts.transfer("B", "B2", amount=euros("2"), key="T1")
    assert again == euros("2")
    assert (office.unused("B"), office.unused("B2")) == ("5.00", "2.00")
    assert len([row for row in office.all_traced() if row.act == "discount.transfer"]) == 2


@pytest.mark.rule("A2", "B2")
@pytest.mark.parametrize("key", ["T1", None])
def test_a_transfer_that_is_asked_for_again_is_not_traced_again(key: str | None) -> None:
    office = leaving_office()
    assert office.desk.session(actor=JAAN, now=MARCH).discounts.transfer(
        "B", "B2", amount=euros("2"), key=key
    ) == euros("2")
    before = office.state()
    later = MARCH + TICK if key else MARCH
    assert office.desk.session(actor=SYSTEM, now=later).discounts.transfer(
        "B", "B2", amount=euros("2"), key=key
    ) == euros("2")
    assert office.state() == before
    assert office.desk.session(actor=JAAN, now=later).discounts.transfer(
        "B", "B2", amount=euros("2"), key="T2"
    ) == euros("2")
    told = [row.after for account in ("B", "B2") for row in office.traced(account) if row.act == "discount.transfer"]
    assert len(told) == 4
    assert office.unused("B2") == "4.00"


@pytest.mark.rule("B2", "B7")
def test_without_a_key_accounts_moment_and_amount_name_a_transfer() -> None:
    office = leaving_office()
    for _ in range(2):
        assert office.desk.session(actor=JAAN, now=MARCH).discounts.transfer("B", "B2", amount=euros("2")) == euros("2")
    assert office.unused("B2") == "2.00"
    office.desk.session(actor=JAAN, now=MARCH + TICK).discounts.transfer("B", "B2", amount=euros("2"))
    assert office.unused("B2") == "4.00"


@pytest.mark.rule("B2", "B7")
def test_accounts_with_blanks_in_their_ids_name_transfers_of_their_own() -> None:
    office = Office()
    for number, account in enumerate(("A", "A B", "B C", "C")):
        office.supplied(f"G{number}", on=account, of="a", when="2021-02-16")
    for number, account in enumerate(("A", "A B")):
        office.store.billing.grant(grant(of=f"K{number}", on=account))
        office.terminated(f"G{number}", "2021-02-20")
    transfer = office.desk.session(actor=JAAN, now=MARCH).discounts.transfer
    assert transfer("A B", "C") == euros("7")
    assert transfer("A", "B C") == euros("7")
    assert [office.unused(account) for account in ("A", "A B", "B C", "C")] == ["0.00", "0.00", "7.00", "7.00"]


@pytest.mark.rule("B2", "B7")
@pytest.mark.parametrize(("amount", "named", "moved"), [("2", "2.00 EUR", "2"), (None, "all", "7")])
def test_a_transfer_that_billing_knows_from_earlier_versions_is_known(
    amount: str | None, named: str, moved: str
) -> None:
    office = leaving_office()
    part = None if amount is None else euros(amount)
    office.store.billing.transfer("B", "B2", part, at=MARCH, key=f"2021-03-01T10:00:00Z B B2 {named}")
    assert office.desk.session(actor=JAAN, now=MARCH).discounts.transfer("B", "B2", amount=part) == euros(moved)
    assert office.unused("B2") == f"{moved}.00"


@pytest.mark.rule("A2", "B2", "B7")
@pytest.mark.parametrize(
    ("source", "target", "amount"), [("B2", "B", None), ("B", "B3", None), ("B", "B2", "3"), ("B", "B2", "7.01")]
)
def test_a_key_that_stands_for_a_transfer_stands_for_no_other(source: str, target: str, amount: str | None) -> None:
    """Nothing moves, and no row of the trace says that something did."""
    office = leaving_office()
    office.supplied("K3", on="B3", of="b", when="2021-02-16")
    transfer = office.desk.session(actor=JAAN, now=MARCH).discounts.transfer
    assert transfer("B", "B2", key="T1") == euros("7")
    if source == "B2":
        office.terminated("K2", "2021-02-20")
        office.supplied("K4", on="B", of="b", when="2021-02-20")
    before = office.state()
    again = office.desk.session(actor=Actor("Jaan", Role.ADMINISTRATOR), now=MARCH).discounts.transfer
    with pytest.raises(KeyReused, match="key: was used before, for another transfer"):
        again(source, target, amount=None if amount is None else euros(amount), key="T1")
    assert office.state() == before


@pytest.mark.rule("A2", "B2", "B7")
def test_the_same_transfer_under_its_key_is_the_same_whoever_repeats_it() -> None:
    office = leaving_office()
    first = office.desk.session(actor=JAAN, now=MARCH).discounts.transfer("B", "B2", key="T1")
    before = office.state()
    again = office.desk.session(actor=Actor("Jaan", Role.ADMINISTRATOR), now=MARCH).discounts.transfer
    assert again("B", "B2", key="T1") == again("B", "B2", amount=first, key="T1") == first == euros("7")
    assert office.state() == before


@pytest.mark.rule("B7")
def test_another_part_is_another_transfer() -> None:
    office = leaving_office()
    transfer = office.desk.session(actor=JAAN, now=MARCH).discounts.transfer
    assert transfer("B", "B2", amount=euros("2")) == euros("2")
    assert transfer("B", "B2", amount=euros("3")) == euros("3")
    assert transfer("B", "B2") == euros("2")
    assert office.unused("B2") == "7.00"


@pytest.mark.rule("B7")
def test_nothing_is_another_transfer_than_everything() -> None:
    office = leaving_office()
    assert office.desk.session(actor=JAAN, now=MARCH).discounts.transfer("B", "B2", amount=euros("0")) == euros("0")
    assert office.desk.session(actor=JAAN, now=MARCH).discounts.transfer("B", "B2") == euros("7")


# ── fee notes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B8", "A2")
def test_a_fee_is_noted_on_the_referral_and_posts_nothing() -> None:
    office = paid_office()
    noted = office.desk.session(actor=JAAN, now=MARCH).discounts.note_fee(
        "K1", amount=euros("5"), reason=" left early "
    )
    assert noted.fee_notes == (FeeNote(euros("5"), "left early", MARCH, "Jaan"),)
    assert office.store.referrals.find("K1") == noted
    assert (office.unused("A"), office.unused("B")) == ("10.00", "7.00")
    row = office.traced("referral:K1")[-1]
    assert (row.act, row.actor, row.reason) == ("termination-fee.note", "Jaan", "left early")
    assert row.after == {"contract": "K1", "amount": "5.00 EUR"}
    twice = office.desk.session(actor=SYSTEM, now=MARCH).discounts.note_fee("K1", amount=euros("2"))
    assert twice.fee_notes == (*noted.fee_notes, FeeNote(euros("2"), None, MARCH, "system"))


@pytest.mark.rule("B8", "M3", "A2")
def test_what_noting_a_fee_is_refused_for() -> None:
    office = paid_office()
    before = office.state()
    with refused("reason-missing", field="reason", naming="termination-fee.note"):
        office.desk.session(actor=JAAN, now=MARCH).discounts.note_fee("K1", amount=euros("1"))
    with refused("contract-unknown", field="contract", naming="K9"):
        office.desk.session(actor=SYSTEM, now=MARCH).discounts.note_fee("K9", amount=euros("1"))
    with refused("currency-mismatch", field="amount"):
        office.desk.session(actor=SYSTEM, now=MARCH).discounts.note_fee("K1", amount=USD)
    with refused("referral-unknown", field="contract", naming="K-A"):
        office.desk.session(actor=SYSTEM, now=MARCH).discounts.note_fee("K-A", amount=euros("1"))
    assert office.state() == before


# ── proposed fees ─────────────────────────────────────────────────────────────────────────────────────────────────────


def policy(fee_policy: FeePolicy, months: int = 12) -> Programme:
    return attrs.evolve(
        HOUSEHOLD, fee_policy=fee_policy, fee_term_months=months, returning_after=relativedelta(months=1)
    )


def proposed(office: Office, when: str = "2021-06-01", contract: str = "K1") -> str:
    return str(office.session(when).discounts.propose_fee(contract))


def billed(office: Office, account: str, amount: str) -> None:
    office.session("2021-05-01").discounts.bill("R1", account=account, amount=euros(amount))


@pytest.mark.rule("B8")
def test_by_default_nothing_is_proposed() -> None:
    office = paid_office()
    billed(office, "B", "3")
    assert proposed(office) == "0.00 EUR"


@pytest.mark.rule("B8")
@pytest.mark.parametrize(("bill", "fee"), [("0", "0.00"), ("3.01", "3.01"), ("7", "7.00"), ("100", "7.00")])
def test_what_was_used_is_proposed_where_the_programme_says_so(bill: str, fee: str) -> None:
    office = paid_office(policy(FeePolicy.USED))
    billed(office, "B", bill)
    before = office.state()
    assert proposed(office) == f"{fee} EUR"
    assert office.state() == before


@pytest.mark.rule("B8", "B9")
def test_nothing_was_used_of_what_was_not_granted() -> None:
    office = Office(policy(FeePolicy.USED)).with_amounts()
    code = office.referrer("A")
    office.concluded("K0", on="B", code=code)
    assert proposed(office, contract="K0") == "0.00 EUR"
    office.withdrawn("K0")
    office.concluded("K1", on="B", code=code)
    office.activated("K1")
    assert proposed(office) == "0.00 EUR"
    office.paid()
    billed(office, "B", "5")
    assert proposed(office) == "5.00 EUR"
    assert proposed(office, contract="K0") == "0.00 EUR"


def returning_office(*, on: str) -> Office:
    """Return an office in which B earned 10 on account B as a referrer, left, and came back as A's referee."""
    office = Office(policy(FeePolicy.USED)).with_amounts()
    code, own = office.referrer("A"), office.referrer("B")
    office.granted("K0", on="C", code=own, when="2021-01-10")
    office.terminated("K-B", "2021-01-15")
    office.concluded("K1", on=on, of="b", code=code, when="2021-03-01")
    office.activated("K1", "2021-03-01")
    office.paid("2021-03-01")
    return office


@pytest.mark.rule("B6", "B8")
@pytest.mark.parametrize(("bill", "fee"), [("9.99", "0.00"), ("10", "0.00"), ("12", "2.00"), ("17", "7.00")])
def test_an_older_discount_on_the_account_is_used_first(bill: str, fee: str) -> None:
    office = returning_office(on="B")
    billed(office, "B", bill)
    assert proposed(office) == f"{fee} EUR"


class ForgetfulBilling(ContinuousDiscounts):
    """Does not tell of what age the discount on an account is."""

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        return attrs.evolve(super().balance(account, by=by), parts=())


@pytest.mark.rule("B6", "B8")
@pytest.mark.parametrize(("bill", "fee"), [("0", "0.00"), ("5", "5.00"), ("100", "7.00")])
def test_where_billing_tells_no_ages_only_what_is_certain_is_proposed(bill: str, fee: str) -> None:
    office = Office(policy(FeePolicy.USED), billing=ForgetfulBilling()).with_amounts()
    office.granted("K1", on="B", code=office.referrer("A"))
    billed(office, "B", bill)
    assert proposed(office) == f"{fee} EUR"


@pytest.mark.rule("B6", "B7", "B8")
def test_what_was_moved_away_was_not_used_here() -> None:
    office = paid_office(policy(FeePolicy.USED))
    office.terminated("K1", "2021-02-15")
    office.supplied("K2", on="B2", of="b", when="2021-02-16")
    office.desk.session(actor=SYSTEM, now=MARCH).discounts.transfer("B", "B2")
    assert proposed(office) == "0.00 EUR"


@pytest.mark.rule("B6", "B7", "B8")
def test_an_older_discount_that_was_moved_away_leaves_the_newer_to_be_used() -> None:
    office = returning_office(on="B")
    office.terminated("K1", "2021-03-15")
    office.supplied("K2", on="B2", of="b", when="2021-03-16")
    office.session("2021-03-20").discounts.transfer("B", "B2", amount=euros("10"))
    billed(office, "B", "4")
    assert (office.unused("B"), office.unused("B2")) == ("3.00", "10.00")
    assert proposed(office) == "4.00 EUR"


@pytest.mark.rule("B8", "M3")
@pytest.mark.parametrize(
    ("fee_policy", "fee"), [(FeePolicy.NOTHING, "0.00"), (FeePolicy.USED, "3.00"), (FeePolicy.PRO_RATA, "6.98")]
)
def test_a_proposal_is_in_the_programmes_currency(fee_policy: FeePolicy, fee: str) -> None:
    office = Office(attrs.evolve(policy(fee_policy), currency="SEK"))
    for group in ("referrer", "referee-self-service"):
        office.session("2021-01-01").groups.set_amount(group, Money("7", "SEK"))
    office.granted("K1", on="B", code=office.referrer("A"))
    office.desk.session(actor=SYSTEM, now=NOW).discounts.bill("R1", account="B", amount=Money("3", "SEK"))
    assert proposed(office, "2021-02-02 12:00") == f"{fee} SEK"


@pytest.mark.rule("B6", "B8")
def test_a_newer_discount_on_the_account_is_used_later() -> None:
    office = paid_office(policy(FeePolicy.USED))
    own = office.desk.session(actor=SYSTEM, now=NOW).codes.present("B")
    assert own is not None
    office.granted("K2", on="C", code=own.text, when="2021-04-01")
    billed(office, "B", "12")
    assert proposed(office) == "7.00 EUR"


@pytest.mark.rule("B6", "B7", "B8")
def test_an_older_discount_that_was_moved_to_the_account_is_used_first() -> None:
    office = returning_office(on="B2")
    assert office.desk.session(actor=SYSTEM, now=MARCH).discounts.transfer("B", "B2") == euros("10")
    billed(office, "B2", "12")
    assert office.unused("B2") == "5.00"
    assert proposed(office) == "2.00 EUR"


def two_accounts_office(activated: str) -> Office:
    """Return an office in which b has 7 as A's referee on account B2, and since 1 March 10 as a referrer on account B.

    The contract of the referee's discount activated at the moment given.
    """
    office = Office(policy(FeePolicy.USED)).with_amounts()
    office.concluded("K1", on="B2", of="b", code=office.referrer("A"))
    office.supplied("K-B", on="B", when="2021-02-10", product="electricity")
    own = office.session("2021-02-10").codes.present("B")
    assert own is not None
    office.concluded("K0", on="C", code=own.text, when="2021-02-20")
    for contract, when in sorted({"K0": "2021-03-01", "K1": activated}.items(), key=lambda each: each[1]):
        office.activated(contract, when)
    office.paid("2021-03-01")
    return office


@pytest.mark.rule("B6", "B7", "B8")
@pytest.mark.parametrize(("bill", "fee"), [("5", "5.00"), ("7", "7.00"), ("12", "7.00"), ("17", "7.00")])
def test_a_younger_discount_that_was_moved_to_the_account_is_used_later(bill: str, fee: str) -> None:
    office = two_accounts_office("2021-02-11")
    office.terminated("K-B", "2021-03-02")
    assert office.session("2021-03-05").discounts.transfer("B", "B2") == euros("10")
    billed(office, "B2", bill)
    assert proposed(office) == f"{fee} EUR"


@pytest.mark.rule("B6", "B8")
def test_a_discount_of_the_same_moment_on_another_account_is_another() -> None:
    office = two_accounts_office("2021-03-01")
    billed(office, "B", "10")
    assert proposed(office) == "0.00 EUR"


@pytest.mark.rule("B6", "B7", "B8")
def test_what_was_moved_away_unused_after_an_older_discount_was_used_up_was_not_used() -> None:
    office = returning_office(on="B")
    billed(office, "B", "10")
    office.terminated("K1", "2021-05-15")
    office.supplied("K2", on="B2", of="b", when="2021-05-16")
    assert office.session("2021-05-20").discounts.transfer("B", "B2") == euros("7")
    assert proposed(office) == "0.00 EUR"


@pytest.mark.rule("B6", "B7", "B8")
def test_what_was_used_where_it_was_moved_to_was_used() -> None:
    office = paid_office(policy(FeePolicy.USED))
    office.terminated("K1", "2021-02-15")
    office.supplied("K2", on="B2", of="b", when="2021-02-16")
    office.desk.session(actor=SYSTEM, now=MARCH).discounts.transfer("B", "B2", amount=euros("6"))
    billed(office, "B2", "4")
    assert proposed(office) == "4.00 EUR"


def activated_office(months: int, when: str, referee: str = "7") -> Office:
    office = Office(policy(FeePolicy.PRO_RATA, months)).with_amounts(self_service=referee)
    office.concluded("K1", on="B", code=office.referrer("A"), when="2021-01-31")
    office.activated("K1", when)
    return office


@pytest.mark.rule("B8", "M1")
@pytest.mark.parametrize(
    ("when", "fee"),
    [
        ("2021-02-28", "3.65"),
        ("2021-03-01", "3.65"),
        ("2021-03-01 23:59:59", "3.65"),
        ("2021-03-02", "3.64"),
        ("2021-08-31", "1.82"),
        ("2022-02-28 23:59:59.999999", "0.01"),
        ("2022-03-01", "0.00"),
        ("2031-01-01", "0.00"),
    ],
)
def test_the_days_that_are_left_of_the_term_are_proposed_where_the_programme_says_so(when: str, fee: str) -> None:
    office = activated_office(12, "2021-03-01", referee="3.65")
    assert proposed(office, when) == f"{fee} EUR"


@pytest.mark.rule("B8")
def test_before_the_contract_has_activated_there_is_no_term() -> None:
    office = Office(policy(FeePolicy.PRO_RATA)).with_amounts()
    office.concluded("K1", on="B", code=office.referrer("A"))
    assert proposed(office) == "0.00 EUR"


@pytest.mark.rule("B8", "M1")
@given(
    st.sampled_from(["2021-02-28 23:59:59", "2021-03-31", "2021-08-31 12:00", "2023-08-31", "2024-02-29 01:30"]),
    st.integers(1, 24),
    st.integers(0, 800),
    st.integers(1, 100_000),
)
def test_the_proposal_is_the_locked_amount_by_days_rounded_half_up(
    activated: str, months: int, days: int, cents: int
) -> None:
    office = activated_office(months, activated, referee=f"{cents // 100}.{cents % 100:02}")
    tallinn = Calendar("Europe/Tallinn")
    first = tallinn.day_of(at(activated))
    term = (first + relativedelta(months=months) - first).days
    share = Fraction(cents * max(term - days, 0), term)
    asked = tallinn.start_of(first + relativedelta(days=days))
    fee = office.desk.session(actor=SYSTEM, now=asked).discounts.propose_fee("K1")
    assert int(fee.amount * 100) == (2 * share + 1) // 2
    assert tallinn.day_of(asked) == first + relativedelta(days=days)


@pytest.mark.rule("B8")
def test_a_half_cent_is_rounded_up() -> None:
    office = activated_office(1, "2021-04-01", referee="0.15")
    assert proposed(office, "2021-04-30") == "0.01 EUR"
    assert proposed(office, "2021-04-28") == "0.02 EUR"


@pytest.mark.rule("B8", "M3")
def test_a_host_that_reckons_otherwise_is_proposed_the_same() -> None:
    office = activated_office(12, "2021-03-01", referee="123.45")
    with localcontext() as context:
        context.prec = 3
        assert proposed(office, "2021-08-31") == "61.56 EUR"


@pytest.mark.rule("B8")
@pytest.mark.parametrize("fee_policy", FeePolicy)
def test_a_proposal_is_about_a_contract_with_a_referral(fee_policy: FeePolicy) -> None:
    office = paid_office(policy(fee_policy))
    with refused("contract-unknown", field="contract", naming="K9"):
        office.desk.session(actor=SYSTEM, now=MARCH).discounts.propose_fee("K9")
    with refused("referral-unknown", field="contract", naming="K-A"):
        office.desk.session(actor=SYSTEM, now=MARCH).discounts.propose_fee("K-A")
    with refused("moment-naive", field="now"):
        office.desk.session(actor=SYSTEM, now=MARCH.replace(tzinfo=None)).discounts.propose_fee("K1")
