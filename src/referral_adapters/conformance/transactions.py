"""What the transactions of every store must do."""

from __future__ import annotations

from threading import Thread
from typing import Final

import pytest

from referral_adapters.conformance.race import CONTENDERS, PATIENCE, Race
from referral_adapters.conformance.samples import case, code, contract, day, grant, note, referral, sharing
from referral_adapters.conformance.store import Slip, Store, everything, failing, furnish, ids, rearrange, refused
from referral_core.entities.contract import Contract
from referral_core.entities.trace import account_subject, chain_faults
from referral_core.values.errors import ConcurrentChange, Reason

A_MOMENT: Final = 0.2
"""How many seconds a thread is given to see what it should not."""
OFTEN: Final = 99
"""How many races nobody would lose one after another."""


class _Racing:
    """An act that does something, loses its first few races, and tells how often it was done."""

    def __init__(self, store: Store, *, losing: int) -> None:
        self.times = 0
        self._store = store
        self.losing = losing

    def __call__(self) -> int:
        self.times += 1
        self._store.promo_codes.add_sharing(sharing("A1"))
        if self.times <= self.losing:
            raise ConcurrentChange("somebody was quicker")
        return self.times


class TransactionConformance:
    """Asks for a fixture ``store``: a :class:`Store` with nothing in it.

    Billing is left out, since a host may take it from elsewhere. Numbers of codes are in: what is undone has used up
    none, so that the same acts give the same codes in every store.
    """

    def test_what_succeeds_lasts(self, store: Store) -> None:
        """A transaction takes effect as a whole, and its own repositories see it at once."""
        with store.transaction():
            furnish(store)
            inside = everything(store)
        assert everything(store) == inside

    @pytest.mark.parametrize("error", [Slip, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_what_fails_never_was(self, store: Store, error: type[BaseException]) -> None:
        """An exception of any kind undoes all of it, exactly, and goes on to the caller."""
        furnish(store)
        before = everything(store)
        with failing(store, error):
            rearrange(store)
        assert everything(store) == before

    def test_what_fails_can_be_done_after_all(self, store: Store) -> None:
        """Nothing that was undone stands in the way of anybody: no text, name, customer, case or event."""
        furnish(store)
        for _ in range(3):
            with failing(store):
                rearrange(store)
        rearrange(store)

    def test_seals_are_undone_too(self, store: Store) -> None:
        """A seal that was undone leaves its number to the next."""
        store.trace.append(note())
        with failing(store):
            store.trace.append(note("A2"))
            assert store.trace.seal(day(1))
        assert (list(store.trace.seals()), list(store.trace.sealed_heads())) == ([], [])
        seal = store.trace.seal(day(2))
        assert seal
        assert (seal.number, seal.heads, list(store.trace.seals())) == (1, 1, [seal])

    def test_a_chain_goes_on_where_it_ended_before_what_was_undone(self, store: Store) -> None:
        """Of a trace, too, nothing is left of what failed, at any depth: no row, and no gap where it was (A2)."""
        with failing(store):
            store.trace.append(note())
        with store.transaction():
            store.trace.append(note())
            with failing(store):
                store.trace.append(note())
                store.trace.append(note(), note("A2"))
            store.trace.append(note())
            store.trace.append(note(), note())
        chain = list(store.trace.chain(account_subject("A1")))
        assert ([row.number for row in chain], chain_faults(chain)) == ([1, 2, 3, 4], ())

    def test_an_erased_customer_comes_back_when_it_is_undone(self, store: Store) -> None:
        """What was erased in a transaction that fails is all there again, the trace's persons too (A5)."""
        furnish(store)
        before = everything(store)
        with failing(store):
            store.erase("C1")
            assert store.contracts.of_customer("C1") == ()
        assert everything(store) == before

    def test_an_inner_transaction_is_a_part_of_the_outer_one(self, store: Store) -> None:
        """What succeeded inside is undone if the outer one fails."""
        furnish(store)
        before = everything(store)
        with failing(store):
            store.promo_codes.add_sharing(sharing())
            with store.transaction():
                rearrange(store)
        assert everything(store) == before

    def test_an_inner_failure_undoes_the_inner_part_only(self, store: Store) -> None:
        """If it goes no further than the outer block, what that did before and after lasts."""
        furnish(store)
        with store.transaction():
            store.promo_codes.add_sharing(sharing("A4"))
            halfway = everything(store)
            with failing(store):
                rearrange(store)
            assert everything(store) == halfway
            rearrange(store)
        assert [store.promo_codes.times_shared(account) for account in ("A1", "A4")] == [3, 2]
        assert store.promo_codes.find("DDDD")

    def test_failures_nest(self, store: Store) -> None:
        """At any depth, what failed is undone down to where its block began."""
        with store.transaction():
            store.contracts.put(contract("K1"))
            with failing(store):
                store.contracts.put(contract("K2"))
                with store.transaction():
                    store.contracts.put(contract("K3"))
                with failing(store):
                    store.contracts.put(contract("K4"))
                assert ids(store.contracts.of_account("A1")) == ["K1", "K2", "K3"]
            store.contracts.put(contract("K5"))
        assert ids(store.contracts.of_account("A1")) == ["K1", "K5"]

    def test_a_refusal_caught_inside_leaves_the_rest_alone(self, store: Store) -> None:
        """A repository that says no has changed nothing, and the transaction goes on."""
        with store.transaction():
            store.promo_codes.add(code(), at=day(0))
            with refused(Reason.CODE_TAKEN):
                store.promo_codes.add(code(on="A2"), at=day(0))
            store.promo_codes.add(code("B456", on="A2"), at=day(0))
        assert [len(store.promo_codes.of_account(account)) for account in ("A1", "A2")] == [1, 1]

    def test_what_is_run_is_one_transaction(self, store: Store) -> None:
        """It takes effect as a whole and hands on what it returns; an exception undoes all of it (P6)."""

        def act() -> str:
            rearrange(store)
            return "done"

        def slip() -> None:
            act()
            raise Slip

        furnish(store)
        before = everything(store)
        with pytest.raises(Slip):
            store.run(slip)
        assert everything(store) == before
        assert store.run(act) == "done"
        assert everything(store) != before

    def test_what_lost_a_race_is_run_again(self, store: Store) -> None:
        """A race that is nobody's mistake is told by ``ConcurrentChange``: all is undone, and done once more (P6)."""
        racing = _Racing(store, losing=1)
        assert (store.run(racing), racing.times) == (racing.losing + 1, racing.losing + 1)
        assert store.promo_codes.times_shared("A1") == 1

    def test_whoever_loses_every_race_is_told(self, store: Store) -> None:
        """After a few times the last ``ConcurrentChange`` comes out, and nothing is left of any of them."""
        racing = _Racing(store, losing=OFTEN)
        with pytest.raises(ConcurrentChange):
            store.run(racing)
        assert 1 < racing.times < OFTEN
        assert store.promo_codes.times_shared("A1") == 0

    def test_inside_another_transaction_it_is_run_once(self, store: Store) -> None:
        """Whoever began the outer one repeats it; the inner part is undone, and the rest may go on."""
        racing = _Racing(store, losing=1)
        with store.transaction():
            store.promo_codes.add_sharing(sharing("A4"))
            with pytest.raises(ConcurrentChange):
                store.run(racing)
        assert racing.times == 1
        assert [store.promo_codes.times_shared(account) for account in ("A1", "A4")] == [0, 1]

    def test_nobody_else_sees_what_is_unfinished(self, store: Store) -> None:
        """Another thread is shown what was before, or waits; it never sees what then was undone."""
        seen: list[Contract | None] = []
        reader = Thread(target=lambda: seen.append(store.contracts.find("K1")), daemon=True)
        with failing(store):
            store.contracts.put(contract("K1"))
            reader.start()
            reader.join(A_MOMENT)
        reader.join(PATIENCE)
        assert seen == [None]

    def test_racing_transactions_leave_all_or_nothing(self, store: Store) -> None:
        """Of racing transactions one gets the text; the others leave nothing of what else they did (C1)."""

        def take(number: int) -> int:
            with store.transaction():
                store.contracts.put(contract(f"K{number}", on=f"A{number}", of=f"C{number}"))
                store.promo_codes.add_sharing(sharing(f"A{number}"))
                store.promo_codes.add(code(on=f"A{number}", of=f"C{number}"), at=day(0))
                return number

        race = Race(take)
        assert race.lost == [Reason.CODE_TAKEN] * (CONTENDERS - 1)
        assert [(account, customer) for account, customer in store.contracts.accounts()] == [
            (f"A{number}", f"C{number}") for number in race.won
        ]
        assert [number for number in range(CONTENDERS) if store.promo_codes.times_shared(f"A{number}")] == race.won

    def test_racing_transactions_that_differ_all_last(self, store: Store) -> None:
        """Transactions that have nothing to do with each other all take effect, whole; every other one fails."""

        def work(number: int) -> None:
            for time in range(2):
                with store.transaction():
                    store.contracts.put(contract(f"K{number}-{time}", on=f"A{number}", of=f"C{number}"))
                    store.trace.append(note(f"A{number}"))

        def fail(number: int) -> None:
            with failing(store):
                work(number)

        Race(lambda number: fail(number) if number % 2 else work(number))
        for number in range(CONTENDERS):
            expected = [] if number % 2 else [f"K{number}-0", f"K{number}-1"]
            assert ids(store.contracts.of_account(f"A{number}")) == expected
            assert len(list(store.trace.chain(f"account:A{number}"))) == len(expected)

    def test_one_of_racing_events_has_its_effect(self, store: Store) -> None:
        """An event is stored in the transaction of its effect, so it has one effect, whoever else brings it (B2)."""

        def handle(number: int) -> None:
            for _ in range(2):
                with store.transaction():
                    if store.requests.add_event("/feed", "1", "digest"):
                        store.promo_codes.add_sharing(sharing())
                        store.cases.open(case(f"S{number}"))

        Race(handle)
        assert store.promo_codes.times_shared("A1") == len(list(store.cases.all())) == 1

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
        assert ids(store.contracts.of_account("A2")) == race.won

    def test_racing_payers_take_every_leg_once(self, store: Store) -> None:
        """Payers who find and take legs in transactions take each once, and none waits for, or stops, another (B2)."""
        for number in range(60):
            store.grants.add(grant(f"{number:03}"))

        def pay(_: int) -> list[str]:
            mine = list[str]()
            while True:
                with store.transaction():
                    page = store.grants.unsettled(day(1), 4)
                    mine += [leg.key for leg in store.grants.change([(leg, leg.taken(day(2))) for leg in page])]
                if not page:
                    return mine

        race = Race(pay)
        assert race.lost == []
        assert sorted(key for mine in race.won for key in mine) == [leg.key for leg in store.grants.all()]
