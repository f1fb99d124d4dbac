"""What the transactions of every store must do."""

from __future__ import annotations

from threading import Thread
from typing import Final

import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import case, code, contract, day, note, referral, sharing
from referral_adapters.conformance.store import Store, everything, furnish, rearrange
from referral_core.entities.contract import Contract
from referral_core.entities.seal import Seal
from referral_core.values.reason import Reason

A_MOMENT: Final = 0.2
"""How many seconds a thread is given to see what it should not."""


class Slip(Exception):
    """What goes wrong in these transactions."""


class TransactionConformance:
    """Asks for a fixture ``store``: a :class:`Store` with nothing in it.

    Billing and folding are left out, since a host may take them from elsewhere. Numbers of codes are in: what is
    undone has used up none, so that the same acts give the same codes in every store.
    """

    def test_what_succeeds_lasts(self, store: Store) -> None:
        """A transaction takes effect as a whole, and its own ports see it at once."""
        with store.transaction():
            furnish(store)
            inside = everything(store)
        assert everything(store) == inside

    @pytest.mark.parametrize("error", [Slip, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_what_fails_never_was(self, store: Store, error: type[BaseException]) -> None:
        """An exception of any kind undoes all of it, exactly, and goes on to the caller."""
        furnish(store)
        before, slip = everything(store), error()
        with pytest.raises(error) as caught, store.transaction():
            rearrange(store)
            raise slip
        assert caught.value is slip
        assert everything(store) == before

    def test_what_fails_can_be_done_after_all(self, store: Store) -> None:
        """Nothing that was undone stands in the way of anybody: no text, name, customer, case, event or number."""
        furnish(store)
        for _ in range(3):
            with pytest.raises(Slip), store.transaction():
                rearrange(store)
                raise Slip
        rearrange(store)
        assert store.code_source.numbers(1) == range(5, 6)

    def test_seals_are_undone_too(self, store: Store) -> None:
        """A seal that was undone leaves its number to the next."""
        store.trace.append(note())
        with pytest.raises(Slip), store.transaction():
            store.trace.append(note())
            store.trace.add_seal(Seal.over(store.trace.heads(), store.trace.seals(), day(1)))
            raise Slip
        assert store.trace.seals() == ()
        seal = Seal.over(store.trace.heads(), store.trace.seals(), day(2))
        store.trace.add_seal(seal)
        assert store.trace.seals() == (seal,)

    def test_an_inner_transaction_is_a_part_of_the_outer_one(self, store: Store) -> None:
        """What succeeded inside is undone if the outer one fails."""
        furnish(store)
        before = everything(store)
        with pytest.raises(Slip), store.transaction():
            store.sharings.add(sharing())
            with store.transaction():
                rearrange(store)
            raise Slip
        assert everything(store) == before

    def test_an_inner_failure_undoes_the_inner_part_only(self, store: Store) -> None:
        """If it goes no further than the outer block, what that did before and after lasts."""
        furnish(store)
        with store.transaction():
            store.sharings.add(sharing("A4"))
            halfway = everything(store)
            with pytest.raises(Slip), store.transaction():
                rearrange(store)
                raise Slip
            assert everything(store) == halfway
            rearrange(store)
        assert [store.sharings.count_of(account) for account in ("A1", "A4")] == [3, 2]
        assert store.promo_codes.find("DDDD")

    def test_failures_nest(self, store: Store) -> None:
        """At any depth, what failed is undone down to where its block began."""
        with store.transaction():
            store.contracts.put(contract("K1"))
            with pytest.raises(Slip), store.transaction():
                store.contracts.put(contract("K2"))
                with store.transaction():
                    store.contracts.put(contract("K3"))
                with pytest.raises(Slip), store.transaction():
                    store.contracts.put(contract("K4"))
                    raise Slip
                assert _ids(store.contracts.of_account("A1")) == ["K1", "K2", "K3"]
                raise Slip
            store.contracts.put(contract("K5"))
        assert _ids(store.contracts.of_account("A1")) == ["K1", "K5"]

    def test_a_refusal_caught_inside_leaves_the_rest_alone(self, store: Store) -> None:
        """A port that says no has changed nothing, and the transaction goes on."""
        with store.transaction():
            store.promo_codes.add(code())
            with refused(Reason.CODE_TAKEN):
                store.promo_codes.add(code(on="A2"))
            store.promo_codes.add(code("B456", on="A2"))
        assert [len(store.promo_codes.of_account(account)) for account in ("A1", "A2")] == [1, 1]

    def test_nobody_else_sees_what_is_unfinished(self, store: Store) -> None:
        """Another thread is shown what was before, or waits; it never sees what then was undone."""
        seen: list[Contract | None] = []
        reader = Thread(target=lambda: seen.append(store.contracts.find("K1")), daemon=True)
        with pytest.raises(Slip), store.transaction():
            store.contracts.put(contract("K1"))
            reader.start()
            reader.join(A_MOMENT)
            raise Slip
        reader.join()
        assert seen == [None]

    def test_racing_transactions_leave_all_or_nothing(self, store: Store) -> None:
        """Of racing transactions one gets the text; the others leave nothing of what else they did (C1)."""

        def take(number: int) -> int:
            with store.transaction():
                store.contracts.put(contract(f"K{number}", on=f"A{number}", of=f"C{number}"))
                store.sharings.add(sharing(f"A{number}"))
                store.promo_codes.add(code(on=f"A{number}", of=f"C{number}"))
                return number

        race = Race(take)
        assert race.lost == [Reason.CODE_TAKEN] * (CONTENDERS - 1)
        assert [(account, customer) for account, customer in store.contracts.accounts()] == [
            (f"A{number}", f"C{number}") for number in race.won
        ]
        assert [number for number in range(CONTENDERS) if store.sharings.count_of(f"A{number}")] == race.won

    def test_racing_transactions_that_differ_all_last(self, store: Store) -> None:
        """Transactions that have nothing to do with each other all take effect, whole; every other one fails."""

        def work(number: int) -> None:
            for n in range(CONTENDERS):
                with store.transaction():
                    store.contracts.put(contract(f"K{number}-{n}", on=f"A{number}", of=f"C{number}"))
                    store.trace.append(note(f"A{number}"))
                    if n % 2:
                        break

        def fail(number: int) -> None:
            with pytest.raises(Slip), store.transaction():
                work(number)
                raise Slip

        Race(lambda number: fail(number) if number % 2 else work(number))
        for number in range(CONTENDERS):
            expected = [] if number % 2 else [f"K{number}-0", f"K{number}-1"]
            assert _ids(store.contracts.of_account(f"A{number}")) == expected
            assert len(list(store.trace.chain(f"account:A{number}"))) == len(expected)

    def test_one_of_racing_events_has_its_effect(self, store: Store) -> None:
        """An event is stored in the transaction of its effect, so it has one effect, whoever else brings it (B2)."""

        def handle(number: int) -> None:
            for _ in range(2):
                with store.transaction():
                    if store.events.add("/feed", "1", "digest"):
                        store.sharings.add(sharing())
                        store.cases.open(case(f"S{number}"))

        Race(handle)
        assert store.sharings.count_of("A1") == len(list(store.cases.all())) == 1

    def test_one_of_racing_sign_ups_refers_the_customer(self, store: Store) -> None:
        """Of two attempts at once one wins, and the other is told so although neither saw the other coming (S4)."""

        def sign_up(number: int) -> str:
            with store.transaction():
                store.contracts.put(contract(f"K{number}", on="A2", of="C2"))
                store.referrals.add(referral(f"K{number}"), at=day(0))
                return f"K{number}"

        race = Race(sign_up)
        assert race.lost == [Reason.ALREADY_REFERRED] * (CONTENDERS - 1)
        assert [each.contract for each in store.referrals.all()] == race.won
        assert _ids(store.contracts.of_account("A2")) == race.won


def _ids(contracts: tuple[Contract, ...]) -> list[str]:
    return [each.id for each in contracts]
