"""Promo codes: pending, active, ended, by the period and the moment asked about."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from referral_core.entities.promo_code import (
    CodeEvent,
    CodeStatus,
    Ending,
    Issuing,
    PromoCode,
    Sharing,
    codes_over_time,
)
from tests.phrases import TICK, at, code, period, refused
from tests.strategies import GRID, promo_codes, tick, ticks

PENDING = code(issued="2021-01-01")
ACTIVE = code(issued="2021-01-01", started="2021-02-01")
TO_END = code(issued="2021-01-01", started="2021-02-01", ended="2021-06-01")
TO_END_UNSTARTED = code(issued="2021-01-01", ended="2021-06-01")


# ── status ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C11", "M2")
@pytest.mark.parametrize(
    ("moment", "step", "status"),
    [
        ("2021-01-01", 0, "pending"),
        ("2021-02-01", -1, "pending"),
        ("2021-02-01", 0, "active"),
        ("2021-02-01", 1, "active"),
        ("2021-06-01", -1, "active"),
        ("2021-06-01", 0, "ended"),
        ("2021-06-01", 1, "ended"),
        ("2099-01-01", 0, "ended"),
    ],
)
def test_the_status_follows_from_the_period_and_the_moment_asked_about(moment: str, step: int, status: str) -> None:
    assert TO_END.status_at(at(moment) + step * TICK) == status


@pytest.mark.rule("C3", "C11")
def test_a_code_without_a_start_is_pending_until_it_ends() -> None:
    assert PENDING.status_at(at("2021-01-01")) == "pending"
    assert PENDING.status_at(at("2099-01-01")) == "pending"
    assert TO_END_UNSTARTED.status_at(at("2021-06-01") - TICK) == "pending"
    assert TO_END_UNSTARTED.status_at(at("2021-06-01")) == "ended"


@pytest.mark.rule("C4", "C11")
def test_a_code_without_an_end_stays_active() -> None:
    assert ACTIVE.status_at(at("2099-01-01")) == "active"


@pytest.mark.rule("C11", "S5", "S10")
@pytest.mark.parametrize(
    "later", [PENDING, ACTIVE, TO_END, TO_END_UNSTARTED], ids=["pending", "active", "to end", "never"]
)
def test_a_code_that_was_issued_later_is_pending_and_never_said_to_have_ended(later: PromoCode) -> None:
    assert later.status_at(at("2021-01-01") - TICK) == "pending"
    assert later.status_at(at("2001-01-01")) == "pending"
    with refused("code-pending"):
        later.permits(CodeEvent.USE, at("2020-12-31"))


@pytest.mark.rule("C11", "M2")
@given(promo_codes())
def test_a_code_is_pending_then_active_then_ended_and_never_goes_back(held: PromoCode) -> None:
    order = [CodeStatus.PENDING, CodeStatus.ACTIVE, CodeStatus.ENDED]
    places = [order.index(held.status_at(tick(n) + step)) for n in range(GRID + 1) for step in (-TICK, TICK * 0, TICK)]
    assert places == sorted(places)
    assert (CodeStatus.ENDED in [order[place] for place in places]) == (held.ends_at is not None)


@pytest.mark.rule("S5", "T2")
@pytest.mark.parametrize("event", [CodeEvent.USE, CodeEvent.SHARE])
def test_only_an_active_code_can_be_used_or_shared(event: CodeEvent) -> None:
    with refused("code-pending", naming="A123"):
        TO_END.permits(event, at("2021-02-01") - TICK)
    TO_END.permits(event, at("2021-02-01"))
    TO_END.permits(event, at("2021-06-01") - TICK)
    with refused("code-ended", naming="A123"):
        TO_END.permits(event, at("2021-06-01"))


@pytest.mark.rule("T2")
def test_a_sharing_says_what_was_shared_when_and_how() -> None:
    sharing = Sharing(code="A123", account="account-A", means="e-mail", at=at("2021-02-01"))
    assert (sharing.code, sharing.account, sharing.means) == ("A123", "account-A", "e-mail")
    assert sharing != attrs.evolve(sharing, means="SMS")


# ── starting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C3")
def test_a_pending_code_starts_when_a_contract_activates() -> None:
    started = PENDING.started(at("2021-02-01"))
    assert started == attrs.evolve(PENDING, starts_at=at("2021-02-01"))
    assert started.status_at(at("2021-02-01") - TICK) == "pending"
    assert started.status_at(at("2021-02-01")) == "active"


@pytest.mark.rule("C3")
def test_a_code_does_not_start_before_it_was_issued() -> None:
    assert PENDING.started(at("2020-12-01")).starts_at == at("2021-01-01")


@pytest.mark.rule("C3")
def test_an_activation_told_late_lets_the_code_start_earlier() -> None:
    assert ACTIVE.started(at("2021-01-20")).starts_at == at("2021-01-20")


@pytest.mark.rule("C3", "C11")
def test_an_active_code_stays_active_since_its_start_when_another_contract_activates() -> None:
    assert ACTIVE.started(at("2021-03-01")).starts_at == at("2021-02-01")
    assert ACTIVE.started(at("2021-03-01")).status_at(at("2021-02-15")) == "active"


@pytest.mark.rule("C3", "C5")
def test_a_code_that_has_ended_does_not_start_again() -> None:
    assert TO_END_UNSTARTED.started(at("2021-06-01") - TICK).starts_at == at("2021-06-01") - TICK
    with refused("code-ended", naming="A123"):
        TO_END_UNSTARTED.started(at("2021-06-01"))


# ── ending by itself ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C4", "C11")
def test_a_code_ends_at_the_moment_its_last_contract_is_terminated() -> None:
    over = ACTIVE.ended(at("2021-06-01"), Ending.CONTRACTS_ENDED)
    assert over == attrs.evolve(ACTIVE, ends_at=at("2021-06-01"), ending=Ending.CONTRACTS_ENDED)
    assert over.status_at(at("2021-06-01") - TICK) == "active"
    assert over.status_at(at("2021-06-01")) == "ended"


@pytest.mark.rule("C3")
def test_a_pending_code_ends_without_ever_having_been_active() -> None:
    over = PENDING.ended(at("2021-01-20"), Ending.CONTRACTS_ENDED)
    assert over.starts_at is None
    assert over.status_at(at("2021-01-20") - TICK) == "pending"
    assert over.status_at(at("2021-01-20")) == "ended"


@pytest.mark.rule("C9", "C11")
def test_why_a_code_ended_is_kept() -> None:
    over = ACTIVE.ended(at("2021-06-01"), Ending.REPLACED, "the customer wanted a name")
    assert (over.ending, over.ending_reason) == (Ending.REPLACED, "the customer wanted a name")


@pytest.mark.rule("C4", "C5")
def test_an_end_that_was_planned_and_not_reached_gives_way() -> None:
    over = TO_END.ended(at("2021-03-01"), Ending.CONTRACTS_ENDED)
    assert (over.ends_at, over.ending) == (at("2021-03-01"), Ending.CONTRACTS_ENDED)
    assert TO_END.ended(at("2021-06-01") - TICK, Ending.CONTRACTS_ENDED).ends_at == at("2021-06-01") - TICK


@pytest.mark.rule("C5")
def test_a_code_ends_once() -> None:
    for moment in (at("2021-06-01"), at("2021-07-01")):
        with refused("code-ended", naming="A123"):
            TO_END.ended(moment, Ending.CONTRACTS_ENDED)


@pytest.mark.rule("C6")
def test_a_code_that_ends_as_it_was_issued_was_never_held() -> None:
    for moment in (at("2021-01-01"), at("2020-12-01")):
        over = PENDING.ended(moment, Ending.CONTRACTS_ENDED)
        assert over.ends_at == at("2021-01-01")
        assert over.held is None
        assert over.status_at(at("2021-01-01")) == "ended"


# ── ending by hand ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C5")
@pytest.mark.parametrize("standing", [PENDING, ACTIVE, TO_END], ids=["pending", "active", "to end"])
@pytest.mark.parametrize("moment", ["2021-05-01", "2021-05-02", "2021-12-01"], ids=["now", "before", "after"])
def test_staff_end_a_code_at_once_or_later_and_move_an_end_not_yet_reached(standing: PromoCode, moment: str) -> None:
    over = standing.ended_by_hand(at(moment), "shared on a forum", now=at("2021-05-01"))
    assert (over.ends_at, over.ended_by_hand_at) == (at(moment), at(moment))
    assert (over.ending, over.ending_reason) == (Ending.BY_HAND, "shared on a forum")
    kept = attrs.fields_dict(PromoCode).keys() - {"ends_at", "ended_by_hand_at", "ending", "ending_reason"}
    assert all(getattr(over, name) == getattr(standing, name) for name in kept)


@pytest.mark.rule("C5")
@pytest.mark.parametrize("standing", [PENDING, ACTIVE, TO_END], ids=["pending", "active", "to end"])
def test_an_end_that_has_already_passed_is_refused(standing: PromoCode) -> None:
    with refused("moment-past", field="ends_at"):
        standing.ended_by_hand(at("2021-05-01") - TICK, "shared on a forum", now=at("2021-05-01"))


@pytest.mark.rule("C5")
@pytest.mark.parametrize("moment", ["2021-05-01", "2021-06-01", "2021-07-01"])
def test_a_code_that_has_ended_is_not_ended_again(moment: str) -> None:
    assert TO_END.ended_by_hand(at("2021-07-01"), "late", now=at("2021-06-01") - TICK).ends_at == at("2021-07-01")
    with refused("code-ended", naming="A123"):
        TO_END.ended_by_hand(at(moment), "late", now=at("2021-06-01"))


# ── an account's codes ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C6")
def test_a_code_is_held_from_its_issuing_to_its_end() -> None:
    assert PENDING.held == period("2021-01-01 ..")
    assert ACTIVE.held == period("2021-01-01 ..")
    assert TO_END.held == period("2021-01-01 .. 2021-06-01")


@pytest.mark.rule("C6", "C9")
def test_codes_that_follow_one_another_do_not_overlap() -> None:
    first = code("A123", issued="2021-01-01", ended="2021-06-01")
    second = code("B456", issued="2021-06-01")
    held = codes_over_time([second, first])
    assert [span.value for span in held] == [first, second]
    assert [span.period for span in held] == [period("2021-01-01 .. 2021-06-01"), period("2021-06-01 ..")]


@pytest.mark.rule("C6")
def test_two_codes_held_at_once_are_refused_even_while_both_are_pending() -> None:
    first = code("A123", issued="2021-01-01", ended="2021-06-01 00:00:00.000001")
    second = code("B456", issued="2021-06-01")
    with refused("period-overlap"):
        codes_over_time([first, second])
    with refused("period-overlap"):
        codes_over_time([PENDING, code("B456", issued="2021-02-01")])


@pytest.mark.rule("C6")
def test_a_code_that_was_never_held_is_in_nobodys_way() -> None:
    never_held = PENDING.ended(at("2021-01-01"), Ending.CONTRACTS_ENDED)
    assert [span.value for span in codes_over_time([never_held, code("B456", issued="2021-01-01")])] == [
        code("B456", issued="2021-01-01")
    ]
    assert len(codes_over_time([])) == 0


@pytest.mark.rule("C6")
@given(st.lists(promo_codes(), max_size=3))
def test_codes_are_a_timeline_when_no_two_are_held_at_one_moment(codes: list[PromoCode]) -> None:
    samples = [tick(n) for n in range(GRID + 1)]
    holders = [
        [held for held in codes if held.issued_at <= at and (held.ends_at is None or at < held.ends_at)]
        for at in samples
    ]
    if all(len(some) <= 1 for some in holders):
        timeline = codes_over_time(codes)
        found = [timeline.at(at) for at in samples]
        assert [span.value if span else None for span in found] == [some[0] if some else None for some in holders]
    else:
        with refused("period-overlap"):
            codes_over_time(codes)


# ── any sequence of acts ──────────────────────────────────────────────────────────────────────────────────────────────


class AnyActs(RuleBasedStateMachine):
    """Acts on a code as time goes by, beside a list of what it was at each moment that has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.code = code(issued="2021-01-01")
        self.now = at("2021-01-01")
        self.started = False
        self.ends: datetime | None = None
        self.passed: list[tuple[datetime, CodeStatus]] = []

    def _expected(self) -> CodeStatus:
        if self.ends is not None and self.now >= self.ends:
            return CodeStatus.ENDED
        return CodeStatus.ACTIVE if self.started else CodeStatus.PENDING

    @rule(hours=st.integers(1, 48))
    def wait(self, hours: int) -> None:
        self.passed.append((self.now, self._expected()))
        self.now += timedelta(hours=hours)

    @rule()
    def a_contract_activates(self) -> None:
        if self._expected() == "ended":
            with refused("code-ended"):
                self.code.started(self.now)
        elif not self.started:  # what becomes of an active code has a test of its own
            self.code = self.code.started(self.now)
            self.started = True

    @rule()
    def the_last_contract_ends(self) -> None:
        if self._expected() == "ended":
            with refused("code-ended"):
                self.code.ended(self.now, Ending.CONTRACTS_ENDED)
        else:
            self.code = self.code.ended(self.now, Ending.CONTRACTS_ENDED)
            self.ends = self.now

    @rule(hours=st.integers(-5, 100))
    def staff_end_it(self, hours: int) -> None:
        planned = self.now + timedelta(hours=hours)
        if self._expected() == "ended":
            with refused("code-ended"):
                self.code.ended_by_hand(planned, "why", self.now)
        elif hours < 0:
            with refused("moment-past"):
                self.code.ended_by_hand(planned, "why", self.now)
        else:
            self.code = self.code.ended_by_hand(planned, "why", self.now)
            self.ends = planned

    @invariant()
    def it_is_what_it_should_be_now(self) -> None:
        assert self.code.status_at(self.now) == self._expected()

    @invariant()
    def what_it_was_stays_what_it_was(self) -> None:
        assert [(moment, self.code.status_at(moment)) for moment, _ in self.passed] == self.passed


AnyActs.TestCase.settings = settings(max_examples=40, stateful_step_count=15)
TestAnySequenceOfActs = pytest.mark.rule("C3", "C4", "C5", "C11")(AnyActs.TestCase)


# ── a value's manners ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C11")
@given(promo_codes(), ticks())
def test_a_code_says_who_issued_it_and_how_whatever_happens_to_it(held: PromoCode, moment: datetime) -> None:
    if held.status_at(moment) != "ended":
        over = held.ended(moment, Ending.CONTRACTS_ENDED)
        assert (over.text, over.issued_at, over.issued_by, over.issuing) == (
            held.text,
            held.issued_at,
            held.issued_by,
            held.issuing,
        )


@pytest.mark.rule("C11")
def test_a_code_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ACTIVE.ends_at = at("2021-06-01")  # type: ignore[misc]  # it is frozen
    assert code() == code()
    assert hash(code()) == hash(code())
    assert [how.value for how in Issuing] == ["automatic", "by-hand", "launch"]
