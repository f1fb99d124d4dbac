"""Erasing a customer: nobody can tell who it was, and everything else is as it was (A5)."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs
import pytest

from referral_adapters.feed import FeedRunner
from referral_core.entities.actor import Actor, Role
from referral_core.entities.personal_data import PersonalData, mentions
from referral_core.entities.trace import PROGRAMME_SUBJECT
from referral_core.services.customers import Erasure
from tests.office import HOUSEHOLD, SYSTEM, WHY, Office
from tests.phrases import actor, at, euros, refused

ANU: Final = actor("administrator", "Anu")
LATER: Final = at("2021-06-01")
PSEUDONYM: Final = re.compile(r"erased-[0-9a-f]{32}")


@pytest.fixture
def office() -> Office:
    """Return an office whose customer mihkel referred somebody, was referred, and has left both of two accounts."""
    office = Office().with_amounts()
    office.referrer("R")
    code = office.store.promo_codes.of_account("R")[0].text
    office.concluded("K-1", on="A", of="mihkel", code=code, when="2021-02-01", first_name="Mikk")
    office.activated("K-1", "2021-02-02")
    office.concluded("K-2", on="B", of="mihkel", when="2021-02-03", first_name="Mikk")
    office.activated("K-2", "2021-02-03")
    office.session("2021-02-04", ANU).codes.issue("A", code="MIHKEL2021", replace=True, reason="he asked")
    office.granted("K-3", on="C", code="MIHKEL2021", when="2021-02-05")
    office.session("2021-02-06").discounts.bill("R1", account="A", amount=euros("3"))
    office.desk.session(actor=Actor("mihkel"), now=at("2021-01-20")).cases.open("case-1", customer="mihkel")
    office.session("2021-01-21").cases.abandon("case-1")
    office.terminated("K-1", "2021-03-01")
    office.terminated("K-2", "2021-03-01")
    return office


def erased(office: Office, customer: str = "mihkel", by: Actor = ANU, reason: str | None = WHY) -> Erasure:
    return office.desk.session(actor=by, now=LATER).customers.erase(customer, reason=reason)


def summary(office: Office) -> dict[str, Any]:
    return FeedRunner(HOUSEHOLD, office.store).summary(LATER)


@pytest.mark.rule("A5")
def test_everything_is_the_same_but_for_the_customers_id(office: Office) -> None:
    before = summary(office)
    done = erased(office)
    assert PSEUDONYM.fullmatch(done.pseudonym)
    after = summary(office)
    assert [after["accounts"][account].pop("customer") for account in "AB"] == [done.pseudonym] * 2
    assert [before["accounts"][account].pop("customer") for account in "AB"] == ["mihkel"] * 2
    assert after == before
    assert before["accounts"]["A"]["unused"] == "14.00"


@pytest.mark.rule("A5")
def test_what_was_held_is_said(office: Office) -> None:
    expected = PersonalData(
        accounts=("A", "B"),
        first_names=("Mikk",),
        open_cases=(),
        contracts=2,
        codes=3,
        referrals=2,
        cases=1,
        traced=3,
    )
    assert office.desk.session(actor=ANU, now=LATER).customers.erasable("mihkel") == expected
    assert erased(office).data == expected


@pytest.mark.rule("A5", "A2")
def test_the_trace_holds_and_names_the_pseudonym_only(office: Office) -> None:
    office.session("2021-04-01").trace.seal()
    done = erased(office)
    assert office.desk.session(actor=ANU, now=LATER).trace.verify().holds
    told = [row for row in office.all_traced() if row.act == "customer.erase"]
    assert {(row.subject, row.actor, row.reason, row.moment) for row in told} == {
        (subject, "Anu", WHY, LATER) for subject in ("account:A", "account:B", PROGRAMME_SUBJECT)
    }
    (of_programme,) = [row for row in told if row.subject == PROGRAMME_SUBJECT]
    assert of_programme.after == {"customer": done.pseudonym, "accounts": "2", "contracts": "2", "traced": "3"}
    assert office.traced("A")[-1].after == {"customer": done.pseudonym}
    left = [(row.act, row.actor) for row in office.traced("A") if row.is_erased]
    assert left == [("code.end", None), ("code.issue", None)]
    assert "mihkel" not in repr(office.all_traced())
    assert office.desk.session(actor=SYSTEM, now=LATER).trace.seal()
    assert office.desk.session(actor=ANU, now=LATER).trace.verify().holds


@pytest.mark.rule("A5", "S3", "S4", "B7")
def test_what_belonged_together_still_does(office: Office) -> None:
    pseudonym = erased(office).pseudonym
    code = office.store.promo_codes.of_account("C")[0].text
    decision = office.desk.session(actor=SYSTEM, now=LATER).codes.check(code, customer=pseudonym)
    assert [str(reason) for reason in decision.reasons] == ["former-customer", "already-referred"]
    office.concluded("K-9", on="B", of=pseudonym, when="2021-06-02")
    office.activated("K-9", "2021-06-02")
    own = office.store.promo_codes.of_account("B")[-1].text
    assert "self-referral" in office.desk.session(actor=SYSTEM, now=LATER).codes.check(own, customer=pseudonym).reasons
    assert office.session("2021-06-03").discounts.transfer("A", "B") == euros("14")


@pytest.mark.rule("A5", "C1")
def test_the_text_of_a_code_stays_taken(office: Office) -> None:
    erased(office)
    with refused("code-taken"):
        office.desk.session(actor=SYSTEM, now=LATER).codes.issue("C", code="mihkel-2021", replace=True)


@pytest.mark.rule("A5", "S1")
def test_the_id_is_that_of_a_stranger_afterwards(office: Office) -> None:
    erased(office)
    code = office.store.promo_codes.of_account("C")[0].text
    assert office.desk.session(actor=SYSTEM, now=LATER).codes.check(code, customer="mihkel").usable


@pytest.mark.rule("A5")
@pytest.mark.parametrize("customer", ["mihkel", "nobody"])
def test_who_is_not_there_or_no_longer_cannot_be_erased(office: Office, customer: str) -> None:
    erased(office)
    before = office.state()
    with refused("account-unknown", field="customer", naming="it was erased"):
        erased(office, customer)
    assert office.state() == before


@pytest.mark.rule("A5")
def test_an_actor_is_no_customer(office: Office) -> None:
    """Nobody takes their own name out of the trace by having themselves erased, nor a system's."""
    for named in ("Anu", "system"):
        with refused("account-unknown"):
            erased(office, named)


