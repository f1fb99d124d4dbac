"""The tests of every store's transactions."""

from __future__ import annotations

from threading import Thread
from typing import Final

import pytest

from referral_adapters.conformance.race import CONTENDERS, PATIENCE, Race
from referral_adapters.conformance.samples import case, code, contract, day, grant, note, referral, sharing
from referral_adapters.conformance.store import Slip, Store, everything, failing, furnish, ids, rearrange, refused
from referral_core.entities.contract import Contract
from referral_core.entities.trace import account_subject, chain_faults
from referral_core.values.errors import ConcurrentChange, Reason, Refusal

A_MOMENT: Final = 0.2
"""How many seconds a thread has to see unfinished work."""
OFTEN: Final = 99
"""More races than anybody loses one after another."""


class _LostRace:
    """An act that loses its first few races and counts its attempts."""

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
    """Asks for a fixture ``store``: an empty :class:`Store`.

    Billing is left out, since a host may take it from elsewhere. Random codes are not: an undone act uses up no text,
    so that the same acts give the same codes in every store.
    """

    def test_what_succeeds_lasts(self, store: Store) -> None:
        """A transaction takes effect as a whole, and the store sees its work at once."""
        with store.transaction():
            furnish(store)
            inside = everything(store)
        assert everything(store) == inside

    @pytest.mark.parametrize("error", [Slip, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_what_fails_never_was(self, store: Store, error: type[BaseException]) -> None:
        """An exception of any kind undoes the whole transaction exactly, and reaches the caller."""
        furnish(store)
        before = everything(store)
        with failing(store, error):
            rearrange(store)
        assert everything(store) == before

    def test_what_fails_can_be_done_after_all(self, store: Store) -> None:
        """Undone work blocks nothing: no text, name, customer, case or event."""
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
        """Failed work leaves no row in the trace and no gap, at any depth (A2)."""
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
        """An erasure is undone with its transaction, the personal parts of the trace included (A5)."""
        furnish(store)
        before = everything(store)
        with failing(store):
            store.erase("C1")
            assert store.contracts.of_customer("C1") == ()
        assert everything(store) == before

    def test_an_inner_transaction_is_a_part_of_the_outer_one(self, store: Store) -> None:
        """The work of an inner transaction is undone when the outer one fails."""
        furnish(store)
        before = everything(store)
        with failing(store):
            store.promo_codes.add_sharing(sharing())
            with store.transaction():
                rearrange(store)
        assert everything(store) == before

    def test_an_inner_failure_undoes_the_inner_part_only(self, store: Store) -> None:
        """A failure caught inside the outer block leaves the rest of that block's work alone."""
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
        """At any depth a failed block is undone to its beginning, and no further."""
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
        """A refusal changes nothing, and the transaction goes on."""
        with store.transaction():
            store.promo_codes.add(code(), at=day(0))
            with refused(Reason.CODE_TAKEN):
                store.promo_codes.add(code(on="A2"), at=day(0))
            store.promo_codes.add(code("B456", on="A2"), at=day(0))
        assert [len(store.promo_codes.of_account(account)) for account in ("A1", "A2")] == [1, 1]

    def test_what_is_run_is_one_transaction(self, store: Store) -> None:
        """``run`` does an act as one transaction and returns its result; an exception undoes all of it (P6)."""

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
        """``run`` undoes an act that raises ``ConcurrentChange``, and does it again (P6)."""
        racing = _LostRace(store, losing=1)
        assert (store.run(racing), racing.times) == (racing.losing + 1, racing.losing + 1)
        assert store.promo_codes.times_shared("A1") == 1

    def test_whoever_loses_every_race_gets_the_conflict(self, store: Store) -> None:
        """After a few attempts ``run`` raises the last ``ConcurrentChange``, and no attempt leaves anything."""
        racing = _LostRace(store, losing=OFTEN)
        with pytest.raises(ConcurrentChange):
            store.run(racing)
        assert 1 < racing.times < OFTEN
        assert store.promo_codes.times_shared("A1") == 0

    def test_inside_another_transaction_it_is_run_once(self, store: Store) -> None:
        """Inside another transaction ``run`` undoes a lost attempt and raises; the outer transaction may go on."""
        racing = _LostRace(store, losing=1)
        with store.transaction():
            store.promo_codes.add_sharing(sharing("A4"))
            with pytest.raises(ConcurrentChange):
                store.run(racing)
        assert racing.times == 1
        assert [store.promo_codes.times_shared(account) for account in ("A1", "A4")] == [0, 1]

    def test_nobody_else_sees_what_is_unfinished(self, store: Store) -> None:
        """Another thread sees the state of before, or waits; it never sees unfinished work."""
        seen: list[Contract | None] = []
        reader = Thread(target=lambda: seen.append(store.contracts.find("K1")), daemon=True)
        with failing(store):
            store.contracts.put(contract("K1"))
            reader.start()
            reader.join(A_MOMENT)
        reader.join(PATIENCE)
        assert seen == [None]

    def test_racing_transactions_leave_all_or_nothing(self, store: Store) -> None:
        """Of racing transactions for one text one succeeds, and the others leave nothing of their work (C1)."""

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
        """Independent transactions all take effect as a whole, also between others that fail."""

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
        """An event stored in the transaction of its effect has one effect, whatever races it (B2)."""

        def handle(number: int) -> None:
            for _ in range(2):
                with store.transaction():
                    if store.requests.add_event("/feed", "1", "digest"):
                        store.promo_codes.add_sharing(sharing())
                        store.cases.open(case(f"S{number}"))

        Race(handle)
        assert store.promo_codes.times_shared("A1") == len(list(store.cases.all())) == 1

    def test_one_of_racing_sign_ups_refers_the_customer(self, store: Store) -> None:
        """Of racing sign-ups of one customer one succeeds, and the others are refused by ``already-referred`` (S4)."""

        def sign_up(number: int) -> str:
            with store.transaction():
                if store.referrals.live_of("C2"):
                    raise Refusal(Reason.ALREADY_REFERRED, message="another sign-up was quicker")
                store.contracts.put(contract(f"K{number}", on="A2", of="C2"))
                store.referrals.add(referral(f"K{number}"), at=day(0))
                return f"K{number}"

        race = Race(sign_up)
        assert race.lost == [Reason.ALREADY_REFERRED] * (CONTENDERS - 1)
        assert [each.contract for each in store.referrals.all()] == race.won
        assert ids(store.contracts.of_account("A2")) == race.won

    def test_racing_payers_take_every_grant_once(self, store: Store) -> None:
        """Payers who find and take grants in transactions take each grant once, and none waits for another (B2)."""
        for number in range(60):
            store.grants.add(grant(f"{number:03}"))

        def pay(_: int) -> list[str]:
            mine = list[str]()
            while True:
                with store.transaction():
                    page = store.grants.unsettled(day(1), 4)
                    mine += [each.key for each in store.grants.change([(each, each.taken(day(2))) for each in page])]
                if not page:
                    return mine

        race = Race(pay)
        assert race.lost == []
        assert sorted(key for mine in race.won for key in mine) == [each.key for each in store.grants.all()]
