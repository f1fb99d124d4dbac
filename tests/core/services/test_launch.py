"""The day of the launch at the desk: contracts that are there already, and a first code for whoever is due one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core import Actor, CodeSpaceExhausted, Contract, Programme, PromoCode, Reason, Refusal, Role
from referral_core.entities.promo_code import CodeStatus, Issuing
from referral_core.entities.trace import PROGRAMME_SUBJECT
from referral_core.formats.offensive_words import OffensiveWords
from referral_core.formats.random_codes import RandomCodes
from referral_core.programme.settings import CodeFormat
from referral_core.services import code_texts
from referral_core.services.launch import Arrival, IssuedPage
from referral_core.values.name import is_name
from tests.office import HOUSEHOLD, SECRET, SYSTEM, Office
from tests.phrases import TICK, at, contract, refused
from tests.strategies import contracts

LAUNCH: Final = at("2021-06-01")
ANN: Final = Actor("Ann", Role.ADMINISTRATOR)
NAMED: Final = attrs.evolve(HOUSEHOLD, code_format=CodeFormat.NAMED)
ACTIVE: Final = contract("K1", on="A", of="ann", activated="2021-02-01")


def imported(office: Office, *given: Contract) -> list[str]:
    """Import contracts, one page, and say what became of each."""
    return [said(each) for each in office.desk.session(actor=SYSTEM, now=LAUNCH).launch.import_contracts(given)]


def said(outcome: Arrival | Refusal) -> str:
    return " ".join(outcome.reasons) if isinstance(outcome, Refusal) else outcome


def launched(office: Office, *, page: int = 100) -> list[PromoCode]:
    """Run the launch to its end and return the codes it issued."""
    codes: list[PromoCode] = []
    after: str | None = ""
    while after is not None:
        done = office.desk.session(actor=SYSTEM, now=LAUNCH).launch.issue_codes(after=after, page=page)
        codes += done.codes
        after = done.after
    return codes


def texts(codes: Iterable[PromoCode]) -> dict[str, str]:
    return {code.account: code.text for code in codes}


def town(*accounts: str, programme: Programme = HOUSEHOLD, name: str | None = None) -> Office:
    """Return an office where each of these accounts came in with a contract in force."""
    office = Office(programme)
    given = [
        attrs.evolve(contract(f"K-{each}", on=each, of=each, activated="2021-02-01"), first_name=name)
        for each in accounts
    ]
    assert set(imported(office, *given)) <= {"imported"}
    return office


def is_addressable(given_: Contract) -> bool:
    """Tell whether ids and words of a contract are such as come in at any door (D2)."""
    words = (given_.id, given_.account, given_.customer, given_.product, given_.segment, given_.channel)
    return all(map(is_name, words))


@pytest.mark.rule("D2")
@pytest.mark.parametrize("field", ["id", "account", "customer", "product", "segment", "channel"])
def test_a_contract_that_was_not_made_by_the_rules_of_ids_is_left_out(field: str) -> None:
    for unfit in ("\u200b", "a\u0308", "\ud800"):
        office, changed = Office(), dict[str, Any]({field: unfit})
        made = attrs.evolve(contract("K-1"), **changed)
        (outcome,) = office.desk.session(actor=SYSTEM, now=LAUNCH).launch.import_contracts([made])
        assert isinstance(outcome, Refusal)
        assert (outcome.reasons, outcome.field) == ((Reason.NAME_INVALID,), "contract" if field == "id" else field)
        assert office.store.contracts.find(made.id) is None


# ── contracts that are there already ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C2")
@given(st.lists(contracts().filter(is_addressable), max_size=8, unique_by=lambda each: each.id))
def test_what_is_imported_is_what_concluding_activating_and_ending_would_have_given(given_: list[Contract]) -> None:
    told = [attrs.evolve(each, customer=f"of {each.account}", warnings=()) for each in given_]
    elsewhere, here = Office(), Office()
    for each in told:
        elsewhere.store.contracts.put(_concluded(each))
        if each.activated_at is not None:
            elsewhere.desk.session(actor=SYSTEM, now=each.activated_at).contracts.activate(each.id)
        if each.ended_at is not None:
            elsewhere_then = elsewhere.desk.session(actor=SYSTEM, now=each.ended_at).contracts
            (elsewhere_then.terminate if each.activated_at else elsewhere_then.withdraw)(each.id)
    late = max([LAUNCH, *(each.last_changed_at for each in told)])
    outcomes = here.desk.session(actor=SYSTEM, now=late).launch.import_contracts([_imported(each) for each in told])
    assert set(outcomes) <= {Arrival.IMPORTED}
    assert [here.store.contracts.find(each.id) for each in told] == [
        elsewhere.store.contracts.find(each.id) for each in told
    ]
    assert list(here.store.contracts.accounts()) == list(elsewhere.store.contracts.accounts())


def _concluded(given_: Contract) -> Contract:
    told = {name: getattr(given_, name) for name in (*_FACTS, "concluded_at")}
    return Contract(**told)


def _imported(given_: Contract) -> Contract:
    told = {name: getattr(given_, name) for name in (*_FACTS, "concluded_at", "activated_at", "ended_at")}
    return Contract.imported(**told)


_FACTS: Final = ("id", "account", "customer", "product", "segment", "channel", "starts_on", "first_name")


@pytest.mark.rule("C2", "C3", "S7", "A2")
def test_an_import_issues_no_code_and_records_no_referral() -> None:
    office = Office()
    assert imported(office, ACTIVE, contract("K2", on="B", of="ben")) == ["imported", "imported"]
    assert office.store.promo_codes.of_account("A") == office.store.promo_codes.of_account("B") == ()
    assert not list(office.store.referrals.all())
    assert [row.act for row in office.all_traced()] == ["contract.import"]
    assert office.store.contracts.find("K1") == ACTIVE


@pytest.mark.rule("C2")
def test_what_is_there_with_the_same_content_is_present_and_with_other_content_exists() -> None:
    office = Office()
    imported(office, ACTIVE)
    before = office.state()
    other = attrs.evolve(ACTIVE, channel="distributor")
    assert imported(office, ACTIVE, other, ACTIVE) == ["present", "contract-exists", "present"]
    assert office.state() == before


@pytest.mark.rule("C2")
def test_an_account_of_another_customer_is_refused() -> None:
    office = Office()
    imported(office, ACTIVE)
    assert imported(office, contract("K2", on="A", of="ben"), contract("K3", on="A", of="ann")) == [
        "not-same-customer",
        "imported",
    ]
    assert office.store.contracts.find("K2") is None


@pytest.mark.rule("C2")
def test_rows_of_one_page_are_judged_one_after_another() -> None:
    office = Office()
    page = (
        contract("K1", on="A", of="ann"),
        contract("K1", on="A", of="ann"),
        contract("K1", on="B", of="ben"),
        contract("K2", on="A", of="ben"),
        contract("K3", on="B", of="ben"),
    )
    assert imported(office, *page) == ["imported", "present", "contract-exists", "not-same-customer", "imported"]


@pytest.mark.rule("C2")
def test_what_is_refused_claims_no_account() -> None:
    office = Office()
    future = contract("K1", on="A", of="ann", concluded="2021-07-01")
    assert imported(office, future, contract("K2", on="A", of="ben")) == ["moment-invalid", "imported"]


@pytest.mark.rule("C2", "M1")
@pytest.mark.parametrize(
    ("late", "field"),
    [
        ({"concluded": "2021-07-01"}, "concluded_at"),
        ({"activated": "2021-07-01"}, "activated_at"),
        ({"activated": "2021-02-01", "terminated": "2021-07-01"}, "ended_at"),
        ({"withdrawn": "2021-07-01"}, "ended_at"),
    ],
)
def test_what_is_yet_to_come_is_refused(late: dict[str, str], field: str) -> None:
    office = Office()
    (outcome,) = office.desk.session(actor=SYSTEM, now=LAUNCH).launch.import_contracts([contract("K1", **late)])
    assert isinstance(outcome, Refusal)
    assert (said(outcome), outcome.field) == ("moment-invalid", field)
    at_once = office.session("2021-07-01").launch.import_contracts([contract("K1", **late)])
    assert at_once == (Arrival.IMPORTED,)


@pytest.mark.rule("A1", "A2")
def test_who_imports_as_a_person_says_why_and_leaves_a_row_for_each_page() -> None:
    office = Office()
    with refused("reason-missing"):
        office.desk.session(actor=ANN, now=LAUNCH).launch.import_contracts([ACTIVE])
    for _ in range(2):
        office.desk.session(actor=ANN, now=LAUNCH).launch.import_contracts(
            [ACTIVE, contract("K2", on="B", of="ben")], reason="going live"
        )
    (row,) = office.traced(PROGRAMME_SUBJECT)
    assert (row.act, row.actor, row.reason, row.moment) == ("contract.import", "Ann", "going live", LAUNCH)
    assert row.after == {"contracts": "2", "first": "K1", "last": "K2"}


@pytest.mark.rule("A1")
def test_an_administrator_of_other_segments_imports_nothing() -> None:
    office = Office()
    limited = Actor("Ann", Role.ADMINISTRATOR, frozenset({"micro-business"}))
    with refused("not-allowed"):
        office.desk.session(actor=limited, now=LAUNCH).launch.import_contracts([ACTIVE], reason="going live")
    assert office.store.contracts.find("K1") is None


# ── a first code for everybody who is due one ─────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C2", "C11", "A2")
def test_a_code_of_the_launch_is_active_at_once_and_traced() -> None:
    office = town("A")
    done = office.desk.session(actor=SYSTEM, now=LAUNCH).launch.issue_codes()
    (code,) = done.codes
    assert done == IssuedPage((code,), 1, None)
    assert (code.account, code.customer, code.issuing, code.issued_by) == ("A", "A", Issuing.LAUNCH, "system")
    assert code.status_at(LAUNCH) is CodeStatus.ACTIVE
    assert office.store.promo_codes.of_account("A") == (code,)
    (row,) = office.traced("A")
    assert (row.act, row.actor, row.moment, row.before) == ("code.issue", "system", LAUNCH, None)
    assert row.after == {"code": code.text, "starts_at": "2021-05-31T21:00:00Z", "ends_at": None, "ending": None}


@pytest.mark.rule("C2")
def test_nobody_gets_a_second_code_however_often_it_is_run() -> None:
    office = town("A", "B", "C")
    assert len(launched(office, page=2)) == 3
    before = office.state()
    assert launched(office) == []
    assert office.state() == before


@pytest.mark.rule("C2", "C3", "C4")
@pytest.mark.parametrize(
    "stands",
    [
        contract("K1", on="A"),
        contract("K1", on="A", withdrawn="2021-02-01"),
        contract("K1", on="A", activated="2021-02-01", terminated="2021-03-01"),
        contract("K1", on="A", activated="2021-02-01", product="gas"),
        contract("K1", on="A", activated="2021-02-01", segment="micro-business"),
    ],
    ids=["only concluded", "withdrawn", "terminated", "a product that issues none", "a segment that issues none"],
)
def test_who_is_not_due_a_code_gets_none(stands: Contract) -> None:
    office = Office()
    imported(office, stands)
    assert launched(office) == []
    assert office.desk.session(actor=SYSTEM, now=LAUNCH).launch.due().accounts == ()


@pytest.mark.rule("C2", "C3")
def test_one_contract_among_others_is_enough() -> None:
    office = Office()
    gas = contract("K1", on="A", of="ann", product="gas", activated="2021-02-01")
    imported(office, gas, contract("K2", on="A", of="ann", activated="2021-02-01"), contract("K3", on="A", of="ann"))
    assert texts(launched(office)).keys() == {"A"}


@pytest.mark.rule("C2", "C3")
def test_who_only_concluded_gets_a_code_as_the_contract_activates_later() -> None:
    office = Office()
    imported(office, contract("K1", on="A", of="ann"))
    assert launched(office) == []
    issued = office.activated("K1", "2021-07-01").issued
    assert issued is not None
    assert issued.issuing is Issuing.AUTOMATIC


@pytest.mark.rule("C2", "C7")
def test_after_a_manual_ending_the_launch_issues_nothing() -> None:
    office = Office()
    code = office.referrer("A")
    office.desk.session(actor=Actor("Jaan", Role.SUPERVISOR), now=at("2021-03-01")).codes.end(code, reason="misused")
    assert launched(office) == []


@pytest.mark.rule("C2", "C4")
def test_a_code_of_the_launch_ends_with_the_last_contract() -> None:
    office = town("A")
    launched(office)
    ended = office.terminated("K-A", "2021-08-01").ended
    assert ended is not None
    assert ended.issuing is Issuing.LAUNCH


@pytest.mark.rule("C2")
def test_a_contract_counts_from_its_activation_on() -> None:
    office = Office()
    imported(office, contract("K1", on="A", activated="2021-05-31 12:00"))
    early = at("2021-05-31 12:00") - TICK
    assert office.desk.session(actor=SYSTEM, now=early).launch.issue_codes().codes == ()
    assert len(office.desk.session(actor=SYSTEM, now=early + TICK).launch.issue_codes().codes) == 1


@pytest.mark.rule("C2")
def test_looking_at_who_is_due_changes_nothing() -> None:
    office = town("A", "B")
    before = office.state()
    due = office.desk.session(actor=SYSTEM, now=LAUNCH).launch.due()
    assert [each.account for each in due.accounts] == ["A", "B"]
    assert office.state() == before


@pytest.mark.rule("C2")
def test_no_more_codes_are_issued_than_are_wanted() -> None:
    office = town("A", "B", "C")
    done = office.desk.session(actor=SYSTEM, now=LAUNCH).launch.issue_codes(most=2)
    assert texts(done.codes).keys() == {"A", "B"}
    assert office.desk.session(actor=SYSTEM, now=LAUNCH).launch.issue_codes(most=0).codes == ()
    assert texts(launched(office)).keys() == {"C"}


@pytest.mark.rule("A1", "A2")
def test_a_person_who_launches_is_an_administrator_of_the_segment_and_says_why() -> None:
    office = town("A")
    with refused("reason-missing"):
        office.desk.session(actor=ANN, now=LAUNCH).launch.issue_codes()
    for who in (Actor("Jaan", Role.SUPERVISOR), attrs.evolve(ANN, segments=frozenset({"micro-business"}))):
        with refused("not-allowed"):
            office.desk.session(actor=who, now=LAUNCH).launch.issue_codes(reason="going live")
        with refused("not-allowed"):
            office.desk.session(actor=who, now=LAUNCH).launch.due()
    (code,) = office.desk.session(actor=ANN, now=LAUNCH).launch.issue_codes(reason=" going live ").codes
    (row,) = office.traced("A")
    assert (code.issued_by, row.actor, row.reason) == ("Ann", "Ann", "going live")


# ── which texts ───────────────────────────────────────────────────────────────────────────────────────────────────────

ACCOUNTS: Final = [f"A{number:02}" for number in range(40)]
NUMBERED: Final = [("random", HOUSEHOLD, None), ("named", NAMED, "Mari"), ("nameless", NAMED, None)]


@pytest.mark.rule("C1", "C2", "C10")
@pytest.mark.parametrize("page", [1, 7, 100])
@pytest.mark.parametrize(("programme", "name"), [case[1:] for case in NUMBERED], ids=[case[0] for case in NUMBERED])
def test_the_texts_are_those_of_one_account_after_another(programme: Programme, name: str | None, page: int) -> None:
    by_hand = town(*ACCOUNTS, programme=programme, name=name)
    expected = {each: by_hand.desk.session(actor=SYSTEM, now=LAUNCH).codes.issue(each).text for each in ACCOUNTS}
    office = town(*ACCOUNTS, programme=programme, name=name)
    assert texts(launched(office, page=page)) == expected


@pytest.mark.rule("C1", "C2")
@pytest.mark.parametrize("name", [None, "Mari"])
def test_a_text_that_somebody_held_is_passed_over(name: str | None) -> None:
    programme = NAMED if name else HOUSEHOLD
    untouched = texts(launched(town("A", "B", "C", programme=programme, name=name)))
    office = town("A", "B", "C", programme=programme, name=name)
    office.supplied("K-X", on="X")
    for taken in (untouched["A"], untouched["C"]):
        office.session("2021-05-01").codes.issue("X", code=taken, replace=True)
    codes = texts(launched(office))
    assert codes.keys() == {"A", "B", "C"}
    assert not {untouched["A"], untouched["C"]} & set(codes.values())


@pytest.mark.rule("C2", "C10")
def test_names_are_those_of_the_last_contract_that_gave_one() -> None:
    office = Office(NAMED)
    older = attrs.evolve(
        contract("K1", on="A", of="ann", activated="2021-01-20", terminated="2021-03-01"), first_name="Ann"
    )
    newer = contract("K2", on="A", of="ann", concluded="2021-03-01", activated="2021-03-01")
    imported(office, older, newer)
    assert texts(launched(office)) == {"A": "ANN2021"}


@pytest.mark.rule("C10")
def test_a_name_whose_texts_are_all_taken_gets_a_random_one() -> None:
    office = town("A", programme=NAMED, name="Mari")
    office.supplied("K-X", on="X")
    candidates = list(office.desk._code_texts._named_codes.candidates("Mari", 2021, account="A"))
    for text in candidates:
        office.session("2021-05-01").codes.issue("X", code=text, replace=True)
    (code,) = launched(office)
    assert code.text not in candidates
    assert len(code.text) == 8


@pytest.mark.rule("C1", "C10")
def test_a_random_text_that_somebody_on_the_page_has_for_a_name_is_passed_over() -> None:
    codes_of = RandomCodes(SECRET, offensive=OffensiveWords(NAMED.offensive_words))
    drawn = ((f"B{number}", str(codes_of.text(f"B{number}", 0))) for number in range(100_000))
    account, text = next(each for each in drawn if re.fullmatch("[A-Z]{4}[2-9][0-9]{3}", each[1]))
    office = Office(NAMED)
    named = attrs.evolve(contract("K1", on="A", of="ann", activated="2021-02-01"), first_name=text[:4].title())
    imported(office, named, contract("K2", on=account, of="ben", activated="2021-02-01"))
    codes = office.desk.session(actor=SYSTEM, now=at(f"{text[4:]}-06-01")).launch.issue_codes().codes
    assert codes[0].text == text
    assert codes[1].text == codes_of.text(account, 0, 1)


@pytest.mark.rule("C10")
def test_offensive_texts_are_passed_over() -> None:
    drawn = texts(launched(town(*ACCOUNTS))).values()
    word = next(iter(drawn))[:3]
    office = town(*ACCOUNTS, programme=attrs.evolve(HOUSEHOLD, offensive_words=(word,)))
    assert not [text for text in texts(launched(office)).values() if word in text]


@pytest.mark.rule("C10")
def test_the_launch_stops_when_one_text_after_another_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    office = town("A")
    monkeypatch.setattr(code_texts, "ATTEMPTS", 0)
    office.supplied("K-X", on="X")
    taken = RandomCodes(SECRET, offensive=OffensiveWords(HOUSEHOLD.offensive_words)).text("A", 0)
    office.session("2021-05-01").codes.issue("X", code=taken, replace=True)
    with pytest.raises(CodeSpaceExhausted):
        launched(office)
    assert office.store.promo_codes.of_account("A") == ()
