"""Codes at the desk: what issuing and ending return and refuse, and texts drawn in the programme's format."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs
import pytest

from referral_core import Actor, CodeSpaceExhausted, CodeStatus, Programme, PromoCode, Refusal, Role
from referral_core.entities.promo_code import Ending, Issuing
from referral_core.formats.named_codes import NamedCodes
from referral_core.formats.offensive_words import OffensiveWords
from referral_core.formats.random_codes import RandomCodes
from referral_core.programme.settings import CodeFormat
from referral_core.services import code_texts
from referral_core.values.errors import Reason
from tests.office import HOUSEHOLD, NOON, SECRET, SYSTEM, Office
from tests.phrases import TICK, at, refused

MARI: Final = Actor("Mari", Role.AGENT)
JAAN: Final = Actor("Jaan", Role.SUPERVISOR)
NAMED: Final = attrs.evolve(HOUSEHOLD, code_format=CodeFormat.NAMED)
NOW: Final = at("2021-04-01 12:00")

# ── issuing by hand ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C9", "C11")
def test_a_code_issued_by_hand_is_returned_as_it_is_stored() -> None:
    office = Office()
    office.supplied("K1", on="A", of="ann")
    code = office.desk.session(actor=MARI, now=NOW).codes.issue("A", code=" summer-21 ", reason=" asked  for it ")
    assert code == PromoCode(
        text="SUMMER21",
        account="A",
        customer="ann",
        issued_at=NOW,
        issued_by="Mari",
        issuing=Issuing.BY_HAND,
        starts_at=NOW,
    )
    assert office.store.promo_codes.of_account("A") == (code,)
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.present("A") == code
    *_, row = office.traced("A")
    assert (row.act, row.actor, row.moment, row.reason) == ("code.issue", "Mari", NOW, "asked  for it")
    assert row.before is None
    assert row.after == {"code": "SUMMER21", "starts_at": "2021-04-01T09:00:00Z", "ends_at": None, "ending": None}


@pytest.mark.rule("C9")
def test_on_a_contract_that_is_only_concluded_a_code_is_pending() -> None:
    office = Office()
    office.concluded("K1", on="A", product="gas")
    code = office.desk.session(actor=SYSTEM, now=NOW).codes.issue("A")
    assert (code.starts_at, code.status_at(NOW)) == (None, CodeStatus.PENDING)
    assert office.activated("K1", "2021-05-01").started == attrs.evolve(code, starts_at=at("2021-05-01"))


@pytest.mark.rule("C9")
def test_a_contract_on_a_product_that_keeps_no_code_makes_none_active() -> None:
    office = Office(attrs.evolve(HOUSEHOLD, products=("electricity", "gas", "solar")))
    office.supplied("K1", on="A", product="solar")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.issue("A").starts_at is None
    office.supplied("K2", on="A", product="gas")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.issue("A", replace=True).starts_at == NOW


@pytest.mark.rule("C9")
def test_replacing_ends_the_present_code_at_the_moment_the_new_one_starts() -> None:
    office = Office()
    old = office.referrer("A")
    new = office.desk.session(actor=MARI, now=NOW).codes.issue("A", code="NEW1", replace=True, reason="a nicer one")
    ended = office.store.promo_codes.find(old)
    assert ended is not None
    assert (ended.ends_at, ended.ending, ended.ending_reason) == (NOW, Ending.REPLACED, "a nicer one")
    assert (new.starts_at, new.text) == (NOW, "NEW1")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.present("A") == new
    end, issue = office.traced("A")[-2:]
    assert [(row.act, row.reason, row.actor) for row in (end, issue)] == [
        ("code.end", "a nicer one", "Mari"),
        ("code.issue", "a nicer one", "Mari"),
    ]
    assert (end.before or {})["ends_at"] is None
    assert (end.after or {})["ending"] == "replaced"


@pytest.mark.rule("C9", "A2")
def test_what_issuing_by_hand_refuses() -> None:
    office = Office()
    taken = office.referrer("A")
    office.supplied("K1", on="B")
    office.supplied("K2", on="C")
    office.terminated("K2")
    with refused("reason-missing", field="reason", naming="code.issue"):
        office.desk.session(actor=MARI, now=NOW).codes.issue("B")
    with refused("account-unknown", field="account", naming="NOWHERE"):
        office.desk.session(actor=SYSTEM, now=NOW).codes.issue("NOWHERE")
    with refused("no-contract", field="account", naming="C"):
        office.desk.session(actor=SYSTEM, now=NOW).codes.issue("C")
    with refused("code-overlap", field="account", naming=taken):
        office.desk.session(actor=SYSTEM, now=NOW).codes.issue("A")
    with refused("code-malformed", field="code", naming="abc"):
        office.desk.session(actor=SYSTEM, now=NOW).codes.issue("B", code="abc")
    with refused("code-taken", field="code", naming=taken):
        office.desk.session(actor=SYSTEM, now=NOW).codes.issue("B", code=taken.lower())
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=Actor("ann", Role.CUSTOMER), now=NOW).codes.issue("B", reason="please")


@pytest.mark.rule("C9")
@pytest.mark.parametrize("text", ["abc", "taken-1"])
def test_a_text_that_is_refused_leaves_the_code_it_was_to_replace(text: str) -> None:
    office = Office()
    office.supplied("K1", on="B")
    office.session(NOON).codes.issue("B", code="TAKEN1")
    present = office.referrer("A")
    with refused("code-malformed" if text == "abc" else "code-taken", field="code"):
        office.desk.session(actor=SYSTEM, now=NOW).codes.issue("A", code=text, replace=True)
    kept = office.desk.session(actor=SYSTEM, now=NOW).codes.present("A")
    assert kept is not None
    assert (kept.text, kept.ends_at) == (present, None)


@pytest.mark.rule("A1")
def test_an_account_of_several_segments_is_for_those_who_manage_all_of_them() -> None:
    office = Office()
    office.supplied("K1", on="A")
    office.concluded("K2", on="A", segment="micro-business")
    for segments in ({"household"}, {"micro-business"}):
        with refused("not-allowed", field="actor"):
            office.desk.session(actor=Actor("Mari", Role.AGENT, frozenset(segments)), now=NOW).codes.issue(
                "A", reason="why"
            )
    both = Actor("Mari", Role.AGENT, frozenset({"household", "micro-business"}))
    assert office.desk.session(actor=both, now=NOW).codes.issue("A", reason="why").issued_by == "Mari"


# ── ending by hand ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C5", "C11")
def test_a_code_ended_by_hand_is_returned_as_it_is_stored() -> None:
    office = Office()
    code = office.referrer("A")
    ended = office.desk.session(actor=JAAN, now=NOW).codes.end(f" {code[:4]}-{code[4:].lower()} ", reason="abuse")
    assert (ended.text, ended.ends_at, ended.ending, ended.ending_reason) == (code, NOW, Ending.BY_HAND, "abuse")
    assert office.store.promo_codes.find(code) == ended
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.present("A") is None
    assert office.desk.session(actor=SYSTEM, now=NOW - TICK).codes.present("A") == ended
    row = office.traced("A")[-1]
    assert (row.act, row.actor, row.reason) == ("code.end", "Jaan", "abuse")
    assert ((row.before or {})["ends_at"], (row.after or {})["ends_at"]) == (None, "2021-04-01T09:00:00Z")


@pytest.mark.rule("C5")
def test_an_end_can_be_planned_and_moved_until_it_is_reached() -> None:
    office = Office()
    code = office.referrer("A")
    june, may = at("2021-06-01"), at("2021-05-01")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.end(code, ends_at=june.astimezone(None)).ends_at == june
    planned = office.desk.session(actor=JAAN, now=NOW).codes.end(code, ends_at=may, reason="earlier")
    assert (planned.ends_at, planned.ending_reason) == (may, "earlier")
    assert planned.status_at(may - TICK) is CodeStatus.ACTIVE
    assert office.desk.session(actor=SYSTEM, now=may - TICK).codes.end(code, ends_at=june).ends_at == june
    with refused("code-ended"):
        office.desk.session(actor=SYSTEM, now=june).codes.end(code, ends_at=at("2021-07-01"))


@pytest.mark.rule("C5", "A2")
def test_what_ending_by_hand_refuses() -> None:
    office = Office()
    code = office.referrer("A")
    with refused("moment-past", field="ends_at"):
        office.desk.session(actor=SYSTEM, now=NOW).codes.end(code, ends_at=NOW - TICK)
    with refused("moment-naive", field="at"):
        office.desk.session(actor=SYSTEM, now=NOW).codes.end(code, ends_at=NOW.replace(tzinfo=None))
    with refused("reason-missing", field="reason", naming="code.end"):
        office.desk.session(actor=JAAN, now=NOW).codes.end(code, reason="\n")
    with refused("code-unknown", field="code", naming="b-999"):
        office.desk.session(actor=SYSTEM, now=NOW).codes.end("b-999")
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=MARI, now=NOW).codes.end(code, reason="abuse")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.end(code, ends_at=NOW).ends_at == NOW


@pytest.mark.rule("C5")
def test_a_code_that_nobody_holds_is_shown_in_part_however_long() -> None:
    with refused("code-unknown", naming=repr("9" * 40)):
        Office().desk.session(actor=SYSTEM, now=NOW).codes.end("9" * 10_000)


# ── issuing by itself ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C7", "C8")
def test_after_a_manual_ending_only_an_ex_customer_gets_a_code_by_itself() -> None:
    office = Office()
    code = office.referrer("A")
    office.session("2021-01-20").codes.end(code)
    assert office.concluded("K1", on="A").issued is None
    assert office.activated("K1", "2021-03-01").issued is None
    office.terminated("K-A", "2021-03-02")
    assert office.concluded("K2", on="A", when="2021-03-03").issued is None
    office.terminated("K1", "2021-03-04")
    office.withdrawn("K2", "2021-03-05")
    issued = office.concluded("K3", on="A", when="2021-03-06").issued
    assert issued is not None
    assert (issued.issuing, issued.issued_by, issued.starts_at) == (Issuing.AUTOMATIC, "system", None)
    assert issued.text != code


# ── present ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C6", "C11")
def test_the_present_code_is_the_pending_or_active_one() -> None:
    office = Office()
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.present("A") is None
    pending = office.concluded("K1", on="A").issued
    assert office.session(NOON).codes.present("A") == pending
    active = office.activated("K1", "2021-03-01").started
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.present("A") == active
    ended = office.terminated("K1", "2021-04-01").ended
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.present("A") is None
    assert office.desk.session(actor=SYSTEM, now=at("2021-04-01") - TICK).codes.present("A") == ended


@pytest.mark.rule("M1")
def test_the_present_code_is_asked_about_at_a_moment_with_a_zone() -> None:
    with refused("moment-naive", field="now"):
        Office().desk.session(actor=SYSTEM, now=NOW.replace(tzinfo=None)).codes.present("A")


# ── texts: random ─────────────────────────────────────────────────────────────────────────────────────────────────────

TEXTS: Final = RandomCodes(SECRET, offensive=OffensiveWords(HOUSEHOLD.offensive_words))


def drawn(account: str, place: int, attempt: int = 0) -> str:
    """Return the text of one draw of the tests' key, which must not offend."""
    text = TEXTS.text(account, place, attempt)
    assert text is not None
    return text


