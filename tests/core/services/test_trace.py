"""What an auditor asks of the trace: is it whole, who did what, and what was done about a contract (A1, A2)."""

from __future__ import annotations

import pytest

from referral_core.entities.actor import Actor, Role
from referral_core.entities.trace import (
    PROGRAMME_SUBJECT,
    TraceEntry,
    account_subject,
    group_subject,
    referral_subject,
)
from referral_core.values.effective_period import EffectivePeriod
from tests.office import Office
from tests.phrases import actor, at, period, refused

AUDITOR = actor("administrator", "Anu")


@pytest.fixture
def office() -> Office:
    """Return an office in which B was referred by A, moved to another group by Mari, and paid."""
    office = Office().with_amounts()
    code = office.referrer("A")
    office.concluded("K-B", on="B", code=code, when="2021-02-01 12:00")
    office.desk.session(actor=actor("agent"), now=at("2021-02-03")).referrals.change_group(
        "K-B", group="referee-manual", reason="signed up by phone"
    )
    office.concluded("GAS", on="B", when="2021-02-05", product="gas", channel="sales-portal", code="NOBODY")
    office.activated("K-B", "2021-03-01 09:00")
    office.paid("2021-03-01 10:00")
    return office


def shown(office: Office, subject: str, period: EffectivePeriod | None = None, act: str | None = None) -> list[str]:
    """Return the acts that an auditor is shown of a subject."""
    rows = office.session("2021-04-01", AUDITOR).trace.rows(subject, period=period, act=act)
    return [row.act for row in rows]


def of_contract(office: Office, contract: str, act: str | None = None) -> list[TraceEntry]:
    rows = office.session("2021-04-01", AUDITOR).trace.rows_of_contract(contract, act=act)
    return list(rows)


# ── sealing and verifying ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_a_seal_is_over_what_was_done_since_the_last_one(office: Office) -> None:
    first = office.session("2021-03-02").trace.seal()
    assert first
    assert (first.number, first.moment, first.heads) == (1, at("2021-03-02"), len(list(office.store.trace.heads())))
    assert office.session("2021-03-03", AUDITOR).trace.seal() is None
    office.session("2021-03-03").groups.rename("referee-manual", name="By phone")
    second = office.session("2021-03-04", AUDITOR).trace.seal()
    assert second
    assert (second.number, second.heads, second.previous) == (2, 1, first.hash)
    verified = office.session("2021-03-05", AUDITOR).trace.verify(expected=first.hash)
    assert (verified.holds, verified.seals, verified.last, verified.unsealed) == (True, 2, second, 0)
    assert verified.rows == len(office.all_traced())


@pytest.mark.rule("A2")
def test_what_was_expected_and_is_not_there_is_a_fault(office: Office) -> None:
    verified = office.session("2021-03-05", AUDITOR).trace.verify(expected="f" * 64)
    assert [fault.subject for fault in verified.faults] == ["seal"]
    none = office.session("2021-03-05", AUDITOR).trace.verify(expected="f" * 64, most=0)
    assert (none.faults, none.more, none.holds) == ((), 1, False)


@pytest.mark.rule("A1")
@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.AGENT, Role.SUPERVISOR])
def test_the_trace_is_for_administrators(office: Office, role: Role) -> None:
    trace = office.desk.session(actor=actor(role), now=at("2021-03-02")).trace
    for asking in (trace.seal, trace.verify, lambda: trace.rows("programme"), lambda: trace.rows_of_contract("K-B")):
        with refused("not-allowed", field="actor"):
            asking()
    assert list(office.store.trace.seals()) == []


@pytest.mark.rule("A1")
def test_an_auditor_of_companies_is_not_shown_households(office: Office) -> None:
    limited = Actor("Anu", Role.ADMINISTRATOR, frozenset({"micro-business"}))
    with refused("not-allowed", naming="segment"):
        office.session("2021-03-02", limited).trace.rows(account_subject("A"))
    with refused("not-allowed", naming="segment"):
        office.session("2021-03-02", limited).trace.rows_of_contract("K-B")
    with refused("not-allowed", naming="segment"):
        office.session("2021-03-02", limited).trace.rows_of_account("A")
    assert list(office.session("2021-03-02", limited).trace.rows(group_subject("referrer")))
    with refused("not-allowed", naming="segment"):
        office.session("2021-03-02", limited).trace.verify()


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_what_was_done_about_a_subject_comes_in_order(office: Office) -> None:
    assert shown(office, account_subject("B")) == [
        "code.issue",
        "contract.concluded",
        "code.start",
    ]
    assert shown(office, group_subject("referrer")) == ["amount.set"]
    office.session("2021-03-03").cases.open("case-1", customer="f")
    assert shown(office, PROGRAMME_SUBJECT) == ["case.open"]
    assert shown(office, account_subject("nobody")) == shown(office, "A") == []


@pytest.mark.rule("A2")
def test_some_moments_and_some_acts_can_be_asked_for(office: Office) -> None:
    account = account_subject("B")
    referral = referral_subject("K-B")
    assert shown(office, referral, period("2021-02-03 .. 2021-03-01 09:00")) == ["referral.change-group"]
    assert shown(office, account, period("2021-03-01 09:00 ..")) == ["code.start"]
    assert shown(office, referral, act="grant.posted") == ["grant.posted", "grant.posted"]
    assert shown(office, referral, period("2021-04-01 .."), "grant.due") == []


@pytest.mark.rule("A2")
def test_a_referral_with_its_grants_has_a_chain_of_its_own(office: Office) -> None:
    acts = ["referral.record", "referral.change-group", "grant.due", "grant.due", "grant.posted", "grant.posted"]
    assert [(row.subject, row.act) for row in of_contract(office, "K-B")] == [
        (referral_subject("K-B"), act) for act in acts
    ]
    changed = of_contract(office, "K-B", "referral.change-group")
    assert [(row.actor, row.reason) for row in changed] == [("Mari", "signed up by phone")]


@pytest.mark.rule("A2")
def test_a_contract_without_a_referral_has_a_trace_too(office: Office) -> None:
    assert [row.act for row in of_contract(office, "GAS")] == ["contract.concluded"]
    with refused("contract-unknown"):
        of_contract(office, "NONE")


@pytest.mark.rule("A2", "A5")
def test_words_that_are_nobodys_code_are_not_in_the_trace(office: Office) -> None:
    """They may be a name, and what is hashed cannot be taken back; the contract keeps them."""
    (row,) = of_contract(office, "GAS")
    assert row.after
    assert (row.after["code"], row.after["warnings"]) == (None, "code-unknown already-referred not-eligible")
    gas = office.store.contracts.find("GAS")
    assert gas
    assert gas.warned_code == "NOBODY"
