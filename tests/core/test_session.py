"""Sessions: an act is whole, a block too; facts have moments of their own; what was known is read and not written.

An act by itself is one transaction, tried again by itself; a block is one transaction, each act in it a savepoint (P6).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any, Final

import attrs
import pytest

from referral_adapters.memory import Fault, MemoryStore
from referral_core import (
    Actor,
    ArgumentInvalid,
    ConcurrentChange,
    GrantStatus,
    ReadOnlySession,
    Role,
)
from referral_core.entities.personal_data import PersonalData
from referral_core.programme.settings import CodeFormat, Paying
from referral_core.services.explanation import Explanation
from referral_core.session import ACTS, Session
from referral_core.values.moment import written
from tests.core.every_act import GIVEN, ask, busy, fill
from tests.core.services.test_payouts import PATIENCE, Counting, CountingBulk, PayOffice
from tests.office import ATTEMPTS, HOUSEHOLD, NOON, SYSTEM, WHEN, Office, SteppedOffice
from tests.phrases import actor, at, euros, refused

# ── an act is whole ───────────────────────────────────────────────────────────────────────────────────────────────────


class Broken(Exception):
    """Something broke, right after a repository had done what it was asked."""


class Telling:
    """A repository that tells whenever it has done something."""

    def __init__(self, repository: object, done: Callable[[], None]) -> None:
        self._repository, self._done = repository, done

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method
        method = getattr(self._repository, name)

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any method's
            answer = method(*args, **kwargs)
            self._done()
            return answer

        return call


class BreakingStore(MemoryStore):
    """A store that breaks once so many calls of it and of its repositories are done."""

    left: int | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the store takes them
        super().__init__(*args, **kwargs)
        for name, part in list(vars(self).items()):
            if not name.startswith("_") and name not in {"billing", "code_key", "to_ascii"}:
                setattr(self, name, Telling(part, self._done))

    def personal_data(self, customer: str) -> PersonalData:
        found = super().personal_data(customer)
        self._done()
        return found

    def erase(self, customer: str) -> str:
        pseudonym = super().erase(customer)
        self._done()
        return pseudonym

    def _done(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                self.left = None
                raise Broken


WRITES: Final = [act for act in ACTS.values() if not act.reads and not act.bulk]
REPLACING: Final = {"code.issue": {"account": "A", "replace": True}}


@pytest.mark.rule("P6", "A6")
@pytest.mark.parametrize("act", [act.name for act in WRITES])
def test_an_act_that_breaks_off_anywhere_leaves_nothing_and_can_be_done_again(act: str) -> None:
    office = fill(Office(kind=BreakingStore))
    assert isinstance(office.store, BreakingStore)
    other: dict[str, Any] = REPLACING.get(act, {})
    if ACTS[act].settles:
        office.paid()  # what is due is paid by steps of its own
    before = office.state()
    for calls in count(1):
        office.store.left = calls
        try:
            ask(office.session(), act, **other)
        except Broken:
            assert office.state() == before
        else:
            break
    office.store.left = None
    assert calls > {"bill.cancelled": 0, "trace.seal": 1}.get(act, 2)  # a bill is cancelled by one call to billing
    assert office.state() != before
    if act != "customer.erase":  # whose pseudonym is another one each time
        undisturbed = busy()
        if ACTS[act].settles:
            undisturbed.paid()
        ask(undisturbed.session(), act, **other)
        assert office.state() == undisturbed.state()


@pytest.mark.rule("P6")
@pytest.mark.parametrize("act", [act.name for act in WRITES if not act.settles])
def test_an_act_by_itself_is_one_transaction_tried_again_by_itself(act: str) -> None:
    office, undisturbed = fill(SteppedOffice()), busy()
    steps, turns = [], count(1)

    def step(told: str) -> None:
        steps.append(told)
        if told == "commit" and next(turns) < ATTEMPTS:
            raise ConcurrentChange("somebody was quicker")

    office.store.step = step
    ask(office.session(), act)
    assert steps == [*["begin", "commit"] * ATTEMPTS, "end"]
    ask(undisturbed.session(), act)
    assert act == "customer.erase" or office.state() == undisturbed.state()


@pytest.mark.rule("P6")
def test_an_act_that_loses_every_race_says_so_and_leaves_nothing() -> None:
    office = fill(SteppedOffice())
    before = office.state()
    office.store.step = conflicting(range(1, ATTEMPTS + 1))
    with pytest.raises(ConcurrentChange):
        office.session().contracts.activate("OPEN")
    assert office.state() == before
    office.session().contracts.activate("OPEN")


@pytest.mark.rule("P6")
@pytest.mark.parametrize("act", [act.name for act in ACTS.values() if act.reads])
def test_an_act_that_reads_has_no_transaction(act: str) -> None:
    steps: list[str] = []
    office = fill(SteppedOffice())
    office.store.step = steps.append
    ask(office.session(), act)
    assert steps == []


def conflicting(turns: range) -> Callable[[str], None]:
    """Return a step at which somebody is quicker, as often as a range says."""
    commits = count(1)

    def step(told: str) -> None:
        if told == "commit" and next(commits) in turns:
            raise ConcurrentChange("somebody was quicker")

    return step


# ── a block ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P6")
def test_a_block_is_one_transaction() -> None:
    steps: list[str] = []
    office = fill(SteppedOffice())
    office.store.step = steps.append
    with office.session() as session:
        session.sign_ups.conclude("K", account="K", customer="k", code="A123")
        session.contracts.activate("K")
        assert session.codes.check("A123").usable
    assert steps == ["begin", "commit", "end"]
    found = office.store.referrals.find("K")
    assert found is not None
    assert found.referrer == "A"


@pytest.mark.rule("P6", "A6")
def test_an_act_that_is_refused_in_a_block_leaves_the_others_as_they_are() -> None:
    office, undisturbed = busy(), busy()
    with office.session() as session:
        session.sign_ups.conclude("K", account="K", customer="k")
        with refused("contract-active"):
            session.contracts.withdraw("PAID")
        with refused("code-taken"):  # the account's present code had been ended by then
            session.codes.issue("A", code="A123", replace=True)
        session.contracts.activate("K")
    undisturbed.session().sign_ups.conclude("K", account="K", customer="k")
    undisturbed.session().contracts.activate("K")
    assert office.state() == undisturbed.state()


@pytest.mark.rule("P6")
def test_an_act_that_breaks_in_a_block_leaves_the_others_as_they_are() -> None:
    office = fill(Office(kind=BreakingStore))
    assert isinstance(office.store, BreakingStore)
    with office.session() as session:
        session.cases.abandon("case-1")
        office.store.left = 3
        with suppress(Broken):
            session.contracts.activate("OPEN")
    undisturbed = busy()
    undisturbed.session().cases.abandon("case-1")
    assert office.state() == undisturbed.state()


@pytest.mark.rule("P6")
@pytest.mark.parametrize("error", [Broken, KeyboardInterrupt])
def test_an_exception_that_leaves_a_block_undoes_all_of_it(error: type[BaseException]) -> None:
    office = busy()
    before = office.state()
    session = office.session()

    def broken_off() -> None:
        with session:
            session.sign_ups.conclude("K", account="K", customer="k", code="A123")
            session.contracts.activate("K")
            assert office.state() != before
            raise error

    with pytest.raises(error):
        broken_off()
    assert office.state() == before
    with session:
        session.contracts.activate("OPEN")
    assert office.state() != before


@pytest.mark.rule("P6")
def test_a_session_is_in_one_block_at_a_time() -> None:
    office = busy()
    session = office.session()
    with session:
        session.cases.abandon("case-1")
        with pytest.raises(RuntimeError, match="in a block already"), session:
            pass
        session.contracts.activate("OPEN")
    case, contract = office.store.cases.find("case-1"), office.store.contracts.find("OPEN")
    assert case is not None
    assert case.status == "abandoned"
    assert contract is not None
    assert contract.activated_at == WHEN


@pytest.mark.rule("P6")
def test_an_act_in_a_block_is_not_tried_again_nor_is_one_in_a_transaction_of_the_hosts() -> None:
    office = fill(SteppedOffice())
    before, tries = office.state(), []
    add = office.store.trace.append

    def losing(*notes: object) -> None:
        tries.append(notes)
        raise ConcurrentChange("somebody was quicker")

    setattr(office.store.trace, "append", losing)  # noqa: B010 - somebody else is at the row
    with pytest.raises(ConcurrentChange), office.session() as session:
        session.contracts.activate("OPEN")
    with pytest.raises(ConcurrentChange), office.store.transaction():
        office.session().contracts.activate("OPEN")
    assert len(tries) == 2
    with pytest.raises(ConcurrentChange):
        office.session().contracts.activate("OPEN")
    assert len(tries) == 2 + ATTEMPTS
    setattr(office.store.trace, "append", add)  # noqa: B010
    assert office.state() == before


@pytest.mark.rule("P6")
def test_a_desk_does_a_block_again_as_a_whole() -> None:
    office, undisturbed = fill(SteppedOffice()), busy()
    office.store.step = conflicting(range(1, ATTEMPTS))
    done = []

    def block(session: Session) -> str:
        done.append(session)
        session.sign_ups.conclude("K", account="K", customer="k", code="A123")
        return session.contracts.activate("K").contract.id

    assert office.desk.run(block, actor=SYSTEM, now=WHEN) == "K"
    assert len(done) == ATTEMPTS
    undisturbed.desk.run(block, actor=SYSTEM, now=WHEN)
    assert office.state() == undisturbed.state()
    office.store.step = conflicting(range(1, ATTEMPTS + 1))
    with pytest.raises(ConcurrentChange):
        office.desk.run(lambda session: session.contracts.activate("OPEN"), actor=SYSTEM, now=WHEN)
    assert office.state() == undisturbed.state()


@pytest.mark.rule("P6")
def test_what_a_block_raises_leaves_the_desk_and_undoes_the_block() -> None:
    office = busy()
    before = office.state()

    def block(session: Session) -> None:
        session.contracts.activate("OPEN")
        session.contracts.withdraw("PAID")

    with refused("contract-active"):
        office.desk.run(block, actor=SYSTEM, now=WHEN)
    assert office.state() == before


# ── who and when ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1", "M4")
def test_a_session_has_one_actor_and_one_moment_with_a_zone() -> None:
    desk = busy().desk
    with refused("moment-naive", field="now"):
        desk.session(actor=SYSTEM, now=WHEN.replace(tzinfo=None))
    with refused("moment-naive", field="now"):
        desk.run(lambda session: session, actor=SYSTEM, now=WHEN.replace(tzinfo=None))
    with refused("moment-naive", field="known_at"):
        desk.session(actor=SYSTEM, now=WHEN, known_at=WHEN.replace(tzinfo=None))
    wrong: Any = "Mari"
    with pytest.raises(ArgumentInvalid, match="must be an Actor, not str") as caught:
        desk.session(actor=wrong, now=WHEN)
    assert caught.value.field == "actor"
    assert desk.session(actor=SYSTEM, now=WHEN).actor is SYSTEM


# ── what was known ────────────────────────────────────────────────────────────────────────────────────────────────────

THEN: Final = "2021-02-02"
OF_TODAY: Final = {"code.due", "trace.verify-state"}
"""What is about the store as it is, in a session of what was known too."""
READS: Final = [act.name for act in ACTS.values() if act.reads and act.name not in OF_TODAY]


def in_february() -> Office:
    """Return an office as it was on the second of February, in which everything is there to be read."""
    office = Office().with_amounts()
    office.referrer("A")
    office.session("2021-01-06").codes.issue("A", code="A123", replace=True)
    office.concluded("OPEN", on="B", code="A123")
    office.granted("PAID", on="D", code="A123")
    office.concluded("GONE", on="X")
    office.withdrawn("GONE")
    office.session(NOON).cases.open("case-1", customer="f", code="A123")
    office.session(NOON).groups.add("fair", side=ACTS["group.add"].params["side"].check("referee"))
    return office


def in_march(office: Office) -> None:
    """Let much of what there is become otherwise."""
    session = office.session("2021-03-01")
    session.referrals.change_group("OPEN", group="referee-manual")
    session.codes.end("A123")
    session.groups.rename("fair", name="Spring fair")
    session.groups.set_amount("fair", euros("9"))
    session.groups.disable("referrer")
    session.contracts.activate("OPEN")
    session.cases.abandon("case-1")
    session.payouts.pay_due()
    session.sign_ups.conclude("MORE", account="A", customer="a")
    session.discounts.bill("R1", account="D", amount=euros("3"))


@pytest.mark.rule("R3")
@pytest.mark.parametrize("act", READS)
def test_a_session_reads_what_was_known_at_its_moment(act: str) -> None:
    office, unchanged = in_february(), in_february()
    in_march(office)
    session = office.desk.session(actor=SYSTEM, now=WHEN, known_at=at(THEN))
    assert answered(session, act) == answered(unchanged.session(), act)


def answered(session: Session, act: str) -> object:
    """Return an answer, apart from the moment that an explanation was asked about, and from random salts."""
    answer = ask(session, act)
    return attrs.evolve(answer, known_at=WHEN) if isinstance(answer, Explanation) else answer


@pytest.mark.rule("R3")
def test_what_is_known_today_is_not_what_was_known_then() -> None:
    """So the test above could fail."""
    office = in_february()
    in_march(office)
    for act in ("account.show", "code.check", "group.show", "referral.explain", "case.show", "sign-up.list"):
        assert answered(office.session(), act) != answered(in_february().session(), act)


@pytest.mark.rule("R3")
@pytest.mark.parametrize("act", [act.name for act in ACTS.values() if not act.reads])
def test_what_was_known_cannot_be_changed(act: str) -> None:
    office = busy()
    before = office.state()
    session = office.desk.session(actor=SYSTEM, now=WHEN, known_at=at(THEN))
    with pytest.raises(ReadOnlySession, match=f"{act} changes something") as caught:
        ask(session, act)
    assert caught.value.act == act
    assert office.state() == before


@pytest.mark.rule("R3")
def test_who_is_due_a_first_code_was_not_kept() -> None:
    with pytest.raises(TypeError, match="can only be read"):
        busy().desk.session(actor=SYSTEM, now=WHEN, known_at=at(THEN)).launch.due()


@pytest.mark.rule("R3", "A1")
def test_who_may_read_what_was_known_goes_by_what_is_so_today() -> None:
    """A contract of another segment, which came later, hides what was on the account before."""
    office = Office(attrs.evolve(HOUSEHOLD, segments=("household", "micro-business"))).with_amounts()
    office.referrer("A")
    agent = Actor("Mari", Role.AGENT, frozenset({"household"}))
    for when, is_seen in (("2021-01-31", True), ("2021-02-28", False)):
        session = office.desk.session(actor=agent, now=at(when), known_at=at("2021-01-30"))
        if is_seen:
            assert session.accounts.show("A").customer == "a"
            office.concluded("SHOP", on="A", segment="micro-business")
        else:
            with refused("not-allowed", field="actor"):
                session.accounts.show("A")


# ── facts that were told later ────────────────────────────────────────────────────────────────────────────────────────

EARLIER: Final = at("2021-03-15 12:00")
FACTS: Final = [act.name for act in ACTS.values() if act.facts]


@pytest.mark.rule("M4", "A1")
def test_facts_may_be_told_later() -> None:
    assert sorted(FACTS) == [
        "bill.cancelled",
        "bill.issued",
        "contract.activated",
        "contract.annulled",
        "contract.concluded",
        "contract.terminated",
        "contract.withdrawn",
    ]


@pytest.mark.rule("M4", "A1")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
@pytest.mark.parametrize("act", FACTS)
def test_only_systems_say_when_something_came_to_be(act: str, role: Role) -> None:
    office = busy()
    before = office.state()
    is_admitted = [*Role].index(role) >= [*Role].index(ACTS[act].least)
    for moment in (EARLIER, WHEN):
        with refused("not-allowed", field="at" if is_admitted else "actor"):
            ask(office.session(by=actor(role)), act, at=moment)
    assert office.state() == before


@pytest.mark.rule("M4", "A2", "R3")
@pytest.mark.parametrize("act", [act for act in FACTS if not act.startswith("bill.") and act != "contract.annulled"])
def test_a_fact_has_its_own_moment_and_is_recorded_now(act: str) -> None:
    office = busy()
    before = office.all_traced()
    ask(office.session(), act, at=EARLIER)
    contract = office.store.contracts.find(GIVEN[act]["contract"])
    assert contract is not None
    moments = {
        "contract.concluded": contract.concluded_at,
        "contract.activated": contract.activated_at,
    }
    assert moments.get(act, contract.ended_at) == EARLIER
    added = [row for row in office.all_traced() if row not in before]
    assert {row.moment for row in added} == {WHEN}
    assert {(row.after or {}).get("at") for row in added} == {written(EARLIER)}
    recorded = [
        each.recorded_at
        for states in office.store.promo_codes.history(contract.account)
        for each in states
        if each.recorded_at > at("2021-03-01")
    ]
    referral = office.store.referrals.history(contract.id)
    recorded += [each.recorded_at for each in referral[-1:] if act != "contract.terminated"]
    assert recorded
    assert set(recorded) == {WHEN}


@pytest.mark.rule("M4", "A2")
@pytest.mark.parametrize("act", [act for act in FACTS if not act.startswith("bill.")])
@pytest.mark.parametrize("told", [{}, {"at": None}, {"at": WHEN}])
def test_a_fact_of_now_leaves_no_other_moment_in_the_trace(act: str, told: dict[str, Any]) -> None:
    office = busy()
    before = office.all_traced()
    ask(office.session(), act, **told)
    added = [row for row in office.all_traced() if row not in before]
    assert added
    assert not any("at" in (row.after or {}) for row in added)


@pytest.mark.rule("M4", "B10")
def test_an_annulment_has_its_own_moment_and_ends_the_code_when_it_is_recorded() -> None:
    office = busy()
    before = office.all_traced()
    ask(office.session(), "contract.annulled", at=EARLIER)
    contract = office.store.contracts.find("PAID")
    assert contract is not None
    assert (contract.annulled_at, contract.ended_at) == (EARLIER, WHEN)
    assert office.store.promo_codes.of_account("D")[-1].ends_at == WHEN
    added = [row for row in office.all_traced() if row not in before]
    assert {row.moment for row in added} == {WHEN}
    assert [(row.after or {}).get("at") for row in added if row.act == "referral.cancel"] == [written(EARLIER)]


@pytest.mark.rule("M4")
def test_a_bill_is_taken_at_its_own_moment() -> None:
    office = busy()
    office.session().discounts.bill("R1", account="D", amount=euros("3"), at=EARLIER)
    (billed,) = [each for each in office.session().accounts.movements("D") if each.kind == "consumed"]
    assert billed.moment == EARLIER


@pytest.mark.rule("M4", "S8", "R3")
def test_a_conclusion_that_was_told_later_is_no_code_that_was_added_later() -> None:
    office = busy()
    office.session().sign_ups.conclude("TOLD", account="N", customer="n", code="A123", at=EARLIER)
    session = office.session("2021-04-02")
    explained = session.referrals.explain("TOLD")
    assert explained.overrides == ()
    assert explained.is_verified
    assert explained.recorded_at == WHEN
    assert explained.referral.concluded_at == EARLIER
    session.sign_ups.attach("BARE", code="A123")
    (override,) = session.referrals.explain("BARE").overrides
    assert override.deviation == "attached"


# ── billing and blocks ────────────────────────────────────────────────────────────────────────────────────────────────

EITHER: Final = pytest.mark.parametrize("kind", [Counting, CountingBulk], ids=["one by one", "in bulk"])


def moving(billing: Counting | None = None, paying: Paying = PATIENCE) -> PayOffice:
    """Return an office where B's contract has ended and its discount is due, as is A's, and B2 is B's other account."""
    office = PayOffice(billing, paying=paying)
    office.concluded("K2", on="B2", of="b")
    office.activated("K2")
    office.terminated("K1", "2021-02-02")
    return office


