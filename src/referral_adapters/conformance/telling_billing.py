"""What every adapter of the port ``TellingBilling`` must do."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_adapters.conformance.race import Race
from referral_adapters.conformance.samples import NOTHING, PLENTY, TO_THE_LETTER, day, elsewhere, grant
from referral_core.entities.movement import Movement, MovementKind
from referral_core.ports.billing import Billing, TellingBilling
from referral_core.values.money import Money


class ToldBilling(Billing, TellingBilling, Protocol):
    """A billing that tells its movements."""


class TellingBillingConformance:
    """Asks for a fixture ``billing``: both ports, in euros, answering, with no discount on any account.

    It comes on top of ``BillingConformance``.
    """

    def test_nothing_has_moved_on_an_account_without_a_discount(self, billing: ToldBilling) -> None:
        """What was of nothing moved nothing: a leg of zero, a bill that took nothing, an empty transfer."""
        billing.grant(grant("K1", "0"))
        billing.bill("B1", "A1", PLENTY, at=day(1))
        billing.transfer("A1", "A2", None, at=day(1), key="T1")
        assert billing.movements("A1") == billing.movements("A2") == billing.movements("A3") == ()

    def test_each_movement_says_when_what_how_much_and_by_what(self, billing: ToldBilling) -> None:
        """The reference is the leg's key, the bill, or on both sides of a transfer its key (B3, B6, B7)."""
        billing.grant(grant("K1", "10", effective=elsewhere(day(1))))
        billing.bill("B1", "A1", Money("4"), at=elsewhere(day(2)))
        billing.transfer("A1", "A2", Money("1.50"), at=day(3), key="T1")
        assert billing.movements("A1") == (
            _moved(day(1), MovementKind.GRANTED, "10", grant("K1").key, left="10"),
            _moved(day(2), MovementKind.CONSUMED, "4", "B1", left="6"),
            _moved(day(3), MovementKind.TRANSFERRED_OUT, "1.50", "T1", left="4.50"),
        )
        assert billing.movements("A2") == (_moved(day(3), MovementKind.TRANSFERRED_IN, "1.50", "T1", left="1.50"),)

    def test_they_come_in_order_of_moment(self, billing: ToldBilling) -> None:
        """Not as they arrived; what came at one moment is told before what went, each by its reference."""
        billing.grant(grant("K9", "1", effective=day(5)))
        billing.grant(grant("K10", "2", effective=day(5)))
        billing.bill("B1", "A1", Money("3"), at=day(5))
        billing.grant(grant("K2", "4", effective=day(3)))
        billing.grant(grant("K3", "1", on="A2", effective=day(1)))
        billing.transfer("A2", "A1", None, at=day(5), key="T0")
        told = [(each.moment, each.reference, str(each.balance_after.amount)) for each in billing.movements("A1")]
        keys = {named: grant(named).key for named in ("K2", "K9", "K10")}
        assert told == [
            (day(3), keys["K2"], "4.00"),
            (day(5), keys["K10"], "6.00"),
            (day(5), keys["K9"], "7.00"),
            (day(5), "T0", "8.00"),
            (day(5), "B1", "5.00"),
        ]

    def test_they_add_up_to_the_balance(self, billing: ToldBilling) -> None:
        """By kind to its figures, at the end to what is unused, and at every moment to the balance by that moment."""
        accounts = ["A1", "A2", "A3"]
        for number in range(18):
            source, target = accounts[number % 3], accounts[(number * 7 + 1) % 3]
            billing.grant(grant(f"K{number}", f"{number % 4}.{number:02}", on=source, effective=day(number % 5)))
            billing.bill(f"B{number}", target, Money(f"{number % 3}.99"), at=day(number % 6))
            part = min(Money("1.11"), billing.balance(source).unused)
            billing.transfer(source, target, part, at=day(6), key=f"T{number}")
        for account in accounts:
            told, balance = billing.movements(account), billing.balance(account)
            assert {kind: _total(told, kind) for kind in MovementKind} == {
                MovementKind.GRANTED: balance.granted,
                MovementKind.TRANSFERRED_IN: balance.transferred_in,
                MovementKind.CONSUMED: balance.consumed,
                MovementKind.TRANSFERRED_OUT: balance.transferred_out,
            }
            assert told[-1].balance_after == balance.unused
            last_of_each = {each.moment: each.balance_after for each in told}
            assert last_of_each == {when: billing.balance(account, by=when).unused for when in last_of_each}

    def test_ids_are_taken_to_the_letter(self, billing: ToldBilling) -> None:
        """No account, contract, bill or key is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            billing.grant(grant(words, "3", on=words))
            billing.bill(words, words, Money("1"), at=day(1))
            billing.transfer(words, "other", Money("1"), at=day(1), key=words)
        for words in TO_THE_LETTER:
            told = [each.reference for each in billing.movements(words)]
            assert told == [grant(words).key, words, words]

    def test_what_many_move_at_once_is_all_told(self, billing: ToldBilling) -> None:
        """Safe to call from many threads at once: no movement is lost, and none is told twice."""

        def move(number: int) -> None:
            billing.grant(grant(f"K{number}", "5"))
            billing.bill(f"B{number}", "A1", Money("2"), at=day(1))
            billing.movements("A1")

        race = Race(move)
        told = billing.movements("A1")
        assert race.lost == []
        assert len({each.reference for each in told}) == len(told) == 2 * len(race.won)
        assert told[-1].balance_after == billing.balance("A1").unused


def _moved(moment: datetime, kind: MovementKind, amount: str, reference: str, *, left: str) -> Movement:
    return Movement(moment=moment, kind=kind, amount=Money(amount), reference=reference, balance_after=Money(left))


def _total(told: tuple[Movement, ...], kind: MovementKind) -> Money:
    return Money.total((each.amount for each in told if each.kind is kind), NOTHING.currency)
