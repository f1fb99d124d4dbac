"""Explaining referrals: where each figure came from, what staff had otherwise, and whether history still says so."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from referral_core import Actor, Programme, Role, Side
from referral_core.entities.promo_code import CodeStatus, Ending
from referral_core.entities.referral import Referral
from referral_core.services.explanation import (
    Correction,
    Deviation,
    Explanation,
    JudgedBy,
    LearnedLater,
    Mismatch,
    Origin,
    Part,
)
from referral_core.values.moment import LATEST
from tests.office import SYSTEM, Office
from tests.phrases import TICK, at, euros, offer, refused

JANUARY, FEBRUARY, MARCH, APRIL = "2021-01-20 12:00", "2021-02-01 12:00", "2021-03-01 12:00", "2021-04-01 12:00"
MARI: Final = Actor("Mari", Role.AGENT)
ADA: Final = Actor("Ada", Role.ADMINISTRATOR)
WHY: Final = "started on the web"


def explained(office: Office, contract: str = "K1", *, when: str | None = None, by: Actor = SYSTEM) -> Explanation:
    return office.desk.session(actor=by, now=at(when) if when else LATEST).referrals.explain(contract)


def signed_up(office: Office | None = None, **how: str) -> Office:
    """Return an office in which customer b signed up in February with the code of A."""
    office = office or Office().with_amounts()
    office.concluded("K1", on="B", code=office.referrer("A"), **how)
    return office


def code_of(office: Office) -> str:
    return office.store.promo_codes.of_account("A")[0].text


# ── where it came from ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7", "D6", "C11")
def test_an_ordinary_sign_up_is_explained_by_the_concluding_moment_and_the_programme() -> None:
    office = signed_up()
    told = explained(office)
    assert told.is_verified
    assert (told.contract, told.referral) == (office.store.contracts.find("K1"), office.store.referrals.find("K1"))
    assert (told.judged_by, told.recorded_at, told.overrides) == (JudgedBy.CONCLUDING, at(FEBRUARY), ())
    assert told.code.status is CodeStatus.ACTIVE
    assert told.code.record == office.store.promo_codes.history("A")[0][1]
    assert (told.referrer.offer, told.referrer.origin, told.referrer.line) == (
        offer("referrer", "10"),
        Origin.PROGRAMME,
        None,
    )
    assert (told.referee.offer, told.referee.origin) == (offer("referee-self-service", "7"), Origin.TABLE)
    assert told.referee.line == Programme.default().referee_groups[0]
    for figure in (told.referrer, told.referee):
        assert figure.version == office.store.groups.history(figure.offer.group)[1]
        assert (figure.is_late, figure.corrections, figure.given_today) == (False, (), figure.offer.amount)


@pytest.mark.rule("D4", "D5")
def test_what_was_entered_since_is_no_correction_unless_it_changes_that_moment() -> None:
    office = signed_up()
    office.session(MARCH, ADA).groups.set_amount("referrer", euros("15"))
    office.session(APRIL, ADA).groups.set_amount(
        "referrer", euros("8"), starts=at(JANUARY), ends=at(MARCH), correction=True, reason="a slip of the pen"
    )
    told = explained(office)
    (correction,) = told.referrer.corrections
    version = office.store.groups.history("referrer")[-1]
    assert correction == Correction(version, euros("8"), "Ada", "a slip of the pen")
    assert (told.referrer.offer.amount, told.referrer.given_today) == (euros("10"), euros("8"))
    assert told.referrer.version == office.store.groups.history("referrer")[1]
    assert told.is_verified
    assert explained(office, when=MARCH).referrer.corrections == ()


@pytest.mark.rule("D5")
def test_a_correction_that_nobody_traced_has_no_author() -> None:
    office = signed_up()
    present = office.store.groups.find("referrer")
    assert present is not None
    office.store.groups.put(attrs.evolve(present, amounts=present.amounts.__class__()), at=at(MARCH))
    told = explained(office).referrer
    assert told.corrections == (Correction(office.store.groups.history("referrer")[-1], None),)
    assert told.given_today is None


@pytest.mark.rule("S10")
def test_an_honoured_moment_is_told_with_who_and_why() -> None:
    office = Office().with_amounts()
    code = office.referrer("A")
    office.session("2021-01-25", ADA).groups.set_amount("referrer", euros("15"))
    office.session(FEBRUARY, MARI).sign_ups.conclude(
        "K1",
        account="B",
        customer="b",
        channel="sales-portal",
        code=code,
        honour=at(JANUARY),
        group="referee-self-service",
        reason=WHY,
    )
    told = explained(office)
    assert told.judged_by is JudgedBy.HONOURED
    assert told.referral.judged_at == at(JANUARY)
    assert told.referrer.offer.amount == euros("10")
    assert told.referee.origin is Origin.CHOSEN
    assert [each.deviation for each in told.overrides] == [Deviation.HONOURED, Deviation.GROUP_CHOSEN]
    assert {(each.moment, each.role, each.actor, each.reason, each.group) for each in told.overrides} == {
        (at(FEBRUARY), Role.AGENT, "Mari", WHY, "referee-self-service")
    }
    assert told.is_verified


@pytest.mark.rule("S8")
def test_a_code_that_was_added_later_is_told_as_that() -> None:
    office = Office().with_amounts()
    code = office.referrer("A")
    office.concluded("K1", on="B", when=FEBRUARY)
    office.session("2021-02-20").codes.end(code)
    office.session(MARCH, MARI).sign_ups.attach("K1", code=code, reason=WHY)
    told = explained(office)
    (override,) = told.overrides
    assert (override.deviation, override.moment, override.actor) == (Deviation.ATTACHED, at(MARCH), "Mari")
    assert (told.recorded_at, told.referral.judged_at) == (at(MARCH), at(FEBRUARY))
    assert told.code.record is not None
    assert told.code.record.state.ending is Ending.BY_HAND
    assert told.is_verified


@pytest.mark.rule("D7")
def test_a_change_of_group_is_told_with_both_groups_and_the_version_of_then() -> None:
    office = signed_up(channel="distributor")
    office.session("2021-02-10", ADA).groups.set_amount(
        "referee-self-service", euros("6"), starts=at(JANUARY), correction=True, reason="agreed"
    )
    for group, day in (
        ("referee-self-service", "02-15"),
        ("referee-manual", "02-20"),
        ("referee-self-service", "03-02"),
    ):
        office.desk.session(actor=MARI, now=at(f"2021-{day}")).referrals.change_group("K1", group=group, reason=WHY)
    told = explained(office)
    assert (told.referee.origin, told.referee.locked_at) == (Origin.CHANGED, at("2021-03-02"))
    assert told.referee.offer.amount == euros("6")
    assert told.referee.version == office.store.groups.history("referee-self-service")[2]
    assert [(each.before, each.group) for each in told.overrides] == [
        ("referee-manual", "referee-self-service"),
        ("referee-self-service", "referee-manual"),
        ("referee-manual", "referee-self-service"),
    ]
    assert told.is_verified
    then = explained(office, when=FEBRUARY)
    assert (then.referee.origin, then.referee.offer.group, then.overrides) == (Origin.TABLE, "referee-manual", ())


def with_case(group: str | None = None) -> Office:
    """Return an office in which a case of January was finished in March, when all amounts had changed."""
    office = Office().with_amounts()
    code = office.referrer("A")
    office.session(JANUARY).cases.open("case-1", customer="b", code=code)
    for group_ in ("referrer", "referee-self-service", "referee-manual"):
        office.session(FEBRUARY, ADA).groups.set_amount(
            group_, euros("1"), starts=at("2021-01-01"), correction=True, reason="less"
        )
    office.session(FEBRUARY).codes.end(code)
    office.session(MARCH, MARI).cases.finish("case-1", contract="K1", account="B", customer="b", group=group)
    return office


@pytest.mark.rule("K2")
def test_what_a_case_carried_is_explained_by_what_was_known_as_it_was_opened() -> None:
    told = explained(with_case())
    assert (told.judged_by, told.referral.judged_at, told.recorded_at) == (JudgedBy.CASE, at(JANUARY), at(MARCH))
    assert [figure.origin for figure in (told.referrer, told.referee)] == [Origin.CASE] * 2
    assert [figure.locked_at for figure in (told.referrer, told.referee)] == [at(JANUARY)] * 2
    assert [figure.offer.amount for figure in (told.referrer, told.referee)] == [euros("10"), euros("7")]
    assert [figure.given_today for figure in (told.referrer, told.referee)] == [euros("1")] * 2
    assert [each.deviation for each in told.overrides] == [Deviation.CASE]
    assert told.code.status is CodeStatus.ACTIVE
    assert told.is_verified


@pytest.mark.rule("K2", "D7")
def test_a_group_that_was_chosen_for_a_case_is_judged_by_what_is_known_by_then() -> None:
    told = explained(with_case("referee-manual"))
    assert (told.referrer.origin, told.referee.origin) == (Origin.CASE, Origin.TABLE)
    assert (told.referee.offer.amount, told.referee.locked_at) == (euros("1"), at(MARCH))
    assert told.is_verified
    chosen = explained(with_case("referee-self-service"))
    assert (chosen.referee.origin, chosen.referee.offer.amount) == (Origin.CHOSEN, euros("1"))
    assert [each.deviation for each in chosen.overrides] == [Deviation.CASE, Deviation.GROUP_CHOSEN]


@pytest.mark.rule("B1")
def test_a_referral_that_was_paid_is_verified_with_its_grants() -> None:
    office = signed_up()
    office.activated("K1", MARCH)
    office.paid(MARCH)
    assert explained(office).is_verified


# ── acts that share a moment, and acts that arrive late ───────────────────────────────────────────────────────────────


@pytest.mark.rule("R3")
def test_of_what_happened_at_one_moment_the_figure_shows_what_came_first() -> None:
    office = signed_up()
    office.session(FEBRUARY, ADA).groups.set_amount(
        "referrer", euros("8"), starts=at(JANUARY), correction=True, reason="a slip"
    )
    office.session(FEBRUARY).codes.end(code_of(office))
    told = explained(office)
    assert told.is_verified
    assert (told.referrer.version or told).revision == 2  # type: ignore[union-attr]
    assert told.referrer.given_today == euros("8")
    assert not told.referrer.is_late


@pytest.mark.rule("R3")
def test_what_arrived_late_was_judged_by_what_was_there_by_then() -> None:
    office = Office()
    code = office.referrer("A", when=MARCH)
    for group in ("referrer", "referee-self-service"):
        office.session(MARCH, ADA).groups.set_amount(
            group, euros("5"), starts=at("2021-01-01"), correction=True, reason="forgotten"
        )
    present = office.store.promo_codes.find(code)
    assert present is not None
    early = attrs.evolve(present, issued_at=at(JANUARY), starts_at=at(JANUARY))
    office.store.promo_codes.replace(early, at=at(MARCH))
    office.concluded("K1", on="B", code=code, when=FEBRUARY)
    told = explained(office)
    assert told.is_verified
    assert (told.code.is_late, told.referrer.is_late, told.referee.is_late) == (True, True, True)
    assert [figure.version and figure.version.recorded_at for figure in (told.referrer, told.referee)] == [
        at(MARCH)
    ] * 2


@pytest.mark.rule("M4", "C12")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ends_at": "2021-01-20", "ending": Ending.CONTRACTS_ENDED}, "the code {} ended at 2021-01-20"),
        ({"starts_at": "2021-02-20"}, "the code {} was pending at 2021-02-01 12:00+02:00"),
    ],
)
def test_what_was_learned_of_the_code_later_is_mentioned_and_raises_no_doubt(
    changes: dict[str, str], said: str
) -> None:
    office = signed_up()
    code = office.store.promo_codes.of_account("A")[0]
    moved = {name: at(value) if name.endswith("_at") else value for name, value in changes.items()}
    office.store.promo_codes.replace(attrs.evolve(code, ending_reason="told late"), at=at(MARCH) - TICK)
    office.store.promo_codes.replace(attrs.evolve(code, **moved), at=at(MARCH))  # type: ignore[arg-type] # named above
    told = explained(office)
    assert told.is_verified
    assert told.learned_later == (LearnedLater(at(MARCH), said.format(code.text)),)
    assert explained(office, when="2021-02-15").learned_later == ()


@pytest.mark.rule("M4", "S1")
def test_what_was_learned_of_the_customer_and_the_contract_later_is_mentioned_in_order() -> None:
    office = signed_up()
    office.concluded("K2", on="B", when=MARCH)
    session = office.session(MARCH)
    session.sign_ups.conclude("K0", account="B", customer="b", at=at(JANUARY))
    session.contracts.activate("K0", at=at(JANUARY))
    session.sign_ups.conclude("K9", account="B", customer="b", at=at(JANUARY))
    later = office.session("2021-03-02")
    later.contracts.activate("K1", at=at("2021-02-20"))
    told = explained(office)
    assert told.is_verified
    assert [(each.recorded_at, each.said) for each in told.learned_later] == [
        (at(MARCH), "contract K0 of the same customer was in force when this was concluded"),
        (at("2021-03-02"), "contract K1 activated at 2021-02-20"),
    ]


# ── what does not hold ────────────────────────────────────────────────────────────────────────────────────────────────


def stored_as(office: Office, **changes: object) -> Office:
    """Have the referral stored otherwise, past its port and its history."""
    referrals = office.store.referrals._referrals
    referrals["K1"] = attrs.evolve(referrals["K1"], **changes)  # type: ignore[arg-type]
    return office


def parts(told: Explanation) -> list[Part]:
    assert not told.is_verified
    return [each.part for each in told.mismatches]


@pytest.mark.rule("S7", "C11")
def test_an_amount_that_was_tampered_with_is_found() -> None:
    told = explained(stored_as(signed_up(), referee_offer=offer("referee-self-service", "8")))
    assert told.mismatches == (
        Mismatch(
            Part.STORED,
            "referee_offer is stored as 8.00 EUR of referee-self-service from 2021-01-01 on,"
            " and was 7.00 EUR of referee-self-service from 2021-01-01 on",
        ),
    )
    assert told.referee.offer.amount == euros("7")


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    "changes",
    [
        {"referrer": "Z"},
        {"status": "granted"},
        {"concluded_at": at(MARCH)},
        {"case": "case-9"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_else_was_tampered_with_is_found(changes: dict[str, object]) -> None:
    assert parts(explained(stored_as(signed_up(), **changes))) == [Part.STORED]


@pytest.mark.rule("A5")
def test_customers_are_no_part_of_history() -> None:
    assert explained(stored_as(signed_up(), referrer_customer="erased", referee_customer="erased")).is_verified


def recorded_as(office: Office, **changes: object) -> Office:
    """Have every state of the referral recorded otherwise, and stored so."""
    records = office.store.referrals._history._records["K1"]
    records[:] = [attrs.evolve(each, state=attrs.evolve(each.state, **changes)) for each in records]  # type: ignore[arg-type]
    return stored_as(office, **changes)


@pytest.mark.rule("S7", "D5")
@pytest.mark.parametrize(("side", "group"), [("referrer", "referrer"), ("referee", "referee-self-service")])
def test_an_amount_that_no_version_of_the_group_ever_gave_is_found(side: str, group: str) -> None:
    office = recorded_as(signed_up(), **{f"{side}_offer": offer(group, "99")})
    told = explained(office)
    assert parts(told) == [Part(side), Part.TRACE]
    assert told.mismatches[0].said.endswith("is locked: history gives " + _given(office, group))
    assert told.mismatches[1].said == f"{side}_amount was traced as {_amount(office, group)}, and is 99.00 EUR"


def _given(office: Office, group: str) -> str:
    return f"{_amount(office, group)} of {group} from 2021-01-01 on"


def _amount(office: Office, group: str) -> str:
    found = office.store.groups.find(group)
    assert found is not None
    return str(found.terms_at(at(FEBRUARY)).amount)


def test_an_amount_of_a_later_correction_is_not_what_was_traced() -> None:
    office = signed_up()
    office.session(MARCH, ADA).groups.set_amount(
        "referrer", euros("8"), starts=at("2021-01-01"), correction=True, reason="a slip"
    )
    told = explained(recorded_as(office, referrer_offer=offer("referrer", "8")))
    assert told.referrer.is_late
    assert parts(told) == [Part.TRACE]


@pytest.mark.rule("D8")
@pytest.mark.parametrize("group", ["nobody-s", "fair"])
def test_a_group_that_gave_nothing_is_found(group: str) -> None:
    office = signed_up()
    office.session(JANUARY, ADA).groups.add("fair", side=Side.REFEREE)
    office.session(JANUARY, ADA).groups.set_amount("fair", euros("7"), starts=at(JANUARY))
    office.session(JANUARY, ADA).groups.disable("fair")
    gave = offer(group, "7", f"{JANUARY} ..")
    told = explained(recorded_as(office, referrer_offer=gave, referee_offer=gave))
    assert parts(told)[:2] == [Part.REFERRER, Part.REFEREE]
    assert (told.referee.version is None) == (group == "nobody-s")


@pytest.mark.rule("S5")
@pytest.mark.parametrize(("code", "said"), [("NOBODYS1", "code-unknown"), ("A123", "code-ended")])
def test_a_code_that_was_not_usable_is_found(code: str, said: str) -> None:
    office = Office().with_amounts()
    office.referrer("A")
    office.session(JANUARY).codes.issue("A", code="A123", replace=True)
    office.session("2021-01-25").codes.end("A123")
    office.session("2021-01-25").codes.issue("A", code="A456")
    office.concluded("K1", on="B", code="A456")
    told = explained(recorded_as(office, code=code))
    assert parts(told) == [Part.CODE, Part.TRACE]
    assert told.mismatches[0].said.startswith(f"{said}: ")
    assert (told.code.record is None) == (said == "code-unknown")


@pytest.mark.rule("K2")
def test_a_case_that_says_something_else_is_found() -> None:
    office = with_case()
    cases = office.store.cases._cases
    kept = cases["case-1"]
    assert kept.carried is not None
    cases["case-1"] = attrs.evolve(kept, carried=attrs.evolve(kept.carried, referrer=offer("referrer", "9")))
    told = explained(office)
    assert (parts(told), told.referrer.origin) == ([Part.REFERRER, Part.CASE], Origin.PROGRAMME)
    cases["case-1"] = attrs.evolve(kept, carried=attrs.evolve(kept.carried, code="OTHER"))
    assert parts(explained(office)) == [Part.CASE]
    del cases["case-1"]
    assert Part.CASE in parts(explained(office))


@pytest.mark.rule("B1", "B5")
def test_a_grant_that_is_missing_or_of_another_amount_is_found() -> None:
    office = signed_up()
    office.activated("K1", MARCH)
    grants = office.store.grants._postings
    grants["referee/K1"] = attrs.evolve(grants["referee/K1"], amount=euros("8"))
    told = explained(office)
    assert told.mismatches == (Mismatch(Part.GRANTS, "a grant of the referee gives 8.00 EUR to B"),)
    for key in ("referee/K1", "referrer/K1"):
        del grants[key]
    assert [each.said for each in explained(office).mismatches] == [
        "there is no grant for the referrer",
        "there is no grant for the referee",
    ]


@pytest.mark.rule("B5")
def test_a_referrer_who_did_not_stand_any_more_has_no_grant_where_the_programme_says_so() -> None:
    office = signed_up(Office(attrs.evolve(Programme.default(), pay_ended_referrer=False)).with_amounts())
    office.terminated("K-A", "2021-02-15")
    office.activated("K1", MARCH)
    assert explained(office).is_verified


@pytest.mark.rule("D8")
def test_a_side_that_gets_nothing_has_no_grant() -> None:
    office = signed_up(Office().with_amounts(referrer="0"))
    office.activated("K1", MARCH)
    assert explained(office).is_verified


@pytest.mark.rule("A2")
def test_a_trace_that_does_not_hold_is_found() -> None:
    office = signed_up()
    rows, chain = office.traced("referral:K1"), office.store.trace._rows["referral:K1"]
    chain[-1] = attrs.evolve(rows[-1], reason="as agreed")
    assert [each.said for each in explained(office).mismatches] == [
        f"referral:K1 row {len(chain)}: its actor or reason was changed"
    ]
    del chain[-1]
    assert [each.said for each in explained(office).mismatches] == ["no row tells how the referral came to be"]


@pytest.mark.rule("A5")
def test_who_was_erased_is_not_named_and_everything_still_holds() -> None:
    office = Office().with_amounts()
    code = office.referrer("A")
    office.concluded("K1", on="B")
    office.session(MARCH, MARI).sign_ups.attach("K1", code=code, reason=WHY)
    for subject, rows in office.store.trace._rows.items():
        rows[:] = [row.erased() for row in office.traced(subject)]
    told = explained(office)
    assert [(each.actor, each.reason, each.role) for each in told.overrides] == [(None, None, Role.AGENT)]
    assert told.is_verified


# ── who may ask, and what there is to ask about ───────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A1")
def test_customers_are_not_told() -> None:
    office = signed_up()
    with refused("not-allowed", field="actor"):
        explained(office, by=Actor("b", Role.CUSTOMER))
    with refused("not-allowed", field="actor"):
        explained(office, by=Actor("Mari", Role.AGENT, frozenset({"micro-business"})))
    assert explained(office, by=MARI).is_verified


def test_what_was_not_there_cannot_be_explained() -> None:
    office = signed_up()
    with refused("contract-unknown"):
        explained(office, "K9")
    with refused("referral-unknown"):
        explained(office, "K-A")
    with refused("contract-unknown"):
        office.desk.session(actor=SYSTEM, now=at(FEBRUARY) - TICK).referrals.explain("K1")


def test_a_referral_of_which_history_knows_nothing_is_unknown() -> None:
    office = signed_up()
    office.store.referrals._history._records.clear()
    with refused("referral-unknown"):
        explained(office)
    assert isinstance(office.store.referrals.find("K1"), Referral)
