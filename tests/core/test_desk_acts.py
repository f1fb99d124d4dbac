"""What every act of the desk promises, whatever its noun; and the office in which the desk's tests take place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Self, TypeVar
from zoneinfo import ZoneInfo

import attrs
import pytest

from referral_adapters.memory import MemoryStore
from referral_core import Actor, Programme, ReferralDesk, Role, Side
from referral_core.entities.trace_entry import PROGRAMME_SUBJECT, TraceEntry, account_subject, chain_faults
from referral_core.ports.billing import Billing
from referral_core.services.contracts import Activation, ContractEnd
from referral_core.services.pay_run import PayRun
from referral_core.services.sign_ups import SignUp
from tests.core.test_permissions import LEAST, ROLES
from tests.phrases import at, contract, euros, refused

T = TypeVar("T")

SECRET: Final = b"fixed-for-tests-" * 2
SYSTEM: Final = Actor.system()
HOUSEHOLD: Final = Programme.default()
NOON: Final = "2021-02-01 12:00"


class Office:
    """A desk over a store in memory, and a short way of telling what had happened before the act under test.

    A customer is called like the account in small letters unless said otherwise. Moments are read by the clocks of
    Tallinn. All that is told is done by a system.
    """

    def __init__(self, programme: Programme = HOUSEHOLD, *, billing: Billing | None = None) -> None:
        self.store: Final = MemoryStore(programme, secret=SECRET, billing=billing)
        self.desk: Final[ReferralDesk] = ReferralDesk(programme, self.store)

    # ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────

    def with_amounts(self, referrer: str = "10", self_service: str = "7", manual: str = "8") -> Self:
        """Give each of the three groups an open-ended amount from the start of 2021."""
        given = {"referrer": referrer, "referee-self-service": self_service, "referee-manual": manual}
        for group, amount in given.items():
            self.desk.session(actor=SYSTEM, now=at("2021-01-01")).groups.set_amount(group, euros(amount))
        return self

    def concluded(
        self,
        contract: str,
        *,
        on: str,
        of: str | None = None,
        when: str = NOON,
        code: str | None = None,
        product: str = "electricity",
        segment: str = "household",
        channel: str = "self-service",
        first_name: str | None = None,
    ) -> SignUp:
        return self.desk.session(actor=SYSTEM, now=at(when)).sign_ups.conclude(
            contract,
            account=on,
            customer=of or on.lower(),
            product=product,
            segment=segment,
            channel=channel,
            code=code,
            first_name=first_name,
        )

    def activated(self, contract: str, when: str = NOON) -> Activation:
        return self.desk.session(actor=SYSTEM, now=at(when)).contracts.activate(contract)

    def terminated(self, contract: str, when: str = NOON) -> ContractEnd:
        return self.desk.session(actor=SYSTEM, now=at(when)).contracts.terminate(contract)

    def withdrawn(self, contract: str, when: str = NOON) -> ContractEnd:
        return self.desk.session(actor=SYSTEM, now=at(when)).contracts.withdraw(contract)

    def supplied(
        self, contract: str, *, on: str, of: str | None = None, when: str = "2021-01-05 12:00", product: str = "gas"
    ) -> Activation:
        """Have a contract concluded and activated at one moment; unless said otherwise, one that gives no code."""
        self.concluded(contract, on=on, of=of, when=when, product=product)
        return self.activated(contract, when)

    def referrer(self, account: str = "A", *, when: str = "2021-01-05 12:00") -> str:
        """Give an account an active contract, called like the account, and return its code, active since then."""
        started = self.supplied(f"K-{account}", on=account, when=when, product="electricity").started
        assert started is not None
        return started.text

    def granted(self, contract: str, *, on: str, code: str, when: str = NOON) -> Activation:
        """Have a new customer sign up with a code and become active at one moment, and both sides be paid."""
        self.concluded(contract, on=on, code=code, when=when)
        activation = self.activated(contract, when)
        self.paid(when)
        return activation

    def paid(self, when: str = NOON) -> PayRun:
        return self.desk.session(actor=SYSTEM, now=at(when)).payouts.pay_due()

    # ── what has come of it ───────────────────────────────────────────────────────────────────────────────────────

    def unused(self, account: str) -> str:
        return str(self.store.billing.balance(account).unused.amount)

    def traced(self, subject: str) -> list[TraceEntry]:
        """Return the rows of a subject, an account's by the account's name, having verified the chain."""
        is_account = ":" not in subject and subject != PROGRAMME_SUBJECT
        rows = list(self.store.trace.chain(account_subject(subject) if is_account else subject))
        assert chain_faults(rows) == ()
        return rows

    def all_traced(self) -> list[TraceEntry]:
        return [row for subject, _, _ in self.store.trace.heads() for row in self.store.trace.chain(subject)]

    def state(self) -> object:
        """Return all that is stored, the trace without its salts and hashes."""
        store = self.store
        accounts = [account for account, _ in store.contracts.accounts()]
        return (
            [store.contracts.of_account(account) for account in accounts],
            [store.promo_codes.of_account(account) for account in accounts],
            [store.sharings.count_of(account) for account in accounts],
            [store.billing.balance(account) for account in accounts],
            [*store.groups.all()],
            [*store.referrals.all()],
            [*store.grants.all()],
            [*store.cases.all()],
            [(seal.number, seal.moment, seal.heads) for seal in store.seals.all()],
            [attrs.evolve(row, salt="", personal_digest="", previous="", hash="") for row in self.all_traced()],
        )


# ── every act ─────────────────────────────────────────────────────────────────────────────────────────────────────────

WHEN: Final = at("2021-04-01 12:00")
WHY: Final = "the customer called"


def busy() -> Office:
    """Return an office in which every one of the acts below is there to be done."""
    office = Office().with_amounts()
    code = office.referrer("A")
    office.desk.session(actor=SYSTEM, now=at("2021-01-06")).codes.issue("A", code="A123", replace=True)
    office.concluded("OPEN", on="B", code="A123")
    office.concluded("BARE", on="C")
    office.granted("PAID", on="D", code="A123")
    office.granted("LEFT", on="E", code="A123")
    office.terminated("LEFT", "2021-03-01")
    office.supplied("STAYED", on="E2", of="e", when="2021-03-01")
    office.supplied("GAS", on="G")
    office.concluded("GONE", on="X")
    office.withdrawn("GONE")
    office.concluded("DUE", on="I", code="A123")
    office.activated("DUE")
    stuck = office.store.grants.find("referee/DUE")
    assert stuck is not None
    office.store.grants.change([(stuck, attrs.evolve(stuck, wait_until=None, attempts=12))])
    office.desk.session(actor=SYSTEM, now=at(NOON)).cases.open("case-1", customer="f", code="A123")
    office.desk.session(actor=SYSTEM, now=at(NOON)).groups.add("fair", side=Side.REFEREE)
    office.desk.session(actor=SYSTEM, now=at(NOON)).groups.disable("fair")
    office.desk.session(actor=SYSTEM, now=at("2021-03-01")).launch.import_contracts(
        [contract("QUIET", on="Q", of="q", activated="2021-03-01")]
    )
    assert code != "A123"
    return office


Doing = Callable[[ReferralDesk, datetime, Actor], object]

ACTS: Final[dict[str, Doing]] = {
    "code.check": lambda desk, at, actor: desk.session(actor=actor, now=at).codes.check("A123", segment="household"),
    "code.shared": lambda desk, at, actor: desk.session(actor=actor, now=at).sharing.share("A123", means="SMS"),
    "code.present": lambda desk, at, actor: desk.session(actor=actor, now=at).codes.present("A"),
    "sharing.text": lambda desk, at, actor: desk.session(actor=actor, now=at).sharing.text("A123", language="et"),
    "sharing.figures": lambda desk, at, actor: desk.session(actor=actor, now=at).sharing.figures("A"),
    "account.show": lambda desk, at, actor: desk.session(actor=actor, now=at).accounts.show("A"),
    "account.activity": lambda desk, at, actor: desk.session(actor=actor, now=at).accounts.activity("A"),
    "sign-up.show": lambda desk, at, actor: desk.session(actor=actor, now=at).sign_ups.find("PAID"),
    "case.show": lambda desk, at, actor: desk.session(actor=actor, now=at).cases.find("case-1"),
    "group.show": lambda desk, at, actor: desk.session(actor=actor, now=at).groups.find("fair"),
    "code.show": lambda desk, at, actor: desk.session(actor=actor, now=at).codes.show("A123"),
    "contract.concluded": lambda desk, at, actor: desk.session(actor=actor, now=at).sign_ups.conclude(
        "NEW", account="N", customer="n", code="A123"
    ),
    "code.attach": lambda desk, at, actor: desk.session(actor=actor, now=at).sign_ups.attach(
        "BARE", code="A123", reason=WHY
    ),
    "referral.change-group": lambda desk, at, actor: desk.session(actor=actor, now=at).referrals.change_group(
        "OPEN", group="referee-manual", reason=WHY
    ),
    "referral.explain": lambda desk, at, actor: desk.session(actor=actor, now=at).referrals.explain("OPEN"),
    "code.issue": lambda desk, at, actor: desk.session(actor=actor, now=at).codes.issue("G", reason=WHY),
    "code.end": lambda desk, at, actor: desk.session(actor=actor, now=at).codes.end("A123", reason=WHY),
    "case.open": lambda desk, at, actor: desk.session(actor=actor, now=at).cases.open(
        "case-2", customer="h", code="A123"
    ),
    "case.finish": lambda desk, at, actor: desk.session(actor=actor, now=at).cases.finish(
        "case-1", contract="NEW", account="F", customer="f"
    ),
    "case.abandon": lambda desk, at, actor: desk.session(actor=actor, now=at).cases.abandon("case-1"),
    "discount.transfer": lambda desk, at, actor: desk.session(actor=actor, now=at).discounts.transfer("E", "E2"),
    "termination-fee.note": lambda desk, at, actor: desk.session(actor=actor, now=at).discounts.note_fee(
        "PAID", amount=euros("5"), reason=WHY
    ),
    "termination-fee.propose": lambda desk, at, actor: desk.session(actor=actor, now=at).discounts.propose_fee("PAID"),
    "grant.retry": lambda desk, at, actor: desk.session(actor=actor, now=at).payouts.retry("referee/DUE", reason=WHY),
    "grant.pay": lambda desk, at, actor: desk.session(actor=actor, now=at).payouts.pay_due(),
    "group.add": lambda desk, at, actor: desk.session(actor=actor, now=at).groups.add("new", side=Side.REFEREE),
    "group.rename": lambda desk, at, actor: desk.session(actor=actor, now=at).groups.rename("fair", name="Fair"),
    "group.disable": lambda desk, at, actor: desk.session(actor=actor, now=at).groups.disable("referee-manual"),
    "group.enable": lambda desk, at, actor: desk.session(actor=actor, now=at).groups.enable("fair"),
    "amount.set": lambda desk, at, actor: desk.session(actor=actor, now=at).groups.set_amount(
        "fair", euros("9"), correction=True, reason=WHY
    ),
    "contract.import": lambda desk, at, actor: desk.session(actor=actor, now=at).launch.import_contracts(
        [attrs.evolve(contract("NEW", on="N", of="n"), concluded_at=WHEN)], reason=WHY
    ),
    "code.launch": lambda desk, at, actor: desk.session(actor=actor, now=at).launch.issue_codes(reason=WHY),
    "contract.activated": lambda desk, at, actor: desk.session(actor=actor, now=at).contracts.activate("OPEN"),
    "contract.terminated": lambda desk, at, actor: desk.session(actor=actor, now=at).contracts.terminate("PAID"),
    "contract.withdrawn": lambda desk, at, actor: desk.session(actor=actor, now=at).contracts.withdraw("OPEN"),
    "bill.issued": lambda desk, at, actor: desk.session(actor=actor, now=at).discounts.bill(
        "R1", account="D", amount=euros("3")
    ),
    "customer.erase": lambda desk, at, actor: desk.session(actor=actor, now=at).customers.erase("x", reason=WHY),
    "trace.show": lambda desk, at, actor: [
        row.moment for row in desk.session(actor=actor, now=at).trace.rows(account_subject("A"))
    ],
    "trace.verify": lambda desk, at, actor: desk.session(actor=actor, now=at).trace.verify(),
    "trace.seal": lambda desk, at, actor: (
        (seal := desk.session(actor=actor, now=at).trace.seal()) and (seal.moment, seal.heads)
    ),
}
READS: Final = {
    "code.check",
    "code.present",
    "sharing.text",
    "sharing.figures",
    "account.show",
    "account.activity",
    "sign-up.show",
    "case.show",
    "group.show",
    "code.show",
    "referral.explain",
    "termination-fee.propose",
    "trace.show",
    "trace.verify",
}
UNTRACED: Final = {*READS, "trace.seal"}
"""What an auditor does is about no subject; a seal is its own record."""
EXPLAINED: Final = {
    "code.attach",
    "referral.change-group",
    "code.issue",
    "code.end",
    "termination-fee.note",
    "grant.retry",
    "amount.set",
    "customer.erase",
    "contract.import",
    "code.launch",
}
"""The acts that were given a reason above."""
ON_CONTRACTS: Final = sorted(
    act for act in ACTS if not act.startswith(("group.", "amount.", "trace.seal", "trace.verify"))
)
EVERY_ACT: Final = pytest.mark.parametrize("act", ACTS)
EVERY_ACT_WITHOUT_CHANCE: Final = pytest.mark.parametrize("act", [act for act in ACTS if act != "customer.erase"])
"""Every act that does the same in two stores; a pseudonym is another one each time."""


def somebody(role: Role, *segments: str) -> Actor:
    """Return somebody who is customer A, should it matter; limited to segments if any are named."""
    return Actor("a", role, frozenset(segments) if segments else None)


@pytest.mark.rule("A1")
@EVERY_ACT
def test_an_act_can_be_done_by_its_least_role(act: str) -> None:
    office = busy()
    before = office.state()
    ACTS[act](office.desk, WHEN, somebody(LEAST[act]))
    assert (office.state() == before) == (act in READS)
    assert set(ACTS) == set(LEAST)


@pytest.mark.rule("A1")
@EVERY_ACT
def test_an_act_by_a_lesser_role_is_refused_and_changes_nothing(act: str) -> None:
    lesser = ROLES[: ROLES.index(LEAST[act])]
    office = busy()
    before = office.state()
    for role in lesser:
        with refused("not-allowed", field="actor"):
            ACTS[act](office.desk, WHEN, somebody(role))
    assert office.state() == before


@pytest.mark.rule("A1")
@pytest.mark.parametrize("act", ON_CONTRACTS)
def test_who_manages_companies_does_not_see_households(act: str) -> None:
    office = busy()
    before = office.state()
    with refused("not-allowed", field="actor"):
        ACTS[act](office.desk, WHEN, somebody(Role.SYSTEM, "micro-business"))
    assert office.state() == before


@pytest.mark.rule("A1")
@EVERY_ACT
def test_who_manages_households_does(act: str) -> None:
    ACTS[act](busy().desk, WHEN, somebody(Role.SYSTEM, "household"))


@pytest.mark.rule("M1")
@EVERY_ACT
def test_a_moment_without_a_zone_is_refused_and_changes_nothing(act: str) -> None:
    office = busy()
    before = office.state()
    with refused("moment-naive", field="now"):
        ACTS[act](office.desk, WHEN.replace(tzinfo=None), SYSTEM)
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
    outcome = ACTS[act](here.desk, WHEN, SYSTEM)
    elsewhere = ACTS[act](there.desk, WHEN.astimezone(ZoneInfo(zone)), SYSTEM)
    assert elsewhere == outcome
    assert there.state() == here.state()
    kept = [*moments_in(elsewhere), *moments_in(there.state())]
    assert {moment.tzinfo for moment in kept} == {UTC}
    assert WHEN in kept or act == "bill.issued" or act in READS


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    "act", [act for act in ACTS if act not in UNTRACED and LEAST[act] not in {Role.CUSTOMER, Role.SYSTEM}]
)
def test_a_manual_act_leaves_a_trace_of_who_when_and_why(act: str) -> None:
    office = busy()
    before = office.all_traced()
    ACTS[act](office.desk, WHEN, Actor("Mari", LEAST[act]))
    added = [row for row in office.all_traced() if row not in before]
    assert added
    assert {(row.moment, row.actor, row.role) for row in added} == {(WHEN, "Mari", LEAST[act])}
    assert {row.reason for row in added} == {WHY} if act in EXPLAINED else True
    for row in added:
        office.traced(row.subject)


# ── transactions ──────────────────────────────────────────────────────────────────────────────────────────────────────


class CallerFails(Exception):
    """Something of the caller's own went wrong."""


