"""Sign-ups at the desk: what checking, concluding, attaching and changing the group return and refuse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from threading import Barrier
from typing import Final

import attrs
import pytest
from dateutil.relativedelta import relativedelta

from referral_adapters.memory import MemoryStore
from referral_core import Actor, CodeRefused, Contract, Decision, Referral, ReferralDesk, Refusal, Role, Side
from referral_core.entities.promo_code import Issuing, PromoCode
from referral_core.programme.settings import GroupLine
from referral_core.services.sign_ups import SignUp
from referral_core.values.errors import Reason
from tests.office import HOUSEHOLD, NOON, SYSTEM, Office
from tests.phrases import TICK, at, euros, offer, refused

MARI: Final = Actor("Mari", Role.AGENT)
NOW: Final = at(NOON)
COMPANIES: Final = attrs.evolve(
    HOUSEHOLD,
    products=("electricity", "gas", "solar"),
    segments=("household", "micro-business"),
    referee_groups=(
        GroupLine("referee-self-service", channel="self-service", segment="household", product="electricity"),
        GroupLine("referee-manual"),
    ),
)


def open_office() -> tuple[Office, str]:
    """Return an office with amounts, and the active code of account A."""
    office = Office().with_amounts()
    return office, office.referrer("A")


# ── checking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S5")
def test_a_check_returns_the_decision() -> None:
    office, code = open_office()
    decision = office.desk.session(actor=SYSTEM, now=NOW).codes.check(f"{code[:3]} {code[3:].lower()}", customer="b")
    assert decision == Decision(
        code=code,
        judged_at=NOW,
        concluded_at=NOW,
        reasons=(),
        referrer=offer("referrer", "10", "2021-01-01 .."),
        referee=offer("referee-self-service", "7", "2021-01-01 .."),
    )


@pytest.mark.rule("S5")
def test_a_code_that_nobody_holds_is_repeated_as_it_was_typed() -> None:
    decision = Office().with_amounts().desk.session(actor=SYSTEM, now=NOW).codes.check(" b-999")
    assert (decision.code, decision.reasons) == (" b-999", (Reason.CODE_UNKNOWN,))


@pytest.mark.rule("S5", "S6")
def test_a_check_refuses_nothing_whatever_is_against_the_code() -> None:
    office = Office()
    office.concluded("K1", on="A")
    office.supplied("K2", on="A")
    code = office.session("2021-03-01").codes.issue("A", replace=True).text
    office.desk.session(actor=SYSTEM, now=NOW).groups.disable("referrer")
    decision = office.desk.session(actor=SYSTEM, now=NOW).codes.check(code, customer="a", product="coal")
    assert [reason.value for reason in decision.reasons] == [
        "code-pending",
        "existing-customer",
        "self-referral",
        "not-eligible",
        "no-amount",
        "group-disabled",
    ]


@pytest.mark.rule("S5", "S11", "D6")
@pytest.mark.parametrize(
    ("product", "segment", "channel", "group"),
    [
        (None, None, "self-service", "referee-self-service"),
        ("electricity", None, "self-service", "referee-self-service"),
        (None, "household", "self-service", "referee-self-service"),
        (None, None, "sales-portal", "referee-manual"),
        ("solar", None, "self-service", "referee-manual"),
        (None, "micro-business", "self-service", "referee-manual"),
        ("coal", None, "self-service", None),
        (None, "industry", "self-service", None),
        ("coal", "industry", "self-service", None),
        ("coal", "household", "self-service", None),
        ("solar", "industry", "self-service", None),
    ],
)
def test_what_a_check_does_not_say_is_taken_for_the_programmes_first(
    product: str | None, segment: str | None, channel: str, group: str | None
) -> None:
    office = Office(COMPANIES).with_amounts()
    code = office.referrer("A")
    decision = office.desk.session(actor=SYSTEM, now=NOW).codes.check(
        code, product=product, segment=segment, channel=channel
    )
    if group is None:
        assert decision.reasons == (Reason.NOT_ELIGIBLE,)
    else:
        assert decision.referee is not None
        assert decision.referee.group == group


@pytest.mark.rule("S4", "S5")
def test_a_check_knows_whether_the_customer_has_been_referred() -> None:
    office, code = open_office()
    office.concluded("K1", on="B", code=code)
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.check(code, customer="b").reasons == (
        Reason.ALREADY_REFERRED,
    )
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.check(code, customer="c").usable
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.check(code).usable
    office.withdrawn("K1")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.check(code, customer="b").usable


@pytest.mark.rule("S1", "S2", "P1")
def test_a_check_goes_by_the_programmes_settings() -> None:
    programme = attrs.evolve(
        HOUSEHOLD, existing_customer_products=("electricity",), returning_after=relativedelta(years=1)
    )
    office = Office(programme).with_amounts()
    code = office.referrer("A")
    office.supplied("G", on="B")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.check(code, customer="b").usable
    office.supplied("E", on="B", product="electricity")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.check(code, customer="b").reasons == (
        Reason.EXISTING_CUSTOMER,
    )
    office.terminated("E", "2021-03-01 12:00")
    assert office.session("2022-03-01 11:59").codes.check(code, customer="b").reasons == (Reason.FORMER_CUSTOMER,)
    assert office.session("2022-03-01 12:00").codes.check(code, customer="b").usable


@pytest.mark.rule("S2", "M1")
@pytest.mark.parametrize(
    ("left", "returns"),
    [
        pytest.param("2021-03-01", "2021-09-01", id="over the change to summer time"),
        pytest.param("2021-09-01", "2022-03-01", id="over the change to winter time"),
        pytest.param("2020-08-31 01:00", "2021-02-28 01:00", id="to the end of a shorter month"),
    ],
)
def test_months_of_absence_are_counted_by_the_programmes_clocks(left: str, returns: str) -> None:
    office = Office(attrs.evolve(HOUSEHOLD, returning_after=relativedelta(months=6))).with_amounts()
    code = office.referrer("A", when="2020-01-05")
    office.supplied("K1", on="B", when="2020-01-10")
    office.terminated("K1", left)
    found = [
        office.desk.session(actor=SYSTEM, now=moment).codes.check(code, customer="b").usable
        for moment in (at(returns) - TICK, at(returns))
    ]
    assert found == [False, True]


@pytest.mark.rule("A1")
def test_a_check_knows_the_codes_of_the_actors_segments_and_is_asked_about_those() -> None:
    office = Office(COMPANIES).with_amounts()
    code = office.referrer("A")
    household, company = (Actor("Mari", Role.AGENT, frozenset({name})) for name in ("household", "micro-business"))
    assert office.desk.session(actor=household, now=NOW).codes.check(code).usable
    assert office.desk.session(actor=household, now=NOW).codes.check(code, segment="household").usable
    for theirs in (code, "B999"):
        for segment in (None, "micro-business"):
            decision = office.desk.session(actor=company, now=NOW).codes.check(theirs, segment=segment)
            assert decision.reasons == (Reason.CODE_UNKNOWN,)
        with refused("not-allowed", field="actor"):
            office.desk.session(actor=company, now=NOW).codes.check(theirs, segment="household")
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=household, now=NOW).codes.check(code, segment="micro-business")


# ── concluding ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7", "C3")
def test_a_sign_up_with_a_usable_code_returns_all_it_brought() -> None:
    office, code = open_office()
    signed = office.desk.session(actor=SYSTEM, now=NOW).sign_ups.conclude(
        "K1", account="B", customer="b", code=code.lower(), starts_on=date(2021, 3, 1), first_name="Bo"
    )
    contract = Contract(
        id="K1",
        account="B",
        customer="b",
        product="electricity",
        segment="household",
        channel="self-service",
        concluded_at=NOW,
        starts_on=date(2021, 3, 1),
        first_name="Bo",
    )
    own = office.desk.session(actor=SYSTEM, now=NOW).codes.present("B")
    assert own is not None
    assert own == PromoCode(
        text=own.text,
        account="B",
        customer="b",
        issued_at=NOW,
        issued_by="system",
        issuing=Issuing.AUTOMATIC,
    )
    assert signed == SignUp(
        contract,
        decision=office.desk.session(actor=SYSTEM, now=NOW).codes.check(code),
        referral=Referral(
            contract="K1",
            code=code,
            referrer="A",
            referrer_customer="a",
            referee="B",
            referee_customer="b",
            concluded_at=NOW,
            channel="self-service",
            referrer_offer=offer("referrer", "10", "2021-01-01 .."),
            referee_offer=offer("referee-self-service", "7", "2021-01-01 .."),
        ),
        issued=own,
    )
    assert office.store.contracts.find("K1") == contract
    assert office.store.referrals.find("K1") == signed.referral
    assert [row.act for row in office.traced("B")] == ["code.issue"]
    (row,) = office.traced("referral:K1")
    assert row.act == "referral.record"
    after = row.after
    assert after == {
        "contract": "K1",
        "code": code,
        "status": "recorded",
        "judged_at": "2021-02-01T10:00:00Z",
        "referrer_group": "referrer",
        "referrer_amount": "10.00 EUR",
        "referee_group": "referee-self-service",
        "referee_amount": "7.00 EUR",
    }


@pytest.mark.rule("S6", "S7")
def test_a_sign_up_without_a_code_has_no_decision() -> None:
    office = Office()
    signed = office.concluded("K1", on="B", product="gas")
    assert signed == SignUp(signed.contract)
    assert [row.act for row in office.all_traced()] == ["contract.concluded"]


@pytest.mark.rule("S6")
def test_where_an_unusable_code_blocks_the_refusal_says_all_about_it() -> None:
    office, code = open_office()
    before = office.state()
    with pytest.raises(CodeRefused) as caught:
        office.concluded("K1", on="A", code=code)
    assert caught.value.decision == office.desk.session(actor=SYSTEM, now=NOW).codes.check(code, customer="a")
    assert caught.value.reasons == (Reason.EXISTING_CUSTOMER, Reason.SELF_REFERRAL)
    assert caught.value.field == "code"
    assert office.state() == before


@pytest.mark.rule("S11")
@pytest.mark.parametrize(("product", "segment"), [("coal", "household"), ("gas", "industry")])
def test_a_sign_up_is_judged_for_its_own_product_and_segment(product: str, segment: str) -> None:
    office, code = open_office()
    with refused("not-eligible", field="code"):
        office.concluded("K1", on="B", code=code, product=product, segment=segment)
    office.concluded("K1", on="B", product=product, segment=segment)
    with refused("not-eligible", field="code"):
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("K1", code=code)


@pytest.mark.rule("S9", "A2")
def test_elsewhere_the_warning_is_kept_with_the_contract() -> None:
    office, code = open_office()
    signed = office.concluded("K1", on="A", code=code.lower(), channel="distributor")
    assert signed.referral is None
    assert signed.decision is not None
    assert signed.contract.warnings == signed.decision.reasons == (Reason.EXISTING_CUSTOMER, Reason.SELF_REFERRAL)
    assert signed.contract.warned_code == code.lower()
    assert office.store.contracts.find("K1") == signed.contract
    row = office.traced("A")[-1]
    assert (row.act, row.after) == (
        "contract.concluded",
        {
            "contract": "K1",
            "channel": "distributor",
            "code": code.lower(),
            "warnings": "existing-customer self-referral",
        },
    )


@pytest.mark.rule("S6", "S9", "P1")
def test_which_channels_block_is_the_programmes_to_say() -> None:
    office = Office(attrs.evolve(HOUSEHOLD, blocking_channels=("distributor",)))
    assert office.concluded("K1", on="A", code="B999").contract.warnings == (Reason.CODE_UNKNOWN, Reason.NO_AMOUNT)
    with refused("code-unknown", "no-amount", field="code"):
        office.concluded("K2", on="B", code="B999", channel="distributor")


@pytest.mark.rule("A2")
def test_a_sign_up_by_a_person_is_traced_even_without_a_code() -> None:
    office = Office()
    office.desk.session(actor=MARI, now=NOW).sign_ups.conclude(
        "K1", account="A", customer="a", product="gas", reason="phone"
    )
    (row,) = office.traced("A")
    assert (row.actor, row.act, row.reason) == ("Mari", "contract.concluded", "phone")
    assert row.after == {"contract": "K1", "channel": "self-service", "code": None, "warnings": None}


@pytest.mark.rule("A2")
@pytest.mark.parametrize(("given", "kept"), [(" phone\n", "phone"), ("  ", None), (None, None)])
def test_a_reason_that_is_not_required_is_kept_like_one_that_is(given: str | None, kept: str | None) -> None:
    office = Office()
    office.desk.session(actor=MARI, now=NOW).sign_ups.conclude(
        "K1", account="A", customer="a", product="gas", reason=given
    )
    assert [row.reason for row in office.traced("A")] == [kept]


@pytest.mark.rule("D7", "S10")
def test_staff_choose_a_group_and_honour_a_moment() -> None:
    office, code = open_office()
    office.desk.session(actor=SYSTEM, now=NOW).groups.set_amount("referee-self-service", euros("9"))
    signed = office.session("2021-03-01", MARI).sign_ups.conclude(
        "K1",
        account="B",
        customer="b",
        code=code,
        channel="sales-portal",
        group="referee-self-service",
        honour=(NOW - TICK).astimezone(None),
        reason="had begun on the web",
    )
    assert signed.referral is not None
    assert signed.referral.honoured_moment == signed.referral.judged_at == NOW - TICK
    assert signed.referral.referee_offer == offer("referee-self-service", "7", f"2021-01-01 .. {NOON}")
    assert signed.referral.channel == "sales-portal"
    told = [*office.traced("B"), *office.traced("referral:K1")]
    assert {row.reason for row in told if row.act != "code.issue"} == {"had begun on the web"}


@pytest.mark.rule("S10", "D7", "A2")
def test_what_concluding_refuses() -> None:
    office, code = open_office()

    def conclude(
        contract: str = "K1",
        account: str = "B",
        customer: str = "b",
        actor: Actor = SYSTEM,
        group: str | None = None,
        honoured_moment: datetime | None = None,
    ) -> SignUp:
        return office.desk.session(actor=actor, now=NOW).sign_ups.conclude(
            contract, account=account, customer=customer, code=code, group=group, honour=honoured_moment
        )

    for customer in ("b", "a"):
        with refused("contract-exists", field="contract", naming="K-A"):
            conclude(contract="K-A", account="Z", customer=customer)
    with refused("not-same-customer", field="customer", naming="A"):
        conclude(account="A")
    with refused("group-unknown", field="group", naming="nobody"):
        conclude(group="nobody")
    with refused("group-unknown", field="group", naming="referrer"):
        conclude(group="referrer")
    with refused("reason-missing", field="reason", naming="contract.concluded"):
        conclude(group="referee-manual", actor=MARI)
    with refused("reason-missing", field="reason", naming="contract.concluded"):
        conclude(honoured_moment=NOW - TICK, actor=MARI)
    with refused("moment-naive", field="honour.moment"):
        conclude(honoured_moment=NOW.replace(tzinfo=None))
    for late in (NOW, NOW + TICK):
        with refused("moment-invalid", field="honour.moment", naming="does not lie before the concluding moment"):
            conclude(honoured_moment=late)
    assert conclude(honoured_moment=NOW - TICK, group="referee-manual").referral is not None


@pytest.mark.rule("S4")
def test_of_two_sign_ups_of_one_customer_at_once_one_wins_and_the_other_is_told_so() -> None:
    office, code = open_office()
    both_there = Barrier(2)

    def sign_up(contract: str) -> str:
        both_there.wait(timeout=60)
        try:
            with office.store.transaction():
                office.concluded(contract, on=contract, of="ben", code=code)
        except Refusal as refusal:
            return str(*refusal.reasons)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(sign_up, ["K1", "K2"])) == ["already-referred", "done"]
    assert len(list(office.store.referrals.all())) == 1
    assert len(office.store.contracts.of_customer("ben")) == 1


# ── attaching ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S8")
def test_a_code_is_added_to_a_sign_up_as_of_its_concluding_moment() -> None:
    office, code = open_office()
    contract = office.concluded("K1", on="B").contract
    office.desk.session(actor=SYSTEM, now=NOW + TICK).groups.set_amount("referrer", euros("99"))
    signed = office.session("2021-03-01", MARI).sign_ups.attach("K1", code=code)
    assert signed.contract == contract
    assert signed.issued is None
    assert signed.decision is not None
    assert (signed.decision.judged_at, signed.decision.concluded_at) == (NOW, NOW)
    assert signed.referral == office.store.referrals.find("K1")
    assert signed.referral is not None
    assert signed.referral.referrer_offer == offer("referrer", "10", f"2021-01-01 .. {NOON}:00.000001")
    assert signed.referral.referee_offer.group == "referee-manual"
    assert signed.referral.channel == "sales-portal"
    row = office.traced("referral:K1")[-1]
    assert (row.act, row.actor, row.moment) == ("referral.record", "Mari", at("2021-03-01"))


@pytest.mark.rule("S8", "D6")
@pytest.mark.parametrize(
    ("channel", "group"), [("self-service", "referee-self-service"), ("distributor", "referee-manual")]
)
def test_the_channel_of_attaching_decides_the_group(channel: str, group: str) -> None:
    office, code = open_office()
    office.concluded("K1", on="B")
    referral = office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("K1", code=code, channel=channel).referral
    assert referral is not None
    assert (referral.channel, referral.referee_offer.group) == (channel, group)


@pytest.mark.rule("S8", "S10", "D7")
def test_a_moment_is_honoured_and_a_group_chosen_while_attaching() -> None:
    office, code = open_office()
    office.concluded("K1", on="B")
    signed = office.session("2021-03-01", MARI).sign_ups.attach(
        "K1",
        code=code,
        channel="distributor",
        group="referee-self-service",
        honour=NOW - TICK,
        reason="had begun on the web",
    )
    assert signed.referral is not None
    assert (signed.referral.honoured_moment, signed.referral.concluded_at) == (NOW - TICK, NOW)
    assert (signed.referral.channel, signed.referral.referee_offer.group) == ("distributor", "referee-self-service")
    assert office.traced("referral:K1")[-1].reason == "had begun on the web"


@pytest.mark.rule("S8", "S10", "A2")
def test_what_attaching_refuses() -> None:
    office, code = open_office()
    office.concluded("OPEN", on="B")
    office.concluded("GONE", on="C")
    office.withdrawn("GONE")
    with refused("contract-unknown", field="contract", naming="K9"):
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("K9", code=code)
    with refused("contract-active", field="contract", naming="K-A"):
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("K-A", code=code)
    with refused("contract-ended", field="contract", naming="GONE"):
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("GONE", code=code)
    with refused("group-unknown", field="group"):
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("OPEN", code=code, group="referrer")
    with refused("reason-missing", field="reason", naming="code.attach"):
        office.desk.session(actor=MARI, now=NOW).sign_ups.attach("OPEN", code=code, group="referee-manual")
    with refused("moment-naive", field="honour.moment"):
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("OPEN", code=code, honour=NOW.replace(tzinfo=None))
    with refused("moment-invalid", field="honour.moment"):
        office.session("2021-03-01").sign_ups.attach("OPEN", code=code, honour=NOW)
    with pytest.raises(CodeRefused) as caught:
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("OPEN", code="B999")
    assert caught.value.decision.reasons == (Reason.CODE_UNKNOWN,)
    assert office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("OPEN", code=code).referral is not None
    with refused("already-referred", field="code"):
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("OPEN", code=code)
    office.activated("OPEN")
    office.terminated("OPEN")
    with refused("contract-active", field="contract"):
        office.desk.session(actor=SYSTEM, now=NOW).sign_ups.attach("OPEN", code=code)


# ── changing the group ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D7", "A2")
def test_changing_the_group_returns_the_referral_with_the_other_groups_offer() -> None:
    office, code = open_office()
    before = office.concluded("K1", on="B", code=code).referral
    assert before is not None
    changed = office.session("2021-03-01", MARI).referrals.change_group("K1", group="referee-manual", reason="phone")
    assert changed == attrs.evolve(before, referee_offer=offer("referee-manual", "8", "2021-01-01 .."))
    assert office.store.referrals.find("K1") == changed
    row = office.traced("referral:K1")[-1]
    assert (row.act, row.actor, row.reason) == ("referral.change-group", "Mari", "phone")
    assert ((row.before or {})["referee_amount"], (row.after or {})["referee_amount"]) == ("7.00 EUR", "8.00 EUR")


@pytest.mark.rule("D7", "D8", "A2")
def test_what_changing_the_group_refuses() -> None:
    office, code = open_office()
    office.concluded("K1", on="B", code=code)
    office.concluded("BARE", on="C")
    office.concluded("GONE", on="D", code=code)
    office.withdrawn("GONE")
    for group in ("empty", "closed", "closed-and-empty"):
        office.desk.session(actor=SYSTEM, now=NOW).groups.add(group, side=Side.REFEREE)
    office.desk.session(actor=SYSTEM, now=NOW).groups.set_amount("closed", euros("9"))
    for group in ("closed", "closed-and-empty"):
        office.desk.session(actor=SYSTEM, now=NOW).groups.disable(group)

    def change(contract: str = "K1", group: str = "referee-manual", actor: Actor = SYSTEM) -> Referral:
        return office.desk.session(actor=actor, now=NOW).referrals.change_group(contract, group=group)

    with refused("contract-unknown", field="contract", naming="K9"):
        change("K9")
    with refused("referral-unknown", field="contract", naming="BARE"):
        change("BARE")
    with refused("contract-active", field="contract"):
        change("K-A")
    with refused("contract-ended", field="contract"):
        change("GONE")
    with refused("reason-missing", field="reason", naming="referral.change-group"):
        change(actor=MARI)
    with refused("group-unknown", field="group", naming="nobody"):
        change(group="nobody")
    with refused("group-unknown", field="group", naming="referrer"):
        change(group="referrer")
    with refused("no-amount", field="group", naming="empty"):
        change(group="empty")
    with refused("group-disabled", field="group", naming="closed"):
        change(group="closed")
    with refused("no-amount", "group-disabled", field="group"):
        change(group="closed-and-empty")
    assert change().referee_offer.group == "referee-manual"


@pytest.mark.rule("D6", "D8")
def test_a_group_of_the_programme_that_the_store_does_not_have_gives_nothing() -> None:
    desk = ReferralDesk(HOUSEHOLD, MemoryStore())
    assert desk.session(actor=SYSTEM, now=NOW).codes.check("B999").reasons == (Reason.CODE_UNKNOWN, Reason.NO_AMOUNT)
