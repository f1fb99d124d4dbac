"""Sign-ups, cases, groups and codes at the desk, as staff look at them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
import pytest

from referral_core import Actor, EffectivePeriod, Refusal, Role, Side, Span
from referral_core.entities.contract import ContractStatus
from referral_core.entities.grant import GrantStatus
from referral_core.known_at import Knowledge
from referral_core.services.groups import AmountPreview
from referral_core.services.sign_ups import SignUpView
from tests.office import HOUSEHOLD, NOON, SYSTEM, WHEN, WHY, Office
from tests.phrases import TICK, amounts, at, euros, period, refused

AGENT: Final = Actor("Mari", Role.AGENT)
HOUSEHOLDS: Final = Actor("Mari", Role.AGENT, frozenset({"household"}))
COMPANIES: Final = Actor("Mari", Role.AGENT, frozenset({"micro-business"}))


def town() -> tuple[Office, str]:
    """Return an office in which households and companies sign up, and the code of a household.

    K-0 to K-7 give it; the even ones are companies', and those after K-3 of the sales portal; K-1 and K-5 are active.
    """
    both = ("household", "micro-business")
    office = Office(attrs.evolve(HOUSEHOLD, segments=both, issuing_segments=both)).with_amounts()
    office.supplied("K-A", on="A", when="2021-01-05 12:00", product="electricity")
    office.session("2021-01-06").codes.issue("A", code="A123", replace=True)
    for number in range(8):
        office.concluded(
            f"K-{number}",
            on=f"S{number}",
            segment="household" if number % 2 else "micro-business",
            channel="sales-portal" if number > 3 else "self-service",
            code="A123" if number % 2 else None,
        )
    for contract in ("K-1", "K-5"):
        office.activated(contract)
    return office, "A123"


def ids(seen: tuple[SignUpView, ...]) -> list[str]:
    return [each.contract.id for each in seen]


# ── sign-ups ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7", "B1")
def test_a_sign_up_is_found_with_what_came_of_it() -> None:
    office, _ = town()
    find = office.session(by=AGENT).sign_ups.find
    bare, recorded, active = (find(named) for named in ("K-0", "K-3", "K-1"))
    assert bare == SignUpView(office.store.contracts.of_account("S0")[0])
    assert (recorded.referral, recorded.grants) == (office.store.referrals.find("K-3"), ())
    assert active.contract.status is ContractStatus.ACTIVE
    assert active.referral == office.store.referrals.find("K-1")
    told = [(grant.side, grant.account, str(grant.amount.amount), grant.status) for grant in active.grants]
    assert told == [
        (Side.REFERRER, "A", "10.00", GrantStatus.DUE),
        (Side.REFEREE, "S1", "7.00", GrantStatus.DUE),
    ]
    with refused("contract-unknown", field="contract"):
        find("K-9")


def test_sign_ups_come_by_pages_in_order_of_id() -> None:
    office, _ = town()
    page = office.session(by=AGENT).sign_ups.page
    assert ids(page(limit=3)) == ["K-0", "K-1", "K-2"]
    assert ids(page(after="K-5")) == ["K-6", "K-7", "K-A"]
    assert ids(page(after="K-3", limit=1)) == ["K-4"]
    assert page(after="K-A") == ()
    seen = page()
    assert seen == tuple(office.session(by=AGENT).sign_ups.find(each) for each in ids(seen))


def test_a_page_may_leave_out_what_is_done_and_other_channels() -> None:
    office, _ = town()
    office.withdrawn("K-2")
    page = office.session(by=AGENT).sign_ups.page
    assert ids(page(open_only=True)) == ["K-0", "K-3", "K-4", "K-6", "K-7"]
    assert ids(page(channel="sales-portal", limit=3)) == ["K-4", "K-5", "K-6"]
    assert ids(page(channel="sales-portal", open_only=True, after="K-4")) == ["K-6", "K-7"]


@pytest.mark.rule("A1")
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_pages_of_somebody_limited_are_full_of_what_they_may_see(size: int) -> None:
    office, _ = town()
    office.concluded("K-8", on="S1", segment="micro-business", product="solar")
    seen = {HOUSEHOLDS: ["K-3", "K-5", "K-7", "K-A"], COMPANIES: ["K-0", "K-2", "K-4", "K-6"]}
    for who, whole in seen.items():
        shown: list[str] = []
        while found := office.session(by=who).sign_ups.page(after=shown[-1] if shown else None, limit=size):
            assert len(found) == min(size, len(whole) - len(shown))
            shown += ids(found)
        assert shown == whole
        for named in ("K-0", "K-1", "K-3"):
            if named not in whole:
                with refused("not-allowed", field="actor"):
                    office.session(by=who).sign_ups.find(named)


@pytest.mark.rule("R3")
def test_pages_are_known_as_they_were() -> None:
    office, _ = town()
    office.concluded("K-10", on="S10", when="2021-03-01")
    known = Knowledge(office.store, by=at(NOON) - TICK).contracts
    assert [each.id for each in known.page(None, 9)] == ["K-A"]
    known = Knowledge(office.store, by=at(NOON)).contracts
    assert [each.id for each in known.page(None, 3)] == ["K-0", "K-1", "K-2"]
    assert [each.id for each in known.page("K-1", 2, status=ContractStatus.ACTIVE)] == ["K-5", "K-A"]
    office.terminated("K-5", "2021-03-01")
    assert [each.id for each in known.page("K-1", 9, status=ContractStatus.ACTIVE)] == ["K-5", "K-A"]
    assert [each.id for each in known.page(None, 2, channel="sales-portal", segments=["household"])] == ["K-5", "K-7"]


# ── cases ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def waiting() -> Office:
    """Return an office with cases S-0 to S-5: the even ones are companies'; S-3 carries a household's code."""
    office, code = town()
    for number in range(6):
        segment = "household" if number % 2 else "micro-business"
        given = code if number in {2, 3} else None
        office.session(NOON).cases.open(f"S-{number}", customer=f"c{number}", code=given, segment=segment)
    office.session("2021-02-02").cases.abandon("S-1")
    return office


@pytest.mark.rule("K1")
def test_a_case_is_found_with_what_it_carries() -> None:
    office = waiting()
    found = office.session(by=AGENT).cases.find("S-3")
    assert found == office.store.cases.find("S-3")
    assert found.characteristics == {"Promo code": "A123", "Discount amount": "7.00 EUR"}
    with refused("case-unknown", field="case"):
        office.session(by=AGENT).cases.find("S-9")


@pytest.mark.rule("K1", "A1")
def test_cases_come_by_pages_and_only_those_that_may_be_seen() -> None:

    def shown(who: Actor = AGENT, *, open_only: bool = False, after: str | None = None, limit: int = 50) -> list[str]:
        return [
            each.id
            for each in waiting()
            .desk.session(actor=who, now=WHEN)
            .cases.page(open_only=open_only, after=after, limit=limit)
        ]

    assert shown() == [f"S-{number}" for number in range(6)]
    assert shown(after="S-1", limit=2) == ["S-2", "S-3"]
    assert shown(open_only=True, limit=2) == ["S-0", "S-2"]
    assert shown(HOUSEHOLDS, open_only=True) == ["S-3", "S-5"]
    assert shown(HOUSEHOLDS, limit=2) == ["S-1", "S-3"]
    assert shown(COMPANIES) == ["S-0", "S-4"], "S-2 carries the code of a household"


@pytest.mark.rule("R3")
def test_cases_are_known_as_they_were() -> None:
    cases = Knowledge(waiting().store, by=at(NOON)).cases
    assert [each.id for each in cases.all(after="S-0", open_only=True)] == [f"S-{number}" for number in range(1, 6)]
    cases = Knowledge(waiting().store, by=at("2021-02-02")).cases
    assert [each.id for each in cases.all(open_only=True)] == ["S-0", "S-2", "S-3", "S-4", "S-5"]


# ── groups ────────────────────────────────────────────────────────────────────────────────────────────────────────────

MARCH, APRIL = at("2021-03-01"), at("2021-04-01")


@pytest.mark.rule("D2", "D3")
def test_groups_are_shown_with_their_amounts() -> None:
    office = Office().with_amounts()
    groups = office.session(by=AGENT).groups
    assert groups.all() == office.store.groups.all()
    assert groups.find("referrer").amounts == amounts("10 in 2021-01-01 ..")
    with refused("group-unknown", field="group"):
        groups.find("nobody")


@pytest.mark.rule("D4")
def test_a_preview_shows_what_a_new_amount_would_close_or_split() -> None:
    groups = Office().with_amounts().desk.session(actor=SYSTEM, now=at(NOON)).groups
    before = amounts("10 in 2021-01-01 ..")
    later = groups.preview("referrer", euros("15"), starts=MARCH)
    assert later == AmountPreview(
        before,
        amounts("10 in 2021-01-01 .. 2021-03-01", "15 in 2021-03-01 .."),
        (Span(EffectivePeriod.starting(MARCH), euros("10")),),
    )
    campaign = groups.preview("referrer", euros("20"), starts=MARCH, ends=APRIL)
    assert campaign == AmountPreview(
        before,
        amounts("10 in 2021-01-01 .. 2021-03-01", "20 in 2021-03-01 .. 2021-04-01", "10 in 2021-04-01 .."),
        (Span(period("2021-03-01 .. 2021-04-01"), euros("10")),),
    )


@pytest.mark.rule("D5")
def test_a_preview_of_a_correction_shows_what_it_would_displace() -> None:
    office = Office().with_amounts()
    office.session(NOON).groups.set_amount("referrer", euros("15"), starts=MARCH)
    groups = office.session(by=Actor("Jüri", Role.ADMINISTRATOR)).groups
    seen = groups.preview("referrer", euros("9"), starts=at("2021-02-15"), ends=at("2021-03-15"), correction=True)
    assert seen.displaced == (
        Span(period("2021-02-15 .. 2021-03-01"), euros("10")),
        Span(period("2021-03-01 .. 2021-03-15"), euros("15")),
    )
    assert len(seen.after) == 3
    gap = groups.preview("referrer", euros("9"), starts=at("2020-01-01"), ends=at("2020-02-01"), correction=True)
    assert gap.displaced == ()


Entering = Callable[..., object]


@pytest.mark.rule("D3", "D4", "D5")
@pytest.mark.parametrize(
    ("reason", "amount", "starts_at", "ends_at"),
    [
        ("moment-past", euros("9"), at("2021-01-15"), None),
        ("period-overlap", euros("9"), MARCH, None),
        ("period-empty", euros("9"), APRIL, APRIL),
        ("currency-mismatch", attrs.evolve(euros("9"), currency="SEK"), APRIL, None),
    ],
)
def test_a_preview_refuses_what_entering_the_amount_would(
    reason: str, amount: object, starts_at: datetime, ends_at: datetime | None
) -> None:
    office = Office().with_amounts()
    office.session(NOON).groups.set_amount("referrer", euros("15"), starts=MARCH)
    groups = office.session(NOON).groups
    acts: tuple[Entering, ...] = (groups.preview, groups.set_amount)
    said = []
    for enter in acts:
        with pytest.raises(Refusal) as caught:
            enter("referrer", amount, starts=starts_at, ends=ends_at)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert said[0].startswith(f"{reason}: ")
    with refused("group-unknown"):
        office.session(NOON).groups.preview("nobody", euros("9"))


# ── codes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C1", "C11")
def test_a_code_is_shown_by_its_text_however_it_is_written() -> None:
    office, _ = town()
    (first, second) = office.store.promo_codes.of_account("A")
    for code in (first, second):
        assert office.session(by=AGENT).codes.show(f" {code.text.lower()[:2]}-{code.text[2:]}") == code
    assert second.issued_by == "system"
    with refused("code-unknown", field="code"):
        office.session(by=AGENT).codes.show("B999")
    office.session().codes.end("A123", reason=WHY)
    assert office.session(by=AGENT).codes.show("A123").ending_reason == WHY
