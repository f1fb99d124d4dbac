"""What every act promises, whatever its noun: over all of them, by their declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import attrs
import pytest

from referral_core import Actor, Role, Side
from referral_core.session import ACTS, Session
from tests.core.every_act import GIVEN, ask, busy
from tests.office import WHEN, WHY, Office
from tests.phrases import euros, refused

EVERY_ACT: Final = pytest.mark.parametrize("act", ACTS)
EVERY_ACT_WITHOUT_CHANCE: Final = pytest.mark.parametrize("act", [act for act in ACTS if act != "customer.erase"])
"""Every act that does the same in two stores; a pseudonym is another one each time."""
READS: Final = {act.name for act in ACTS.values() if act.reads}
NAMING: Final = {"id", "channel", "name"}
"""The kinds of arguments that are ids and names."""
UNTRACED: Final = {*READS, "trace.seal"}
"""What an auditor does is about no subject; a seal is its own record."""


def test_every_act_is_given_arguments_to_be_asked_for_by() -> None:
    assert set(GIVEN) == set(ACTS)


@EVERY_ACT
def test_an_act_changes_something_unless_it_says_that_it_reads(act: str) -> None:
    office = busy()
    before = office.state()
    ask(office.session(), act)
    assert (office.state() == before) == (act in READS)


@pytest.mark.rule("M1")
@EVERY_ACT
def test_a_moment_without_a_zone_is_refused_and_changes_nothing(act: str) -> None:
    office = busy()
    before = office.state()
    with refused("moment-naive", field="now"):
        ask(office.session(WHEN.replace(tzinfo=None)), act)
    assert office.state() == before


def moments_in(value: object) -> Iterator[datetime]:
    """Yield every moment in a value, however deep."""
    kind = type(value)
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from moments_in(item)
    elif attrs.has(kind):
        yield from moments_in([getattr(value, field.name) for field in attrs.fields(kind)])


@pytest.mark.rule("M1")
@pytest.mark.parametrize("zone", ["Europe/Tallinn", "Asia/Kathmandu", "America/Sao_Paulo"])
@EVERY_ACT_WITHOUT_CHANCE
def test_a_moment_in_any_offset_is_the_same_moment_and_kept_in_utc(act: str, zone: str) -> None:
    here, there = busy(), busy()
    outcome = ask(here.session(), act)
    elsewhere = ask(there.session(WHEN.astimezone(ZoneInfo(zone))), act)
    assert elsewhere == outcome
    assert there.state() == here.state()
    kept = [*moments_in(elsewhere), *moments_in(there.state())]
    assert {moment.tzinfo for moment in kept} == {UTC}
    assert WHEN in kept or act in {"bill.issued", "bill.cancelled"} or act in READS


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    "act", [act for act in ACTS if act not in UNTRACED and ACTS[act].least not in {Role.CUSTOMER, Role.SYSTEM}]
)
def test_a_manual_act_leaves_a_trace_of_who_when_and_why(act: str) -> None:
    office = busy()
    before = {row.hash for row in office.all_traced()}
    ask(office.session(by=Actor("Mari", ACTS[act].least)), act)
    added = [row for row in office.all_traced() if row.hash not in before]
    assert added
    assert {(row.moment, row.actor, row.role) for row in added} == {(WHEN, "Mari", ACTS[act].least)}
    assert {row.reason for row in added} == {WHY} if "reason" in GIVEN[act] else True
    for row in added:
        office.traced(row.subject)


# ── ids and names ─────────────────────────────────────────────────────────────────────────────────────────────────────

EVERY_NAME: Final = pytest.mark.parametrize(
    ("act", "field"),
    [(act.name, each.name) for act in ACTS.values() for each in act.params.values() if each.kind.name in NAMING],
)
UNFIT: Final = ("", " ", " a", "\u00a0", "a\u200bb", "\u200d", "\u3164", "\u0301", "a\0b", "a\nb", "\ud800", "x" * 201)


@pytest.fixture(scope="module")
def refusing() -> Office:
    """Return an office in which nothing is done."""
    return busy()


@pytest.mark.rule("D2")
@EVERY_NAME
def test_what_is_no_id_and_no_name_is_refused_wherever_one_is_due(refusing: Office, act: str, field: str) -> None:
    before = refusing.state()
    for unfit in UNFIT:
        with refused("name-invalid", field=ACTS[act].params[field].wire):
            ask(refusing.session(), act, **{field: unfit})
    assert refusing.state() == before


@pytest.mark.rule("D2")
@EVERY_NAME
def test_an_id_and_a_name_are_the_same_however_their_accents_are_typed(act: str, field: str) -> None:
    given = ACTS[act].bind((), {**GIVEN[act], field: "Ma\u0308nd"})
    assert given[field] == "M\u00e4nd"


# ── transactions ──────────────────────────────────────────────────────────────────────────────────────────────────────


class CallerFails(Exception):
    """Something of the caller's own went wrong."""


@EVERY_ACT_WITHOUT_CHANCE
def test_a_host_that_forgets_a_transaction_gets_the_same(act: str) -> None:
    forgetful, careful = busy(), busy()
    outcome = ask(forgetful.session(), act)
    with careful.store.transaction():
        assert ask(careful.session(), act) == outcome
    assert careful.state() == forgetful.state()


@EVERY_ACT
def test_the_caller_owns_the_transaction_and_takes_everything_back_with_it(act: str) -> None:
    office = busy()
    before = office.state()
    with suppress(CallerFails), office.store.transaction():
        ask(office.session(), act)
        assert (office.state() == before) == (act in READS)
        raise CallerFails
    assert office.state() == before
    ask(office.session(), act)


REFUSED: Final[dict[str, Callable[[Session], object]]] = {
    "code-unknown": lambda session: session.sign_ups.conclude("NEW", account="N", customer="n", code="B999"),
    "already-referred": lambda session: session.sign_ups.attach("OPEN", code="A123"),
    "existing-customer": lambda session: session.sign_ups.conclude("NEW", account="G", customer="g", code="A123"),
    "group-unknown": lambda session: session.cases.finish(
        "case-1", contract="NEW", account="F", customer="f", group="nobody"
    ),
    "contract-exists": lambda session: session.cases.finish("case-1", contract="BARE", account="F", customer="f"),
    "code-taken": lambda session: session.codes.issue("A", code="a-123", replace=True),
    "moment-invalid": lambda session: session.contracts.activate("OPEN", at=WHEN.replace(year=2020)),
    "contract-active": lambda session: session.contracts.withdraw("PAID"),
    "contract-pending": lambda session: session.contracts.terminate("OPEN"),
    "amount-exceeds-unused": lambda session: session.discounts.transfer("E", "E2", amount=euros("7.01")),
    "group-exists": lambda session: session.groups.add("new", side=Side.REFEREE, name="FAIR"),
    "case-exists": lambda session: session.cases.open("case-1", customer="h"),
}


@pytest.mark.rule("S6", "S8")
@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_refused_changes_nothing_even_without_a_transaction(reason: str) -> None:
    office = busy()
    before = office.state()
    with refused(reason):
        REFUSED[reason](office.session())
    assert office.state() == before