@EVERY_ACT_WITHOUT_CHANCE
def test_a_host_that_forgets_a_transaction_gets_the_same(act: str) -> None:
    forgetful, careful = busy(), busy()
    outcome = ACTS[act](forgetful.desk, WHEN, SYSTEM)
    with careful.store.transaction():
        assert ACTS[act](careful.desk, WHEN, SYSTEM) == outcome
    assert careful.state() == forgetful.state()


@EVERY_ACT
def test_the_caller_owns_the_transaction_and_takes_everything_back_with_it(act: str) -> None:
    office = busy()
    before = office.state()
    with suppress(CallerFails), office.store.transaction():
        ACTS[act](office.desk, WHEN, SYSTEM)
        assert (office.state() == before) == (act in READS)
        raise CallerFails
    assert office.state() == before
    ACTS[act](office.desk, WHEN, SYSTEM)


REFUSED: Final[dict[str, Doing]] = {
    "code-unknown": lambda desk, at, actor: desk.session(actor=actor, now=at).sign_ups.conclude(
        "NEW", account="N", customer="n", code="B999"
    ),
    "already-referred": lambda desk, at, actor: desk.session(actor=actor, now=at).sign_ups.attach("OPEN", code="A123"),
    "existing-customer": lambda desk, at, actor: desk.session(actor=actor, now=at).sign_ups.conclude(
        "NEW", account="G", customer="g", code="A123"
    ),
    "group-unknown": lambda desk, at, actor: desk.session(actor=actor, now=at).cases.finish(
        "case-1", contract="NEW", account="F", customer="f", group="nobody"
    ),
    "contract-exists": lambda desk, at, actor: desk.session(actor=actor, now=at).cases.finish(
        "case-1", contract="BARE", account="F", customer="f"
    ),
    "code-taken": lambda desk, at, actor: desk.session(actor=actor, now=at).codes.issue(
        "A", code="a-123", replace=True
    ),
    "moment-invalid": lambda desk, at, actor: desk.session(actor=actor, now=at.replace(year=2020)).contracts.activate(
        "OPEN"
    ),
    "contract-active": lambda desk, at, actor: desk.session(actor=actor, now=at).contracts.withdraw("PAID"),
    "contract-pending": lambda desk, at, actor: desk.session(actor=actor, now=at).contracts.terminate("OPEN"),
    "amount-exceeds-unused": lambda desk, at, actor: desk.session(actor=actor, now=at).discounts.transfer(
        "E", "E2", amount=euros("7.01")
    ),
    "group-exists": lambda desk, at, actor: desk.session(actor=actor, now=at).groups.add(
        "new", side=Side.REFEREE, name="FAIR"
    ),
    "case-exists": lambda desk, at, actor: desk.session(actor=actor, now=at).cases.open("case-1", customer="h"),
}


@pytest.mark.rule("S6", "S8")
@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_refused_changes_nothing_even_without_a_transaction(reason: str) -> None:
    office = busy()
    before = office.state()
    with refused(reason):
        REFUSED[reason](office.desk, WHEN, SYSTEM)
    assert office.state() == before
