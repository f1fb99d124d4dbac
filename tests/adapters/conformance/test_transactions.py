"""Every test of the suite for transactions can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

import pytest

from referral_adapters.conformance import TransactionConformance
from referral_adapters.conformance.store import Slip
from referral_adapters.memory import MemoryStore
from referral_core.entities.promo_code import PromoCode
from referral_core.values.errors import ConcurrentChange, Refusal
from tests.adapters.conformance.broken import Act, Broken, altered, finds_out, looking_first, own_tests, racy_events

Transaction = Callable[[], AbstractContextManager[None]]


def without_transactions() -> MemoryStore:
    """Let everything take effect at once."""
    return altered(MemoryStore(), transaction=lambda _: nullcontext())


def without_savepoints() -> MemoryStore:
    """Undo all or nothing, however deep."""
    depth: list[None] = []

    @contextmanager
    def flat(transaction: Transaction) -> Iterator[None]:
        depth.append(None)
        try:
            with transaction() if len(depth) == 1 else nullcontext():
                yield
        finally:
            depth.pop()

    return altered(MemoryStore(), transaction=flat)


def never_lasting() -> MemoryStore:
    """Undo everything, always."""

    @contextmanager
    def undoing(transaction: Transaction) -> Iterator[None]:
        try:
            with transaction():
                yield
                raise Slip
        except Slip:
            pass

    return altered(MemoryStore(), transaction=undoing)


def minding_errors_only() -> MemoryStore:
    """Take an interrupt for success."""

    @contextmanager
    def lenient(transaction: Transaction) -> Iterator[None]:
        interrupt: BaseException | None = None
        with transaction():
            try:
                yield
            except (KeyboardInterrupt, SystemExit, GeneratorExit) as error:
                interrupt = error
        if interrupt:
            raise interrupt

    return altered(MemoryStore(), transaction=lenient)


def swallowing() -> MemoryStore:
    """Undo, and tell nobody."""

    @contextmanager
    def quiet(transaction: Transaction) -> Iterator[None]:
        try:
            with transaction():
                yield
        except Slip:
            pass

    return altered(MemoryStore(), transaction=quiet)


def running_bare() -> MemoryStore:
    """Run an act without a transaction."""
    return altered(MemoryStore(), run=lambda _, act: act())


def running_once() -> MemoryStore:
    """Leave trying again to whoever asks."""
    store = MemoryStore()

    def once(_: object, act: Callable[[], object]) -> object:
        with store.transaction():
            return act()

    return altered(store, run=once)


def running_again_inside() -> MemoryStore:
    """Try again, wherever it is."""

    def again(run: Callable[[Callable[[], object]], object], act: Callable[[], object]) -> object:
        try:
            return run(act)
        except ConcurrentChange:
            return run(act)

    return altered(MemoryStore(), run=again)


def sulking() -> MemoryStore:
    """Store no more code after having refused one."""
    refused: list[PromoCode] = []

    def add(add: Act, code: PromoCode, **at: object) -> None:
        try:
            if not refused:
                add(code, **at)
        except Refusal:
            refused.append(code)
            raise

    store = MemoryStore()
    altered(store.promo_codes, add=add)
    return store


def with_payers_who_look_first() -> MemoryStore:
    """Let payers look who has a grant, and then take it."""
    store = without_transactions()
    store.grants = looking_first()
    return store


def with_racy_events() -> MemoryStore:
    store = without_transactions()
    store.requests = racy_events().requests  # of another store, which is the fault
    return store


BROKEN: Final[dict[str, Broken]] = {
    "test_what_succeeds_lasts": never_lasting,
    "test_what_fails_never_was": without_transactions,
    "test_what_fails_can_be_done_after_all": without_transactions,
    "test_seals_are_undone_too": without_transactions,
    "test_a_chain_goes_on_where_it_ended_before_what_was_undone": without_savepoints,
    "test_an_erased_customer_comes_back_when_it_is_undone": without_transactions,
    "test_an_inner_transaction_is_a_part_of_the_outer_one": without_transactions,
    "test_an_inner_failure_undoes_the_inner_part_only": without_savepoints,
    "test_failures_nest": without_savepoints,
    "test_a_refusal_caught_inside_leaves_the_rest_alone": sulking,
    "test_what_is_run_is_one_transaction": running_bare,
    "test_what_lost_a_race_is_run_again": running_once,
    "test_whoever_loses_every_race_gets_the_conflict": running_once,
    "test_inside_another_transaction_it_is_run_once": running_again_inside,
    "test_nobody_else_sees_what_is_unfinished": without_transactions,
    "test_racing_transactions_leave_all_or_nothing": without_transactions,
    "test_racing_transactions_that_differ_all_last": without_transactions,
    "test_racing_payers_take_every_grant_once": with_payers_who_look_first,
    "test_one_of_racing_events_has_its_effect": with_racy_events,
    "test_one_of_racing_sign_ups_refers_the_customer": without_transactions,
}
ERRORS: Final = {"test_what_fails_never_was": {"error": Slip}}


def test_there_is_a_broken_store_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(TransactionConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_a_store_that_is_broken(test: str) -> None:
    finds_out(TransactionConformance, test, BROKEN[test](), **ERRORS.get(test, {}))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_store_that_minds_errors_only_is_found_out(error: type[BaseException]) -> None:
    finds_out(TransactionConformance, "test_what_fails_never_was", minding_errors_only(), error=error)


def test_a_store_that_swallows_errors_is_found_out() -> None:
    finds_out(TransactionConformance, "test_what_fails_never_was", swallowing(), error=Slip)
