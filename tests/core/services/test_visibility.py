"""What whoever is limited to segments or channels sees of what an act answers, and of the trace (A6)."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from referral_core import Actor, CodeRefused, Reason, Role, Side
from referral_core.entities.trace import PROGRAMME_SUBJECT, account_subject, group_subject
from tests.office import HOUSEHOLD, NOON, WHY, Office
from tests.phrases import contract, euros, refused

pytestmark = pytest.mark.rule("A6")

BOTH: Final = ("household", "micro-business")
COMPANY: Final = "micro-business"
HOMES: Final = frozenset({"household"})
AGENT: Final = Actor("Mari", Role.AGENT, HOMES)
AUDITOR: Final = Actor("Anu", Role.ADMINISTRATOR, HOMES)
SHOP: Final = Actor("Partner Ltd", Role.AGENT, channels=frozenset({"north"}))


@pytest.fixture
def office() -> Office:
    """Return an office where A, a household, and F, a company, have codes that anybody is referred by.

    M has a household on ``M`` and a company on ``M2``, between which discount was moved.
    """
    office = Office(attrs.evolve(HOUSEHOLD, segments=BOTH, issuing_segments=BOTH)).with_amounts()
    for account, segment in (("A", "household"), ("F", COMPANY)):
        office.concluded(f"K-{account}", on=account, when="2021-01-05 12:00", segment=segment)
        office.activated(f"K-{account}", "2021-01-05 12:00")
        office.session("2021-01-06").codes.issue(account, code=f"CODE{account}", replace=True)
    office.concluded("M2", on="M2", of="m", segment=COMPANY, code="CODEF")
    office.activated("M2")
    office.paid()
    office.concluded("M", on="M", of="m", channel="sales-portal", code="CODEF")
    office.activated("M")
    office.terminated("M2", "2021-03-01")
    office.session().discounts.transfer("M2", "M", amount=euros("2"))
    office.concluded("K-C", on="C", segment=COMPANY, code="CODEA")
    office.activated("K-C")
    office.paid()
    return office


# ── codes and customers that are not seen ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S5")
def test_a_code_of_another_segment_is_an_unknown_one(office: Office) -> None:
    theirs, none = (attrs.evolve(office.session(by=AGENT).codes.check(code), code="") for code in ("CODEF", "NONE99"))
    assert theirs == none
    assert theirs.reasons == (Reason.CODE_UNKNOWN,)
    assert office.session(by=AGENT).codes.check("CODEA").usable


@pytest.mark.rule("S9")
def test_a_sign_up_with_a_code_of_another_segment_warns_of_an_unknown_code(office: Office) -> None:
    signed = office.session(by=AGENT).sign_ups.conclude(
        "N", account="N", customer="n", channel="sales-portal", code="CODEF"
    )
    assert (signed.referral, signed.contract.warnings) == (None, (Reason.CODE_UNKNOWN,))
    assert office.session(by=AGENT).cases.open("LT", customer="x", code="CODEF").case.warnings == (Reason.CODE_UNKNOWN,)


def test_a_check_leaves_out_the_rules_about_a_customer_who_is_not_seen(office: Office) -> None:
    for who in (AGENT, SHOP):
        channel = "north" if who is SHOP else "self-service"
        seen = {office.session(by=who).codes.check("CODEA", channel=channel, customer=of) for of in ("m", "nobody")}
        assert [decision.usable for decision in seen] == [True]
    assert office.session(by=AGENT).codes.check("CODEA", customer="a").reasons == (
        Reason.EXISTING_CUSTOMER,
        Reason.SELF_REFERRAL,
    )
    assert office.session(by=SHOP).codes.check("CODEA", channel="north", customer="a").usable


def test_a_sign_up_is_judged_by_all_rules_and_the_answer_tells_one_reason(office: Office) -> None:
    signed = office.session(by=AGENT).sign_ups.conclude(
        "N", account="N", customer="m", channel="sales-portal", code="CODEA"
    )
    assert signed.referral is None
    assert signed.decision is not None
    assert signed.decision.reasons == signed.contract.warnings == (Reason.NOT_ELIGIBLE,)
    kept = office.session().sign_ups.find("N").contract.warnings
    assert kept == (Reason.EXISTING_CUSTOMER, Reason.ALREADY_REFERRED), "what is stored is the truth"
    assert office.session(by=AGENT).sign_ups.find("N").contract.warnings == (Reason.NOT_ELIGIBLE,)
    with pytest.raises(CodeRefused) as caught:
        office.session(by=AGENT).sign_ups.conclude("N2", account="N2", customer="m", code="CODEA")
    assert caught.value.reasons == (Reason.NOT_ELIGIBLE,)
    with pytest.raises(CodeRefused) as caught:
        office.session(by=AGENT).sign_ups.attach("N", code="CODEA")
    assert caught.value.reasons == (Reason.NOT_ELIGIBLE,)
    opened = office.session(by=AGENT).cases.open("LT", customer="m", code="CODEA")
    assert opened.decision is not None
    assert opened.decision.reasons == opened.case.warnings == (Reason.NOT_ELIGIBLE,)


def test_a_warning_of_a_code_of_another_segment_reads_like_that_of_an_unknown_one(office: Office) -> None:
    (shown,) = office.session(by=AGENT).accounts.show("M").contracts
    assert (shown.warned_code, shown.warnings) == ("CODEF", (Reason.CODE_UNKNOWN, Reason.NOT_ELIGIBLE))
    (shown,) = office.session().accounts.show("M").contracts
    assert shown.warnings == (Reason.EXISTING_CUSTOMER, Reason.ALREADY_REFERRED)


# ── the other side ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_records_an_activation_is_not_shown_the_referrer_of_another_segment(office: Office) -> None:
    office.concluded("H", on="H", code="CODEF")
    done = office.session(by=Actor("crm", Role.SYSTEM, HOMES)).contracts.activate("H")
    assert done.referral is not None
    assert (done.referral.referrer, done.referral.referrer_customer, done.referral.referee) == ("", "", "H")
    assert [grant.side for grant in done.grants] == [Side.REFEREE]
    everything = office.session().sign_ups.find("H")
    assert everything.referral is not None
    assert everything.referral.referrer == "F"
    assert len(everything.grants) == 2


def test_a_distributor_is_shown_neither_referrer_nor_what_staff_wrote(office: Office) -> None:
    office.concluded("S", on="S", channel="north", code="CODEA")
    office.activated("S")
    office.session().discounts.note_fee("S", amount=euros("1"), reason=WHY)
    seen = office.session(by=SHOP).sign_ups.find("S")
    assert seen.referral is not None
    assert (seen.referral.referrer, seen.referral.referrer_customer, seen.referral.fee_notes) == ("", "", ())
    assert [grant.side for grant in seen.grants] == [Side.REFEREE]


def test_a_distributor_joins_an_account_on_which_is_a_sign_up_of_theirs(office: Office) -> None:
    office.concluded("S", on="S", channel="north")
    conclude = office.session(by=SHOP).sign_ups.conclude
    for account, customer in (("A", "a"), ("A", "z")):
        with refused("not-allowed", field="channel"):
            conclude("S2", account=account, customer=customer, channel="north")
    with refused("not-same-customer"):
        conclude("S2", account="S", customer="z", channel="north")
    assert conclude("S2", account="S", customer="s", channel="north").contract.account == "S"


def test_movements_name_neither_account_nor_contract_of_another_segment(office: Office) -> None:
    def references(account: str, who: Actor) -> list[str | None]:
        return [each.reference for each in office.session(by=who).accounts.movements(account)]

    assert references("M", AGENT) == [None]
    assert references("M", Actor("Mari", Role.AGENT)) == ["M2"]
    assert references("A", AGENT) == [None]
    assert references("A", Actor("Mari", Role.AGENT)) == ["referrer/K-C"]


# ── the trace ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
def test_a_row_is_shown_to_whoever_sees_all_that_it_names(office: Office) -> None:
    def acts(who: Actor, subject: str) -> set[str]:
        return {row.act for row in office.session(by=who).trace.rows(subject)}

    assert acts(AUDITOR, account_subject("M")) == {"code.issue", "code.start"}
    assert acts(Actor("Anu"), account_subject("M")) - acts(AUDITOR, account_subject("M")) == {
        "contract.concluded",
        "discount.transfer",
    }
    about = [row.act for row in office.session(by=AUDITOR).trace.rows_of_account("A")]
    assert "grant.posted" not in about, "its key names the contract of a company"
    assert "grant.posted" in [row.act for row in office.session().trace.rows_of_account("A")]
    assert acts(AUDITOR, group_subject("referrer")) == {"amount.set"}
    timeline = [each.act for each in office.session(by=AGENT).accounts.activity("M")]
    assert "discount.transfer" not in timeline
    assert "discount.transfer" in [each.act for each in office.session().accounts.activity("M")]


def test_a_warning_about_a_customer_who_is_not_seen_is_in_no_row(office: Office) -> None:
    office.concluded("N", on="N", of="m", channel="sales-portal", code="CODEA")
    rows = [row.act for row in office.session(by=AUDITOR).trace.rows(account_subject("N"))]
    assert "contract.concluded" not in rows
    office.concluded("P", on="P", of="a", channel="sales-portal", code="CODEA")
    assert "contract.concluded" in [row.act for row in office.session(by=AUDITOR).trace.rows(account_subject("P"))]


def test_the_programmes_chain_shows_cases_of_the_actors_segments_and_what_is_of_none(office: Office) -> None:
    office.session(NOON).cases.open("LT-1", customer="x", segment=COMPANY)
    office.session(NOON).cases.open("LT-2", customer="y", code="CODEF")
    office.session(NOON).cases.open("LT-3", customer="z", code="CODEA")
    office.session().programme.apply(reason=WHY)
    imported = contract("IMP", on="I", of="i", activated="2021-03-01", segment=COMPANY)
    office.session(by=Actor("Liis", Role.ADMINISTRATOR)).launch.import_contracts([imported], reason=WHY)
    rows = list(office.session(by=AUDITOR).trace.rows(PROGRAMME_SUBJECT))
    assert [(row.after or {}).get("case") for row in rows if row.act == "case.open"] == ["LT-3"]
    assert {row.act for row in rows} <= {"case.open", "programme.apply"}
    assert "contract.import" in {row.act for row in office.session().trace.rows(PROGRAMME_SUBJECT)}


def test_somebody_with_an_open_case_of_another_segment_is_not_to_be_erased(office: Office) -> None:
    office.concluded("Q", on="Q")
    office.withdrawn("Q")
    assert office.session(by=AUDITOR).customers.erasable("q").accounts == ("Q",)
    office.session(NOON).cases.open("LT-1", customer="q", segment=COMPANY)
    for customer in ("q", "nobody"):
        with refused("not-allowed", field="actor", naming="a segment outside household"):
            office.session(by=AUDITOR).customers.erasable(customer)
