"""The limit on guessing: which acts draw on it, for whom, and when (A4)."""

from __future__ import annotations

import pickle
from typing import Any, Final

import attrs
import pytest

from referral_adapters.memory import SlidingLimiter
from referral_core import Actor, Asker, Programme, ReferralDesk, Refusal, Role, TooManyCodes
from referral_core.ports.limiter import Limiter, Rate
from referral_core.programme.settings import Checking
from referral_core.services.code_limit import draw, network_of
from referral_core.session import ACTS, Session
from tests.core.every_act import GIVEN, GROWN, busy
from tests.office import SYSTEM, WHEN, WHY, Office, SteppedStore

pytestmark = pytest.mark.rule("A4")

TAKING: Final = {name: [each.name for each in act.params.values() if each.kind.name == "code"] for name, act in
                 ACTS.items() if any(each.kind.name == "code" for each in act.params.values())}  # fmt: skip
"""The acts that take codes, with the names of the parameters."""
ANU: Final = Actor("anu", Role.AGENT)
ANN: Final = Actor("a", Role.CUSTOMER)


@attrs.define
class Counting:
    """A limiter that lets so many in."""

    most: float = float("inf")
    taken: list[tuple[str, Rate]] = attrs.field(factory=list)

    def take(self, key: str, rate: Rate) -> float:
        """Count."""
        self.taken.append((key, rate))
        return 0.0 if len(self.taken) <= self.most else 7.0


def session(limiter: Limiter, office: Office | None = None, *, actor: Actor = SYSTEM, **more: Any) -> Session:  # noqa: ANN401
    """Return a session with a limit."""
    at_work = office or busy()
    return ReferralDesk(GROWN, at_work.store, limiter=limiter).session(actor=actor, now=WHEN, **more)


# ── which acts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_declarations_say_which_acts_take_a_code() -> None:
    assert {name: [*act.codes] for name, act in ACTS.items() if act.codes} == TAKING
    assert len(TAKING) > 6


@pytest.mark.parametrize("name", TAKING)
def test_every_act_that_takes_a_code_is_refused_above_the_limit_before_anything_is_looked_at(name: str) -> None:
    limiter, given = Counting(most=0), {**GIVEN[name], **dict.fromkeys(TAKING[name], "GUESS234")}
    for actor in (SYSTEM, Actor("nobody", Role.CUSTOMER)):  # also one who may not do it: "not allowed" may tell of it
        office = busy()
        before = [*office.store.trace.heads()]
        with pytest.raises(TooManyCodes) as refused:
            session(limiter, office, actor=actor).perform(ACTS[name], given)
        assert refused.value.wait == 7.0
        assert [*office.store.trace.heads()] == before


@pytest.mark.parametrize("name", GIVEN)
def test_an_act_counts_the_codes_that_it_is_given_and_no_other_act_counts(name: str) -> None:
    limiter = Counting()
    session(limiter).perform(ACTS[name], GIVEN[name])
    assert len(limiter.taken) == sum(1 for each in TAKING.get(name, ()) if GIVEN[name].get(each) is not None)


def test_without_a_limiter_there_is_no_limit() -> None:
    at_work = busy().session()
    assert {at_work.codes.check(f"GUESS{number}").usable for number in range(10_000)} == {False}


# ── once ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_code_counts_once_in_a_session_however_it_is_written() -> None:
    limiter = Counting()
    at_work = session(limiter, actor=ANU)
    for text in ("A123", "a 1-23", "A123"):
        at_work.codes.check(text)
    at_work.admit(ACTS["code.show"], {"code": "A123"})
    at_work.prepare(ACTS["code.attach"], {"contract": "BARE", "code": "A123", "reason": WHY})
    at_work.draw(ACTS["code.show"], {"code": "A123"})
    at_work.sign_ups.attach("BARE", code="A123", reason=WHY)
    assert len(limiter.taken) == 1
    at_work.codes.check("A124")
    assert len(limiter.taken) == 2


def test_a_lost_race_is_no_further_guess() -> None:
    office, limiter = Office(kind=SteppedStore), Counting()
    office.with_amounts()
    code = office.referrer("A")
    store = office.store
    assert isinstance(store, SteppedStore)
    losing = iter([True, True, False])

    def lose(step: str) -> None:
        if step == "commit" and next(losing):
            from referral_core import ConcurrentChange  # noqa: PLC0415

            raise ConcurrentChange("somebody was quicker")

    store.step = lose
    session(limiter, office).sign_ups.conclude("K", account="B", customer="b", code=code)
    assert len(limiter.taken) == 1