def issued(office: Office, account: str, *, when: str = NOON, first_name: str | None = None) -> str:
    code = office.concluded(f"K-{account}", on=account, when=when, first_name=first_name).issued
    assert code is not None
    return code.text


@pytest.mark.rule("C10")
def test_random_codes_are_those_of_the_stores_key_for_the_account_and_its_place() -> None:
    office = Office()
    accounts = [f"A{number}" for number in range(20)]
    assert [issued(office, account) for account in accounts] == [drawn(account, 0) for account in accounts]
    codes = office.desk.session(actor=SYSTEM, now=NOW).codes
    assert [codes.issue("A3", replace=True).text for _ in range(3)] == [drawn("A3", place) for place in (1, 2, 3)]


@pytest.mark.rule("C1", "C10")
def test_a_random_text_that_an_account_held_already_is_passed_over() -> None:
    office = Office()
    first, second = drawn("A", 0), drawn("A", 0, attempt=1)
    office.supplied("K1", on="B")
    office.session(NOON).codes.issue("B", code=first)
    assert issued(office, "A") == second


@pytest.mark.rule("C10")
def test_when_one_text_after_another_is_taken_none_is_issued(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    office.supplied("K1", on="B", product="gas")
    monkeypatch.setattr(code_texts, "ATTEMPTS", 3)
    for attempt in range(3):
        office.session(NOON).codes.issue("B", code=drawn("A", 0, attempt), replace=True)
    before = office.state()
    with pytest.raises(CodeSpaceExhausted, match="3 texts in a row are taken"):
        issued(office, "A")
    assert office.state() == before
    monkeypatch.setattr(code_texts, "ATTEMPTS", 4)
    assert issued(office, "A") == drawn("A", 0, attempt=3)


# ── texts: named ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C10")
@pytest.mark.parametrize(
    ("first_name", "text"), [("Mihkel", "MIHKEL2021"), ("Õnne", "ONNE2021"), ("Anna-Liisa", "ANNALIISA2021")]
)
def test_a_programme_may_have_codes_of_first_name_and_year(first_name: str, text: str) -> None:
    assert issued(Office(NAMED), "A", first_name=first_name) == text


@pytest.mark.rule("C10", "M1")
def test_the_year_is_that_of_the_programmes_clocks() -> None:
    office = Office(NAMED)
    assert issued(office, "A", when="2024-12-31T21:59:59+00:00", first_name="Mihkel") == "MIHKEL2024"
    assert issued(office, "B", when="2024-12-31T22:00:00+00:00", first_name="Mihkel") == "MIHKEL2025"


@pytest.mark.rule("C1", "C10")
def test_namesakes_get_a_short_tail() -> None:
    office = Office(NAMED)
    office.supplied("K1", on="B")
    office.session("2021-01-06").codes.issue("B", code="MIHKEL2021")
    texts = [issued(office, f"A{number}", first_name="Mihkel") for number in range(30)]
    assert len(set(texts)) == 30
    assert all(text.startswith("MIHKEL2021") and len(text) == len("MIHKEL2021") + 2 for text in texts)


@pytest.mark.rule("C1", "C10")
def test_an_account_that_used_up_all_its_tails_gets_a_random_code() -> None:
    office = Office(NAMED)
    offensive = OffensiveWords(NAMED.offensive_words)
    candidates = [*NamedCodes(SECRET, str, offensive=offensive).candidates("Mihkel", 2021, account="A")]
    assert 250 < len(candidates) <= 257
    assert issued(office, "A", first_name="Mihkel") == candidates[0]
    for text in candidates[1:]:
        assert office.desk.session(actor=SYSTEM, now=NOW).codes.issue("A", replace=True).text == text
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.issue("A", replace=True).text == drawn("A", len(candidates))


@pytest.mark.rule("C10")
@pytest.mark.parametrize("first_name", [None, "", "李", "Vitt"])
def test_without_a_name_to_make_a_code_of_it_is_random(first_name: str | None) -> None:
    office = Office(NAMED)
    assert issued(office, "A", first_name=first_name) == drawn("A", 0)


@pytest.mark.rule("C10")
def test_the_name_is_that_of_the_accounts_latest_contract_with_one() -> None:
    office = Office(NAMED)
    office.concluded("K1", on="A", when="2021-01-10", product="gas", first_name="Mihkel")
    office.concluded("K2", on="A", when="2021-01-20", product="gas", first_name="Liis")
    office.concluded("K3", on="A", when="2021-01-30", product="gas")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.issue("A").text == "LIIS2021"
    assert issued(office, "B", first_name="Peeter") == "PEETER2021"
    newer = office.concluded("K4", on="A", when="2021-05-01", first_name="Tiina")
    assert newer.issued is None
    assert office.session("2021-06-01").codes.issue("A", replace=True).text == "TIINA2021"


@pytest.mark.rule("C4", "C10")
def test_a_code_issued_by_an_activation_is_named_too() -> None:
    office = Office(NAMED)
    office.concluded("K1", on="A", when="2020-12-20", first_name="Mihkel")
    office.activated("K1", "2020-12-21")
    office.concluded("K2", on="A", when="2020-12-22")
    assert office.terminated("K1", "2021-03-01").ended is not None
    code = office.activated("K2", "2021-04-01 12:00").issued
    assert code is not None
    assert (code.text, code.starts_at, code.issuing) == ("MIHKEL2021", NOW, Issuing.AUTOMATIC)


@pytest.mark.rule("C10", "P1")
def test_what_offends_is_the_programmes_to_say() -> None:
    programme = Programme(code_format=CodeFormat.NAMED, offensive_words=("MIHKEL",))
    assert issued(Office(programme), "A", first_name="Mihkel") != "MIHKEL2021"
    assert issued(Office(programme), "A", first_name="Vitt") == "VITT2021"


@pytest.mark.rule("C1", "C9")
def test_who_was_quicker_with_a_text_has_the_act_done_again_and_the_rule_names_the_reason() -> None:
    office = Office()
    office.supplied("K1", on="B", product="gas")
    codes, add, lost = office.store.promo_codes, office.store.promo_codes.add, ["once"]

    def late(code: PromoCode, *, at: datetime) -> None:
        if lost:
            lost.pop()
            raise Refusal(Reason.CODE_TAKEN, message="somebody else was quicker", field="code")
        add(code, at=at)

    codes.add = late  # type: ignore[method-assign]
    assert issued(office, "A") == drawn("A", 0)
    lost.append("once more")
    assert office.session(NOON).codes.issue("B", code="CHOSEN").text == "CHOSEN"
    assert lost == []
