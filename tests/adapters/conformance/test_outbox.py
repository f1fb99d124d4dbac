"""Every test of the suite for the outbox can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import attrs
import pytest

from referral_adapters.conformance.outbox import OutboxConformance
from referral_adapters.conformance.samples import TICK
from referral_adapters.memory import MemoryStore
from referral_core.entities.trace import Published, Subscription, TraceEntry, TraceNote
from tests.adapters.conformance.broken import Act, Broken, altered, altered_part, finds_out, own_tests


def outbox(**methods: Act) -> Broken:
    def make() -> object:
        store = MemoryStore()
        altered(store.trace, **methods)
        return store

    return make


def with_order(order: Callable[[MemoryStore], Sequence[TraceEntry]]) -> Broken:
    """Give rows positions in another order than the one in which they were written."""

    def make() -> object:
        store = MemoryStore()
        altered(store.trace, in_order=lambda _, start, end: order(store)[start:end])
        return store

    return make


def latest_first(store: MemoryStore) -> list[TraceEntry]:
    return sorted(store.trace.entries(), key=lambda row: -row.number)


def chain_by_chain(store: MemoryStore) -> list[TraceEntry]:
    return list(store.trace.chain())


def showing_what_waits() -> object:
    store = MemoryStore()

    def read(_: Act, after: int, limit: int) -> tuple[Published, ...]:
        rows = store.trace.in_order(after, after + limit)
        return tuple(Published(position, row) for position, row in enumerate(rows, after + 1))

    altered(store.trace, published=read)
    return store


def leaving_out_the_launch() -> object:
    store = MemoryStore()

    def add(add: Act, *page: object, at: datetime) -> None:
        add(*page, at=at)
        store.trace._order.pop()

    altered(store.promo_codes, add_first=add)
    return store


def publishing_copies() -> object:
    """Keep what was published as it was."""
    store = MemoryStore()
    copies: list[Published] = []

    def publish(publish: Act, limit: int) -> object:
        count = publish(limit)
        copies[:] = store.trace.published(0, 999)
        return count

    altered(store.trace, publish=publish)
    altered(store.trace, published=lambda read, after, limit: copies[after : after + limit] or read(after, limit))
    return store


def numbering_at_once() -> object:
    """Number rows as they are written, whether that lasts or not."""
    store = MemoryStore()
    written: list[TraceNote] = []

    def append(append: Act, *notes: TraceNote) -> None:
        written.extend(notes)
        append(*notes)

    def read(read: Callable[[int, int], tuple[Published, ...]], after: int, limit: int) -> tuple[Published, ...]:
        undone = len(written) - len(store.trace._order)
        return tuple(attrs.evolve(each, position=each.position + undone) for each in read(after, limit))

    altered(store.trace, append=append)
    altered(store.trace, published=read)
    return store


def publishing_for_ever() -> object:
    """Give positions outside of all transactions."""
    store = MemoryStore()

    def publish(_: Act, limit: int) -> int:
        last = store.trace._published.get(None, 0)
        store.trace._published[None] = min(last + limit, len(store.trace._order))
        return store.trace._published[None] - last

    altered(store.trace, publish=publish)
    return store


OUTBOX: Final[dict[str, Broken]] = {
    "test_a_row_waits_until_somebody_publishes_it": showing_what_waits,
    "test_whatever_leaves_a_trace_is_published": leaving_out_the_launch,
    "test_no_more_is_published_than_asked": outbox(publish=lambda publish, limit: publish(limit + 1)),
    "test_rows_of_one_subject_come_in_order": with_order(latest_first),
    "test_reading_goes_on_from_any_position": outbox(
        published=lambda read, after, limit: read(max(after - 1, 0), limit)
    ),
    "test_a_position_stays": with_order(chain_by_chain),
    "test_what_was_erased_is_erased_there_too": publishing_copies,
    "test_what_was_undone_is_never_published": numbering_at_once,
    "test_positions_that_were_undone_are_given_again": publishing_for_ever,
    "test_racing_publishers_leave_nothing_out": with_order(chain_by_chain),
}


def subscriptions(**methods: Act) -> Broken:
    return lambda: altered_part("trace", **methods)


def adding_again() -> object:
    store = MemoryStore()
    part = store.trace

    def add(_: Act, name: str, position: int) -> bool:
        is_new = part.subscription(name) is None
        part._put(Subscription(name, position))
        return is_new

    altered(part, subscribe=add)
    return store


def taking_at(shown: Callable[[Subscription, datetime], Subscription]) -> Broken:
    """See a subscription in another light when it is taken."""

    def make() -> object:
        store = MemoryStore()
        part = store.trace

        def take(_: Act, name: str, *, at: datetime, until: datetime) -> Subscription | None:
            found = part.subscription(name)
            free = found and shown(found, at).is_free(at)
            return part._put(attrs.evolve(found, leased_until=until)) if found and free else None

        altered(part, lease=take)
        return store

    return make


def making_what_is_taken() -> object:
    store = MemoryStore()
    part = store.trace

    def take(take: Act, name: str, **moments: datetime) -> object:
        part.subscribe(name, 0)
        return take(name, **moments)

    altered(part, lease=take)
    return store


def comparing_positions_only() -> object:
    store = MemoryStore()
    part = store.trace

    def settle(settle: Act, before: Subscription, after: Subscription) -> object:
        found = part.subscription(before.name)
        return settle(found if found and found.position == before.position else before, after)

    altered(part, settle=settle)
    return store


def looking_before_taking() -> object:
    store = MemoryStore()
    part = store.trace

    def take(take: Act, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        found = part.subscription(name)
        time.sleep(0.001)
        return part._put(attrs.evolve(found, leased_until=until)) if found and found.is_free(at) else None

    altered(part, lease=take)
    return store


def looking_before_settling() -> object:
    store = MemoryStore()
    part = store.trace

    def settle(_: Act, before: Subscription, after: Subscription) -> bool:
        is_same = part.subscription(before.name) == before
        time.sleep(0.001)
        return is_same and bool(part._put(after))

    altered(part, settle=settle)
    return store


SUBSCRIPTIONS: Final[dict[str, Broken]] = {
    "test_a_new_subscription_begins_at_its_position": subscriptions(subscribe=lambda add, name, _: add(name, 0)),
    "test_a_subscription_is_there_once": adding_again,
    "test_all_subscriptions_are_in_order_of_name": subscriptions(subscriptions=lambda every: every()[::-1]),
    "test_names_are_taken_to_the_letter": subscriptions(
        subscribe=lambda add, name, position: add(name.strip(), position)
    ),
    "test_a_free_subscription_is_leased_until_a_moment": subscriptions(
        lease=lambda take, name, at, until: take(name, at=at, until=until - TICK)
    ),
    "test_what_is_unknown_cannot_be_leased": making_what_is_taken,
    "test_a_lease_holds_up_to_its_end": taking_at(lambda each, _: attrs.evolve(each, leased_until=None)),
    "test_who_has_to_wait_cannot_be_leased_earlier": taking_at(lambda each, _: attrs.evolve(each, next_at=None)),
    "test_the_next_state_of_a_subscription_is_stored_whole": subscriptions(
        settle=lambda settle, before, after: settle(before, attrs.evolve(after, next_at=before.next_at))
    ),
    "test_what_somebody_else_has_changed_is_not_overwritten": comparing_positions_only,
    "test_a_state_of_another_subscription_is_refused": subscriptions(
        settle=lambda settle, before, after: settle(before, attrs.evolve(after, name=before.name))
    ),
    "test_one_of_racing_senders_has_the_lease": looking_before_taking,
    "test_one_of_racing_settlements_is_stored": looking_before_settling,
}

BROKEN: Final[dict[str, Broken]] = OUTBOX | SUBSCRIPTIONS


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(OutboxConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(OutboxConformance, test, BROKEN[test]())
