"""The trace as administrators read, verify and seal it, and what is stuck."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import attrs
import pytest
from sqlalchemy import create_engine, text

from examples.portal.administration.trace import ACTS, PAGE
from examples.portal.clock import SUPPLY
from examples.portal.people import STAFF
from examples.portal.world import World
from referral_core import GrantStatus, Money, Side
from tests.examples.portal.test_pages import EVIL, STARTED
from tests.examples.portal.visitor import Visitor

TRACE = "/administration/trace"
MARI, _, TIINA, ANDRES = (person.actor for person in STAFF)
ANNAS, JAANS, PEETERS = "A-1001", "A-1002", "A-1005"


@pytest.fixture
def andres(visitor: Visitor) -> Visitor:
    """Return the administrator, who reads English."""
    return visitor.becomes("Andres Aas").speaks("en")


def acts_on(page: str) -> list[str]:
    """Return the acts of the rows on a page."""
    return re.findall(r"<h3>.*?<code>([\w.-]+)</code>", page)


def articles(page: str) -> list[str]:
    """Return the words of every row on a page."""
    found = re.findall(r"<article.*?</article>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", article).split()) for article in found]


@pytest.mark.rule("A2")
def test_a_row_says_who_did_what_when_why_and_what_changed(andres: Visitor) -> None:
    page = andres.opens(TRACE, about="account", id=JAANS, act="code.end")
    (row,) = articles(page.text)
    assert "Code ended code.end" in row
    assert "9 February 2026" in row
    assert "Tiina Tamm tiina.tamm" in row
    assert "supervisor" in row
    assert "Reason: Found on a coupon site." in row
    assert re.search(r"What Before After .*End – 9 February 2026, 09:0\d", row), "side by side"
    assert re.search(r"Why it ended – by-hand", row)


@pytest.mark.rule("A2")
def test_the_amounts_of_a_group_are_read_by_their_periods(andres: Visitor) -> None:
    rows = articles(andres.opens(TRACE, about="group", id="referrer").text)
    assert "1 September 2025, 09:00 to 31 December 2025 – €10" in rows[-1]
    assert "from 1 September 2025, 09:00 €10 –" in rows[-1], "what was open-ended is so no longer"
    assert "from 1 January 2026 – €15" in rows[-1]


@pytest.mark.rule("A2")
def test_the_rows_of_a_contract_stand_on_the_chain_of_its_referral(andres: Visitor) -> None:
    page = andres.opens(TRACE, about="contract", id="K-1007")
    assert "referral:K-1007" in set(re.findall(r"<code>(referral:[^<]+)</code>", page.text))
    assert {"referral.record", "grant.due", "grant.posted"} <= set(acts_on(page.text))


def test_rows_are_chosen_by_act_by_whom_and_by_day(andres: Visitor) -> None:
    every = acts_on(andres.opens(TRACE, about="account", id=ANNAS).text)
    posted = acts_on(andres.opens(TRACE, about="account", id=ANNAS, act="grant.posted").text)
    assert posted == [act for act in every if act == "grant.posted"] != every
    days = {"since": "2025-11-01", "until": "2025-11-01"}
    day = ["bill.issued", "grant.due", "grant.posted"]
    assert acts_on(andres.opens(TRACE, about="account", id=ANNAS, **days).text) == day
    only_since = acts_on(andres.opens(TRACE, about="account", id=ANNAS, since="2025-11-02").text)
    assert only_since == day
    by_billing = acts_on(andres.opens(TRACE, about="account", id=ANNAS, by="billing").text)
    assert by_billing == [act for act in every if act in {"grant.posted", "bill.issued"}]
    assert acts_on(andres.opens(TRACE, about="programme", by="nobody").text) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"about": "account"}, "id"),
        ({"about": "contract", "id": "K-9999"}, "id"),
        ({"about": "account", "id": ANNAS, "since": "soon"}, "since"),
        ({"about": "account", "id": ANNAS, "since": "2026-02-01", "until": "2026-01-01"}, "until"),
        ({"about": "account", "id": ANNAS, "since": "0001-01-01"}, "since"),
    ],
)
def test_a_search_that_says_too_little_or_nonsense_is_told_at_its_field(
    andres: Visitor, query: dict[str, str], field: str
) -> None:
    for path in (TRACE, "/administration/downloads/trace.jsonl"):
        page = andres.opens(path, **query)
        assert page.status_code == 422, path
        assert query.get("id", "") in page.text
    assert f'id="{field}-wrong"' in andres.opens(TRACE, **query).text


def test_long_chains_are_read_page_by_page(andres: Visitor) -> None:
    world = andres.world
    for number in range(PAGE):
        world.desk.session(actor=ANDRES, now=world.clock.tick()).groups.rename("referrer", name=f"Name {number}")
    count = sum(1 for _ in world.store.trace.chain("group:referrer"))
    first = andres.opens(TRACE, about="group", id="referrer")
    assert len(acts_on(first.text)) == PAGE
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following is not None
    second = andres.opens(following[1].replace("&amp;", "&"))
    assert len(acts_on(second.text)) == count - PAGE
    assert 'rel="prev"' in second.text
    assert 'rel="next"' not in second.text
    assert acts_on(andres.opens(TRACE, about="group", id="referrer", page="0").text) == acts_on(first.text)
    assert acts_on(andres.opens(TRACE, about="group", id="referrer", page="999").text) == []


@pytest.mark.rule("A5")
def test_an_erased_row_says_so_and_names_nobody(andres: Visitor) -> None:
    world, reason = andres.world, "Moved away, says Peeter's neighbour"
    code = world.store.promo_codes.of_account(ANNAS)[-1].text
    world.act(TIINA).codes.end(code, reason=reason)
    (before,) = articles(andres.opens(TRACE, about="account", id=ANNAS, act="code.end").text)
    assert "Tiina Tamm" in before
    (contract,) = world.store.contracts.of_account(ANNAS)
    world.act(SUPPLY).contracts.terminate(contract.id)
    world.act(ANDRES).customers.erase(contract.customer, reason="They asked")
    page = andres.opens(TRACE, about="account", id=ANNAS, act="code.end")
    *_, after = articles(page.text)
    assert "erased at the customer's wish" in after.replace("&#39;", "'")
    assert reason not in after


@pytest.mark.rule("A2")
def test_the_trace_is_verified_and_sealed_in_words(andres: Visitor) -> None:
    assert "has not been verified" in andres.opens("/administration").text
    page = andres.sends(f"{TRACE}/verification")
    assert "The trace is whole" in page.text
    rows = sum(1 for _ in andres.world.store.trace.chain())
    assert f"Read: {rows} rows" in page.text
    assert f"Under no seal yet: {rows}." in page.text
    assert "The trace is whole" in andres.opens("/administration").text

    assert "Seal 1 is set" in andres.sends(f"{TRACE}/seal").text
    (seal,) = andres.world.store.trace.seals()
    assert "so none was set" in andres.sends(f"{TRACE}/seal").text
    page = andres.sends(f"{TRACE}/verification", expected=seal.hash)
    assert "The trace is whole" in page.text
    assert seal.hash in page.text
    page = andres.sends(f"{TRACE}/verification", expected="0" * 64)
    assert "Faults in the trace: 1" in page.text
    assert "Faults in the trace: 1" in andres.opens("/administration").text


def tampers(folder: Path, statement: str) -> None:
    """Change the database of a world behind everybody's back."""
    database = create_engine(f"sqlite:///{folder / 'world' / 'referral.db'}")
    with database.begin() as connection:
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text(statement))
    database.dispose()


