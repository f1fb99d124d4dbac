"""Acts on PostgreSQL as units of work: few round trips, all of it or nothing, and a rule that names the reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any, Final

import attrs
import pytest
from sqlalchemy.engine import URL

from referral_adapters.sql import SqlStore, check
from referral_adapters.sql.patient_connection import PatientConnection
from referral_core import Actor, ConcurrentChange, Contract, Money, Programme, ReferralDesk, Refusal, Session
from referral_core.programme.settings import CodeFormat
from referral_core.values.errors import Reason

NOW: Final = datetime(2021, 1, 10, 12, tzinfo=UTC)
LATER: Final = NOW + timedelta(days=20)
SYSTEM: Final = Actor.system("portal")
PATIENCE: Final = 60.0
STEP: Final = timedelta(hours=1)
NAMED: Final = attrs.evolve(Programme.default(), code_format=CodeFormat.NAMED)


class World:
    """A programme over a database of PostgreSQL, with amounts and an active code of account A."""

    def __init__(self, store: SqlStore, programme: Programme, url: URL) -> None:
        self.store = store
        self.url = url
        self.desk = ReferralDesk(programme, store)
        for group in ("referrer", "referee-self-service", "referee-manual"):
            self.session(NOW - timedelta(days=9)).groups.set_amount(group, Money(10))
        self.session().sign_ups.conclude("K-A", account="A", customer="ann", first_name="Ann")
        started = self.session().contracts.activate("K-A").started
        assert started is not None
        self.code = started.text

    def session(self, now: datetime = NOW) -> Session:
        return self.desk.session(actor=SYSTEM, now=now)

    def at_once(self, *acts: Callable[[Session], object]) -> list[str]:
        """Do acts at once, each by itself; return what came of them: ``done``, the reason, or the error."""
        told = [""] * len(acts)
        start = Barrier(len(acts))

        def do(place: int) -> None:
            start.wait(PATIENCE)
            try:
                acts[place](self.session(LATER))
                told[place] = "done"
            except Refusal as refusal:
                told[place] = refusal.reasons[0]
            except Exception as error:  # noqa: BLE001 - shown by the test
                told[place] = repr(error)
            finally:
                self.store._connections.drop()

        threads = [Thread(target=do, args=(place,), daemon=True) for place in range(len(acts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        return told

    def trips(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> int:
        """Return how many round trips an act takes, begin and commit included: how often it waits for the server."""
        count, wait = 0, PatientConnection.wait

        def counted(connection: PatientConnection, *given: Any, **named: Any) -> Any:  # noqa: ANN401
            nonlocal count
            count += 1
            return wait(connection, *given, **named)

        with monkeypatch.context() as counting:
            counting.setattr(PatientConnection, "wait", counted)
            act()
        return count

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table."""
        connection = self.store._connections.get()
        names = connection.exec_driver_sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).scalars()
        return {
            name: sorted(map(tuple, connection.exec_driver_sql(f'SELECT * FROM "{name}"')), key=repr)
            for name in sorted(names)
        }


pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def world(database: URL) -> Iterator[World]:
    with SqlStore(database) as store:
        yield World(store, Programme.default(), database)


@pytest.fixture
def named_world(database: URL) -> Iterator[World]:
    with SqlStore(database) as store:
        yield World(store, NAMED, database)