@pytest.mark.rule("B2", "B6")
@EITHER
def test_a_bill_by_itself_first_has_sent_what_is_due_to_its_account_and_to_no_other(kind: type[Counting]) -> None:
    office = moving(kind())
    assert office.session().discounts.bill("R1", account="B", amount=euros("5")) == euros("5")
    assert office.billing.asked == ["grant referee/K1"]
    assert {grant.key: grant.status for grant in office.store.grants.all()} == {
        "referee/K1": GrantStatus.GRANTED,
        "referrer/K1": GrantStatus.DUE,
    }
    assert office.traced("referral:K1")[-1].actor == "payouts"


@pytest.mark.rule("B2", "B7")
@EITHER
def test_a_transfer_by_itself_first_has_sent_what_is_due_to_both_accounts(kind: type[Counting]) -> None:
    office = moving(kind())
    assert office.session(by=actor("supervisor")).discounts.transfer("B", "B2") == euros("7")
    assert office.billing.asked == ["grant referee/K1"]
    assert (office.unused("B"), office.unused("B2")) == ("0.00", "7.00")


@pytest.mark.rule("B2", "A6")
@pytest.mark.parametrize(
    ("reason", "by", "source", "target", "other"),
    [
        ("not-allowed", actor("agent"), "B", "B2", {}),
        ("not-allowed", Actor("Mari", Role.SUPERVISOR, frozenset({"industry"})), "B", "B2", {}),
        ("account-unknown", SYSTEM, "B", "NOWHERE", {}),
        ("not-same-customer", SYSTEM, "B", "A", {}),
        ("contract-active", SYSTEM, "B2", "B", {}),
        ("no-contract", SYSTEM, "B", "B", {}),
        ("currency-mismatch", SYSTEM, "B", "B2", {"amount": attrs.evolve(euros("1"), currency="SEK")}),
    ],
)
def test_for_a_transfer_that_is_refused_nothing_is_sent(
    reason: str, by: Actor, source: str, target: str, other: dict[str, Any]
) -> None:
    office = moving()
    before = office.state()
    with refused(reason):
        office.session(by=by).discounts.transfer(source, target, **other)
    assert office.state() == before
    assert office.billing.asked == []


