"""A referral with its grants has a chain of its own, and whoever reads finds what accounts' chains had before (A2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.actor import Actor, Role
from referral_core.entities.grant import Grant
from referral_core.entities.personal_data import Person
from referral_core.entities.referral import Referral
from referral_core.entities.trace import TraceEntry, account_subject, chain_faults, referral_subject
from referral_core.services.activity import Activity
from referral_core.services.records import RECORDS
from referral_core.values.errors import Refusal
from tests.office import HOUSEHOLD, WHY, Office
from tests.phrases import actor, at, euros, note, refused

LATER: Final = "2021-09-01 12:00"
ANU: Final = actor("administrator", "Anu")
FRIENDS: Final = "BCD"
ACTS: Final = ("conclude", "change", "activate", "withdraw", "pay", "retry", "fee")
OF_OLD: Final[dict[type, Any]] = {
    Referral: lambda referral: account_subject(referral.referee),
    Grant: lambda grant: account_subject(grant.account),
}
"""Where the rows stood before referrals had chains of their own."""

Steps = list[tuple[str, str, bool]]


@contextmanager
def of_old() -> Iterator[None]:
    """Have rows about referrals written on accounts' chains, as databases have them from before."""
    with pytest.MonkeyPatch.context() as patch:
        for kind, subject in OF_OLD.items():
            patch.setitem(RECORDS, kind, attrs.evolve(RECORDS[kind], subject=subject))
        yield


def do(office: Office, act: str, friend: str, code: str, when: str) -> None:
    session, contract = office.session(when, ANU), f"K-{friend}"
    with suppress(Refusal):
        match act:
            case "conclude":
                office.concluded(contract, on=friend, code=code, when=when)
            case "change":
                session.referrals.change_group(contract, group="referee-manual", reason=WHY)
            case "activate":
                office.activated(contract, when)
            case "withdraw":
                office.withdrawn(contract, when)
            case "pay":
                office.paid(when)
            case "retry":
                session.payouts.retry(f"referrer/{contract}", reason=WHY)
            case _:
                session.discounts.note_fee(contract, amount=euros("5"), reason=WHY)


def played(steps: Steps, old: int) -> Office:
    """Return an office in which A refers friends, the first steps of which were done of old."""
    office = Office().with_amounts()
    code = office.referrer("A")
    hour = 0
    for number, (friend, act, is_later) in enumerate(steps):
        hour += is_later
        when = f"2021-03-{1 + hour // 24:02} {hour % 24:02}:00"
        if number < old:
            with of_old():
                do(office, act, friend, code, when)
        else:
            do(office, act, friend, code, when)
    return office


def told(entries: tuple[Activity, ...]) -> Counter[object]:
    return Counter((each.moment, each.act, each.text, each.by, each.reason) for each in entries)


def content(rows: Iterator[TraceEntry]) -> list[str]:
    return sorted(repr((row.moment, row.act, row.before, row.after, row.actor, row.reason)) for row in rows)


STEPS: Final = st.lists(st.tuples(st.sampled_from(FRIENDS), st.sampled_from(ACTS), st.booleans()), max_size=16)


@pytest.mark.rule("A2", "P3")
@given(STEPS, st.integers(0, 16))
def test_whoever_reads_finds_the_same_wherever_rows_stand(steps: Steps, old: int) -> None:
    new, mixed = played(steps, 0), played(steps, old)
    here, there = (office.session(LATER, ANU) for office in (new, mixed))
    for account in ("A", *FRIENDS):
        if new.store.contracts.of_account(account):
            assert told(here.accounts.activity(account)) == told(there.accounts.activity(account))
        assert content(here.trace.rows_of_account(account)) == content(there.trace.rows_of_account(account))
    for referral in new.store.referrals.all():
        contract = referral.contract
        assert content(here.trace.rows_of_contract(contract)) == content(there.trace.rows_of_contract(contract))
        explained = there.referrals.explain(contract)
        assert explained.is_verified
        assert [each.deviation for each in explained.overrides] == [
            each.deviation for each in here.referrals.explain(contract).overrides
        ]
    assert there.trace.verify().holds


@pytest.mark.rule("A2")
@given(STEPS)
def test_nothing_about_a_referral_stands_on_an_accounts_chain(steps: Steps) -> None:
    office = played(steps, 0)
    own = {"code.issue", "code.start", "code.end", "contract.concluded"}
    for account in ("A", *FRIENDS):
        assert {row.act for row in office.traced(account)} <= own
    assert [row.act for row in office.traced("A")] == ["code.issue", "code.start"]
    for referral in office.store.referrals.all():
        rows = office.traced(referral_subject(referral.contract))
        assert rows[0].act == "referral.record"
        assert not {row.act for row in rows} & own