@pytest.mark.rule("A2")
def test_what_was_tampered_with_is_found(andres: Visitor, tmp_path: Path) -> None:
    tampers(tmp_path, "UPDATE trace_entries SET reason = 'x' WHERE reason = 'Found on a coupon site.'")
    page = andres.sends(f"{TRACE}/verification")
    assert "Faults in the trace: 1" in page.text
    assert f"account:{JAANS} row" in page.text
    assert "its actor or reason was changed" in page.text


@pytest.mark.rule("A2")
def test_a_row_that_cannot_be_read_is_told_after_those_that_can(andres: Visitor, tmp_path: Path) -> None:
    tampers(tmp_path, f"UPDATE trace_entries SET role = 'x' WHERE subject = 'account:{ANNAS}' AND number = 2")
    page = andres.opens(TRACE, about="account", id=ANNAS)
    assert acts_on(page.text) == ["code.issue"]
    assert f"Row 2 of account:{ANNAS} cannot be read." in page.text
    lines = andres.opens("/administration/downloads/trace.jsonl", about="account", id=ANNAS).text.splitlines()
    assert len(lines) == 2
    assert "cannot be read" in lines[-1]


def test_an_act_that_this_version_does_not_know_is_shown_by_its_name(andres: Visitor, tmp_path: Path) -> None:
    tampers(tmp_path, f"UPDATE trace_entries SET act = 'code.dance' WHERE subject = 'account:{ANNAS}' AND number = 2")
    assert "code.dance" in acts_on(andres.opens(TRACE, about="account", id=ANNAS).text)


