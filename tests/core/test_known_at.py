"""As known at: every repository as it stood at a moment, to be read and not to be written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
import pytest

from referral_core import Side
from referral_core.entities.contract import ContractStatus
from referral_core.entities.grant import GrantEvent
from referral_core.entities.promo_code import CodeStatus, Sharing
from referral_core.entities.referral import ReferralStatus
from referral_core.entities.trace import Subscription, account_subject, chain_faults
from referral_core.known_at import Knowledge
from tests.office import Office
from tests.phrases import TICK, at, case, code, contract, euros, grant, group, note, referral, refused

pytestmark = pytest.mark.rule("R3")

JANUARY, FEBRUARY, MARCH, APRIL = "2021-01-05 12:00", "2021-02-01 12:00", "2021-03-01 12:00", "2021-04-01 12:00"


def busy() -> Office:
    """Return an office in which something happens in every month."""
    office = Office().with_amounts()
    code = office.referrer("A", when=JANUARY)
    office.session(JANUARY).sharing.share(code, means="link")
    office.session(JANUARY).cases.open("case-1", customer="e", code=code)
    office.concluded("K-B", on="B", code=code, when=FEBRUARY)
    office.concluded("K-C", on="C", code=code, when=FEBRUARY)
    office.session(FEBRUARY).groups.add("fair", side=Side.REFEREE)
    office.activated("K-B", MARCH)
    office.withdrawn("K-C", MARCH)
    office.paid(MARCH)
    office.session(MARCH).sharing.share(code, means="link")
    office.session(MARCH).cases.abandon("case-1")
    office.session(MARCH).groups.disable("referee-manual")
    office.session(APRIL).discounts.bill("R1", account="B", amount=euros("3"))
    office.session(APRIL).discounts.note_fee("K-B", amount=euros("5"))
    office.session(APRIL).codes.end(code, ends_at=at("2021-05-01"))
    return office


OFFICE: Final = busy()


def known(when: str | datetime) -> Knowledge:
    return Knowledge(OFFICE.store, by=when if isinstance(when, datetime) else at(when))


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_contracts_are_known_as_far_as_they_had_come() -> None:
    told = {}
    for when in (JANUARY, FEBRUARY, MARCH):
        contracts = known(when).contracts
        assert contracts.of_customer("b") == contracts.of_account("B")
        told[when] = [contracts.find(name) for name in ("K-B", "K-C")]
    assert told[JANUARY] == [None, None]
    assert [found and found.status for found in told[FEBRUARY]] == [ContractStatus.CONCLUDED] * 2
    assert [found and found.status for found in told[MARCH]] == [ContractStatus.ACTIVE, ContractStatus.WITHDRAWN]
    assert known(MARCH).contracts.find("nothing") is None


def test_an_account_is_known_from_its_first_contract() -> None:
    assert list(known(at(JANUARY) - TICK).contracts.accounts()) == []
    assert list(known(JANUARY).contracts.accounts()) == [("A", "a")]
    assert [account for account, _ in known(FEBRUARY).contracts.accounts()] == ["A", "B", "C"]


def test_a_planned_end_of_a_code_is_known_when_it_was_planned() -> None:
    (text,) = (code.text for code in OFFICE.store.promo_codes.of_account("A"))
    told = [known(when).promo_codes.find(text) for when in (at(JANUARY) - TICK, MARCH, APRIL)]
    assert told[0] is None
    assert [code and code.ends_at for code in told[1:]] == [None, at("2021-05-01")]
    assert known(MARCH).promo_codes.of_account("A") == (told[1],)
    assert known(MARCH).promo_codes.find("NOBODYS1") is None
    assert told[1] is not None
    assert told[1].status_at(at("2021-06-01")) is CodeStatus.ACTIVE


def test_groups_are_known_as_they_were_entered() -> None:
    assert [len(known(when).groups.all()) for when in (JANUARY, FEBRUARY)] == [3, 4]
    manual = [known(when).groups.find("referee-manual") for when in (FEBRUARY, MARCH)]
    assert [each and len(each.switches) for each in manual] == [0, 1]
    assert known(JANUARY).groups.find("fair") is None


def test_referrals_are_known_as_they_were_recorded() -> None:
    told = [[referral.status for referral in known(when).referrals.all()] for when in (JANUARY, FEBRUARY, MARCH)]
    assert told == [[], [ReferralStatus.RECORDED] * 2, [ReferralStatus.GRANTED, ReferralStatus.CANCELLED]]
    assert [len(list(known(MARCH).referrals.all(referrer=account))) for account in ("A", "B")] == [2, 0]
    assert known(MARCH).referrals.find("K-A") is None
    assert known(JANUARY).referrals.find("K-B") is None


def test_a_customer_had_a_live_referral_until_it_was_cancelled() -> None:
    assert known(JANUARY).referrals.live_of("c") == ()
    (live,) = known(FEBRUARY).referrals.live_of("c")
    assert live.contract == "K-C"
    assert known(MARCH).referrals.live_of("c") == ()
    assert known(MARCH).referrals.live_of("nobody") == ()


@pytest.mark.rule("B8")
def test_a_fee_note_is_known_when_it_was_made() -> None:
    noted = [known(when).referrals.find("K-B") for when in (MARCH, APRIL)]
    assert [each and len(each.fee_notes) for each in noted] == [0, 1]
    assert noted[1] == OFFICE.store.referrals.find("K-B")


def test_a_grant_is_known_from_when_it_is_effective() -> None:
    keys = [[grant.key for grant in known(when).grants.all()] for when in (FEBRUARY, MARCH)]
    assert keys == [[], ["referee/K-B", "referrer/K-B"]]
    assert [bool(known(when).grants.find("referee/K-B")) for when in (FEBRUARY, MARCH)] == [False, True]
    assert known(MARCH).grants.find("referee/K-9") is None
    assert [known(when).billing.has_grant("referee/K-B") for when in (FEBRUARY, MARCH)] == [False, True]
    assert [grant.account for grant in known(MARCH).grants.all(account="A")] == ["A"]


def test_grants_that_wait_are_told_without_those_of_later() -> None:
    office = Office()
    for number in range(9):
        activated = at(JANUARY if number % 2 else MARCH)
        recorded = attrs.evolve(referral(of=f"K-{number}"), concluded_at=at(JANUARY))
        office.store.referrals.add(recorded, at=at(JANUARY))
        # The activation of the fifth contract was told late.
        told = at(MARCH) if number == 5 else activated
        office.store.referrals.replace(recorded.granted(activated), at=told)
        early = attrs.evolve(grant(of=f"K-{number}"), effective_from=activated, recorded_at=told)
        office.store.grants.add(attrs.evolve(early, wait_until=at(APRIL if number == 3 else MARCH)))
    settled = office.store.grants.find("referee/K-1")
    assert settled is not None
    office.store.grants.change([(settled, settled.after(GrantEvent.BE_FOUND))])
    grants = Knowledge(office.store, by=at(FEBRUARY)).grants
    assert [grant.key for grant in grants.all(unsettled=True)] == ["referee/K-3", "referee/K-7"]
    assert [grant.key for grant in grants.unsettled(at(APRIL), 9)] == ["referee/K-7", "referee/K-3"]
    assert [grant.key for grant in grants.unsettled(at(MARCH), 1)] == ["referee/K-7"]
    assert grants.unsettled(at(FEBRUARY), 9) == ()


def test_a_case_is_known_to_be_open_until_it_was_closed() -> None:
    told = [known(when).cases.find("case-1") for when in (at(JANUARY) - TICK, FEBRUARY, MARCH)]
    assert [each and each.status for each in told] == [None, "open", "abandoned"]
    assert [list(known(when).cases.all()) for when in (at(JANUARY) - TICK, MARCH)] == [[], [told[2]]]
    assert known(MARCH).cases.find("case-2") is None


def test_sharings_and_balances_are_those_of_the_moment_or_of_an_earlier_one() -> None:
    assert [known(when).promo_codes.times_shared("A") for when in (FEBRUARY, APRIL)] == [1, 2]
    assert known(APRIL).promo_codes.times_shared("A", by=at(FEBRUARY)) == known(FEBRUARY).promo_codes.times_shared(
        "A", by=at(APRIL)
    )
    unused = [known(when).billing.balance("B").unused for when in (FEBRUARY, MARCH, APRIL)]
    assert unused == [euros("0"), euros("7"), euros("4")]
    assert known(APRIL).billing.balance("B", by=at(MARCH)) == known(MARCH).billing.balance("B", by=at(APRIL))


@pytest.mark.rule("A2")
def test_the_trace_is_known_up_to_the_first_row_of_a_later_moment() -> None:
    store = Office().store
    for when in (JANUARY, MARCH, FEBRUARY):
        store.trace.append(note("code.end", when, on=account_subject("A")))
        store.trace.seal(at(when))
    store.trace.append(note("code.end", APRIL, on=account_subject("B")))
    trace = Knowledge(store, by=at(FEBRUARY)).trace
    rows = list(trace.chain(account_subject("A")))
    assert [row.moment for row in rows] == [at(JANUARY)]
    assert chain_faults(rows) == ()
    assert list(trace.heads()) == [(account_subject("A"), 1, rows[0].hash)]
    assert list(trace.chain()) == rows
    assert list(trace.chain(after=(account_subject("A"), 1))) == []


@pytest.mark.rule("A2")
def test_seals_are_known_up_to_the_first_one_of_a_later_moment() -> None:
    store = Office().store
    for when in (JANUARY, MARCH, FEBRUARY):
        store.trace.append(note("code.end", when, on=account_subject("A")))
        store.trace.seal(at(when))
    trace = Knowledge(store, by=at(FEBRUARY)).trace
    assert list(trace.seals()) == list(store.trace.seals())[:1]
    assert list(trace.seals(after=1)) == []
    assert list(trace.sealed_heads()) == list(trace.sealed_heads(1)) == list(store.trace.sealed_heads(1))
    assert list(trace.sealed_heads(2)) == []


@pytest.mark.rule("A5")
def test_persons_are_known_as_they_are_now() -> None:
    assert known(JANUARY).personal_data("b") == OFFICE.store.personal_data("b")


def test_what_was_known_of_history_is_a_beginning_of_it() -> None:
    whole = OFFICE.store
    assert known(FEBRUARY).referrals.history("K-B") == whole.referrals.history("K-B")[:1]
    assert known(FEBRUARY).groups.history("referee-manual") == whole.groups.history("referee-manual")[:2]
    assert known(FEBRUARY).promo_codes.history("A") == tuple(states[:2] for states in whole.promo_codes.history("A"))
    assert known(at(JANUARY) - TICK).promo_codes.history("A") == ()


def test_what_was_known_can_be_asked_what_was_known_before() -> None:
    again = Knowledge(known(APRIL), by=at(FEBRUARY))
    assert list(again.referrals.all()) == list(known(FEBRUARY).referrals.all())
    assert again.billing.balance("B") == known(FEBRUARY).billing.balance("B")


def test_the_moment_needs_a_zone() -> None:
    with refused("moment-naive", field="by"):
        Knowledge(OFFICE.store, by=datetime(2021, 3, 1))  # noqa: DTZ001


def test_secret_and_folding_are_what_they_are() -> None:
    assert known(JANUARY).code_key == OFFICE.store.code_key
    assert known(JANUARY).to_ascii("Õnne") == "Onne"


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

WRITES: Final[dict[str, Callable[[Knowledge], object]]] = {
    "contract": lambda past: past.contracts.put(contract("K-N")),
    "code": lambda past: past.promo_codes.add(code(), at=at(MARCH)),
    "code's next state": lambda past: past.promo_codes.replace(code(), at=at(MARCH)),
    "group": lambda past: past.groups.put(group("referrer").done, at=at(MARCH)),
    "referral": lambda past: past.referrals.add(referral(), at=at(MARCH)),
    "referral's next state": lambda past: past.referrals.replace(referral(), at=at(MARCH)),
    "grant": lambda past: past.grants.add(grant()),
    "grant's next state": lambda past: past.grants.change([(grant(), grant())]),
    "case": lambda past: past.cases.open(case()),
    "case's end": lambda past: past.cases.close(case().abandoned(at(MARCH))),
    "sharing": lambda past: past.promo_codes.add_sharing(Sharing(code="A123", account="A", means="link", at=at(MARCH))),
    "row": lambda past: past.trace.append(note("code.end", MARCH)),
    "seal": lambda past: past.trace.seal(at(MARCH)),
    "posted grant": lambda past: past.billing.grant(grant()),
    "bill": lambda past: past.billing.bill("R1", "B", euros("1"), at=at(MARCH)),
    "transfer": lambda past: past.billing.transfer("A", "B", None, at=at(MARCH), key="T1"),
    "what stands at a launch": lambda past: past.contracts.standing(["K-N"], ["N"]),
    "publishing": lambda past: past.trace.publish(9),
    "what is published": lambda past: past.trace.published(0, 9),
    "subscriptions": lambda past: past.trace.subscriptions(),
    "subscription": lambda past: past.trace.subscription("crm"),
    "new subscription": lambda past: past.trace.subscribe("crm", 0),
    "lease": lambda past: past.trace.lease("crm", at=at(MARCH), until=at(APRIL)),
    "subscription's next state": lambda past: past.trace.settle(Subscription("crm"), Subscription("crm", 1)),
    "launched contracts": lambda past: past.contracts.add_all([contract("K-N")]),
    "launch": lambda past: past.contracts.count_accounts(),
    "accounts of a launch": lambda past: past.promo_codes.codeless("", 10, at=at(MARCH)),
    "texts of a launch": lambda past: past.promo_codes.taken(["A123"]),
    "manual ends of a launch": lambda past: past.promo_codes.ended_by_hand(["a"]),
    "launched codes": lambda past: past.promo_codes.add_first([code()], [note("code.end", MARCH)], at=at(MARCH)),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_nothing_can_be_written_into_the_past(write: Callable[[Knowledge], object]) -> None:
    before = OFFICE.state()
    with pytest.raises(TypeError, match=r"what was known at 2021-03-01T10:00:00Z can only be read"):
        write(known(MARCH))
    assert OFFICE.state() == before
