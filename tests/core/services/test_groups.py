"""Groups at the desk: what administrators' acts return, refuse and trace."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from referral_core import Actor, DiscountGroup, Money, Role, Side, Timeline
from referral_core.entities.discount_group import GroupStatus
from referral_core.entities.trace import TraceEntry, group_subject
from referral_core.values.history import Recorded
from referral_core.values.moment import Calendar
from tests.office import HOUSEHOLD, NOON, SYSTEM, Office
from tests.phrases import TICK, amounts, at, euros, refused

ADA: Final = Actor("Ada", Role.ADMINISTRATOR)
NOW: Final = at(NOON)


def last_row(office: Office, group: str) -> TraceEntry:
    return office.traced(group_subject(group))[-1]


# ── adding, renaming, switching ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D2", "A2")
def test_an_added_group_is_returned_as_it_is_stored() -> None:
    office = Office()
    added = office.desk.session(actor=ADA, now=NOW).groups.add("fair", side=Side.REFEREE, name="At the fair")
    assert added == DiscountGroup(id="fair", side=Side.REFEREE, name="At the fair")
    assert office.store.groups.find("fair") == added
    assert office.desk.session(actor=ADA, now=NOW).groups.add("friends", side=Side.REFERRER).name == "friends"
    row = last_row(office, "fair")
    assert (row.act, row.actor, row.moment, row.before) == ("group.add", "Ada", NOW, None)
    assert row.after == {"name": "At the fair", "side": "referee", "status": "enabled"}


@pytest.mark.rule("D2", "A2")
def test_a_renamed_group_keeps_everything_else() -> None:
    office = Office().with_amounts()
    before = office.store.groups.find("referrer")
    assert before is not None
    renamed = office.desk.session(actor=ADA, now=NOW).groups.rename("referrer", name="Friends")
    assert renamed == attrs.evolve(before, name="Friends")
    assert office.store.groups.find("referrer") == renamed
    row = last_row(office, "referrer")
    assert (row.act, (row.before or {})["name"], (row.after or {})["name"]) == ("group.rename", "referrer", "Friends")


@pytest.mark.rule("D2", "D8", "A2")
def test_a_group_is_switched_off_and_on_from_a_moment() -> None:
    office = Office()
    off = office.desk.session(actor=ADA, now=NOW).groups.disable("referrer")
    assert (off.status_at(NOW - TICK), off.status_at(NOW)) == (GroupStatus.ENABLED, GroupStatus.DISABLED)
    row = last_row(office, "referrer")
    assert (row.act, (row.before or {})["status"], (row.after or {})["status"]) == (
        "group.disable",
        "enabled",
        "disabled",
    )
    on = office.desk.session(actor=ADA, now=NOW + TICK).groups.enable("referrer")
    assert (on.status_at(NOW), on.status_at(NOW + TICK)) == (GroupStatus.DISABLED, GroupStatus.ENABLED)
    assert office.store.groups.find("referrer") == on
    row = last_row(office, "referrer")
    assert (row.act, (row.before or {})["status"], (row.after or {})["status"]) == (
        "group.enable",
        "disabled",
        "enabled",
    )


@pytest.mark.rule("D2")
def test_what_acts_on_groups_refuse() -> None:
    groups = Office().desk.session(actor=ADA, now=NOW).groups
    with refused("group-exists", field="group", naming="referrer"):
        groups.add("referrer", side=Side.REFEREE, name="another")
    with refused("group-exists", field="name", naming="Referee-Manual"):
        groups.add("fair", side=Side.REFEREE, name="Referee-Manual")
    with refused("group-exists", field="name"):
        groups.rename("referrer", name="referee-MANUAL")
    with refused("group-unknown", field="group", naming="nobody"):
        groups.rename("nobody", name="x")
    with refused("group-unknown", field="group", naming="nobody"):
        groups.disable("nobody")
    with refused("group-unknown", field="group", naming="nobody"):
        groups.enable("nobody")
    with refused("group-unknown", field="group", naming="nobody"):
        groups.set_amount("nobody", euros("1"))
    assert groups.rename("referrer", name="REFERRER").name == "REFERRER"


# ── amounts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D4", "D5", "A2")
def test_an_amount_without_a_start_begins_now_and_is_open_ended() -> None:
    office = Office()
    group = office.desk.session(actor=ADA, now=NOW).groups.set_amount("referrer", euros("10"))
    assert group.amounts == amounts(f"10 in {NOON} ..")
    assert office.store.groups.find("referrer") == group
    row = last_row(office, "referrer")
    assert (row.act, row.actor, row.reason) == ("amount.set", "Ada", None)
    assert (row.after or {})["2021-02-01T10:00:00Z/.."] == "10.00 EUR"
    assert row.before == {"name": "referrer", "side": "referrer", "status": "enabled"}


@pytest.mark.rule("A2")
@pytest.mark.parametrize(("reason", "kept"), [(" \n", None), (" spring ", "spring")])
def test_a_reason_that_need_not_be_given_is_kept_if_it_is_one(reason: str, kept: str | None) -> None:
    office = Office()
    office.desk.session(actor=ADA, now=NOW).groups.set_amount("referrer", euros("10"), reason=reason)
    assert last_row(office, "referrer").reason == kept


@pytest.mark.rule("D5")
def test_every_state_of_a_group_is_kept_with_the_moment_it_was_entered() -> None:
    office = Office()
    ahead = office.desk.session(actor=ADA, now=NOW).groups.set_amount("referrer", euros("10"), starts=at("2022-01-01"))
    off = office.desk.session(actor=ADA, now=NOW + TICK).groups.disable("referrer")
    states = office.store.groups.history("referrer")[1:]
    assert states == (Recorded(ahead, NOW, 2), Recorded(off, NOW + TICK, 3))


@pytest.mark.rule("D4")
def test_a_campaign_splits_the_open_amount() -> None:
    office = Office().with_amounts()
    group = office.desk.session(actor=ADA, now=NOW).groups.set_amount(
        "referrer", euros("20"), starts=at("2021-03-01").astimezone(None), ends=at("2021-04-01").astimezone(None)
    )
    assert group.amounts == amounts(
        "10 in 2021-01-01 .. 2021-03-01", "20 in 2021-03-01 .. 2021-04-01", "10 in 2021-04-01 .."
    )


@pytest.mark.rule("D5", "A2")
def test_a_correction_displaces_and_its_reason_is_kept() -> None:
    office = Office().with_amounts()
    group = office.desk.session(actor=ADA, now=NOW).groups.set_amount(
        "referrer", euros("11"), starts=at("2021-01-10"), ends=at("2021-01-20"), correction=True, reason=" a slip "
    )
    assert group.amounts == amounts(
        "10 in 2021-01-01 .. 2021-01-10", "11 in 2021-01-10 .. 2021-01-20", "10 in 2021-01-20 .."
    )
    assert last_row(office, "referrer").reason == "a slip"


@pytest.mark.rule("D3", "D4", "D5", "M1", "M2", "M3")
def test_what_setting_an_amount_refuses() -> None:
    office = Office().with_amounts()
    before = office.state()
    with refused("moment-past", field="from"):
        office.desk.session(actor=ADA, now=NOW).groups.set_amount("referrer", euros("1"), starts=NOW - TICK)
    with refused("moment-naive", field="from"):
        office.desk.session(actor=ADA, now=NOW).groups.set_amount(
            "referrer", euros("1"), starts=NOW.replace(tzinfo=None)
        )
    with refused("moment-naive", field="until"):
        office.desk.session(actor=ADA, now=NOW).groups.set_amount("referrer", euros("1"), ends=NOW.replace(tzinfo=None))
    for end in (NOW, NOW - TICK):
        with refused("period-empty", field="until", naming=Calendar("Europe/Tallinn").text(end)):
            office.desk.session(actor=ADA, now=NOW).groups.set_amount("referrer", euros("1"), ends=end)
    with refused("period-overlap", field="period", naming="the one from 2021-01-01 on"):
        office.session("2021-01-01", ADA).groups.set_amount("referrer", euros("1"), starts=at("2021-01-01"))
    with refused("currency-mismatch", field="amount", naming="EUR"):
        office.desk.session(actor=ADA, now=NOW).groups.set_amount("referrer", Money("1", "USD"))
    with refused("currency-mismatch", field="amount", naming="EUR"):
        office.desk.session(actor=ADA, now=NOW).groups.set_amount(
            "referrer", Money("1", "USD"), correction=True, reason="a slip"
        )
    for reason in (None, " "):
        with refused("reason-missing", field="reason", naming="amount.set"):
            office.desk.session(actor=ADA, now=NOW).groups.set_amount(
                "referrer", euros("1"), correction=True, reason=reason
            )
    assert office.state() == before


@pytest.mark.rule("D5")
def test_a_system_may_correct_without_a_reason() -> None:
    group = (
        Office()
        .desk.session(actor=SYSTEM, now=NOW)
        .groups.set_amount("referrer", euros("1"), starts=at("2020-01-01"), correction=True)
    )
    assert group.amounts == amounts("1 in 2020-01-01 ..")


@pytest.mark.rule("M3")
@pytest.mark.parametrize("correction", [False, True])
def test_an_amount_is_in_the_programmes_currency(correction: bool) -> None:
    with refused("currency-mismatch", field="amount", naming="10.00 USD is not in EUR"):
        Office().desk.session(actor=SYSTEM, now=NOW).groups.set_amount(
            "referrer", Money("10", "USD"), correction=correction
        )
    group = (
        Office(attrs.evolve(HOUSEHOLD, currency="SEK"))
        .desk.session(actor=SYSTEM, now=NOW)
        .groups.set_amount("referrer", Money("10", "SEK"), correction=correction)
    )
    assert [span.value for span in group.amounts] == [Money("10", "SEK")]


@pytest.mark.rule("D3")
def test_groups_start_without_amounts() -> None:
    assert {group.amounts for group in Office().store.groups.all()} == {Timeline()}