def test_every_act_that_leaves_a_row_can_be_looked_for(andres: Visitor) -> None:
    assert {row.act for row in andres.world.store.trace.chain()} <= set(ACTS)
    for act in ACTS:
        assert f'<option value="{act}">' in andres.opens(TRACE).text
    assert "code.check" not in ACTS


def a_stuck_grant(world: World) -> str:
    """Return the key of a grant that is stuck: Maarja's, whose contract begins before its day."""
    *_, referral = world.store.referrals.all(referrer=ANNAS)
    world.act(SUPPLY).contracts.activate(referral.contract)
    grant = world.store.grants.find(f"referee/{referral.contract}")
    assert grant is not None
    at = world.clock.now
    failed = attrs.evolve(grant, attempts=12, wait_until=None, problem="unavailable", failed_at=at)
    assert world.store.grants.change([(grant, failed)])
    return grant.key


@pytest.mark.rule("B2")
def test_what_is_stuck_is_seen_and_tried_again_with_a_reason(andres: Visitor) -> None:
    world, key = andres.world, ""
    assert "Nothing is stuck." in andres.opens("/administration/stuck").text
    assert "No discount is stuck" in andres.opens("/administration").text
    key = a_stuck_grant(world)
    assert "Discounts stuck on the way to billing: 1" in andres.opens("/administration").text
    page = andres.opens("/administration/stuck").text
    assert "unavailable" in page
    assert "€7" in page

    refused = andres.sends("/administration/stuck", key=key, reason=" ")
    assert refused.status_code == 422
    assert "<code>reason-missing</code>" in refused.text
    assert 'aria-invalid="true"' in refused.text
    grant = world.store.grants.find(key)
    assert grant is not None
    assert grant.is_stuck
    assert andres.sends("/administration/stuck", key="referee/no", reason="Why not").status_code == 422

    assert "is tried again" in andres.sends("/administration/stuck", key=key, reason="Billing is back").text
    world.simulation.move_to(date(2026, 3, 3))
    grant = world.store.grants.find(key)
    assert grant is not None
    assert (grant.status, world.store.billing.balance(grant.account).granted) == (GrantStatus.GRANTED, Money("7"))


def test_what_is_looked_for_is_never_a_part_of_the_page(andres: Visitor) -> None:
    world = andres.world
    world.act(ANDRES).groups.add(EVIL, side=Side.REFEREE, name=EVIL)
    world.act(ANDRES).groups.set_amount(EVIL, Money("7"), reason=EVIL)
    assert "&lt;script&gt;alert" in articles(andres.opens(TRACE, about="group", id=EVIL).text)[-1]
    asked = dict.fromkeys(("id", "by", "since", "until", "act", "page"), EVIL)
    pages = [
        andres.opens(TRACE, about="account", **asked),
        andres.opens(TRACE, about="group", id=EVIL),
        andres.opens(TRACE, about=EVIL, id=EVIL),
        andres.opens("/administration/downloads/trace.jsonl", about="contract", **asked),
        andres.sends(f"{TRACE}/verification", expected=EVIL),
        andres.sends("/administration/stuck", key=EVIL, reason=EVIL),
    ]
    assert not [page.url for page in pages if STARTED in page.text]
