"""Whom the desk admits to what, over all of its acts: by role, to one's own accounts, by segments (A1).

Both tables are written out by hand. They name every act of the desk; an act that they do not name fails here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from inspect import Parameter, getmembers, ismethod, signature
from typing import Final

import attrs
import pytest

from referral_core import Actor, Reason, ReferralDesk, Role, Side
from referral_core.session import SERVICES
from tests.core.test_desk_acts import ACTS, HOUSEHOLD, NOON, SYSTEM, WHEN, WHY, Office, busy
from tests.core.test_permissions import ROLES
from tests.phrases import at, contract, euros, refused

Doing = Callable[[ReferralDesk, Actor], object]


def acts_of(desk: ReferralDesk) -> dict[str, Callable[..., object]]:
    """Return every act of a session of the desk, by its noun and its own name."""
    session = desk.session(actor=SYSTEM, now=WHEN)
    return {
        f"{name}.{verb}": act
        for name in SERVICES.values()
        for verb, act in getmembers(getattr(session, name), ismethod)
        if not verb.startswith("_")
    }


def rows(table: str) -> dict[str, list[str]]:
    """Return the rows of a table by their first word."""
    return {first: rest for first, *rest in (line.split() for line in table.strip().splitlines())}


# ── roles ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

WHO_MAY: Final = rows("""
    act                       own   other  agent  supervisor  administrator  system
    codes.check               yes   yes    yes    yes         yes            yes
    sharing.share             yes   no     yes    yes         yes            yes
    sharing.text              yes   no     yes    yes         yes            yes
    sharing.figures           yes   no     yes    yes         yes            yes
    codes.present             yes   no     yes    yes         yes            yes
    accounts.of_customer      yes   no     yes    yes         yes            yes
    accounts.show             yes   no     yes    yes         yes            yes
    accounts.referrals        yes   no     yes    yes         yes            yes
    accounts.movements        yes   no     yes    yes         yes            yes
    accounts.activity         no    no     yes    yes         yes            yes
    sign_ups.find             no    no     yes    yes         yes            yes
    sign_ups.page             no    no     yes    yes         yes            yes
    cases.find                no    no     yes    yes         yes            yes
    cases.page                no    no     yes    yes         yes            yes
    groups.all                no    no     yes    yes         yes            yes
    groups.find               no    no     yes    yes         yes            yes
    groups.preview            no    no     no     no          yes            yes
    codes.show                no    no     yes    yes         yes            yes
    sign_ups.conclude         no    no     yes    yes         yes            yes
    sign_ups.attach           no    no     yes    yes         yes            yes
    referrals.change_group    no    no     yes    yes         yes            yes
    codes.issue               no    no     yes    yes         yes            yes
    referrals.explain         no    no     yes    yes         yes            yes
    cases.open                no    no     yes    yes         yes            yes
    cases.finish              no    no     yes    yes         yes            yes
    cases.abandon             no    no     yes    yes         yes            yes
    codes.end                 no    no     no     yes         yes            yes
    discounts.transfer        no    no     no     yes         yes            yes
    discounts.note_fee        no    no     no     yes         yes            yes
    discounts.propose_fee     no    no     no     yes         yes            yes
    groups.add                no    no     no     no          yes            yes
    groups.rename             no    no     no     no          yes            yes
    groups.disable            no    no     no     no          yes            yes
    groups.enable             no    no     no     no          yes            yes
    groups.set_amount         no    no     no     no          yes            yes
    trace.rows                no    no     no     no          yes            yes
    trace.rows_of_contract    no    no     no     no          yes            yes
    trace.seal                no    no     no     no          yes            yes
    trace.verify              no    no     no     no          yes            yes
    customers.erasable        no    no     no     no          yes            yes
    customers.erase           no    no     no     no          yes            yes
    launch.import_contracts   no    no     no     no          yes            yes
    launch.due                no    no     no     no          yes            yes
    launch.issue_codes        no    no     no     no          yes            yes
    contracts.activate        no    no     no     no          no             yes
    contracts.terminate       no    no     no     no          no             yes
    contracts.withdraw        no    no     no     no          no             yes
    discounts.bill            no    no     no     no          no             yes
    payouts.pay_due           no    no     no     no          no             yes
    payouts.pay               no    no     no     no          no             yes
    payouts.pay_all           no    no     no     no          no             yes
    payouts.stuck             no    no     no     yes         yes            yes
    payouts.backlog           no    no     no     yes         yes            yes
    payouts.retry             no    no     no     yes         yes            yes
