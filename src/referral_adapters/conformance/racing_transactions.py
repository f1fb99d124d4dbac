"""What the transactions of every store must do when several are run at once."""

from __future__ import annotations

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import case, code, contract, day, grant, note, referral, sharing
from referral_adapters.conformance.store import Store, failing, ids
from referral_core.values.reason import Reason


class RacingTransactionsConformance:
    """The part of ``TransactionConformance`` that is about threads."""

    def test_racing_transactions_leave_all_or_nothing(self, store: Store) -> None:
        """Of racing transactions one gets the text; the others leave nothing of what else they did (C1)."""

        def take(number: int) -> int:
            with store.transaction():
                store.contracts.put(contract(f"K{number}", on=f"A{number}", of=f"C{number}"))
                store.sharings.add(sharing(f"A{number}"))
                store.promo_codes.add(code(on=f"A{number}", of=f"C{number}"), at=day(0))
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