@pytest.mark.rule("P3", "A2")
@given(STEPS, st.integers(0, 16), st.integers(1, 5))
def test_a_timeline_is_the_newest_first_and_its_pages_tell_each_entry_once(steps: Steps, old: int, size: int) -> None:
    activity = played(steps, old).session(LATER, ANU).accounts.activity
    whole, shown = activity("A", limit=200), tuple[Activity, ...]()
    assert [each.moment for each in whole] == sorted((each.moment for each in whole), reverse=True)
    while page := activity("A", after=shown[-1].place if shown else None, limit=size):
        assert len(page) == min(size, len(whole) - len(shown))
        shown += page
    assert shown == whole
    assert not any(f"K-{friend}" in f"{each.text} {each.place}" for each in whole for friend in FRIENDS)


@pytest.mark.rule("P3")
def test_a_page_looks_further_back_than_what_is_the_other_sides() -> None:
    office = Office().with_amounts()
    office.granted("K-B", on="B", code=office.referrer("A"), when="2021-02-01")
    for _ in range(9):
        note_of = attrs.evolve(note("grant.retry", "2021-05-01", on="referral:K-B"), after={"grant": "referee/K-B"})
        office.store.trace.append(note_of)
    (newest,) = office.session(LATER, ANU).accounts.activity("A", limit=1)
    assert newest.text == "10.00 EUR was granted for referring a friend."
    assert office.session(LATER, ANU).accounts.activity("A", limit=0) == ()


@pytest.mark.rule("P3", "R3")
def test_a_timeline_is_known_up_to_a_moment() -> None:
    office = Office().with_amounts()
    office.concluded("K-B", on="B", code=office.referrer("A"), when="2021-02-01")
    office.activated("K-B", "2021-02-01")
    office.paid("2021-02-03")
    past = office.desk.session(actor=ANU, now=at(LATER), known_at=at("2021-02-02"))
    assert [each.act for each in past.accounts.activity("A")] == [
        "grant.due",
        "code.start",
        "code.issue",
    ]
    assert [each.act for each in past.accounts.activity("A", limit=1)] == ["grant.due"]


@pytest.mark.rule("P3")
@pytest.mark.parametrize("after", ["", "7", "2021-02-01T10:00:00Z", "2021-02-01T10:00:00Z/x"])
def test_a_timeline_goes_on_after_places_only(after: str) -> None:
    office = Office().with_amounts()
    office.referrer("A")
    with refused("moment-invalid", field="after"):
        office.session(LATER, ANU).accounts.activity("A", after=after)


@pytest.mark.rule("A1", "A6", "A2")
def test_a_referrals_chain_is_seen_by_whom_both_accounts_are_seen_by() -> None:
    office = Office(attrs.evolve(HOUSEHOLD, segments=("household", "micro-business"))).with_amounts()
    office.concluded("K-B", on="B", code=office.referrer("A"), segment="micro-business")
    subject = referral_subject("K-B")
    for segments in ({"household"}, {"micro-business"}):
        with refused("not-allowed", field="actor", naming="segment"):
            office.session(LATER, Actor("Anu", Role.ADMINISTRATOR, frozenset(segments))).trace.rows(subject)
    both = Actor("Anu", Role.ADMINISTRATOR, frozenset({"household", "micro-business"}))
    assert [row.act for row in office.session(LATER, both).trace.rows(subject)] == ["referral.record"]
    limited = Actor("Anu", Role.ADMINISTRATOR, frozenset({"household"}))
    with refused("not-allowed", field="actor", naming="segment"):
        office.session(LATER, limited).trace.rows(referral_subject("NONE"))


@pytest.mark.rule("A5", "A2")
def test_words_on_a_referrals_chain_are_the_referees_and_those_about_its_grants_both_sides() -> None:
    referee = Person("b", frozenset({"B"}), contracts=frozenset({"K-B"}))
    referrer = Person("a", frozenset({"A"}), contracts=frozenset({"K-A"}), friends=frozenset({"K-B"}))
    rows = [attrs.evolve(note(act, LATER, on="referral:K-B"), reason=WHY) for act in ("grant.retry", "referral.record")]
    retried, recorded = (TraceEntry.chained(each, None, "salt") for each in rows)
    assert chain_faults([retried]) == ()
    assert (referee.is_in(retried), referee.is_in(recorded)) == (True, True)
    assert (referrer.is_in(retried), referrer.is_in(recorded)) == (True, False)
    elsewhere = TraceEntry.chained(attrs.evolve(rows[0], subject="account:K-B"), None, "salt")
    assert (referee.is_in(elsewhere), referrer.is_in(elsewhere)) == (False, False)