@pytest.mark.rule("B2", "A6")
def test_for_a_bill_that_is_refused_nothing_is_sent() -> None:
    office = moving()
    before = office.state()
    with refused("not-allowed"):
        office.session(by=actor("administrator")).discounts.bill("R1", account="B", amount=euros("5"))
    with refused("currency-mismatch"):
        office.session().discounts.bill("R1", account="B", amount=attrs.evolve(euros("5"), currency="SEK"))
    with refused("account-unknown"):
        office.session().discounts.bill("R1", account="NOWHERE", amount=euros("5"))
    assert office.state() == before
    assert office.billing.asked == []


@pytest.mark.rule("B2")
@EITHER
@pytest.mark.parametrize("is_away", [True, False])
def test_a_bill_does_not_try_again_what_was_refused_or_waits_or_is_stuck(kind: type[Counting], is_away: bool) -> None:
    posting = {"grant", "grant_all", "has_grant", "granted_among"}
    office = moving(kind(lambda method: Fault.BEFORE if is_away and method in posting else None), Paying(attempts=2))
    office.billing.refusing = {"B"}
    for when in (at(NOON), WHEN):
        run = office.pay(when)
        assert run.delayed if when < WHEN else run.given_up
        asked = [*office.billing.asked]
        assert office.session(when).discounts.bill(written(when), account="B", amount=euros("5")) == euros("0")
        assert office.billing.asked == asked