""")
"""Who may do each act. Everything is done to customer A: ``own`` is that customer, ``other`` is another one."""

COLUMNS: Final = WHO_MAY.pop("act")
BY: Final = {
    "own": Actor("a", Role.CUSTOMER),
    "other": Actor("z", Role.CUSTOMER),
    **{role.value: Actor("Mari", role) for role in ROLES if role is not Role.CUSTOMER},
}


def of_act(act: str) -> Doing:
    return lambda desk, actor: ACTS[act](desk, WHEN, actor)


DOING: Final[dict[str, Doing]] = {
    "codes.check": lambda desk, actor: desk.session(actor=actor, now=WHEN).codes.check("A123", customer="a"),
    "sign_ups.conclude": of_act("contract.concluded"),
    "sign_ups.attach": of_act("code.attach"),
    "referrals.change_group": of_act("referral.change-group"),
    "contracts.activate": of_act("contract.activated"),
    "contracts.terminate": of_act("contract.terminated"),
    "contracts.withdraw": of_act("contract.withdrawn"),
    "codes.issue": of_act("code.issue"),
    "codes.end": of_act("code.end"),
    "codes.present": of_act("code.present"),
    "sharing.share": of_act("code.shared"),
    "sharing.text": of_act("sharing.text"),
    "sharing.figures": of_act("sharing.figures"),
    "accounts.of_customer": lambda desk, actor: desk.session(actor=actor, now=WHEN).accounts.of_customer("a"),
    "accounts.show": of_act("account.show"),
    "accounts.referrals": lambda desk, actor: desk.session(actor=actor, now=WHEN).accounts.referrals("A"),
    "accounts.movements": lambda desk, actor: desk.session(actor=actor, now=WHEN).accounts.movements("A"),
    "accounts.activity": of_act("account.activity"),
    "sign_ups.find": of_act("sign-up.show"),
    "sign_ups.page": lambda desk, actor: desk.session(actor=actor, now=WHEN).sign_ups.page(),
    "cases.find": of_act("case.show"),
    "cases.page": lambda desk, actor: desk.session(actor=actor, now=WHEN).cases.page(),
    "groups.all": lambda desk, actor: desk.session(actor=actor, now=WHEN).groups.all(),
    "groups.find": of_act("group.show"),
    "groups.preview": lambda desk, actor: desk.session(actor=actor, now=WHEN).groups.preview("fair", euros("9")),
    "codes.show": of_act("code.show"),
    "referrals.explain": of_act("referral.explain"),
    "cases.open": of_act("case.open"),
    "cases.finish": of_act("case.finish"),
    "cases.abandon": of_act("case.abandon"),
    "groups.add": of_act("group.add"),
    "groups.rename": of_act("group.rename"),
    "groups.disable": of_act("group.disable"),
    "groups.enable": of_act("group.enable"),
    "groups.set_amount": of_act("amount.set"),
    "discounts.bill": of_act("bill.issued"),
    "discounts.transfer": of_act("discount.transfer"),
    "discounts.note_fee": of_act("termination-fee.note"),
    "launch.import_contracts": of_act("contract.import"),
    "launch.due": lambda desk, actor: desk.session(actor=actor, now=WHEN).launch.due(),
    "launch.issue_codes": of_act("code.launch"),
    "payouts.pay_due": of_act("grant.pay"),
    "payouts.pay": lambda desk, actor: desk.session(actor=actor, now=WHEN).payouts.pay([]),
    "payouts.pay_all": lambda desk, actor: desk.session(actor=actor, now=WHEN).payouts.pay_all(),
    "payouts.stuck": lambda desk, actor: list(desk.session(actor=actor, now=WHEN).payouts.stuck()),
    "payouts.backlog": lambda desk, actor: desk.session(actor=actor, now=WHEN).payouts.backlog(),
    "payouts.retry": of_act("grant.retry"),
    "trace.rows": of_act("trace.show"),
    "trace.rows_of_contract": lambda desk, actor: desk.session(actor=actor, now=WHEN).trace.rows_of_contract("OPEN"),
    "trace.seal": of_act("trace.seal"),
    "trace.verify": of_act("trace.verify"),
    "customers.erasable": lambda desk, actor: desk.session(actor=actor, now=WHEN).customers.erasable("x"),
    "customers.erase": of_act("customer.erase"),
    "discounts.propose_fee": of_act("termination-fee.propose"),
}
EVERY: Final = pytest.mark.parametrize("act", DOING)
FOR_ALL: Final = (
    "launch.due",
    "launch.issue_codes",
    "payouts.pay_due",
    "payouts.pay",
    "payouts.pay_all",
    "payouts.backlog",
)
"""What is done for every account that is there, so for whoever may see all segments."""
WITHIN: Final = pytest.mark.parametrize("act", [act for act in DOING if act not in FOR_ALL])


@pytest.mark.rule("A1")
def test_the_tables_name_every_act_of_the_desk() -> None:
    acts = acts_of(Office().desk)
    assert sorted(WHO_MAY) == sorted(acts)
    assert sorted(TOUCHED) == sorted(acts)
    assert sorted(DOING) == sorted(acts)
    assert list(BY) == COLUMNS


@pytest.mark.rule("A1", "M1")
def test_actor_and_now_are_the_sessions_and_a_fact_that_is_older_says_so_by_keyword() -> None:
    for name, act in acts_of(Office().desk).items():
        taken = signature(act).parameters
        assert not {"actor", "now"} & taken.keys(), name
        assert "at" not in taken or taken["at"].kind is Parameter.KEYWORD_ONLY, name


@pytest.mark.rule("A1")
@EVERY
def test_an_act_is_done_by_whom_the_table_says_and_refused_to_all_others(act: str) -> None:
    office = busy()
    for column, may in zip(COLUMNS, WHO_MAY[act], strict=True):
        before = office.state()
        if may == "yes":
            with undone(office):
                DOING[act](office.desk, BY[column])
        else:
            assert may == "no"
            with refused("not-allowed", field="actor"):
                DOING[act](office.desk, BY[column])
        assert office.state() == before


class Undone(Exception):
    """Takes back what was done."""


@contextmanager
def undone(office: Office) -> Iterator[None]:
    """Take back what is done inside."""
    with suppress(Undone), office.store.transaction():
        yield
        raise Undone


# ── segments ──────────────────────────────────────────────────────────────────────────────────────────────────────────

TOUCHED: Final = rows("""
    codes.check               sign-up  holder  customer
    sign_ups.conclude         sign-up  holder  customer  account
    sign_ups.attach                    holder  customer  account
    referrals.change_group             holder            account
    contracts.activate                                   account
    contracts.terminate                                  account
    contracts.withdraw                                   account
    referrals.explain                  holder            account
    accounts.of_customer
    accounts.show                                        account
    accounts.referrals                                   account
    accounts.movements                                   account
    accounts.activity                                    account
    sign_ups.find                      holder            account
    sign_ups.page
    cases.find                sign-up  holder
    cases.page
    groups.all
    groups.find
    groups.preview
    codes.show                         holder
    codes.issue                                          account
    codes.present                                        account
    codes.end                          holder
    sharing.share                      holder
    sharing.text                       holder
    sharing.figures                                      account
    cases.open                sign-up  holder  customer
    cases.finish              sign-up  holder  customer  account
    cases.abandon             sign-up  holder
    discounts.bill                                       account
    discounts.transfer                                   account  target
    discounts.note_fee                 holder            account
    discounts.propose_fee              holder            account
    trace.rows                         holder
    trace.rows_of_contract             holder            account
    trace.seal
    trace.verify
    customers.erasable                                   account
    customers.erase                                      account
    launch.import_contracts   sign-up
    launch.due
    launch.issue_codes
    groups.add
    groups.rename
    groups.disable
    groups.enable
    groups.set_amount
    payouts.pay_due
    payouts.pay
    payouts.pay_all
    payouts.stuck
    payouts.backlog
    payouts.retry                                        account
