"""Broken adapters: a store in memory with methods that go wrong, and the check that a suite finds them out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

import attrs
import pytest

from referral_adapters.memory import MemoryStore
from referral_adapters.memory.grants import MemoryGrants
from referral_adapters.memory.journal import Change, History
from referral_core.entities.grant import Grant
from referral_core.ports.grants import Step
from referral_core.values.errors import ConcurrentChange, Refusal
from referral_core.values.history import Recorded

P = TypeVar("P")


Act = Callable[..., object]


def altered(part: P, **methods: Act) -> P:
    """Return it with methods that are given the original one first."""
    for name, method in methods.items():
        setattr(part, name, partial(method, getattr(part, name)))
    return part


def altered_part(part: str, **methods: Act) -> MemoryStore:
    """Return a store with methods of one repository that are given the original one first."""
    store = MemoryStore()
    altered(getattr(store, part), **methods)
    return store


def silent(act: Act, *args: object, **kwargs: object) -> None:
    """Never say no."""
    with suppress(Refusal):
        act(*args, **kwargs)


def deaf(_: Act, *args: object, **kwargs: object) -> None:
    """Do nothing at all."""


def trimming(act: Act, words: str) -> object:
    """Take ids as people write them."""
    return act(words.strip())


def backwards(act: Act, *args: object, **kwargs: object) -> Iterator[object]:
    """Answer in the wrong order."""
    answer = act(*args, **kwargs)
    assert isinstance(answer, Iterator | tuple)
    return iter(list(answer)[::-1])


class Broken(Protocol):
    """Makes what is to be judged, broken in some way."""

    def __call__(self) -> object: ...


def promo_codes(**methods: Act) -> Broken:
    return lambda: altered_part("promo_codes", **methods)


def groups(**methods: Act) -> Broken:
    return lambda: altered_part("groups", **methods)


Changing = Callable[[Sequence[Step]], tuple[Grant, ...]]


def looking_first() -> MemoryGrants:
    """Look who has a grant, and then give it, one at a time."""
    part = MemoryStore().grants

    def change(change: Changing, steps: Sequence[Step]) -> tuple[Grant, ...]:
        free = [(before, after) for before, after in steps if part.find(before.key) == before]
        time.sleep(0.001)
        there = [(part.find(before.key), after) for before, after in free]
        return change([(each, after) for each, after in there if each is not None])

    return altered(part, change=change)


def racy_events() -> MemoryStore:
    store = MemoryStore()
    part = store.requests
    taken: list[object] = []

    def add(add: Act, *event: str) -> object:
        if part.event(*event[:2]) is not None:
            return False
        time.sleep(0.001)
        taken.append(add(*event))
        return True

    altered(part, add_event=add)
    return store


def recording_as_told() -> object:
    """Record everything at its own moment, also what arrives late."""
    store = MemoryStore()
    for repository in (store.groups, store.referrals, store.promo_codes):
        setattr(repository, "_history", BackdatedHistory(repository._history._thing))  # noqa: B010 - the fault
    return store


class BackdatedHistory(History[Any]):
    """A history that records every moment as it is given, even one before the last."""

    def recording(self, subject: str, state: object, at: datetime) -> Change:
        items, key, before, value = super().recording(subject, state, at)
        record = value[0] if isinstance(value, list) else value
        told = attrs.evolve(record, recorded_at=at)
        return items, key, before, [told] if isinstance(value, list) else told


def recording_what_fails(part: str, change: str, recorded: Callable[[tuple[Any, ...], list[Any]], object]) -> Broken:
    """Keep what was undone."""

    def make() -> object:
        kept: list[Recorded[Any]] = []

        def changing(act: Act, state: object, *, at: datetime) -> None:
            act(state, at=at)
            kept.append(Recorded(state, at, 2))

        def history(states: Callable[[str], tuple[Any, ...]], of: str) -> object:
            return recorded(states(of), kept)

        methods: dict[str, Act] = {change: changing, "history": history}
        return altered_part(part, **methods)

    return make


def saying_nothing(add: Act, *page: object, **at: object) -> None:
    """Leave out what does not fit, and tell nobody."""
    with suppress(ConcurrentChange):
        add(*page, **at)


def outside_of_transactions() -> MemoryStore:
    """Add to another store, which no transaction of this one undoes; and read there."""
    store, other = MemoryStore(), MemoryStore()
    for name in ("contracts", "promo_codes", "trace"):
        setattr(store, name, getattr(other, name))
    return store


def finds_out(suite: type, test: str, broken: object, **params: object) -> None:
    """Expect that a test of a suite fails on a broken adapter, by an assertion or by an unexpected refusal."""
    with pytest.raises((AssertionError, pytest.fail.Exception, ConcurrentChange, Refusal)):
        getattr(suite(), test)(broken, **params)


def own_tests(suite: type) -> set[str]:
    """Return the names of the tests that a suite defines itself."""
    return {name for name in vars(suite) if name.startswith("test_")}
