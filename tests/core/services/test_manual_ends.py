"""A manual ending under ``manual_end_blocks = "customer"``: the customer's other codes end, and stay away (C7, C8)."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from referral_core import Actor, Programme, Role
from referral_core.entities.promo_code import CodeStatus, Ending, Issuing
from referral_core.programme.settings import ManualEndBlocks
from tests.office import HOUSEHOLD, WHY, Office
from tests.phrases import at, refused

pytestmark = pytest.mark.rule("C7")

BLOCKING: Final = attrs.evolve(HOUSEHOLD, manual_end_blocks=ManualEndBlocks.CUSTOMER)
END: Final = "2021-02-10 12:00"
STAFF: Final = Actor("Mari", Role.SUPERVISOR)


def family(programme: Programme = BLOCKING) -> Office:
    """Return an office where Ann has an active code on A, a pending one on B, and D belongs to somebody else."""
    office = Office(programme)
    for contract, account, customer in (("K-A", "A", "ann"), ("K-B", "B", "ann"), ("K-D", "D", "dan")):
        office.concluded(contract, on=account, of=customer)
    office.activated("K-A")
    return office


def present(office: Office, account: str, when: str = END) -> str | None:
    found = office.session(when).codes.present(account)
    return None if found is None else found.text


def ended(office: Office, when: str = END, at_: str | None = None) -> None:
    code = present(office, "A", when)
    assert code is not None
    office.session(when, STAFF).codes.end(code, ends_at=None if at_ is None else at(at_), reason=WHY)


def test_the_other_codes_end_with_it_at_its_moment() -> None:
    office = family()
    ended(office)
    for account in ("A", "B"):
        (code,) = office.store.promo_codes.of_account(account)
        assert (code.ends_at, code.ending, code.ending_reason) == (at(END), Ending.BY_HAND, WHY)
        row = office.traced(account)[-1]
        assert (row.act, row.actor, row.reason) == ("code.end", "Mari", WHY)
    assert present(office, "D") is not None
    assert office.store.promo_codes.of_account("D")[0].ending is None


def test_a_planned_end_takes_them_along_and_so_does_moving_it() -> None:
    office = family()
    for moment in ("2021-03-01", "2021-02-20"):
        ended(office, at_=moment)
        for account in ("A", "B"):
            (code,) = office.store.promo_codes.of_account(account)
            assert code.ends_at == at(moment)
    assert present(office, "B", "2021-02-19") is not None
    assert present(office, "B", "2021-02-20") is None


def test_what_has_ended_stays_as_it_was() -> None:
    office = family()
    office.withdrawn("K-B", "2021-02-05 12:00")
    ended(office)
    (code,) = office.store.promo_codes.of_account("B")
    assert (code.ends_at, code.ending) == (at("2021-02-05 12:00"), Ending.CONTRACTS_ENDED)


@pytest.mark.rule("C3", "C8")
def test_no_account_of_the_customer_gets_a_code_by_itself() -> None:
    office = family()
    ended(office)
    assert office.concluded("K-C", on="C", of="ann", when="2021-03-01").issued is None
    assert office.activated("K-C", "2021-03-02").issued is None
    office.terminated("K-A", "2021-03-03")
    assert office.concluded("K-A2", on="A", of="ann", when="2021-03-04").issued is None
    assert office.activated("K-A2", "2021-03-05").issued is None
    assert office.activated("K-B", "2021-03-06").issued is None
    assert office.concluded("K-E", on="E", of="eve", when="2021-03-07").issued is not None


@pytest.mark.rule("C9")
def test_a_code_by_hand_lifts_it_for_its_account_alone() -> None:
    office = family()
    ended(office)
    issued = office.session("2021-03-01").codes.issue("B")
    assert (issued.issuing, issued.status_at(at("2021-03-01"))) == (Issuing.BY_HAND, CodeStatus.PENDING)
    office.withdrawn("K-B", "2021-03-02")
    assert office.concluded("K-B2", on="B", of="ann", when="2021-03-03").issued is not None
    assert office.concluded("K-A2", on="A", of="ann", when="2021-03-04").issued is None


@pytest.mark.rule("C9")
def test_a_replacement_is_no_manual_ending() -> None:
    office = family()
    office.session(END).codes.issue("A", replace=True)
    assert present(office, "B") is not None
    assert office.concluded("K-C", on="C", of="ann", when="2021-03-01").issued is not None


def test_by_default_the_customers_other_accounts_go_on() -> None:
    office = family(HOUSEHOLD)
    ended(office)
    assert present(office, "B") is not None
    assert office.concluded("K-C", on="C", of="ann", when="2021-03-01").issued is not None


@pytest.mark.rule("C2")
@pytest.mark.parametrize(("programme", "expected"), [(BLOCKING, ["F"]), (HOUSEHOLD, ["C", "F"])])
def test_a_launch_passes_the_customer_over(programme: Programme, expected: list[str]) -> None:
    office = family(programme)
    ended(office)
    # An account may have come without a code, as imported ones do.
    imported = office.concluded("K-X", on="X", of="xen").contract
    for account, customer in (("C", "ann"), ("F", "fay")):
        contract = attrs.evolve(imported, id=f"K-{account}", account=account, customer=customer)
        office.session("2021-03-01").launch.import_contracts([contract.activated(at("2021-02-02"))])
    codes = office.session("2021-03-02").launch.issue_codes().codes
    assert [code.account for code in codes] == expected


@pytest.mark.rule("A1", "A6")
def test_who_may_not_see_the_customers_other_accounts_may_not_end_their_codes() -> None:
    office = family()
    office.concluded("K-G", on="G", of="ann", segment="micro-business")
    limited = Actor("Mari", Role.SUPERVISOR, segments=frozenset({"household"}))
    code = present(office, "A")
    assert code is not None
    before = office.state()
    with refused("not-allowed"):
        office.session(END, limited).codes.end(code, reason=WHY)
    assert office.state() == before
    other = present(office, "D")
    assert other is not None
    office.session(END, limited).codes.end(other, reason=WHY)
    with refused("not-allowed"):
        office.session(END, limited).codes.end("ZZZZ9999", reason=WHY)
    lone = family(HOUSEHOLD)
    lone.concluded("K-G", on="G", of="ann", segment="micro-business")
    code = present(lone, "A")
    assert code is not None
    lone.session(END, limited).codes.end(code, reason=WHY)