""")
"""What each act shows or changes: each must be in the segments of an actor who is limited to some.

``sign-up`` is the contract that is asked about or concluded, or what a case is about; ``holder`` the account that
holds the code in question; ``customer`` another account of the customer a code is judged for; ``account`` the account
that the act is about, with all contracts on it, and ``target`` the one that a discount is moved to.
"""

PIECES: Final = ("sign-up", "holder", "customer", "account", "target")
BOTH: Final = ("household", "micro-business")


def town(**segments: str) -> Office:
    """Return an office in which every act can be done; all is of households but for the pieces that are named."""
    of = {piece: segments.get(piece.replace("-", "_"), "household") for piece in PIECES}
    office = Office(attrs.evolve(HOUSEHOLD, segments=BOTH, issuing_segments=BOTH)).with_amounts()

    def concluded(contract: str, on: str, piece: str, customer: str, code: str | None = None) -> None:
        office.concluded(contract, on=on, of=customer, segment=of[piece], code=code)

    office.concluded("K-A", on="A", when="2021-01-05 12:00", segment=of["holder"])
    office.activated("K-A", "2021-01-05 12:00")
    office.desk.session(actor=SYSTEM, now=at("2021-01-06")).codes.issue("A", code="A123", replace=True)
    for customer in ("c", "f", "n", "h"):
        concluded(f"K-{customer}2", f"{customer}2", "customer", customer)
    for account in ("F", "N"):
        concluded(f"K-{account}", account, "account", account.lower())
    concluded("OPEN", "B", "account", "b", code="A123")
    concluded("BARE", "C", "account", "c")
    concluded("DUE", "I", "account", "i", code="A123")
    concluded("GONE", "X", "account", "x")
    office.withdrawn("GONE")
    for named, account in (("PAID", "D"), ("LEFT", "E")):
        concluded(named, account, "account", account.lower(), code="A123")
        office.activated(named)
    office.paid()
    office.terminated("LEFT", "2021-03-01")
    office.activated("DUE")
    concluded("STAYED", "E2", "target", "e")
    office.activated("STAYED")
    office.desk.session(actor=SYSTEM, now=at(NOON)).cases.open(
        "case-1", customer="f", code="A123", segment=of["sign-up"]
    )
    office.desk.session(actor=SYSTEM, now=at(NOON)).groups.add("fair", side=Side.REFEREE)
    return office


def doing_in(town_of: dict[str, str]) -> dict[str, Doing]:
    """Return every act, as it is done in a town."""
    segment = town_of.get("sign_up", "household")
    return DOING | {
        "codes.check": lambda desk, actor: desk.session(actor=actor, now=WHEN).codes.check(
            "A123", customer="h", segment=segment
        ),
        "sign_ups.conclude": lambda desk, actor: desk.session(actor=actor, now=WHEN).sign_ups.conclude(
            "NEW", account="N", customer="n", segment=segment, code="A123"
        ),
        "launch.import_contracts": lambda desk, actor: desk.session(actor=actor, now=WHEN).launch.import_contracts(
            [contract("NEW", on="N", of="n", segment=segment)], reason=WHY
        ),
        "cases.open": lambda desk, actor: desk.session(actor=actor, now=WHEN).cases.open(
            "case-2", customer="h", segment=segment, code="A123"
        ),
        "codes.issue": lambda desk, actor: desk.session(actor=actor, now=WHEN).codes.issue(
            "D", replace=True, reason=WHY
        ),
        "codes.present": lambda desk, actor: desk.session(actor=actor, now=WHEN).codes.present("D"),
        "sharing.figures": lambda desk, actor: desk.session(actor=actor, now=WHEN).sharing.figures("D"),
        "accounts.show": lambda desk, actor: desk.session(actor=actor, now=WHEN).accounts.show("D"),
        "accounts.referrals": lambda desk, actor: desk.session(actor=actor, now=WHEN).accounts.referrals("D"),
        "accounts.movements": lambda desk, actor: desk.session(actor=actor, now=WHEN).accounts.movements("D"),
        "accounts.activity": lambda desk, actor: desk.session(actor=actor, now=WHEN).accounts.activity("D"),
        "sign_ups.find": lambda desk, actor: desk.session(actor=actor, now=WHEN).sign_ups.find("PAID"),
    }


def limited(role: Role, segment: str) -> Actor:
    return Actor("a", role, frozenset({segment}))


def admitted(act: str) -> list[Role]:
    """Return the roles that may do an act, customers left out: only staff and systems are limited to segments."""
    return [role for role in ROLES if role is not Role.CUSTOMER and WHO_MAY[act][COLUMNS.index(role)] == "yes"]


@pytest.mark.rule("A1")
@pytest.mark.parametrize("piece", PIECES)
@WITHIN
def test_whatever_an_act_touches_must_be_in_the_actors_segments(act: str, piece: str) -> None:
    named = {piece.replace("-", "_"): "micro-business"}
    office = town(**named)
    doing, before = doing_in(named)[act], office.state()
    for role in admitted(act):
        if piece in TOUCHED[act]:
            with refused("not-allowed", field="actor", naming="a segment outside household"):
                doing(office.desk, limited(role, "household"))
        else:
            with undone(office):
                doing(office.desk, limited(role, "household"))
        assert office.state() == before


@pytest.mark.rule("A1")
@WITHIN
def test_who_manages_households_does_not_need_companies_nor_the_other_way_round(act: str) -> None:
    companies = {piece.replace("-", "_"): "micro-business" for piece in PIECES}
    for own, other, named in (("household", "micro-business", {}), ("micro-business", "household", companies)):
        office = town(**named)
        doing = doing_in(named)[act]
        for role in admitted(act):
            with undone(office):
                doing(office.desk, limited(role, own))
            if TOUCHED[act]:
                with refused("not-allowed", field="actor"):
                    doing(office.desk, limited(role, other))


@pytest.mark.rule("A1")
@WITHIN
def test_one_contract_of_another_segment_on_an_account_is_enough(act: str) -> None:
    office = town()
    for number, account in enumerate(("B", "C", "D", "F", "I", "N", "E2", "X")):
        customer = account[0].lower()
        office.concluded(f"MORE-{number}", on=account, of=customer, segment="micro-business", product="solar")
    refuses = {"account", "target"} & set(TOUCHED[act])
    for role in admitted(act):
        if refuses:
            with refused("not-allowed", field="actor"):
                doing_in({})[act](office.desk, limited(role, "household"))


@pytest.mark.rule("A1")
@pytest.mark.parametrize("act", FOR_ALL)
def test_what_is_done_for_all_accounts_is_for_whoever_may_see_all_segments(act: str) -> None:
    office = town()
    for role in admitted(act):
        with undone(office):
            DOING[act](office.desk, Actor("a", role, frozenset(BOTH)))
        with refused("not-allowed", field="actor"):
            DOING[act](office.desk, limited(role, "household"))


@pytest.mark.rule("A1")
def test_without_a_code_nothing_is_seen_of_the_customers_other_accounts() -> None:
    office, agent = town(customer="micro-business"), limited(Role.AGENT, "household")
    office.desk.session(actor=agent, now=WHEN).sign_ups.conclude("NEW", account="N", customer="n")
    office.desk.session(actor=agent, now=WHEN).cases.open("case-2", customer="h")
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=agent, now=WHEN).sign_ups.conclude("NEW-2", account="n2", customer="n")


@pytest.mark.rule("A1", "C1")
def test_a_code_is_its_holders_however_it_is_written() -> None:
    office = town(holder="micro-business")
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=limited(Role.AGENT, "household"), now=WHEN).codes.check(" a-1 23")


# ── what is not there ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A1")
def test_what_is_not_there_touches_nothing() -> None:
    desk, supervisor = busy().desk, limited(Role.SUPERVISOR, "household")
    with refused("code-unknown"):
        desk.session(actor=supervisor, now=WHEN).codes.end("B999", reason=WHY)
    with refused("contract-unknown"):
        desk.session(actor=supervisor, now=WHEN).discounts.propose_fee("K9")
    with refused("referral-unknown"):
        desk.session(actor=supervisor, now=WHEN).discounts.propose_fee("BARE")
    with refused("account-unknown"):
        desk.session(actor=supervisor, now=WHEN).codes.issue("NOWHERE", reason=WHY)
    assert desk.session(actor=supervisor, now=WHEN).codes.check("B999").reasons == (Reason.CODE_UNKNOWN,)


@pytest.mark.rule("A1")
def test_a_customer_does_not_learn_which_accounts_there_are() -> None:
    desk = busy().desk
    for account in ("A", "NOWHERE"):
        with refused("not-allowed", field="actor", naming="sharing.figures is for the customer's own accounts"):
            desk.session(actor=BY["other"], now=WHEN).sharing.figures(account)
        with refused("not-allowed", field="actor", naming="code.present is for the customer's own accounts"):
            desk.session(actor=BY["other"], now=WHEN).codes.present(account)


@pytest.mark.rule("A1")
@WITHIN
def test_who_may_not_is_not_told_what_there_is(act: str) -> None:
    """In an office where nothing has happened the lesser roles are told the same."""
    desk = Office().desk
    for column, may in zip(COLUMNS, WHO_MAY[act], strict=True):
        if may == "no" and column != "other":
            with refused("not-allowed", field="actor"):
                DOING[act](desk, BY[column])