@pytest.mark.rule("B2")
@pytest.mark.parametrize(
    ("act", "given", "moved"),
    [
        ("bill.issued", {"bill": "R1", "account": "B", "amount": euros("5")}, "5"),
        ("discount.transfer", {"source": "B", "target": "B2"}, "7"),
    ],
)
def test_nothing_is_sent_from_inside_of_a_block(act: str, given: dict[str, Any], moved: str) -> None:
    """Unless it was prepared before, there is nothing for it to take."""
    office = moving()
    with office.session() as session:
        assert session.perform(ACTS[act], given) == euros("0")
    assert office.billing.asked == []
    later = office.session("2021-04-02")
    later.prepare(ACTS[act], given)
    assert office.billing.asked == ["grant referee/K1"]
    with later:
        again = {"bill": "R2"} if act == "bill.issued" else {}
        assert later.perform(ACTS[act], {**given, **again}) == euros(moved)
    assert office.billing.asked == ["grant referee/K1"]


@pytest.mark.rule("B2", "A6")
def test_preparing_admits_and_sends_nothing_for_what_will_be_refused() -> None:
    office = moving()
    for by in (actor("agent"), Actor("Mari", Role.SUPERVISOR, frozenset({"industry"}))):
        with refused("not-allowed"):
            office.session(by=by).prepare(ACTS["discount.transfer"], {"source": "B", "target": "B2"})
    office.session().prepare(ACTS["discount.transfer"], {"source": "B", "target": "A"})
    office.session().prepare(ACTS["contract.terminated"], {"contract": "K2"})  # which looks at no balance
    with pytest.raises(TypeError, match="target"):
        office.session().prepare(ACTS["discount.transfer"], {"source": "B"})
    assert office.billing.asked == []


# ── what a store is told of an act ────────────────────────────────────────────────────────────────────────────────────


def test_a_store_is_told_what_an_act_s_arguments_name() -> None:
    session = Office().session(NOON)
    given = {"contract": "K1", "account": "B", "customer": "ben", "code": " a-123 "}
    named = session.named(ACTS["contract.concluded"], given)
    assert named[:4] == (("contract", "K1"), ("account", "B"), ("customer", "ben"), ("code", "A123"))
    assert session.named(ACTS["contract.activated"], {"contract": "K1"}) == (("contract", "K1"),)
    assert session.named(ACTS["trace.seal"], {}) == ()


def test_and_the_text_that_a_new_account_would_probably_get() -> None:
    office = Office()
    given = {"contract": "K1", "account": "B", "customer": "ben"}
    *_, likely = office.session(NOON).named(ACTS["contract.concluded"], given)
    issued = office.concluded("K1", on="B").issued
    assert issued is not None
    assert likely == ("code", issued.text)
    named = Office(attrs.evolve(HOUSEHOLD, code_format=CodeFormat.NAMED)).session(NOON)
    assert [kind for kind, _ in named.named(ACTS["contract.concluded"], given)] == ["contract", "account", "customer"]