@pytest.mark.rule("A5")
@pytest.mark.parametrize(("contract", "reason"), [("ACTIVE", "contract-active"), ("OPEN", "contract-pending")])
def test_a_customer_with_an_open_contract_is_not_erased(office: Office, contract: str, reason: str) -> None:
    office.concluded("OPEN", on="D", of="mihkel", when="2021-05-01")
    if contract == "ACTIVE":
        office.supplied("ACTIVE", on="E", of="mihkel", when="2021-05-02")
    before = office.state()
    for asking in (
        lambda: erased(office),
        lambda: office.desk.session(actor=ANU, now=LATER).customers.erasable("mihkel"),
    ):
        with refused(reason, field="customer", naming=contract):
            asking()
    assert office.state() == before


@pytest.mark.rule("A5", "K3")
def test_a_customer_with_an_open_case_is_not_erased(office: Office) -> None:
    office.session("2021-05-01").cases.open("case-2", customer="mihkel")
    with refused("contract-pending", field="customer", naming="case-2"):
        erased(office)
    office.session("2021-05-02").cases.abandon("case-2")
    erased(office)


@pytest.mark.rule("A5")
def test_somebody_of_whom_there_is_a_case_only_can_be_erased(office: Office) -> None:
    office.session("2021-05-01").cases.open("case-2", customer="peeter")
    office.session("2021-05-02").cases.abandon("case-2")
    done = erased(office, "peeter")
    assert [case.customer for case in office.store.cases.all()][1] == done.pseudonym
    assert office.traced(PROGRAMME_SUBJECT)[-1].after == {
        "customer": done.pseudonym, "accounts": "0", "contracts": "0", "traced": "0",
    }  # fmt: skip


@pytest.mark.rule("A1", "A5")
@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.AGENT, Role.SUPERVISOR])
def test_administrators_erase(office: Office, role: Role) -> None:
    for by in (actor(role), actor(role, "mihkel")):
        with refused("not-allowed", field="actor"):
            erased(office, by=by)
        with refused("not-allowed", field="actor"):
            office.desk.session(actor=by, now=LATER).customers.erasable("mihkel")


@pytest.mark.rule("A1", "A5")
def test_an_administrator_of_companies_erases_no_household(office: Office) -> None:
    with refused("not-allowed", naming="segment"):
        erased(office, by=Actor("Anu", Role.ADMINISTRATOR, frozenset({"micro-business"})))


@pytest.mark.rule("A2", "A5")
@pytest.mark.parametrize("reason", [None, " ", "mihkel asked", "e-mail of Mikk, 1 June", "MIHKEL", "mikk"])
def test_a_person_says_why_without_naming_the_customer(office: Office, reason: str | None) -> None:
    before = office.state()
    with refused("reason-missing", field="reason"):
        erased(office, reason=reason)
    assert office.state() == before


@pytest.mark.rule("A5")
def test_a_system_need_not_say_why_and_is_not_named_if_it_is_called_like_the_customer(office: Office) -> None:
    done = erased(office, by=Actor("mihkel"), reason=None)
    row = office.traced("A")[-1]
    assert (row.actor, row.role, row.reason) == (done.pseudonym, Role.SYSTEM, None)
    assert "mihkel" not in repr(office.all_traced())


@pytest.mark.rule("A5")
def test_fee_notes_stay_to_the_cent_without_their_words(office: Office) -> None:
    office.session("2021-03-02", ANU).discounts.note_fee("K-1", amount=euros("5"), reason="Mihkel moved")
    erased(office)
    referral = office.store.referrals.find("K-1")
    assert referral
    assert [attrs.astuple(note, recurse=False)[:2] for note in referral.fee_notes] == [(euros("5"), None)]


@pytest.mark.parametrize(
    ("text", "name", "is_mentioned"),
    [
        ("Mihkel called", "mihkel", True),
        ("for C-17.", "C-17", True),
        ("for C-17", "C-1", False),
        ("(C-17)", "c-17", True),
        ("Mihkeli arve", "Mihkel", False),
        ("Õie", "õie", True),
        ("O\u0303ie", "\u00d5ie", True),
        ("\u00d5ie", "O\u0303ie", True),
        ("a+b", "a+b", True),
        ("aab", "a+b", False),
        ("anything", " ", False),
        ("anything", "", False),
        ("", "x", False),
        (None, "x", False),
    ],
)
def test_a_name_is_told_as_a_word_of_its_own(text: str | None, name: str, is_mentioned: bool) -> None:
    assert mentions(text, name) is is_mentioned
