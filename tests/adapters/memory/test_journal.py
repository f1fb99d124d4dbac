"""What a journal undoes, it undoes exactly: against copies, and interrupted at every line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from referral_adapters import memory
from referral_adapters.conformance.samples import (
    balance,
    case,
    code,
    contract,
    day,
    grant,
    group,
    note,
    referral,
    sharing,
)
from referral_adapters.conformance.store import everything, furnish, rearrange
from referral_adapters.memory import ContinuousDiscounts, MemoryStore
from referral_adapters.memory.journal import Journal, adding, removing, setting
from referral_core.values.money import Money

if TYPE_CHECKING:
    from _typeshed import TraceFunction

# ── against copies ────────────────────────────────────────────────────────────────────────────────────────────────────

KEYS: Final = st.sampled_from("abc")
ITEMS: Final = st.integers(0, 9)


class Full(dict[str, int]):
    """Takes nothing."""

    def __setitem__(self, key: str, value: int) -> None:
        raise MemoryError


class JournalMachine(RuleBasedStateMachine):
    """Changes inside blocks that succeed and fail, beside a model that copies everything at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal()
        self.ordered: dict[str, int] = {}
        self.loose: dict[str, int] = {}
        self.items: list[int] = []
        self.copies: list[tuple[dict[str, int], dict[str, int], list[int]]] = []

    @rule()
    def begin(self) -> None:
        self.journal.__enter__()
        self.copies.append(deepcopy((self.ordered, self.loose, self.items)))

    @precondition(lambda self: self.copies)
    @rule()
    def succeed(self) -> None:
        self.journal.__exit__(None, None, None)
        self.copies.pop()

    @precondition(lambda self: self.copies)
    @rule()
    def fail(self) -> None:
        self.journal.__exit__(ValueError, ValueError(), None)
        ordered, loose, items = self.copies.pop()
        assert list(self.ordered.items()) == list(ordered.items())
        assert self.loose == loose
        assert self.items == items

    @rule(key=KEYS, other=KEYS, item=ITEMS)
    def change(self, key: str, other: str, item: int) -> None:
        self.journal.write(
            setting(self.ordered, key, item),
            removing(self.loose, other),
            setting(self.loose, key, item),
            adding(self.items, item),
            adding(self.items, item + 1),
        )
        assert self.items[-2:] == [item, item + 1]

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        self.journal.write(removing(self.loose, key))
        assert key not in self.loose

    @rule(key=KEYS, item=ITEMS)
    def fail_half_way(self, key: str, item: int) -> None:
        """Undo the changes before the one that cannot be made."""
        before = deepcopy((self.ordered, self.loose, self.items))
        with pytest.raises(MemoryError):
            self.journal.write(setting(self.ordered, key, item), adding(self.items, item), setting(Full(), key, item))
        assert (self.ordered, self.loose, self.items) == before

    @invariant()
    def nothing_is_kept_outside_of_blocks(self) -> None:
        assert self.copies or not self.journal._steps


TestJournal = JournalMachine.TestCase

# ── interrupted ───────────────────────────────────────────────────────────────────────────────────────────────────────

MEMORY: Final = str(Path(memory.__file__).parent)


def interrupted(act: Callable[[], object], line: int) -> bool:
    """Interrupt what ``act`` does before it comes to its ``line``-th line in the adapter; tell whether it came there.

    The two methods by which a block is entered and left are let be: what Python does between them and the block cannot
    be guarded by them.
    """
    left = line

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        nonlocal left
        if not frame.f_code.co_filename.startswith(MEMORY) or frame.f_code.co_name in ("__enter__", "__exit__"):
            return None
        if event == "line":
            left -= 1
            if not left:
                raise KeyboardInterrupt
        return trace

    usual = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(usual)
    return False