# ── few round trips ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P4", "P6")
def test_acts_take_few_round_trips(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_ups, contracts = world.session(LATER).sign_ups, world.session(LATER).contracts

    def conclude(of: str) -> object:
        return sign_ups.conclude(f"K-{of}", account=of, customer=of.lower(), code=world.code)

    conclude("B")  # so that what is kept from one act to the next is there
    contracts.activate("K-B")
    assert world.trips(monkeypatch, lambda: conclude("C")) == 2
    assert world.trips(monkeypatch, lambda: contracts.activate("K-C")) == 3
    assert world.trips(monkeypatch, lambda: world.session(LATER).codes.check(world.code, customer="dora")) == 1
    assert world.trips(monkeypatch, lambda: world.session(LATER).codes.end(world.code, reason="shared")) == 3
    assert world.trips(monkeypatch, lambda: contracts.terminate("K-C")) == 3


@pytest.mark.rule("P6")
def test_a_refused_act_changes_nothing_and_takes_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = world.contents()

    def refused() -> None:
        with pytest.raises(Refusal):
            world.session(LATER).sign_ups.conclude("K-B", account="B", customer="ben", code="NOSUCH")

    refused()
    assert world.trips(monkeypatch, refused) == 2, "one to look, and one to leave everything as it was"
    assert world.contents() == before


# ── the guards, and the rules that name the reason ────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C10")
@pytest.mark.parametrize("time", range(3))
def test_two_of_one_name_who_conclude_at_once_both_get_a_code(named_world: World, time: int) -> None:
    told = named_world.at_once(
        *(
            lambda session, of=of: session.sign_ups.conclude(
                f"K-{of}", account=of, customer=of.lower(), first_name="Mihkel"
            )
            for of in ("M1", "M2", "M3")
        )
    )
    assert told == ["done"] * 3
    codes = [named_world.store.promo_codes.of_account(account)[0].text for account in ("M1", "M2", "M3")]
    assert len(set(codes)) == 3
    assert sum(text == "MIHKEL2021" for text in codes) == 1


@pytest.mark.rule("C3", "B1")
@pytest.mark.parametrize("time", range(3))
def test_two_contracts_of_one_account_activated_at_once_are_both_in_force(world: World, time: int) -> None:
    for contract in ("K-B1", "K-B2"):
        world.session().sign_ups.conclude(contract, account="B", customer="ben", product="gas")
    told = world.at_once(
        lambda session: session.contracts.activate("K-B1"), lambda session: session.contracts.activate("K-B2")
    )
    assert told == ["done", "done"]
    assert [contract.activated_at for contract in world.store.contracts.of_account("B")] == [LATER, LATER]


@pytest.mark.rule("C4", "C6")
@pytest.mark.parametrize("time", range(3))
def test_two_contracts_that_both_would_bring_a_code_bring_one(world: World, time: int) -> None:
    for contract in ("K-B1", "K-B2"):
        world.session().sign_ups.conclude(contract, account="B", customer="ben")
    world.session().contracts.activate("K-B1")
    ended = world.session(NOW + timedelta(days=1)).contracts.terminate("K-B1").ended
    assert ended is not None
    world.session(NOW + timedelta(days=2)).sign_ups.conclude("K-B3", account="B", customer="ben")
    told = world.at_once(
        lambda session: session.contracts.activate("K-B2"), lambda session: session.contracts.activate("K-B3")
    )
    assert told == ["done", "done"]
    live = [code for code in world.store.promo_codes.of_account("B") if code.ends_at is None]
    assert len(live) == 1


@pytest.mark.rule("C1", "C9")
@pytest.mark.parametrize("time", range(3))
def test_of_two_who_choose_one_text_the_second_is_told_that_it_is_taken(world: World, time: int) -> None:
    for of in ("B", "C"):
        world.session().sign_ups.conclude(f"K-{of}", account=of, customer=of.lower(), product="gas")
        world.session().contracts.activate(f"K-{of}")
    told = world.at_once(
        lambda session: session.codes.issue("B", code="FRIENDS", replace=True),
        lambda session: session.codes.issue("C", code="FRIENDS", replace=True),
    )
    assert sorted(told) == [Reason.CODE_TAKEN, "done"]


@pytest.mark.rule("S4", "S9")
@pytest.mark.parametrize(("channel", "loser"), [("self-service", "already-referred"), ("sales-portal", "done")])
def test_of_two_sign_ups_at_once_the_second_is_judged_by_the_first(world: World, channel: str, loser: str) -> None:
    told = world.at_once(
        *(
            lambda session, of=of: session.sign_ups.conclude(
                f"K-{of}", account=of, customer="ben", code=world.code, channel=channel
            )
            for of in ("B1", "B2")
        )
    )
    assert sorted(told) == sorted(["done", loser])
    referrals = [referral.contract for referral in world.store.referrals.all()]
    assert len(referrals) == 1
    if loser == "done":
        (warned,) = [each for each in world.store.contracts.of_customer("ben") if each.warnings]
        assert warned.warnings == (Reason.ALREADY_REFERRED,)


# ── whole, also in parts ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P6")
def test_a_part_that_is_refused_leaves_the_others(world: World) -> None:
    def block() -> None:
        session = world.session()
        session.sign_ups.conclude("K-B", account="B", customer="ben")
        with suppress(Refusal):
            session.sign_ups.conclude("K-B", account="C", customer="cleo")
        session.sign_ups.conclude("K-D", account="D", customer="dora")

    world.store.run(block, ())
    assert [account for account, _ in world.store.contracts.accounts()] == ["A", "B", "D"]


@pytest.mark.rule("P6")
def test_what_a_part_had_written_before_it_was_refused_is_undone(world: World) -> None:
    """What went out in the middle of a part is undone by its savepoint, and the whole goes on."""
    tries = 0

    def block() -> None:
        nonlocal tries
        tries += 1
        session = world.session(LATER)
        session.sign_ups.conclude("K-B", account="B", customer="ben")
        with suppress(ZeroDivisionError), world.store.transaction():
            session.sign_ups.conclude("K-C", account="C", customer="cleo")
            assert world.store.contracts.find("K-C") is not None, "an act reads what it wrote"
            raise ZeroDivisionError

    world.store.run(block, ())
    assert [account for account, _ in world.store.contracts.accounts()] == ["A", "B"]
    assert tries == 1


@pytest.mark.rule("P6")
def test_what_an_act_has_changed_it_reads_again(world: World) -> None:
    def block() -> None:
        session = world.session(LATER)
        session.sign_ups.conclude("K-B", account="B", customer="ben")
        assert [each.id for each in world.store.contracts.of_account("B")] == ["K-B"]
        session.contracts.activate("K-B")
        assert world.store.promo_codes.of_account("B")[0].starts_at == LATER
        session.contracts.terminate("K-B")
        assert world.store.promo_codes.of_account("B")[0].ends_at == LATER

    world.store.run(block, ())
    (contract,) = world.store.contracts.of_account("B")
    assert contract.ended_at == LATER


@pytest.mark.rule("P6")
def test_an_exception_of_any_kind_undoes_all_of_it(world: World) -> None:
    before = world.contents()

    def block() -> None:
        session = world.session(LATER)
        session.sign_ups.conclude("K-B", account="B", customer="ben")
        session.contracts.activate("K-B")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.store.run(block, ())
    assert world.contents() == before
    world.session().sign_ups.conclude("K-B", account="B", customer="ben")


@pytest.mark.rule("P6")
def test_an_act_that_always_loses_says_so_in_the_end(world: World) -> None:
    tries = 0

    def block() -> None:
        nonlocal tries
        tries += 1
        raise ConcurrentChange("somebody is always quicker")

    before = world.contents()
    with pytest.raises(ConcurrentChange):
        world.store.run(block, ())
    assert tries > 2
    assert world.contents() == before


# ── erasing, while the customer acts ──────────────────────────────────────────────────────────────────────────────────

ROUNDS: Final = int(os.environ.get("REFERRAL_RACES", "8"))
"""How many customers are erased while they act, in each of the ways; many, only if somebody asks for it."""

ACTS: Final[dict[str, Callable[[Session, str], object]]] = {
    "conclude on their account": lambda session, of: session.sign_ups.conclude(
        f"N-{of}", account=of, customer=f"c-{of}"
    ),
    "conclude on a new account": lambda session, of: session.sign_ups.conclude(
        f"N-{of}", account=f"{of}-new", customer=f"c-{of}"
    ),
    "open a case": lambda session, of: session.cases.open(f"LT-{of}", customer=f"c-{of}"),
    "share their code": lambda session, of: session.sharing.share(f"CODE{of}", means="link"),
    "attach a code to their sign-up": lambda session, of: session.sign_ups.attach(f"K-{of}", code=f"CODE{of}"),
    "erase them": lambda session, of: session.customers.erase(f"c-{of}", reason="asked for"),
}
PERMITTED: Final = {
    "conclude on their account": {("done", "not-same-customer"), ("contract-pending", "done")},
    "conclude on a new account": {("done", "done"), ("contract-pending", "done")},
    "open a case": {("done", "done"), ("contract-pending", "done")},
    "share their code": {("done", "code-ended")},
    "attach a code to their sign-up": {("done", "contract-ended")},
    "erase them": {("done", "account-unknown"), ("account-unknown", "done")},
}


@pytest.mark.rule("A5")
@pytest.mark.parametrize("way", ACTS)
def test_whatever_a_customer_does_while_they_are_erased_comes_before_or_after(world: World, way: str) -> None:
    for number in range(ROUNDS):
        of = f"E{number}"
        world.session().sign_ups.conclude(f"K-{of}", account=of, customer=f"c-{of}")
        world.session().codes.issue(of, code=f"CODE{of}", replace=True)
        world.session().contracts.withdraw(f"K-{of}")
        told = world.at_once(
            lambda session, of=of: session.customers.erase(f"c-{of}", reason="asked for"),  # type: ignore[misc]
            lambda session, of=of: ACTS[way](session, of),  # type: ignore[misc]
        )
        assert tuple(told) in PERMITTED[way], number
        owners = {contract.customer for contract in world.store.contracts.of_account(of)}
        assert len(owners) == 1, "an account is one customer's"
        if told[0] == "done":
            assert f"c-{of}" not in owners
    assert list(check(world.url)) == []


USES: Final[dict[str, Callable[[Session, str], object]]] = {
    "in a sign-up": lambda session, of: session.sign_ups.conclude(
        f"N-{of}", account=f"F-{of}", customer=f"f-{of}", code=f"CODE{of}", channel="sales-portal", honour=NOW + STEP,
        reason="began then",
    ),
    "for one from before": lambda session, of: session.sign_ups.attach(f"B-{of}", code=f"CODE{of}"),
}  # fmt: skip


@pytest.mark.rule("A5")
@pytest.mark.parametrize("use", USES)
def test_a_code_is_used_before_its_holder_is_erased_or_after(world: World, use: str) -> None:
    for number in range(ROUNDS):
        of = f"E{number}"
        world.session().sign_ups.conclude(f"K-{of}", account=of, customer=f"c-{of}")
        world.session().codes.issue(of, code=f"CODE{of}", replace=True)
        world.session().contracts.activate(f"K-{of}")
        world.session(NOW + STEP).sign_ups.conclude(f"B-{of}", account=f"B-{of}", customer=f"b-{of}")
        world.session(LATER).contracts.terminate(f"K-{of}")
        told = world.at_once(
            lambda session, of=of: session.customers.erase(f"c-{of}", reason="asked for"),  # type: ignore[misc]
            lambda session, of=of: USES[use](session, of),  # type: ignore[misc]
        )
        assert told == ["done", "done"], number
        (referral,) = world.store.referrals.all(referrer=of)
        assert referral.referrer_customer != f"c-{of}"
        assert not world.store.personal_data(f"c-{of}").is_of_somebody
    assert list(check(world.url)) == []


# ── a run over all accounts, while staff go on ────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C2", "C9")
def test_a_launch_goes_on_while_staff_issue_codes_by_hand(world: World) -> None:
    accounts = [f"L{number:03}" for number in range(60)]
    session = world.session(NOW)
    since = NOW - timedelta(days=3)
    session.launch.import_contracts(
        [
            Contract.imported(
                id=f"K-{account}", account=account, customer=account.lower(), product="electricity",
                segment="household", channel="self-service", concluded_at=since, activated_at=since,
            )
            for account in accounts
        ]
    )  # fmt: skip

    def launch(session: Session) -> None:
        after: str | None = ""
        while after is not None:
            after = session.launch.issue_codes(after=after, page=10).after

    def issue(session: Session) -> None:
        for account in reversed(accounts):
            with suppress(Refusal):
                session.codes.issue(account)

    assert world.at_once(launch, issue) == ["done", "done"]
    assert [len(world.store.promo_codes.of_account(account)) for account in accounts] == [1] * len(accounts)
