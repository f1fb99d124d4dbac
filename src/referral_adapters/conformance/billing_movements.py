"""The tests of every billing that returns the movements of an account."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_adapters.conformance.billing import move_about
from referral_adapters.conformance.race import Race
from referral_adapters.conformance.samples import NOTHING, PLENTY, TO_THE_LETTER, day, elsewhere, grant
from referral_core.entities.balance import Movement, MovementKind
from referral_core.ports.billing import Billing, TellingBilling
from referral_core.values.money import Money


class BillingWithMovements(Billing, TellingBilling, Protocol):
    """A billing that returns the movements of an account."""


class TellingBillingConformance:
    """Asks for a fixture ``billing``: in euros, answering, with no discount on any account.

    The suite comes on top of ``BillingConformance``.
    """

    def test_nothing_has_moved_on_an_account_without_a_discount(self, billing: BillingWithMovements) -> None:
        """A grant of zero, a bill that took nothing and an empty transfer are no movements."""
        billing.grant(grant("K1", "0"))
        billing.bill("B1", "A1", PLENTY, at=day(1))
        billing.transfer("A1", "A2", None, at=day(1), key="T1")
        assert billing.movements("A1") == billing.movements("A2") == billing.movements("A3") == ()

    def test_each_movement_says_when_what_how_much_and_by_what(self, billing: BillingWithMovements) -> None:
        """The reference is the key of the grant, the bill, or on both sides the key of the transfer (B3, B6, B7)."""
        billing.grant(grant("K1", "10", effective=elsewhere(day(1))))
        billing.bill("B1", "A1", Money("4"), at=elsewhere(day(2)))
        billing.transfer("A1", "A2", Money("1.50"), at=day(3), key="T1")
        assert billing.movements("A1") == (
            _moved(day(1), MovementKind.GRANTED, "10", grant("K1").key, left="10"),
            _moved(day(2), MovementKind.CONSUMED, "4", "B1", left="6"),
            _moved(day(3), MovementKind.TRANSFERRED_OUT, "1.50", "T1", left="4.50"),
        )
        assert billing.movements("A2") == (_moved(day(3), MovementKind.TRANSFERRED_IN, "1.50", "T1", left="1.50"),)

    def test_they_come_in_order_of_recording(self, billing: BillingWithMovements) -> None:
        """The order of arrival does not count. Recorded together, additions come before deductions, by reference."""
        billing.grant(grant("K9", "1", effective=day(5)))
        billing.grant(grant("K10", "2", effective=day(5)))
        billing.bill("B1", "A1", Money("3"), at=day(5))
        billing.grant(grant("K2", "4", effective=day(3)))
        billing.grant(grant("K3", "1", on="A2", effective=day(1)))
        billing.transfer("A2", "A1", None, at=day(5), key="T0")
        movements = [(each.moment, each.reference, str(each.balance_after.amount)) for each in billing.movements("A1")]
        keys = {named: grant(named).key for named in ("K2", "K9", "K10")}
        assert movements == [
            (day(3), keys["K2"], "4.00"),
            (day(5), keys["K10"], "6.00"),
            (day(5), keys["K9"], "7.00"),
            (day(5), "T0", "8.00"),
            (day(5), "B1", "5.00"),
        ]

    def test_they_add_up_to_the_balance(self, billing: BillingWithMovements) -> None:
        """Movements add up to the balance: by kind to its figures, and up to any moment to its unused discount then."""
        accounts = ["A1", "A2", "A3"]
        move_about(billing, accounts, rounds=18)
        for account in accounts:
            movements, balance = billing.movements(account), billing.balance(account)
            assert {kind: _total_of(movements, kind) for kind in MovementKind} == {
                MovementKind.GRANTED: balance.granted,
                MovementKind.TRANSFERRED_IN: balance.transferred_in,
                MovementKind.GIVEN_BACK: NOTHING,
                MovementKind.CONSUMED: balance.consumed,
                MovementKind.TRANSFERRED_OUT: balance.transferred_out,
                MovementKind.TAKEN_BACK: NOTHING,
            }
            assert movements[-1].balance_after == balance.unused
            last_of_each = {each.recorded_at: each.balance_after for each in movements}
            assert last_of_each == {when: billing.balance(account, by=when).unused for when in last_of_each}

    def test_ids_are_taken_to_the_letter(self, billing: BillingWithMovements) -> None:
        """No account, contract, bill or key is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            billing.grant(grant(words, "3", on=words))
            billing.bill(words, words, Money("1"), at=day(1))
            billing.transfer(words, "other", Money("1"), at=day(1), key=words)
        for words in TO_THE_LETTER:
            movements = [each.reference for each in billing.movements(words)]
            assert movements == [grant(words).key, words, words]

    def test_racing_movements_are_all_there(self, billing: BillingWithMovements) -> None:
        """Racing writers lose no movement and double none."""

        def move(number: int) -> None:
            billing.grant(grant(f"K{number}", "5"))
            billing.bill(f"B{number}", "A1", Money("2"), at=day(1))
            billing.movements("A1")

        race = Race(move)
        movements = billing.movements("A1")
        assert race.lost == []
        assert len({each.reference for each in movements}) == len(movements) == 2 * len(race.won)
        assert movements[-1].balance_after == billing.balance("A1").unused


def _moved(moment: datetime, kind: MovementKind, amount: str, reference: str, *, left: str) -> Movement:
    return Movement(
        moment=moment,
        recorded_at=moment,
        kind=kind,
        amount=Money(amount),
        reference=reference,
        balance_after=Money(left),
    )


def _total_of(movements: tuple[Movement, ...], kind: MovementKind) -> Money:
    return Money.total((each.amount for each in movements if each.kind is kind), NOTHING.currency)