CALLS: Final[dict[str, Callable[[MemoryStore], object]]] = {
    "a contract": lambda store: store.contracts.put(contract("K0", on="A3", of="C3")),
    "a contract more": lambda store: store.contracts.put(contract("K4", on="A2", of="C2")),
    "a contract's next state": lambda store: store.contracts.put(contract("K1").activated(day(1))),
    "a first code": lambda store: store.promo_codes.add(code("DDDD", on="A3", of="C3"), at=day(0)),
    "a code more": lambda store: store.promo_codes.add(code("EEEE", issued=day(-5), ended=day(0)), at=day(0)),
    "a code's next state": lambda store: store.promo_codes.replace(
        code("BBBB", issued=day(5)).started(day(6)), at=day(0)
    ),
    "a group": lambda store: store.groups.put(group("family"), at=day(1)),
    "a group's name": lambda store: store.groups.put(group("friends", called="Sõbrad"), at=day(1)),
    "a referral": lambda store: store.referrals.add(referral("K1", of="C1"), at=day(1)),
    "a referral's end": lambda store: store.referrals.replace(referral("K2").cancelled(day(1)), at=day(1)),
    "a grant": lambda store: store.grants.add(grant("K0", on="A3")),
    "a case": lambda store: store.cases.open(case("S1")),
    "a case's end": lambda store: store.cases.close(case("S2").abandoned(day(1))),
    "a sharing": lambda store: store.promo_codes.add_sharing(sharing("A4")),
    "an event": lambda store: store.requests.add_event("/feed", "2", "digest"),
    "a row": lambda store: store.trace.append(note("A4")),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_takes_effect_or_not_wherever_it_is_interrupted(call: str) -> None:
    outcomes = []
    for line in range(1, 200):
        store = MemoryStore()
        furnish(store)
        before = everything(store)
        if not interrupted(lambda: CALLS[call](store), line):  # noqa: B023 - called at once
            break
        outcomes.append(everything(store) == before)
        if outcomes[-1]:
            CALLS[call](store)  # what did not happen can still be done
    assert outcomes[0] is True
    assert sorted(outcomes, reverse=True) == outcomes


def test_a_transaction_has_no_effect_wherever_it_is_interrupted() -> None:
    store = MemoryStore()
    furnish(store)
    before = everything(store)

    def act() -> None:
        with store.transaction():
            rearrange(store)

    line = 1
    while interrupted(act, line):
        assert everything(store) == before
        line += 11
    assert line > 500
    assert everything(store) != before


@pytest.mark.rule("B7")
def test_a_transfer_is_done_on_both_sides_or_neither_wherever_it_is_interrupted() -> None:
    done = (((day(0), Money("6")),), ((day(0), Money("4")),), balance(granted="10", transferred_out="4"))
    undone = (((day(0), Money("10")),), (), balance(granted="10"))
    line, came_there = 0, True
    while came_there:
        line += 1
        billing = ContinuousDiscounts()
        billing.grant(grant(on="A"))
        came_there = interrupted(lambda: billing.transfer("A", "B", Money("4"), at=day(1), key="T1"), line)  # noqa: B023
        state = billing.lots("A"), billing.lots("B"), billing.balance("A")
        assert state in ((undone, done) if came_there else (done,))
        assert billing.balance("B").unused == Money.total(amount for _, amount in state[1])
    assert line > 20


def test_a_second_interrupt_does_not_stop_the_undoing() -> None:
    class Stubborn(dict[str, int]):
        """Is interrupted the first time something is put back."""

        puts = 0

        def __setitem__(self, key: str, value: int) -> None:
            self.puts += 1
            if self.puts == 2:
                raise KeyboardInterrupt
            super().__setitem__(key, value)

    journal, stubborn, others = Journal(), Stubborn(a=1), list[int]()
    with suppress(KeyboardInterrupt), journal:
        journal.write(adding(others, 1), setting(stubborn, "a", 2))
        raise ValueError
    assert (stubborn, others) == ({"a": 1}, [])