def test_it_is_counted_before_the_transaction_and_stays_when_that_is_undone() -> None:
    office, limiter = Office(kind=SteppedStore), Counting()
    assert isinstance(office.store, SteppedStore)
    seen = list[tuple[str, int]]()
    office.store.step = lambda step: seen.append((step, len(limiter.taken)))
    with pytest.raises(Refusal):
        session(limiter, office).codes.end("GUESS234", reason=WHY)
    assert seen[0] == ("begin", 1)
    assert len(limiter.taken) == 1


def test_a_code_that_was_shown_is_no_guess_and_what_is_done_with_it_counts() -> None:
    limiter = Counting()
    at_work = session(limiter, actor=ANN)
    code = at_work.codes.present("A")
    assert code is not None
    at_work.sharing.text(code.text, language="et")
    at_work.codes.check(code.text)
    assert limiter.taken == []
    at_work.sharing.share(code.text, means="link")
    assert len(limiter.taken) == 1
    viewing = session(limiter, actor=ANN)
    for each in viewing.accounts.show("A").codes:
        viewing.codes.check(each.text)
    assert len(limiter.taken) == 1


# ── whose ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

LIMITS: Final = Checking(per_caller=2, per_address=3, per_staff=4, per_staff_address=5, per_system=6)
SHOP: Final = Actor("shop", Role.AGENT, channels=frozenset({"distributor"}))


@pytest.mark.parametrize(
    ("asker", "counted"),
    [
        (Asker(), []),
        (Asker(None, "192.0.2.1"), [("address 192.0.2.1", 3)]),
        (Asker(ANN), [("caller customer a", 2)]),
        (Asker(ANN, "2001:db8:0:1::7"), [("address 2001:db8:0:1::/64", 3), ("caller customer a", 2)]),
        (Asker(ANU, "192.0.2.1"), [("staff address 192.0.2.1", 5), ("caller agent anu", 4)]),
        (Asker(SHOP, "192.0.2.1"), [("address 192.0.2.1", 3), ("caller agent shop", 2)]),
        (Asker(Actor.system("crm"), "192.0.2.1"), [("caller system crm", 6)]),
    ],
)
def test_every_asker_has_limits_by_who_and_whence_they_are(asker: Asker, counted: list[tuple[str, int]]) -> None:
    limiter = Counting()
    draw(limiter, LIMITS, asker)
    assert limiter.taken == [(key, Rate(count, 60.0)) for key, count in counted]


def test_many_together_count_as_many() -> None:
    limiter = SlidingLimiter(clock=lambda: 0.0)
    draw(limiter, LIMITS, Asker(SYSTEM), 4)
    draw(limiter, LIMITS, Asker(SYSTEM), 2)
    with pytest.raises(TooManyCodes) as refused:
        draw(limiter, LIMITS, Asker(SYSTEM))
    assert refused.value.wait == pytest.approx(10)


def test_a_host_that_asks_for_a_visitor_names_the_visitor() -> None:
    limiter, office = Counting(), busy()
    desk = ReferralDesk(Programme.default(), office.store, limiter=limiter)
    visitor = Asker(None, "192.0.2.1")
    desk.session(actor=SYSTEM, now=WHEN, asker=visitor).codes.check("A123")
    desk.run(lambda session: session.codes.check("A123"), actor=SYSTEM, now=WHEN, asker=visitor)
    assert {key for key, _ in limiter.taken} == {"address 192.0.2.1"}


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1:ffff::2", "2001:db8:0:1::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_of_ipv6_the_network_is_the_address(address: str, key: str) -> None:
    assert network_of(address) == key


@pytest.mark.parametrize(("count", "seconds"), [(0, 60.0), (-1, 60.0), (1, 0.0), (1, -1.0)])
def test_a_rate_lets_something_in_in_some_time(count: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Rate(count, seconds)


def test_the_error_tells_the_wait_and_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(TooManyCodes(1.5)))
    assert (again.wait, str(again)) == (1.5, "too many codes in too short a time; the next one in 1.5 seconds")
